#!/bin/bash
# What scripts rely on, of every command: --help on standard output, unknown options with a suggestion, nothing on standard output when the
# command line is wrong; and that messages name the command that was typed.
. tests/e2e/lib.sh
cd "$W" || exit 1
commands=$("$ASSAY" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
[ "$(wc -w <<<"$commands")" -gt 20 ] || fail "the menu lists: $commands"
for c in $commands; do
    expect 0 "$ASSAY" "$c" --help
    [ -s "$W/err" ] && fail "$c --help speaks on standard error"
    [ "$c" = help ] || prints "usage: assay $c"
    [ "$c" = help ] && continue
    expect 2 "$ASSAY" "$c" --quite
    one_line
    says "unknown option '--quite' for 'assay $c', did you mean '--quiet'?"
    [ -s "$W/out" ] && fail "$c: a wrong option has results: $(cat "$W/out")"
    expect 0 "$ASSAY" help "$c"
done
expect 2 "$ASSAY" --vers
says "unknown option '--vers', did you mean '--version'?"
expect 2 "$ASSAY" --json list
says "options of a command stand behind it"
expect 2 "$ASSAY" -q
one_line

# colours, where a terminal can be had
if command -v script >/dev/null; then
    TERM=xterm script -qc "$ASSAY runn" /dev/null </dev/null | grep -q "$(printf '\033')" || fail "no colour on a terminal"
    for plain in "$ASSAY runn --no-color" "$ASSAY run --no-color --limt 3" "env NO_COLOR=1 $ASSAY runn"; do
        TERM=xterm script -qc "$plain" /dev/null </dev/null | grep -q "$(printf '\033')" && fail "colours: $plain"
    done
fi

# ---- a folder that holds nothing: every reader says so in its own name ----
mkdir nothing
for c in report compare rescore view verify "run --resume" "unseal --key x.key" "seal --to x.pub"; do
    # shellcheck disable=SC2086
    expect 2 timeout 20 "$ASSAY" $c nothing
    one_line
    case $c in unseal* | seal*) ;; *) says "assay: nothing: " ;; esac
    [ -n "$(ls nothing)" ] && fail "$c left something in an empty folder"
done
expect 2 "$ASSAY" verify nothing
says "neither a run here (no run.db) nor an audit"

# ---- validate knows every kind of file that there is ----
P=$REPO/suites/policies/preparedness.yaml
expect 0 "$ASSAY" validate "$P"
prints "valid audit plan demo-large-tuned-2026-11, 5 indicators"
expect 0 "$ASSAY" validate --json "$P"
prints '"kind":"audit plan"'
expect 0 "$ASSAY" keygen --sign --out k
expect 0 "$ASSAY" audit sign "$P" --key k.key --out plan.json
expect 0 "$ASSAY" audit sign "$P" --key k.key --out plan2.json --json
python3 - <<'PY' || fail "audit sign --json: $(cat out)"
import json
d = json.load(open("out"))
assert d["file"] == "plan2.json" and len(d["plan_sha256"]) == 64 and d["supersedes"] is None and "changes" not in d, d
PY
expect 0 "$ASSAY" validate plan.json
prints "plan.json: valid audit plan"
sed 's/n_min: 50/n_mim: 50/' "$P" >bad.yaml
expect 2 "$ASSAY" validate bad.yaml
says "bad.yaml line"
says "did you mean 'n_min'"
echo "name: x" >other.yaml
expect 2 "$ASSAY" validate other.yaml
says "expected the key 'suite', 'plan', 'gate' or 'audit'"

for words in "signn plan.json|'sign'" "decid out --key k.key --verdict agree|'decide'" "counter-sign out --key k.key|'countersign'"; do
    # shellcheck disable=SC2086
    expect 2 "$ASSAY" audit ${words%|*}
    says "unknown action '$(cut -d' ' -f1 <<<"$words")', did you mean ${words#*|}?"
done
for words in "plan.json --run a=b|--out DIR is missing" "plan.json --out x|--run MODEL=DIR is missing" "sign $P --out x|--key FILE.key is missing" \
    "sign $P --key k.key|--out FILE.json is missing" "|name one plan"; do
    # shellcheck disable=SC2086
    expect 2 "$ASSAY" audit ${words%|*}
    one_line
    says "${words#*|}"
    [ -e x ] && fail "left something: $words"
done

# a sentence of the line's own, and nothing made up
echo '{"k": 0, "n": 0, "conf": 0.95}' | "$ASSAY" stats proportion_ci >out 2>err && fail "an interval of nothing"
[ "$(cat out)" = "{\"error\":\"'n' must be at least 1\"}" ] || fail "n = 0: $(cat out)"

# ---- paths are printed as they were named ----
world 6
expect 0 "$ASSAY" run plan.yaml --out run -q
expect 0 "$ASSAY" verify run --json
python3 -c 'import json; d = json.load(open("out")); assert d["verified"] and d["file"] == "" and [r["file"] for r in d["reports"]] == ["report.json", "report.html"], d' || fail "verify --json: $(cat out)"
cp run/report.html keep.html && echo >>run/report.html
expect 1 "$ASSAY" verify run --json
python3 -c 'import json; d = json.load(open("out")); assert not d["verified"] and d["file"] == "report.html" and d["why"], d' || fail "verify --json: $(cat out)"
cp keep.html run/report.html
expect 0 "$ASSAY" compare run -q --html c.html --markdown "$W/c.md"
[ "$(cat out)" = "c.html
$W/c.md" ] || fail "compare prints: $(cat out)"
expect 0 "$ASSAY" compare run
grep "Cannot tell at effort" out | grep -q "interval −[0-9.]* to +" || fail "the mean of suites and its minus sign: $(grep "effort" out)"
expect 0 "$ASSAY" compare run --json --html c.html
python3 -c 'import json; assert json.load(open("out"))["files"] == ["c.html"]' || fail "compare --json names other files"
finish
