#!/usr/bin/env bash
# Runs gRPC's own interoperability client (the Python one, from Debian's source package `grpc`)
# against grpc.testing.TestService over this project's wire (Tests/GRPCTestTool), in the clear and
# by TLS. The cases that need Google's credentials do not apply; all others do.
#
# The client's code is fetched into .build/interop and stays there; nothing of it is part of this
# repository.
set -euo pipefail
cd "$(dirname "$0")/../.."

cases=(
    empty_unary large_unary server_streaming client_streaming ping_pong cancel_after_begin
    cancel_after_first_response empty_stream status_code_and_message unimplemented_method
    unimplemented_service custom_metadata timeout_on_sleeping_server special_status_message
)
tool=${GRPC_TEST_TOOL:-.build/debug/grpc-test-tool}
venv=${LLM_GATEWAY_VENV:-.venv}
folder=.build/interop

# Source packages come from where binary packages do, by a list of their own: that of the machine
# stays as it is.
fetch() {
    local apt=$PWD/$folder/apt
    mkdir -p "$apt/parts" "$apt/lists/partial"
    local file name
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        name=$(basename "$file")
        case $name in
            *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt/parts/$name" ;;
            *) sed -n 's/^deb /deb-src /p' "$file" >"$apt/parts/${name%.list}.list" ;;
        esac
    done
    local options=(
        -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts"
        -o "Dir::State::lists=$apt/lists" -o APT::Sandbox::User=root --quiet=2
    )
    (cd "$apt" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only grpc)
    tar --extract --gzip --file "$apt"/grpc_*.orig.tar.gz --directory "$folder" \
        --strip-components=1 --wildcards '*/src/python/grpcio_tests/tests/interop/*' \
        '*/src/proto/grpc/testing/*.proto'
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        google-auth==2.63.0 requests==2.34.2
    (cd "$folder" && "$venv/bin/python" -m grpc_tools.protoc -I . --python_out=. \
        --grpc_python_out=. src/proto/grpc/testing/{empty,messages,test}.proto)
    rm -rf "$apt"
    touch "$folder/.complete"
}

venv=$(cd "$venv" && pwd)
if [ ! -f "$folder/.complete" ]; then
    echo "interop: fetching the client (once)"
    rm -rf "$folder"
    fetch
fi

client=$PWD/$folder/src/python/grpcio_tests
credentials=$client/tests/interop/credentials
failed=0

# run NAME "SERVER ARGUMENTS" CLIENT ARGUMENTS...
run() {
    local name=$1 server_arguments=$2
    shift 2
    local log=$folder/server.log passed=0 case
    # Word splitting is wanted: the arguments are paths without spaces.
    $tool serve $server_arguments >"$log" &
    local server=$!
    for _ in $(seq 100); do
        [ -s "$log" ] && break
        sleep 0.1
    done
    local port
    port=$(head -1 "$log")
    for case in "${cases[@]}"; do
        if PYTHONPATH=$client:$PWD/$folder timeout 60 "$venv/bin/python" -W ignore \
            -m tests.interop.client --server_host 127.0.0.1 --server_port "$port" \
            --test_case "$case" "$@" >"$folder/$case.log" 2>&1; then
            passed=$((passed + 1))
        else
            failed=1
            echo "interop: $name: $case failed:"
            tail -5 "$folder/$case.log"
        fi
    done
    kill "$server"
    wait "$server" 2>/dev/null || true
    echo "interop: $name: $passed of ${#cases[@]} cases passed"
}

run plain ""
run TLS "$credentials/server1.pem $credentials/server1.key" --use_tls true --use_test_ca true \
    --server_host_override foo.test.google.fr
exit $failed
