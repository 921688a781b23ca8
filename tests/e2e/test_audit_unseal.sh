# Sealed texts of an audited run are opened: by whom, which and why becomes a line of the audit's log before anything is
# shown, and where it does not, the command says so.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
mkdir "$W/demo" && cp -r "$REPO/suites/demo/sum" "$W/demo/sum"
sed -i 's/^version:/hazard: sealed\nversion:/' "$W/demo/sum/suite.yaml"
cd "$W" || exit 1
for k in auditor signer; do
    kind=$([ $k = signer ] && echo --sign)
    expect 0 "$ASSAY" keygen $kind --json --out $k
    python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])' <out >$k.id
done
expect 0 "$ASSAY" audit sign "$REPO/suites/policies/preparedness.yaml" --key signer.key --out plan.json
run() { expect 0 "$ASSAY" run demo/sum --model tuned="$M/demo-large-tuned" --limit 8 --seal-to auditor.pub -q --out "$@"; }
run run --audit-plan plan.json
run other
expect 5 "$ASSAY" audit plan.json --run tuned=run --key signer.key --out audit
expect 0 "$ASSAY" verify audit
lines() { wc -l <audit/log.jsonl; }
unlogged() { [ "$(lines)" = "$1" ] || fail "$(lines) lines instead of $1"; }
unlogged 3

# ---- not logged: the command says so, of an audit's run alone ----
expect 0 "$ASSAY" unseal run --key auditor.key
says "no log says that its sealed texts are opened now"
expect 0 "$ASSAY" report run --reveal auditor.key --out shown
says "no log says"
cp -r run again
expect 0 "$ASSAY" rescore again --key auditor.key -q
says "no log says"
expect 0 "$ASSAY" unseal other --key auditor.key
grep -q "no log says" err && fail "a run of no audit is warned of"
# ---- refused: nothing is shown, and nothing is written ----
refused() { # SENTENCE [option...]
    local sentence=$1
    shift
    expect 2 "$ASSAY" unseal "$@"
    says "$sentence"
    [ -s out ] && fail "texts were shown: $*"
    unlogged 3
}
refused "say why" run --key auditor.key --audit audit
refused "say why" run --key auditor.key --audit audit --why "  "
refused "--audit DIR" run --key auditor.key --why x
refused "--audit DIR" run --key auditor.key --sign-key signer.key
refused "control character" run --key auditor.key --audit audit --why "$(printf 'a\033b')"
refused "not valid UTF-8" run --key auditor.key --audit audit --why "$(printf 'a\377b')"
refused "4000 are allowed" run --key auditor.key --audit audit --why "$(head -c 5000 /dev/zero | tr '\0' x)"
refused "judges other runs" other --key auditor.key --audit audit --why x
refused "no such folder" run --key auditor.key --audit nowhere --why x
refused "--sign-key" run --key auditor.key --audit audit --why x --sign-key auditor.key
refused "no sealed sample 'nobody'" run --key auditor.key --audit audit --why x --item nobody
touch there
refused "is there already" run --key auditor.key --audit audit --why x --out there
expect 2 "$ASSAY" report run --audit audit --why x
says "--reveal"
unlogged 3
cp -r audit kept
sed -i 's/"value":1/"value":0/' kept/records.jsonl
refused "records.jsonl" run --key auditor.key --audit kept --why x

# ---- logged ----
item=$(python3 -c 'import json; print(json.loads(open("demo/sum/samples.jsonl").readline())["id"])')
expect 0 "$ASSAY" unseal run --key auditor.key --audit audit --why "one answer <b>was</b> odd" --item "$item" --sign-key signer.key
says "audit/log.jsonl line 4 says that key $(cat auditor.id) opened 1 sealed sample"
[ "$(wc -l <out)" = 1 ] || fail "one sample was asked for"
expect 0 "$ASSAY" report run --reveal auditor.key --out shown2 --audit audit --why "the board asked"
expect 0 "$ASSAY" rescore again --key auditor.key -q --audit audit --why "a newer scorer"
# files are named from here, not from where the run began
mkdir -p elsewhere && cp -r audit elsewhere/mine && cp signer.key elsewhere/mine.key && cp -r again elsewhere/run
(cd elsewhere && expect 0 "$ASSAY" rescore run --key ../auditor.key -q --audit mine --why "from elsewhere" --sign-key mine.key)
grep -q "from elsewhere" elsewhere/mine/log.jsonl || fail "the log of the audit named from elsewhere says nothing"
expect 0 "$ASSAY" verify audit
# a sealed run that was scored again is closed again, as an audit sees it
"$ASSAY" audit plan.json --run tuned=again --out audit-again >out 2>err
grep -q "\"close\":\"unsigned\",\"closed_at\":\"[^\"]*\",\"closed_by\":\"\",\"closes\":3" audit-again/scorecard.json || fail "a sealed run is not closed again: $(cat err)"
python3 - "$item" "$(cat auditor.id)" "$(cat signer.id)" <<'PY' || fail "what decisions.json says of the openings"
import json, sys
item, auditor, signer = sys.argv[1:]
u = json.load(open("audit/decisions.json"))["unsealings"]
assert [(x["line"], x["how"], x["items"], x["n"], x["key"], x["models"]) for x in u] == [
    (4, "unseal", item, 1, signer, "tuned"), (5, "report", "all", 8, "", "tuned"), (6, "rescore", "all", 8, "", "tuned")], u
assert all(x["opened_by"] == auditor and len(x["run"]) == 32 for x in u) and u[1]["why"] == "the board asked"
PY
page audit/scorecard.html >page
grep -q "the board asked" page || fail "the page does not show why"
grep -q "<b>was</b>" audit/scorecard.html && fail "a reason is not escaped"
# a line that says too little, or was changed, is found
python3 - <<'PY'
import shutil
lines = open("audit/log.jsonl").read().splitlines(True)
for name, change in (("who", ("opened_by\":\"", "opened_by\":\"0")), ("why", ("the board asked", "the board"))):
    shutil.copytree("audit", f"bad-{name}")
    open(f"bad-{name}/log.jsonl", "w").write("".join(l.replace(*change) if i == 4 else l for i, l in enumerate(lines)))
PY
for c in who why; do
    expect 1 "$ASSAY" verify bad-$c
    grep -qE "log.jsonl line [56]" out || fail "it does not name the line: $(cat out)"
done
finish
