#!/bin/bash
# tokenize, detokenize, render and parse, line for line, against the reference vectors.
set -eu
assay=${ASSAY:-build/assay}
shared=${ASSAY_SHARED:-../shared}
golden=$shared/golden
[ -d "$golden/tokenizer" ] || { echo "skipped: $golden is not here"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: python3 is not here"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tiny=$golden/tiny-a/hf

cat >"$tmp/check.py" <<'PY'
import json, subprocess, sys

assay, golden, tiny, o200k = sys.argv[1:5]
bad = 0

def lines(path):
    return [json.loads(l) for l in open(f"{golden}/{path}", encoding="utf-8")]

def ask(command, rows, *options, model=tiny):
    """One answer for each row, and the exit status."""
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    p = subprocess.run([assay, command, "--model", model, *options], input=text.encode("utf-8", "surrogatepass"),
                       capture_output=True)
    answers = [json.loads(l) for l in p.stdout.decode("utf-8").splitlines()]
    if len(answers) != len(rows):
        sys.exit(f"{command}: {len(rows)} lines in, {len(answers)} out; {p.stderr.decode()}")
    return answers, p.returncode

def check(what, got, want):
    global bad
    if got != want:
        bad += 1
        print(f"{what}: got {json.dumps(got, ensure_ascii=False)[:300]}, expected {json.dumps(want, ensure_ascii=False)[:300]}")

def encode(rows, model):
    for special in (False, True):
        part = [r for r in rows if bool(r.get("special")) == special]
        answers, rc = ask("tokenize", [{"text": r["text"]} for r in part], *(["--special"] if special else []), model=model)
        check("tokenize exit", rc, 0)
        for r, a in zip(part, answers):
            check("tokenize", a, {"ids": r["ids"]})
        answers, rc = ask("detokenize", [{"ids": r["ids"]} for r in part], model=model)
        for r, a in zip(part, answers):
            check("detokenize", a, {"text": r["text"], "hex": r["text"].encode().hex()})

def render(model, with_ids):
    rows = lines("harmony/render.jsonl")
    answers, rc = ask("render", rows, model=model)
    check("render exit", rc, 0)
    for r, a in zip(rows, answers):
        check(f"render {r['name']}", a["text"], r["text"])
        if with_ids:
            check(f"render {r['name']} ids", a["ids"], r["ids"])

def parse(model, key):
    for strict in (False, True):
        part = [r for r in lines("harmony/parse.jsonl") if r["strict"] == strict and key in r]
        answers, rc = ask("parse", [{key: r[key], "role": r["role"]} for r in part], *(["--strict"] if strict else []), model=model)
        check("parse exit", rc, 1 if any("error" in r for r in part) else 0)
        for r, a in zip(part, answers):
            check(f"parse {r['name']}", "error" in a if "error" in r else a.get("messages"), r.get("messages", True))

for model in (tiny, f"{golden}/tiny-a/tiny-a-q8_0-mxfp4.gguf", f"{golden}/tiny-a/original+tokenizer={tiny}/tokenizer.json"):
    encode([r for r in lines("tokenizer/encode-tiny-a.jsonl") if "text" in r], model)
    render(model, False)
    parse(model, "text")
if o200k:
    encode(lines("tokenizer/encode.jsonl"), o200k)
    rows = lines("tokenizer/decode.jsonl")
    for r, a in zip(rows, ask("detokenize", [{"ids": r["ids"]} for r in rows], model=o200k)[0]):
        check("detokenize", a, {"text": r["text_lossy"], "hex": r["hex"]})
    render(o200k, True)
    parse(o200k, "ids")
else:
    print("skipped: the vectors of the full vocabulary (ASSAY_O200K is not set)")

# bad lines are answered in their place and the rest go on
p = subprocess.run([assay, "tokenize", "--model", tiny], input=b'{"text":"a"}\nno\n{"txt":1}\n{"text":"\xff"}\n{"text":"b"}\n', capture_output=True)
answers = [json.loads(l) for l in p.stdout.splitlines()]
check("bad lines", (p.returncode, ["error" in a for a in answers]), (1, [False, True, True, True, False]))
answers, rc = ask("detokenize", [{"ids": [1, 999999]}, {"ids": [-1]}, {"ids": [1.5]}, {"ids": "x"}, {"ids": []}])
check("bad ids", (rc, ["error" in a for a in answers]), (1, [True] * 4 + [False]))
answers, rc = ask("parse", [{"text": "I must refuse<|end|>"}])
check("lenient", (rc, answers[0]), (0, {"messages": [{"role": "assistant", "content": "I must refuse"}], "stop": "end",
                                        "malformed": ["a header without <|message|>"]}))
sys.exit(bad != 0)
PY
python3 "$tmp/check.py" "$assay" "$golden" "$tiny" "${ASSAY_O200K:-}"

# options
for c in tokenize detokenize render parse; do
    "$assay" $c --help | grep -q "usage: assay $c" || { echo "$c --help"; exit 1; }
    rc=0; "$assay" $c </dev/null 2>"$tmp/err" || rc=$?
    [ $rc = 2 ] && grep -q -- --model "$tmp/err" || { echo "$c without --model: $rc"; exit 1; }
done
rc=0; "$assay" render --model "$tiny" --effort extreme </dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q extreme "$tmp/err"
rc=0; "$assay" render --model "$tiny" --date 2025-02-29 </dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q 2025-02-29 "$tmp/err"
rc=0; "$assay" tokenize --model "$tmp/none" </dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q "no model" "$tmp/err"
rc=0; "$assay" tokenize --model "$golden/tiny-a/original" </dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q "+tokenizer=" "$tmp/err"
out=$(echo '{"messages":[]}' | "$assay" render --model "$tiny" --effort=low --date 2024-02-29)
grep -q 'Current date: 2024-02-29\\n\\nReasoning: low' <<<"$out"
