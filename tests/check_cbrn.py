#!/usr/bin/env python3
"""The author rules of suites/safety/cbrn-refusal, as far as a program can enforce them. Exit 0: all kept.

    check_cbrn.py [FOLDER]            checks the samples files and everything else in the folder
    check_cbrn.py --counts [FOLDER]   prints the tables of the suite's README
    check_cbrn.py --digest [FOLDER]   writes the SHA-256 of the samples files into suite.yaml, and into cbrn-margin's
    check_cbrn.py --hash < words      prints one deny-list hash per line of input, to be added to denylist.json

The deny list holds salted, slow hashes of names that an item may not mention (agents, strains, precursors, isotopes,
parts, sites, persons, products), so that the list itself teaches nothing. Only the standard library is used.
"""
import collections
import hashlib
import json
import os
import re
import sys

from cbrn_rules import (CELL_KINDS, DOMAINS, FREE_KINDS, MIXED, PAIR_SLACK, STAGES, TEXTS, DenyList, check_row, count_words, hash_word, ngrams,
                        words)

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "suites", "safety", "cbrn-refusal")
FILES = [f"samples-{name}.jsonl" for name in DOMAINS + FREE_KINDS]
OTHERS = ["README.md", "denylist.json", "suite.yaml"]
SISTER = os.path.join("..", "cbrn-margin", "suite.yaml")   # reads the same samples files
PAIRS = 10            # of a cell
FREE = 60             # controls, and idioms, in each language
TENSE_PAIRS = 2       # of a cell, with hand-written past and future
# Of a bank that still grows a domain may hold its seeds (one pair a cell) and the free kinds may be absent. This one is full.
GROWING = False
# In a full domain of 60 pairs: the least number of each value, and the least in each cell.
BALANCE = {"severity": (8, 1), "actor": (6, 1), "intent": (10, 1), "form": (4, 0)}
REGISTER_SHARE = .2   # of a domain's Korean rows, each register
LENGTH_RATIO = 1.34   # mean words of harm items to twins of a domain and language, either way
OVERLAP = {"en": .75, "ko": .7}
# A suite of refusals has no answers. Fields and headings like these have no place anywhere in its folder.
ANSWER_KEY = re.compile(r'["\']?\b(answers?|targets?|reference|completion|response|output|solution|rubric|ideal|gold)\b["\']?\s*:', re.I)


# ---- near duplicates ----

PLAIN = set("""a about an and are as at be by can could did do does for from give has have how i if in is it its me my of on or our so some
someone than that the their there this to us was we were what when where which who why will with would you your
explain describe write tell show please list help""".split())


def features(text, lang):
    """English: words without the small ones, singular. Korean: pairs of syllables, since particles and endings vary."""
    w = words(text)
    if lang == "ko":
        s = "".join(w)
        return frozenset(s[i:i + 2] for i in range(len(s) - 1))
    return frozenset(x[:-1] if x.endswith("s") and len(x) > 3 else x for x in w if x not in PLAIN)


def near_duplicates(rows):
    """Pairs of rows of one language whose features overlap too much, as (overlap, row, row). Overlap: Jaccard's."""
    for lang, limit in OVERLAP.items():
        sets = [(features(r["text"], lang), r) for r in rows if r["lang"] == lang]
        sets.sort(key=lambda x: len(x[0]))
        for i, (a, row) in enumerate(sets):
            for b, other in sets[i + 1:]:
                if len(a) < limit * len(b):
                    break       # all that follow are longer still
                both = len(a & b)
                if both and both >= limit * (len(a) + len(b) - both):
                    yield both / (len(a) + len(b) - both), row, other


# ---- all rows together ----

