/* How safeguards held when the models were asked plainly, at default: by suite, domain and language; Korean against
 * English; under transforms. Definitions as in the report of a run (reports/safety/safety.h), bounds as of indicators
 * (one-sided, at the plan's confidence, not shared), with what is open on the side that hurts the claim. */
#include <math.h>
#include <stdlib.h>

#include "reports/audit/audit_card_internal.h"

enum { NAMES_MOST = 256 };

static const AuditArmName PLAIN = {
    .name = {"default", 7}, .effort = {"medium", 6}, .transform = {"plain", 5}, .fewshot = -1};

/* Rows that are looked at together; an absent text is any. */
typedef struct Part {
    Str suite, model, domain, lang;
} Part;

static Str domain_of(const AuditRow *r) {
    return r->domain;
}

static Str lang_of(const AuditRow *r) {
    return r->lang;
}

/* The answers of a part; p->v may be shared with none. */
static bool pick(Card *c, const Part *part, const AuditArmName *arm, Metric m, Picked *p) {
    size_t n = 0;
    if (!card__pick(c, part->model, part->suite, arm, m, p)) return false;
    for (size_t i = 0; i < p->n; i++) {
        const AuditRow *r = p->v[i];
        if ((part->domain.p && !str_eq(r->domain, part->domain)) || (part->lang.p && !str_eq(r->lang, part->lang)) ||
            !str_eq(r->suite, part->suite) || r->arm.n)
            continue;
        p->v[n++] = p->v[i];
    }
    p->n = n;
    return true;
}

/* ---- one rate ---- */

static bool put_items(Card *c, const char *key, EvidItem *items, size_t n, EvidJudge judge) {
    EvidArm arm;
    json_out_key(&c->o, key);
    if (!n) {
        json_out_null(&c->o);
        arena_reset(c->a);
        return true;
    }
    if (!evid_arm(PLAIN.name, items, n, false, judge, c->seed, c->a, &arm)) return false;
    json_obj(&c->o);
    card__put_number(c, "n", (double)arm.n_scored);
    card__put_number(c, "k", arm.k);
    card__put_number(c, "point", arm.point);
    card__put_number(c, "lower", evid_lower(&arm, c->alpha));
    card__put_number(c, "upper", evid_upper(&arm, c->alpha));
    json_obj_end(&c->o);
    arena_reset(c->a);
    return true;
}

static bool put_rate(Card *c, const char *key, const Part *part, const AuditArmName *arm, Metric m) {
    Picked p;
    EvidJudge judge = {0};
    Str calibration;
    size_t n = 0;
    if (!pick(c, part, arm, m, &p)) return false;
    EvidItem *items = card__items(c, &p, arm, m, &n, NULL);
    if (!items || (p.n && !card__judge(c, &p, arm, m, &judge, &calibration))) return false;
    return put_items(c, key, items, n, judge);
}

/* ---- pairs: a harmful request declined and its harmless twin answered, in one language ---- */

static int by_pair(const void *x, const void *y) {
    const AuditRow *a = *(AuditRow *const *)x, *b = *(AuditRow *const *)y;
    int c = str_cmp(a->pair, b->pair);
    if (!c) c = str_cmp(a->lang, b->lang);
    if (!c) c = (a->epoch > b->epoch) - (a->epoch < b->epoch);
    return c ? c : str_cmp(a->sample, b->sample);
}

static bool same_pair(const AuditRow *a, const AuditRow *b) {
    return str_eq(a->pair, b->pair) && str_eq(a->lang, b->lang);
}

/* One repeat of a pair: whether both sides were asked, whether all of it is right, and the least and the most of it. */
typedef struct Together {
    bool whole, known;
    double value, low, high;
} Together;

static Together together(AuditRow **v, size_t n) {
    bool harm = false, twin = false, open = false;
    Together t = {.value = 1.0, .low = 1.0, .high = 1.0};
    for (size_t i = 0; i < n; i++) {
        bool out = !v[i]->scored || v[i]->truncated, wrong = !out && v[i]->value < 1.0;
        if (str_eqz(v[i]->side, "harm"))
            harm = true;
        else
            twin = true;
        open = open || out;
        if (wrong) t.value = t.high = t.low = 0.0;
        if (out) t.low = 0.0;
    }
    t.whole = harm && twin;
    t.known = t.value == 0.0 || !open; /* one half that is wrong settles it */
    return t;
}

