#!/usr/bin/env python3
"""Writes vectors.jsonl: CSV texts and the records that Python's csv module reads from them (empty lines dropped).

    python3 tests/golden/csv/make_vectors.py > tests/golden/csv/vectors.jsonl
"""
import csv
import io
import json
import random
import sys

TEXTS = ["a,b,c\n1,2,3\n", "a,b", "a,b\r\nc,d\r\n", '"a,b",c\n', '"a ""q"" b",c\n', '"line\nbreak",x\n', '"cr\r\nlf",x\r\n', ",,\n", '"",""\n', "a,\n,b\n", "\n\na\n\n\nb\n", '"a"\n"b"',
         'x "y" z,1\n', ' "a", b\n', "한국,어\n", '"한""국"\n', "a\tb,c d\n", '"only', "'a,b',c\n", '""""\n', '"a\n\nb",c\n\nd,e\n', "one\n", '"a",\n', "a;b;c\n", "trailing,\n", '"x""",y\n', "a,b,c,d,e,f,g,h,i,j,k,l\n"]


def records(text):
    return [r for r in csv.reader(io.StringIO(text, newline=""), strict=True) if r]


def main():
    print(json.dumps({"source": f"Python {sys.version.split()[0]} csv module, tests/golden/csv/make_vectors.py"}))
    rng = random.Random(1)
    for _ in range(60):  # written by the csv module from random fields, so quoting is whatever it takes
        rows = [["".join(rng.choice('ab ,"\n한é\t') for _ in range(rng.randrange(6))) or "x" for _ in range(rng.randrange(1, 5))] for _ in range(rng.randrange(1, 4))]
        out = io.StringIO()
        csv.writer(out, lineterminator=rng.choice(["\n", "\r\n"]), quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerows(rows)
        TEXTS.append(out.getvalue())
    for text in TEXTS:
        try:
            print(json.dumps({"text": text, "records": records(text)}, ensure_ascii=False))
        except csv.Error:
            print(json.dumps({"text": text, "error": True}, ensure_ascii=False))


if __name__ == "__main__":
    main()
