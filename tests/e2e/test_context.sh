# The end of the context: prompts that are longer are outcome `error` with the sizes, in generation, scoring and few-shot
# suites, through to the report; answers that reach it are cut off and say so. And the precision of a run is part of it.
. tests/e2e/lib.sh
cd "$W" || exit 1
model=$REPO/suites/demo/models/demo-small
mkdir -p test/talk test/score test/shots
python3 - <<'PY'
import json
long = "Tell me the town that Tamar calls home. " * 40
rows = [{"id": "short", "question": "Name the home of Mirko.", "choices": ["Iskar", "Holm"], "answer": "A"},
        {"id": "long", "question": long, "choices": ["Iskar", "Holm"], "answer": "A"}]
for s in ("talk", "score", "shots"):
    open(f"test/{s}/samples.jsonl", "w").write("".join(json.dumps(r) + "\n" for r in (rows if s != "shots" else rows[:1])))
open("test/shots/examples.jsonl", "w").write("".join(json.dumps({"question": f"{i}. {long[:400]}", "choices": ["a", "b"], "answer": "B"}) + "\n" for i in range(5)))
head = "suite: test/%s\nversion: 1\ntitle: T\nlicence: Apache-2.0\ndataset: {path: samples.jsonl, fields: {target: answer, choices: choices}}\n"
open("test/talk/suite.yaml", "w").write(head % "talk" + 'prompt: "{{ question }}"\ngeneration: {temperature: 0, max_tokens: 900}\nscorers: [choice]\n')
open("test/score/suite.yaml", "w").write(head % "score" + 'prompt: "{{ question }}"\nmode: loglikelihood\nchoices_as: "{{ letter }}"\n'
                                    'scorers: [{scorer: choice, options: {by: loglikelihood}}]\n')
open("test/shots/suite.yaml", "w").write(head % "shots" + 'prompt: "{{ question }}"\nfewshot: {count: 5, path: examples.jsonl}\n'
                                    'generation: {temperature: 0, max_tokens: 20}\nscorers: [choice]\n')
open("plan.yaml", "w").write(f"plan: context\nmodels: [{{name: m, path: {json.dumps('MODEL')}}}]\nsuites: [test/talk, test/score, test/shots]\n")
PY
sed -i "s|MODEL|$model|" plan.yaml
expect 0 "$ASSAY" run plan.yaml --context 128 --out run -q --threads 1
python3 - <<'PY' || fail "outcomes"
import json, re
r = json.load(open("run/report.json"))
by = {(s["suite"].split("/")[1], s["sample"]): s for s in r["samples"]}
assert len(by) == 5, by.keys()
def refused(s, words):
    assert s["outcome"] == "error", s
    text = json.dumps(s)
    m = re.search(words + r" needs (\d+) tokens, but the context has room for (\d+)", text)
    assert m and int(m[2]) == 128 and int(m[1]) > 300, text
refused(by["talk", "long"], "the prompt")
refused(by["score", "long"], "the prompt with its longest choice")
refused(by["shots", "short"], "the prompt")
assert by["score", "short"]["outcome"] in ("correct", "wrong"), by["score", "short"]
PY
# an answer that does not end by itself reaches the end: a context hardly larger than the prompt
for n in 70 80 90 100 110; do
    rm -rf cut
    expect 0 "$ASSAY" run test/talk --model "m=$model" --context $n --limit 1 --out cut -q --threads 1
    grep -q truncated cut/report.json && break
done
python3 - <<'PY' || fail "an answer that the context cuts off"
import json, re
s = json.load(open("cut/report.json"))["samples"][0]
assert s["outcome"] == "truncated", s
m = re.search(r"cut off at the end of the context of (\d+) positions \(a prompt of (\d+) tokens and (\d+) sampled\)", json.dumps(s))
assert m and int(m[2]) + int(m[3]) == int(m[1]) + 1, s
PY

# ---- precision ----
expect 2 "$ASSAY" run plan.yaml --context 128 --out other --precision nonsense
says "nonsense"
says "exact"
one_line
[ -e other ] && fail "an unknown precision left a folder"
expect 2 "$ASSAY" generate --model "$model" --prompt x --precision nonsense
expect 2 "$ASSAY" model "$model" --precision nonsense
grep -q precision <(python3 -c 'import json; print(json.load(open("run/report.json"))["models"])') || fail "report.json names no precision"
grep -q "Not computed exactly" run/report.json && fail "an exact run is called inexact"
expect 0 "$ASSAY" run --resume run -q --precision exact
fast=$("$ASSAY" list precisions --json | python3 -c 'import json, sys; print([r["name"] for r in json.load(sys.stdin)][-1])')
if [ "$fast" != exact ]; then
    expect 2 "$ASSAY" run --resume run -q --precision "$fast"
    says "precision was \"exact\" in the stored run and is \"$fast\" now"
    expect 0 "$ASSAY" run test/score --model "m=$model" --precision "$fast" --context 128 --out fast
    prints "Not computed exactly: m (precision $fast)"
    grep -q "Not computed exactly: m (precision $fast)" fast/report.html || fail "report.html does not say so"
    expect 2 "$ASSAY" run --resume fast -q --precision exact
    says "precision was \"$fast\" in the stored run and is \"exact\" now"
    expect 0 "$ASSAY" run --resume fast -q
    # two settings of one checkpoint in one plan
    printf 'plan: two\nmodels: [{name: e, path: %s}, {name: f, path: %s, precision: %s}]\nsuites: [test/score]\ncontext: 128\n' \
        "$model" "$model" "$fast" >two.yaml
    expect 0 "$ASSAY" run two.yaml --out two
    prints "Not computed exactly: f (precision $fast)"
    expect 0 "$ASSAY" run two.yaml --out none --precision exact
    grep -q "Not computed" out && fail "--precision does not hold for all models"
fi
finish
