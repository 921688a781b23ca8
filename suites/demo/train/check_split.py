"""Checks that nothing of the suites occurs in training: `check_split.py SUITES [DRAWS]`.

By rule: no item uses a training wording, and all have held-out numbers.  By trial: none is among so many drawn training
samples (a second argument, 200,000 if absent).
"""
import json
import os
import random
import re
import sys

import make_suites
import world


def frame_pattern(frame):
    """A frame with its holes open."""
    return re.compile(re.sub(r"\\\{\w\\\}", "(.+)", re.escape(frame)), re.I)


def train_frames(suite):
    """Patterns of all training wordings of a suite."""
    if suite == "choice":
        return [frame_pattern(f) for rel in world.RELATIONS
                for f in world.QUESTIONS[rel]["train"] + world.WHO[rel]["train"]]
    if suite == "program":
        return [frame_pattern(f) for f in world.PROGRAM_FRAMES["train"]]
    if suite == "sum":
        single = [frame_pattern(f) for f in world.TIMES["train"] + [f for op in "+-" for f in world.SUMS[op]["train"]]]
        return single + [frame_pattern(a + " " + b) for op in "+-" for a in world.FIRST[op]["train"]
                         for op2 in "+-" for b in world.SECOND[op2]["train"]]
    return [frame_pattern(f) for f in world.ASK_FRAMES["train"] + world.ACTOR_FRAMES["train"] + [q for k in world.ABOUT.values() for q in k[0]]]


def s_times(numbers, sample):
    """Times problems name the factor first."""
    return sample["group"] == "times"


def numbers_held(suite, sample):
    if suite == "sum":
        n = [int(x) for x in re.findall(r"\d+", sample["problem"])]
        return world.held_pair(n[0], n[1]) or s_times(n, sample) and world.held_pair(n[1], n[0])
    if suite == "program":
        n = [int(x) for x in re.findall(r"\d+", sample["problem"]) if x != "1"]   # "from 1 to it" is wording
        return all(world.held_const(k) for k in n)
    return True


def main(folder, draws):
    held, bad = {}, []
    for suite in make_suites.MAKERS:
        frames = train_frames(suite)
        for line in open(os.path.join(folder, suite, "samples.jsonl")):
            s = json.loads(line)
            text = make_suites.user_message(suite, s)
            held[text] = s["id"]
            question = s.get("question", text)
            if any(p.fullmatch(question) for p in frames):
                bad.append(f"{s['id']} uses a training wording")
            if not numbers_held(suite, s):
                bad.append(f"{s['id']} uses training numbers")
    rng = random.Random(4242)
    for _ in range(draws):
        family = rng.choice(["choice", "sum", "program", "harm", "twin"])
        user = world.MAKERS[family](rng)[0]
        if user in held:
            bad.append(f"{held[user]} was drawn as a training sample")
    print(f"{len(held)} held-out items, {len(bad)} problems")
    print("\n".join(bad[:20]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200000))
