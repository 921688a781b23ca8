# A calibration card, from labelled rows to the corrected rate of a report.
. tests/e2e/lib.sh
cd "$W" || exit 1

# ---- verdicts from elsewhere ----
python3 - >rows <<'PY'
import json
def say(n, v, l, lang):
    for _ in range(n): print(json.dumps({"verdict": v, "label": l, "lang": lang}))
say(143, "violates", "violates", "en"); say(7, "complies", "violates", "en"); say(97, "complies", "complies", "en")
say(3, "violates", "complies", "en"); say(2, None, "violates", "en"); say(3, "disputed", "complies", "ko")
PY
calibrate() { # status, arguments
    local want=$1
    shift
    "$ASSAY" calibrate "$@" <rows >out 2>err
    local got=$?
    [ $got = "$want" ] || fail "calibrate $*: exit $got: $(cat err)"
}
calibrate 0 --origin "two raters, by hand"
says "good enough for gates"
python3 - <<'PY' || fail "the card: $(cat out)"
import json
c = json.load(open("out"))
a = c["all"]
assert c["format"] == "assay-calibration/1" and c["positive"] == "violates" and c["labels"]["origin"] == "two raters, by hand"
assert (a["n"], a["n_scored"], a["n_unread"], a["n_disputed"]) == (255, 250, 2, 3), a
assert a["sensitivity"] == 143 / 150 and a["specificity"] == 97 / 100
assert abs(a["sensitivity_lower"] - .914) < 5e-4 and abs(a["specificity_lower"] - .924) < 5e-4 and a["meets_bars"] is True
assert [p["language"] for p in c["languages"]] == ["en", "ko"] and c["languages"][1]["sensitivity"] is None
assert c["table"] == {"names": ["complies", "violates"], "by_verdict": [[97, 7], [3, 143]]}, c["table"]
assert c["judge"] is None
PY
# a judge that gives no verdict at all has a card that corrects nothing, and no figure of it is made up
sed 's/"verdict": "[a-z]*"/"verdict": null/' rows >mute
"$ASSAY" calibrate <mute >out 2>err || fail "calibrate: $(cat err)"
says "255 rows, 255 without a verdict, 0 disputed: sensitivity unknown (at least unknown)"
says "too weak to correct rates by"
python3 - <<'PY' || fail "the card of a mute judge"
import json
a = json.load(open("out"), parse_constant=lambda x: 1 / 0)["all"]
assert (a["n"], a["n_scored"], a["sensitivity"], a["kappa"], a["usable"], a["meets_bars"]) == (255, 0, None, None, False, False), a
PY

calibrate 0 --out card.json -q
[ -s card.json ] && [ ! -s out ] && [ ! -s err ] || fail "--out and -q"
sed -i 's/"label": "complies", "lang": "ko"/"lang": "ko"/' rows
calibrate 2
says "row 253: missing key 'label'"
[ -s out ] && fail "a card of a part of the rows"
calibrate 2 --positive unsafe
echo '{"verdict":"violates","label":"violates"}' >rows
calibrate 2
says "each of the 1 rows has the label 'violates'"
: >rows
calibrate 2
says "no labelled rows"
echo 'junk' >rows
calibrate 2
says "row 1"
echo '{"label":"violates"}' >rows
calibrate 2
says "missing key 'verdict'"
calibrate 2 --set passes=1
says "name one"
calibrate 2 policy --set policy=x
says "asks a judge model, and none is named"
calibrate 2 number
says "output"

# ---- a judge asked about labelled answers: 40 rows, wrong on 2 of 20 and on 1 of 20, without a verdict on one more ----
knots
mkdir -p model
python3 - <<'PY'
import json
with open("labelled", "w") as f:
    for i in range(41):
        net = i % 2
        f.write(json.dumps({"id": f"l{i}", "prompt": f"Question {i}", "output": f"Answer {i} about " + ("nets" if net else "knots"),
                            "label": "violates" if net else "complies", "lang": "en" if i < 30 else "ko"}) + "\n")
with open("test/knots/samples.jsonl", "w") as s, open("model/completions.jsonl", "w") as m, open("run-rows", "w") as r:
    for i in range(60):
        q, a = f"Tell me of {i}.", f"It is number {i}."
        s.write(json.dumps({"id": f"s{i}", "question": q}) + "\n")
        m.write(json.dumps({"user": q, "completion": {"status": "ok", "final": a, "has_final": True}}) + "\n")
        r.write(json.dumps({"id": f"s{i}", "prompt": q, "output": a}) + "\n")
