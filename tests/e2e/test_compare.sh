#!/bin/bash
# assay compare: two runs beside each other say what one run with both models says, number for number; and what keeps runs from being
# compared is said.
. tests/e2e/lib.sh
world 60

ask() { # ask OUT [options]: answers from the recordings
    local out=$1
    shift
    expect 0 "$ASSAY" run "$W/plan.yaml" --out "$W/$out" -q "$@"
}
ask both
ask of-small --model small="replay:$W/small"
ask of-large --model large="replay:$W/large"
cd "$W" || exit 1

expect 0 "$ASSAY" compare of-small of-large --report-json c.json --html c.html --markdown c.md
prints "model against model"
prints "answers that differ"
prints "all suites together"
prints "questions could have shown"
python3 - both/report.json c.json "$REPO/reports/schema/report.schema.json" <<'PY' || fail "two runs differ from one run with both models"
import json, sys
one, two = (json.load(open(p)) for p in sys.argv[1:3])
whole = json.loads(json.dumps(two))
for part in ("results", "comparisons", "headline", "cautions"):
    a, b = one.get(part), two.get(part)
    for x in (a, b):
        for r in x:
            for k in ("prefill_seconds", "decode_seconds", "tokens_per_second"):
                if isinstance(r, dict): r.pop(k, None)
    if a != b:
        sys.exit(f"{part} differ: {json.dumps(a)[:300]} / {json.dumps(b)[:300]}")
c = two["compare"]
assert [a["model"] for a in c["arms"]] == ["small", "large"], c["arms"]
assert all(m["n_in_all"] == 60 and not any(x["n_not_in_all"] for x in m["models"]) for m in c["matched"]), c["matched"]
# flips, counted by hand from the samples
means = {}
for s in two["samples"]:
    v = s["scores"][0]["value"] if s["scores"] else None
    if v is not None: means[s["model"], s["suite"], s["sample"]] = v
for f in c["flips"]:
    mine = sorted(k[2] for k, v in means.items() if k[0] == "small" and k[1] == f["suite"] and v > means.get(("large", *k[1:]), v))
    assert sorted(x["sample"] for x in f["a_better"]) == mine, (mine, f["a_better"])
same = n = 0
for (m, s, q), v in means.items():
    w = means.get(("large", s, q))
    if m == "small" and w is not None: same += v == w; n += 1
assert c["agreement"][0]["n_questions"] == n and abs(c["agreement"][0]["share"] - same / n) < 1e-12, c["agreement"]
# over all suites: each counts alike
primary = [p for p in two["comparisons"] if p["primary"]]
assert len(c["overall"]) == 1 and c["overall"][0]["n_suites"] == len(primary) == 2, c["overall"]
assert abs(c["overall"][0]["difference"] - sum(p["difference"] for p in primary) / 2) < 1e-12, c["overall"]
# bounds, from the samples
OPEN = ("truncated", "refused", "error", "unscored")
for p in primary:
    rows = {(s["model"], s["sample"]): (None if s["outcome"] in OPEN else s["scores"][0]["value"]) for s in two["samples"] if s["suite"] == p["suite"]}
    ids = sorted({q for m, q in rows if m == "small"} & {q for m, q in rows if m == "large"})
    fill = lambda m, q, v: v if rows[m, q] is None else rows[m, q]
    for key, a, b in (("low", 0, 1), ("high", 1, 0), ("all_wrong", 0, 0), ("all_right", 1, 1)):
        want = sum(fill("small", q, a) - fill("large", q, b) for q in ids) / len(ids)
        assert abs(p["bounds"][key] - want) < 1e-12, (key, want, p["bounds"])
try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(0)
schema = json.load(open(sys.argv[3]))
for e in Draft202012Validator(schema).iter_errors(whole):
    sys.exit(f"{e.json_path}: {e.message[:300]}")
whole["compare"]["flips"][0]["a_better"].append({"sample": 1})
assert not Draft202012Validator(schema).is_valid(whole)
PY
[ "$(grep -c '<section id="compare"' c.html)" = 1 ] || fail "the page has no comparison"
grep -q "^## answers that differ" c.md || fail "Markdown has no flips: $(head -c 300 c.md)"
expect 0 "$ASSAY" compare both
prints "small"
expect 0 "$ASSAY" compare both:large of-small --json
python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert [m["name"] for m in d["models"]]==["large","small"] and "samples" not in d' "$W/out" || fail "--json"

