#!/usr/bin/env bash
# Fuzzes the parsers of Tests/FuzzTargets, one after another, with libFuzzer and the address
# sanitizer, starting from the committed corpora and what earlier runs have found.
#   scripts/fuzz.sh MINUTES [TARGET...]    MINUTES for each target; without TARGET, all of them
# An input that breaks something is left in .build-fuzz/findings. To keep it from coming back, fix
# the parser and put the input into Tests/FuzzTests/Corpus/TARGET, from where every test run takes
# it.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:?how many minutes for each target}
shift
corpora=Tests/FuzzTests/Corpus
build=.build-fuzz
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(ls "$corpora")

# SwiftPM passes the sanitizers on in an order of chance, and in one of the two orders Swift's code
# gets no coverage (Swift 6.3.1); so that is asked for by name.
LLM_GATEWAY_FUZZ=1 swift build --scratch-path "$build" --sanitize=fuzzer --sanitize=address \
    -Xswiftc -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table \
    --product fuzz
# Swift's backtracer hangs on a crash under the address sanitizer.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0

status=0
for target in "${targets[@]}"; do
    found="$build/corpus/$target"
    mkdir -p "$found" "$build/findings"
    echo "fuzz: $target for $minutes minutes; the log is $build/$target.log"
    # Names of functions are not shown: to find them takes longer than all the runs.
    FUZZ_TARGET=$target "$build/debug/fuzz" -max_total_time=$((minutes * 60)) -max_len=4096 \
        -timeout=20 -rss_limit_mb=2048 -print_funcs=0 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target-" "$found" "$corpora/$target" \
        >"$build/$target.log" 2>&1 || status=1
    if grep -q 'no interesting inputs' "$build/$target.log"; then
        echo "fuzz: $target has no coverage: its runs say nothing" >&2
        status=1
    fi
    grep -E '^stat::(number_of_executed_units|new_units_added)|SUMMARY|Fatal error' \
        "$build/$target.log" || true
done
exit $status
