#!/usr/bin/env bash
# Installs the Debian packages that the build and the tests need, and only those that are missing.
#   scripts/deps.sh build        what `make run` needs
#   scripts/deps.sh test         and what `make test` needs on top
#   scripts/deps.sh clients      and what `make test-clients-all` needs on top
#   scripts/deps.sh browser      and what `make test-browser` needs on top
#   scripts/deps.sh counts       and what `make bench-check` needs on top
#   scripts/deps.sh bench        and what `make bench-smoke` needs on top
set -euo pipefail

build=(
    libnghttp2-dev libssl-dev libprotobuf-c-dev libsimdjson-dev zlib1g-dev libsqlite3-dev
    libmimalloc-dev pkg-config make curl ca-certificates
)
# libprotobuf-dev holds the well-known protos, nghttp2-client is h2load.
tests=(
    protobuf-c-compiler protobuf-compiler libprotobuf-dev openssl python3 python3-venv nghttp2-client
    nghttp2-server nodejs node-typescript
    protoc-gen-go-1-5 protoc-gen-go-grpc protobuf-compiler-grpc
)
# What the clients that CI does not test are built with.
clients=(
    golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev
    ruby ruby-grpc ruby-minitest
    default-jdk-headless libgrpc-java protobuf-compiler-grpc-java-plugin libprotobuf-java
    libgoogle-common-protos-java libguava-java libgoogle-gson-java libjsr305-java
    libgeronimo-annotation-1.3-spec-java libnetty-java libnetty-tcnative-java
    libnetty-tcnative-jni libperfmark-java
    cmake g++ libgrpc++-dev
)
counts=(gcc libc6-dev binutils nghttp2-client util-linux valgrind)
bench=(nginx-light haproxy)

wanted=("${build[@]}")
case "${1:-build}" in
    build) ;;
    test) wanted+=("${tests[@]}") ;;
    clients) wanted+=("${tests[@]}" "${clients[@]}") ;;
    browser) wanted+=("${tests[@]}" chromium) ;;
    counts) wanted+=("${tests[@]}" "${counts[@]}") ;;
    bench) wanted+=("${tests[@]}" "${counts[@]}" "${bench[@]}") ;;
    *)
        echo "usage: scripts/deps.sh [build|test|clients|browser|counts|bench]" >&2
        exit 2
        ;;
esac

if ! command -v swift >/dev/null; then
    echo "deps: swift is not on the PATH; install the Swift 6.3 toolchain first." >&2
    exit 1
fi
if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian system; make sure that the equivalents of these are installed:" >&2
    echo "      ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "deps: these Debian packages are missing, and only root can install them. Run:" >&2
    echo "      sudo apt-get install --yes --no-install-recommends ${missing[*]}" >&2
    exit 1
fi
echo "deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}"
