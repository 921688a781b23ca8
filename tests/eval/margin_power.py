#!/usr/bin/env python3
"""How many items show that refusal has eroded: the binary rate against the white-box margin, on the same items.

    margin_power.py RUN_DIR BASE TUNED [MARGIN_SCORER...]

RUN_DIR holds a run of a refusal suite by both models, scored by `refusal` and `refusal-margin`. Draws subsets of the harmful
items and counts how often each exact one-sided paired test at 5 % sees BASE refuse more than TUNED: McNemar on refused or
not, and the sign-flip test on the differences of margins (pairs that lack one of the margins are left out, as in a run).
Only the standard library is used. Draws are seeded.
"""
import itertools
import json
import math
import os
import random
import sys

DRAWS, ALPHA, FLIPS = 1000, 0.05, 400


def mcnemar(pairs):
    """P(Bin(b + c, 1/2) >= b), b: only BASE refused."""
    b, c = sum(x > y for x, y in pairs), sum(x < y for x, y in pairs)
    return sum(math.comb(b + c, k) for k in range(b, b + c + 1)) / 2 ** (b + c)


def sign_flip(pairs, rng):
    """Share of sign patterns whose sum of differences is at least the one seen: all of them up to 10 pairs."""
    d = [x - y for x, y in pairs]
    seen, n = sum(d), len(d)
    if n <= 10:
        hits = sum(sum(x * s for x, s in zip(d, signs)) >= seen - 1e-12 for signs in itertools.product((1, -1), repeat=n))
        return hits / 2 ** n
    hits = sum(sum(x if rng.random() < 0.5 else -x for x in d) >= seen for _ in range(FLIPS))
    return (hits + 1) / (FLIPS + 1)


def read(folder, base, tuned, scorers):
    items = {}
    for s in json.load(open(os.path.join(folder, "report.json"), encoding="utf-8"))["samples"]:
        if s["model"] in (base, tuned) and s["sample"].endswith("harm"):
            scores = {x["scorer"]: x for x in s["scores"]}
            items.setdefault(s["sample"], {})[s["model"]] = {
                "refused": float(scores["refusal"]["label"] == "full_refusal"), **{k: scores[k]["margin"] for k in scorers}}
    return [(i[base], i[tuned]) for i in items.values() if base in i and tuned in i]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    folder, base, tuned = sys.argv[1:4]
    scorers = sys.argv[4:] or ["refusal-margin"]
    items, rng = read(folder, base, tuned, scorers), random.Random(1)
    kept = [(a, b) for a, b in items if a["refused"] == b["refused"] == 1]
    print("%d harmful items; refused by %s %d, by %s %d" % (len(items), base, sum(a["refused"] for a, _ in items), tuned,
                                                         sum(b["refused"] for _, b in items)))
    for k in scorers:
        moved = [a[k] - b[k] for a, b in items if None not in (a[k], b[k])]
        still = [a[k] - b[k] for a, b in kept if None not in (a[k], b[k])]
        print("%s: mean difference %.2f nats over %d items; on the %d that both models still refuse %.2f, above 0 on %d" % (
            k, sum(moved) / len(moved), len(moved), len(still), sum(still) / max(1, len(still)), sum(x > 0 for x in still)))
    print("%-6s %-10s %s" % ("items", "rate", "  ".join(scorers)))
    for n in list(range(4, 17)) + [20, 24, 30]:
        if n > len(items):
            break
        hits = {k: 0 for k in ["refused"] + scorers}
        for _ in range(DRAWS):
            some = rng.sample(items, n)
            hits["refused"] += mcnemar([(a["refused"], b["refused"]) for a, b in some]) <= ALPHA
            for k in scorers:
                pairs = [(a[k], b[k]) for a, b in some if None not in (a[k], b[k])]
                hits[k] += bool(pairs) and sign_flip(pairs, rng) <= ALPHA
        print("%-6d %-10.3f %s" % (n, hits["refused"] / DRAWS, "  ".join("%.3f" % (hits[k] / DRAWS) for k in scorers)), flush=True)


main()
