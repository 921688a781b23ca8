#!/usr/bin/env python3
"""The second look at suites/safety/cbrn-refusal: a rater sees texts alone, and the program counts how far two agree.

    cbrn_ratings.py sheet [--seed N] [--lang en|ko]   prints {"id","text"} a line, in random order, without labels
    cbrn_ratings.py sheet --open --decoys N           the rows without a second alone, among N rated ones of every sort
    cbrn_ratings.py kappa RATINGS.jsonl               agreement of RATINGS with the suite, and the rows rated apart
    cbrn_ratings.py sign NAME RATINGS.jsonl           writes NAME as `second` into the open rows rated alike

RATINGS holds one {"id","expected","severity"} a line; `severity` counts where `expected` is not answer. The ids of a
sheet are made from the real ones (which tell kind, domain and stage) by a hash; RATINGS may hold either.
"""
import argparse
import collections
import hashlib
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from cbrn_rules import ENUMS  # noqa: E402
from check_cbrn import FOLDER, Checker, write_digest  # noqa: E402


def blind(row):
    return hashlib.sha256(f"{row['canary']} {row['id']}".encode()).hexdigest()[:12]


def load_rows(folder):
    checker = Checker(folder)
    files = checker.load()
    if checker.problems:
        sys.exit("cbrn_ratings: " + checker.problems[0])
    return files


def shuffled(rows, seed):
    """The order depends on nothing but the seed and the ids."""
    return sorted(rows, key=lambda r: hashlib.sha256(f"{seed} {blind(r)}".encode()).digest())


def draw_decoys(rows, seed, n):
    """Rated rows, in turn a harm item of each severity and a row of each other kind, so that a sheet of rewritten rows does
    not tell by itself what they are. None is of a pair with an open row: a twin shares its harm item's frame."""
    open_pairs = {r["pair"] for r in rows if r["second"] is None}
    sorts = {}
    # An order of their own: drawn from the front of the sheet's, they would all stand before the open rows.
    for r in shuffled((r for r in rows if r["pair"] not in open_pairs), f"decoys {seed}"):
        sorts.setdefault(r["severity"] if r["kind"] == "harm" else r["kind"], []).append(r)
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*(sorts[name] for name in sorted(sorts))))
    return list(itertools.islice((r for r in in_turn if r), n))


def sheet(rows, seed, lang, only_open, decoys):
    chosen = [r for r in rows if lang in (None, r["lang"])]
    if only_open:
        chosen = [r for r in chosen if r["second"] is None] + draw_decoys(chosen, seed, decoys)
    for r in shuffled(chosen, seed):
        print(json.dumps({"id": blind(r), "text": r["text"]}, ensure_ascii=False))


def load_ratings(path, rows):
    """{real id: (expected, severity)}. Every fault is one sentence with its line."""
    names = {blind(r): r["id"] for r in rows} | {r["id"]: r["id"] for r in rows}
    ratings = {}
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if not line.strip():
                continue
            where = f"cbrn_ratings: {path} line {n}: "
            try:
                got = json.loads(line)
                name, expected, severity = names[got["id"]], got["expected"], got.get("severity")
            except (ValueError, TypeError):
                sys.exit(where + "not a JSON object")
            except KeyError as e:
                sys.exit(where + (f"'{e.args[0]}' is missing" if e.args[0] in ("id", "expected") else f"no row has the id '{e.args[0]}'"))
            if expected not in ENUMS["expected"]:
                sys.exit(where + f"'expected' must be one of {', '.join(ENUMS['expected'])}")
            if expected != "answer" and severity not in ENUMS["severity"]:
                sys.exit(where + f"'severity' must be one of {', '.join(ENUMS['severity'])}")
            if name in ratings:
                sys.exit(where + "the row is rated twice")
            ratings[name] = (expected, severity)
    if not ratings:
        sys.exit(f"cbrn_ratings: {path}: there are no ratings")
    return ratings


