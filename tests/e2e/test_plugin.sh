# A scorer in a shared object: loaded when named, refused when of another ABI, never loaded because a file asks.
. tests/e2e/lib.sh
so=$(dirname "$ASSAY")/tests/plugins
[ -f "$so/good.so" ] || { echo "skipped: $so/good.so is not built (make unit)"; exit 77; }
world 20
cd "$W" || exit 1
expect 2 "$ASSAY" run plan.yaml --scorer "$so/wrong_abi.so"
says "was built for scorer ABI 42, this program speaks ABI 1"
one_line
# besides the suite's own
expect 0 "$ASSAY" run plan.yaml --scorer "$so/good.so" --out beside -q
python3 - "$so/good.so" <<'PY' || fail "the plugin in the manifest and the scores"
import hashlib, json, sys
r = json.load(open("beside/report.json"))
entry = [s for s in r["manifest"]["scorers"]["test/a"] if s["name"] == "starts"][0]
assert entry["sha256"] == hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()
assert entry["version"] == "1.0"
assert all([s["scorer"] for s in x["scores"]] == ["number", "starts"] for x in r["samples"])
PY
# the suite's own; naming it in YAML alone loads nothing
sed -i "s/  - scorer: number/  - {scorer: starts, options: {prefix: The answer}}/" test/a/suite.yaml
expect 2 "$ASSAY" run plan.yaml
says "unknown scorer 'starts'"
sed -i "s|  - {scorer: starts.*|  - scorer: $so/good.so|" test/a/suite.yaml
expect 2 "$ASSAY" run plan.yaml
sed -i "s|  - scorer: .*good.so|  - {scorer: starts, options: {prefix: The answer}}|" test/a/suite.yaml
expect 0 "$ASSAY" run plan.yaml --scorer "$so/good.so" --out own -q
python3 - <<'PY' || fail "scores by the plugin"
import json
r = json.load(open("own/report.json"))
a = [s for s in r["samples"] if s["suite"] == "test/a"]
assert {s["outcome"] for s in a} >= {"correct", "wrong", "truncated", "error"}, {s["outcome"] for s in a}
PY
# resuming needs it named again, and the same file
expect 2 "$ASSAY" run --resume own
says "--scorer $so/good.so"
expect 0 "$ASSAY" run --resume own --scorer "$so/good.so" -q
cp "$so/good.so" other.so && printf x >>other.so
expect 2 "$ASSAY" run --resume own --scorer ./other.so
says "sha256"
# plumbing
printf '%s\n' '{"id":7,"output":"Paris.","target":"Paris"}' '{"id":"x","output":"Rome"}' >in
"$ASSAY" score starts --scorer "$so/good.so" <in >out || fail "score with a plugin"
prints '{"id":7,"status":"scored","value":1,"label":null,"answer":"Paris","rule":"starts","span":[0,5],"explanation":null}'
"$ASSAY" score "$so/good.so" --set prefix=Ro <in >out || fail "score FILE.so"
prints '"id":"x","status":"scored","value":1'
finish
