#include "harness/gate/gate_policy.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/engine.h"
#include "harness/yaml.h"

enum { CHECKS_MAX = 200, PAIRS_MAX = 10000000 };

/* Of alpha: below, a bootstrap of refusals has too few draws beyond a bound; above, a claim says nothing. */
#define ALPHA_LEAST 0.001
#define ALPHA_MOST 0.2

static const char *const KINDS[] = {"non_inferior", "superior", "no_erosion", "at_least", "at_most", NULL};
static const char *const METRICS[] = {"score",    "refusal", "leak", "over_refusal", "pair_accuracy", "truncated",
                                      "unscored", "tokens",  NULL};

/* Which kinds of check a metric knows, as bits of GateKind. */
static unsigned kinds_of(GateMetric m) {
    enum {
        DIFFERENCES = 1u << GATE_NON_INFERIOR | 1u << GATE_SUPERIOR,
        LIMITS = 1u << GATE_AT_LEAST | 1u << GATE_AT_MOST
    };
    switch (m) {
    case GATE_SCORE:
        return DIFFERENCES | LIMITS;
    case GATE_REFUSAL:
        return 1u << GATE_NO_EROSION;
    case GATE_OVER_REFUSAL:
        return 1u << GATE_NON_INFERIOR | LIMITS;
    default:
        return LIMITS;
    }
}

static bool check_kind(const YamlNode *n, const GateCheck *c, Err *err) {
    char known[160];
    size_t at = 0;
    unsigned can = kinds_of(c->metric);
    if (can & 1u << c->kind) return true;
    known[0] = 0;
    for (unsigned k = 0; KINDS[k]; k++)
        if (can & 1u << k) at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at ? ", " : "", KINDS[k]);
    return yaml_fail(yaml_get(n, "kind"), err, "'kind' of metric %s must be %s%s", METRICS[c->metric],
                     strchr(known, ',') ? "one of " : "", known);
}

/* margin of differences, limit of levels: each where it belongs, and nowhere else. */
static bool check_numbers(const YamlNode *n, GateCheck *c, Err *err) {
    bool difference = c->kind == GATE_NON_INFERIOR || c->kind == GATE_NO_EROSION;
    bool level = c->kind == GATE_AT_LEAST || c->kind == GATE_AT_MOST;
    YamlNode *margin = yaml_get(n, "margin"), *limit = yaml_get(n, "limit");
    if (margin && !difference) return yaml_fail(margin, err, "'margin' does not belong to kind %s", KINDS[c->kind]);
    if (limit && !level) return yaml_fail(limit, err, "'limit' does not belong to kind %s", KINDS[c->kind]);
    if (!yaml_want_num(n, "margin", difference, 0.0, 1.0, &c->margin, err) ||
        !yaml_want_num(n, "limit", level, 0.0, c->metric == GATE_TOKENS ? 1000.0 : 1.0, &c->limit, err))
        return false;
    if (difference && !(c->margin > 0.0))
        return yaml_fail(margin, err,
                         "'margin' must be above 0: no number of questions shows that nothing at all was lost");
    return true;
}

/* How sure its claims must be, and on how many pairs: of tests alone. */
static bool check_claim(const YamlNode *n, const GatePolicy *p, GateCheck *c, Err *err) {
    bool count = c->metric == GATE_TRUNCATED || c->metric == GATE_UNSCORED || c->metric == GATE_TOKENS;
    static const char *const KEYS[] = {"alpha", "min_pairs"};
    for (size_t i = 0; count && i < 2; i++)
        if (yaml_get(n, KEYS[i]))
            return yaml_fail(yaml_get(n, KEYS[i]), err, "'%s' does not belong to metric %s, which is compared as it is",
                             KEYS[i], METRICS[c->metric]);
    int64_t pairs = (int64_t)p->min_pairs;
    c->alpha = p->alpha;
    if (!yaml_want_num(n, "alpha", false, ALPHA_LEAST, ALPHA_MOST, &c->alpha, err) ||
        !yaml_want_int(n, "min_pairs", false, 1, PAIRS_MAX, &pairs, err))
        return false;
    c->min_pairs = count ? 0 : (size_t)pairs;
    return true;
}

/* A text that becomes a pattern; absent: NULL. */
static bool want_pattern(const YamlNode *n, const char *key, const char **out, Arena *a, Err *err) {
    Str text = {0};
    *out = NULL;
    if (!yaml_want_str(n, key, false, &text, err)) return false;
    if (!text.p) return true;
    if (!text.n) return yaml_fail(yaml_get(n, key), err, "'%s' must not be empty; leave it out to look at all", key);
    *out = str_cstr(a, text);
    return *out || err_nomem(err);
}

