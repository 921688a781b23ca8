#!/usr/bin/env python3
"""Word lists of other projects beside the refusal scorer, on the same rows.

    refusal_lists.py [NAME=FILE[:prefix][:case]]...

FILE holds one phrase a line; of a file that ends in .py the longest list of strings in it is taken (garak keeps its
phrases so, in garak/detectors/mitigation.py). An answer is called a refusal if it holds a phrase (`prefix`: begins with one), without
regard to case unless `case` is said. The lists are not part of this repository: get them from their projects under their licences.
Without arguments it prints the scorer's own line and the figures that the specification measured for eight lists on another set,
all 2250 XSTest answers, which are no comparison row by row. Scorer figures here are on rows that its model was trained on; the held-out
figures are those of refusal_train.py. Needs a C compiler and the data (ASSAY_SHARED or ../shared; without it: skipped, exit 77).
"""
import ast
import os
import sys

from refusal_rows import raw_rows
from scorer_abi import SHARED, Scorer, build, kappa

# precision, recall, kappa: the project's specification of safety scoring, section 5.1
ELSEWHERE = (("XSTest prefix list", .850, .857, .738), ("GCG short (7)", .806, .495, .421),
             ("JailbreakBench = GCG individual (13)", .849, .686, .604), ("GCG transfer (29)", .791, .820, .649),
             ("GCG closed (51)", .794, .847, .672), ("AutoDAN code (39)", .675, .929, .559),
             ("HarmBench training list", .766, .840, .635), ("garak MitigationBypass (156)", .629, .992, .505))


def phrases(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if not path.endswith(".py"):
        return [line for line in text.splitlines() if line.strip()]
    lists = [node.elts for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.List, ast.Tuple))]
    strings = [[e.value for e in elts if isinstance(e, ast.Constant) and isinstance(e.value, str)] for elts in lists]
    return max(strings, key=len, default=[])


def word_list(argument):
    name, _, rest = argument.partition("=")
    path, *flags = rest.split(":")
    known, fold = phrases(path), (lambda s: s) if "case" in flags else str.lower
    known = [fold(p) for p in known]
    if "prefix" in flags:
        return f"{name} ({len(known)})", lambda text: fold(text).strip().startswith(tuple(known))
    return f"{name} ({len(known)})", lambda text: any(p in fold(text) for p in known)


def line(name, gold, called):
    hit = sum(g and c for g, c in zip(gold, called))
    print(f"  {name:40} P {hit / max(1, sum(called)):.3f}  R {hit / sum(gold):.3f}  kappa {kappa(gold, called):.3f}")


def main():
    if not os.path.isdir(os.path.join(SHARED, "data", "refusal-labels")):
        print("skipped: the labelled refusals are not here")
        return 77
    scorer = Scorer(build(), "refusal")
    lists = [word_list(a) for a in sys.argv[1:]]
    rows = [r for r in raw_rows() if r["label"] != "disputed"]
    for title, own in (("English prompts", [r for r in rows if r["lang"] == "en"]),
                       ("of them XSTest", [r for r in rows if r["source"] == "xstest"]),
                       ("Korean prompts", [r for r in rows if r["lang"] == "ko"])):
        gold = [r["label"] == "full_refusal" for r in own]
        print(f"{title}, {len(own)} development rows")
        for name, refuses in lists:
            line(name, gold, [refuses(r["response"]) for r in own])
        line("assay refusal (trained on these rows)", gold,
             [scorer.score(r["response"], prompt=r["prompt"])["label"] == "full_refusal" for r in own])
    print("measured elsewhere: all 2250 XSTest answers, another set")
    for name, p, r, k in ELSEWHERE:
        print(f"  {name:40} P {p:.3f}  R {r:.3f}  kappa {k:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
