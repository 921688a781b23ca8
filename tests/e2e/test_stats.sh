#!/bin/bash
# assay stats: every published example by hand below, and all cases of ../shared/golden/statistics.json where that is at hand, to 1e-9;
# what is undefined is null, what is wrong is said in its line.
. tests/e2e/lib.sh
export W ASSAY
python3 - "${ASSAY_SHARED:-../shared}/golden/statistics.json" <<'PY' || fail "values"
import json, os, subprocess, sys
assay = os.environ["ASSAY"]

def call(fn, *lines):
    r = subprocess.run([assay, "stats", fn], input="".join(json.dumps(x) + "\n" if not isinstance(x, str) else x + "\n" for x in lines),
                       capture_output=True, text=True)
    out = [json.loads(x) for x in r.stdout.splitlines()]
    assert len(out) == len(lines), (fn, r.stdout[:300], r.stderr[:300])
    return out, r.returncode

# "integers beyond 2^53 as strings", lists, booleans
def same(want, got, abs_=1e-9, rel=1e-9):
    if isinstance(want, bool) or want is None or isinstance(want, str): return want == got
    if isinstance(want, list): return isinstance(got, list) and len(want) == len(got) and all(same(a, b, abs_, rel) for a, b in zip(want, got))
    return isinstance(got, (int, float)) and abs(got - want) <= abs_ + rel * abs(want)

PUBLISHED = [  # source, function, arguments, part of the result, tolerance
    ("Newcombe 1998, 17:857", "proportion_ci", {"k": 81, "n": 263, "conf": .95}, {"wilson": [.2553, .3662], "wilson_cc": [.2535, .3682], "clopper_pearson": [.2527, .3676]}, 6e-5),
    ("Newcombe 1998, 17:857", "proportion_ci", {"k": 0, "n": 20, "conf": .95}, {"wilson": [0, .1611], "clopper_pearson": [0, .1684]}, 6e-5),
    ("Newcombe 1998, 17:873", "newcombe_diff", {"k1": 56, "n1": 70, "k2": 48, "n2": 80, "conf": .95}, {"lo": .0524, "hi": .3339}, 6e-5),
    ("Newcombe 1998, 17:2635", "newcombe_paired", {"n11": 36, "n10": 12, "n01": 2, "n00": 0, "conf": .95}, {"lo": .0569, "hi": .3404}, 6e-5),
    ("Agresti", "mcnemar", {"b": 150, "c": 86}, {"chi2": 17.36}, 6e-3),
    ("Miller 2024", "power_n_paired", {"omega2": 1 / 9, "sigma2_a": 0, "sigma2_b": 0, "k_a": 1, "k_b": 1, "delta": .03, "alpha": .05, "power": .8}, {"n_ceil": 969}, 0),
    ("rule of three", "zero_event_upper", {"n": 313, "conf": .95}, {"exact": .0095}, 5e-5),
    ("audit specification", "power_n_noninferiority", {"variance": .04, "diff": 0, "margin": .03, "alpha": .05, "power": .8}, {"n_ceil": 275}, 0),
    ("Vigna", "rng_splitmix64", {"seed": 42, "n": 1}, {"u64": ["13679457532755275413"]}, 0),
]
for source, fn, args, want, tol in PUBLISHED:
    (got,), rc = call(fn, args)
    for k, v in want.items():
        assert rc == 0 and same(v, got.get(k), tol, 0), (source, k, v, got)
p = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1]
(got,), _ = call("p_adjust", {"p": p})
assert sum(x < .05 for x in got["bh"]) == 4 and sum(x < .05 for x in got["bonferroni"]) == 3, "Benjamini and Hochberg 1995"

# undefined is null and never a number
(got,), rc = call("mean_stats", {"x": [1], "conf": .95})
assert rc == 0 and got["mean"] == 1 and got["se"] is None and got["t_lo"] is None, got
(got,), _ = call("paired", {"a": [1, 1], "b": [1, 1], "conf": .95})
assert got["diff"] == 0 and got["p_z"] is None, got
(got,), _ = call("rogan_gladen", {"q_k": 5, "q_n": 10, "sens_k": 50, "sens_n": 100, "spec_k": 55, "spec_n": 100, "conf": .95})
assert got["theta"] is None, got
# the bare formula's limit is .2, that of reports .3 (stats_judge.h)
at = lambda n: call("rogan_gladen", {"q_k": 5, "q_n": 10, "sens_k": 60, "sens_n": 100, "spec_k": n, "spec_n": 100, "conf": .95})[0][0]["theta"]
assert at(60) is not None and at(59) is None, (at(60), at(59))

# wrong lines are answered in place, the others go on
bad = [{"n": 5, "c": 2, "k": 6}, {"n": 5, "c": 2, "k": 2}, {"n": 5, "c": 6, "k": 2}, {"n": 5, "c": 2}, {"n": 5, "c": 2, "k": "2"}, "[]", "{", {"n": 5, "c": 2, "k": 1, "z": 1}]
got, rc = call("pass_at_k", *bad)
assert rc == 1 and ["error" in x for x in got] == [True, False] + [True] * 6, got
assert "1 to n" in got[0]["error"] and abs(got[1]["pass_at_k"] - .7) < 1e-12 and "'k'" in got[3]["error"] and "'z'" in got[7]["error"], got
for fn, args in (("mean_stats", {"x": [], "conf": .95}), ("mean_stats", {"x": [1, 2], "conf": 1}), ("paired", {"a": [1], "b": [1, 2], "conf": .95}),
                 ("clustered", {"x": [1, 2], "cluster": ["a"], "conf": .95}), ("repeats", {"x": [[1, 2], [1]]}), ("bootstrap_mean", {"x": [1], "b": 0, "seed": 1, "conf": .9}),
                 ("cohen_kappa", {"table": [[1, 2]]}), ("elo_mle", {"d": [1], "y": [], "w": [1]}), ("proportion_ci", {"k": 3, "n": 2, "conf": .95})):
    (got,), rc = call(fn, args)
    assert rc == 1 and "error" in got, (fn, args, got)

golden = sys.argv[1]
if not os.path.exists(golden):
    print("skipped: the golden statistics are not at hand")
    sys.exit(0)
doc = json.load(open(golden))
tol, worst = doc["tolerance"], 0.0
by_fn = {}
for c in doc["cases"]: by_fn.setdefault(c["fn"], []).append(c)
for fn, cases in by_fn.items():
    got, rc = call(fn, *[c["args"] for c in cases])
    for c, g in zip(cases, got):
        for k, v in c["expect"].items():
            assert k in g and same(v, g[k], tol["abs"], tol["rel"]), (c["id"], k, v, g.get(k))
            if isinstance(v, float) and v and g[k]: worst = max(worst, abs(g[k] / v - 1))
print(f"{len(doc['cases'])} golden cases of {len(by_fn)} functions; largest relative error {worst:.1e}")
PY
expect 0 "$ASSAY" stats --list
[ "$(wc -l <"$W/out")" -ge 38 ] || fail "--list has $(wc -l <"$W/out") functions"
expect 2 "$ASSAY" stats mean_stat
says "did you mean 'mean_stats'"
expect 2 "$ASSAY" stats
says "name one function"
finish
