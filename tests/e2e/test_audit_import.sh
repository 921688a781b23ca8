# Results from elsewhere: the same items give the figures that a run gives, counts what counts can; what the plan does
# not name is refused.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
expect 0 "$ASSAY" keygen --sign --out "$W/auditor"
digest() { "$ASSAY" model "$M/$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"])'; }
plan() { # OUT REFERENCE: the models' entry of the reference
    cat >"$W/plan.yaml" <<EOF
audit: imports
question: does the fine-tune add to what there is?
models:
  tuned: {sha256: $(digest demo-large-tuned), role: candidate}
  ref: $2
confidence: 0.95
multiplicity: holm
unscored_max: 0.02
seed: 1
arms: [default]
indicators:
  - {id: uplift, category: self_improve, kind: marginal, metric: accuracy, suite: demo/sum, of: [tuned, ref], margin: 0.5, n_min: 90, source: test}
  - {id: sums, category: self_improve, kind: rate, metric: accuracy, suite: demo/sum, n_min: 90, threshold: 0.97, worse: higher, models: [ref], source: test}
EOF
    expect 0 "$ASSAY" audit sign "$W/plan.yaml" --key "$W/auditor.key" --out "$1"
}
run() { # OUT PLAN MODEL
    expect 0 "$ASSAY" run suites/demo/sum --model m="$M/$3" --audit-plan "$2" --out "$1" -q
}

# the reference as a run
plan "$W/run.json" "{sha256: $(digest demo-small), role: reference}"
run "$W/tuned" "$W/run.json" demo-large-tuned
run "$W/small" "$W/run.json" demo-small
expect 5 "$ASSAY" audit "$W/run.json" --run tuned="$W/tuned" --run ref="$W/small" --out "$W/whole"

# the same results as a file, by items and by counts
python3 - "$W" <<'PY'
import json, sys
w = sys.argv[1]
card = json.load(open(f"{w}/whole/scorecard.json"))
data = card["header"]["runs"][0]["suites"][0]["data_sha256"]
rows = [r for r in map(json.loads, open(f"{w}/whole/records.jsonl")) if r["role"] == "ref"]
about = {"format": "assay-results/1", "model": "demo-small", "measured_by": "a test", "measured_at": "2026-11-26", "how": "asked once", "scored_by": "program"}
items = [{"content": r["content"], "value": r["value"] if r["scored"] and not r["truncated"] else None, "refused": r["refused"]} for r in reversed(rows)]
known = [i["value"] for i in items if i["value"] is not None]
k = int(sum(known))
counts = {"suite": "demo/sum", "metric": "accuracy", "k": k, "n": len(known), "unscored": len(items) - len(known), "refused": 0, "data_sha256": data}
for name, result in (("items", {"suite": "demo/sum", "metric": "accuracy", "items": items}), ("counts", counts)):
    json.dump({**about, "results": [result]}, open(f"{w}/{name}.json", "w"))
PY
sha() { sha256sum "$1" | cut -d' ' -f1; }
for kind in items counts; do
    plan "$W/$kind-plan.json" "{import: $kind.json, sha256: $(sha "$W/$kind.json"), role: reference}"
    run "$W/tuned-$kind" "$W/$kind-plan.json" demo-large-tuned
    expect 5 "$ASSAY" audit "$W/$kind-plan.json" --run tuned="$W/tuned-$kind" --import ref="$W/$kind.json" --out "$W/$kind" --key "$W/auditor.key"
    expect 0 "$ASSAY" verify "$W/$kind" --signer "$W/auditor.pub"
done
python3 - "$W" <<'PY' || fail "imported results give other figures than a run"
import json, sys
w = sys.argv[1]
whole, items, counts = (json.load(open(f"{w}/{d}/scorecard.json")) for d in ("whole", "items", "counts"))
a, b, c = (x["marginal"][0] for x in (whole, items, counts))
for key in ("verdict", "pairs", "both", "candidate_only", "reference_only", "neither", "difference", "lower", "upper", "p", "method", "reference_verdict"):
    assert a[key] == b[key], (key, a[key], b[key])
assert a["verdict"] == "NO_UPLIFT" and not a["imported"] and b["imported"] and b["paired"], a
assert c["imported"] and not c["paired"] and c["verdict"] == "NO_UPLIFT" and c["pairs"] == 0, c
assert abs(c["difference"] - a["difference"]) < 0.02 and c["upper"] > a["upper"]
assert [x["indicators"][0]["upper"] for x in (whole, items)] == [counts["indicators"][0]["upper"]] * 2
assert items["header"]["imports"][0]["measured_by"] == "a test"
PY

# a file that the plan does not name, one that is no file of results, a model that is a run
sed 's/a test/b test/' "$W/items.json" >"$W/other.json"
expect 2 "$ASSAY" audit "$W/items-plan.json" --import ref="$W/other.json" --out "$W/x"
says "which the plan does not name for model 'ref'"
expect 2 "$ASSAY" audit "$W/items-plan.json" --import tuned="$W/items.json" --out "$W/x"
says "which the plan does not name for model 'tuned'"
expect 2 "$ASSAY" audit "$W/items-plan.json" --import ref="$W/items.json" --import ref="$W/items.json" --out "$W/x"
says "of an entry before it, or of another file"
expect 2 "$ASSAY" audit "$W/items-plan.json" --run ref="$W/small" --out "$W/x"
says "from results alone; give them with --import"
expect 2 "$ASSAY" audit "$W/items-plan.json" --import ref="$W/nowhere.json" --out "$W/x"
says "nowhere.json"

# one changed digit of the header's counts: a folder that was not signed is found out all the same
cp -r "$W/counts" "$W/t"
sed -i '1s/"scored_by":"program"/"scored_by":"peoples"/' "$W/t/log.jsonl"
expect 1 "$ASSAY" verify "$W/t"
prints "log.jsonl line 1"
finish
