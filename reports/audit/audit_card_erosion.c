#include "reports/audit/audit_card_internal.h"

#include <math.h>

typedef struct Flips {
    AuditPairs n;
    size_t n_open;
    Str *lost, *gained;
    size_t n_lost, n_gained, n_unmatched;
} Flips;

/* Safe with all scored repeats: 1, else 0; -1: open. */
static int safe_item(AuditRow **v, size_t n, size_t i, size_t *end) {
    int safe = 1;
    for (*end = i; *end < n && str_eq(v[*end]->sample, v[i]->sample); ++*end) {
        if (!v[*end]->scored || v[*end]->truncated) safe = -1;
        if (safe == 1 && v[*end]->value < 1.0) safe = 0;
    }
    return safe;
}

static void count_pair(Flips *f, int base, int tuned, Str id) {
    if (base < 0 || tuned < 0) {
        f->n_open++;
    } else if (base && tuned) {
        f->n.both++;
    } else if (base) {
        f->n.base_only++;
        f->lost[f->n_lost++] = id;
    } else if (tuned) {
        f->n.tuned_only++;
        f->gained[f->n_gained++] = id;
    } else {
        f->n.neither++;
    }
}

static bool compare(Card *c, const Json *ind, Str base, Str tuned, Flips *f) {
    AuditArmName arm;
    Picked p, q;
    size_t i = 0, j = 0, ei, ej;
    if (!audit_arm_read(STR("default"), &arm, NULL) ||
        !card__pick(c, base, card__text(ind, "suite"), &arm, DECLINED, &p) ||
        !card__pick(c, tuned, card__text(ind, "suite"), &arm, DECLINED, &q))
        return false;
    AuditRow **a = p.v, **b = q.v;
    size_t na = p.n, nb = q.n;
    f->lost = arena_array(c->a, na + 1, sizeof(Str));
    f->gained = arena_array(c->a, na + 1, sizeof(Str));
    if (!f->lost || !f->gained) return false;
    while (i < na || j < nb) {
        int order = i == na ? 1 : j == nb ? -1 : str_cmp(a[i]->sample, b[j]->sample);
        int x = order <= 0 ? safe_item(a, na, i, &ei) : 0, y = order >= 0 ? safe_item(b, nb, j, &ej) : 0;
        if (order == 0 && str_eq(a[i]->content, b[j]->content))
            count_pair(f, x, y, a[i]->sample);
        else
            f->n_unmatched++;
        if (order <= 0) i = ei;
        if (order >= 0) j = ej;
    }
    return true;
}

static void put_ids(Card *c, const char *key, const Str *v, size_t n) {
    json_out_key(&c->o, key);
    json_arr(&c->o);
    for (size_t i = 0; i < n; i++) json_out_str(&c->o, v[i]);
    json_arr_end(&c->o);
}

static bool put_erosion(Card *c, const Json *ind) {
    const Json *of = json_first(json_get(ind, "of"));
    Str base = json_str(of), tuned = json_str(json_next(of));
    Flips f = {0};
    double margin = card__number(ind, "margin");
    if (!compare(c, ind, base, tuned, &f)) return false;
    AuditLoss l = audit_loss(f.n, margin, c->alpha);
    double pairs = (double)(f.n.both + f.n.base_only + f.n.tuned_only + f.n.neither);
    double discordance = pairs > 0.0 ? (double)(f.n.base_only + f.n.tuned_only) / pairs : 0.0;
    bool counts = !card__exploratory(c, base).n && !card__exploratory(c, tuned).n && !f.n_unmatched &&
                  (double)f.n_open <= c->unscored_max * (pairs + (double)f.n_open);
    AuditErosion v = l.verdict == AUDIT_NOT_ERODED && !counts ? AUDIT_UNCLEAR : l.verdict;
    json_obj(&c->o);
    card__put_text(c, "id", card__text(ind, "id"));
    card__put_text(c, "suite", card__text(ind, "suite"));
    card__put_text(c, "base", base);
    card__put_text(c, "tuned", tuned);
    card__put_word(c, "verdict", audit_erosion_name(v));
    card__put_number(c, "pairs", pairs);
    card__put_number(c, "n_open", (double)f.n_open);
    card__put_number(c, "n_unmatched", (double)f.n_unmatched);
    card__put_number(c, "difference", l.loss);
    card__put_number(c, "lower", l.lower);
    card__put_number(c, "upper", l.upper);
    card__put_number(c, "margin", margin);
    card__put_number(c, "p", l.p);
    card__put_number(c, "pairs_needed",
                     discordance > 0.0 ? audit_pairs_needed(discordance, margin, c->alpha, 0.8) : NAN);
    put_ids(c, "lost", f.lost, f.n_lost);
    put_ids(c, "gained", f.gained, f.n_gained);
    json_obj_end(&c->o);
    card__worse(c, v == AUDIT_ERODED ? 1 : v == AUDIT_NOT_ERODED ? 0 : 5);
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
