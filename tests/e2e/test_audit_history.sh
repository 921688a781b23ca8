# A plan that takes the place of another: what it changes is told when it is signed, shown by the audit on every surface,
# and cannot be taken out of the folder; a plan that is not given is said to be missing.
. tests/e2e/lib.sh
M=$REPO/suites/demo/models
P=$REPO/suites/policies/preparedness.yaml
digest() { python3 -c 'import json,hashlib,sys; print(hashlib.sha256(json.dumps(json.load(open(sys.argv[1]))["plan"],sort_keys=True,separators=(",",":"),ensure_ascii=False).encode()).hexdigest())' "$1"; }
supersede() { # OUT.yaml DIGEST SED-SCRIPT
    { sed "$3" "$P"; printf 'supersedes: "%s"\nreason: the demo has fewer items <b>than thought</b>\n' "$2"; } >"$1"
}
run_to() { # OUT PLAN
    expect 0 "$ASSAY" run suites/demo/sum suites/demo/refusal --model base="$M/demo-large" --model tuned="$M/demo-large-tuned" \
        --model reference="$M/demo-small" --limit 12 --out "$1" -q --audit-plan "$2"
}
audit() { # PLAN RUN OUT [option...]
    local plan=$1 run=$2 out=$3
    shift 3
    "$ASSAY" audit "$plan" --run base="$run" --run tuned="$run" --run reference="$run" --out "$out" "$@" >"$W/out" 2>"$W/err"
    case $? in 0 | 1 | 5) ;; *) fail "audit $plan: $(cat "$W/err")" ;; esac
}
expect 0 "$ASSAY" keygen --sign --out "$W/auditor"
expect 0 "$ASSAY" keygen --sign --out "$W/other"
sign() { # STATUS PLAN OUT [option...]
    local status=$1 plan=$2 out=$3
    shift 3
    expect "$status" "$ASSAY" audit sign "$plan" --key "$W/auditor.key" --out "$out" "$@"
}

# ---- plans that say it wrongly ----
for bad in 'supersedes: abc' "supersedes: 1" "supersedes: \"$(printf 'A%.0s' {1..64})\"" "reason: why" "supersedes: \"$(printf 'a%.0s' {1..64})\"" \
    "supersedes: \"$(printf 'a%.0s' {1..64})\"
reason: '  '"; do
    { cat "$P"; echo "$bad"; } >"$W/bad.yaml"
    sign 2 "$W/bad.yaml" "$W/bad.json"
    says "bad.yaml"
    [ -e "$W/bad.json" ] && fail "signed: $bad"
done

# ---- three plans, each after the one before ----
sign 0 "$P" "$W/one.json"
one=$(digest "$W/one.json")
prints "plan $one"
grep -q supersedes "$W/out" && fail "a first plan supersedes something"
supersede "$W/two.yaml" "$one" 's/threshold: 0.10/threshold: 0.60/; s/n_min: 50/n_min: 10/'
sign 0 "$W/two.yaml" "$W/two-alone.json"
says "was not given (--supersedes)"
sign 0 "$W/two.yaml" "$W/two.json" --supersedes "$W/one.json"
prints "supersedes $one: settings changed: 3 looser, 0 stricter, 0 other"
prints "indicators.leak.threshold: 0.1 became 0.6 (looser)"
prints "indicators.over-refusal.n_min: 50 became 10 (looser)"
sign 0 "$W/two.yaml" "$W/two-told.json" --supersedes "$W/one.json" --json
python3 - "$W/out" "$one" <<'PY' || fail "sign --json: $(cat "$W/out")"
import json, sys
d = json.load(open(sys.argv[1]))
assert (d["supersedes"], d["looser"], d["stricter"], d["other"], len(d["changes"])) == (sys.argv[2], 3, 0, 0, 3), d
PY
two=$(digest "$W/two.json")
[ "$two" = "$(digest "$W/two-alone.json")" ] || fail "the digest depends on what is beside the plan"
supersede "$W/three.yaml" "$two" 's/threshold: 0.10/threshold: 0.60/; s/n_min: 50/n_min: 10/; s/n_min: 90/n_min: 10/; s/^confidence: 0.95/confidence: 0.99/'
sign 0 "$W/three.yaml" "$W/three.json" --supersedes "$W/two.json"
python3 - "$W" "$one" "$two" <<'PY' || fail "the signed plan does not hold the plans before it"
import json, sys
w, one, two = sys.argv[1:]
f = json.load(open(f"{w}/three.json"))
assert [e["plan"].get("supersedes", "") for e in f["earlier"]] == [one, ""] and f["plan"]["supersedes"] == two
assert all(e["signatures"] for e in f["earlier"])
PY
# what does not belong, or was changed
sign 2 "$W/two.yaml" "$W/x.json" --supersedes "$W/three.json"
says "no plan of this chain supersedes that"
sign 2 "$P" "$W/x.json" --supersedes "$W/one.json"
says "has no key 'supersedes'"
sign 2 "$W/two.yaml" "$W/x.json" --supersedes "$W/nowhere.json"
says "--supersedes"
sign 2 "$W/two.yaml" "$W/x.json" --supersedes "$W/auditor.pub"
says "--supersedes"
sed 's/"threshold":0.1,/"threshold":0.6,/' "$W/one.json" >"$W/one-changed.json"
sign 2 "$W/two.yaml" "$W/x.json" --supersedes "$W/one-changed.json"
says "no plan of this chain supersedes that"
[ -e "$W/x.json" ] && fail "a plan was signed over a wrong one"
python3 - "$W" <<'PY'
import json, sys
w = sys.argv[1]
f = json.load(open(f"{w}/three.json"))
for name, change in (("swapped", lambda e: e.reverse()), ("cut", lambda e: e.pop(0)), ("doubled", lambda e: e.append(e[0])), ("loose", lambda e: e[0]["plan"].update(confidence=0.9)),
                     ("text", lambda e: e.insert(0, "x"))):
    g = json.loads(json.dumps(f))
    change(g["earlier"])
    json.dump(g, open(f"{w}/earlier-{name}.json", "w"))
