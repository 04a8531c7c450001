#!/usr/bin/env bash
# Builds and tests the package with Debian's packages of Go, which are a GOPATH: no module is fetched.
#   clients/conformance/run.py go clients/go/test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
path=$(mktemp -d)
trap 'rm -rf "$path"' EXIT
mkdir -p "$path/src/llmgateway.dev"
ln -s "$here" "$path/src/llmgateway.dev/go"
export GO111MODULE=off GOPATH=$path:/usr/share/gocode GOFLAGS=
cd "$path/src/llmgateway.dev/go"
[ -z "$(gofmt -l ./*.go)" ] || { gofmt -d ./*.go; exit 1; }
go vet .
go test -count=1 .
python3 "$here/../conformance/example.py" "$here/README.md" "$path/example.go" \
    go run "$path/example.go"