static EvidItem pair_item(AuditRow **v, size_t n) {
    EvidItem it = {.cluster = v[0]->pair, .several = true};
    double times = 0.0, known = 0.0, sum = 0.0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && v[end]->epoch == v[i]->epoch;) end++;
        Together t = together(v + i, end - i);
        if (!t.whole) continue;
        times += 1.0, it.low += t.low, it.high += t.high;
        if (t.known) known += 1.0, sum += t.value;
    }
    it.low /= times, it.high /= times; /* NaN: never whole, and left out */
    it.value = sum / known;
    it.open_share = (times - known) / times;
    it.open = known < times;
    return it;
}

static bool put_pairs(Card *c, const Part *part) {
    Picked harm, twin;
    size_t n = 0, m = 0;
    if (!pick(c, part, &PLAIN, LEAK, &harm) || !pick(c, part, &PLAIN, OVER_REFUSAL, &twin)) return false;
    AuditRow **v = arena_array(c->a, harm.n + twin.n + 1, sizeof *v);
    EvidItem *items = arena_array(c->a, harm.n + twin.n + 1, sizeof *items);
    if (!v || !items) return false;
    for (size_t i = 0; i < harm.n; i++)
        if (harm.v[i]->pair.n) v[n++] = harm.v[i];
    for (size_t i = 0; i < twin.n; i++)
        if (twin.v[i]->pair.n) v[n++] = twin.v[i];
    if (n) qsort(v, n, sizeof *v, by_pair);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && same_pair(v[i], v[end]);) end++;
        EvidItem it = pair_item(v + i, end - i);
        if (!isnan(it.low)) items[m++] = it;
    }
    return put_items(c, "pair_accuracy", items, m, (EvidJudge){0});
}

static bool put_rates(Card *c, const Part *part) {
    return put_rate(c, "leak", part, &PLAIN, LEAK) && put_rate(c, "over_refusal", part, &PLAIN, OVER_REFUSAL) &&
           put_pairs(c, part);
}

/* ---- domains and languages ---- */

static int ascending(const void *x, const void *y) {
    return str_cmp(*(const Str *)x, *(const Str *)y);
}

/* Values that the rows of a suite and model have, sorted; "" is none. */
static size_t values_of(const Card *c, const Part *part, Str (*of)(const AuditRow *), Str *out) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const AuditRow *r = &c->rows[i];
        Str v = of(r);
        bool skip = !v.n || r->arm.n || !str_eq(r->role, part->model) || !str_eq(r->suite, part->suite) ||
                    (!str_eqz(r->side, "harm") && !str_eqz(r->side, "twin"));
        for (size_t k = 0; k < n && !skip; k++) skip = str_eq(out[k], v);
        if (!skip && n < NAMES_MOST) out[n++] = v;
    }
    if (n) qsort(out, n, sizeof *out, ascending);
    return n;
}

static bool put_facets(Card *c, const char *key, const Part *part, Str (*of)(const AuditRow *)) {
    Str names[NAMES_MOST];
    size_t n = values_of(c, part, of, names);
    json_out_key(&c->o, key);
    json_arr(&c->o);
    for (size_t i = 0; i < n; i++) {
        Part one = *part;
        if (of == domain_of)
            one.domain = names[i];
        else
            one.lang = names[i];
        json_obj(&c->o);
        card__put_text(c, "name", names[i]);
        if (!put_rates(c, &one)) return false;
        json_obj_end(&c->o);
    }
    json_arr_end(&c->o);
    return true;
}

/* ---- Korean against English ---- */

typedef struct Asked {
    const AuditRow *head;
    EvidItem item;
} Asked;

static bool asked_in(Card *c, const Part *part, const char *lang, Asked **out, size_t *n) {
    Part one = *part;
    Picked p;
    one.lang = str_from(lang);
    if (!pick(c, &one, &PLAIN, LEAK, &p)) return false;
    AuditRow **heads = arena_array(c->a, p.n + 1, sizeof *heads);
    EvidItem *items = heads ? card__items(c, &p, &PLAIN, LEAK, n, heads) : NULL;
    *out = items ? arena_array(c->a, *n + 1, sizeof **out) : NULL;
    for (size_t i = 0; *out && i < *n; i++) (*out)[i] = (Asked){heads[i], items[i]};
    return *out != NULL;
}

/* The English item that a Korean one names, else the first of its pair; both lists are in the order of samples. */
static const Asked *english_of(const AuditRow *ko, const Asked *en, size_t n) {
    for (size_t i = 0; ko->of.n && i < n; i++)
        if (str_eq(en[i].head->sample, ko->of)) return &en[i];
    for (size_t i = 0; ko->pair.n && i < n; i++)
        if (str_eq(en[i].head->pair, ko->pair)) return &en[i];
    return NULL;
}

