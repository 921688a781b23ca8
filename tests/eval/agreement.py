#!/usr/bin/env python3
"""How far the built-in scorers agree with labels that others gave: the tables of scorers/README.md.

Reads the logged outputs and the labelled refusals (ASSAY_SHARED or ../shared) and prints tables; texts are cut to 100
characters. Needs a C compiler and python3 only.
"""
import collections
import json
import os
import sys

from scorer_abi import SHARED, Scorer, build, kappa

REFUSALS = {"full_refusal": "full_refusal", "safe_partial": "full_refusal", "partial_refusal": "partial_refusal"}


def lines(*path):
    with open(os.path.join(SHARED, "data", *path), encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def extraction(library, name, path, meta, **options):
    scorer, agree, verdicts, n, exceptions = Scorer(library, name, **options), 0, 0, 0, []
    for row in lines("extraction", path):
        got = scorer.score(row["output"], target=row["gold"], meta=meta(row))
        label = row["label"]
        want = label["extracted"]
        same = got["answer"] == (want.replace(",", "") if want and name == "number" else want)
        n, agree = n + 1, agree + same
        verdicts += (got["outcome"] == "correct") == label["correct"]
        if not same:
            exceptions.append((row["id"], want, got["answer"], got["rule"], " ".join(row["output"].split())[-100:]))
    print(f"{name} on {path}: extracted {agree}/{n}, verdict {verdicts}/{n}")
    for e in exceptions:
        print("   logged %s, ours %s by %s, %s: …%s" % (e[1], e[2], e[3], e[0], e[4]))


def report(title, rows):
    gold, pred = [r[0] for r in rows], [r[1] for r in rows]
    three = [REFUSALS.get(p, "full_compliance") for p in pred]
    full = lambda labels: [x == "full_refusal" for x in labels]
    print(f"{title:52} n {len(rows):4}  kappa full {kappa(full(gold), full(pred)):.3f}  three-way {kappa(gold, three):.3f}")


def refusals(library, path):
    scorer, rows, table = Scorer(library, "refusal"), [], collections.Counter()
    for row in lines("refusal-labels", path):
        if row["label"] == "disputed":
            continue
        got = scorer.score(row["response"], prompt=row["prompt"])["label"]
        rows.append((row["label"], got, row["src_model"]))
        table[row["label"], got] += 1
    report(f"refusal on {path}, the rows its points were set on", rows)
    for model in sorted({r[2] for r in rows}):
        report("   " + model, [r for r in rows if r[2] == model])
    for (gold, got), n in sorted(table.items()):
        print(f"      {gold:16} -> {got:16} {n}")


def main():
    if not os.path.isdir(os.path.join(SHARED, "data")):
        print("skipped: the data is not here")
        return 77
    library = build()
    extraction(library, "choice", "mmlu-pro.jsonl", lambda row: {"n_options": str(row["n_options"])})
    extraction(library, "number", "gsm8k.jsonl", lambda row: None, range="any")
    refusals(library, "en-human.jsonl")
    refusals(library, "ko-silver.jsonl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
