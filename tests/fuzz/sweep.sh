#!/bin/bash
# The long sweep: sweep.sh BUILD CHANGES. One line per target, and the sum.
set -u
build=$1 changes=$2 bad=0
findings=$build/findings
mkdir -p "$findings"
for program in "$build"/tests/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    case $program in *.d) continue ;; esac
    "$program" "$changes" "$findings" | grep -vE '^\[ ' || true
    [ "${PIPESTATUS[0]}" = 0 ] || bad=1
done | tee "$build/sweep.txt"
awk '{for (i = 1; i < NF; i++) {if ($(i+1) ~ /^cases/) c += $i; if ($(i+1) ~ /^failures/) f += $i}} END {printf "%d cases, %d failures\n", c, f; exit f != 0}' "$build/sweep.txt"
