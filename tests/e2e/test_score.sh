# assay score: lines in, lines out.
. tests/e2e/lib.sh
cd "$W" || exit 1
score() { # expected status, expected line, line, arguments...
    local want=$1 line=$2
    printf '%s\n' "$3" >in
    shift 3
    "$ASSAY" score "$@" <in >out 2>err
    local got=$?
    [ $got = "$want" ] || fail "score $*: exit $got: $(cat err)"
    [ -z "$line" ] || prints "$line"
}
score 0 '"id":1,"status":"scored","value":1' '{"id":1,"output":"so \\boxed{5}","target":5}' number
score 0 '"answer":"5"' '{"id":1,"output":"so \\boxed{5}"}' number
score 0 '"span":[3,12]' '{"id":1,"output":"so \\boxed{5}","target":[4,"5"]}' number
score 0 '"answer":"B"' '{"id":"q","output":"Answer: B","target":"B","n_options":4}' choice
score 0 '"answer":"B","rule"' '{"id":"q","output":"Answer: B","target":"B","choices":["x","y"]}' choice
score 0 '"status":"error","value":null' '{"id":1,"output":"","status":"failed"}' number
score 1 '{"error":"' '{"id":1}' number
score 1 '{"error":"' '[1]' number
score 1 '{"error":"' 'not json' number
score 1 '{"error":"' '{"id":1,"output":"x","status":"nonsense"}' number
score 2 '' '{}' nubmer
grep -q "did you mean 'number'" err || fail "no suggestion"
score 2 '' '{}' number --set nosuch=1
score 2 '' '{}' number --config nowhere.yaml
printf 'max: 4\n' >c.yaml
score 0 '"value":0' '{"id":1,"output":"\\boxed{5}","target":5}' number --config c.yaml
score 0 '"value":1' '{"id":1,"output":"\\boxed{5}","target":5}' number --config c.yaml --set max=5
# order and number of lines are kept
python3 -c '
for i in range(900): print("{\"id\":%d,\"output\":\"\\\\boxed{%d}\",\"target\":%d}" % (i, i, i) if i % 7 else "junk")' >in
"$ASSAY" score number <in >out
[ $? = 1 ] || fail "a bad line must end in 1"
python3 - <<'PY' || fail "lines out of order"
import json
for i, l in enumerate(open("out")):
    o = json.loads(l)
    assert ("error" in o) if i % 7 == 0 else (o["id"] == i and o["value"] == 1), l
assert i == 899
PY
finish
