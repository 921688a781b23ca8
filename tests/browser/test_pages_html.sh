#!/bin/bash
# The pages of a run, a comparison, a gate and an audit of the demo models in headless Chromium, in English and Korean: one
# standard for all four. Then the same pages full of hostile text. Pictures are left in $ASSAY_PICTURES if that is set.
set -eu
here=$(dirname "$0")
python3 -c 'import sys; sys.path.insert(0, "'"$here"'"); import browser; sys.exit(not browser.find_chromium())' ||
    { echo "skipped: python3 or chromium is not installed"; exit 77; }
assay="${ASSAY:-$PWD/build/assay}"
draw=$(dirname "$assay")/tests/test_reports_audit_page
[ -x "$draw" ] || { echo "skipped: $draw is not built (make unit)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pictures="${ASSAY_PICTURES:-$dir/pictures}"
mkdir -p "$pictures" "$dir/pages" "$dir/hostile"
suites="suites/demo/sum suites/demo/refusal suites/demo/choice"
models=suites/demo/models
policy=suites/policies/preparedness.yaml

"$assay" keygen --sign --out "$dir/auditor" >/dev/null 2>&1
"$assay" audit sign "$policy" --key "$dir/auditor.key" --out "$dir/plan.json" >/dev/null
# shellcheck disable=SC2086
"$assay" run $suites --model base=$models/demo-large --model tuned=$models/demo-large-tuned --model reference=$models/demo-small \
    --audit-plan "$dir/plan.json" --audit-key "$dir/auditor.key" --out "$dir/run" -q >/dev/null
for lang in en ko; do
    "$assay" report "$dir/run" --lang $lang -q >/dev/null
    cp "$dir/run/report.html" "$dir/pages/run-$lang.html"
    "$assay" compare "$dir/run:base" "$dir/run:tuned" --html "$dir/pages/compare-$lang.html" --lang $lang -q >/dev/null
    "$assay" gate "$dir/run:base" "$dir/run:tuned" --policy suites/policies/fine-tune-gate.yaml \
        --html "$dir/pages/gate-$lang.html" --lang $lang >/dev/null || [ $? = 1 ]
    "$assay" audit "$dir/plan.json" --run base="$dir/run" --run tuned="$dir/run" --run reference="$dir/run" \
        --key "$dir/auditor.key" --out "$dir/audit-$lang" --lang $lang >/dev/null 2>&1 || [ $? = 1 ]
    "$assay" audit decide "$dir/audit-$lang" --key "$dir/auditor.key" --verdict safeguards=cannot-rule-out \
        --reason "26 answers are to be read by people first." --by "the board" >/dev/null
    cp "$dir/audit-$lang/scorecard.html" "$dir/pages/audit-$lang.html"
done

python3 "$here/hostile_pages.py" "$dir/hostile" "$dir/audit-en"
(
    cd "$dir/hostile"
    "$assay" run plan.yaml --out run -q >/dev/null
    for lang in en ko; do
        "$assay" report run --lang $lang -q >/dev/null
        cp run/report.html run-$lang.html
        "$assay" compare run:a run:b --html compare-$lang.html --lang $lang -q >/dev/null
        "$assay" gate run:a run:b --policy gate.yaml --html gate-$lang.html --lang $lang >/dev/null || [ $? = 5 ]
    done
)
for lang in en ko; do "$draw" --write "$dir/hostile/card.json" $lang "$dir/hostile/audit-$lang.html"; done
timeout 400 python3 "$here/pages_html.py" "$dir/pages" "$dir/hostile" "$pictures"
