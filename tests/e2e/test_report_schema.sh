#!/bin/bash
# report.json against its published schema; and the schema bites: altered reports are refused.
set -eu
python3 -c 'import jsonschema' 2>/dev/null || { echo "skipped: python3-jsonschema is not installed"; exit 77; }
writer=$(dirname "${ASSAY:-build/assay}")/tests/test_reports_json
[ -x "$writer" ] || { echo "skipped: $writer is not built (make unit)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$writer" --write "$dir" 20 >/dev/null
python3 - "$dir/report.json" reports/schema/report.schema.json <<'PY'
import copy, json, sys
from jsonschema import Draft202012Validator

report = json.load(open(sys.argv[1]))
schema = json.load(open(sys.argv[2]))
Draft202012Validator.check_schema(schema)
check = Draft202012Validator(schema)
for e in check.iter_errors(report):
    sys.exit(f"{e.json_path}: {e.message[:300]}")

sealed = next(i for i, s in enumerate(report["samples"]) if s["sealed"])
turns = next(i for i, s in enumerate(report["samples"]) if "turns" in s and not s["sealed"])
hidden = next(i for i, s in enumerate(report["samples"]) if "turns" in s and s["sealed"])
report["samples"] = [report["samples"][i] for i in (0, sealed, turns, hidden)]

def altered(name, change):
    r = copy.deepcopy(report)
    change(r)
    if check.is_valid(r):
        sys.exit(f"the schema lets pass: {name}")

def drop(obj, key):
    del obj[key]

altered("no format", lambda r: drop(r, "format"))
altered("another format", lambda r: r.update(format="assay-report/2"))
altered("an unknown member", lambda r: r.update(extra=1))
altered("an unknown outcome", lambda r: r["samples"][0].update(outcome="fine"))
altered("a class missing", lambda r: drop(r["results"][0]["outcomes"], "refused"))
altered("a mean above 1", lambda r: r["results"][0].update(mean=1.5))
altered("a mean as text", lambda r: r["results"][0].update(mean="0.5"))
altered("a sealed sample with text", lambda r: r["samples"][1].update(final="x"))
altered("an open sample without text", lambda r: drop(r["samples"][0], "final"))
altered("an unknown member of a sample", lambda r: r["samples"][0].update(path="/tmp/x"))
altered("a verdict of its own", lambda r: r["comparisons"][0].update(verdict="maybe"))
altered("turns without their counts", lambda r: drop(r["samples"][2], "n_calls"))
altered("an unknown limit", lambda r: r["samples"][2].update(limit="time"))
altered("a turn without its call", lambda r: drop(r["samples"][2]["turns"][0], "arguments"))
altered("a sealed turn with text", lambda r: r["samples"][3]["turns"][0].update(answer="x"))
altered("an unknown member of a turn", lambda r: r["samples"][2]["turns"][0].update(extra=1))
altered("a negative count", lambda r: r["counts"].update(records=-1))
print("report.json is valid; 17 altered reports are refused")
PY
