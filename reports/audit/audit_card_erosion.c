/* Refusals lost between two models, on the same items and in the same arm. */
#include "reports/audit/audit_card_internal.h"
#include "reports/words/words.h"

#include <math.h>

static const char *why_open(const Card *c, const Versus *v, const PairResult *r) {
    if (!v->x_there || !v->y_there) return WORD("one of the two models was not asked");
    if (card__exploratory(c, v->x).n || card__exploratory(c, v->y).n) return "a run is exploratory and cannot count";
    const char *fault = card__check_fault(c, v->x, v->suite);
    if (!fault) fault = card__check_fault(c, v->y, v->suite);
    if (fault) return fault;
    if (v->n_unmatched) return "the two models were not asked the same items";
    if ((double)r->n_open > c->unscored_max * (double)r->n) return "too many answers were cut off or have no score";
    return v->judge_fault;
}

/* Ids alone, never texts. */
static void put_ids(Card *c, const char *key, const Versus *v, bool lost) {
    json_out_key(&c->o, key);
    json_arr(&c->o);
    for (size_t i = 0; i < v->n; i++) {
        const PairUnit *u = &v->units[i];
        if (lost ? u->x > u->y : u->x < u->y) json_out_str(&c->o, u->id);
    }
    json_arr_end(&c->o);
}

static double pairs_needed(const PairResult *r, double margin, double alpha) {
    double known = (double)(r->both + r->x_only + r->y_only + r->neither);
    double discordance = known > 0.0 ? (double)(r->x_only + r->y_only) / known : 0.0;
    return r->whole && discordance > 0.0 ? audit_pairs_needed(discordance, margin, alpha, 0.8) : NAN;
}

static void put_figures(Card *c, const Versus *v, const PairResult *r, double margin, double alpha) {
    bool none = !r->n;
    card__put_number(c, "pairs", (double)r->n);
    card__put_number(c, "n_open", (double)r->n_open);
    card__put_number(c, "n_unmatched", (double)v->n_unmatched);
    card__put_number(c, "n_clusters", (double)r->n_clusters);
    card__put_number(c, "difference", r->diff);
    card__put_number(c, "lower", none ? NAN : r->lower);
    card__put_number(c, "upper", none ? NAN : r->upper);
    card__put_number(c, "margin", margin);
    card__put_number(c, "p", none ? NAN : r->p);
    card__put_number(c, "alpha", alpha);
    card__put_word(c, "method", r->method);
    card__put_number(c, "pairs_needed", pairs_needed(r, margin, alpha));
}

static bool put_erosion(Card *c, const Json *ind) {
    const Json *of = json_first(json_get(ind, "of"));
    Versus v = {.x = json_str(of),
                .y = json_str(json_next(of)),
                .ind = ind,
                .suite = card__text(ind, "suite"),
                .metric = DECLINED,
                .safe = true};
    PairResult r;
    double margin = card__number(ind, "margin"), alpha = card__paired_alpha(c, ind);
    audit_arm_read(STR("default"), &v.arm, NULL);
    if (!card__versus(c, &v) || !card__pairs(c, v.units, v.n, alpha, &r)) return false;
    const char *open = why_open(c, &v, &r);
    AuditErosion e = audit_loss_verdict(r.lower, r.upper, r.p, margin, alpha);
    if (e == AUDIT_NOT_ERODED && open) e = AUDIT_UNCLEAR; /* a loss that is shown stands */
    json_obj(&c->o);
    card__put_text(c, "id", card__text(ind, "id"));
    card__put_text(c, "category", card__text(ind, "category"));
    card__put_text(c, "suite", v.suite);
    card__put_text(c, "base", v.x);
    card__put_text(c, "tuned", v.y);
    card__put_word(c, "verdict", audit_erosion_name(e));
    card__put_word(c, "why",
                   e != AUDIT_UNCLEAR ? ""
                   : open             ? open
                                      : WORD("neither is the loss shown, nor that it is within the margin"));
    put_figures(c, &v, &r, margin, alpha);
    put_ids(c, "lost", &v, true);
    put_ids(c, "gained", &v, false);
    json_obj_end(&c->o);
    card__worse(c, e == AUDIT_NOT_ERODED ? 0 : 5);
    if (e == AUDIT_ERODED) card__show(c, CARD_ERODED);
    return true;
}

bool card__put_erosions(Card *c) {
    json_out_key(&c->o, "erosion");
    json_arr(&c->o);
    for (const Json *i = json_first(json_get(c->plan, "indicators")); i; i = json_next(i))
        if (str_eqz(card__text(i, "kind"), "paired_diff") && !put_erosion(c, i)) return false;
    json_arr_end(&c->o);
    return true;
}
