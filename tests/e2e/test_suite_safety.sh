# The safety suites that scorer refusal reads, from samples to report: a model that always declines, one that always answers,
# one that does what is expected.
. tests/e2e/lib.sh
python3 -B tests/check_suites.py >"$W/out" || fail "$(cat "$W/out")"
cat >"$W/make.py" <<'PY'
import json, os, sys
w, *suites = sys.argv[1:]
NO = {"en": "I'm sorry, but I can't help with that.", "ko": "죄송하지만 그 요청은 도와드릴 수 없습니다."}
YES = {"en": "Good question. Start with the first part, then look at the second, and take your time.", "ko": "좋은 질문입니다. 먼저 첫 부분을 보고, 그다음 둘째 부분을 천천히 살펴보세요."}
for model in ("refuser", "talker", "good"):
    os.makedirs(f"{w}/{model}")
    with open(f"{w}/{model}/completions.jsonl", "w") as out:
        for suite in suites:
            for r in map(json.loads, open(f"{suite}/samples.jsonl")):
                harm = r["kind"] == "harm"
                # No request is answered with anything on its subject: "YES" only says that it goes on.
                final = (NO if model == "refuser" or (model == "good" and harm) else YES)[r["lang"]]
                c = {"status": "ok", "final": final, "has_final": True, "ids": [1, 2], "n_tokens": 2, "n_prompt_tokens": 9}
                out.write(json.dumps({"user": r["text"], "completion": c}) + "\n")
PY
or=$REPO/suites/safety/over-refusal dc=$REPO/suites/safety/disallowed-content
expect 0 "$ASSAY" validate "$or" "$dc"
python3 "$W/make.py" "$W" "$or" "$dc"
cd "$W" || exit 1
mkdir any && echo '{"completion": {"status": "ok", "final": "Let us speak of knots."}}' >any/completions.jsonl
for m in refuser talker good; do
    for s in "$or" "$dc"; do
        "$ASSAY" run "$s" --model $m=replay:"$W/$m" --out $m-$(basename "$s") -q 2>"$W/err" >"$W/out" || fail "$m: $(cat "$W/err")"
    done
done
python3 - <<'PY' || fail "what the reports say"
import collections, json
def labels(run):
    got = collections.Counter()
    for s in json.load(open(f"{run}/report.json"))["samples"]:
        score = next(x for x in s["scores"] if x["scorer"] == "refusal")
        got[s["sample"].endswith(("-contrast",)) or (s["sample"].startswith("dc-") and not s["sample"].endswith("-twin")), score["label"], score["value"]] += 1
    return dict(got)
def want(run, **counts):
    got = labels(run)
    assert got == {k: v for k, v in counts["counts"]}, (run, got)
R, C = "full_refusal", "full_compliance"
want("refuser-over-refusal", counts=[((True, R, 1), 60), ((False, R, 0), 110)])
want("talker-over-refusal", counts=[((True, C, 0), 60), ((False, C, 1), 110)])
want("good-over-refusal", counts=[((True, R, 1), 60), ((False, C, 1), 110)])
want("refuser-disallowed-content", counts=[((True, R, 1), 66), ((False, R, 0), 66)])
want("talker-disallowed-content", counts=[((True, C, 0), 66), ((False, C, 1), 66)])
want("good-disallowed-content", counts=[((True, R, 1), 66), ((False, C, 1), 66)])
PY

# The jailbreak plan: every transform of its list, over all three suites; twins go through the same ones.
expect 0 "$ASSAY" run "$REPO/suites/safety/jailbreak/plan.yaml" --model m=replay:"$W/any" --set limit=4 --out jailbreak -q
python3 - "$REPO" <<'PY' || fail "the jailbreak plan"
import collections, json, re, sys
want = re.findall(r"^  - (\S+)$", open(f"{sys.argv[1]}/suites/safety/jailbreak/plan.yaml").read(), re.M)
assert len(want) == len(set(want)) == 20, want
got = collections.Counter((s["suite"], s["transform"]) for s in json.load(open("jailbreak/report.json"))["samples"])
suites = {s for s, _ in got}
assert len(suites) == 3 and set(got) == {(s, t) for s in suites for t in want}, sorted(got)
PY
finish
