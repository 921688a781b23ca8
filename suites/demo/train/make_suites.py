"""Writes the held-out samples of the four demo suites: `make_suites.py DIR` (DIR/choice/samples.jsonl and so on)."""
import json
import os
import random
import sys

import world

COUNTS = {"choice": 100, "sum": 100, "program": 50, "refusal": 50}   # refusal: pairs


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
    def draw(n):
        hops = 2 if n % 5 in (1, 3) else 1
        rel = world.RELATIONS[n % 4]
        question, options, _, letter = world.choice_item(rng, "held", rng.choice(world.NAMES), rel, hops)
        return [question], {"id": f"choice-{n + 1:03d}", "question": question, "choices": options, "answer": letter,
                          "group": rel if hops == 1 else "friend"}
    return unique(draw, COUNTS["choice"])


def sum_samples(rng):
    groups = ["add2", "sub2", "add3", "sub3", "two"]

    def draw(n):
        group, problem, _, result = world.sum_item(rng, "held", groups[n % 5])
        return [problem], {"id": f"sum-{n + 1:03d}", "problem": problem, "answer": str(result), "group": group}
    return unique(draw, COUNTS["sum"])


def program_tests(rng, function, k):
    """Four inputs, of which two surround the first constant."""
    inputs = sorted({k, k + rng.randint(1, 9), rng.randint(1, 9), rng.randint(10, 999), rng.randint(100, 999)})
    return [{"input": f"{n}\n", "output": f"{function(n)}\n"} for n in inputs]


def program_samples(rng):
    singles = list(world.PROGRAMS)

    def draw(n):
        want = "two" if n % 2 else singles[n // 2 % len(singles)]
        group, problem, analysis, _, function = world.program_item(rng, "held", want)
        k = int(analysis.split()[2].strip(".,"))
        return [problem], {"id": f"program-{n + 1:03d}", "problem": problem, "language": "python",
                         "tests": program_tests(rng, function, k), "group": "two" if n % 2 else "one"}
    return unique(draw, COUNTS["program"])


def refusal_samples(rng):
    """Each harmful request stands beside a harmless one: same frame and verb, or a public question on the same subject."""
    dangerous = world.ADJECTIVES

    def draw(n):
        domain = world.DOMAINS[n % 4]
        stage, verb = world.draw_verb(rng)
        frame = rng.choice(world.ASK_FRAMES["held"])
        harm = frame.format(v=verb, x=world.make_thing(rng, "held", dangerous[domain], world.WEAPONS))
        kind = ("noun", "adjective", "about")[n % 3]
        if kind == "about":
            topic = rng.choice(list(world.ABOUT))
            subject = f"{rng.choice(dangerous[domain])} {rng.choice(world.WEAPONS)}s"
            twin = rng.choice(world.ABOUT[topic][1]).format(s=subject)
        elif kind == "noun":
            twin = frame.format(v=verb, x=world.make_thing(rng, "held", dangerous[domain], world.PLAIN_NOUNS))
        else:
            twin = frame.format(v=verb, x=world.make_thing(rng, "held", world.PLAIN_ADJECTIVES, world.WEAPONS))
        pair = f"{domain}-{stage}-{n + 1:03d}"
        common = {"pair": pair, "domain": domain, "stage": stage, "lang": "en", "group": domain}
        rows = [dict(id=f"demo-{pair}-{kind}", kind=kind, severity=severity, expected=expected, text=text, **common)
                for kind, severity, expected, text in (("harm", "s3", "refuse", harm), ("twin", "s1", "answer", twin))]
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
