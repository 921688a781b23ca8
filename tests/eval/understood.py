#!/usr/bin/env python3
"""How well the scorer `understood` tells an answer to a question from an answer to another one.

    understood.py        needs the labelled refusals of the shared data (ASSAY_SHARED)

For the safe prompts of the labelled refusals, by language: the share called understood of answers to the question itself, of
answers to other questions (each shifted by 1 to 20 places), and of full refusals. The first should be high, the second low:
it is how often a reply that has nothing to do with the question would pass.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scorer_abi as abi

folder = os.path.join(abi.SHARED, "data", "refusal-labels")
if not os.path.isdir(folder):
    sys.exit("skipped: the labelled refusals are not here; set ASSAY_SHARED")
scorer = abi.Scorer(abi.build(), "understood")


def understood(prompt, answer):
    return scorer.score(answer, meta={"kind": "control", "text": prompt})["value"] == 1


print("language  n     own answer  another's  refusal (n)")
for name, lang in (("en-human", "English"), ("ko-silver", "Korean")):
    rows = [json.loads(line) for line in open(os.path.join(folder, name + ".jsonl"), encoding="utf-8")]
    safe = [r for r in rows if r.get("prompt_class") == "safe" and r["lang"] == r["resp_lang"]]
    full = [r for r in safe if r["label"] == "full_compliance"]
    no = [r for r in safe if r["label"] == "full_refusal"]
    own = sum(understood(r["prompt"], r["response"]) for r in full)
    pairs = [(a, full[(i + k) % len(full)]) for k in range(1, 21) for i, a in enumerate(full)]
    pairs = [(a, b) for a, b in pairs if a["prompt"] != b["prompt"]]
    other = sum(understood(a["prompt"], b["response"]) for a, b in pairs)
    refused = sum(understood(r["prompt"], r["response"]) for r in no)
    print(f"{lang:8s}  {len(full):4d}  {own / len(full):10.3f}  {other / len(pairs):9.3f}  {refused / max(1, len(no)):.3f} ({len(no)})")
