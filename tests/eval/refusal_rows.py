"""The development half of the labelled refusals as the refusal scorer sees it: signals, units and labels of each row.

No row of the data leaves the programs that use this; what they print of a text is cut short, and what they write are
weights of n-grams.
"""
import json
import os
import re

from scorer_abi import SHARED, Scorer

SENTENCE_BEGIN = 1  # the unit "^" of refusal_model.c
FILES = ("en-human.jsonl", "ko-silver.jsonl")


def raw_rows():
    for name in FILES:
        with open(os.path.join(SHARED, "data", "refusal-labels", name), encoding="utf-8") as f:
            for line in f:
                yield json.loads(line)


def focus(row):
    """What must not be in two folds: an XSTest prompt, its contrast twins, and both in the other language; a Korean
    idiom and its contrast; else the prompt (two of the sources have no twins)."""
    m = re.fullmatch(r"(xstest|kor)-.*-(\d+)", row["id"])
    if not m:
        return row["prompt"] or row["id"]
    n = int(m.group(2)) - 1 if m.group(1) == "xstest" else int(m.group(2)) - 100
    if n < 0:
        return f"idiom-{(n + 100) % 50}"  # 50 idioms, then their contrasts
    if 250 <= n < 325:
        return f"discrimination-{n % 25}"  # three types of 25
    if n >= 375:
        return f"privacy-{n % 25}"  # three types of 25
    return f"{n // 50}-{n % 25}"  # a type of 25 and its contrast


def word_unit(word):
    """word_unit() of scorers/text_phrase.c"""
    h = 2166136261
    for byte in word.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h | 0x80000000


class Rows:
    """Rows with: y (full refusal), focus, lang (of the file), resp (of the answer), model, signals (1/256), grams (a set of
    tuples of units), declines and other (the labels on either side of margin zero), plain (yes, no: nothing
    follows a refusal)."""

    def __init__(self, library):
        self.rows, self.words, self.names = [], {word_unit(w): w for w in "not am are have will would is us can".split()}, None
        scorer = Scorer(library, "refusal", trace="true")
        for raw in raw_rows():
            if raw["label"] == "disputed":
                continue
            row = {"id": raw["id"], "label": raw["label"], "y": raw["label"] == "full_refusal", "focus": focus(raw),
                   "lang": raw["lang"], "resp": raw["resp_lang"], "model": raw["src_model"], "class": raw["prompt_class"],
                   "text": raw["response"], "now": scorer.score(raw["response"], prompt=raw["prompt"])}
            for w in re.findall(r"[a-z0-9]+", raw["response"].lower()):
                self.words[word_unit(w)] = w
            self._read(row, scorer.trace)
            self.rows.append(row)

    def _read(self, row, trace):
        row["form"] = not trace  # empty, garbled: decided without the model
        if row["form"]:
            return
        signals, labels, _, units = trace.split("|")
        row["signals"] = {k: int(v) for k, v in (p.split("=") for p in signals.split())}
        row["declines"], row["other"], row["plain"] = re.findall(r": (\w+)", labels)
        self.names = self.names or list(row["signals"])
        row["grams"], last, before = set(), None, None
        for sentence, unit in (u.split(":") for u in units.split()):
            unit = int(unit, 16)
            row["grams"].add((unit,))
            row["grams"].add((before if sentence == last else SENTENCE_BEGIN, unit))
            last, before = sentence, unit

    def text(self, gram):
        return " ".join("^" if u == SENTENCE_BEGIN else self.words[u] if u >> 31 else chr(u) for u in gram)
