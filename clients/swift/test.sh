#!/usr/bin/env bash
# Builds and tests the package.
#   clients/conformance/run.py swift clients/swift/test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export LLMGATEWAY_EXAMPLE=1
mkdir -p "$here/build/Example"
[ -f "$here/build/Example/main.swift" ] || touch "$here/build/Example/main.swift"
build=(--package-path "$here" ${LLMGATEWAY_SWIFT_BUILD:+--scratch-path "$LLMGATEWAY_SWIFT_BUILD"})
swift build "${build[@]}" --build-tests
swift test "${build[@]}" --skip-build
python3 "$here/../conformance/example.py" "$here/README.md" "$here/build/Example/main.swift" \
    sh -c 'swift build "$@" --product Example >&2 && exec "$(swift build "$@" --show-bin-path)/Example"' \
    sh "${build[@]}"
