# What is signed in an audit: the close of its runs.
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
finish
