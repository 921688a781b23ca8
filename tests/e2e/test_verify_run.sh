#!/bin/bash
# assay verify of a run: reports of every format and language are taken, folders for other programs are no obstacle, and a changed byte is
# found.
. tests/e2e/lib.sh
world 6
expect 0 "$ASSAY" run "$W/plan.yaml" --out "$W/run" -q
expect 0 "$ASSAY" verify "$W/run"
prints "verified"
expect 0 "$ASSAY" report "$W/run" --format json,html,md,csv,junit,inspect,lm-eval
expect 0 "$ASSAY" verify "$W/run"
says "inspect: logs for other programs are not verified"
expect 0 "$ASSAY" report "$W/run" --format html,md --lang ko
expect 0 "$ASSAY" verify "$W/run"
rm -r "$W/run/inspect"
echo "a file of that name" >"$W/run/inspect"
expect 0 "$ASSAY" verify "$W/run" -q
[ -s "$W/err" ] && fail "-q speaks: $(cat "$W/err")"
for f in report.json report.html report.md samples.csv junit.xml; do
    cp "$W/run/$f" "$W/keep"
    printf 'x' | dd of="$W/run/$f" bs=1 seek=40 conv=notrunc 2>/dev/null
    expect 1 "$ASSAY" verify "$W/run"
    prints "changed: $f"
    cp "$W/keep" "$W/run/$f"
done
expect 2 "$ASSAY" verify "$W/run" "$W/run"
expect 2 "$ASSAY" verify "$W/test"
one_line
finish
