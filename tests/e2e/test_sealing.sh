# Sealed outputs: markers planted in every text of a sealed suite are found in nothing that a run leaves behind, however
# it ends; the auditor's key brings them back; wrong keys and changed files reveal nothing.
. tests/e2e/lib.sh
export TMPDIR=$W/tmp
mkdir "$TMPDIR"
cd "$W" || exit 1

# sealed_world N: $W/plan.yaml with a sealed suite of N samples with tools and a plain one, both answered from a
# recording in which every text holds a marker of its own; in the plain suite they show that the search finds.
sealed_world() {
    python3 - "$W" "$1" <<'PY'
import json, os, sys
w, n = sys.argv[1], int(sys.argv[2])
def mark(s, what, i): return f"MARK-{what}-{s}-{i % 7}-zq7xw"
def number(s, i): return f"77{i:04}5533771" if s == "hidden" else f"66{i:04}4422661"
def token(s, i): return (7331000 if s == "hidden" else 6221000) + i
for s in ("hidden", "open"):
    os.makedirs(f"{w}/test/{s}", exist_ok=True)
    with open(f"{w}/test/{s}/suite.yaml", "w") as f:
        f.write(f"suite: test/{s}\nversion: 1\ntitle: {s}\nhazard: {'sealed' if s == 'hidden' else 'none'}\n"
                "dataset: {path: samples.jsonl, fields: {target: answer, group: topic}}\nprompt: '{{ question }}'\n"
                "tools:\n  functions:\n    - name: look\n      parameters: {type: object, properties: {at: {type: string}}}\n"
                f"      template: '{mark(s, 'TOOLSAYS', 0)} of {{{{ at }}}}'\n"
                "generation: {temperature: 0, max_tokens: 100}\nscorers: [number, refusal]\n")
    with open(f"{w}/test/{s}/samples.jsonl", "w") as f:
        for i in range(n):
            f.write(json.dumps({"id": f"{s}{i}", "topic": f"topic{i % 3}", "expected": "answer", "question": f"{mark(s, 'PROMPT', i)} knots {i}?", "answer": number(s, i)}) + "\n")
os.makedirs(f"{w}/rec", exist_ok=True)
with open(f"{w}/rec/completions.jsonl", "w") as f:
    for s in ("hidden", "open"):
        for i in range(n):
            q = f"{mark(s, 'PROMPT', i)} knots {i}?"
            call = {"status": "ok", "analysis": mark(s, "THOUGHT", i), "stop": "call", "call_recipient": "functions.look",
                    "call_content": json.dumps({"at": mark(s, "CALL", i)}), "ids": [1, 2, token(s, i)], "n_tokens": 3, "n_prompt_tokens": 10}
            end = {"status": "ok", "analysis": mark(s, "ANALYSIS", i), "commentary": mark(s, "COMMENT", i),
                   "final": mark(s, "FINAL", i) + " " * (i % 5 * 60) + f" so it is {number(s, i)}.", "has_final": True,
                   "malformed": mark(s, "MALFORMED", i) if i % 4 == 0 else "", "stop": "return",
                   "ids": [4, token(s, i)], "n_tokens": 20 + i % 5 * 15, "n_prompt_tokens": 20}
            for c in (call, end): f.write(json.dumps({"user": q, "completion": c}) + "\n")
        f.write(json.dumps({"user": "never asked", "completion": {"status": "ok", "final": "no"}}) + "\n")
with open(f"{w}/plan.yaml", "w") as f:
    f.write(f"plan: test\nseed: 7\nmodels:\n  - {{name: m, path: 'replay:{w}/rec'}}\nsuites: [test/hidden, test/open]\nefforts: [low]\n")
PY
}