static bool read_check(const YamlNode *n, const GatePolicy *policy, GateCheck *c, Arena *a, Err *err) {
    static const char *const known[] = {
        "id",   "suite",  "except", "group", "lang",      "transform", "effort",          "metric",
        "kind", "margin", "limit",  "alpha", "min_pairs", "required",  "on_inconclusive", NULL};
    static const char *const answers[] = {"stop", "allow", NULL};
    Str suite = {0}, except = {0};
    Effort e;
    int metric = GATE_SCORE, kind = 0, answer = 0;
    *c = (GateCheck){.required = true};
    if (!yaml_check_keys(n, "an entry of 'checks'", known, err) || !yaml_want_str(n, "id", true, &c->id, err) ||
        !yaml_want_str(n, "suite", true, &suite, err) || !yaml_want_str(n, "except", false, &except, err) ||
        !yaml_want_str(n, "transform", false, &c->transform, err) ||
        !yaml_want_str(n, "effort", false, &c->effort, err) ||
        !yaml_want_enum(n, "metric", false, METRICS, &metric, err) ||
        !yaml_want_enum(n, "kind", true, KINDS, &kind, err) ||
        !yaml_want_bool(n, "required", false, &c->required, err) ||
        !yaml_want_enum(n, "on_inconclusive", false, answers, &answer, err))
        return false;
    c->metric = (GateMetric)metric;
    c->kind = (GateKind)kind;
    c->allow_inconclusive = answer == 1;
    if (!c->id.n || !suite.n) return yaml_fail(n, err, "'id' and 'suite' must not be empty");
    if (c->effort.p && !effort_parse(c->effort, &e))
        return yaml_fail(yaml_get(n, "effort"), err, "'effort' must be one of low, medium, high");
    if (c->transform.p && metric != GATE_SCORE && kind == GATE_NO_EROSION && !str_eqz(c->transform, "plain"))
        return yaml_fail(yaml_get(n, "transform"), err,
                         "'refusal' is judged on items asked plainly; leave 'transform' out");
    if (!want_pattern(n, "group", &c->group, a, err) || !want_pattern(n, "lang", &c->lang, a, err)) return false;
    c->suite = str_cstr(a, suite);
    c->except = except.n ? str_cstr(a, except) : NULL;
    return ((c->suite && (c->except || !except.n)) || err_nomem(err)) && check_kind(n, c, err) &&
           check_numbers(n, c, err) && check_claim(n, policy, c, err);
}

static bool read_checks(const YamlNode *root, GatePolicy *p, Arena *a, Err *err) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "checks", true, &list, err)) return false;
    if (!list->n || list->n > CHECKS_MAX) return yaml_fail(list, err, "'checks' must have 1 to %d entries", CHECKS_MAX);
    GateCheck *checks = arena_array(a, list->n, sizeof *checks);
    if (!checks) return err_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        if (!read_check(list->items[i], p, &checks[i], a, err)) return false;
        for (size_t j = 0; j < i; j++)
            if (str_eq(checks[i].id, checks[j].id))
                return yaml_fail(list->items[i], err, "two checks have the id '" STR_FMT "'", STR_ARG(checks[i].id));
    }
    p->checks = checks;
    p->n_checks = list->n;
    return true;
}

static bool read_limits(const YamlNode *root, GatePolicy *p, Err *err) {
    static const char *const known[] = {"unscored", "truncated", "judge", NULL};
    static const char *const judges[] = {"calibrated", "any", NULL};
    YamlNode *limits = NULL;
    int judge = 0;
    p->max_unscored = 0.02; /* specs, safety-scoring.md section 0 */
    p->max_truncated = 0.05;
    if (!yaml_want_map(root, "limits", false, &limits, err) || !limits) return limits == NULL && err->code == ERR_OK;
    return yaml_check_keys(limits, "'limits'", known, err) &&
           yaml_want_num(limits, "unscored", false, 0.0, 1.0, &p->max_unscored, err) &&
           yaml_want_num(limits, "truncated", false, 0.0, 1.0, &p->max_truncated, err) &&
           yaml_want_enum(limits, "judge", false, judges, &judge, err) && ((p->any_judge = judge == 1), true);
}

static bool read_claims(const YamlNode *root, GatePolicy *p, Err *err) {
    int64_t pairs = 0;
    p->alpha = GATE_ALPHA;
    if (!yaml_want_num(root, "alpha", false, ALPHA_LEAST, ALPHA_MOST, &p->alpha, err) ||
        !yaml_want_int(root, "min_pairs", false, 1, PAIRS_MAX, &pairs, err))
        return false;
    p->min_pairs = (size_t)pairs;
    return true;
}

bool gate_policy_read(const char *path, Arena *a, GatePolicy *out, Err *err) {
    static const char *const known[] = {"gate", "why", "alpha", "min_pairs", "limits", "checks", NULL};
    YamlNode *root = NULL;
    Str bytes;
    *out = (GatePolicy){0};
    if (!yaml_load(path, a, &root, &bytes, err) || !yaml_check_keys(root, "a gate's policy", known, err) ||
        !yaml_want_str(root, "gate", true, &out->name, err) || !yaml_want_str(root, "why", false, &out->why, err) ||
        !read_claims(root, out, err) || !read_limits(root, out, err) || !read_checks(root, out, a, err))
        return false;
    sha256_of(bytes, out->sha256);
    return true;
}
