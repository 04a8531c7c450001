#!/usr/bin/env bash
# Builds (into build/) and tests the library with Debian's packages of gRPC.
#   clients/conformance/run.py cpp clients/cpp/test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/build
mkdir -p "$build"
[ -f "$build/example.cpp" ] || echo 'int main() {}' > "$build/example.cpp"
cmake -S "$here" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DEXAMPLE="$build/example.cpp" >"$build/log"
cmake --build "$build" --target conformance >>"$build/log" || { cat "$build/log"; exit 1; }
"$build/conformance"
python3 "$here/../conformance/example.py" "$here/README.md" "$build/example.cpp" \
    sh -c "cmake --build '$build' --target example >>'$build/log' && '$build/example'"
