/* The policy of a gate. What loads keeps the promises of gate.h: every check has an id of its own, a pattern, and
 * numbers within their ranges, and no number is NaN. */
#include <stdio.h>
#include <string.h>

#include "engine/base/mem.h"
#include "harness/gate/gate_policy.h"
#include "tests/fuzz/fuzz.h"

static const char all_keys[] =
    "gate: all\nwhy: \"each key once\"\nalpha: 0.05\nmin_pairs: 20\nlimits: {unscored: 0.02, truncated: 0.05}\n"
    "checks:\n  - {id: score, suite: 'demo/*', except: demo/safety, effort: medium, transform: plain, kind: "
    "non_inferior, margin: 0.03, alpha: 0.01, min_pairs: 7}\n  - id: better\n    suite: \"*\"\n    group: '*'\n    "
    "lang: ko\n    metric: score\n    kind: superior\n  - {id: kept, suite: '*refusal', metric: refusal, kind: "
    "no_erosion, margin: 0.02, required: false, on_inconclusive: allow}\n  - {id: leak, suite: '*', metric: leak, "
    "kind: at_most, limit: 0.1}\n  - {id: long, suite: '*', metric: tokens, kind: at_most, limit: 1.5}\n";
static const char least[] = "gate: g\nchecks: [{id: a, suite: s, kind: superior}]\n";

static void seeds(FuzzGive *give, void *ctx) {
    give(ctx, "all_keys", all_keys, sizeof all_keys - 1);
    give(ctx, "least", least, sizeof least - 1);
}

static bool within(double x, double lo, double hi) {
    return x >= lo && x <= hi; /* false of NaN */
}

static void check(const GateCheck *c) {
    bool difference = c->kind == GATE_NON_INFERIOR || c->kind == GATE_NO_EROSION;
    bool count = gate_is_count(c->metric);
    fuzz_must(c->id.n && c->suite && c->suite[0], "an id and a pattern");
    fuzz_must((!c->except || c->except[0]) && (!c->group || c->group[0]) && (!c->lang || c->lang[0]), "a pattern");
    fuzz_must(within(c->margin, 0, 1) && (c->margin > 0) == difference, "a margin where it belongs");
    fuzz_must(within(c->limit, 0, 1000), "a limit");
    fuzz_must(within(gate_alpha(c), 0.001, 0.5), "alpha");
    fuzz_must(!count || !c->min_pairs, "pairs of a count");
    fuzz_must(gate_kind_name(c->kind) && gate_metric_name(c->metric), "names");
}

static bool run(const uint8_t *p, size_t n) {
    char path[512];
    GatePolicy policy;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    fuzz_dir_clear();
    fuzz_dir_put("policy.yaml", p, n);
    snprintf(path, sizeof path, "%s/policy.yaml", fuzz_dir());
    bool ok = gate_policy_read(path, a, &policy, &err);
    if (ok) {
        fuzz_must(policy.name.p && policy.n_checks && strlen(policy.sha256) == 64, "what a policy must have");
        fuzz_must(within(policy.max_unscored, 0, 1) && within(policy.max_truncated, 0, 1), "limits");
        for (size_t i = 0; i < policy.n_checks; i++) {
            check(&policy.checks[i]);
            for (size_t k = 0; k < i; k++)
                fuzz_must(!str_eq(policy.checks[i].id, policy.checks[k].id), "two checks of an id");
        }
    } else {
        fuzz_refused(&err);
    }
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"gatepolicy", FUZZ_TEXT, NULL, 1500, seeds, run};
