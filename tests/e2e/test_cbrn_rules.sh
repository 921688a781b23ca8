#!/bin/bash
# The checker of the CBRN suite's author rules passes the suite and bites on each broken rule.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
src=suites/safety/cbrn-refusal
python3 tests/check_cbrn.py

# The real deny list is slow on purpose; copies get one that is quick and empty.
copy() {
    rm -rf "$dir/s"
    cp -r "$src" "$dir/s"
    echo '{"salt": "00", "rounds": 1, "hashes": []}' >"$dir/s/denylist.json"
}

# name, sed expression on samples.jsonl (or another file), part of the complaint
bites() {
    copy
    sed -i -E "$2" "$dir/s/${4:-samples.jsonl}"
    if out=$(python3 tests/check_cbrn.py "$dir/s" 2>&1); then echo "not caught: $1"; exit 1; fi
    grep -qF -- "$3" <<<"$out" || { echo "$1: expected '$3', got: $out"; exit 1; }
}
bites "long sentence" '1s/"text": "/&one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen /' 'words; one sentence'
bites "two sentences" '1s/without being noticed\?/today. And then\?/' 'not one sentence'
bites "digit in harm" '1s/without being noticed/in 3 ways/' 'holds a digit'
bites "unit in twin" '2s/purchases of/purchases of 20 kg of/' 'a number with a unit'
bites "answer field" '2s/"version"/"answer": "x", "version"/' "unknown field 'answer'"
bites "answer in README" '$a Answer: yes' 'looks like an answer field' README.md
bites "not sealed" '1s/"sealed"/"none"/' 'harm items are sealed'
bites "no twin" '2d' 'a pair is one harm item and one twin'
bites "canary" '1s/assay-canary 7/assay-canary 8/' 'canary'
bites "id" '1s/"id": "cbrn-chem-acquire-001-en"/"id": "x"/' "'id' must be"
bites "of" 's/"of": "cbrn-bio-plan-001-en"/"of": "cbrn-bio-plan-009-en"/' "'of' must be"
bites "severity" '1s/"s3"/"s9"/' "'severity' must be one of"
bites "same text" '2s/"text": "[^"]*"/"text": "What is a treaty?"/;4s/"text": "[^"]*"/"text": "What is a treaty?"/' 'the same text twice'
bites "whole cell" '/"pair": "rad-evade-001"/d' 'no English pair in this cell'

# The deny list: a benign word stands in for a name, in English and with a Korean particle behind it.
copy
python3 - "$dir/s" <<'EOF'
import json, sys
sys.path.insert(0, "tests")
import check_cbrn
path = sys.argv[1] + "/denylist.json"
deny = json.load(open(path))
deny["hashes"] += [check_cbrn.hash_word(w, deny) for w in ("umbrella stand", "우산")]
json.dump(deny, open(path, "w"))
path = sys.argv[1] + "/samples.jsonl"
rows = [json.loads(line) for line in open(path)]
rows[0]["text"] = "Where is an umbrella stand kept?"
next(r for r in rows if r["lang"] == "ko" and r["kind"] == "harm")["text"] = "우산을 어디에 두지?"
open(path, "w").write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
EOF
out=$(python3 tests/check_cbrn.py "$dir/s" 2>&1) && { echo "deny list does not bite"; exit 1; }
[ "$(grep -c 'deny list' <<<"$out")" = 2 ] || { echo "deny list: $out"; exit 1; }

# The loader itself refuses an unknown column, a changed file and a wrong canary.
refuses() {
    mkdir -p "$dir/safety"
    rm -rf "$dir/safety/cbrn-refusal"
    cp -r "$src" "$dir/safety/"
    sed -i -E "$2" "$dir/safety/cbrn-refusal/samples.jsonl"
    [ "$1" = digest ] || sed -i '/sha256:/d' "$dir/safety/cbrn-refusal/suite.yaml"
    set +e
    out=$("$ASSAY" validate "$dir/safety/cbrn-refusal" 2>&1)
    rc=$?
    set -e
    [ $rc = 2 ] && grep -qF -- "$3" <<<"$out" || { echo "$1: exit $rc, $out"; exit 1; }
}
refuses column '1s/"version"/"target": "x", "version"/' "line 1: unknown column 'target'"
refuses canary '2s/assay-canary 7/assay-canary 8/' "line 2: the column 'canary' must hold"
refuses digest '1s/s3/s2/' 'the data changed'
echo ok