for name, earlier in (("object", {}), ("many", [f["earlier"][0]] * 65)):
    json.dump({**f, "earlier": earlier}, open(f"{w}/earlier-{name}.json", "w"))
PY
for c in swapped cut doubled loose text object many; do
    expect 2 "$ASSAY" run suites/demo/sum --model "$M/demo-small" --limit 1 --audit-plan "$W/earlier-$c.json" --out "$W/none"
    says "earlier-$c.json"
done
[ -e "$W/none" ] && fail "a run was begun with a broken chain"

# ---- audits: data by the first plan, then a looser one ----
run_to "$W/run1" "$W/one.json"
audit "$W/one.json" "$W/run1" "$W/audit1"
grep -q '"history"' "$W/audit1/scorecard.json" && fail "a first plan has a history"
sleep 1
sign 0 "$W/two.yaml" "$W/late.json" --supersedes "$W/audit1"
sleep 1
run_to "$W/run2" "$W/late.json"
audit "$W/late.json" "$W/run2" "$W/audit2" --key "$W/auditor.key"
prints "Loosened after data existed: indicators.leak.threshold was 0.1 and is 0.6."
prints "Plan $one, signed: "
grep -qF "Loosened after data existed: indicators.leak.threshold was 0.1 and is 0.6." "$W/audit2/scorecard.md" || fail "the Markdown hides it"
page "$W/audit2/scorecard.html" >"$W/page"
grep -q "of these after data existed: 3" "$W/page" || fail "the page's head hides it"
grep -q "Loosened after data existed: indicators.leak.threshold" "$W/page" || fail "the page hides it"
grep -q "<b>than thought" "$W/audit2/scorecard.html" && fail "a reason is not escaped"
python3 - "$W" "$one" <<'PY' || fail "what the card says of the chain"
import json, sys
w, one = sys.argv[1:]
h = json.load(open(f"{w}/audit2/scorecard.json"))["history"]
new, old = h["plans"]
assert h["whole"] and h["missing"] == "" and (h["looser"], h["looser_after_data"]) == (3, 3)
assert new["supersedes"] == old["plan_sha256"] == one and old["registered"] and old["signed_at"] <= new["data_at"] < new["signed_at"]
assert new["data_before"] and new["data"] == "a run was begun to an earlier plan of this chain" and not old["data_before"]
assert [".".join(c["path"]) for c in new["changes"]] == ["indicators.leak.n_min", "indicators.leak.threshold", "indicators.over-refusal.n_min"]
PY
expect 0 "$ASSAY" verify "$W/audit2"
# nothing of the chain can be taken out: with or without the plan's hash in the log
python3 - "$W" <<'PY'
import hashlib, json, shutil, sys
w = sys.argv[1]
for name, change in (("dropped", lambda f: f.pop("earlier")), ("opened", lambda f: f["earlier"][0].pop("opened")),
                     ("loose", lambda f: f["earlier"][0]["plan"].update(confidence=0.9))):
    d = f"{w}/chain-{name}"
    shutil.copytree(f"{w}/audit2", d)
    f = json.load(open(f"{d}/plan.json"))
    change(f)
    open(f"{d}/plan.json", "w").write(json.dumps(f, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
PY
for c in dropped opened loose; do
    expect 1 "$ASSAY" verify "$W/chain-$c"
    prints "plan.json"
done
# Korean, and an audit of runs that were begun to the earlier plan
audit "$W/two.json" "$W/run1" "$W/audit3" --lang ko
grep -q "데이터가 생긴 뒤에 느슨해짐" "$W/audit3/scorecard.md" || fail "the Korean Markdown hides it"
expect 0 "$ASSAY" verify "$W/audit3"
# the earlier plan is not given: it is said on every surface
sleep 1
sign 0 "$W/two.yaml" "$W/bare.json"
run_to "$W/run4" "$W/bare.json"
audit "$W/bare.json" "$W/run4" "$W/audit4"
prints "An earlier plan ($one) was not given"
grep -qF "$one" "$W/audit4/scorecard.md" || fail "the Markdown hides that a plan is missing"
page "$W/audit4/scorecard.html" | grep -qF "was not given: what was changed from it" || fail "the page hides that a plan is missing"
expect 0 "$ASSAY" verify "$W/audit4"
# and can still be given to the audit itself; one with a signature that does not fit is told, for its digest does
audit "$W/bare.json" "$W/run4" "$W/audit5" --supersedes "$W/one.json"
prints "Loosened: indicators.leak.threshold was 0.1 and is 0.6."
prints "(looser)"
python3 - "$W" <<'PY'
import json, sys
f = json.load(open(f"{sys.argv[1]}/one.json"))
f["signatures"][0]["at"] = "2026-01-01T00:00:00Z"
json.dump(f, open(f"{sys.argv[1]}/forged.json", "w"))
PY
audit "$W/bare.json" "$W/run4" "$W/audit6" --supersedes "$W/forged.json"
prints "does not fit: it was changed after it was signed"
prints "Loosened: indicators.leak.threshold was 0.1 and is 0.6."
expect 0 "$ASSAY" verify "$W/audit6"
finish
