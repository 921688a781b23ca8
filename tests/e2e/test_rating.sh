# Problems with a rating, as a number or a text: the report draws how hard they may be; a rating that is none is left out.
. tests/e2e/lib.sh
world 40
python3 - "$W" <<'PY'
import json, sys
path = f"{sys.argv[1]}/test/a/samples.jsonl"
rows = [json.loads(l) for l in open(path)]
for i, r in enumerate(rows):
    r["rating"] = [800 + i * 50, str(800 + i * 50), 800.0 + i * 50][i % 3]
rows[0]["rating"], rows[1]["rating"], rows[2]["rating"] = "hard", None, [1, 2]
open(path, "w").writelines(json.dumps(r) + "\n" for r in rows)
PY
expect 0 "$ASSAY" run "$W/plan.yaml" --out "$W/run" -q
python3 - "$W/run/run.db" <<'PY' || fail "the tags of the records"
import json, sqlite3, sys
tags = {}
for sample, text in sqlite3.connect(sys.argv[1]).execute("select r.sample, t.bytes from records r left join texts t on t.record = r.id and t.kind = 'tags' where r.suite = 'test/a'"):
    tags[sample] = json.loads(text) if text else {}
want = {f"a{i}": {"rating": str(800 + i * 50)} for i in range(3, 40)}
want.update(a0={"rating": "hard"}, a1={}, a2={})
if tags != want:
    sys.exit(f"{tags}")
PY
page "$W/run/report.html" >"$W/page"
[ "$(grep -o 'id="rating"' "$W/page" | wc -l)" = 1 ] || fail "the report has no rating curve"
grep -oE 'small: rating -?[0-9]+ .{1,80}over [0-9]+ problems' "$W/page" >"$W/out" || fail "no rating: $(grep -o 'small: no rating.*' "$W/page" | head -1)"
sed -i 's/"rating"/"level"/' "$W/test/a/samples.jsonl"
expect 0 "$ASSAY" run "$W/plan.yaml" --out "$W/other" -q
page "$W/other/report.html" | grep -q 'id="rating"' && fail "a rating curve without ratings"
finish
