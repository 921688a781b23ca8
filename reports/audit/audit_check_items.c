/* Whether the models were asked the same: an id must stand for the same text in every model (the hash of the sample as
 * it was read), and a suite must be the same file. Imported results have ids of their own and are left out; figures
 * that join them do it by the hash. */
#include <math.h>
#include <stdlib.h>

#include "reports/audit/audit_check_internal.h"

static int by_sample(const void *x, const void *y) {
    const AuditRow *a = *(AuditRow *const *)x, *b = *(AuditRow *const *)y;
    int c = str_cmp(a->sample, b->sample);
    return c ? c : str_cmp(a->role, b->role);
}

/* Rows of one suite in all models. */
static size_t collect(const Checks *k, Str suite, AuditRow **v, size_t *models) {
    size_t n = 0;
    *models = 0;
    for (size_t i = 0; i < k->n_groups; i++) {
        const CheckGroup *g = &k->groups[i];
        size_t before = n;
        if (!str_eq(g->suite, suite)) continue;
        for (size_t r = 0; r < g->n; r++)
            if (!g->v[r]->arm.n) v[n++] = g->v[r];
        *models += n > before;
    }
    if (n) qsort(v, n, sizeof *v, by_sample);
    return n;
}

typedef struct Same {
    size_t items, other, absent; /* ids; of them with more than one text; that some model was not asked */
} Same;

static Same compare(AuditRow **v, size_t n, size_t models) {
    Same s = {0};
    for (size_t i = 0, end; i < n; i = end) {
        size_t here = 0;
        bool other = false;
        for (end = i; end < n && str_eq(v[end]->sample, v[i]->sample); end++) {
            here += end == i || !str_eq(v[end]->role, v[end - 1]->role);
            other = other || !str_eq(v[end]->content, v[i]->content);
        }
        s.items++, s.other += other, s.absent += !other && here < models;
    }
    return s;
}

/* ---- the suite's file ---- */

static bool has_file(const Json *runs, Str model, Str suite, Str sha256) {
    for (const Json *r = json_first(runs); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s))
            if (str_eq(card__text(r, "role"), model) && str_eq(card__text(s, "name"), suite) &&
                (!sha256.n || str_eq(card__text(s, "sha256"), sha256)))
                return true;
    return false;
}

/* A model may have been asked by several files of one name (with other examples, say), but then so was every other. */
static bool same_files(const Card *c, Str suite) {
    const Json *runs = json_get(c->header, "runs");
    for (const Json *r = json_first(runs); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            if (!str_eq(card__text(s, "name"), suite)) continue;
            for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m)) {
                Str model = str_from(json_key(m));
                if (has_file(runs, model, suite, STR("")) && !has_file(runs, model, suite, card__text(s, "sha256")))
                    return false;
            }
        }
    return true;
}

/* ---- together ---- */

static bool told_before(const Checks *k, size_t group) {
    for (size_t i = 0; i < group; i++)
        if (str_eq(k->groups[i].suite, k->groups[group].suite)) return true;
    return false;
}

static CardCheck judge(const Card *c, Str suite, const Same *s) {
    CardCheck f = {.model = STR(""), .suite = suite, .limit = 0.0, .n = (double)s->items, .result = CHECK_PASS};
    f.value = (double)(s->other + s->absent) / (double)s->items;
    if (s->other)
        f.result = CHECK_FAIL,
        f.why = WORD("an id stands for different texts in two models: they were not asked the same");
    else if (!same_files(c, suite))
        f.result = CHECK_WARN, f.why = WORD("the suite’s file differs between models: prompt or settings may, too");
    else if (s->absent)
        f.result = CHECK_WARN, f.why = WORD("some items were not asked of every model");
    return f;
}

bool checks__items(Checks *k) {
    AuditRow **v = arena_array(k->c->a, k->c->n + 1, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < k->n_groups; i++) {
        size_t models, n;
        if (told_before(k, i)) continue;
        n = collect(k, k->groups[i].suite, v, &models);
        if (models < 2) continue;
        Same s = compare(v, n, models);
        if (!checks__add(k, "items", judge(k->c, k->groups[i].suite, &s))) return false;
    }
    return true;
}
