# Samples with tools, from YAML to the report: recorded completions call a table, a template, a program and python.
. tests/e2e/lib.sh
suite=$REPO/suites/demo/tools
cat >"$W/make.py" <<'PY'
# Lines of completions.jsonl for the eight samples: the turns of each in order, told apart by the user's text.
import json, os, sys
w, suite = sys.argv[1], sys.argv[2]
questions = [json.loads(line) for line in open(f"{suite}/samples.jsonl")]
def call(to, content, thought="Let me look."):
    return {"status": "ok", "analysis": thought, "stop": "call", "call_recipient": to, "call_content": content,
            "ids": [1, 2, 3], "n_tokens": 3, "n_prompt_tokens": 10, "n_analysis_tokens": 2}
def final(text):
    return {"status": "ok", "analysis": "Done.", "final": text, "stop": "return", "ids": [4, 5], "n_tokens": 2, "n_prompt_tokens": 20}
f, answer = "functions.", lambda n: final(f"\\boxed{{{n}}}")
turns = {
    "tools-01": [call(f + "get_item", '{"item": "lamp"}'), answer(2450)],
    "tools-02": [call(f + "get_item", '{"item": "pens"}'), call(f + "get_item", '{"item": "pen"'), call(f + "get_thing", "{}"),
                 call("browser.search", '{"query": "pens"}'), call(f + "get_item", '{"item": "pen"}'), answer(400)],
    "tools-03": [call(f + "get_item", '{"item": "kite"}'), call("python", "price = 1899"), call("python", "7 * price"), answer(13293)],
    "tools-04": [call("python", "def sq(n): return n * n\nprint(sum(map(sq, range(1, 101))))"), call("python", "1/0"), answer(338350)],
    "tools-05": [call(f + "delivery_days", '{"distance_km": 1250}'), answer(6)],
    "tools-06": [call(f + "delivery_days", '{"distance_km": 1250, "express": true}'), answer(3)],
    "tools-07": [call(f + "label", '{"name": "Ada", "copies": 3}'), call("python", "len('ADA x3 (tools-07)')"), answer(17)],
    "tools-08": [call(f + "get_item", '{"item": "globe"}')] + [call(f + "get_item", '{"item": "pen"}')] * 30,
}
os.makedirs(f"{w}/rec", exist_ok=True)
with open(f"{w}/rec/completions.jsonl", "w") as out:
    for q in questions:
        for c in turns[q["id"]]: out.write(json.dumps({"user": q["question"], "completion": c}) + "\n")
PY
python3 "$W/make.py" "$W" "$suite"
cd "$W" || exit 1
run() { "$ASSAY" run "$suite" --model m=replay:"$W/rec" --seed 5 -q "$@"; }

run --out one 2>"$W/err" >"$W/out"
rc=$?
if [ $rc = 4 ] && grep -q "sandbox" "$W/err"; then
    echo "skipped: no sandbox here: $(head -c 200 "$W/err")"
    exit 0
fi
[ $rc = 0 ] || fail "exit $rc: $(cat "$W/err")"
grep -q "cut off at a limit of tokens or turns" one/report.html || fail "the report does not warn of answers that were cut off"
python3 - one/report.json <<'PY' || fail "what the report says"
import json, sys
report = json.load(open(sys.argv[1]))
samples = {s["sample"]: s for s in report["samples"]}
def answers(i): return [t.get("answer") for t in samples[i]["turns"]]
def want(i, *texts):
    got = answers(i)
    assert got == list(texts), (i, got)
want("tools-01", '{"price":2450,"stock":12}', None)
want("tools-02", "error: 'item' must be one of \"pen\", \"lamp\", \"kite\", \"globe\"", answers("tools-02")[1],
     "error: there is no function 'get_thing'; there is: get_item, label, delivery_days",
     "error: there is no tool 'browser.search' here", '{"price":120,"stock":400}', None)
assert answers("tools-02")[1].startswith("error: the arguments are not valid JSON: "), answers("tools-02")[1]
want("tools-03", '{"price":1899,"stock":0}',
     "[WARN] No output available. Use print() to output anything to stdout to receive the output", "13293\n", None)