def kappa(pairs, categories, weighted=False):
    """Cohen's kappa of [(a, b)]; weighted: disagreement grows with the distance of the categories (linear weights).
    J. Cohen, "Weighted kappa", Psychological Bulletin 70 (1968). None where chance alone would agree fully."""
    n, place = len(pairs), {c: i for i, c in enumerate(categories)}
    cost = (lambda a, b: abs(place[a] - place[b])) if weighted else (lambda a, b: int(a != b))
    first, second = (collections.Counter(p[i] for p in pairs) for i in (0, 1))
    seen = sum(cost(a, b) for a, b in pairs) / n if n else 0
    chance = sum(first[a] * second[b] * cost(a, b) for a in first for b in second) / (n * n) if n else 0
    return None if chance == 0 else 1 - seen / chance


def apart(row, rating):
    """Severity is not asked of rows that both say must be answered."""
    expected, severity = rating
    return expected != row["expected"] or (expected != "answer" and severity != row["severity"])


def line(name, pairs, categories, weighted=False):
    k = kappa(pairs, categories, weighted)
    same = sum(a == b for a, b in pairs)
    print(f"{name:44} n {len(pairs):4}  same {same:4}  kappa {'undefined' if k is None else f'{k:.3f}'}")


def compare(rows, ratings):
    rated = [(r, ratings[r["id"]]) for r in rows if r["id"] in ratings]
    for title, some in [("", rated)] + [(f", {lang}", [x for x in rated if x[0]["lang"] == lang]) for lang in ("en", "ko")]:
        if some:
            line("expected" + title, [(r["expected"], e) for r, (e, _) in some], ENUMS["expected"])
            line("expected, harm items alone" + title, [(r["expected"], e) for r, (e, _) in some if r["kind"] == "harm"], ENUMS["expected"])
            line("answer or not" + title, [(str(r["expected"] == "answer"), str(e == "answer")) for r, (e, _) in some], ["True", "False"])
            both = [(r["severity"], s) for r, (e, s) in some if r["expected"] != "answer" and e != "answer"]
            line("severity, where both would not answer" + title, both, ENUMS["severity"])
            line("severity, linear weights" + title, both, ENUMS["severity"], True)
    print(f"not rated: {len(rows) - len(rated)} of {len(rows)}")
    different = [(r, x) for r, x in rated if apart(r, x)]
    print(f"rated apart: {len(different)} (to be dropped or rewritten)")
    for r, (e, s) in different:
        print(f"{r['id']}: {r['expected']} {r['severity']} by the author, {e} {s or '-'} by the second: {r['text']}")


def sign(folder, files, ratings, name):
    """Rewrites the samples files line by line; rows that were not rated, or rated apart, stay open. A row that has a second keeps it."""
    if any(name == r["author"] for rows in files.values() for r in rows):
        sys.exit(f"cbrn_ratings: '{name}' wrote rows of this suite and cannot be their second rater")
    n = 0
    for file, rows in files.items():
        for r in rows:
            if r["second"] is None and r["id"] in ratings and not apart(r, ratings[r["id"]]):
                r["second"], n = name, n + 1
        with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
            f.write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    write_digest(folder)
    left = [r["id"] for rows in files.values() for r in rows if r["second"] is None]
    print(f"{n} rows signed by {name}; open: {', '.join(left) or 'none'}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--folder", default=FOLDER)
    sub = p.add_subparsers(dest="command", required=True)
    s = sub.add_parser("sheet")
    s.add_argument("--seed", type=int, default=0)
    s.add_argument("--lang", choices=ENUMS["lang"])
    s.add_argument("--open", action="store_true")
    s.add_argument("--decoys", type=int, default=0)
    sub.add_parser("kappa").add_argument("ratings")
    s = sub.add_parser("sign")
    s.add_argument("name")
    s.add_argument("ratings")
    args = p.parse_args()
    files = load_rows(args.folder)
    rows = [r for some in files.values() for r in some]
    if args.command == "sheet":
        if args.decoys < 0 or args.decoys and not args.open:
            p.error("--decoys takes a number from 0 and goes with --open")
        sheet(rows, args.seed, args.lang, args.open, args.decoys)
    elif args.command == "kappa":
        compare(rows, load_ratings(args.ratings, rows))
    else:
        sign(args.folder, files, load_ratings(args.ratings, rows), args.name)


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough (| head): what is left goes nowhere, and nothing is said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
