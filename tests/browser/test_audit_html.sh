#!/bin/bash
# scorecard.html in headless Chromium, in English and Korean: what a reader sees on every kind of screen and on paper.
# Pictures are left in $ASSAY_PICTURES if that is set.
set -eu
here=$(dirname "$0")
python3 -c 'import sys; sys.path.insert(0, "'"$here"'"); import browser; sys.exit(not browser.find_chromium())' ||
    { echo "skipped: python3 or chromium is not installed"; exit 77; }
draw=$(dirname "${ASSAY:-build/assay}")/tests/test_reports_audit_page
[ -x "$draw" ] || { echo "skipped: $draw is not built (make unit)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pictures="${ASSAY_PICTURES:-$dir/pictures}"
mkdir -p "$pictures"
timeout 300 python3 "$here/audit_html.py" "$draw" tests/golden/audit_card.json "$pictures"
