# A whole run from recordings: outcomes, reports, summary, default folder, replay of a run, rescoring.
. tests/e2e/lib.sh
world 40
cd "$W" || exit 1

expect 0 "$ASSAY" run plan.yaml --out one
prints "test/a"
[ "$(tail -2 out)" = "one/report.json
one/report.html" ] || fail "the paths are not the last lines"
grep -qE 'Let me see|boxed|sorry' out err && fail "model text in what a run prints"
python3 - <<'PY' || fail "outcomes"
import json
n = 40
want = {}
for k, m in enumerate(("small", "large")):
    for i in range(n):
        kind = (i * 7 + k * 3) % 10
        o = "wrong" if kind < 3 else {3: "truncated", 4: "refused", 5: "no_answer"}.get(kind, "correct")
        if kind == 6 and i % 3 == 0: o = "error"
        want[m, i] = o
r = json.load(open("one/report.json"))
assert len(r["samples"]) == 4 * n
order = [(s["model"], s["suite"], s["sample"]) for s in r["samples"]]
assert order == [(m, f"test/{s}", f"{s}{i}") for m in ("small", "large") for s in ("a", "b") for i in range(n)] or sorted(order) == sorted(set(order))
for s in r["samples"]:
    got, exp = s["outcome"], want[s["model"], int(s["sample"][1:])]
    assert got == exp, (s["sample"], got, exp)
PY

# nothing is overwritten
expect 2 "$ASSAY" run plan.yaml --out one
says "already holds a run"
one_line
# a finished run can be resumed: nothing happens, the reports are the same
cp one/report.json before.json
expect 0 "$ASSAY" run --resume one -q
[ ! -s err ] || fail "-q is not quiet: $(cat err)"
expect 0 "$ASSAY" run plan.yaml --resume one
cmp -s one/report.json before.json || fail "resuming a finished run changed its report"
# the default folder
expect 0 "$ASSAY" run plan.yaml -q
expect 0 "$ASSAY" run plan.yaml -q
[ "$(ls -d runs/test-2* | wc -l)" = 2 ] || fail "default folders: $(ls runs)"

# a run as the source of another: same texts, same scores
expect 0 "$ASSAY" run plan.yaml --model small=replay:one --model large=replay:one --out two -q
cmp -s <(rows_of one | sort) <(rows_of two | sort) || fail "replaying a run gave other completions"
expect 2 "$ASSAY" run plan.yaml --model other=replay:one --out three
says "several models (small, large)"
[ -e three ] && fail "a failed run left a folder"
ls "${TMPDIR:-/tmp}"/assay-replay-* 2>/dev/null && fail "replay left its temporary folder"

# reports anew
rm one/report.json one/report.html
expect 0 "$ASSAY" report one
[ -s one/report.html ] || fail "report writes no HTML"
cmp -s one/report.json before.json || fail "report wrote something else than run"
expect 0 "$ASSAY" report one --format json -q
[ "$(cat out)" = "one/report.json" ] || fail "report -q prints more than the path"
expect 2 "$ASSAY" report one --format jsno
says "did you mean 'json'"
expect 2 "$ASSAY" report nowhere

# rescoring says the same, unless the suite's scorers have changed
expect 0 "$ASSAY" rescore one -q
cmp -s <(python3 -c 'import json; print(json.load(open("one/report.json"))["samples"])') \
    <(python3 -c 'import json; print(json.load(open("before.json"))["samples"])') || fail "rescoring changed scores"
sed -i 's/  - scorer: number/  - {scorer: number, options: {max: 10}}/' test/a/suite.yaml
expect 0 "$ASSAY" rescore one -q
cmp -s <(python3 -c 'import json; print(json.load(open("one/report.json"))["samples"])') \
    <(python3 -c 'import json; print(json.load(open("before.json"))["samples"])') && fail "rescoring with a narrower range changed nothing"
expect 2 "$ASSAY" run --resume one
says "cannot be resumed"
# the samples must be those that were run
sed -i 's/What is 3 /What was 3 /' test/b/samples.jsonl
expect 2 "$ASSAY" rescore one
says "sample b3 has changed"
finish
