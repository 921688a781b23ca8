#!/usr/bin/env python3
"""Runs `assay logits` and `assay generate` on every golden case and prints the table of errors.

usage: tests/eval/golden_logits.py [ASSAY [SHARED]]      exit 1 if a case is beyond the tolerance of golden/README.md
"""
import array
import json
import os
import subprocess
import sys
import tempfile

ASSAY = sys.argv[1] if len(sys.argv) > 1 else "build/assay"
SHARED = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("ASSAY_SHARED", "../shared")
LAYOUTS = [("tiny-a", "hf"), ("tiny-a", "hf-sharded"), ("tiny-a", "original"), ("tiny-a", "bf16"), ("tiny-a", "q8_0"),
           ("tiny-b", "hf"), ("tiny-b", "bf16"), ("tiny-b", "q8_0"), ("tiny-e", "hf"), ("tiny-e", "bf16"), ("tiny-e", "q8_0")]
MAX_ABS, MEAN_ABS, TIE = 5e-4, 5e-5, 1e-3  # a greedy step whose margin is below twice the tolerance ends its case


def floats(path):
    a = array.array("f")
    with open(path, "rb") as f:
        a.frombytes(f.read())
    return a


def run(*args):
    return subprocess.run([ASSAY, *args], check=True, stdout=subprocess.PIPE).stdout


def case_errors(model_dir, case, ref, vocab, tmp, suffix):
    tokens, out = os.path.join(tmp, "ids.json"), os.path.join(tmp, "logits.bin")
    with open(tokens, "w") as f:
        json.dump(case["prompt_ids"], f)
    run("logits", "-q", "--model", model_dir, "--tokens", tokens, "--out", out, "--all")
    got, want = floats(out), floats(os.path.join(ref, os.path.basename(case["logits" + suffix])))
    worst = total = 0.0
    for row, position in enumerate(case["positions" + suffix]):
        for v in range(vocab):
            d = abs(got[position * vocab + v] - want[row * vocab + v])
            worst, total = max(worst, d), total + d
    greedy = json.loads(run("generate", "--model", model_dir, "--tokens", tokens, "--max-tokens", "32", "--temperature", "0",
                            "--ignore-eos", "--ids"))["ids"]
    return worst, total / len(want), greedy


def greedy_verdict(case, got, suffix):
    for step, (a, b, margin) in enumerate(zip(got, case["greedy32" + suffix], case["greedy32" + suffix + "_margins"])):
        if a != b:
            return "tie at %d" % step if margin < TIE else "DIFFERS at %d" % step
    return "equal" if len(got) == 32 else "SHORT"


def main():
    bad = False
    print("%-22s %-10s %10s %10s  %s" % ("checkpoint", "case", "max abs", "mean abs", "32 greedy tokens"))
    for name, layout in LAYOUTS:
        root = os.path.join(SHARED, "golden", name)
        golden = json.load(open(os.path.join(root, "ref", "golden.json")))
        model = os.path.join(root, "%s-%s-mxfp4.gguf" % (name, layout) if layout in ("bf16", "q8_0") else layout)
        suffix = "_q8_0" if layout == "q8_0" else ""  # other weights: references of their own
        with tempfile.TemporaryDirectory() as tmp:
            for case in golden["cases"]:
                worst, mean, greedy = case_errors(model, case, os.path.join(root, "ref"), golden["vocab_size"], tmp, suffix)
                verdict = greedy_verdict(case, greedy, suffix)
                bad |= worst > MAX_ABS or mean > MEAN_ABS or verdict[0].isupper()
                print("%-22s %-10s %10.1e %10.1e  %s" % (name + "/" + layout, case["name"], worst, mean, verdict))
    return 1 if bad else 0


sys.exit(main())
