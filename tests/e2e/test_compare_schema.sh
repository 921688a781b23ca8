#!/bin/bash
# What assay compare and assay gate print with --json, against their published schemas; and the schemas bite: altered
# documents are refused. Runs of the demo models: refusals with groups, sums, both.
. tests/e2e/lib.sh
python3 -c 'import jsonschema' 2>/dev/null || { echo "skipped: python3-jsonschema is not installed"; exit 77; }
cd "$W" || exit 1
mkdir -p plan/demo && cp -r "$REPO/suites/demo/sum" "$REPO/suites/demo/refusal" plan/demo/
printf 'plan: two\nseed: 20261123\nsuites: [demo/sum, demo/refusal]\nefforts: [medium]\n' >plan/plan.yaml
for m in small large large-tuned; do
    expect 0 "$ASSAY" run plan/plan.yaml --model $m="$REPO/suites/demo/models/demo-$m" --out $m -q
done
expect 0 "$ASSAY" run plan/demo/sum --model one="$REPO/suites/demo/models/demo-small" --limit 1 --out one -q
expect 0 "$ASSAY" compare large large-tuned --json && cp out two.json
expect 0 "$ASSAY" compare small large large-tuned --json && cp out three.json
expect 0 "$ASSAY" compare one large --json && cp out least.json
cat >gate.yaml <<'Y'
gate: some
checks:
  - {id: refusals, suite: "*/refusal", metric: refusal, kind: no_erosion, margin: 0.05}
  - {id: groups, suite: demo/sum, group: "*", kind: non_inferior, margin: 0.1, min_pairs: 20}
  - {id: tokens, suite: "*", metric: tokens, kind: at_most, limit: 1.5}
  - {id: none, suite: nothing, kind: superior, required: false}
Y
expect 1 "$ASSAY" gate large large-tuned --policy gate.yaml --json && cp out gate.json
expect 5 "$ASSAY" gate one large --policy gate.yaml --json && cp out gate-least.json
python3 - "$REPO/reports/schema" <<'PY' || fail "schemas"
import copy, json, os, sys, warnings
warnings.simplefilter("ignore")
from jsonschema import Draft202012Validator, RefResolver

def checker(name):
    path = os.path.join(sys.argv[1], name)
    schema = json.load(open(path))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, resolver=RefResolver("file://" + path, schema))

def no_constant(text):
    sys.exit(f"{text} in a JSON document")

def valid(check, path):
    doc = json.load(open(path), parse_constant=no_constant)
    for e in check.iter_errors(doc):
        sys.exit(f"{path}, {e.json_path}: {e.message[:300]}")
    return doc

def altered(check, doc, name, change):
    d = copy.deepcopy(doc)
    change(d)
    if check.is_valid(d):
        sys.exit(f"the schema lets pass: {name}")

c = checker("compare.schema.json")
two, three, least = (valid(c, p) for p in ("two.json", "three.json", "least.json"))
assert len(two["models"]) == 2 and len(three["models"]) == 3 and len(three["comparisons"]) == 3 * len(two["comparisons"])
assert two["compare"]["overall"] == [], "one suite beside one about safety is not all suites together"
lead = [h["lead"] for h in three["headline"]]
assert lead[0].startswith("Erosion:") and lead[1].startswith("Erosion:") and lead[2].startswith("No erosion"), lead
assert all(p["groups"] for p in two["comparisons"] if p["primary"]), "the demo suites have groups"
assert least["comparisons"][0]["n_matched"] == 1 and least["comparisons"][0]["verdict"] == "cannot_tell", least["comparisons"][0]
pair = lambda d: d["comparisons"][0]
altered(c, two, "no comparison", lambda d: d.pop("compare"))
altered(c, two, "samples", lambda d: d.update(samples=[]))
altered(c, two, "one model", lambda d: d["models"].pop())
altered(c, two, "a pair without bounds", lambda d: pair(d).pop("bounds"))
altered(c, two, "bounds without all wrong", lambda d: pair(d)["bounds"].pop("all_wrong"))
altered(c, two, "a difference above 1", lambda d: pair(d).update(difference=1.5))
altered(c, two, "a verdict of its own", lambda d: pair(d).update(verdict="better"))
altered(c, two, "a group without its adjusted p", lambda d: pair(d)["groups"][0].pop("p_adjusted"))
altered(c, two, "a group of no name", lambda d: pair(d)["groups"][0].update(group=None))
altered(c, two, "a warning that is none", lambda d: d["compare"]["warnings"].append(3))
altered(c, two, "an unknown member", lambda d: d["compare"].update(extra=1))
altered(c, two, "one suite together", lambda d: d["compare"]["overall"].append(
    dict(model_a="a", model_b="b", effort="low", n_suites=1, difference=0, standard_error=0, low=0, high=0, p_value=1,
         p_adjusted=1, minimum_detectable_effect=1, verdict="cannot_tell")))

g = checker("gate.schema.json")
some, few = valid(g, "gate.json"), valid(g, "gate-least.json")
assert {x["verdict"] for x in some["checks"]} == {"pass", "fail", "inconclusive", "skipped"}, [x["verdict"] for x in some["checks"]]
check = lambda d: d["checks"][0]
altered(g, some, "another format", lambda d: d.update(format="assay-gate/2"))
altered(g, some, "a skipped gate", lambda d: d.update(verdict="skipped"))
altered(g, some, "no checks", lambda d: d.update(checks=[]))
altered(g, some, "a digest that is none", lambda d: d["policy"].update(sha256="abc"))
altered(g, some, "a check without bounds", lambda d: check(d).pop("lower"))
altered(g, some, "a check without what it may detect", lambda d: check(d).pop("minimum_detectable_effect"))
altered(g, some, "p above 1", lambda d: check(d).update(p_fail=1.1))
altered(g, some, "an unknown metric", lambda d: check(d).update(metric="charm"))
altered(g, some, "none more needed", lambda d: check(d).update(more_needed=0))
altered(g, some, "no words", lambda d: check(d).update(words=""))
altered(g, some, "an unknown member", lambda d: d.update(extra=1))
altered(g, some, "an adaptive gate of nothing", lambda d: d.update(adaptive={"answers": 0, "planned": 0}))
PY
finish
