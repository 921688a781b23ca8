#include "reports/audit/audit_history.h"

#include <math.h>
#include <string.h>

enum { DEPTH = 16 }; /* a checked plan has five */

typedef enum Effect { OTHER, LOOSER, STRICTER } Effect;

typedef struct Walk {
    const Json *was_plan, *is_plan;
    JsonOut *o;
    HistoryCounts *n;
    const char *path[DEPTH];
    size_t depth;
} Walk;

static const char *at(const Walk *w, size_t i) {
    return i < w->depth ? w->path[i] : "";
}

static const char *last(const Walk *w) {
    return w->depth ? w->path[w->depth - 1] : "";
}

static bool is_word(const char *s, const char *const *list) {
    for (; *list; list++)
        if (strcmp(s, *list) == 0) return true;
    return false;
}

/* ---- what a change does ---- */

static double number(const Json *j) {
    return json_type(j) == JSON_NUMBER ? json_num(j) : NAN;
}

static Effect towards(double was, double is) {
    return is > was ? LOOSER : is < was ? STRICTER : OTHER;
}

/* How a category's indicators share the error, from the least to the most careful. */
static double care(const Json *j) {
    static const char *const RANKS[] = {"none", "holm", "bonferroni"};
    for (int i = 0; i < 3; i++)
        if (str_eqz(json_str(j), RANKS[i])) return i;
    return 0.0;
}

/* A limit that is not there any more limits nothing; a number of items that is not asked for is none. */
static Effect effect_of(const Walk *w, const Json *was, const Json *is) {
    static const char *const limits[] = {"threshold", "margin", "unscored_max", NULL}, *const floors[] = {"confidence",
                                                                                                          "n_min",
                                                                                                          "need", NULL};
    const char *key = last(w);
    double a = number(was), b = number(is);
    if (is_word(key, limits)) return towards(isnan(a) ? INFINITY : a, isnan(b) ? INFINITY : b);
    if (is_word(key, floors)) return towards(isnan(b) ? 0.0 : b, isnan(a) ? 0.0 : a);
    if (strcmp(key, "multiplicity") == 0) return towards(care(is), care(was));
    if (strcmp(key, "rule") == 0 && strcmp(at(w, 0), "logic") == 0)
        return towards(str_eqz(json_str(was), "bottleneck"), str_eqz(json_str(is), "bottleneck"));
    return OTHER;
}

/* A name less in a list: fewer arms, models, checks, signers ask for less. Of `needs` any one is enough, and of
 * `verdict.of` any so many, so there a name more does. */
static Effect effect_of_name(const Walk *w, bool added) {
    static const char *const asked[] = {"arms", "models", "required", "plan", "not_same_as", "indicators", NULL},
                             *const enough[] = {"needs", "of", NULL};
    const char *key = last(w);
    if (is_word(key, asked)) return added ? STRICTER : LOOSER;
    if (is_word(key, enough)) return added ? LOOSER : STRICTER;
    return OTHER;
}

/* ---- telling ---- */

static void put_value(Walk *w, const char *key, const Json *j) {
    json_out_key(w->o, key);
    if (j)
        json_out_node(w->o, j);
    else
        json_out_null(w->o);
}

static void put_change(Walk *w, const Json *was, const Json *is, Effect e) {
    static const char *const names[] = {"other", "looser", "stricter"};
    json_obj(w->o);
    json_out_key(w->o, "path");
    json_arr(w->o);
    for (size_t i = 0; i < w->depth; i++) json_out_cstr(w->o, w->path[i]);
    json_arr_end(w->o);
    put_value(w, "was", was);
    put_value(w, "is", is);
    json_out_key(w->o, "effect");
    json_out_cstr(w->o, names[e]);
    json_obj_end(w->o);
    *(e == LOOSER ? &w->n->looser : e == STRICTER ? &w->n->stricter : &w->n->other) += 1;
}

/* ---- comparing ---- */

