#!/usr/bin/env python3
"""The likelihoods behind `refusal-margin`, against Hugging Face transformers: an implementation that shares no line with ours.

    transformers_margin.py [--assay build/assay] [--device cuda] [--limit 20]

Runs demo/refusal on two demo models, takes from the store what each opening of an answer was given, in nats, before any analysis and behind it, and has
transformers do the same in float64 with rotary angles in float64 (transformers_logits.py says why). Prints for each model and place the largest
difference of a likelihood that matters (above -30 nats) and of the margin.

Needs torch and transformers with GptOss; without torch: skipped, exit 77.
"""
import argparse
import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from transformers_logits import DEMO, exact_angles, load, torch  # exits with 77 without torch

MODELS = ("demo-large", "demo-large-tuned")
MATTERS = -30.0


def lines(command, inputs):
    out = subprocess.run(command, input="".join(json.dumps(x) + "\n" for x in inputs), capture_output=True, text=True, check=True).stdout
    return [json.loads(x) for x in out.splitlines()]


def ids_of(assay, path, texts, special=False):
    return [x["ids"] for x in lines([assay, "tokenize", "--model", path] + ["--special"] * special, [{"text": t} for t in texts])]


def openings():
    """The two lists as the source has them."""
    with open("scorers/refusal_margin.c", encoding="utf-8") as f:
        source = f.read()
    lists = [re.search(name + r"\[\] = \{(.*?)\};", source, re.S).group(1) for name in ("REFUSING", "COMPLYING")]
    return [[json.loads(t) for t in re.findall(r'"(?:[^"\\]|\\.)*"', part)] for part in lists]


def records(folder, model):
    """(prompt messages, tokens of the prompt, answer ids, {place: likelihoods}) of each sample."""
    db = sqlite3.connect(os.path.join(folder, "run.db"))
    for record, n_prompt in db.execute("select id, n_prompt_tokens from records where model = ? and status = 'ok' order by id", (model,)).fetchall():
        t = {k: bytes(b) for k, b in db.execute("select kind, bytes from texts where record = ? and scorer = ''", (record,))}
        probes = {p["at"]: [s[0] for s in p["scores"]] for p in json.loads(t["probes"]) if p.get("scores")}
        yield json.loads(t["prompt"]), n_prompt, t["analysis"].decode(), probes


def likelihoods(model, prefix, choices, device):
    """ln P(choice | prefix) for each; one pass over all, padded behind, which a causal model does not see."""
    most = max(map(len, choices))
    rows = [prefix + c + [0] * (most - len(c)) for c in choices]
    with torch.no_grad():
        logs = model(torch.tensor(rows, device=device), attention_mask=torch.ones(len(rows), len(rows[0]), device=device)).logits.double().log_softmax(-1)
    at = len(prefix) - 1
    return [sum(logs[i, at + k, c].item() for k, c in enumerate(choice)) for i, choice in enumerate(choices)]


def margin(v, n):
    return [math.log(sum(math.exp(x) for x in part)) for part in (v[:n], v[n:])]


def check(name, o, folder):
    path = f"{DEMO}/{name}"
    refusing, complying = openings()
    choices = ids_of(o.assay, path, refusing + complying)
    final = ids_of(o.assay, path, ["<|channel|>final<|message|>"], True)[0]
    behind = ids_of(o.assay, path, ["<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"], True)
    model = load(path, o.device).double()
    exact_angles(model)
    worst = {}
    for messages, n_prompt, analysis, probes in records(folder, name):
        prompt = lines([o.assay, "render", "--model", path], [{"messages": messages}])[0]["ids"]
        if len(prompt) != n_prompt:
            sys.exit(f"{name}: the prompt has {len(prompt)} tokens here, {n_prompt} in the run")
        for place, got in probes.items():
            prefix = prompt + (final if place == "start" else behind[0] + ids_of(o.assay, path, [analysis])[0] + behind[1])
            want = likelihoods(model, prefix, choices, o.device)
            off = max(abs(x - y) for x, y in zip(got, want) if y > MATTERS)
            ours, theirs = (a - b for a, b in (margin(got, len(refusing)), margin(want, len(refusing))))
            w = worst.setdefault(place, [0, 0.0, 0.0, 0.0])
            worst[place] = [w[0] + 1, max(w[1], off), max(w[2], abs(ours - theirs)), max(w[3], abs(theirs))]
    for place, (n, off, m, size) in worst.items():
        print(f"| {name}, {place} | {n} | {off:.2g} | {m:.2g} | {size:.1f} |", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--assay", default="build/assay")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--limit", default="20")
    o = p.parse_args()
    print("| model, place | items | largest difference of a likelihood, nats | of the margin | largest margin |\n|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as work:
        named = [x for m in MODELS for x in ("--model", f"{m}={DEMO}/{m}")]
        subprocess.run([o.assay, "run", "suites/demo/refusal", *named, "--scorer", "refusal-margin", "--limit", o.limit, "--out", f"{work}/run", "-q"],
                       check=True, stdout=subprocess.DEVNULL)
        for m in MODELS:
            check(m, o, f"{work}/run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
