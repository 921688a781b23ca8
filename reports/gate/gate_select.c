/* Parts of the runs that a policy names: groups and languages. Each is summed up as if there were nothing else, so that
 * every metric means of a part what it means of the whole. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/gate/gate_internal.h"

bool gate_fits_part(const GateCheck *c, const char *group, const char *lang) {
    return (!c->group || (group && fnmatch(c->group, group, 0) == 0)) &&
           (!c->lang || (lang && fnmatch(c->lang, lang, 0) == 0));
}

/* ---- places ---- */

typedef struct Gather {
    GateWork *w;
    GatePlace *v;
    size_t n, cap;
    Err *err;
} Gather;

static int by_name(Str a, Str b) {
    if (!a.p || !b.p) return (a.p != NULL) - (b.p != NULL);
    return str_cmp(a, b);
}

static int order(const GatePlace *a, const GatePlace *b) {
    int c = by_name(a->group, b->group);
    if (!c) c = by_name(a->lang, b->lang);
    return c ? c : by_name(a->suite, b->suite);
}

static bool insert(Gather *g, const GatePlace *p, size_t at) {
    Arena *a = g->w->a;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 64;
        GatePlace *v = arena_array(a, cap, sizeof *v);
        if (!v) return false;
        if (g->n) memcpy(v, g->v, g->n * sizeof *v);
        g->v = v, g->cap = cap;
    }
    GatePlace copy = {str_dup(a, p->suite), p->group.p ? str_dup(a, p->group) : p->group,
                      p->lang.p ? str_dup(a, p->lang) : p->lang};
    if (!copy.suite.p || (p->group.p && !copy.group.p) || (p->lang.p && !copy.lang.p)) return false;
    memmove(g->v + at + 1, g->v + at, (g->n - at) * sizeof *g->v);
    g->v[at] = copy;
    g->n++;
    return true;
}

static bool gather(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Gather *g = ctx;
    Json *tags = NULL;
    (void)id, (void)rows, (void)n;
    if (r->tags.p && !json_parse(r->tags, &tags, g->err)) return false;
    GatePlace p = {r->key.suite, r->group.n ? r->group : (Str){0}, json_str(json_get(tags, "lang"))};
    size_t lo = 0, hi = g->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (order(&g->v[mid], &p) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    bool known = lo < g->n && order(&g->v[lo], &p) == 0;
    bool ok = known || insert(g, &p, lo) || err_nomem(g->err);
    json_close(tags);
    return ok;
}

bool gate__places(GateWork *w, Err *err) {
    bool any = false;
    for (size_t i = 0; i < w->policy->n_checks; i++)
        any = any || w->policy->checks[i].group || w->policy->checks[i].lang;
    if (!any) return true;
    Arena *scratch = arena_open(0);
    Gather g = {.w = w, .err = err};
    bool ok = scratch ? store_each(w->store, false, scratch, gather, &g, err) && err->code == ERR_OK : err_nomem(err);
    arena_close(scratch);
    w->places = g.v;
    w->n_places = g.n;
    return ok;
}

/* ---- parts ---- */

static bool suite_fits(GateWork *w, const GateCheck *c, Str suite, bool *yes) {
    char *name = str_cstr(w->a, suite);
    if (name) *yes = fnmatch(c->suite, name, 0) == 0 && !(c->except && fnmatch(c->except, name, 0) == 0);
    return name != NULL;
}

static bool part_fits(GateWork *w, const GateCheck *c, const GatePlace *p, bool *yes) {
    char *group = p->group.p ? str_cstr(w->a, p->group) : NULL, *lang = p->lang.p ? str_cstr(w->a, p->lang) : NULL;
    if ((p->group.p && !group) || (p->lang.p && !lang) || !suite_fits(w, c, p->suite, yes)) return false;
    *yes = *yes && gate_fits_part(c, group, lang);
    return true;
}

static bool same_part(StoreSelection a, StoreSelection b) {
    return by_name(a.group, b.group) == 0 && by_name(a.lang, b.lang) == 0;
}

bool gate__parts(GateWork *w, const GateCheck *c, StoreSelection **out, size_t *n, Err *err) {
    StoreSelection *list = arena_array(w->a, w->n_places + 1, sizeof *list);
    *n = 0;
    if (!list) return err_nomem(err);
    *out = list;
    if (!c->group && !c->lang) list[(*n)++] = (StoreSelection){0};
    for (size_t i = 0; (c->group || c->lang) && i < w->n_places; i++) {
        const GatePlace *p = &w->places[i];
        StoreSelection part = {c->group ? p->group : (Str){0}, c->lang ? p->lang : (Str){0}};
        bool fits = false, known = false;
        if (!part_fits(w, c, p, &fits)) return err_nomem(err);
        for (size_t k = 0; fits && !known && k < *n; k++) known = same_part(list[k], part);
        if (fits && !known) list[(*n)++] = part;
    }
    return true;
}

/* ---- views ---- */

static GateView *view_of(GateWork *w, StoreSelection part, Err *err) {
    GateView **end = &w->views;
    for (; *end; end = &(*end)->next)
        if (same_part((*end)->part, part)) return *end;
    GateView *v = arena_alloc(w->a, sizeof *v);
    if (!v) return err_nomem(err), NULL;
    *v = (GateView){.part = part};
    store_select(w->store, &v->part);
    bool ok = summary_build_in(w->store, w->lang, w->a, &v->s, err);
    store_select(w->store, NULL);
    if (!ok) return NULL;
    return *end = v;
}

const Summary *gate__summary(GateWork *w, StoreSelection part, Err *err) {
    GateView *v = view_of(w, part, err);
    return v ? &v->s : NULL;
}

const Safety *gate__safety_of(GateWork *w, StoreSelection part, double alpha, Err *err) {
    GateView *v = view_of(w, part, err);
    if (!v) return NULL;
    for (size_t i = 0; i < v->n_at; i++)
        if (v->at[i].alpha == alpha) return &v->at[i].f;
    size_t at = v->n_at < sizeof v->at / sizeof *v->at ? v->n_at++ : v->n_at - 1;
    v->at[at].alpha = alpha;
    store_select(w->store, &v->part);
    bool ok = safety_build_at(w->store, &v->s, 1.0 - alpha, &v->at[at].f, err);
    store_select(w->store, NULL);
    return ok ? &v->at[at].f : NULL;
}
