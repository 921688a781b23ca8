#!/bin/bash
# The demo models are the recorded ones and small enough for git; nothing that they are asked was in their training.
set -u
. tests/e2e/lib.sh

(cd suites/demo/models && sha256sum --quiet -c DIGESTS) || fail "a file differs from suites/demo/models/DIGESTS"
for model in suites/demo/models/*/; do
    size=$(du -sb "$model" | cut -f1)
    [ "$size" -le 6291456 ] || fail "$model has $size bytes, more than 6 MB"
done
if command -v python3 >/dev/null; then
    python3 -B suites/demo/train/check_split.py suites/demo 20000 >"$W/out" || fail "$(cat "$W/out")"
    python3 -B suites/demo/train/make_suites.py "$W/suites"
    for suite in choice sum program refusal; do
        cmp -s "$W/suites/$suite/samples.jsonl" suites/demo/$suite/samples.jsonl || fail "suites/demo/$suite is not what make_suites.py writes"
    done
fi
finish