# samples under other names, in another order: joined by content; other content under the same name: not joined
change() { # change COLUMN PYTHON: ids of both suites from that column, rows changed
    sed -i "s/fields: {.*}/fields: {id: $1, target: answer}/" test/a/suite.yaml test/b/suite.yaml
    python3 - "$2" <<'PY'
import json, sys
for s in ("a", "b"):
    rows = [json.loads(l) for l in open(f"test/{s}/samples.jsonl")]
    exec(sys.argv[1])
    with open(f"test/{s}/samples.jsonl", "w") as f:
        for r in rows: f.write(json.dumps(r) + "\n")
PY
}
change first 'for i, r in enumerate(rows): r.update(first=f"q{i}", second=f"q{(i + 7) % len(rows)}")'
ask named --model large="replay:$W/large"
cd "$W" || exit 1
change second 'rows.reverse()
if s == "b":
    for r in rows[:5]: r["answer"] += ".0"'
ask reordered --model small="replay:$W/small"
cd "$W" || exit 1
expect 0 "$ASSAY" compare named reordered --report-json n.json
python3 - n.json <<'PY' || fail "joining by content"
import json, sys
d = json.load(open(sys.argv[1]))
m = {x["suite"]: x for x in d["compare"]["matched"]}
assert m["test/a"]["n_in_all"] == 60 and m["test/a"]["example"] is None, m["test/a"]
assert m["test/b"]["n_in_all"] == 55 and m["test/b"]["example"], m["test/b"]
assert any("is not the same suite" in w for w in d["compare"]["warnings"]), d["compare"]["warnings"]
# each question stands beside itself, whatever its number in either run
asked = {}
for s in d["samples"]:
    asked.setdefault((s["suite"], s["sample"]), set()).add(s["prompt"][-1]["content"])
assert all(len(v) == 1 for v in asked.values()), asked
one = json.load(open("both/report.json"))
before, now = (sum(p["n_matched"] for p in x["comparisons"]) for x in (one, d))
assert before - 5 <= now <= before, (before, now)
PY
expect 0 "$ASSAY" compare of-large both:large
prints "are the same weights"

# in Korean: the page, Markdown and the terminal, with flips, what did not match and what makes the runs less comparable
expect 0 "$ASSAY" compare named reordered of-large both:large --lang ko --html k.html --markdown k.md --report-json k.json
cp out k.txt
prints "내용이 같은 문항만 비교합니다"
prints "점수가 다른 응답"
for f in k.html k.md k.txt; do
    python3 "$REPO/tests/tools/korean.py" $f named reordered of-large small large both test/a test/b "Test a" "Test b" k.html k.md k.json $(grep -o 'q[0-9]*[a-z~0-9]*' k.md) ||
        fail "English on a Korean comparison"
done
grep -q '"warnings": \["test/b is not the same suite\|test/b is not the same suite' k.json && ! grep -q "모델" k.json || fail "the JSON of a Korean comparison is not in English"
expect 2 "$ASSAY" compare named reordered --lang xx
says "comparisons speak en"

# what cannot be compared
expect 2 "$ASSAY" compare
says "name the runs to compare"
expect 2 "$ASSAY" compare of-small
says "this run has one model"
expect 2 "$ASSAY" compare of-small nowhere
says "there is no run here"
expect 2 "$ASSAY" compare of-small of-large:other
says "this run has no model 'other'"
expect 2 "$ASSAY" compare of-small of-small
says "is named twice"
cp -r of-large broken && printf 'rubbish-rubbish' | dd of=broken/run.db bs=1 seek=9000 conv=notrunc 2>/dev/null && printf 'rubbish' | dd of=broken/run.db bs=1 seek=0 conv=notrunc 2>/dev/null
expect 2 "$ASSAY" compare of-small broken --html nothing.html
one_line
[ -e nothing.html ] && fail "a page of a broken run"
cp -r of-large part
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("part/run.db")
db.execute("UPDATE manifest SET json = '999' WHERE key = 'n_items'")
db.commit()
PY
expect 0 "$ASSAY" compare of-small part
prints "is not finished"
# answers that hold NUL and broken UTF-8 are data: the results stand without them
cp -r of-large nul
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("nul/run.db")
assert db.execute("UPDATE texts SET bytes = X'410042FF' WHERE kind = 'final' AND record IN (SELECT record FROM texts WHERE kind = 'final' LIMIT 1)").rowcount == 1
db.commit()
PY
expect 0 "$ASSAY" compare of-small nul --json
python3 -c 'import json, sys; a, b = (json.load(open(p)) for p in sys.argv[1:]); assert a["results"] == b["results"] and "samples" not in a' "$W/out" c.json || fail "--json of an answer with NUL"
expect 0 "$ASSAY" report nul --json

