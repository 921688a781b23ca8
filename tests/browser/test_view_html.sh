#!/bin/bash
# assay view in headless Chromium while a run of the demo models goes on. Pictures are left in $ASSAY_PICTURES if that is set.
set -eu
here=$(dirname "$0")
python3 -c 'import sys; sys.path.insert(0, "'"$here"'"); import browser; sys.exit(not browser.find_chromium())' ||
    { echo "skipped: python3 or chromium is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pictures="${ASSAY_PICTURES:-$dir/pictures}"
mkdir -p "$pictures"
timeout 300 python3 "$here/view_html.py" "${ASSAY:-build/assay}" suites/demo/plan.yaml "$dir" "$pictures"