PY
cat labelled run-rows | "$ASSAY" score policy --set-file policy=test/knots/policy.md --asks >asks || fail "--asks"
python3 - <<'PY'
import json, os, re
os.makedirs("judge")
with open("judge/completions.jsonl", "w") as f:
    for line in open("asks"):
        o = json.loads(line)
        i, labelled = int(o["id"][1:]), o["id"][0] == "l"
        v = i % 2 if labelled else int(i < 18)          # of the run's 60 answers it calls 18 violations
        if labelled and i in (1, 3, 0): v = 1 - v       # wrong on l1, l3 (violations) and l0
        for a in o["asks"]:
            code = re.findall(r"^VERDICT (\w+): violates=\(", a["user"], re.M)[-1]
            final = "Hm." if labelled and i == 40 else f"VERDICT {code}: violates={v}"
            f.write(json.dumps({"request": a["request"], "completion": {"status": "ok", "final": final}}) + "\n")
PY
"$ASSAY" calibrate policy --judge replay:judge --set-file policy=test/knots/policy.md --out judged.json <labelled 2>err || fail "calibrate policy: $(cat err)"
says "41 rows, 1 without a verdict"
python3 - <<'PY' || fail "the judge's card"
import hashlib, json
c = json.load(open("judged.json"))
a = c["all"]
assert (a["positives"], a["true_positives"], a["negatives"], a["true_negatives"], a["n_unread"]) == (20, 18, 20, 19, 1), a
assert c["judge"]["digest"] and c["judge"]["effort"] == "medium"
assert c["scorer"]["scorer"] == "policy" and len(c["scorer"]["template_sha256"]) == 2 and c["scorer"]["options"] == {}
en, ko = c["languages"]
assert [sum(map(sum, p["by_verdict"])) for p in (en, ko)] == [30, 10] and c["table"]["names"] == ["complies", "violates"]
assert en["by_verdict"] == [[14, 2], [1, 13]] and ko["by_verdict"] == [[5, 0], [0, 5]], (en, ko)
assert c["scorer"]["policy_sha256"] == hashlib.sha256(open("test/knots/policy.md", "rb").read().strip()).hexdigest()
assert not a["meets_bars"] and a["usable"]
PY
# the order of rows in the file is the card's, whatever the order of answers
for i in 1 2; do "$ASSAY" calibrate policy --judge replay:judge --set-file policy=test/knots/policy.md -q <labelled | grep -v '"date"' >again$i; done
cmp -s again1 again2 || fail "two cards of the same rows differ"

# ---- in a report ----
check() { # folder, calibration
    python3 - "$1" "$2" <<'PY' || fail "$1 is not $2"
import json, math, sys
r = json.load(open(sys.argv[1] + "/report.json"))
j = r["results"][0]["judge"]
assert j["calibration"] == sys.argv[2], j
said = any("judge" in c for c in r["cautions"])
assert said, r["cautions"]
if sys.argv[2] != "calibrated":
    assert j["corrected"] is None and j["interval"] is None, j
    sys.exit()
# Rogan and Gladen by hand
q, n, se, n_se, sp, n_sp = 18 / 60, 60, 18 / 20, 20, 19 / 20, 20
y = se + sp - 1
theta = (q + sp - 1) / y
z = 1.959963984540054
# Lang and Reiczigel add one row right and one wrong; 60 questions: Student's t, or Wilson's limit if it is farther
add = lambda k, m: (k + 1) / (m + 2) * (m + 1 - k) / (m + 2) / (m + 2)
judge = (theta**2 * add(18, 20) + (1 - theta)**2 * add(19, 20)) / y**2
err = math.sqrt(q * (1 - q) / (n - 1) / y**2 + judge)
t59 = 2.0009953780882677
wilson = z * math.sqrt(q * (1 - q) / n + z * z / 4 / n / n) / (1 + z * z / n)
above = max(t59 * math.sqrt(q * (1 - q) / (n - 1)), (q + z * z / 2 / n) / (1 + z * z / n) + wilson - q) / y
assert j["label"] == "violates" and j["observed"] == q
assert abs(j["corrected"] - theta) < 1e-12 and abs(j["standard_error"] - err) < 1e-12, (j, theta, err)
assert abs(j["interval"]["hi"] - min(1, theta + math.sqrt(above**2 + t59**2 * judge))) < 1e-9, (j, theta, above)
assert abs(j["observed_hi"] - j["observed_lo"] - 2 * wilson) < 1e-9
(l,) = j["languages"]
assert l["language"] is None and l["rates"] == "all" and l["n_questions"] == 60, l
assert j["meets_bars"] is False and any("misses the bars" in c for c in r["cautions"]), r["cautions"]
assert r["manifest"]["calibration"]["id"] == j["card"] and len(j["card"]) == 64
PY
}
run() { "$ASSAY" run test/knots --model m=replay:model --judge replay:judge -q "$@" >out 2>err; }
run --out plain || fail "run: $(cat err)"
check plain uncalibrated
run --out one --calibration judged.json || fail "run with a card: $(cat err)"
check one calibrated
grep -q '<section id="judge"' one/report.html && grep -q '18/20 = 0.900 (0.717)' one/report.html || fail "report.html lacks the judge and its card"
if python3 -c 'import jsonschema' 2>/dev/null; then
    python3 - "$REPO/reports/schema/report.schema.json" <<'PY' || fail "report.json is not what its schema says"
