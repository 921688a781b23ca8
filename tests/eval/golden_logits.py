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
MAX_ABS, MEAN_ABS, TIE = 5e-4, 5e-5, 1e-3  # a greedy step whose margin is below twice the tolerance ends its case


def floats(path):
    a = array.array("f")
    with open(path, "rb") as f:
        a.frombytes(f.read())
    return a


def run(*args):
    return subprocess.run([ASSAY, *args], check=True, stdout=subprocess.PIPE).stdout


def case_errors(model_dir, case, ref, vocab, tmp):
    tokens, out = os.path.join(tmp, "ids.json"), os.path.join(tmp, "logits.bin")
    with open(tokens, "w") as f:
        json.dump(case["prompt_ids"], f)
    run("logits", "-q", "--model", model_dir, "--tokens", tokens, "--out", out, "--all")
    got, want = floats(out), floats(os.path.join(ref, os.path.basename(case["logits"])))
    worst = total = 0.0
    for row, position in enumerate(case["positions"]):
        for v in range(vocab):
            d = abs(got[position * vocab + v] - want[row * vocab + v])
            worst, total = max(worst, d), total + d
    greedy = json.loads(run("generate", "--model", model_dir, "--tokens", tokens, "--max-tokens", "32", "--temperature", "0",
                            "--ignore-eos", "--ids"))["ids"]
    return worst, total / len(want), greedy


def greedy_verdict(case, got):
    for step, (a, b, margin) in enumerate(zip(got, case["greedy32"], case["greedy32_margins"])):
        if a != b:
            return "tie at %d" % step if margin < TIE else "DIFFERS at %d" % step
    return "equal" if len(got) == 32 else "SHORT"


def main():
    bad = False
    print("%-18s %-10s %10s %10s  %s" % ("checkpoint", "case", "max abs", "mean abs", "32 greedy tokens"))
    for name, layout in (("tiny-a", "hf"), ("tiny-a", "hf-sharded"), ("tiny-b", "hf"), ("tiny-e", "hf")):
        root = os.path.join(SHARED, "golden", name)
        golden = json.load(open(os.path.join(root, "ref", "golden.json")))
        model = os.path.join(root, layout)
        vocab = json.load(open(os.path.join(model, "config.json")))["vocab_size"]
        with tempfile.TemporaryDirectory() as tmp:
            for case in golden["cases"]:
                worst, mean, greedy = case_errors(model, case, os.path.join(root, "ref"), vocab, tmp)
                verdict = greedy_verdict(case, greedy)
                bad |= worst > MAX_ABS or mean > MEAN_ABS or verdict[0].isupper()
                print("%-18s %-10s %10.1e %10.1e  %s" % (name + "/" + layout, case["name"], worst, mean, verdict))
    return 1 if bad else 0


sys.exit(main())