# found SUITE PATH...: how many different markers of the suite stand in the files, in any usual spelling
found() {
    python3 - "$@" <<'PY'
import base64, os, re, sys
from page_text import page_text
suite, paths = sys.argv[1], sys.argv[2:]
whats = ("PROMPT", "TOOLSAYS", "THOUGHT", "CALL", "ANALYSIS", "COMMENT", "FINAL", "MALFORMED")
needles = {}
for what in whats:
    for i in range(7):
        m = f"MARK-{what}-{suite}-{i}-zq7xw".encode()
        spelt = [m, m.hex().encode(), m.hex().upper().encode(), m.decode().encode("utf-16-le"), m[::-1], m.lower(),
                 m.replace(b"-", b"\\u002d"), m.replace(b"-", b"%2D"), m.replace(b"-", b"&#45;")]
        for pad in range(3):  # base64 of it at any place, without the letters that its neighbours decide
            b = base64.b64encode(bytes(pad) + m + bytes(3))
            spelt.append(b[4:len(m) * 4 // 3 - 2])
        needles[what, i] = spelt
if suite == "hidden":  # the scorer's answer, and a token id as it is stored
    needles["NUMBER", 0] = [b"5533771"]
    needles["IDS", 0] = [(7331001).to_bytes(4, "little"), b"7331001"]
hits = {}
for top in paths:
    files = [top] if os.path.isfile(top) else [os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs]
    for path in files:
        data = open(path, "rb").read()
        if path.endswith(".html"): data = page_text(data)
        for what, spelt in needles.items():
            if any(s in data for s in spelt): hits.setdefault(what, path)
for what, path in sorted(hits.items()): print(*what, path)
PY
}
nothing_in() {
    local got
    got=$(found hidden "$@")
    [ -z "$got" ] || fail "a sealed text stands in the clear: $(echo "$got" | head -5)"
}

sealed_world 40
expect 0 "$ASSAY" keygen --out auditor
expect 0 "$ASSAY" keygen --out other
[ "$(stat -c %a auditor.key)" = 600 ] || fail "mode of auditor.key: $(stat -c %a auditor.key)"
expect 2 "$ASSAY" keygen --out auditor
says "auditor.key is there already" && one_line

# ---- sealed: nothing of it stands anywhere; the search finds what is open ----
"$ASSAY" run plan.yaml --seal-to auditor.pub --out run >log 2>&1 || fail "the run: $(cat log)"
nothing_in run log "$TMPDIR"
[ "$(found open run | wc -l)" -ge 50 ] || fail "the search does not find open texts: $(found open run | wc -l)"
"$ASSAY" report run --json >json.out 2>json.err || fail "report: $(cat json.err)"
nothing_in run json.out json.err
grep -q '"mode": "sealed"' run/report.json || fail "the manifest does not say that the run is sealed"
grep -q "outputs of test/hidden are sealed to key" log || fail "the run does not say to whom it seals"
grep -q seal_keys run/report.json && fail "the report shows the boxes of the run's keys"
python3 - run/report.json run/run.db <<'PY' || fail "what a sealed report says"
import json, sqlite3, sys
report, db = json.load(open(sys.argv[1])), sqlite3.connect(sys.argv[2])
sealed = [s for s in report["samples"] if s["sealed"]]
assert len(sealed) == 40 and all(s["suite"] == "test/hidden" for s in sealed)
for s in sealed:
    assert s["bytes"]["final"] in (256, 1024) and len(s["commitments"]) > 10, s
    assert s["scores"][1]["label"] == "full_compliance" and s["scores"][0]["span"] is None, s["scores"]
    assert s["tokens"]["completion"] in (64, 256) and s["decode_seconds"] == 0, s
    assert s["turns"][1]["request_hash"] == "", s["turns"]
assert {c["n_malformed"] for c in report["results"]} == {10}, "malformed harmony is counted without its words"
assert {c["n_scored"] for c in report["results"]} == {40}
assert {len(r[0]) for r in db.execute("select bytes from texts where kind = 'final' and commitment is not null")} == {
    24 + 40 + 256 + 16, 24 + 40 + 1024 + 16}, "answers of 60 and 240 bytes have one size"
PY

# ---- the auditor's key brings all of it back; so does an implementation of its own ----
expect 0 "$ASSAY" unseal run --key auditor.key
says "warning: 40 sealed samples in the clear"
cp out all.jsonl
[ "$(found hidden out | wc -l)" = 51 ] || fail "unseal: not all came back: $(found hidden out | wc -l)"
expect 0 "$ASSAY" unseal run --key auditor.key --item hidden3 --out one.jsonl
[ "$(wc -l <one.jsonl)" = 1 ] && [ "$(stat -c %a one.jsonl)" = 600 ] || fail "unseal --item --out"
python3 - one.jsonl <<'PY' || fail "a commitment that does not fit"
import base64, hashlib, json
r = json.loads(open("one.jsonl").read())
t = {(x.get("scorer", ""), x["kind"]): x for x in r["texts"]}
assert t["", "final@2"]["text"].startswith("MARK-FINAL-hidden-3") and t["number", "answer"]["text"] == "7700035533771", t.keys()
assert t["", "answer@1"]["text"] == "MARK-TOOLSAYS-hidden-0-zq7xw of MARK-CALL-hidden-3-zq7xw"
for x in r["texts"]:
    text = x["text"].encode() if "text" in x else base64.b64decode(x["base64"])
    assert base64.b64encode(hashlib.sha256(base64.b64decode(x["salt"]) + text).digest()).decode() == x["commitment"]
PY
expect 2 "$ASSAY" unseal run --key auditor.key --item hidden3 --out one.jsonl
says "is there already"
expect 2 "$ASSAY" unseal run --key auditor.key --item open3
says "holds no sealed sample 'open3'"
python3 "$REPO/tests/tools/unseal_reference.py" run auditor.key hidden3 >reference.jsonl || fail "the reference does not open it"
python3 - <<'PY' || fail "the reference reads something else"
import json
ours = {(r["sample"], t.get("scorer", ""), t["kind"]): t["text"] for r in map(json.loads, open("all.jsonl")) for t in r["texts"] if "text" in t}
theirs = {(r["sample"], r["scorer"], r["kind"]): r["text"] for r in map(json.loads, open("reference.jsonl"))}
assert theirs["hidden3", "", "final"].startswith("MARK-FINAL-hidden-3")
assert theirs["hidden3", "number", "answer"] == "7700035533771"
assert len(theirs) > 25 and {k: v for k, v in theirs.items() if k[2][:3] != "ids"} == {k: v for k, v in ours.items() if k[0] == "hidden3"}
PY

# ---- revealed reports: apart, for their owner alone, and marked ----
expect 0 "$ASSAY" report run --reveal auditor.key
says "warning: the reports in run.revealed show sealed texts"
for f in report.json report.html; do
    [ "$(stat -c %a run.revealed/$f)" = 600 ] || fail "mode of run.revealed/$f"
    [ "$(found hidden run.revealed/$f | grep -c FINAL)" = 7 ] || fail "run.revealed/$f does not reveal"
    grep -q "REVEALED: this report shows texts that were sealed" run.revealed/$f || fail "run.revealed/$f has no banner"
done
[ "$(stat -c %a run.revealed)" = 700 ] || fail "mode of run.revealed"
nothing_in run
python3 - <<'PY' || fail "a revealed report"
import json
s = [s for s in json.load(open("run.revealed/report.json"))["samples"] if s["sample"] == "hidden1"][0]
assert s["tokens"]["completion"] == 38 and s["turns"][1]["request_hash"] and s["scores"][0]["span"], s
PY
expect 2 "$ASSAY" report run --out elsewhere
says "--out is for revealed reports"

if python3 -c 'import jsonschema' 2>/dev/null; then
    python3 - "$REPO/reports/schema/report.schema.json" run/report.json run.revealed/report.json <<'PY' || fail "a report that its schema does not allow"
import json, jsonschema, sys
schema, *reports = (json.load(open(p)) for p in sys.argv[1:])
for r in reports: jsonschema.Draft202012Validator(schema).validate(r)
PY
else
    echo "skipped: the schema of sealed reports (no python3-jsonschema)"
fi

# ---- without the key, or with a wrong one: a sentence, and nothing shown ----
head -c 60 auditor.key >cut.key
for key in other.key auditor.pub cut.key none.key "$W"; do
    for how in "unseal run --key" "report run --reveal" "rescore run --key"; do
        # shellcheck disable=SC2086
        expect 2 "$ASSAY" $how "$key"
        one_line
        cat out err >>said
    done
done
nothing_in said run
says "not a regular file"
expect 2 "$ASSAY" unseal run --key other.key
says "is sealed to key" && says "the key given is"
expect 2 "$ASSAY" run plan.yaml --seal-to auditor.key --out no
says "is the secret half of a key, which stays with the auditor" && one_line
[ -e no ] && fail "a wrong key left a folder"
expect 2 "$ASSAY" rescore run
says "takes the auditor's key: assay rescore run --key NAME.key" && one_line
expect 0 "$ASSAY" rescore run --key auditor.key -q
nothing_in run out err
expect 0 "$ASSAY" unseal run --key auditor.key
[ "$(found hidden out | wc -l)" = 51 ] || fail "rescoring lost texts: $(found hidden out | wc -l)"
expect 2 "$ASSAY" run plan.yaml --model m=replay:run --seal-to auditor.pub --out again
says "to replay them takes the auditor's key: add --key NAME.key" && one_line
expect 0 "$ASSAY" run plan.yaml --model m=replay:run --seal-to auditor.pub --key auditor.key --out again -q
nothing_in again out err "$TMPDIR"
python3 - <<'PY' || fail "a replayed run is another"
import json
def view(p): return [(s["sample"], s["outcome"], s["request_hash"], [x["label"] for x in s["scores"]]) for s in json.load(open(p))["samples"]]
assert view("run/report.json") == view("again/report.json")
PY

# ---- two auditors: either opens it ----
expect 0 "$ASSAY" run plan.yaml --seal-to auditor.pub --seal-to other.pub --out two -q
for key in auditor other; do expect 0 "$ASSAY" unseal two --key $key.key --item hidden1; done
expect 0 "$ASSAY" run plan.yaml --set seal.to=[auditor.pub] --out fromplan -q
expect 0 "$ASSAY" unseal fromplan --key auditor.key --item hidden1

# ---- without a key: said loudly, and nothing is kept ----
"$ASSAY" run plan.yaml --out ephemeral -q >log 2>&1 || fail "ephemeral: $(cat log)"
grep -q "NO TEXT of test/hidden will be kept (ephemeral)" log || fail "not loud: $(cat log)"
nothing_in ephemeral log "$TMPDIR"
grep -q '"mode": "ephemeral"' ephemeral/report.json || fail "the manifest does not say ephemeral"
for f in report.json report.html; do grep -q "No text of the sealed suites was kept" ephemeral/$f || fail "$f does not say ephemeral"; done
python3 - <<'PY' || fail "ephemeral scores are others"
import json, sqlite3
def view(p): return [(s["sample"], s["outcome"], [(x["label"], x["value"]) for x in s["scores"]]) for s in json.load(open(p))["samples"]]
assert view("run/report.json") == view("ephemeral/report.json")
assert {r[0] for r in sqlite3.connect("ephemeral/run.db").execute("select length(bytes) from texts where commitment is not null")} == {0}
PY
for how in "unseal ephemeral --key auditor.key" "rescore ephemeral --key auditor.key" "rescore ephemeral" \
    "run plan.yaml --model m=replay:ephemeral --out no --key auditor.key"; do
    # shellcheck disable=SC2086
    expect 2 "$ASSAY" $how
    one_line && says "without a key"
done
expect 2 "$ASSAY" run plan.yaml --set seal=required --out no
says "the plan says \`seal: required\`, and no key is named" && one_line
[ -e no ] && fail "seal: required left a folder"
expect 2 "$ASSAY" run --resume ephemeral --seal-to auditor.pub
says "was begun without a key"
expect 2 "$ASSAY" run --resume run --seal-to other.pub
says "a run keeps the keys that it began with"
sed -i 's/^seed/seal: {to: [nowhere.pub], need: yes}\nseed/' plan.yaml
expect 2 "$ASSAY" run plan.yaml --out no
says "unknown key 'need'"
sed -i '/^seal:/d' plan.yaml

expect 0 "$ASSAY" run test/open --limit 1 --model m=replay:rec --seal-to auditor.pub --out plain -q
says "--seal-to changes nothing here: no suite of this plan is marked"

# ---- one sample of a plain suite can be marked too ----
mkdir -p test/mixed
sed 's/test\/open/test\/mixed/; s/title: open/title: mixed/' test/open/suite.yaml >test/mixed/suite.yaml
python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("test/hidden/samples.jsonl")][:2] + [json.loads(line) for line in open("test/open/samples.jsonl")][:2]
with open("test/mixed/samples.jsonl", "w") as f:
    for r in rows: f.write(json.dumps({**r, "hazard": "sealed" if r["id"].startswith("hidden") else "none"}) + "\n")
PY
expect 0 "$ASSAY" run test/mixed --model m=replay:rec --seal-to auditor.pub --out mixed -q
[ "$(found hidden mixed | grep -v TOOLSAYS)" = "" ] || fail "a sealed sample of a plain suite stands in the clear"
[ "$(found open mixed | grep -c FINAL)" = 2 ] || fail "plain samples of a suite with sealed ones are hidden"
expect 0 "$ASSAY" unseal mixed --key auditor.key
[ "$(wc -l <out)" = 2 ] || fail "sealed samples of a plain suite"

# ---- killed at any moment and resumed: nothing is left in the clear, nothing is lost ----
sealed_world 1000
cut() { # SIGNAL PLAN: a run killed under way, with core dumps allowed
    rm -rf cut core*
    (
        ulimit -c unlimited 2>/dev/null
        "$ASSAY" run "$2" --model m=replay:rec --seal-to auditor.pub --out cut -q >log 2>&1 &
        pid=$!
        for _ in $(seq 2000); do
            [ -f cut/run.db-wal ] && [ "$(stat -c %s cut/run.db-wal)" -gt 300000 ] && break
            sleep 0.002
        done
        kill -"$1" $pid
        wait $pid
    ) 2>/dev/null
}
dumped() { ls core* >/dev/null 2>&1; }
cut ABRT test/open
dumped && ! grep -qa "MARK-FINAL-open-[0-6]-zq7xw" core* && fail "a core dump of an open run holds no marker: the search proves nothing"
dumped || echo "skipped: this machine writes no core dumps beside the program; what sealing prevents does not happen here"
for sig in KILL ABRT SEGV; do
    cut $sig plan.yaml
    [ -f cut/run.db ] || fail "$sig came before the store"
    nothing_in cut log "$TMPDIR"
    dumped && fail "$sig left a core dump"
done
before=$(python3 -c "import sqlite3; print(sqlite3.connect('cut/run.db').execute('select count(*) from records where sealed').fetchone()[0])")
[ "$before" -gt 0 ] || fail "nothing was stored before the kill"
expect 0 "$ASSAY" run --resume cut -q
nothing_in cut out err
expect 0 "$ASSAY" run plan.yaml --model m=replay:rec --seal-to auditor.pub --out whole -q
python3 - <<'PY' || fail "resumed and whole runs differ"
import json
def strip(x):
    if isinstance(x, dict):
        return {k: strip(v) for k, v in x.items() if k not in ("started_at", "finished_at", "tokens_per_second", "commitments") and not k.endswith("_seconds")}
    return [strip(v) for v in x] if isinstance(x, list) else x
assert strip(json.load(open("cut/report.json"))) == strip(json.load(open("whole/report.json")))
PY
expect 0 "$ASSAY" unseal cut --key auditor.key
[ "$(wc -l <out)" = 1000 ] || fail "not all of a resumed run opens: $(wc -l <out)"

sealed_world 40

# ---- one byte changed, texts moved: nothing opens, and what is wrong is said ----
tamper() { # SQL SENTENCE
    rm -rf bad shown said
    cp -r run bad
    python3 - "$1" <<'PY'
import sqlite3, sys
db = sqlite3.connect("bad/run.db")
db.executescript(sys.argv[1])
db.commit()
PY
    for how in "unseal bad --key" "report bad --out shown --reveal" "rescore bad -q --key"; do
        # shellcheck disable=SC2086
        expect 2 "$ASSAY" $how auditor.key
        one_line
        says "$2"
        cat out err >>said
    done
    expect 0 "$ASSAY" report bad -q # what is public is still there
    nothing_in said out err bad
    [ -e shown ] && nothing_in shown
}
one="record = (select id from records where sample = 'hidden5') and scorer = '' and kind"
two="record = (select id from records where sample = 'hidden6') and scorer = '' and kind"
tamper "update texts set bytes = substr(bytes, 1, length(bytes) - 1) || x'00' where $one = 'final'" "sample hidden5, final: a sealed text does not open"
tamper "update texts set bytes = (select bytes from texts where $two = 'final'), commitment = (select commitment from texts where $two = 'final') where $one = 'final'" "moved from another sample"
tamper "update texts set bytes = (select bytes from texts where $one = 'final@2'), commitment = (select commitment from texts where $one = 'final@2') where $one = 'final'" "does not open"
tamper "update texts set commitment = (select commitment from texts where $two = 'final') where $one = 'final'" "not the one that was committed to"
tamper "update texts set bytes = substr(bytes, 1, 50) where $one = 'final'" "cut short"
tamper "update texts set run_key = 9 where $one = 'final'" "names a key that the run does not have"
tamper "update manifest set json = replace(json, '\"keys\":[[\"', '\"keys\":[[\"AAAA') where key = 'seal_keys'" "seal_keys"
tamper "update manifest set json = replace(json, '\"plan\":\"', '\"plan\":\"0') where key = 'seal_keys'" "does not open"
tamper "delete from manifest where key = 'seal_keys'" "seal_keys"
tamper "update records set sample = 'hidden999' where sample = 'hidden5'" "hidden999"

# ---- runs of older versions: open, and can be sealed ----
rm -rf old
cp -r fromplan old
python3 - "$W" <<'PY'
# what version 2 would have written: the texts in the clear, without the columns that came later
import json, sqlite3, subprocess
db = sqlite3.connect("old/run.db")
plain = {}
for r in map(json.loads, open("all.jsonl")):
    for t in r["texts"]:
        if t["kind"].split("@")[0] not in ("counts", "request", "span", "ids"): plain[r["sample"], t.get("scorer", ""), t["kind"]] = t["text"].encode()
rows = db.execute("select texts.rowid, sample, scorer, kind from texts join records on record = records.id where commitment is not null").fetchall()
for rowid, *key in rows:
    if tuple(key) in plain: db.execute("update texts set bytes = ?, commitment = null where rowid = ?", (plain[tuple(key)], rowid))
    else: db.execute("delete from texts where rowid = ?", (rowid,))
db.execute("delete from manifest where key in ('seal', 'seal_keys')")
db.commit()
db.execute("vacuum")
PY
python3 "$REPO/tests/tools/old_store.py" old/run.db 3
[ "$(found hidden old/run.db | wc -l)" -ge 50 ] || fail "the old run holds nothing to seal"
expect 0 "$ASSAY" report old -q
nothing_in old/report.json old/report.html out err
expect 2 "$ASSAY" unseal old --key auditor.key
says "holds no sealed texts"
expect 2 "$ASSAY" rescore old --key auditor.key
says "in the clear, from a version that did not seal; seal them first: assay seal old --to FILE.pub"
expect 0 "$ASSAY" seal old --to auditor.pub
prints "40 samples were in the clear and are sealed now to key"
nothing_in old out err "$TMPDIR"
expect 0 "$ASSAY" unseal old --key auditor.key
[ "$(found hidden out | wc -l)" = 51 ] || fail "sealing an old run lost texts: $(found hidden out | wc -l)"
expect 0 "$ASSAY" rescore old --key auditor.key -q
nothing_in old
expect 0 "$ASSAY" seal old --to auditor.pub
prints "0 samples"

# ---- no other process of the same user reads its memory ----
sealed_world 1000
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$W" && chmod -R a+rX "$W" && mkdir -p "$W/user" && chown 65534:65534 "$W/user" "$TMPDIR"
    as() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
else
    mkdir -p user
    as() { "$@"; }
fi
readable() { # PLAN: whether the run can be looked into while it stands still
    rm -rf user/run
    as "$ASSAY" run $1 --seal-to auditor.pub --model m=replay:rec --out user/run -q >/dev/null 2>&1 &
    local pid=$!
    for _ in $(seq 2000); do
        [ -f user/run/run.db-wal ] && [ "$(stat -c %s user/run/run.db-wal)" -gt 100000 ] && break
        sleep 0.002
    done
    pid=$(pgrep -P $pid 2>/dev/null || echo $pid)
    kill -STOP $pid 2>/dev/null
    sleep 0.05
    grep -q "^State:.T" /proc/$pid/status 2>/dev/null || { echo gone; return; }
    as cat /proc/$pid/maps >/dev/null 2>&1 && echo yes || echo no
    grep "Max core file size" /proc/$pid/limits >"$W/core_limit" 2>/dev/null
    kill -KILL $pid 2>/dev/null
    wait 2>/dev/null
}
[ "$(readable test/open)" = yes ] || echo "skipped: memory of other processes cannot be looked into here"
[ "$(readable test/hidden)" = no ] || fail "the memory of a sealed run can be read"
# ---- nor does a crash handler get a dump (a pipe in core_pattern is served at any limit but one byte), of the run or of what it starts ----
if [ -s "$W/core_limit" ]; then
    grep -qE "Max core file size +(0|1) +(0|1) " "$W/core_limit" || fail "cores are not limited: $(cat "$W/core_limit")"
    [ "$(ulimit -Hc)" = 0 ] || grep -qE "Max core file size +1 +1 " "$W/core_limit" || fail "a crash handler would get a dump: $(cat "$W/core_limit")"
else
    echo "skipped: the limits of another process cannot be read here"
fi
finish
