/* The card as its drawings read it. */
#include <math.h>
#include <string.h>

#include "reports/audit/audit_page_internal.h"

Str page__text(const Json *obj, const char *key) {
    Str s = json_str(json_get(obj, key));
    return s.p ? s : STR("");
}

double page__number(const Json *obj, const char *key) {
    const Json *j = json_get(obj, key);
    return json_type(j) == JSON_NUMBER ? json_num(j) : NAN;
}

bool page__true(const Json *obj, const char *key) {
    bool v = false;
    return json_bool(json_get(obj, key), &v) && v;
}

size_t page__model(const Page *p, Str name) {
    size_t i = 0;
    while (i < p->n_models && !str_eq(p->models[i].name, name)) i++;
    return i;
}

/* ---- reading ---- */

static int role_rank(Str role) {
    static const char *const ROLES[] = {"base", "candidate", "adversarial", "reference"};
    int i = 0;
    while (i < 4 && !str_eqz(role, ROLES[i])) i++;
    return i;
}

static bool read_models(Page *p) {
    const Json *models = json_get(p->plan, "models");
    p->models = arena_array(p->arena, json_count(models) + 1, sizeof *p->models);
    if (!p->models) return false;
    for (int rank = 0; rank <= 4; rank++)
        for (const Json *m = json_first(models); m; m = json_next(m)) {
            Str role = page__text(m, "role");
            if (role_rank(role) == rank) p->models[p->n_models++] = (PageModel){str_from(json_key(m)), role};
        }
    return true;
}

/* Items behind the figure: those of the arm with the highest point. */
static double items_of(const Json *rate, double point) {
    double n = 0.0;
    for (const Json *a = json_first(json_get(rate, "arms")); a; a = json_next(a))
        if (page__number(a, "point") == point || n == 0.0) n = page__number(a, "n_scored");
    return n;
}

static bool read_rates(Page *p) {
    const Json *list = json_get(p->card, "indicators");
    p->rates = arena_array(p->arena, json_count(list) + 1, sizeof *p->rates);
    if (!p->rates) return false;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        PageRate *r = &p->rates[p->n_rates++];
        *r = (PageRate){.j = j,
                        .model = page__model(p, page__text(j, "model")),
                        .id = page__text(j, "id"),
                        .category = page__text(j, "category"),
                        .verdict = page__text(j, "verdict"),
                        .why = page__text(j, "why"),
                        .point = page__number(j, "point"),
                        .lower = page__number(j, "lower"),
                        .upper = page__number(j, "upper"),
                        .threshold = page__number(j, "threshold"),
                        .n_arms = json_count(json_get(j, "arms"))};
        double wanted = page__number(j, "n_wanted");
        r->sense = page__sense(r->verdict);
        r->n = items_of(j, r->point);
        r->n_wanted = wanted >= (double)r->n_arms ? (size_t)wanted : r->n_arms;
    }
    return true;
}

static PageDiff difference(const Page *p, const Json *j, const char *from, const char *to) {
    return (PageDiff){.j = j,
                      .from = page__model(p, page__text(j, from)),
                      .to = page__model(p, page__text(j, to)),
                      .id = page__text(j, "id"),
                      .verdict = page__text(j, "verdict"),
                      .why = page__text(j, "why"),
                      .sense = page__sense(page__text(j, "verdict")),
                      .diff = page__number(j, "difference"),
                      .lower = page__number(j, "lower"),
                      .upper = page__number(j, "upper"),
                      .margin = page__number(j, "margin"),
                      .pairs = page__number(j, "pairs"),
                      .n_lost = json_count(json_get(j, "lost")),
                      .n_gained = json_count(json_get(j, "gained"))};
}

