"""Checks the samples of suites/safety (all but cbrn-refusal, which has a checker of its own): columns, counts of each kind,
pairs, canaries, texts. One table per suite; prints what is wrong and exits with 1.

    python3 tests/check_suites.py [FOLDER OF suites/safety]
"""
import collections
import json
import os
import re
import sys
import unicodedata

ROOT = sys.argv[1] if len(sys.argv) > 1 else "suites/safety"
problems = []


def wrong(text):
    problems.append(text)


def load(suite):
    """The rows of a suite, its README and its canary."""
    folder = f"{ROOT}/{suite}"
    rows = [json.loads(line) for line in open(f"{folder}/samples.jsonl", encoding="utf-8")]
    yaml, readme = open(f"{folder}/suite.yaml").read(), open(f"{folder}/README.md").read()
    canary = re.search(r"^canary: (assay-canary [0-9a-f-]{36})$", yaml, re.M)
    if not canary or canary.group(1) not in readme:
        wrong(f"{suite}: no canary, or not the README's")
        return rows
    for row in rows:
        if row.get("canary") != canary.group(1):
            wrong(f"{suite}: {row.get('id')}: canary")
    return rows


def same(suite, what, got, want):
    if dict(got) != want:
        wrong(f"{suite}: {what}: {dict(got)} instead of {want}")


def check_texts(suite, rows, keys=("text",)):
    """Ids and texts are unique; texts are trimmed NFC, in their language."""
    for key in ("id", "text"):
        for value, n in collections.Counter(r[key] for r in rows).items():
            if n > 1:
                wrong(f"{suite}: {key} stands {n} times: {value}")
    for r in rows:
        for key in keys:
            text = r[key]
            if text is None:
                continue
            if text != text.strip() or not unicodedata.is_normalized("NFC", text):
                wrong(f"{suite}: {r['id']}: '{key}' is not trimmed NFC")
            hangul = len(re.findall("[가-힣]", text))
            if (r["lang"] == "ko") != (hangul > 0):
                wrong(f"{suite}: {r['id']}: '{key}' is not in its language")


def check_pairs(suite, rows, key, values):
    """Each pair has one row of each value, in one language."""
    pairs = collections.defaultdict(list)
    for r in rows:
        pairs[r["pair"]].append(r)
    for name, members in pairs.items():
        if sorted(r[key] for r in members) != sorted(values) or len({r["lang"] for r in members}) != 1:
            wrong(f"{suite}: pair {name}: not one each of {values}")


def hierarchy():
    name = "instruction-hierarchy"
    rows = load(name)
    check_texts(name, rows, ("text", "developer", "document", "protected"))
    check_pairs(name, rows, "expected", ["protect", "say"])
    half = {("phrase", "en"): 7, ("phrase", "ko"): 5, ("secret", "en"): 7, ("secret", "ko"): 5, ("extraction", "en"): 6,
            ("extraction", "ko"): 4, ("hijack", "en"): 6, ("hijack", "ko"): 4, ("tool", "en"): 6, ("tool", "ko"): 4}
    want = {**half, **{(g + "-control", lang): n for (g, lang), n in half.items()}}
    same(name, "counts", collections.Counter((r["group"], r["lang"]) for r in rows), want)
    for r in rows:
        tool = r["group"].startswith("tool")
        if (r["document"] is not None) != tool or (r["tools"] != []) != tool:
            wrong(f"{name}: {r['id']}: tool")
        where = r["document"] if tool else r["developer"]
        if r["protected"].lower() not in where.lower():
            wrong(f"{name}: {r['id']}: what is protected is not there")
        if (r["expected"] == "say") != r["group"].endswith("-control") or (r["attack"] == "none") != (r["expected"] == "say"):
            wrong(f"{name}: {r['id']}: control")
        if r["expected"] == "say" and r["protected"].lower() in r["text"].lower():
            wrong(f"{name}: {r['id']}: the question of a control says the text itself")


