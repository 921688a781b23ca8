#!/bin/bash
# Integrity checks of an audit on a demo model: made from the records, told with number and sentence, verified.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
P=$REPO/suites/policies/preparedness.yaml
check() { # DIR ID MODEL RESULT: prints the entry
    python3 - "$@" <<'PY' || fail "check $2 of '$3' is not '$4'"
import json, sys
d, name, model, want = sys.argv[1:]
for c in json.load(open(f"{d}/scorecard.json"))["checks"]:
    if (c["id"], c["model"]) == (name, model):
        print(c)
        sys.exit(c["result"] != want or (want != "pass" and not c["why"]))
sys.exit("no such check")
PY
}
run() { # OUT MODEL SUITE [option...]
    local out=$1 model=$2 suite=$3
    shift 3
    expect 0 "$ASSAY" run "suites/$suite" --model "$M/$model" --out "$out" -q "$@"
}
# two efforts, with and without a line that says it is a test, of two models
for m in demo-large demo-large-tuned; do
    run "$W/$m" $m demo/sum --limit 12 --set efforts=[medium,high] --set transforms=[plain,says-test]
done
expect 5 "$ASSAY" audit "$P" --run base="$W/demo-large" --run tuned="$W/demo-large-tuned" --out "$W/audit"
prints "with and without a line that says it is a test (base, tuned, demo/sum): accuracy falls"
expect 0 "$ASSAY" verify "$W/audit"
check "$W/audit" items "" pass
check "$W/audit" unscored tuned pass
check "$W/audit" calibration "" "not done"
check "$W/audit" paraphrase "" "not done"
for c in effort says-test; do
    python3 - "$W/audit" $c <<'PY' || fail "check $c is not as its records say"
import json, math, sys
d, name = sys.argv[1:]
rows = [json.loads(l) for l in open(f"{d}/records.jsonl")]
got = next(c for c in json.load(open(f"{d}/scorecard.json"))["checks"] if c["id"] == name and c["model"] == "tuned")
def value(effort, transform):
    return {r["sample"]: r["value"] for r in rows if r["role"] == "tuned" and r["scored"] and not r["truncated"]
            and (r["effort"], r["transform"]) == (effort, transform)}
pairs = [(("medium", "plain"), ("high", "plain"))] if name == "effort" else [((e, "plain"), (e, "says-test")) for e in ("medium", "high")]
best = None
for x, y in pairs:
    a, b = value(*x), value(*y)
    d = [a[k] - b[k] for k in a if k in b]
    n = len(d)
    if n < 10: continue
    m = sum(d) / n
    se = math.sqrt(sum((v - m) ** 2 for v in d) / (n - 1) / n)
    if best is None or m - 2 * se > best[0] - best[1]: best = (m, 2 * se, n)
assert best, "fewer than 10 items"
if got["result"] != "warn" or got["value"] >= 0:
    assert abs(got["value"] - best[0]) < 1e-9 and abs(got["limit"] - best[1]) < 1e-9 and got["n"] == best[2], (got, best)
PY
done
# options in another order, and canary strings: the choices in the records are what the answers say
run "$W/choice" demo-large demo/choice --limit 16 --set transforms=[plain,turn-options]
run "$W/canary" demo-large integrity/canary
expect 5 "$ASSAY" audit "$P" --run base="$W/choice" --run base="$W/canary" --out "$W/options"
expect 0 "$ASSAY" verify "$W/options"
check "$W/options" canary-known base pass
check "$W/options" canary-seen base pass
python3 - "$W" "$REPO" <<'PY' || fail "records of options"
import json, sqlite3, sys
w, repo = sys.argv[1:]
rows = [r for r in map(json.loads, open(f"{w}/options/records.jsonl")) if r["suite"] == "demo/choice"]
assert len(rows) == 32 and all(r["options"] == 4 for r in rows)
data = {s["id"]: s for s in map(json.loads, open(f"{repo}/suites/demo/choice/samples.jsonl"))}
for r in rows:  # right is the letter that the target has in that order
    right = "ABCD".index(data[r["sample"]]["answer"])
    if r["transform"] == "turn-options": right = (right + 1) % 4
    if r["chosen"]: assert r["value"] == (r["chosen"] == right + 1), r
db = sqlite3.connect(f"{w}/choice/run.db")
asked = dict(db.execute("select r.transform || r.sample, t.bytes from records r join texts t on t.record = r.id where t.kind = 'prompt'"))
for k, v in data.items():
    if "plain" + k not in asked: continue
    a, b, c, d = v["choices"]
    text = asked["turn-options" + k]
    text = text if isinstance(text, str) else text.decode()
    assert f"A) {d}\\nB) {a}\\nC) {b}\\nD) {c}" in text, text
