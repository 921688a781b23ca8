#!/bin/bash
# Runs unit test programs and end-to-end scripts, as many at a time as there are processors (ASSAY_TEST_JOBS says
# otherwise), prints one line each and a summary that counts tests.
#   tests/run.sh BUILD_DIR PROGRAM... SCRIPT...
# A program is a cmocka group (its own closing lines are counted); a script passes with 0, is skipped with 77.
set -u
build=$1
shift
logs=$build/test-logs
mkdir -p "$logs"
jobs=${ASSAY_TEST_JOBS:-$(nproc)}
export ASSAY="$PWD/$build/assay"
# ThreadSanitizer sleeps a second at every exit unless told not to; tests that measure time would see it.
export TSAN_OPTIONS="${TSAN_OPTIONS:-atexit_sleep_ms=0}"

# What holds programs to limits of time or looks at what a run does meanwhile has the machine to itself.
alone() { case $1 in *sandbox* | *interrupt* | *memory* | *full_disk* | *view*) true ;; *) false ;; esac; }
count() { grep -aoE "$1" "$2" | grep -oE '[0-9]+' | awk '{s+=$1} END{print s+0}'; }

# run_one TEST: its line on the terminal; "PASSED FAILED SKIPPED" in its .count, which stays away if this shell dies.
# In the background: only there a signal can end what it waits for. A shell starts such programs deaf to Ctrl-C, which
# tests are not to be.
run_one() {
    local t=$1 name log start rc took p=0 f=0 s=0 note=
    local -a program
    name=$(basename "$t")
    log=$logs/$name.log
    start=$(date +%s%N)
    case $t in *.sh) program=(bash "$t") ;; *) program=(env CMOCKA_MESSAGE_OUTPUT=stdout "$t") ;; esac
    env --default-signal=INT,QUIT timeout "${ASSAY_TEST_TIMEOUT:-600}" "${program[@]}" >"$log" 2>&1 </dev/null &
    # shellcheck disable=SC2064 # now, not then
    trap "kill $! 2>/dev/null; exit 143" INT TERM
    wait $!
    rc=$?
    took=$(($(($(date +%s%N) - start)) / 1000000))
    case $t in
    *.sh)
        if [ $rc = 0 ]; then p=1; elif [ $rc = 77 ]; then s=1; else f=1; fi
        ;;
    *)
        p=$(count '\[  PASSED  \] [0-9]+ test' "$log")
        f=$(count '\[  FAILED  \] [0-9]+ test' "$log")
        s=$(count '\[  SKIPPED \] [0-9]+ test' "$log")
        # A program that died, or that ran nothing, has failed whatever it printed.
        if [ $rc != 0 ] && [ "$f" = 0 ]; then f=1; fi
        if [ $((p + f + s)) = 0 ]; then f=1; fi
        ;;
    esac
    echo "$p $f $s" >"$log.count"
    [ "$s" = 0 ] || note=" ($s skipped)"
    if [ "$f" = 0 ]; then
        printf '  ok    %-44s %4d  %6d ms%s\n' "$name" "$p" "$took" "$note"
    else
        printf '  FAIL  %-44s %4d failed, exit %d, see %s\n' "$name" "$f" "$rc" "$log"
    fi
}

# Whoever stops the tests stops those that run.
trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM
together=()
for t in "$@"; do
    rm -f "$logs/$(basename "$t").log.count"
    if alone "$t"; then
        run_one "$t" &
        wait $!
    else
        together+=("$t")
    fi
done
running=0
for t in ${together[@]+"${together[@]}"}; do
    if [ "$running" -ge "$jobs" ]; then
        wait -n
        running=$((running - 1))
    fi
    run_one "$t" &
    running=$((running + 1))
done
wait

passed=0 failed=0 skipped=0
for t in "$@"; do
    log=$logs/$(basename "$t").log
    read -r p f s 2>/dev/null <"$log.count" || { p=0 f=1 s=0; echo "$t: it was not run to its end" >>"$log"; }
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ "$f" = 0 ] && continue
    echo "---- $log"
    grep -aE 'ERROR|FAILED|error|Error|runtime|assert|skipped' "$log" | head -40 || true
    tail -15 "$log"
done
[ "$skipped" = 0 ] || echo "skipped: what needs reference files or programs that are not on this machine (see $logs)"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
