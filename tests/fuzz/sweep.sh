#!/bin/bash
# The long sweep: sweep.sh BUILD CHANGES. One line per target, and the sum. Fails if a case failed, a valid seed was
# refused, a program ended otherwise, or there is no program.
set -u
build=$1 changes=$2 programs=0 bad=0
findings=$build/findings sums=$build/sweep.txt log=$build/sweep.log
mkdir -p "$findings"
: >"$sums"
for program in "$build"/tests/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    case $program in *.d) continue ;; esac
    programs=$((programs + 1))
    "$program" "$changes" "$findings" >"$log"
    rc=$?
    grep -avE '^\[ ' "$log" | tee -a "$sums"
    [ $rc = 0 ] && continue
    bad=$((bad + 1))
    echo "FAILED: $(basename "$program") ended with exit status $rc" | tee -a "$sums"
done
rm -f "$log"
awk -v programs=$programs -v bad=$bad '
    {for (i = 1; i < NF; i++) {if ($(i+1) ~ /^cases/) c += $i; if ($(i+1) ~ /^failures/) f += $i}}
    END {printf "%d targets, %d cases, %d failures; %d targets failed\n", programs, c, f, bad}' "$sums"
[ $bad = 0 ] && [ $programs != 0 ]