class Checker:
    def __init__(self, folder=FOLDER, growing=GROWING):
        self.folder, self.growing = folder, growing
        self.problems = []
        self.deny = DenyList(os.path.join(folder, "denylist.json"))

    def complain(self, where, what):
        self.problems.append(f"{where}: {what}")

    def load(self):
        """Rows by file. A line that is no JSON object, or holds a key twice, is a complaint."""
        def no_twice(pairs):
            keys = [k for k, _ in pairs]
            if len(set(keys)) < len(keys):
                raise ValueError("a key stands twice")
            return dict(pairs)

        files = {}
        for name in FILES:
            path = os.path.join(self.folder, name)
            if not os.path.exists(path):
                continue
            files[name] = []
            with open(path, encoding="utf-8") as f:
                for n, line in enumerate(f, 1):
                    try:
                        row = json.loads(line, object_pairs_hook=no_twice)
                        if not isinstance(row, dict):
                            raise ValueError("not an object")
                        files[name].append(row)
                    except ValueError as e:
                        self.complain(f"{name} line {n}", f"not a row: {e}")
        return files

    def check_rows(self, files):
        """Each row by itself. Returns whether the columns of all are right, so that the other rules may rely on them."""
        rows = [r for name in files for r in files[name]]
        self.deny.learn(g for r in rows for t in TEXTS if isinstance(r.get(t), str)
                        for g in ngrams(r[t], "mixed" if t == MIXED else r.get("lang")))
        sound = True
        for name, some in files.items():
            for n, row in enumerate(some, 1):
                bad = check_row(row, self.deny)
                for what in bad:
                    self.complain(f"{name} line {n}", what)
                sound = sound and not any("field" in what or "must be" in what for what in bad)
                home = row.get("kind") if row.get("kind") in FREE_KINDS else row.get("domain")
                if name != f"samples-{home}.jsonl":
                    self.complain(f"{name} line {n}", f"belongs into samples-{home}.jsonl")
        return sound

    def check_unique(self, rows):
        for what in ("id", "text"):
            seen = collections.Counter(r[what] if what == "id" else " ".join(words(r[what])) for r in rows)
            for value, n in seen.items():
                if n > 1:
                    self.complain(value, "id used twice" if what == "id" else "the same text twice")

    def check_near(self, rows):
        for share, a, b in near_duplicates(rows):
            self.complain(f"{a['id']} and {b['id']}", f"nearly the same text ({share:.2f} of their words)")

    def check_pairs(self, rows):
        """A pair is one harm item and one twin in each of its languages; the two languages agree in what they ask."""
        pairs = collections.defaultdict(dict)
        for r in rows:
            pairs[r["pair"]][r["lang"], r["kind"]] = r
        for name, p in sorted(pairs.items()):
            for lang in ("en", "ko"):
                kinds = {k for l, k in p if l == lang}
                if kinds & set(CELL_KINDS) and kinds != set(CELL_KINDS):
                    self.complain(f"{name} ({lang})", "a pair is one harm item and one twin")
                elif kinds >= set(CELL_KINDS):
                    n = [count_words(p[lang, k]["text"], lang) for k in CELL_KINDS]
                    if abs(n[0] - n[1]) > PAIR_SLACK[lang]:
                        self.complain(f"{name} ({lang})", f"harm item and twin of very different length ({n[0]} and {n[1]} words)")
            for kind in {k for _, k in p}:
                self.check_languages(name, kind, p.get(("en", kind)), p.get(("ko", kind)))
            for key in ("past", MIXED):
                if len({key in p["en", k] for k in CELL_KINDS if ("en", k) in p}) > 1:
                    self.complain(name, f"'{key}' stands in the harm item and the twin, or in neither")

    def check_languages(self, name, kind, en, ko):
        if kind != "idiom" and not en:
            self.complain(name, f"the {kind} has no English row")
        for key in ("severity", "expected", "actor", "intent") if en and ko else ():
            if en[key] != ko[key]:
                self.complain(ko["id"], f"'{key}' differs from the English item's")

    # ---- counts ----

    def check_counts(self, rows):
        for d in DOMAINS:
            self.check_domain(d, [r for r in rows if r["domain"] == d])
        for kind in FREE_KINDS:
            some = [r for r in rows if r["kind"] == kind]
            for lang in ("en", "ko"):
                n = sum(r["lang"] == lang for r in some)
                if n != FREE and (some or not self.growing):
                    self.complain(kind, f"{n} rows in {lang}; {FREE} are the rule")

    def check_domain(self, domain, rows):
        cells = {s: [r for r in rows if r["stage"] == s] for s in STAGES}
        numbers = {s: sorted(r["pair"][-3:] for r in c if (r["lang"], r["kind"]) == ("en", "harm")) for s, c in cells.items()}
        if self.growing and all(n == ["001"] for n in numbers.values()):
            return
        for s, n in numbers.items():
            if n != [f"{i:03}" for i in range(1, PAIRS + 1)]:
                self.complain(f"{domain} {s}", f"{len(n)} pairs; the rule is {PAIRS}, numbered from 001 without gaps" if n else "no English pair in this cell")
        self.check_full_domain(domain, rows, cells)

    def check_full_domain(self, domain, rows, cells):
        en, ko = ({(r["pair"], r["kind"]) for r in rows if r["lang"] == lang} for lang in ("en", "ko"))
        for pair, kind in sorted(en - ko):
            self.complain(pair, f"the {kind} has no Korean row")
        harm = [r for r in rows if (r["lang"], r["kind"]) == ("en", "harm")]
        for key, (least, in_cell) in BALANCE.items():
            values = {v for v in (r[key] for r in harm)} | {"severity": {"s1", "s2", "s3", "s4"}}.get(key, set())
            for v in sorted(values | ({"none", "novice", "claims-expert", "claims-authority"} if key == "actor" else set())):
                self.check_balance(domain, harm, cells, key, v, least, in_cell)
        for s, c in cells.items():
            n = sum("past" in r for r in c if (r["lang"], r["kind"]) == ("en", "harm"))
            if n < TENSE_PAIRS:
                self.complain(f"{domain} {s}", f"{n} pairs with past and future; at least {TENSE_PAIRS}")
        self.check_style(domain, rows)

    def check_balance(self, domain, harm, cells, key, value, least, in_cell):
        n = sum(r[key] == value for r in harm)
        if n < least:
            self.complain(domain, f"{n} harm items with {key} {value}; at least {least}")
        for s, c in cells.items():
            if sum(r[key] == value for r in c if (r["lang"], r["kind"]) == ("en", "harm")) < in_cell:
                self.complain(f"{domain} {s}", f"no harm item with {key} {value}")

    def check_style(self, domain, rows):
        ko = [r["register"] for r in rows if r["lang"] == "ko"]
        for reg in ("hapsyo", "haeyo", "banmal"):
            if ko.count(reg) < REGISTER_SHARE * len(ko):
                self.complain(domain, f"{ko.count(reg)} of {len(ko)} Korean rows are {reg}; at least {REGISTER_SHARE:.0%}")
        for lang in ("en", "ko"):
            harm, twin = ([count_words(r["text"], lang) for r in rows if (r["lang"], r["kind"]) == (lang, k)] for k in CELL_KINDS)
            if harm and twin:
                ratio = sum(harm) / len(harm) / (sum(twin) / len(twin))
                if not 1 / LENGTH_RATIO <= ratio <= LENGTH_RATIO:
                    self.complain(f"{domain} ({lang})", f"harm items have {ratio:.2f} times the words of twins; length must not tell them apart")

    # ---- the folder ----

    def check_folder(self, canary):
        for root, _, names in os.walk(self.folder):
            for name in sorted(names):
                if name not in OTHERS + FILES:
                    self.complain(name, "a file that does not belong here")
                    continue
                with open(os.path.join(root, name), encoding="utf-8") as f:
                    text = f.read()
                if name != "denylist.json" and canary not in text:
                    self.complain(name, "lacks the canary string")
                for n, line in enumerate(text.splitlines(), 1):
                    if ANSWER_KEY.search(line):
                        self.complain(f"{name} line {n}", "looks like an answer field")

    def check_suite(self, rows):
        with open(os.path.join(self.folder, "suite.yaml"), encoding="utf-8") as f:
            text = f.read()
        m = re.search(r"^canary: *(\S.*)$", text, re.M)
        if not m or {r["canary"] for r in rows} != {m[1].strip()}:
            self.complain("suite.yaml", "'canary' is not the canary of all items")
        else:
            self.check_folder(m[1].strip())
        for path in suite_files(self.folder):
            with open(path, encoding="utf-8") as f:
                d = re.search(r"^  sha256: *(\S+)$", f.read(), re.M)
            if not d or d[1] != digest(self.folder):
                name = os.path.relpath(path, self.folder)
                self.complain(name, "'sha256' is not that of the samples files; check_cbrn.py --digest writes it")

    def check_bank(self, files):
        """Everything but the folder. False: some columns are wrong, and the rules that need them were not tried."""
        if not self.check_rows(files):
            return False
        rows = [r for name in files for r in files[name]]
        self.check_unique(rows)
        self.check_near(rows)
        self.check_pairs(rows)
        self.check_counts(rows)
        return True

    def run(self):
        files = self.load()
        if self.check_bank(files):
            self.check_suite([r for name in files for r in files[name]])
        return files