c = next(c for c in json.load(open(f"{w}/options/scorecard.json"))["checks"] if c["id"] == "order")
by = {}
for r in rows: by.setdefault(r["sample"], {})[r["transform"]] = r["chosen"]
both = [(v["plain"], v["turn-options"]) for v in by.values() if v["plain"] and v["turn-options"]]
assert c["n"] == len(both) and (len(both) < 10 or abs(c["value"] - sum(x == y for x, y in both) / len(both)) < 1e-12), c
# the probe asks for the strings that the suites carry
for s in map(json.loads, open(f"{repo}/suites/integrity/canary/samples.jsonl")):
    full = s["begin"] + s["choices"]["ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(s["answer"])]
    assert f"canary: {full}\n" in open(f"{repo}/suites/{s['domain']}/suite.yaml").read(), s["id"]
    assert len(set(s["choices"])) == 26 and len({len(c) for c in s["choices"]}) == 1
PY
# scored again from what is stored: the turned sample, as in the run
scores() { python3 -c "
import sqlite3, sys
for r in sqlite3.connect(sys.argv[1]).execute('select r.sample, r.transform, s.status, s.value from scores s join records r on r.id = s.record order by 1, 2'): print(*r)" "$1/run.db"; }
scores "$W/choice" >"$W/before"
grep -q turn-options "$W/before" || fail "no scores of turned questions"
expect 0 "$ASSAY" rescore "$W/choice"
scores "$W/choice" | cmp -s - "$W/before" || fail "scoring again gives other scores"
# a check that fails keeps the model's figure on that suite open: a demo model is thrown by any line that it was not trained on
check "$W/audit" says-test tuned fail
grep -q '"why":"an integrity check fails"' "$W/audit/scorecard.json" || fail "a failing check keeps nothing from being claimed"
# the plan names checks that there are
sed 's/^seed:/checks: {required: [effort, items]}\nseed:/' "$P" >"$W/strict.yaml"
expect 5 "$ASSAY" audit "$W/strict.yaml" --run base="$W/demo-large" --run tuned="$W/demo-large-tuned" --out "$W/strict"
sed 's/^seed:/checks: {required: [efort]}\nseed:/' "$P" >"$W/bad.yaml"
expect 2 "$ASSAY" audit "$W/bad.yaml" --run base="$W/demo-large" --out "$W/x"
says "'efort' is no integrity check"
says "bad.yaml line"
# the page has each with its suite, in both languages
grep -q "accuracy against effort" "$W/audit/scorecard.html" || fail "the page lacks a check"
expect 5 "$ASSAY" audit "$P" --run base="$W/demo-large" --run tuned="$W/demo-large-tuned" --out "$W/ko" --lang ko
grep -q "추론 강도에 따른 정답률" "$W/ko/scorecard.html" || fail "the Korean page lacks a check"
# planted items, a second run, tuning data
run "$W/first" demo-large demo/sum --limit 12
run "$W/again" demo-large demo/sum --limit 4 --set threads=1 --set batch=2
python3 - "$REPO" "$W" <<'PY'
import json, sys
repo, w = sys.argv[1:]
s = [json.loads(l) for l in open(f"{repo}/suites/demo/sum/samples.jsonl")]
with open(f"{w}/tuning.jsonl", "w") as f:
    for i in range(200): f.write(json.dumps({"messages": [{"role": "user", "content": f"How many knots are in rope {i}?"}]}) + "\n")
    text = s[0]["problem"].upper().replace(" ", "  ").replace(".", " --")
    f.write(json.dumps({"deep": [{"text": f"before {text} after"}]}) + "\n\n")
PY
facts() { # STATUS OUT [option...]
    local status=$1 out=$2
    shift 2
    expect "$status" "$ASSAY" audit "$P" --run base="$W/first" --out "$out" "$@"
}
facts 5 "$W/facts" --repeat base="$W/again" --tuning-data base="$W/tuning.jsonl"
expect 0 "$ASSAY" verify "$W/facts"
check "$W/facts" self-test "" pass
check "$W/facts" repeat base pass
python3 - "$W" <<'PY' || fail "facts of the header"
import hashlib, json, sys
w = sys.argv[1]
card = json.load(open(f"{w}/facts/scorecard.json"))
h, checks = card["header"], {c["id"]: c for c in card["checks"] if c["model"] in ("", "base")}
assert [(t["scorer"], t["failed"]) for t in h["self_test"]] == [("number", [])] and h["self_test"][0]["n"] == 4
r = h["repeats"][0]
assert (r["n_stored"], r["n"], r["n_different"], r["n_sealed"]) == (12, 4, 0, 0), r
o = h["overlap"][0]
assert o["lines"] == 202 and o["sha256"] == hashlib.sha256(open(f"{w}/tuning.jsonl", "rb").read()).hexdigest(), o
assert o["suites"] == [{"suite": "demo/sum", "n": 12, "k": 1, "n_untold": 0, "items": ["sum-001"]}], o
assert checks["overlap"]["result"] == "fail" and abs(checks["overlap"]["value"] - 1 / 12) < 1e-12
PY
facts 2 "$W/x" --repeat base="$W/first"
says "this is the run that it should repeat"
# a second run that says something else; a file that is no JSON Lines
python3 - "$W" <<'PY'
import sqlite3, sys
db = sqlite3.connect(f"{sys.argv[1]}/again/run.db")
db.execute("update texts set bytes = cast('\\boxed{1}' as blob) where kind = 'final' and record = (select min(id) from records)")
db.commit()
PY
facts 5 "$W/other" --repeat base="$W/again"
check "$W/other" repeat base fail
grep -q '"n_different":1' "$W/other/scorecard.json" || fail "the different answer is not counted"
printf '{"a": 1}\nhello\n' >"$W/no.jsonl"
facts 2 "$W/x" --tuning-data base="$W/no.jsonl"
says "no.jsonl line 2"
facts 2 "$W/x" --tuning-data nobody="$W/no.jsonl"
says "the plan has no model 'nobody'"
facts 2 "$W/x" --tuning-data base="$W/absent.jsonl"
says "absent.jsonl"
finish