a = answers("tools-04")
assert a[0] == "338350\n" and a[1].startswith("Traceback (most recent call last):\n  File \"<cell 2>\", line 1, in <module>\n"), a
assert a[1].endswith("ZeroDivisionError: division by zero\n"), a
want("tools-05", '{"days": 6}', None)
want("tools-06", '{"days": 3}', None)
want("tools-07", "ADA x3 (tools-07)", "17\n", None)
want("tools-08", "error: this item is not sold any more", *['{"price":120,"stock":400}'] * 7, None)
for i in range(1, 8): assert samples[f"tools-0{i}"]["outcome"] == "correct", i
s = samples["tools-08"]
assert (s["outcome"], s["status"], s["limit"], s["n_calls"], s["n_bad_calls"]) == ("truncated", "length", "turns", 9, 0), s
assert "more than 8 times" in s["error"] and "more than 8 times" in s["scores"][0]["explanation"], s
s = samples["tools-02"]
assert (s["limit"], s["n_calls"], s["n_bad_calls"]) == (None, 5, 4), s
assert s["tokens"] == {"prompt": 70, "completion": 17, "analysis": 10}, s["tokens"]
t = s["turns"]
assert [x["bad_call"] for x in t] == [True, True, True, True, False, False]
assert t[0]["recipient"] == "functions.get_item" and t[0]["arguments"] == '{"item": "pens"}', t[0]
assert t[0]["tokens"] == {"prompt": 10, "completion": 3, "analysis": 2} and t[5]["final"] == "\\boxed{400}", t
assert len({x["request_hash"] for x in t}) == 6 and t[0]["request_hash"] == s["request_hash"]
assert s["analysis"].count("Let me look.") == 5 and s["final"] == "\\boxed{400}"
cell = report["results"][0]
assert (cell["n_turns"], cell["n_calls"], cell["n_bad_calls"]) == (31, 24, 4), cell
PY

expect 0 "$ASSAY" validate "$suite"
prints "tools: python (stateful), 3 functions"
expect 0 "$ASSAY" list suites "$suite"
prints "(tools: python (stateful), 3 functions)"

# ---- the same whatever the order of things ----
for o in "--threads 1 --batch 1" "--threads 4"; do
    rm -rf other
    # shellcheck disable=SC2086
    run --out other $o >"$W/out" 2>&1 || fail "$o: $(cat "$W/out")"
    cmp -s <(report_of one | grep -v '"threads"\|"batch"\|"command"') <(report_of other | grep -v '"threads"\|"batch"\|"command"') ||
        fail "$o: $(diff <(report_of one) <(report_of other) | head -5)"
done

# ---- what Python says of addresses, and what goes by them, repeats: a resumed run must not read differently ----
if setarch "$(uname -m)" -R true 2>/dev/null; then
    mkdir -p where
    python3 - <<'PY'
import json
c = {"status": "ok", "stop": "call", "call_recipient": "python", "ids": [1], "n_tokens": 1,
     "call_content": "class A: pass\nprint(A(), {A() for _ in range(9)}, id(print))"}
open("where/completions.jsonl", "w").writelines(json.dumps({"completion": x}) + "\n" for x in (c, {"status": "ok", "final": "1", "ids": [2], "n_tokens": 1}))
PY
    for k in 1 2; do
        "$ASSAY" run "$suite" --limit 1 --model m=replay:where -q --out where$k >"$W/out" 2>&1 || fail "addresses: $(cat "$W/out")"
    done
    grep -q "A object at 0x" where1/report.json || fail "no address was printed"
    same_report where1 where2
else
    echo "skipped: addresses are random here"
fi

# ---- a run replays itself, each turn by its own request ----
"$ASSAY" run "$suite" --model m=replay:"$W/one" --seed 5 -q --out again >"$W/out" 2>&1 || fail "replay: $(cat "$W/out")"
diff <(rows_of one) <(rows_of again) >/dev/null || fail "a replay differs: $(diff <(rows_of one) <(rows_of again) | head -4)"

# ---- a conversation that outgrew the context is replayed as one ----
mkdir -p full
python3 - "$suite" <<'PY'
import json, sys
q = json.loads(open(f"{sys.argv[1]}/samples.jsonl").readline())
call = {"status": "ok", "stop": "call", "call_recipient": "functions.get_item", "call_content": '{"item": "lamp"}', "n_prompt_tokens": 390}
turns = [{**call, "ids": [1, 2, 3], "n_tokens": 3}, {"status": "failed", "error": "the prompt needs 401 tokens", "n_prompt_tokens": 401}]
open("full/completions.jsonl", "w").writelines(json.dumps({"user": q["question"], "completion": c}) + "\n" for c in turns)
PY
"$ASSAY" run "$suite" --limit 1 --model m=replay:full --context 400 -q --out full1 >"$W/out" 2>&1 || fail "full: $(cat "$W/out")"
"$ASSAY" run "$suite" --limit 1 --model m=replay:full1 -q --out full2 >"$W/out" 2>&1 || fail "full, again: $(cat "$W/out")"
python3 - <<'PY' || fail "the context's end"
import json
for d in ("full1", "full2"):
    s = json.load(open(f"{d}/report.json"))["samples"][0]
    assert (s["outcome"], s["status"], s["limit"]) == ("truncated", "length", "context"), (d, s)
    assert s["error"] == "the conversation outgrew the context in turn 2: 401 tokens of prompt", s