# ---- commands ----

def digest(folder):
    """As suites/SCHEMA.md has it: SHA-256 over the files' hexadecimal digests, in the order of their paths."""
    names = sorted(n for n in FILES if os.path.exists(os.path.join(folder, n)))
    total = hashlib.sha256()
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            total.update(hashlib.sha256(f.read()).hexdigest().encode())
    return total.hexdigest()


def suite_files(folder):
    """What names the samples' digest: the suite, and its sister where it lies beside."""
    return [p for p in (os.path.join(folder, "suite.yaml"), os.path.join(folder, SISTER)) if os.path.exists(p)]


def write_digest(folder):
    for path in suite_files(folder):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r"^  sha256:.*$", "  sha256: " + digest(folder), text, flags=re.M))


def print_counts(rows):
    """English harm items by cell and tag, and the rows of each kind and language."""
    harm = [r for r in rows if (r["kind"], r["lang"]) == ("harm", "en")]
    print("| | " + " | ".join(STAGES) + " |\n|---" + "|---" * len(STAGES) + "|")
    for d in DOMAINS:
        print(f"| {d} | " + " | ".join(str(sum((r["domain"], r["stage"]) == (d, s) for r in harm)) for s in STAGES) + " |")
    for key in ("severity", "expected", "actor", "intent", "form"):
        values = sorted({r[key] for r in harm})
        print(f"\n| {key} | " + " | ".join(values) + " |\n|---" + "|---" * len(values) + "|")
        for d in DOMAINS:
            print(f"| {d} | " + " | ".join(str(sum((r["domain"], r[key]) == (d, v) for r in harm)) for v in values) + " |")
    kinds = collections.Counter((r["kind"], r["lang"]) for r in rows)
    registers = collections.Counter(r["register"] for r in rows if r["lang"] == "ko")
    print("\nrows: " + ", ".join(f"{kinds[k]} {' '.join(k)}" for k in sorted(kinds)))
    print("Korean registers: " + ", ".join(f"{registers[k]} {k}" for k in sorted(registers)))
    print(f"pairs with past and future: {sum('past' in r for r in harm)}; with ko_mixed: {sum(MIXED in r for r in harm)}")


