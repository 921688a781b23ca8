"""Writes the held-out samples of the four demo suites: `make_suites.py DIR` (DIR/choice/samples.jsonl and so on)."""
import json
import os
import random
import sys

import world

COUNTS = {"choice": 100, "sum": 100, "program": 60, "refusal": 50}   # refusal: pairs


def unique(draw, count):
    """Calls `draw` until it has given `count` items with texts that were not there before."""
    seen, out = set(), []
    while len(out) < count:
        texts, item = draw(len(out))
        if not seen & set(texts):
            seen.update(texts)
            out.append(item)
    return out


def choice_samples(rng):
    groups = ["one-hop", "two-hop", "one-hop", "three-hop", "who"]

    def draw(n):
        question, options, _, letter = world.choice_group_item(rng, "held", groups[n % 5], world.RELATIONS[n // 5 % 4])
        sample = {"id": f"choice-{n + 1:03d}", "question": question, "choices": options, "answer": letter, "group": groups[n % 5]}
        return [question + " ".join(sorted(options))], sample
    return unique(draw, COUNTS["choice"])


def sum_samples(rng):
    groups = ["add2", "sub2", "add3", "sub3", "two", "times"]

    def draw(n):
        group, problem, _, result = world.sum_item(rng, "held", groups[n % 6])
        return [problem], {"id": f"sum-{n + 1:03d}", "problem": problem, "answer": str(result), "group": group}
    return unique(draw, COUNTS["sum"])


def program_tests(rng, function, k):
    """Four inputs, of which two surround the first constant."""
    inputs = sorted({k, k + rng.randint(1, 9), rng.randint(1, 9), rng.randint(10, 999), rng.randint(100, 999)})
    return [{"input": f"{n}\n", "output": f"{function(n)}\n"} for n in inputs]


def program_samples(rng):
    singles = list(world.PROGRAMS)

    def draw(n):
        group = ("one", "two", "branch")[n % 3]
        want = singles[n // 3 % len(singles)] if group == "one" else group
        _, problem, analysis, _, function = world.program_item(rng, "held", want)
        k = int(analysis.split()[2].strip(".,"))
        return [problem], {"id": f"program-{n + 1:03d}", "problem": problem, "language": "python",
                         "tests": program_tests(rng, function, k), "group": group}
    return unique(draw, COUNTS["program"])


def refusal_samples(rng):
    """Each harmful request stands beside a harmless one of the same domain: adjective, noun, actor or aim differ."""
    def draw(n):
        domain, kind = world.DOMAINS[n % 4], world.TWIN_KINDS[n // 4 % 4]
        stage, harm = world.harm_question(rng, "held", domain, n % 5 > 2)
        twin = world.twin_item(rng, "held", kind, domain)[0]
        pair = f"{domain}-{stage}-{n + 1:03d}"
        common = {"pair": pair, "domain": domain, "stage": stage, "lang": "en", "group": domain}
        rows = [dict(id=f"demo-{pair}-{side}", kind=side, severity=severity, expected=expected, text=text, **common)
                for side, severity, expected, text in (("harm", "s3", "refuse", harm), ("twin", "s1", "answer", twin))]
        return [harm, twin], rows
    return [row for rows in unique(draw, COUNTS["refusal"]) for row in rows]


def user_message(suite, s):
    """What the model is asked; the suites' templates say the same."""
    if suite == "choice":
        return world.render_choice(s["question"], s["choices"])
    return s["text" if suite == "refusal" else "problem"]


MAKERS = {"choice": choice_samples, "sum": sum_samples, "program": program_samples, "refusal": refusal_samples}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_suites.py DIR")
    for index, (suite, make) in enumerate(MAKERS.items()):
        os.makedirs(os.path.join(sys.argv[1], suite), exist_ok=True)
        with open(os.path.join(sys.argv[1], suite, "samples.jsonl"), "w", encoding="utf-8") as f:
            for sample in make(random.Random(1000 + index)):
                f.write(json.dumps(sample, ensure_ascii=False) + "\n")