PY
diff <(rows_of full1) <(rows_of full2) >/dev/null || fail "a replay of a full context differs: $(diff <(rows_of full1) <(rows_of full2) | head -4)"

# ---- killed within a sample, then resumed: that sample begins anew, the others stay ----
cat >"$W/slow.py" <<'PY'
import json, sys
lines = [json.loads(line) for line in open("rec/completions.jsonl")]
for l in lines:  # the python of tools-04 takes a while
    c = l["completion"]
    if c.get("call_content", "").startswith("def sq"): c["call_content"] = "import time; time.sleep(1)\n" + c["call_content"]
open("rec/completions.jsonl", "w").writelines(json.dumps(l) + "\n" for l in lines)
PY
cp -r rec quick
python3 slow.py
run --out whole >"$W/out" 2>&1 || fail "slow: $(cat "$W/out")"
"$ASSAY" run "$suite" --model m=replay:"$W/rec" --seed 5 -q --out killed >"$W/out" 2>&1 & # no function: its pid is wanted
pid=$!
python3 - <<'PY'
import sqlite3, time
for _ in range(1000):  # until all samples are stored but the one that sleeps
    try:
        if sqlite3.connect("file:killed/run.db?mode=ro", uri=True).execute("select count(*) from records").fetchone()[0] == 7: break
    except sqlite3.Error: pass
    time.sleep(0.01)
PY
boxes=$(pgrep -P $pid | tr '\n' ' ')
kill -9 $pid
wait $pid 2>/dev/null
n=$(python3 -c "import sqlite3;d=sqlite3.connect('killed/run.db');print(d.execute('select count(*) from records').fetchone()[0], d.execute('select count(*) from turns where record not in (select id from records)').fetchone()[0])")
[ "$n" = "7 0" ] || fail "killed with $n records and turns without one, instead of 7 0"
[ -n "$boxes" ] || fail "no interpreter ran when the run was killed"
sleep 0.5
for b in $boxes; do
    grep -q "^State:.[^ZX]" "/proc/$b/status" 2>/dev/null && fail "an interpreter outlives a killed run"
done
"$ASSAY" run --resume killed -q >"$W/out" 2>&1 || fail "resume: $(cat "$W/out")"
same_report whole killed

# ---- Ctrl-C during a call that sleeps, in Python or a program: at once, and nothing of the sample is kept ----
sed -i 's/time.sleep(1)/time.sleep(100)/' rec/completions.jsonl
cat >cut.py <<'PY'
import signal, sqlite3, subprocess, sys, time
assay, suite, rec, out, samples = sys.argv[1:]
p = subprocess.Popen([assay, "run", suite, "--model", f"m=replay:{rec}", "--out", out, "-q", "--threads", "4"], stderr=subprocess.PIPE)
def stored():
    try: return sqlite3.connect(f"file:{out}/run.db?mode=ro", uri=True).execute("select count(*) from records").fetchone()[0]
    except sqlite3.Error: return -1
