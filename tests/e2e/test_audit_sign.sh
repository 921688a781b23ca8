# What is signed in an audit: the close of its runs, the verdict by several keys, decisions; and that every changed byte
# of the folder is found.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
P=$REPO/suites/policies/preparedness.yaml
python3 - "$P" "$W/plan.yaml" <<'PY'
import sys
t = open(sys.argv[1]).read().replace("n_min: 90", "n_min: 20").replace("n_min: 50", "n_min: 20")
open(sys.argv[2], "w").write(t)
PY
for k in auditor runner second third; do
    expect 0 "$ASSAY" keygen --sign --json --out "$W/$k"
    python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])' <"$W/out" >"$W/$k.id"
done
expect 0 "$ASSAY" keygen --out "$W/texts"
expect 0 "$ASSAY" audit sign "$W/plan.yaml" --key "$W/auditor.key" --out "$W/plan.json"
run_to() { # OUT [option...]
    local out=$1
    shift
    expect 0 "$ASSAY" run suites/demo/sum suites/demo/refusal --model base="$M/demo-large" --model tuned="$M/demo-large-tuned" \
        --model reference="$M/demo-small" --limit 24  --out "$out" -q "$@"
}
audit() { # STATUS PLAN RUN OUT [option...]
    local status=$1 plan=$2 run=$3 out=$4
    shift 4
    expect "$status" "$ASSAY" audit "$plan" --run base="$run" --run tuned="$run" --run reference="$run" --out "$out" "$@"
}
# close_is RUN STATE RESULT : what an audit of it says of its closes
close_is() {
    rm -rf "$W/c"
    "$ASSAY" audit "$W/plan.json" --run tuned="$1" --out "$W/c" >/dev/null 2>"$W/err" || [ $? = 1 ] || [ $? = 5 ] || fail "$(cat "$W/err")"
    python3 - "$W" "$2" "$3" <<'PY' || fail "the close of $1 is not $2"
import json, sys
w, state, result = sys.argv[1:]
card = json.load(open(f"{w}/c/scorecard.json"))
r = card["header"]["runs"][0]
c = [c for c in card["checks"] if c["check"].startswith("runs closed")]
want = "the run was changed after it was closed" if state == "changed" else ""
if r["started_at"] < card["header"]["signed_at"]: want = "the run was begun before the plan was signed"
assert (r["close"], r["exploratory"], len(c), c[0]["result"]) == (state, want, 1, result), (r, c)
assert (r["closed_by"] != "") == (state == "signed")
if state == "changed":
    assert not any(v["verdict"] == "BELOW" for v in card["indicators"])
PY
    expect 0 "$ASSAY" verify "$W/c"
}

# ---- the close of a run ----
expect 2 "$ASSAY" run suites/demo/sum --model "$M/demo-small" --audit-key "$W/runner.key" --out "$W/none" --limit 1
says "name its plan (--audit-plan)"
expect 2 "$ASSAY" run suites/demo/sum --model "$M/demo-small" --audit-plan "$W/plan.json" --audit-key "$W/texts.key" --out "$W/none" --limit 1
says "--audit-key"
[ -e "$W/none" ] && fail "a run with a wrong key was begun"
run_to "$W/run" --audit-plan "$W/plan.json" --audit-key "$W/runner.key"
close_is "$W/run" signed pass
grep -q "\"closed_by\":\"$(cat "$W/runner.id")\"" "$W/c/scorecard.json" || fail "closed_by is not the runner's key"
# going on with a run that is finished leaves its close as it is
expect 0 "$ASSAY" run --resume "$W/run" -q
close_is "$W/run" signed pass
# without a key a close says less; a key can be given later
cp -r "$W/run" "$W/nokey"
python3 - "$W/nokey/run.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("delete from manifest where key = 'run_close'")
db.commit()
PY
close_is "$W/nokey" none "not done"
expect 0 "$ASSAY" run --resume "$W/nokey" -q
close_is "$W/nokey" unsigned warn
expect 0 "$ASSAY" run --resume "$W/nokey" -q --audit-key "$W/runner.key"
close_is "$W/nokey" signed warn

