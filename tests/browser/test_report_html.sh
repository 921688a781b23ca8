#!/bin/bash
# report.html in headless Chromium: what a reader sees, does and must never be hit by. Pictures are left in
# $ASSAY_PICTURES if that is set.
set -eu
here=$(dirname "$0")
python3 -c 'import sys; sys.path.insert(0, "'"$here"'"); import browser; sys.exit(not browser.find_chromium())' ||
    { echo "skipped: python3 or chromium is not installed"; exit 77; }
export ASSAY="${ASSAY:-$PWD/build/assay}"
writer=$(dirname "${ASSAY:-build/assay}")/tests/test_reports_json
[ -x "$writer" ] || { echo "skipped: $writer is not built (make unit)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$writer" --write "$dir/run" 100 >/dev/null
"$writer" --write "$dir/large" 1000 >/dev/null
pictures="${ASSAY_PICTURES:-$dir/pictures}"
mkdir -p "$pictures"
timeout 300 python3 "$here/report_html.py" "$dir/run" "$dir/large" "$pictures"