# thirteen copies, each with a seed of its own: for each of 78 twos one sentence about weights and one about seeds, of which 64 are shown
mkdir many
for i in $(seq 13); do
    cp -r of-large many/r$i
    python3 - many/r$i/run.db "$i" <<'PY'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
plan = json.loads(db.execute("SELECT json FROM manifest WHERE key = 'plan'").fetchone()[0])
plan["seed"] = int(sys.argv[2])
db.execute("UPDATE manifest SET json = ? WHERE key = 'plan'", (json.dumps(plan),))
db.commit()
PY
done
expect 0 "$ASSAY" compare many/r* --json
python3 - "$W/out" <<'PY' || fail "what is beyond the 64th warning"
import json, sys
w = json.load(open(sys.argv[1]))["compare"]["warnings"]
assert len(w) == 65 and len(set(w)) == 65, len(w)
assert w[-1] == f"And {2 * 13 * 12 // 2 - 64} more like these.", w[-1]
PY
# eight of them and one that differs: the page's matrix holds what the JSON says of each two, on both sides of its diagonal
expect 0 "$ASSAY" compare of-small many/r? --html m.html --report-json m.json --markdown m.md
python3 - <<'PY' || fail "agreement of ten models"
import itertools, json, re
d = json.load(open("m.json"))
names = [m["name"] for m in d["models"]]
said = {frozenset((g["model_a"], g["model_b"])): g for g in d["compare"]["agreement"]}
assert len(names) == 10 and len(said) == 45 == len(d["compare"]["agreement"]), (names, len(said))
assert [(c["model"], c["effort"]) for c in d["compare"]["cost"]] == [(n, "low") for n in names], d["compare"]["cost"]
page = open("m.html").read()
table = next(t for t in re.findall(r"<table.*?</table>", page, re.S) if ">Agreement<" in t)
rows = re.findall(r"<tr><th scope=\"row\"[^>]*>(.*?)</th>(.*?)</tr>", table, re.S)
assert [r[0] for r in rows] == names, rows
for a, cells in rows:
    for b, cell in zip(names, re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S), strict=True):
        if a == b: assert cell == "–", cell
        else:
            g = said[frozenset((a, b))]
            want = f"{100 * g['share']:.1f}" + ("" if g["kappa"] is None else f"<br><span class=\"note\">kappa {g['kappa']:.2f}, n {g['n_questions']}</span>")
            assert cell == want, (a, b, cell, want)
assert open("m.md").read().count("have the same score on") == 45
PY
python3 - <<'PY'
import json
for s in ("a", "b"):
    rows = [json.loads(l) for l in open(f"test/{s}/samples.jsonl")]
    for r in rows: r["question"] = "Other: " + r["question"]
    with open(f"test/{s}/samples.jsonl", "w") as f:
        for r in rows: f.write(json.dumps(r) + "\n")
PY
ask other --model large="replay:$W/large"
cd "$W" || exit 1
expect 2 "$ASSAY" compare of-small other
says "have no question in common"
expect 4 "$ASSAY" compare of-small of-large --html /no/such/place/c.html
expect 0 "$ASSAY" compare of-small:small of-large:large --html "$W/abs.html" -q
grep -q NaN c.json abs.html && fail "NaN"
grep -qi "nan" "$W/out" && fail "nan printed"
finish