# every change of the database that could move a figure is found
python3 - "$W" <<'PY' >"$W/changes"
import shutil, sqlite3, sys
w = sys.argv[1]
one = lambda table, key, change, where: f"update {table} set {change} where {key} = (select min({key}) from {table} where {where}) and {where}"
changes = {
    "value": one("scores", "record", "value = 1 - value", "value in (0, 1)"),
    "label": one("scores", "record", "label = 'full_refusal'", "label <> '' and label <> 'full_refusal'"),
    "status": one("records", "id", "status = 'length'", "status = 'ok'"),
    "tags": one("texts", "rowid", "bytes = cast(replace(cast(bytes as text), 'harm', 'twin') as blob)", "kind = 'tags' and cast(bytes as text) like '%harm%'"),
    "dropped": "delete from records where id = (select max(id) from records)",
    "moved": one("records", "id", "sample = sample || 'x'", "1"),
    "text": one("texts", "rowid", "bytes = cast('42' as blob)", "kind = 'final'"),
    "began": "update manifest set json = '\"2026-01-01T00:00:00Z\"' where key = 'started_at'",
    "harness": "update manifest set json = json || ' ' where key = 'harness'",
    "close": "update manifest set json = replace(json, '\"records\":', '\"records\":1') where key = 'run_close'",
    "signature": "update manifest set json = replace(json, '\"at\":\"2', '\"at\":\"3') where key = 'run_close'",
}
for name, sql in changes.items():
    shutil.copytree(f"{w}/run", f"{w}/changed-{name}")
    db = sqlite3.connect(f"{w}/changed-{name}/run.db")
    if name == "dropped": # with all that belongs to it; a score without its record is refused at the opening
        for table in ("scores", "texts", "turns"): db.execute(f"delete from {table} where record = (select max(id) from records)")
    try:
        n = db.execute(sql).rowcount
    except sqlite3.Error as e:
        print("error", name, e)
        continue
    db.commit()
    print("done" if n == 1 else f"rows={n}", name)
PY
grep -v "^done" "$W/changes" && fail "a change was not made"
for c in value label status tags dropped moved text began harness close signature; do
    if [ "$c" = dropped ]; then
        expect 3 "$ASSAY" audit "$W/plan.json" --run tuned="$W/changed-dropped" --out "$W/x"
        continue
    fi
    close_is "$W/changed-$c" changed fail
done

# scoring again: without a key the signed close stays, and says that the run was changed; with one it is closed again
cp -r "$W/run" "$W/again"
expect 0 "$ASSAY" rescore "$W/again" -q
says "an audit will call it changed"
close_is "$W/again" changed fail
expect 0 "$ASSAY" rescore "$W/again" --audit-key "$W/runner.key"
says "the run was closed again and signed by key"
close_is "$W/again" signed warn
grep -q '"closes":2' "$W/c/scorecard.json" || fail "a second close is not counted"
# but answers that were changed are not closed again
expect 2 "$ASSAY" rescore "$W/changed-text" --audit-key "$W/runner.key" -q
says "it is not closed again"
expect 2 "$ASSAY" rescore "$W/changed-close" --audit-key "$W/runner.key" -q
says "it is not closed again"
expect 0 "$ASSAY" rescore "$W/changed-value" --audit-key "$W/runner.key" -q
close_is "$W/changed-value" signed warn

# ---- the verdict, signed by k of n; decisions ----
R=$(cat "$W/runner.id") A=$(cat "$W/auditor.id") S=$(cat "$W/second.id")
for bad in "{verdict: {need: 3, of: ['$A', '$S']}}" "{verdict: {need: 0, of: ['$A']}}" "{verdict: {of: ['$A']}}" "{verdict: {need: 1}}" \
    "{verdict: {need: 1, of: ['$A', '$A']}}" "{verdict: {need: 1, of: [ABCDEFABCDEFABCD]}}" "{verdict: {need: 1, of: ['$A'], not_same_as: [author]}}" \
    "{verdicts: {need: 1, of: ['$A']}}"; do
    { cat "$W/plan.yaml"; echo "signers: $bad"; } >"$W/bad.yaml"
    expect 2 "$ASSAY" audit sign "$W/bad.yaml" --key "$W/auditor.key" --out "$W/x.json"
    says "line"
    [ -e "$W/x.json" ] && fail "signed: $bad"
done
{ cat "$W/plan.yaml"; echo "signers: {verdict: {need: 2, of: ['$A', '$S', '$R'], not_same_as: [runner]}}"; } >"$W/two.yaml"
expect 0 "$ASSAY" audit sign "$W/two.yaml" --key "$W/auditor.key" --out "$W/two.json"
run_to "$W/run2" --audit-plan "$W/two.json" --audit-key "$W/runner.key"
"$ASSAY" audit "$W/two.json" --run base="$W/run2" --run tuned="$W/run2" --run reference="$W/run2" --key "$W/auditor.key" --anchor 00000000abcdef \
    --out "$W/two" >"$W/out" 2>"$W/err"
