#!/usr/bin/env python3
"""Sets the points of scorers/refusal.c from the development half of the labelled refusals, and says honestly how well.

Logistic regression (ridge, Newton) of "full refusal" on the signals that the scorer traces, one model per language of the
answer, points rounded to quarters. Kappa is given by 5-fold cross-validation in which all answers to one prompt are in one
fold, over several splits, and on the rows themselves. `--write` puts the points into scorers/refusal.c.
Needs python3-numpy, a C compiler, and the data (ASSAY_SHARED or ../shared). No row of the data leaves this program.
"""
import hashlib
import json
import os
import re
import sys

import numpy as np

from scorer_abi import ROOT, SHARED, Scorer, build, kappa

RIDGE, SPLITS, STEP = 2.0, 6, 0.25


def rows():
    for name in ("en-human.jsonl", "ko-silver.jsonl"):
        with open(os.path.join(SHARED, "data", "refusal-labels", name), encoding="utf-8") as f:
            for line in f:
                row = json.loads(line)
                if row["label"] != "disputed":
                    yield row


def fit(x, y):
    w = np.zeros(x.shape[1])
    penalty = np.eye(x.shape[1]) * RIDGE
    penalty[0, 0] = 1e-6
    for _ in range(15):
        p = 1 / (1 + np.exp(-x @ w))
        w -= np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + penalty, x.T @ (p - y) + penalty @ w)
    return w


def cross_validated(x, y, groups):
    result = []
    for split in range(SPLITS):
        fold = np.array([int(hashlib.md5((g + str(split)).encode()).hexdigest(), 16) % 5 for g in groups])
        margin = np.zeros(len(y))
        for k in range(5):
            margin[fold == k] = x[fold == k] @ fit(x[fold != k], y[fold != k])
        result.append(kappa(list(y > 0), list(margin > 0)))
    return result


def leave_one_model_out(x, y, models):
    """Each source model judged by points set on the others' answers."""
    for m in sorted(set(models)):
        own = np.array([name == m for name in models])
        margin = x[own] @ fit(x[~own], y[~own])
        print(f"    without {m:52} n {own.sum():4}  kappa {kappa(list(y[own] > 0), list(margin > 0)):.3f}")


def main():
    scorer = Scorer(build(), "refusal", trace="true")
    data = {"en": [], "ko": []}
    for row in rows():
        scorer.score(row["response"])
        signals = dict(p.split("=") for p in scorer.trace.split("|")[0].split())
        if signals:
            group = row["prompt"] or row["id"]
            data[row["resp_lang"]].append((signals, row["label"] == "full_refusal", group, row["src_model"]))
    points, names = {}, None
    for lang, items in data.items():
        names = list(items[0][0])
        x = np.array([[float(s[n]) for n in names] for s, _, _, _ in items])
        y = np.array([label for _, label, _, _ in items], float)
        cv = cross_validated(x, y, [g for _, _, g, _ in items])
        w = np.round(fit(x, y) / STEP) * STEP + 0.0
        points[lang] = dict(zip(names, w))
        print(f"answers in {lang}: {len(items)}, cross-validated kappa {np.mean(cv):.4f} "
              f"({min(cv):.4f} to {max(cv):.4f}), rounded on the same rows {kappa(list(y > 0), list(x @ w > 0)):.4f}")
        leave_one_model_out(x, y, [m for _, _, _, m in items])
    for n in names:
        print(f"  {n:16} {points['en'][n]:6.2f} {points['ko'][n]:6.2f}")
    if "--write" in sys.argv:
        path = os.path.join(ROOT, "scorers", "refusal.c")
        text = open(path, encoding="utf-8").read()

        def line(m):
            name = m.group(2)
            return f"{m.group(1)}{points['en'][name]:.2f}f, {points['ko'][name]:.2f}f}}"

        text = re.sub(r'(\{"([A-Za-z-]+)", (?:0|\'[A-Z]\'), [A-Z_]+, )[^}]*\}', line, text)
        open(path, "w", encoding="utf-8").write(text)


if __name__ == "__main__":
    main()
