#!/bin/bash
# Usage: check_exports.sh BUILD   Has Inspect's and lm-evaluation-harness's own code read what we export: of a made-up run with hostile texts
# and tools, and of runs with sealed suites, repeats, log-likelihoods and two scorers. Says skipped for what cannot be imported:
#   pip install inspect_ai lm_eval pytablewriter; PYTHONPATH=…/lm-evaluation-harness for its viewer's code
set -eu
build=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/made-up"
"$build/tests/test_reports_json" --write "$dir/made-up" 12 >/dev/null 2>&1
export PYTHONPATH=$PWD/tests/tools${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1
python3 tests/tools/export_world.py "$dir" 30
assay=$PWD/$build/assay reader=$PWD/tests/peers/read_exports.py
case $build in /*) assay=$build/assay ;; esac
cd "$dir"
"$assay" run plan.yaml --effort low,high --out run -q >run.log 2>&1
"$assay" report run --format json,inspect,lm-eval >report.log 2>&1
rc=0
python3 "$reader" made-up run || rc=$?
[ $rc = 77 ] && rc=0
exit $rc
