/* Integrity checks: all findings together, what they keep from being claimed, and how they stand in the card. A check
 * that passes is told once for each model, by the suite that came closest to its limit; all else is told suite by
 * suite.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/audit/audit_check_internal.h"

/* ---- findings ---- */

bool checks__add(Checks *k, const char *id, CardCheck found) {
    Card *c = k->c;
    found.name = audit_check_find(str_from(id));
    BUG_ON(!found.name);
    if (!found.why) found.why = "";
    if (c->n_checks == c->cap_checks) {
        size_t cap = c->cap_checks ? 2 * c->cap_checks : 64;
        CardCheck *v = arena_array(c->a, cap, sizeof *v);
        if (!v) return false;
        for (size_t i = 0; i < c->n_checks; i++) v[i] = c->checks[i];
        c->checks = v, c->cap_checks = cap;
    }
    c->checks[c->n_checks++] = found;
    return true;
}

static int rank(CheckResult r) {
    return r == CHECK_FAIL ? 3 : r == CHECK_WARN ? 2 : r == CHECK_PASS ? 1 : 0;
}

CheckResult checks__worse(CheckResult a, CheckResult b) {
    return rank(a) >= rank(b) ? a : b;
}

/* ---- rows by model and suite ---- */

static int by_group(const void *x, const void *y) {
    const AuditRow *a = *(AuditRow *const *)x, *b = *(AuditRow *const *)y;
    int c = str_cmp(a->role, b->role);
    if (!c) c = str_cmp(a->suite, b->suite);
    if (!c) c = str_cmp(a->sample, b->sample);
    if (!c) c = str_cmp(a->transform, b->transform);
    if (!c) c = str_cmp(a->effort, b->effort);
    if (!c) c = (a->run > b->run) - (a->run < b->run);
    return c ? c : (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

static bool group_rows(Checks *k) {
    Card *c = k->c;
    AuditRow **v = arena_array(c->a, c->n + 1, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < c->n; i++) v[i] = &c->rows[i];
    if (c->n) qsort(v, c->n, sizeof *v, by_group);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += !i || !str_eq(v[i]->role, v[i - 1]->role) || !str_eq(v[i]->suite, v[i - 1]->suite);
    if (!(k->groups = arena_array(c->a, n + 1, sizeof *k->groups))) return false;
    for (size_t i = 0, end; i < c->n; i = end) {
        for (end = i; end < c->n && str_eq(v[end]->role, v[i]->role) && str_eq(v[end]->suite, v[i]->suite);) end++;
        k->groups[k->n_groups++] = (CheckGroup){v[i]->role, v[i]->suite, v + i, end - i};
    }
    return true;
}

/* ---- what was not done ---- */

/* A finding of one model, or of all. */
static const CardCheck *found(const Card *c, const AuditCheckName *name, Str model) {
    for (size_t i = 0; i < c->n_checks; i++) {
        const CardCheck *f = &c->checks[i];
        if (f->name == name && (!f->model.n || str_eq(f->model, model))) return f;
    }
    return NULL;
}

static bool any_found(const Card *c, const AuditCheckName *name) {
    for (size_t i = 0; i < c->n_checks; i++)
        if (c->checks[i].name == name) return true;
    return false;
}

static bool has_rows(const Checks *k, Str model) {
    for (size_t i = 0; i < k->n_groups; i++)
        if (str_eq(k->groups[i].model, model)) return true;
    return false;
}

/* Once for the audit where no model has it, else for each model without. */
static bool add_undone(Checks *k) {
    const AuditCheckName *name;
    for (size_t i = 0; (name = audit_check_at(i)); i++) {
        CardCheck undone = {.value = NAN, .limit = NAN, .n = NAN, .result = CHECK_NOT_DONE, .why = name->todo};
        undone.model = undone.suite = STR("");
        if (!any_found(k->c, name)) {
            if (!checks__add(k, name->id, undone)) return false;
            continue;
        }
        if (name->global || name->of_adversary) continue;
        for (const Json *m = json_first(json_get(k->c->plan, "models")); m; m = json_next(m)) {
            undone.model = str_from(json_key(m));
            if (!has_rows(k, undone.model) || found(k->c, name, undone.model)) continue;
            if (!checks__add(k, name->id, undone)) return false;
        }
    }
    return true;
}

/* ---- all of them ---- */

bool card__run_checks(Card *c) {
    static bool (*const parts[])(Checks *) = {
        checks__close,  checks__shares,    checks__calibration, checks__items,  checks__adversary,
        checks__effort, checks__says_test, checks__paraphrase,  checks__chance, checks__order,
        checks__canary, checks__self_test, checks__repeat,      checks__overlap};
    Checks k = {.c = c};
    bool ok = group_rows(&k);
    for (size_t i = 0; ok && i < sizeof parts / sizeof *parts; i++) ok = parts[i](&k);
    return ok && add_undone(&k);
}

static bool concerns(const CardCheck *f, Str model, Str suite) {
    if (f->model.n && !str_eq(f->model, model)) return false;
    return !f->suite.n || card__suite_fits(f->suite, suite);
}

static bool is_required(const Card *c, const AuditCheckName *name) {
    for (const Json *r = json_first(json_get(json_get(c->plan, "checks"), "required")); r; r = json_next(r))
        if (str_eqz(json_str(r), name->id)) return true;
    return false;
}

/* These are held against arms (audit_evidence.c) and categories (audit_card_categories.c), which say more exactly what
 * is wrong. */
static bool blocks(const AuditCheckName *name) {
    static const char *const elsewhere[] = {"calibration", "unscored", "refusals-left", "retention"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(name->id, elsewhere[i]) == 0) return false;
    return true;
}

const char *card__check_fault(const Card *c, Str model, Str suite) {
    for (size_t i = 0; i < c->n_checks; i++) {
        const CardCheck *f = &c->checks[i];
        if (!concerns(f, model, suite)) continue;
        if (f->result == CHECK_FAIL && blocks(f->name)) return "an integrity check fails";
        if (f->result == CHECK_NOT_DONE && is_required(c, f->name))
            return "an integrity check that the plan requires was not done";
    }
    return NULL;
}

/* ---- out ---- */

static const char *result_name(CheckResult r) {
    static const char *const names[] = {"pass", "warn", "fail", "not done"};
    return names[r];
}

static void put_check(Card *c, const CardCheck *f) {
    json_obj(&c->o);
    card__put_word(c, "id", f->name->id);
    card__put_word(c, "check", f->name->name);
    card__put_text(c, "model", f->model);
    card__put_text(c, "suite", f->suite);
    card__put_number(c, "value", f->value);
    card__put_number(c, "limit", f->limit);
    card__put_number(c, "n", f->n);
    card__put_word(c, "result", result_name(f->result));
    card__put_word(c, "why", f->why);
    json_obj_end(&c->o);
}

/* How close a value is to its limit; the largest is told. */
static double closeness(const CardCheck *f) {
    double d = f->value - f->limit;
    return isnan(d) ? (isnan(f->value) ? -INFINITY : f->value) : d;
}

/* Of the findings of one check and model that pass, this one is told. */
static bool stands_for_all(const Card *c, size_t at) {
    const CardCheck *f = &c->checks[at];
    for (size_t i = 0; i < c->n_checks; i++) {
        const CardCheck *g = &c->checks[i];
        if (i == at || g->name != f->name || g->result != CHECK_PASS || !str_eq(g->model, f->model)) continue;
        if (closeness(g) > closeness(f) || (closeness(g) == closeness(f) && i < at)) return false;
    }
    return true;
}

static bool decides(const Card *c, const CardCheck *f) {
    return !f->model.n || !str_eqz(card__text(card__model(c, f->model), "role"), "reference");
}

void card__put_checks(Card *c) {
    const AuditCheckName *name;
    json_out_key(&c->o, "checks");
    json_arr(&c->o);
    for (size_t k = 0; (name = audit_check_at(k)); k++)
        for (size_t i = 0; i < c->n_checks; i++) {
            const CardCheck *f = &c->checks[i];
            if (f->name != name || (f->result == CHECK_PASS && !stands_for_all(c, i))) continue;
            put_check(c, f);
            if (f->result == CHECK_FAIL && decides(c, f)) card__worse(c, 5);
        }
    json_arr_end(&c->o);
}