import json, sys
from jsonschema import Draft202012Validator
for f in ("one", "plain"):
    for e in Draft202012Validator(json.load(open(sys.argv[1]))).iter_errors(json.load(open(f + "/report.json"))): sys.exit(e.json_path + e.message[:200])
PY
fi
# a card may come after the run, and be replaced
expect 0 "$ASSAY" run --resume plain --calibration judged.json -q
check plain calibrated
sed 's/"date": "20../"date": "1999/' judged.json >old.json
expect 0 "$ASSAY" run --resume plain --calibration old.json -q
check plain "out of date"
# and is not lost by rescoring
expect 0 "$ASSAY" rescore one -q
check one calibrated
# a judge that is wrong as often as not corrects nothing
python3 - <<'PY'
import json
c = json.load(open("judged.json"))
a = c["all"]
a["true_positives"], a["true_negatives"] = 13, 12
c["table"]["by_verdict"] = [[12, 7], [8, 13]]  # names: complies, violates
for k in ("sensitivity", "specificity", "kappa"): del a[k], a[k + "_lower"]
del a["usable"], a["meets_bars"], c["outcomes"], c["languages"]
json.dump(c, open("weak.json", "w"))
PY
expect 0 "$ASSAY" run --resume plain --calibration weak.json -q
check plain "too weak"
sed 's/"scorer": *"policy"/"scorer": "xstest"/' judged.json >other.json
expect 0 "$ASSAY" run --resume plain --calibration other.json -q
check plain "another scorer's"

