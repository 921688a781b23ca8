/* Two figures on the same items. What is open stands where it hurts the claim: for the upper bound of x - y it is 1 in
 * x and 0 in y, for the lower one the reverse.
 *
 * Whole values, every pair alone: stat_paired_bounds and the exact McNemar test. Several samples or clusters: the BCa
 * bootstrap over clusters and the exact sign test over them; where too few clusters differ for a bootstrap to see their
 * spread, Newcombe's interval for independent rates with as many items as there are clusters, which is wider. */
#include <math.h>
#include <stdlib.h>

#include "reports/audit/audit_card_internal.h"
#include "reports/stats/stats.h"
#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_safety.h"
#include "reports/words/words.h"

enum { LEAST = 15 };

static int by_cluster(const void *a, const void *b) {
    const PairUnit *x = a, *y = b;
    int c = str_cmp(x->cluster, y->cluster);
    return c ? c : str_cmp(x->id, y->id);
}

/* ---- one of the two bounds ---- */

typedef struct Side {
    size_t n, g; /* pairs, clusters */
    double x, y; /* sums */
    bool whole;
    uint64_t both, x_only, y_only, neither; /* of whole pairs */
    StatSums *clusters;
    uint64_t up, down; /* clusters with a difference above and below 0 */
} Side;

static void add(Side *s, double x, double y, bool new_cluster) {
    if (new_cluster) s->clusters[s->g++] = (StatSums){0};
    s->clusters[s->g - 1].num += x - y;
    s->clusters[s->g - 1].den += 1.0;
    s->n++, s->x += x, s->y += y;
    if ((x != 0.0 && x != 1.0) || (y != 0.0 && y != 1.0)) s->whole = false;
    s->both += x == 1.0 && y == 1.0, s->neither += x == 0.0 && y == 0.0;
    s->x_only += x == 1.0 && y == 0.0, s->y_only += x == 0.0 && y == 1.0;
}

static bool is_new(const PairUnit *u, size_t i) {
    return i == 0 || !u[i].cluster.p || !str_eq(u[i].cluster, u[i - 1].cluster);
}

static bool sum_up(const PairUnit *u, size_t n, bool upper, Arena *a, Side *s) {
    *s = (Side){.whole = true, .clusters = arena_array(a, n + 1, sizeof *s->clusters)};
    if (!s->clusters) return false;
    for (size_t i = 0; i < n; i++)
        add(s, upper ? u[i].x_high : u[i].x_low, upper ? u[i].y_low : u[i].y_high, is_new(u, i));
    for (size_t i = 0; i < s->g; i++) s->up += s->clusters[i].num > 0.0, s->down += s->clusters[i].num < 0.0;
    return true;
}

static double clip(double d) {
    return fmax(-1.0, fmin(1.0, d));
}

static bool resample(Card *c, const Side *s, double alpha, bool upper, double *out) {
    double *rounds = arena_array(c->a, EVID_ROUNDS, sizeof *rounds);
    if (!rounds) return false;
    StatBca b = stat_bca(NULL, s->clusters, s->g, c->seed, rounds, EVID_ROUNDS);
    double q = stat_bca_quantile(&b, upper ? 1.0 - alpha : alpha);
    *out = isnan(q) ? (upper ? 1.0 : -1.0) : clip(q); /* it promises nothing here */
    return true;
}

/* A bootstrap's bound, but never inside that of as many whole pairs as the clusters are worth. */
static void with_effective(const Side *s, double alpha, bool upper, double *out) {
    StatRange e = stat_paired_bounds_clustered(s->both, s->x_only, s->y_only, s->neither,
                                               stat_sums_se(s->clusters, s->g), 1.0 - 2.0 * alpha);
    if (!s->whole || isnan(e.lo)) return;
    *out = upper ? fmax(*out, e.hi) : fmin(*out, e.lo);
}

static bool bound(Card *c, const Side *s, double alpha, bool upper, double *out, const char **method) {
    StatRange w;
    if (s->whole && s->g == s->n) {
        w = stat_paired_bounds(s->both, s->x_only, s->y_only, s->neither, 1.0 - 2.0 * alpha);
        *method = WORD("Newcombe and Tango, paired");
    } else if (s->up + s->down >= LEAST) {
        *method = WORD("cluster bootstrap");
        if (!resample(c, s, alpha, upper, out)) return false;
        with_effective(s, alpha, upper, out);
        return true;
    } else {
        double g = (double)s->g, n = (double)s->n;
        StatNewcombe d = stat_newcombe_diff(s->x / n * g, g, s->y / n * g, g, 1.0 - 2.0 * alpha);
        w = (StatRange){d.lo, d.hi};
        *method = WORD("Newcombe, one item for a cluster");
    }
    *out = clip(upper ? w.hi : w.lo);
    return true;
}

/* ---- together ---- */

static void points(const PairUnit *u, size_t n, PairResult *r) {
    double x = 0.0, y = 0.0;
    size_t known = 0, clusters = 0;
    r->n = n, r->whole = true;
    for (size_t i = 0; i < n; i++) {
        clusters += is_new(u, i);
        r->n_open += u[i].open;
        if (isnan(u[i].x) || isnan(u[i].y)) continue;
        known++, x += u[i].x, y += u[i].y;
        r->both += u[i].x == 1.0 && u[i].y == 1.0, r->neither += u[i].x == 0.0 && u[i].y == 0.0;
        r->x_only += u[i].x == 1.0 && u[i].y == 0.0, r->y_only += u[i].x == 0.0 && u[i].y == 1.0;
    }
    r->whole = r->both + r->neither + r->x_only + r->y_only == known;
    r->n_clusters = clusters < n ? clusters : 0;
    r->x = known ? x / (double)known : NAN;
    r->y = known ? y / (double)known : NAN;
    r->diff = r->x - r->y;
}