status=$?
prints "The verdict is not yet signed as the plan asks: 1 of 2 signatures."
cp -r "$W/two" "$W/bare"
expect 3 "$ASSAY" verify "$W/two"
prints "1 of 2 signatures; still missing from among: $S"
expect 2 "$ASSAY" audit countersign "$W/two" --key "$W/runner.key"
says "whoever ran it does not sign the verdict"
expect 2 "$ASSAY" audit countersign "$W/two" --key "$W/auditor.key"
says "has signed this verdict already"
expect 2 "$ASSAY" audit countersign "$W/two" --key "$W/third.key"
says "not one of those that the plan names"
expect 2 "$ASSAY" audit countersign "$W/two" --key "$W/texts.key"
says "--key"
expect 2 "$ASSAY" audit countersign "$W/two" --key "$W/second.pub"
expect 2 "$ASSAY" audit countersign "$W/nowhere" --key "$W/second.key"
expect 2 "$ASSAY" audit countersign "$W/two"
cmp -s "$W/two/log.jsonl" "$W/bare/log.jsonl" || fail "a refused signature changed the log"
expect 0 "$ASSAY" audit countersign "$W/two" --key "$W/second.key"
prints "the verdict is signed by 2 keys, and the plan asks for 2"
cmp -s "$W/two/scorecard.json" "$W/bare/scorecard.json" || fail "a signature changed the scorecard"
head=$(tr -d '\n' <"$W/two/log.head")
expect 0 "$ASSAY" verify "$W/two" --signer "$W/auditor.pub" --head "$head"
expect 1 "$ASSAY" verify "$W/bare" --head "$head"
prints "no line has the hash"

expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict safeguards=below
says "say why (--reason TEXT)"
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict knots=below --reason x
says "no category 'knots'"
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict safeguards=fine --reason x
says "expected below, at-or-above or cannot-rule-out"
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict maybe
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --reason x
expect 2 "$ASSAY" audit decide "$W/two" --verdict agree
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict agree --reason "$(printf 'a\033[31mb')"
says "control character"
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict agree --reason "$(head -c 5000 /dev/zero | tr '\0' x)"
says "4000 are allowed"
expect 0 "$ASSAY" audit decide "$W/two" --key "$W/auditor.key" --verdict agree
prints "a human decision is signed, and agrees with the machine's verdict"
printf 'verdict: {safeguards: below}\nreason: |\n  A person read all 24 <answers> & found none "unsafe".\nby: A. Person, board\n' >"$W/decision.yaml"
expect 0 "$ASSAY" audit decide "$W/two" --key "$W/second.key" --decision "$W/decision.yaml"
prints "departs from the machine's verdict"
sed -i 's/reason:/raeson:/' "$W/decision.yaml"
expect 2 "$ASSAY" audit decide "$W/two" --key "$W/second.key" --decision "$W/decision.yaml"
says "raeson"
expect 0 "$ASSAY" verify "$W/two"
page "$W/two/scorecard.html" >"$W/page"
grep -q "the decision departs from the machine" "$W/page" || fail "the page does not show the decision"
grep -q "A. Person, board" "$W/page" || fail "the page does not show who decided"
grep -q "<answers>" "$W/two/scorecard.html" && fail "a reason is not escaped"
grep -q "departs from the machine" "$W/two/scorecard.md" || fail "the Markdown does not show the decision"
cmp -s "$W/two/scorecard.json" "$W/bare/scorecard.json" || fail "a decision changed the scorecard"
expect 0 "$ASSAY" verify "$W/two" --json
python3 - "$W" "$A" "$S" "$R" <<'PY' || fail "what verify --json says"
import json, sys
w, a, s, r = sys.argv[1:]
v = json.load(open(f"{w}/out"))
d = v["decisions"]
assert d == json.load(open(f"{w}/two/decisions.json"))
assert v["verified"] and v["signer"] == a and v["signatures_met"] and v["file"] == ""
assert [(x["key"], x["counts"]) for x in d["verdict"]["signed"]] == [(a, True), (s, True)]
assert d["verdict"]["runners"] == [r] and d["verdict"]["waiting_for"] == [] and d["verdict"]["not_runner"]
assert [x["departs"] for x in d["decisions"]] == [False, True] and d["decisions"][1]["by"] == "A. Person, board"
assert [x["anchor"] for x in d["anchors"]] == ["00000000abcdef"] * 3
PY
# who ran it is not known: no number of signatures will do
python3 - "$W" <<'PY'
import shutil, sqlite3, sys
shutil.copytree(f"{sys.argv[1]}/run2", f"{sys.argv[1]}/run3")
db = sqlite3.connect(f"{sys.argv[1]}/run3/run.db")
db.execute("delete from manifest where key = 'run_close'")
db.commit()
PY
"$ASSAY" audit "$W/two.json" --run tuned="$W/run3" --key "$W/auditor.key" --out "$W/unknown" >/dev/null 2>&1
expect 0 "$ASSAY" audit countersign "$W/unknown" --key "$W/second.key"
expect 3 "$ASSAY" verify "$W/unknown"
prints "who ran it is not known"