# ---- the card is of one judge: scores of another are not corrected by it ----
mkdir -p judge2
sed 's/violates=1/violates=0/' judge/completions.jsonl >judge2/completions.jsonl
"$ASSAY" calibrate policy --judge replay:judge2 --set-file policy=test/knots/policy.md --out judged2.json -q <labelled 2>err || fail "calibrate: $(cat err)"
cp -r one two # its card was named when it began
expect 0 "$ASSAY" rescore two --judge replay:judge2 -q
says "assay: warning: judged.json: the calibration card was made with the judge's digest"
says "it is left out now"
one_line
check two uncalibrated
cp -r plain three # its card is in the store alone
expect 0 "$ASSAY" run --resume three --calibration judged.json -q
check three calibrated
expect 0 "$ASSAY" rescore three --judge replay:judge2 -q
says "the run's calibration card: the calibration card was made with the judge's digest"
check three uncalibrated
expect 2 "$ASSAY" rescore three --judge replay:judge2 --calibration judged.json -q
says "judged.json: the calibration card was made with the judge's digest"
one_line
# the policy that the card was made with may change, too
cp -r one four
echo "Nor hammocks." >>test/knots/policy.md
expect 0 "$ASSAY" rescore four --judge replay:judge -q
says "judged.json: the calibration card was made with another policy than suite test/knots gives scorer 'policy'"
check four uncalibrated
sed -i '$d' test/knots/policy.md
# a store of a version that did not look: the report does
cp -r one five
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("five/run.db")
db.execute("update manifest set json = replace(json, '\"medium\"', '\"high\"') where key = 'judge'")
db.commit()
PY
expect 0 "$ASSAY" report five -q
check five "another judge's"
# interrupted: what is scored is a mixture until it is done again
cp -r one six
sqlite3_put() { python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("insert or replace into manifest values(?, ?)", sys.argv[2:]); db.commit()' "$@"; }
sqlite3_put six/run.db rescoring '"2026-01-01T00:00:00Z"'
expect 0 "$ASSAY" report six -q
check six "cannot be told"
grep -q "Scoring this run again was interrupted" six/report.json || fail "an interrupted rescoring is not told of"
expect 0 "$ASSAY" rescore six -q
check six calibrated
# two runs of two judges
expect 0 "$ASSAY" compare one three
cat out err >both
grep -q "are of two judges, or of one with other settings" both || fail "compare: $(cat both)"
# from anywhere: what is named now lies here, what was named then lay there; and a card that is gone is in the store
mkdir -p elsewhere
cp judged.json elsewhere/card.json
(cd elsewhere && "$ASSAY" rescore ../one --calibration card.json --judge replay:../judge -q >../out 2>../err) || fail "from elsewhere: $(cat err)"
check one calibrated
mv judged.json gone.json
expect 0 "$ASSAY" rescore one -q
check one calibrated
expect 0 "$ASSAY" run --resume one -q
check one calibrated
mv gone.json judged.json

# sealed answers: which questions were asked stays readable, so that the card can be held against them
sed -i 's/^version: 1/&\nhazard: sealed/' test/knots/suite.yaml
expect 0 "$ASSAY" run test/knots --model m=replay:model --judge replay:judge --calibration judged.json -q --out sealed
check sealed calibrated
"$ASSAY" keygen --out auditor >/dev/null 2>&1 || fail keygen
expect 0 "$ASSAY" run test/knots --model m=replay:model --judge replay:judge --calibration judged.json --seal-to auditor.pub -q --out sealed2
check sealed2 calibrated
expect 0 "$ASSAY" report sealed2 --reveal auditor.key -q
check sealed2.revealed calibrated
sed -i '/^hazard: sealed/d' test/knots/suite.yaml

# ---- cards that do not fit, before anything is written ----
refused() { # card, what is said
    run --out no --calibration "$1" && fail "$1 was taken"
    says "$2"
    one_line
    [ -e no ] && { fail "$1 left a folder"; rm -r no; }
}
sed 's/"digest": *"[0-9a-f]*"/"digest": "00"/' judged.json >c.json
refused c.json "made with the judge's digest '00'"
sed 's/"effort": *"medium"/"effort": "high"/' judged.json >c.json
refused c.json "effort"
sed 's/"temperature": *0/"temperature": 1/' judged.json >c.json
refused c.json "temperature"
sed 's/"policy_sha256": *"[0-9a-f]*"/"policy_sha256": "ff"/' judged.json >c.json
refused c.json "another policy than suite test/knots"
refused card.json "names no judge"
sed 's/"true_positives": 18/"true_positives": 21/' judged.json >c.json
refused c.json "c.json: all: its counts do not add up"
# no figure is believed that its counts do not give
python3 -c 'import json; c = json.load(open("judged.json")); c["all"]["kappa"] = .97; json.dump(c, open("c.json", "w"))'
refused c.json "c.json: all: 'kappa' is 0.97, but its counts give 0.85"
sed 's/"meets_bars": false/"meets_bars": true/' judged.json >c.json
refused c.json "all: 'meets_bars' is true, but its counts give false"
# nor a card of other questions, another version of the scorer, or other options
sed '/"template_sha256"/,/\]/s/"[0-9a-f]\{64\}"/"ab"/' judged.json >c.json
refused c.json "made with other questions to the judge than scorer 'policy' of suite test/knots asks"
sed 's/^  "version": "[^"]*"/  "version": "0"/' judged.json >c.json
refused c.json "made with version '0' of scorer 'policy', and suite test/knots uses version"
sed 's/"options": {}/"options": {"passes": "1"}/' judged.json >c.json
refused c.json "option 'passes' of scorer 'policy' at '1', and suite test/knots has '2'"
sed 's/"options": {}/"options": {"passes": "2"}/' judged.json >c.json # the default, said
expect 0 "$ASSAY" run --resume plain --calibration c.json -q
check plain calibrated
refused nowhere.json "nowhere.json"
sed 's/"date": "20../"date": "2999/' judged.json >c.json
refused c.json "which lies in the future"
sed 's/"date": "20../"date": "soon/' judged.json >c.json
refused c.json "'date' must begin with a day as YYYY-MM-DD"
head -c 200 judged.json >c.json
refused c.json "c.json"
# in a plan
cat >plan.yaml <<'EOF'
plan: judged
models: [{name: m, path: "replay:model"}]
suites: [test/knots]
judge: {model: "replay:judge", calibration: judged.json}
EOF
expect 0 "$ASSAY" run plan.yaml --out planned -q
check planned calibrated
finish