static bool same(const Json *a, const Json *b) {
    if (!a || !b || json_type(a) != json_type(b)) return a == b;
    bool x = false, y = false;
    switch (json_type(a)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_bool(a, &x) && json_bool(b, &y) && x == y;
    case JSON_NUMBER:
        return json_num(a) == json_num(b);
    case JSON_STRING:
        return str_eq(json_str(a), json_str(b));
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    const Json *p = json_first(a), *q = json_first(b);
    for (; p && q; p = json_next(p), q = json_next(q))
        if ((json_key(p) && strcmp(json_key(p), json_key(q)) != 0) || !same(p, q)) return false;
    return p == q;
}

static bool has_name(const Json *list, const Json *name) {
    for (const Json *e = json_first(list); e; e = json_next(e))
        if (str_eq(json_str(e), json_str(name))) return true;
    return false;
}

static void compare_names(Walk *w, const Json *was, const Json *is) {
    for (const Json *e = json_first(was); e; e = json_next(e))
        if (!has_name(is, e)) put_change(w, e, NULL, effect_of_name(w, false));
    for (const Json *e = json_first(is); e; e = json_next(e))
        if (!has_name(was, e)) put_change(w, NULL, e, effect_of_name(w, true));
}

/* A list of names whose order says nothing; the two models of a difference have one. */
static bool are_names(const Walk *w, const Json *j) {
    if (json_type(j) != JSON_ARRAY || (strcmp(last(w), "of") == 0 && strcmp(at(w, 0), "indicators") == 0)) return false;
    for (const Json *e = json_first(j); e; e = json_next(e))
        if (json_type(e) != JSON_STRING) return false;
    return true;
}

static void compare_members(Walk *w, const Json *was, const Json *is);

static void compare(Walk *w, const Json *was, const Json *is) {
    bool was_map = !was || json_type(was) == JSON_OBJECT, is_map = !is || json_type(is) == JSON_OBJECT;
    if (was_map && is_map && w->depth < DEPTH) {
        compare_members(w, was, is);
    } else if ((!was || are_names(w, was)) && (!is || are_names(w, is))) {
        compare_names(w, was, is);
    } else if (!same(was, is)) {
        put_change(w, was, is, effect_of(w, was, is));
    }
}

static void compare_at(Walk *w, const char *key, const Json *was, const Json *is) {
    w->path[w->depth++] = key;
    compare(w, was, is);
    w->depth--;
}

static void compare_members(Walk *w, const Json *was, const Json *is) {
    for (const Json *m = json_first(was); m; m = json_next(m)) compare_at(w, json_key(m), m, json_get(is, json_key(m)));
    for (const Json *m = json_first(is); m; m = json_next(m))
        if (!json_get(was, json_key(m))) compare_at(w, json_key(m), NULL, m);
}

/* ---- indicators and models: known by their names ---- */

static const Json *indicator(const Json *plan, Str id) {
    for (const Json *i = json_first(json_get(plan, "indicators")); i; i = json_next(i))
        if (str_eq(json_str(json_get(i, "id")), id)) return i;
    return NULL;
}

/* An indicator's own arms, or the plan's. */
static const Json *arms_of(const Json *plan, const Json *ind) {
    const Json *own = json_get(ind, "arms");
    bool rate = str_eqz(json_str(json_get(ind, "kind")), "rate");
    return rate && json_type(own) != JSON_ARRAY ? json_get(plan, "arms") : own;
}

static void compare_indicator(Walk *w, const Json *was, const Json *is) {
    w->path[w->depth++] = json_str(json_get(is, "id")).p;
    for (const Json *m = json_first(was); m; m = json_next(m))
        if (strcmp(json_key(m), "arms") != 0) compare_at(w, json_key(m), m, json_get(is, json_key(m)));
    for (const Json *m = json_first(is); m; m = json_next(m))
        if (strcmp(json_key(m), "arms") != 0 && !json_get(was, json_key(m))) compare_at(w, json_key(m), NULL, m);
    compare_at(w, "arms", arms_of(w->was_plan, was), arms_of(w->is_plan, is));
    w->depth--;
}

static void compare_indicators(Walk *w) {
    w->path[w->depth++] = "indicators";
    for (const Json *i = json_first(json_get(w->was_plan, "indicators")); i; i = json_next(i)) {
        const Json *id = json_get(i, "id"), *now = indicator(w->is_plan, json_str(id));
        if (now)
            compare_indicator(w, i, now);
        else
            put_change(w, id, NULL, effect_of_name(w, false));
    }
    for (const Json *i = json_first(json_get(w->is_plan, "indicators")); i; i = json_next(i))
        if (!indicator(w->was_plan, json_str(json_get(i, "id"))))
            put_change(w, NULL, json_get(i, "id"), effect_of_name(w, true));
    w->depth--;
}

void audit_history_changes(const Json *was, const Json *is, JsonOut *o, HistoryCounts *n) {
    static const char *const apart[] = {"indicators", "supersedes", "reason", NULL};
    Walk w = {.was_plan = was, .is_plan = is, .o = o, .n = n};
    *n = (HistoryCounts){0};
    json_arr(o);
    compare_indicators(&w);
    for (const Json *m = json_first(was); m; m = json_next(m))
        if (!is_word(json_key(m), apart)) compare_at(&w, json_key(m), m, json_get(is, json_key(m)));
    for (const Json *m = json_first(is); m; m = json_next(m))
        if (!is_word(json_key(m), apart) && !json_get(was, json_key(m))) compare_at(&w, json_key(m), NULL, m);
    json_arr_end(o);
}
