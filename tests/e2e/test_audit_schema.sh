#!/bin/bash
# scorecard.json against its published schema: a real card, one with every member there is; and the schema bites.
. tests/e2e/lib.sh
python3 -c 'import jsonschema' 2>/dev/null || { echo "skipped: python3-jsonschema is not installed"; exit 77; }
M=$REPO/suites/demo/models
P=$REPO/suites/policies/preparedness.yaml
expect 0 "$ASSAY" run suites/demo/sum suites/demo/refusal --model base="$M/demo-large" --model tuned="$M/demo-large-tuned" \
    --model reference="$M/demo-small" --out "$W/run" -q
expect 1 "$ASSAY" audit "$P" --run base="$W/run" --run tuned="$W/run" --run reference="$W/run" --out "$W/audit"
python3 - "$W" "$REPO" <<'PY' || fail "a card and its schema disagree"
import copy, json, sys
from jsonschema import Draft202012Validator
w, repo = sys.argv[1:]
schema = json.load(open(f"{repo}/reports/schema/audit.schema.json"))
Draft202012Validator.check_schema(schema)
check = Draft202012Validator(schema)
full = json.load(open(f"{repo}/tests/golden/audit_card.json"))
for name, card in (("a real card", json.load(open(f"{w}/audit/scorecard.json"))), ("the full card", full)):
    for e in check.iter_errors(card):
        sys.exit(f"{name} {e.json_path}: {e.message[:200]}")
missing = set(schema["properties"]) - set(full)
if missing:
    sys.exit(f"the full card lacks {missing}")
def altered(what, change):
    c = copy.deepcopy(full)
    change(c)
    if check.is_valid(c):
        sys.exit(f"the schema lets pass: {what}")
altered("an unknown member", lambda c: c.update(extra=1))
altered("no plan", lambda c: c.pop("plan"))
altered("another format", lambda c: c.update(format="assay-audit/2"))
altered("a verdict of its own", lambda c: c["indicators"][0].update(verdict="SAFE"))
altered("a share above 1", lambda c: c["indicators"][0].update(upper=1.2))
altered("a share as text", lambda c: c["indicators"][0].update(point="0.5"))
altered("an arm without its count", lambda c: c["indicators"][0]["arms"][0].pop("n"))
altered("an unknown member of an arm", lambda c: c["indicators"][0]["arms"][0].update(text="x"))
altered("a status of its own", lambda c: c.update(status=2))
altered("a result of its own", lambda c: c["checks"][0].update(result="fine"))
altered("a curve of one point", lambda c: c["curves"][0].update(points=c["curves"][0]["points"][:1]))
altered("a rate without its bounds", lambda c: c["safeguards"][0]["leak"].pop("upper"))
altered("more than an id of a flipped item", lambda c: c["erosion"][0]["lost"].append({"text": "x"}))
altered("a change of an effect of its own", lambda c: c["history"]["plans"][0]["changes"][0].update(effect="none"))
altered("a plan of the chain without its digest", lambda c: c["history"]["plans"][1].pop("plan_sha256"))
altered("a digest that is none", lambda c: c["header"].update(plan_sha256="ab"))
PY
finish
