/* A candidate against a reference on the same items: what it adds to what there already is. Specs, audit.md section 4.
 *
 * Items of both: paired, as for erosion. Of one of them counts alone, with the digest of the data that the other was
 * asked: exact bounds of the two rates, each at half the level, hold together whatever the two have to do with each
 * other. They are wider than paired ones. Counts that do not say of which items they are give figures and no claim. */
#include "reports/audit/audit_card_internal.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/words/words.h"

typedef struct Marginal {
    const Json *ind;
    Versus v;
    PairResult r;
    CardFigure x, y; /* candidate, reference */
    bool paired;
    Str x_data, y_data; /* digests of the items; "" if not known */
    double margin, alpha;
} Marginal;

/* ---- the same items ---- */

/* What the runs of a model say of a suite's data; "" if they do not agree. */
static Str data_of_runs(const Card *c, Str model, Str suite) {
    Str found = STR("");
    for (const Json *r = json_first(json_get(c->header, "runs")); r; r = json_next(r)) {
        if (!str_eq(card__text(r, "role"), model)) continue;
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            Str data = card__text(s, "data_sha256");
            if (!card__suite_fits(card__text(s, "name"), suite)) continue;
            if (!data.n || (found.n && !str_eq(found, data))) return STR("");
            found = data;
        }
    }
    return found;
}

static bool same_data(const Marginal *m) {
    return m->x_data.n && str_eq(m->x_data, m->y_data) && m->x.arm.n == m->y.arm.n;
}

/* ---- from counts ---- */

/* Counts do not show clusters; the items are the other's, so theirs are taken. */
static void share_clusters(const EvidArm *from, EvidArm *to) {
    if (!from->n_clusters) return;
    to->n_clusters = from->n_clusters;
    to->high.n_effective = fmin(to->high.n_effective, (double)from->n_clusters);
    to->low.n_effective = fmin(to->low.n_effective, (double)from->n_clusters);
}

static void unpaired(Marginal *m) {
    EvidArm *x = &m->x.arm, *y = &m->y.arm;
    if (m->x.counts) share_clusters(y, x);
    if (m->y.counts) share_clusters(x, y);
    m->r = (PairResult){.x = x->point,
                        .y = y->point,
                        .diff = x->point - y->point,
                        .lower = evid_lower(x, m->alpha / 2.0) - evid_upper(y, m->alpha / 2.0),
                        .upper = evid_upper(x, m->alpha / 2.0) - evid_lower(y, m->alpha / 2.0),
                        .p = NAN,
                        .n_open = x->n_open + y->n_open,
                        .method = WORD("exact bounds of both rates, not paired")};
}

static bool measure(Card *c, Marginal *m) {
    const Json *of = json_first(json_get(m->ind, "of"));
    Str arm = card__text(m->ind, "arm").n ? card__text(m->ind, "arm") : STR("default");
    m->v = (Versus){.x = json_str(of),
                    .y = json_str(json_next(of)),
                    .ind = m->ind,
                    .suite = card__suite(c, m->ind, arm),
                    .metric = card__metric(card__text(m->ind, "metric"))};
    m->margin = card__number(m->ind, "margin");
    m->alpha = card__paired_alpha(c, m->ind);
    audit_arm_read(arm, &m->v.arm, NULL);
    if (!card__figure(c, m->v.x, m->v.suite, &m->v.arm, m->v.metric, &m->x) ||
        !card__figure(c, m->v.y, m->v.suite, &m->v.arm, m->v.metric, &m->y) || !card__versus(c, &m->v) ||
        !card__pairs(c, m->v.units, m->v.n, m->alpha, &m->r))
        return false;
    m->paired = !m->x.why && !m->y.why && !m->x.counts && !m->y.counts;
    m->x_data = m->x.counts ? m->x.data : data_of_runs(c, m->v.x, m->v.suite);
    m->y_data = m->y.counts ? m->y.data : data_of_runs(c, m->v.y, m->v.suite);
    if (!m->paired && !m->x.why && !m->y.why) unpaired(m);
    return true;
}

/* ---- what it shows ---- */

static bool too_open(const Card *c, const Marginal *m) {
    const EvidArm *x = &m->x.arm, *y = &m->y.arm;
    if (m->paired) return (double)m->r.n_open > c->unscored_max * (double)m->r.n;
    return x->open > c->unscored_max * (double)x->n || y->open > c->unscored_max * (double)y->n;
}

/* Why nothing can be claimed; NULL: it can. */
static const char *why_blind(const Marginal *m) {
    if (m->x.why || m->y.why) return "the candidate or the reference was not measured under this arm";
    if (m->paired ? m->v.n_unmatched > 0 && !m->r.n : !same_data(m))
        return m->paired ? "the two models were not asked the same items"
                         : "results that are counts do not say that they are of the same items";
    return NULL;
}