def over_refusal():
    name = "over-refusal"
    rows = load(name)
    check_texts(name, rows)
    types = ["homonym", "figurative", "safe_target", "safe_context", "definition", "nonsense_group", "nonsense_deed",
             "history", "privacy_public", "privacy_fiction"]
    want = {}
    for t in types:
        want.update({(t, "en", "twin"): 4, (t, "en", "harm"): 4, (t, "en", "idiom"): 3, (t, "ko", "twin"): 2,
                     (t, "ko", "harm"): 2, (t, "ko", "idiom"): 2})
    same(name, "counts", collections.Counter((r["type"], r["lang"], r["kind"]) for r in rows), want)
    check_pairs(name, [r for r in rows if r["kind"] != "idiom"], "kind", ["harm", "twin"])
    for r in rows:
        if r["expected"] != ("refuse" if r["kind"] == "harm" else "answer"):
            wrong(f"{name}: {r['id']}: expected")


def short(name, rows, words):
    """Harm items stand at topic level: one short sentence or two, no figures, no addresses."""
    for r in rows:
        if r["kind"] == "harm" and (len(r["text"].split()) > words or re.search(r"[0-9@/]", r["text"])):
            wrong(f"{name}: {r['id']}: too long, or with figures")


def disallowed():
    name = "disallowed-content"
    rows = load(name)
    check_texts(name, rows)
    check_pairs(name, rows, "kind", ["harm", "twin"])
    short(name, rows, 18)
    want = {}
    for c in ["hate", "harassment", "self-harm-intent", "self-harm-method", "illicit-violent", "illicit-nonviolent",
              "extremism", "personal-data"]:
        want.update({(c, "en"): 5, (c, "ko"): 3})
    want.update({("sexual-minors", "en"): 1, ("sexual-minors", "ko"): 1})
    same(name, "counts", collections.Counter((r["category"], r["lang"]) for r in rows if r["kind"] == "harm"), want)
    for r in rows:
        support = r["severity"] == "s2" or r["category"].startswith("self-harm")
        if r["expected"] != ("answer" if r["kind"] == "twin" else "refuse_or_safe" if support else "refuse"):
            wrong(f"{name}: {r['id']}: expected")


def cot():
    name = "cot-monitoring"
    rows = load(name)
    want = {(t, lang): n for lang, n in (("en", 6), ("ko", 4)) for t in ("authority", "note", "majority", "metadata")}
    same(name, "counts", collections.Counter((r["type"], r["lang"]) for r in rows), {**want, ("baseline", "en"): 12, ("baseline", "ko"): 8})
    questions = collections.defaultdict(list)
    for r in rows:
        questions[r["pair"]].append(r)
        letters = "ABCD"[: len(r["choices"])]
        if r["cue"] not in letters or r["answer"] not in letters or r["cue"] == r["answer"] or len(set(r["choices"])) != 4:
            wrong(f"{name}: {r['id']}: options")
        if (r["cue_text"] == "") != (r["expected"] == "baseline") or (r["cue_text"] and r["cue"] not in r["cue_text"]):
            wrong(f"{name}: {r['id']}: cue")
        if any(m in r["question"] + " ".join(r["choices"]) for m in r["mentions"]):
            wrong(f"{name}: {r['id']}: the question itself holds a mention")
    for pair, members in questions.items():
        if len(members) != 3 or len({(r["question"], r["cue"], r["answer"]) for r in members}) != 1:
            wrong(f"{name}: {pair}: not two cues and a baseline of one question")


CHECKS = {"instruction-hierarchy": hierarchy, "over-refusal": over_refusal, "disallowed-content": disallowed,
          "cot-monitoring": cot}
for check in CHECKS.values():
    check()
for p in problems:
    print(f"suites: {p}")
if not problems:
    print(f"suites: counts, pairs and texts of {len(CHECKS)} safety suites are as they should be")
sys.exit(1 if problems else 0)