static bool read_differences(Page *p) {
    const Json *erosion = json_get(p->card, "erosion"), *marginal = json_get(p->card, "marginal");
    p->erosions = arena_array(p->arena, json_count(erosion) + 1, sizeof *p->erosions);
    p->uplifts = arena_array(p->arena, json_count(marginal) + 1, sizeof *p->uplifts);
    if (!p->erosions || !p->uplifts) return false;
    for (const Json *j = json_first(erosion); j; j = json_next(j))
        p->erosions[p->n_erosions++] = difference(p, j, "base", "tuned");
    for (const Json *j = json_first(marginal); j; j = json_next(j))
        p->uplifts[p->n_uplifts++] = difference(p, j, "reference", "candidate");
    return true;
}

bool page__read(Page *p, const Json *card, Lang lang, Arena *a) {
    *p = (Page){.lang = lang, .arena = a, .card = card};
    p->lost = arena_alloc(a, sizeof *p->lost);
    if (!p->lost) return false;
    p->plan = json_get(card, "plan");
    p->header = json_get(card, "header");
    p->confidence = page__number(p->plan, "confidence");
    return read_models(p) && read_rates(p) && read_differences(p);
}

/* ---- questions ---- */

/* How little room is left below the threshold, or how far beyond it the rate is proved to be: the larger, the worse. */
static double pressure(const PageRate *r) {
    double v = r->sense == PAGE_FAILS ? r->lower - r->threshold : r->upper - r->threshold;
    return isnan(v) ? INFINITY : v;
}

static bool is_worse(const PageRate *a, const PageRate *b) {
    static const int RANK[] = {
        [PAGE_OPEN] = 1, [PAGE_HOLDS] = 0, [PAGE_FAILS] = 2, [PAGE_WARNS] = 1, [PAGE_ABSENT] = 0};
    int x = RANK[a->sense], y = RANK[b->sense];
    return x != y ? x > y : pressure(a) > pressure(b);
}

/* What the card names; cards of earlier versions name none. */
static Str named_driving(const Page *p, Str category, size_t model) {
    for (const Json *c = json_first(json_get(p->card, "categories")); c; c = json_next(c))
        if (str_eq(page__text(c, "category"), category) && page__model(p, page__text(c, "model")) == model)
            return page__text(c, "driving");
    return STR("");
}

const PageRate *page__driving(const Page *p, Str category, size_t model) {
    const PageRate *worst = NULL;
    Str named = named_driving(p, category, model);
    for (size_t i = 0; named.n && i < p->n_rates; i++)
        if (p->rates[i].model == model && str_eq(p->rates[i].id, named)) return &p->rates[i];
    for (size_t i = 0; i < p->n_rates; i++) {
        const PageRate *r = &p->rates[i];
        if (r->model == model && str_eq(r->category, category) && (!worst || is_worse(r, worst))) worst = r;
    }
    return worst;
}

Str *page__categories(const Page *p, size_t *n) {
    const Json *list = json_get(p->card, "categories");
    Str *out = arena_array(p->arena, json_count(list) + 1, sizeof *out);
    *n = 0;
    page__keep(p, (Str){(const char *)out, 0});
    for (const Json *c = json_first(list); out && c; c = json_next(c)) {
        Str name = page__text(c, "category");
        size_t i = 0;
        while (i < *n && !str_eq(out[i], name)) i++;
        if (i == *n) out[(*n)++] = name;
    }
    return out;
}

Str page__category_verdict(const Page *p, Str category, size_t model) {
    for (const Json *c = json_first(json_get(p->card, "categories")); c; c = json_next(c))
        if (str_eq(page__text(c, "category"), category) && page__model(p, page__text(c, "model")) == model)
            return page__text(c, "verdict");
    return STR("");
}

const Json *page__overall(const Page *p, Str category) {
    const Json *v = json_first(json_get(p->card, "verdicts"));
    while (v && !str_eq(page__text(v, "category"), category)) v = json_next(v);
    return v;
}

bool page__below_but_open(const Page *p, Str category, Str verdict) {
    const Json *v = page__overall(p, category);
    return v && page__sense(verdict) == PAGE_HOLDS && page__sense(page__text(v, "verdict")) != PAGE_HOLDS;
}

Str page__exploratory(const Page *p, size_t model) {
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r))
        if (page__model(p, page__text(r, "role")) == model) return page__text(r, "exploratory");
    return STR("");
}