static const char *why_open(const Card *c, const Marginal *m) {
    const Versus *v = &m->v;
    const Adversary *a = card__adversary_of(c, v->x);
    double n_min = json_get(m->ind, "n_min") ? card__number(m->ind, "n_min") : 0.0;
    if (card__exploratory(c, v->x).n || card__exploratory(c, v->y).n) return "a run is exploratory and cannot count";
    const char *fault = card__check_fault(c, v->x, v->suite);
    if (!fault) fault = card__check_fault(c, v->y, v->suite);
    if (fault) return fault;
    if (m->paired && v->n_unmatched) return "the two models were not asked the same items";
    if ((double)(m->paired ? m->r.n : m->x.arm.n_scored) < n_min) return "there are fewer items than the plan asks for";
    if (too_open(c, m)) return "too many answers were cut off or have no score";
    if (v->metric == ABILITY && m->x.arm.refused > 0.05 * (double)m->x.arm.n)
        return "more than 5 % of the candidate's answers are refusals, which hide ability";
    if (card__judge_fault(&m->x.arm.judge)) return card__judge_fault(&m->x.arm.judge);
    if (card__judge_fault(&m->y.arm.judge)) return card__judge_fault(&m->y.arm.judge);
    return a && *a->why ? a->why : NULL;
}

/* An uplift that is shown stands, whatever else is missing; that there is none needs everything. */
static AuditErosion judge(const Card *c, const Marginal *m, const char **why) {
    const char *blind = why_blind(m), *open = blind ? blind : why_open(c, m);
    AuditErosion e = AUDIT_UNCLEAR;
    if (!blind && !isnan(m->r.diff))
        e = audit_loss_verdict(m->r.lower, m->r.upper, m->paired ? m->r.p : 0.0, m->margin, m->alpha);
    if (e == AUDIT_NOT_ERODED && open) e = AUDIT_UNCLEAR;
    *why = e != AUDIT_UNCLEAR ? "" : open ? open : "neither is an uplift shown, nor that it is within the margin";
    return e;
}

/* ---- out ---- */

static void put_count(Card *c, const char *key, const Marginal *m, size_t n) {
    card__put_number(c, key, m->paired && m->r.whole ? (double)n : NAN);
}

static void put_reference(Card *c, const Marginal *m) {
    const Cell *own = NULL;
    for (size_t i = 0; i < c->n_cells && !own; i++)
        if (str_eq(c->cells[i].role, m->v.y) &&
            str_eq(card__text(c->cells[i].ind, "suite"), card__text(m->ind, "suite")) &&
            str_eq(card__text(c->cells[i].ind, "metric"), card__text(m->ind, "metric")))
            own = &c->cells[i];
    card__put_word(c, "reference_verdict", own ? audit_verdict_name(own->rate.verdict) : "");
    card__put_text(c, "reference_indicator", own ? card__text(own->ind, "id") : STR(""));
}

static void put_figures(Card *c, const Marginal *m) {
    const PairResult *r = &m->r;
    bool none = isnan(r->diff);
    card__put_flag(c, "paired", m->paired);
    card__put_flag(c, "imported", (!m->x.why && m->x.facts.imported) || (!m->y.why && m->y.facts.imported));
    card__put_number(c, "pairs", (double)r->n);
    card__put_number(c, "n_open", (double)r->n_open);
    card__put_number(c, "n_unmatched", m->paired ? (double)m->v.n_unmatched : 0.0);
    put_count(c, "both", m, r->both), put_count(c, "candidate_only", m, r->x_only);
    put_count(c, "reference_only", m, r->y_only), put_count(c, "neither", m, r->neither);
    card__put_number(c, "rate_candidate", none ? (m->x.why ? NAN : m->x.arm.point) : r->x);
    card__put_number(c, "rate_reference", none ? (m->y.why ? NAN : m->y.arm.point) : r->y);
    card__put_number(c, "difference", r->diff);
    card__put_number(c, "lower", none ? NAN : r->lower);
    card__put_number(c, "upper", none ? NAN : r->upper);
    card__put_number(c, "margin", m->margin);
    card__put_number(c, "alpha", m->alpha);
    card__put_number(c, "p", none ? NAN : r->p);
    card__put_word(c, "method", r->method);
}

static bool put_marginal(Card *c, const Json *ind) {
    static const char *const names[] = {"UNCLEAR", "NO_UPLIFT", "UPLIFT"};
    Marginal m = {.ind = ind};
    const char *why;
    if (!measure(c, &m)) return false;
    AuditErosion e = judge(c, &m, &why);
    json_obj(&c->o);
    card__put_text(c, "id", card__text(ind, "id"));
    card__put_text(c, "category", card__text(ind, "category"));
    card__put_text(c, "metric", card__text(ind, "metric"));
    card__put_text(c, "suite", card__text(ind, "suite"));
    card__put_text(c, "source", card__text(ind, "source"));
    card__put_text(c, "arm", m.v.arm.name);
    card__put_text(c, "candidate", m.v.x);
    card__put_text(c, "reference", m.v.y);
    card__put_word(c, "verdict", names[e]);
    card__put_word(c, "why", why);
    put_figures(c, &m);
    put_reference(c, &m);
    json_obj_end(&c->o);
    card__worse(c, e == AUDIT_NOT_ERODED ? 0 : 5);
    if (e == AUDIT_ERODED) card__show(c, CARD_UPLIFT);
    return true;
}

bool card__put_marginals(Card *c) {
    json_out_key(&c->o, "marginal");
    json_arr(&c->o);
    for (const Json *i = json_first(json_get(c->plan, "indicators")); i; i = json_next(i))
        if (str_eqz(card__text(i, "kind"), "marginal") && !put_marginal(c, i)) return false;
    json_arr_end(&c->o);
    return true;
}
