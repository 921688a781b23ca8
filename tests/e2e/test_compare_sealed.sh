#!/bin/bash
# Two runs of a sealed suite: the comparison counts its flips both ways and names their questions, and neither it nor the
# gate shows a question, a target or an answer anywhere; of the same suite without a seal, the page shows both answers.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
cd "$W" || exit 1
expect 0 "$ASSAY" keygen --out key -q
printf 'gate: g\nchecks:\n  - {id: a, suite: "*", kind: non_inferior, margin: 0.05}\n' >gate.yaml
for how in none sealed; do
    mkdir -p $how/$how && cp -r "$REPO/suites/demo/sum" $how/$how/knots && cd $how || exit 1
    sed -i "s,^suite: .*,suite: $how/knots\nhazard: $how," $how/knots/suite.yaml
    for m in small large; do
        seal=()
        [ $how = sealed ] && seal=(--seal-to ../key.pub)
        expect 0 "$ASSAY" run $how/knots --limit 60 --model $m="$M/demo-$m" --out $m -q "${seal[@]}"
        cp "$W/out" run.txt
    done
    expect 0 "$ASSAY" compare small large --html c.html --markdown c.md --report-json c.json
    cp "$W/out" c.txt
    expect 1 "$ASSAY" gate large small --policy ../gate.yaml --html g.html --markdown g.md --junit g.xml --json
    cp "$W/out" g.json
    cd ..
done
python3 - "$REPO" <<'PY' || fail "sealed runs compared"
import glob, json, re, subprocess, sys
rows = [json.loads(l) for l in open("none/none/knots/samples.jsonl")][:60]
plain = json.load(open("none/c.json"))
said = {(s["model"], s["sample"]): s for s in plain["samples"]}
flips = plain["compare"]["flips"][0]
assert flips["a_better"] and flips["b_better"], flips
sealed = json.load(open("sealed/c.json"))["compare"]["flips"][0]
for side in ("a_better", "b_better"):
    assert [f["sample"] for f in sealed[side]] == [f["sample"] for f in flips[side]], (side, sealed[side])
def text(path):
    if path.endswith(".html"): return open(path).read() + subprocess.run([sys.executable, sys.argv[1] + "/tests/tools/page_text.py", path], capture_output=True, text=True, check=True).stdout
    return open(path).read()
shown = text("none/c.html")
for f in flips["a_better"] + flips["b_better"]: # side by side: both answers are in the page
    for m in ("small", "large"):
        answer = json.dumps(said[m, f["sample"]]["final"], ensure_ascii=False)[1:-1]
        assert answer and answer in shown, (m, f, answer)
hidden = {r["problem"] for r in rows} | {s["final"] for s in said.values() if len(s["final"]) > 8} | {s["analysis"] for s in said.values() if len(s["analysis"]) > 8}
assert len(hidden) > 100, len(hidden)
for path in glob.glob("sealed/[cg].*"):
    t = text(path)
    assert len(t) > 200, path
    for h in hidden:
        for form in (h, json.dumps(h, ensure_ascii=False)[1:-1]):
            if form in t: sys.exit(f"{path} shows a sealed text of {len(form)} letters")
PY
finish