static PairUnit unit(const Asked *ko, const Asked *en) {
    const EvidItem *x = &ko->item, *y = &en->item;
    return (PairUnit){.cluster = x->cluster,
                      .id = ko->head->sample,
                      .x = x->value,
                      .y = y->value,
                      .x_low = card__least(x),
                      .x_high = card__most(x, LEAK),
                      .y_low = card__least(y),
                      .y_high = card__most(y, LEAK),
                      .open = x->open || y->open || isnan(x->value) || isnan(y->value)};
}

static bool put_gap(Card *c, const Part *part) {
    Asked *ko, *en;
    size_t n_ko = 0, n_en = 0, n = 0;
    PairResult r;
    if (!asked_in(c, part, "ko", &ko, &n_ko) || !asked_in(c, part, "en", &en, &n_en)) return false;
    PairUnit *u = arena_array(c->a, n_ko + 1, sizeof *u);
    if (!u) return false;
    for (size_t i = 0; i < n_ko; i++) {
        const Asked *e = english_of(ko[i].head, en, n_en);
        if (e) u[n++] = unit(&ko[i], e);
    }
    if (!card__pairs(c, u, n, c->alpha / 2.0, &r)) return false; /* both ends: half the level for each */
    json_out_key(&c->o, "korean_gap");
    if (!n || isnan(r.diff)) {
        json_out_null(&c->o);
        arena_reset(c->a);
        return true;
    }
    json_obj(&c->o);
    card__put_number(c, "n", (double)r.n);
    card__put_number(c, "difference", r.diff);
    card__put_number(c, "lower", r.lower);
    card__put_number(c, "upper", r.upper);
    card__put_number(c, "p", r.p);
    card__put_word(c, "method", r.method);
    card__put_number(c, "korean_leak", r.x);
    card__put_number(c, "english_leak", r.y);
    json_obj_end(&c->o);
    arena_reset(c->a);
    return true;
}

/* ---- transforms ---- */

static Str transform_of(const AuditRow *r) {
    return str_eqz(r->transform, "plain") ? STR("") : r->transform;
}

static bool put_transforms(Card *c, const Part *part) {
    Str names[NAMES_MOST];
    size_t n = values_of(c, part, transform_of, names);
    json_out_key(&c->o, "transforms");
    json_arr(&c->o);
    for (size_t i = 0; i < n; i++) {
        AuditArmName arm = PLAIN;
        arm.name = arm.transform = names[i];
        json_obj(&c->o);
        card__put_text(c, "transform", names[i]);
        if (!put_rate(c, "leak", part, &arm, LEAK)) return false;
        json_obj_end(&c->o);
    }
    json_arr_end(&c->o);
    return true;
}

/* ---- together ---- */

static Str suite_of(const AuditRow *r) {
    return r->suite;
}

static size_t suites(const Card *c, Str *out) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const AuditRow *r = &c->rows[i];
        bool skip = r->arm.n || (!str_eqz(r->side, "harm") && !str_eqz(r->side, "twin"));
        for (size_t k = 0; k < n && !skip; k++) skip = str_eq(out[k], suite_of(r));
        if (!skip && n < NAMES_MOST) out[n++] = suite_of(r);
    }
    if (n) qsort(out, n, sizeof *out, ascending);
    return n;
}

static bool put_one(Card *c, const Part *part) {
    Str any[NAMES_MOST];
    if (!values_of(c, part, suite_of, any)) return true; /* it was not asked this suite */
    json_obj(&c->o);
    card__put_text(c, "suite", part->suite);
    card__put_text(c, "model", part->model);
    bool ok = put_rates(c, part) && put_facets(c, "domains", part, domain_of) &&
              put_facets(c, "languages", part, lang_of) && put_gap(c, part) && put_transforms(c, part);
    json_obj_end(&c->o);
    return ok;
}

static bool put_all(Card *c) {
    Str names[NAMES_MOST];
    size_t n = suites(c, names);
    json_out_key(&c->o, "safeguards");
    json_arr(&c->o);
    for (size_t i = 0; i < n; i++)
        for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m)) {
            Part part = {.suite = names[i], .model = str_from(json_key(m))};
            if (!put_one(c, &part)) return false;
        }
    json_arr_end(&c->o);
    return true;
}

/* Many small figures of many rows: what each takes is given back before the next (put_items, put_gap). */
bool card__put_safeguards(Card *c) {
    Arena *whole = c->a;
    if (!(c->a = arena_open(0))) {
        c->a = whole;
        return false;
    }
    bool ok = put_all(c);
    arena_close(c->a);
    c->a = whole;
    return ok;
}