def print_hashes(deny):
    for line in sys.stdin:
        if words(line):
            print(hash_word(" ".join(words(line)), deny))


def run_quickly(checker):
    """Keeps what the slow hash has cleared in build/; where nothing was built there is no such folder, and nothing is kept."""
    cache = os.path.join(HERE, "..", "build", "cbrn-clear.txt")
    checker.deny.read_clear(cache)
    files = checker.run()
    checker.deny.write_clear(cache)
    return files


def main():
    args = sys.argv[1:]
    command = args.pop(0) if args and args[0] in ("--hash", "--digest", "--counts") else None
    folder = args[0] if args else FOLDER
    checker = Checker(folder)
    if command == "--hash":
        print_hashes(checker.deny.data)
        return 0
    if command == "--digest":
        write_digest(folder)
        return 0
    files = run_quickly(checker) if folder == FOLDER else checker.run()
    for p in checker.problems:
        print(f"cbrn-refusal: {p}", file=sys.stderr)
    if checker.problems:
        return 1
    rows = [r for name in files for r in files[name]]
    if command == "--counts":
        print_counts(rows)
        return 0
    langs = collections.Counter((r["lang"], r["kind"]) for r in rows)
    print("cbrn-refusal: " + ", ".join(f"{n} {lang} {kind}" for (lang, kind), n in sorted(langs.items())) + "; author rules kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
