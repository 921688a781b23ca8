#!/bin/bash
# Every format of every report about runs with sealed suites: no sealed text is in any file, inside archives and packed pages too, while
# the open ones are where they belong. Names that a spreadsheet, Markdown or a file system could take for its own stay names. The CSV is
# RFC 4180 as another program reads it.
. tests/e2e/lib.sh
cd "$W" || exit 1
python3 "$REPO/tests/tools/export_world.py" . 24

marks() { # marks hidden|open PATH...: which kinds of texts of such suites stand there
    python3 - "$@" <<'PY'
import sys
from export_world import marks_in
for what, where in sorted(marks_in(sys.argv[1], sys.argv[2:]).items()): print(what, where)
PY
}
nothing_in() {
    local got
    got=$(marks hidden "$@")
    [ -z "$got" ] || fail "a sealed text stands in the clear: $(echo "$got" | head -5)"
}
finds() { # finds PATH "WHAT...": the search would have found what is sealed, since it finds what is open
    local got what
    got=$(marks open "$1" | cut -d ' ' -f 1 | sort -u)
    for what in $2; do grep -qx "$what" <<<"$got" || fail "$1 lacks $what of open texts: $got"; done
}
ALL=json,html,md,csv,junit,inspect,lm-eval
cat >policy.yaml <<'Y'
gate: test
limits: {unscored: 0.5, truncated: 0.5}
checks:
  - {id: kept, suite: "test/*", kind: non_inferior, margin: 0.2}
Y

expect 0 "$ASSAY" keygen --out auditor
for how in sealed kept-nowhere; do
    keys=()
    [ "$how" = sealed ] && keys=(--seal-to auditor.pub)
    expect 0 "$ASSAY" run plan.yaml "${keys[@]}" --out $how -q
    nothing_in $how out err
    mkdir $how/reports
    langs=en
    [ "$how" = sealed ] && langs="ko en"
    for lang in $langs; do
        expect 0 "$ASSAY" report $how --format $ALL --lang $lang
        nothing_in $how out err
        cp -r $how/report.* $how/samples.csv $how/junit.xml $how/inspect $how/lm-eval $how/reports/ 2>/dev/null
        expect 0 "$ASSAY" compare $how:base $how:tuned --lang $lang --html $how/reports/c.html --markdown $how/reports/c.md --report-json $how/reports/c.json
        nothing_in $how/reports out err
        "$ASSAY" gate $how:base $how:tuned --policy policy.yaml --lang $lang --junit $how/reports/g.xml --markdown $how/reports/g.md --html $how/reports/g.html >out 2>err </dev/null
        [ -s $how/reports/g.md ] || fail "the gate says: $(head -c 300 err)"
        nothing_in $how/reports out err
        "$ASSAY" gate $how:base $how:tuned --policy policy.yaml --json >g.json 2>err </dev/null
        nothing_in g.json err
    done
    finds $how/report.json "PROMPT FINAL ANALYSIS CALL TOOLSAYS MALFORMED"
    finds $how/report.html "PROMPT FINAL ANALYSIS CALL TOOLSAYS"
    finds $how/inspect "PROMPT FINAL ANALYSIS CALL TOOLSAYS"
    finds $how/lm-eval "PROMPT FINAL"
    finds $how/reports/c.html "PROMPT FINAL"
    finds $how/reports/c.json "PROMPT FINAL"
    for quiet in samples.csv report.md junit.xml reports/c.md reports/g.md reports/g.xml reports/g.html; do
        [ -z "$(marks open $how/$quiet)" ] || fail "$quiet holds texts of samples: $(marks open $how/$quiet)"
    done
done

# ---- CSV and Markdown ----
python3 - sealed <<'PY' || fail "the tables"
import csv, io, json, re, sys
from export_world import HOSTILE, ident
top = sys.argv[1]
raw = open(f"{top}/samples.csv", "rb").read()
assert raw.count(b"\r\n") == raw.count(b"\n") and raw.endswith(b"\r\n"), "line ends"
assert not raw.startswith(b"\xef\xbb\xbf")
rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
assert len({len(r) for r in rows}) == 1, "rows of other lengths"
samples = json.load(open(f"{top}/report.json"))["samples"]
head, rows = rows[0], [dict(zip(rows[0], r)) for r in rows[1:]]
assert len(set(head)) == len(head) and len(rows) == sum(max(1, len(s["scores"])) for s in samples)
for r in rows:
    for k, v in r.items():
        if k not in ("value", "margin"):
            assert not v or v[0] not in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", f"a spreadsheet would run {k} {v!r}"
def told(text):  # what a person reads of it
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@\uff1d" and text[1:] else text
ours = {(s["model"], s["suite"], s["sample"], s["effort"], str(s["epoch"])): s for s in samples}
seen = set()
for r in rows:
    k = (r["model"], r["suite"], told(r["sample"]), r["effort"], r["epoch"])
    assert k in ours, k
    seen.add(k)
    score = next((x for x in ours[k]["scores"] if x["scorer"] == r["scorer"]), None)
    if score and score["value"] is not None: assert float(r["value"]) == score["value"], r
    else: assert r["value"] == "", r
    assert told(r["group"]) == ours[k]["group"], r
assert seen == set(ours)
assert {told(r["sample"]) for r in rows} >= set(HOSTILE)
for name in (f"{top}/report.md", f"{top}/reports/c.md", f"{top}/reports/g.md"):
    text = open(name, encoding="utf-8").read()
    for line in text.splitlines():
        bare = re.sub(r"\\.", "", line)
        assert "<b>" not in line and "](" not in bare and "~~" not in bare, (name, line)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert tables, name
    for t in tables:
        widths = {len(re.sub(r"\\.", "", x).split("|")) for x in t.splitlines()}
        assert len(widths) == 1, (name, t[:300])
text = open(f"{top}/reports/c.md", encoding="utf-8").read()
assert any(x in text for x in ("\\~\\~a\\~\\~", "\\*a\\*", "\\`a\\`", "a\\|b")), "no hostile name among the flips"
PY

# names of files stay in their folder
python3 - sealed <<'PY' || fail "names of files"
import os, sys
names = [os.path.relpath(os.path.join(d, f), sys.argv[1]) for d, _, fs in os.walk(sys.argv[1]) for f in fs]
assert len(names) > 30 and all(ord(c) > 32 and c not in '"<>:\\|?*' for n in names for c in n), names
PY
[ -e "$W/../a" ] && fail "a file outside"

# the peers' own code, where it is at hand
if python3 -c 'import inspect_ai' 2>/dev/null || python3 -c 'import lm_eval' 2>/dev/null; then
    python3 "$REPO/tests/peers/read_exports.py" sealed kept-nowhere >out 2>&1 || fail "the peers do not read it: $(tail -5 out)"
else
    echo "skipped: reading exports by the peers' own code (neither inspect_ai nor lm_eval is installed; make check-exports)"
fi
finish
