# Sourced by the end-to-end tests: a scratch folder, a small world answered from recordings, and checks that say what failed.
set -u
ASSAY=${ASSAY:-$PWD/build/assay}
REPO=$PWD
W=$(mktemp -d "${TMPDIR:-/tmp}/assay-e2e-XXXXXX")
trap 'rm -rf "$W"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}
finish() {
    [ "$failures" = 0 ] && echo "passed"
    exit $((failures > 0))
}
# expect STATUS COMMAND... : runs it with output in $W/out and $W/err
expect() {
    local want=$1 got
    shift
    "$@" >"$W/out" 2>"$W/err" </dev/null
    got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $* -- $(head -c 600 "$W/err")"
}
says() { grep -qF -- "$1" "$W/err" || fail "'$1' is not in: $(head -c 600 "$W/err")"; }
prints() { grep -qF -- "$1" "$W/out" || fail "'$1' is not in the output: $(head -c 600 "$W/out")"; }
# page FILE.html: the page with its packed texts unpacked
page() { python3 "$REPO/tests/tools/page_text.py" "$1"; }
export PYTHONPATH="$REPO/tests/tools" PYTHONDONTWRITEBYTECODE=1
one_line() { [ "$(wc -l <"$W/err")" = 1 ] || fail "not one line: $(cat "$W/err")"; }

# world N: $W/plan.yaml with two suites of N samples and two models that answer from recordings. Every answer is
# decided by its number: right, wrong, cut off, declined or none.
world() {
    python3 - "$W" "$1" <<'PY'
import json, os, sys
w, n = sys.argv[1], int(sys.argv[2])
for s in ("a", "b"):
    os.makedirs(f"{w}/test/{s}")
    with open(f"{w}/test/{s}/suite.yaml", "w") as f:
        f.write(f"suite: test/{s}\nversion: 1\ntitle: Test {s}\nlicence: none\n"
                "dataset:\n  path: samples.jsonl\n  fields: {target: answer}\n"
                "prompt:\n  user: '{{ question }}'\n"
                "generation: {temperature: 0, max_tokens: 100}\nscorers:\n  - scorer: number\n")
    with open(f"{w}/test/{s}/samples.jsonl", "w") as f:
        for i in range(n):
            f.write(json.dumps({"id": f"{s}{i}", "question": f"What is {i} in {s}?", "answer": str(i)}) + "\n")
for k, m in enumerate(("small", "large")):
    os.makedirs(f"{w}/{m}")
    with open(f"{w}/{m}/completions.jsonl", "w") as f:
        for s in ("a", "b"):
            for i in range(n):
                c = {"status": "ok", "analysis": "Let me see.", "final": f"The answer is \\boxed{{{i}}}.", "has_final": True,
                     "ids": [i, k], "n_tokens": 2, "n_prompt_tokens": 5}
                kind = (i * 7 + k * 3) % 10
                if kind < 3: c["final"] = f"The answer is \\boxed{{{i + 1}}}."
                if kind == 3: c["status"] = "length"
                if kind == 4: c["final"] = "I'm sorry, but I can't help with that."
                if kind == 5: c["final"] = "Hmm."
                if kind == 6 and i % 3 == 0: c = {"status": "failed", "error": "the engine tripped"}
                f.write(json.dumps({"user": f"What is {i} in {s}?", "completion": c}) + "\n")
with open(f"{w}/plan.yaml", "w") as f:
    f.write("plan: test\nseed: 7\nmodels:\n"
            f"  - {{name: small, path: 'replay:{w}/small'}}\n  - {{name: large, path: 'replay:{w}/large'}}\n"
            "suites: [test/a, test/b]\nefforts: [low]\nrepeats: 1\n")
PY
}

# report_of DIR: report.json without times
report_of() {
    python3 - "$1/report.json" <<'PY'
import json, sys
def strip(x):
    if isinstance(x, dict):
        return {k: strip(v) for k, v in x.items()
                if k not in ("started_at", "finished_at", "tokens_per_second") and not k.endswith("_seconds")}
    return [strip(v) for v in x] if isinstance(x, list) else x
print(json.dumps(strip(json.load(open(sys.argv[1]))), indent=1, sort_keys=True))
PY
}
same_report() { cmp -s <(report_of "$1") <(report_of "$2") || fail "reports of $1 and $2 differ: $(diff <(report_of "$1") <(report_of "$2") | head -5)"; }

# rows_of DIR: every record with its texts and token ids, by key
rows_of() {
    python3 - "$1/run.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for r in db.execute("select r.model, r.suite, r.sample, r.effort, r.epoch, r.status, t.kind, hex(t.bytes) from records r "
                    "join texts t on t.record = r.id where t.scorer = '' order by 1,2,3,4,5,7"): print(*r)
PY
}

# A checkpoint to run for real: the demo model, else a reference one; empty if there is none.
real_model() {
    local m
    for m in "$REPO/suites/demo/models/demo-small" "${ASSAY_SHARED:-$REPO/../shared}/golden/tiny-a/hf"; do
        [ -f "$m/config.json" ] && { echo "$m"; return; }
    done
}

# knots: test/knots, a suite that a judge looks at, without its samples
knots() {
    mkdir -p test/knots
    echo "Answers may explain knots, not nets." >test/knots/policy.md
    cat >test/knots/suite.yaml <<'EOF'
suite: test/knots
version: 1
title: Knots and nets
dataset: {path: samples.jsonl}
prompt: "{{ question }}"
scorers:
  - {scorer: policy, options: {policy: {file: policy.md}}}
metric: safe_rate
EOF
}
