#!/bin/bash
# Runs libFuzzer targets one after the other: run.sh BUILD SECONDS NAME...
# Corpora grow in BUILD/corpus/NAME, logs and findings go to BUILD/logs and BUILD/findings. Prints one line each.
set -u
build=$1 seconds=$2
shift 2
mkdir -p "$build/logs" "$build/findings"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}"
bad=0
printf '%-18s %8s %12s %8s %8s %9s  %s\n' fuzzer seconds executions edges corpus 'peak MB' findings
for name in "$@"; do
    program=$build/fuzz_$name corpus=$build/corpus/$name log=$build/logs/$name.log
    mkdir -p "$corpus" "$build/seeds/$name"
    "$program" --write-seeds "$build/seeds/$name" || exit 1
    dict=tests/fuzz/dict/$name.dict
    args=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1
        -artifact_prefix="$build/findings/$name-" -max_len=65536 -reload=0)
    [ -f "$dict" ] && args+=(-dict="$dict")
    start=$(date +%s)
    "$program" "${args[@]}" "$corpus" "$build/seeds/$name" $([ -d "tests/fuzz/regress/$name" ] && echo "tests/fuzz/regress/$name") >"$log" 2>&1
    rc=$?
    [ $rc = 0 ] || bad=1
    runs=$(awk '/stat::number_of_executed_units/{print $2}' "$log")
    edges=$(grep -aoE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)
    corp=$(grep -aoE 'corp: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)
    peak=$(awk '/stat::peak_rss_mb/{print $2}' "$log")
    printf '%-18s %8d %12s %8s %8s %9s  %s\n' "$name" $(($(date +%s) - start)) "${runs:-?}" "${edges:-?}" "${corp:-?}" \
        "${peak:-?}" "$([ $rc = 0 ] && echo none || echo "exit $rc: $(grep -aE 'SUMMARY|^fuzz ' "$log" | tail -1)")"
done
exit $bad
