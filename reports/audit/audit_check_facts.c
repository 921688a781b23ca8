/* Checks of what the header says was tried when the audit was made: planted items (self_test), a second run (repeats),
 * and the wording of items in tuning data (overlap). */
#include <math.h>

#include "reports/audit/audit_check_internal.h"

#define REPEAT_LEAST 0.05
#define OVERLAP_LIMIT 0.01

/* ---- planted items ---- */

static const Json *tried(const Card *c, Str scorer) {
    for (const Json *t = json_first(json_get(c->header, "self_test")); t; t = json_next(t))
        if (str_eq(card__text(t, "scorer"), scorer)) return t;
    return NULL;
}

/* What is wrong with the scorer of a suite of a run; CHECK_PASS: nothing. */
static CardCheck scorer_of(const Card *c, const Json *suite) {
    const Json *t = tried(c, card__text(suite, "scorer"));
    CardCheck f = {.model = STR(""), .suite = card__text(suite, "name"), .value = NAN, .limit = 1.0, .n = 0.0};
    if (!t || card__number(t, "n") == 0.0) {
        f.result = CHECK_WARN, f.why = WORD("there are no planted items for this suite’s scorer");
        return f;
    }
    f.n = card__number(t, "n"), f.value = card__number(t, "passed") / f.n;
    if (f.value < 1.0)
        f.result = CHECK_FAIL,
        f.why = WORD("a scorer does not say what is known of planted answers: its scores cannot be believed");
    else if (!str_eq(card__text(t, "version"), card__text(suite, "scorer_version")))
        f.result = CHECK_WARN,
        f.why = WORD("another version of the scorer made the scores than the one that was tried");
    return f;
}

static bool is_told(const Card *c, const CardCheck *f) {
    for (size_t i = 0; i < c->n_checks; i++)
        if (str_eqz(str_from(c->checks[i].name->id), "self-test") && str_eq(c->checks[i].suite, f->suite) &&
            c->checks[i].result == f->result)
            return true;
    return false;
}

bool checks__self_test(Checks *k) {
    Card *c = k->c;
    double n = 0.0, passed = 0.0;
    for (const Json *t = json_first(json_get(c->header, "self_test")); t; t = json_next(t))
        n += card__number(t, "n"), passed += card__number(t, "passed");
    if (!json_count(json_get(c->header, "self_test"))) return true;
    for (const Json *r = json_first(json_get(c->header, "runs")); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            CardCheck f = scorer_of(c, s);
            if (f.result != CHECK_PASS && !is_told(c, &f) && !checks__add(k, "self-test", f)) return false;
        }
    if (n == 0.0 || passed < n) return true;
    CardCheck all = {.model = STR(""), .suite = STR(""), .value = passed / n, .limit = 1.0, .n = n};
    return checks__add(k, "self-test", all);
}

/* ---- a second run ---- */

static bool repeat_of(Checks *k, Str model) {
    double n = 0.0, different = 0.0, stored = 0.0;
    bool any = false;
    for (const Json *r = json_first(json_get(k->c->header, "repeats")); r; r = json_next(r)) {
        if (!str_eq(card__text(r, "role"), model)) continue;
        n += card__number(r, "n"), different += card__number(r, "n_different");
        stored = fmax(stored, card__number(r, "n_stored"));
        any = true;
    }
    if (!any) return true;
    CardCheck f = {.model = model, .suite = STR(""), .value = NAN, .limit = 0.0, .n = n, .result = CHECK_PASS};
    if (n == 0.0)
        f.result = CHECK_NOT_DONE,
        f.why = WORD("no answer of the second run could be compared: it must be to the same request, at temperature 0, "
                     "and not sealed");
    else if (f.value = different / n, different > 0.0)
        f.result = CHECK_FAIL,
        f.why = WORD("answers at temperature 0 came out differently when they were asked for again");
    else if (n < REPEAT_LEAST * stored)
        f.result = CHECK_WARN, f.why = WORD("fewer than 5 % of the answers were asked for again");
    return checks__add(k, "repeat", f);
}

bool checks__repeat(Checks *k) {
    for (const Json *m = json_first(json_get(k->c->plan, "models")); m; m = json_next(m))
        if (!repeat_of(k, str_from(json_key(m)))) return false;
    return true;
}

/* ---- tuning data ---- */

static bool overlap_of(Checks *k, Str model, const Json *suite) {
    double n = card__number(suite, "n"), found = card__number(suite, "k");
    CardCheck f = {.model = model, .suite = card__text(suite, "suite"), .limit = OVERLAP_LIMIT, .n = n};
    f.value = n > 0.0 ? found / n : NAN;
    f.result = n == 0.0                  ? CHECK_NOT_DONE
               : found == 0.0            ? CHECK_PASS
               : f.value > OVERLAP_LIMIT ? CHECK_FAIL
                                         : CHECK_WARN;
    f.why = f.result == CHECK_NOT_DONE
                ? WORD("no item could be compared: they are sealed, or have fewer than 5 words of their own")
            : f.result == CHECK_FAIL ? WORD("more than 1 % of the items have wording that stands in the tuning data")
            : f.result == CHECK_WARN ? WORD("some items have wording that stands in the tuning data")
                                     : "";
    return checks__add(k, "overlap", f);
}

bool checks__overlap(Checks *k) {
    for (const Json *o = json_first(json_get(k->c->header, "overlap")); o; o = json_next(o)) {
        const Json *suites = json_get(o, "suites");
        CardCheck none = {.model = card__text(o, "role"), .suite = STR(""), .value = NAN, .limit = NAN, .n = NAN};
        none.result = CHECK_NOT_DONE;
        none.why = WORD("no item could be compared: they are sealed, or have fewer than 5 words of their own");
        if (!json_count(suites) && !checks__add(k, "overlap", none)) return false;
        for (const Json *s = json_first(suites); s; s = json_next(s))
            if (!overlap_of(k, card__text(o, "role"), s)) return false;
    }
    return true;
}
