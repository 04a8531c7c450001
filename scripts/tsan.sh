#!/usr/bin/env bash
# Runs the Swift tests under the thread sanitizer, in a build of its own (.build-tsan).
#   scripts/tsan.sh [ARGUMENT...]    ARGUMENTs go to `swift test`, such as --filter TransportTests
# The first report ends it with an error.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build-tsan
swift build --build-tests --sanitize=thread --scratch-path "$build"

# Swift's own compiler for C: the functions of this file are called by Swift's convention.
"$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O1 -Wall -Wextra -Werror -shared -fPIC \
    -o "$build/mutex.so" Tests/ThreadSanitizer/mutex.c

# Swift's backtracer hangs on a crash under a sanitizer. Tests run one after another, since they are
# slow enough to meet each other's timeouts.
SWIFT_BACKTRACE=enable=no LD_PRELOAD="$PWD/$build/mutex.so" \
    TSAN_OPTIONS="halt_on_error=1:suppressions=$PWD/Tests/tsan-suppressions.txt" \
    swift test --no-parallel --skip-build --sanitize=thread --scratch-path "$build" "$@"
