#!/bin/bash
# tests/fuzz/sweep.sh notices what it is there to notice: a valid seed that is refused, a failure, a program that dies
# without a word, and that there is nothing to sweep.
. tests/e2e/lib.sh
kit=$(dirname "$ASSAY")/fuzz-kit/refusing
mkdir -p "$W/tests"

# fake NAME STATUS LINE: a program that prints the line and ends so
fake() {
    printf '#!/bin/sh\n[ -z "%s" ] || echo "%s"\nexit %s\n' "$3" "$3" "$2" >"$W/tests/fuzz_$1"
    chmod +x "$W/tests/fuzz_$1"
}
sweep() { expect "$1" tests/fuzz/sweep.sh "$W" 1; }
fine='a 1 seeds, 0 known, 7 cases: 3 taken, 4 refused, 0 failures'

sweep 1
prints '0 targets'
fake a 0 "$fine"
sweep 0
prints '1 targets, 7 cases, 0 failures; 0 targets failed'

fake b 139 ''
fake c 0 "$fine"
sweep 1
prints 'fuzz_b ended with exit status 139'
prints '3 targets, 14 cases, 0 failures; 1 targets failed'

rm "$W/tests/fuzz_b"
fake b 1 'b 1 seeds, 0 known, 7 cases: 3 taken, 3 refused, 1 failures'
sweep 1
prints '1 failures; 1 targets failed'

# the real driver, with a target that refuses a seed of its own
rm "$W/tests/fuzz_b"
cp "$kit" "$W/tests/fuzz_refusing"
sweep 1
prints 'FAILED: the valid seed refused is refused'
prints '0 failures; 1 targets failed'
finish