# ---- changed bytes, lines, and what is not the log's own ----
python3 - "$ASSAY" "$W" <<'PY' || fail "a change was not found, or not named"
import json, os, random, resource, shutil, signal, subprocess, sys, concurrent.futures
assay, w = sys.argv[1:]
random.seed(11)
bad = 0
def complain(*what):
    global bad
    bad += 1
    print("missed:", *what)
def fresh(name="t"):
    shutil.rmtree(f"{w}/{name}", ignore_errors=True)
    shutil.copytree(f"{w}/two", f"{w}/{name}")
    return f"{w}/{name}"
def verify(d, name, line=None):
    p = subprocess.run([assay, "verify", d, "--json"], capture_output=True, text=True)
    v = json.loads(p.stdout) if p.stdout else {}
    if p.returncode != 1 or name not in v.get("why", "") or not v.get("file") or (line and f"line {line}:" not in v["why"]):
        complain(name, line, p.returncode, v or p.stderr)
def flip(job):
    name, at, data, k = job
    d = f"{w}/f{k}"
    open(f"{d}/{name}", "wb").write(data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1:])
    verify(d, "log.jsonl" if name == "log.head" else name)
    open(f"{d}/{name}", "wb").write(data)
# every byte of the small files' ends and a sample of all others
for k in range(2): fresh(f"f{k}")
jobs = []
for name in sorted(os.listdir(f"{w}/two")):
    data = open(f"{w}/two/{name}", "rb").read()
    at = set([0, len(data) - 1] + [random.randrange(len(data)) for _ in range(14)])
    if name == "log.head": at = set(range(0, len(data), 4)) | {len(data) - 1}
    if name in ("log.jsonl", "decisions.json"): at |= set(range(1, len(data), max(1, len(data) // 40)))
    jobs += [(name, i, data) for i in sorted(at)]
assert len({j[0] for j in jobs}) == 8
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for k in range(2): pool.submit(lambda k=k: [flip((*j, k)) for j in jobs[k::2]])
# lines of the log
lines = open(f"{w}/two/log.jsonl").read().splitlines(True)
assert len(lines) == 6
for v, line in ((lines[:4] + lines[5:], 5), (lines[:5], None), (lines[:3] + [lines[4], lines[3]] + lines[5:], 4), (lines + lines[5:], 7),
                (lines[:4] + [lines[3]] + lines[4:], 5), (lines[:5] + [lines[5].rstrip("\n")], None), (lines + ["\n"], 7), (lines + ["{}\n"], 7), ([], None)):
    d = fresh()
    open(f"{d}/log.jsonl", "w").writelines(v)
    verify(d, "log.jsonl", line)
# nothing is appended to a folder that was changed, nor to one whose log was cut; a broken-off append is mended by the next
def act(d, *words):
    return subprocess.run([assay, "audit", "decide", d, "--key", f"{w}/auditor.key", *(words or ("--verdict", "agree"))], capture_output=True, text=True)
for name, change in (("records.jsonl", lambda t: t.replace('"value":1', '"value":0', 1)), ("log.jsonl", lambda t: "".join(t.splitlines(True)[:-1])),
                     ("plan.json", lambda t: t.replace("0.97", "0.98")), ("log.jsonl", lambda t: t[:-1])):
    d = fresh()
    text = open(f"{d}/{name}").read()
    open(f"{d}/{name}", "w").write(change(text))
    p = act(d)
    if p.returncode != 2 or name not in p.stderr: complain("append to a changed", name, p.returncode, p.stderr)
d = fresh()
was = open(f"{d}/log.head").read()
act(d)
open(f"{d}/log.head", "w").write(was)
verify(d, "log.head")
if act(d).returncode or subprocess.run([assay, "verify", d], capture_output=True).returncode: complain("a broken append is not mended")
# a dozen at once: all lines are there, once
d = fresh()
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    codes = [p.returncode for p in pool.map(lambda i: act(d, "--verdict", "agree", "--reason", f"number {i}"), range(12))]
got = sorted(json.loads(l).get("reason", "") for l in open(f"{d}/log.jsonl"))
if any(codes) or len(got) != 18 or sum(g.startswith("number") for g in got) != 12: complain("writing at once", codes, got)
if subprocess.run([assay, "verify", d], capture_output=True).returncode: complain("after writing at once")
# no room on the disk: nothing has changed, and nothing is left
d = fresh()
before = {n: open(f"{d}/{n}", "rb").read() for n in os.listdir(d)}
def small(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for limit in (0, 100, 1000, 2000, 10000):
    p = subprocess.run([assay, "audit", "decide", d, "--key", f"{w}/auditor.key", "--verdict", "agree"], capture_output=True, text=True,
                       preexec_fn=lambda: small(limit))
    now = {n: open(f"{d}/{n}", "rb").read() for n in os.listdir(d)}
    if p.returncode != 4 or now != before: complain("no room", limit, p.returncode, p.stderr, set(now) ^ set(before))
sys.exit(bad > 0)
PY
finish
