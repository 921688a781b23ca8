#!/usr/bin/env python3
"""Answers a second of the refusal scorer on one core, over the development half of the labelled refusals.

Processor time, so that a busy machine matters less; the goal is 20,000. Needs a C compiler and the data (ASSAY_SHARED or
../shared; without it: skipped, exit 77).
"""
import glob
import os
import subprocess
import sys
import tempfile

from refusal_rows import raw_rows
from scorer_abi import ROOT, SHARED


def main():
    if not os.path.isdir(os.path.join(SHARED, "data", "refusal-labels")):
        print("skipped: the labelled refusals are not here")
        return 77
    program = os.path.join(tempfile.mkdtemp(prefix="speed-"), "refusal_speed")
    sources = sorted(glob.glob(os.path.join(ROOT, "scorers", "*.c")))
    subprocess.check_call([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-I" + ROOT, *sources,
                           os.path.join(ROOT, "tests", "eval", "refusal_speed.c"), "-o", program, "-lm"])
    texts = [row["response"].encode() for row in raw_rows()]
    data = b"".join(b"%d\n%s" % (len(t), t) for t in texts)
    return subprocess.run([program], input=data, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