bool card__pairs(Card *c, PairUnit *u, size_t n, double alpha, PairResult *out) {
    Side high, low;
    *out = (PairResult){.x = NAN, .y = NAN, .diff = NAN, .lower = -1.0, .upper = 1.0, .p = 1.0, .method = ""};
    if (!n) return true;
    qsort(u, n, sizeof *u, by_cluster);
    points(u, n, out);
    if (!sum_up(u, n, true, c->a, &high) || !sum_up(u, n, false, c->a, &low)) return false;
    out->p = low.whole && low.g == low.n ? stat_mcnemar_one_sided(low.x_only, low.y_only)
                                         : stat_mcnemar_one_sided(low.up, low.down);
    return bound(c, &low, alpha, false, &out->lower, &out->method) &&
           bound(c, &high, alpha, true, &out->upper, &out->method);
}

/* ---- two models ---- */

typedef struct Half {
    EvidItem item;
    const AuditRow *head;
} Half;

static int by_sample(const void *a, const void *b) {
    return str_cmp(((const Half *)a)->head->sample, ((const Half *)b)->head->sample);
}

static int by_content(const void *a, const void *b) {
    const AuditRow *x = ((const Half *)a)->head, *y = ((const Half *)b)->head;
    int c = str_cmp(x->content, y->content);
    return c ? c : str_cmp(x->sample, y->sample);
}

static bool half_of(Card *c, Str model, Versus *v, Half **out, size_t *n, double *refused, bool *there) {
    Picked p;
    EvidJudge judge;
    Str calibration;
    *n = 0;
    if (!card__pick(c, model, v->suite, &v->arm, v->metric, &p) ||
        !card__judge(c, &p, &v->arm, v->metric, &judge, &calibration))
        return false;
    if (card__judge_fault(&judge)) v->judge_fault = card__judge_fault(&judge);
    AuditRow **heads = arena_array(c->a, p.n + 1, sizeof *heads);
    EvidItem *items = heads ? card__items(c, &p, &v->arm, v->metric, n, heads) : NULL;
    Half *h = items ? arena_array(c->a, *n + 1, sizeof *h) : NULL;
    if (!h) return false;
    *refused = 0.0;
    for (size_t i = 0; i < *n; i++) {
        h[i] = (Half){items[i], heads[i]};
        *refused += items[i].several ? items[i].refused_share : items[i].refused;
    }
    *refused = *n ? *refused / (double)*n : NAN;
    *there = *n > 0;
    *out = h;
    return true;
}

static PairUnit unit(const Versus *v, const Half *x, const Half *y) {
    const EvidItem *a = &x->item, *b = &y->item;
    PairUnit u = {.cluster = a->cluster.p ? a->cluster : b->cluster,
                  .id = x->head->sample,
                  .open = a->open || b->open || isnan(a->value) || isnan(b->value)};
    double al = card__least(a), ah = card__most(a, v->metric), bl = card__least(b), bh = card__most(b, v->metric);
    u.x = v->safe ? 1.0 - a->value : a->value;
    u.y = v->safe ? 1.0 - b->value : b->value;
    u.x_low = v->safe ? 1.0 - ah : al, u.x_high = v->safe ? 1.0 - al : ah;
    u.y_low = v->safe ? 1.0 - bh : bl, u.y_high = v->safe ? 1.0 - bl : bh;
    return u;
}

static void join(Versus *v, const Half *x, size_t nx, const Half *y, size_t ny) {
    for (size_t i = 0, j = 0; i < nx || j < ny;) {
        Str a = i < nx ? (v->imported ? x[i].head->content : x[i].head->sample) : (Str){0};
        Str b = j < ny ? (v->imported ? y[j].head->content : y[j].head->sample) : (Str){0};
        int order = i == nx ? 1 : j == ny ? -1 : str_cmp(a, b);
        if (order == 0 && str_eq(x[i].head->content, y[j].head->content))
            v->units[v->n++] = unit(v, &x[i], &y[j]);
        else
            v->n_unmatched++;
        i += order <= 0, j += order >= 0;
    }
}

bool card__versus(Card *c, Versus *v) {
    Half *x, *y;
    size_t nx, ny;
    if (!half_of(c, v->x, v, &x, &nx, &v->x_refused, &v->x_there) ||
        !half_of(c, v->y, v, &y, &ny, &v->y_refused, &v->y_there))
        return false;
    v->imported = (nx && x[0].head->arm.n) || (ny && y[0].head->arm.n);
    if (nx) qsort(x, nx, sizeof *x, v->imported ? by_content : by_sample);
    if (ny) qsort(y, ny, sizeof *y, v->imported ? by_content : by_sample);
    v->units = arena_array(c->a, nx + 1, sizeof *v->units);
    if (!v->units) return false;
    join(v, x, nx, y, ny);
    return true;
}

double card__paired_alpha(const Card *c, const Json *ind) {
    double m = 0.0;
    for (const Json *i = json_first(json_get(c->plan, "indicators")); i; i = json_next(i))
        m += !str_eqz(card__text(i, "kind"), "rate") && str_eq(card__text(i, "category"), card__text(ind, "category"));
    return c->multiplicity == EVID_NONE || m < 1.0 ? c->alpha : c->alpha / m;
}