end = time.time() + 20
while stored() < int(samples) and time.time() < end: time.sleep(0.05)  # all but those that sleep
time.sleep(0.3)
begun = time.time()
p.send_signal(signal.SIGINT)
rc = p.wait()
assert rc == 3 and time.time() - begun < 5, (rc, time.time() - begun)
assert stored() == int(samples), stored()
PY
python3 cut.py "$ASSAY" "$suite" "$W/rec" cut 7 || fail "a signal during a call of python"
mkdir -p sleepy/demo/tools && cp "$suite"/* sleepy/demo/tools/
sed -i '1i import time; time.sleep(100)' sleepy/demo/tools/delivery_days.py
python3 cut.py "$ASSAY" sleepy/demo/tools "$W/quick" cut3 6 || fail "a signal during a program"

# ---- limits of a plan override the suite's ----
rm -rf rec && mv quick rec
run --out short --set tools.limits.max_turns=1 >"$W/out" 2>&1 || fail "limits: $(cat "$W/out")"
python3 - short/report.json <<'PY' || fail "max_turns=1"
import json, sys
s = {x["sample"]: x for x in json.load(open(sys.argv[1]))["samples"]}
assert s["tools-01"]["outcome"] == "correct" and s["tools-03"]["outcome"] == "truncated", s
assert s["tools-03"]["limit"] == "turns" and len(s["tools-03"]["turns"]) == 2 and s["tools-03"]["turns"][1]["answer"] is None
PY
run --out tokens --set tools.limits.max_tokens=7 >"$W/out" 2>&1 || fail "limits: $(cat "$W/out")"
python3 - tokens/report.json <<'PY' || fail "max_tokens=7"
import json, sys
s = {x["sample"]: x for x in json.load(open(sys.argv[1]))["samples"]}
assert s["tools-01"]["outcome"] == "correct" and s["tools-03"]["limit"] == "tokens", s["tools-03"]
assert s["tools-03"]["outcome"] == "truncated" and len(s["tools-03"]["turns"]) == 3, s["tools-03"]
PY
run --out cut2 --set tools.limits.output_bytes=10 >"$W/out" 2>&1 || fail "limits: $(cat "$W/out")"
python3 - cut2/report.json <<'PY' || fail "output_bytes=10"
import json, sys
s = {x["sample"]: x for x in json.load(open(sys.argv[1]))["samples"]}
assert s["tools-01"]["turns"][0]["answer"] == '{"price":2\n[output cut: 10 of 25 bytes are shown]', s["tools-01"]["turns"][0]
PY

# ---- the published schema holds, sealed or not ----
if python3 -c 'import jsonschema' 2>/dev/null; then
    cat >"$W/check.py" <<'PY'
import json, sys
from jsonschema import Draft202012Validator
check = Draft202012Validator(json.load(open(sys.argv[1])))
for f in sys.argv[2:]:
    for e in check.iter_errors(json.load(open(f))): sys.exit(f"{f}: {e.json_path}: {e.message[:300]}")
PY
fi
schema=$REPO/reports/schema/report.schema.json
[ -f check.py ] && { python3 check.py "$schema" one/report.json short/report.json || fail "the schema"; }

# ---- the page tells the conversation ----
grep -q '"tn":\[{"st":"ok"' <(page one/report.html) || fail "the page has no turns with their status"
"$ASSAY" rescore one -q >"$W/out" 2>&1 || fail "rescore: $(cat "$W/out")"

# ---- sealed: nothing of the turns is shown ----
mkdir -p sealed/tools
cp "$suite"/* sealed/tools/
sed -i 's/^suite: .*/suite: sealed\/tools/; s/^licence:/hazard: sealed\nlicence:/' sealed/tools/suite.yaml
"$ASSAY" run sealed/tools --model m=replay:"$W/rec" -q --out hidden >"$W/out" 2>&1 || fail "sealed: $(cat "$W/out")"
page hidden/report.html >hidden.page
for f in hidden/report.json hidden.page; do
    grep -q '"price\|def sq\|ADA x3\|Let me look' $f && fail "$f shows a sealed turn"
done
grep -q '"n_calls": *9' hidden/report.json || fail "sealed: the counts are missing"
[ -f check.py ] && { python3 check.py "$schema" hidden/report.json || fail "the schema, sealed"; }

# ---- no sandbox: said before anything is run ----
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    printf '#!/bin/sh\nexit 1\n' >nobwrap && chmod 755 nobwrap
    unshare -m sh -c "mount --bind '$W/nobwrap' /usr/bin/bwrap && exec '$ASSAY' run '$suite' --model m=replay:'$W/rec' -q --out nosandbox" >"$W/out" 2>"$W/err"
    rc=$?
    [ $rc = 4 ] || fail "without a sandbox: exit $rc"
    says "never run without a sandbox"
    [ -e nosandbox ] && fail "without a sandbox something was written"
fi

# ---- a program that is not Python, a template that fails ----
cp -r sealed/tools sealed/bad && sed -i 's/^suite: .*/suite: sealed\/bad/' sealed/bad/suite.yaml
echo 'print(' >sealed/bad/delivery_days.py
expect 2 "$ASSAY" validate sealed/bad
says "the program of function 'delivery_days' is not Python"
expect 2 "$ASSAY" run sealed/bad --model m=replay:"$W/rec" -q --out bad
says "the program of function 'delivery_days' is not Python"
[ -e bad ] && fail "a bad program left a folder"
cp "$suite"/delivery_days.py sealed/bad/
sed -i 's/{{ name | upper }}/{{ nam | upper }}/; s/^hazard: sealed/hazard: none/' sealed/bad/suite.yaml
"$ASSAY" run sealed/bad --model m=replay:"$W/rec" -q --out bad >"$W/out" 2>&1 || fail "template: $(cat "$W/out")"
python3 - bad/report.json <<'PY' || fail "a failing template"
import json, sys
s = {x["sample"]: x for x in json.load(open(sys.argv[1]))["samples"]}["tools-07"]
assert s["outcome"] == "error" and "functions.label: " in s["error"] and "nam" in s["error"], s
PY
finish
