/* The plans before this one: what each changed, and whether data existed by then. That nobody had data cannot be shown,
 * so the card says which data are known of, and never that there were none. */
#include <string.h>

#include "reports/audit/audit_card_internal.h"
#include "reports/audit/audit_history.h"
#include "reports/words/words.h"

typedef struct Known {
    bool before; /* data existed when the plan was signed */
    Str at;      /* the earliest of them; "" */
    const char *why;
} Known;

static const Json *nth(const Card *c, size_t i) {
    const Json *p = json_first(c->history);
    while (p && i--) p = json_next(p);
    return p;
}

static bool is_registered(const Json *plan) {
    bool yes = false;
    return json_bool(json_get(plan, "registered"), &yes) && yes;
}

/* Whether the digest is that of a plan behind number i. */
static bool names_earlier(const Card *c, size_t i, Str sha256) {
    for (const Json *p = nth(c, i + 1); p && sha256.n; p = json_next(p))
        if (str_eq(card__text(p, "plan_sha256"), sha256)) return true;
    return false;
}

/* ---- data ---- */

static void note(Known *k, Str at, const char *why) {
    k->before = true;
    if (!k->why) k->why = why;
    if (at.n && (!k->at.n || str_cmp(at, k->at) < 0)) k->at = at;
}

static void look_at_runs(const Card *c, size_t i, const Json *runs, Known *k) {
    const Json *plan = nth(c, i);
    for (const Json *r = json_first(runs); r; r = json_next(r)) {
        Str at = card__text(r, "started_at");
        if (names_earlier(c, i, card__text(r, "plan_sha256")))
            note(k, at, WORD("a run was begun to an earlier plan of this chain"));
        else if (!is_registered(plan))
            note(k, at, WORD("this plan is not validly signed: nothing shows that it was written before the data"));
        else if (at.n && str_cmp(at, card__text(plan, "signed_at")) < 0)
            note(k, at, WORD("a run was begun before this plan was signed"));
    }
}

static bool names_import(const Json *plan, Str sha256) {
    for (const Json *m = json_first(json_get(plan, "models")); m; m = json_next(m)) {
        if (json_get(m, "import") && str_eq(card__text(m, "sha256"), sha256)) return true;
        for (const Json *e = json_first(json_get(m, "evidence")); e; e = json_next(e))
            if (str_eq(card__text(e, "sha256"), sha256)) return true;
    }
    return false;
}

/* Results that an earlier plan named by their digest were there before this one. */
static void look_at_imports(const Card *c, size_t i, Known *k) {
    for (const Json *r = json_first(json_get(c->header, "imports")); r; r = json_next(r))
        for (const Json *p = nth(c, i + 1); p; p = json_next(p))
            if (names_import(json_get(p, "plan"), card__text(r, "sha256")))
                note(k, STR(""), WORD("results from elsewhere that an earlier plan names were there"));
}

static Known known_data(const Card *c, size_t i) {
    Known k = {.at = STR("")};
    look_at_runs(c, i, json_get(c->header, "runs"), &k);
    look_at_runs(c, i, json_get(c->header, "repeats"), &k);
    for (const Json *p = nth(c, i + 1); p; p = json_next(p)) look_at_runs(c, i, json_get(p, "runs"), &k);
    look_at_imports(c, i, &k);
    if (!k.why)
        k.why = WORD("no run is known that was begun before this plan was signed; that there was none cannot be shown");
    return k;
}

/* ---- the chain ---- */

static const char *order(const Json *plan, const Json *before) {
    if (!is_registered(plan) || !is_registered(before) ||
        str_cmp(card__text(plan, "signed_at"), card__text(before, "signed_at")) >= 0)
        return "";
    return WORD("by its signature this plan is older than the one that it supersedes: a clock was wrong, or a time was "
                "made up");
}

static void put_member(Card *c, const char *key, const Json *j) {
    json_out_key(&c->o, key);
    json_out_node(&c->o, j);
}

static void put_step(Card *c, size_t i, HistoryCounts *sum, int64_t *after) {
    const Json *p = nth(c, i), *before = json_next(p), *plan = json_get(p, "plan");
    HistoryCounts n = {0};
    Known k = before ? known_data(c, i) : (Known){.at = STR(""), .why = ""};
    json_obj(&c->o);
    card__put_text(c, "plan_sha256", card__text(p, "plan_sha256"));
    card__put_flag(c, "registered", is_registered(p));
    card__put_text(c, "signed_at", card__text(p, "signed_at"));
    card__put_text(c, "why", card__text(p, "why"));
    put_member(c, "keys", json_get(p, "keys"));
    card__put_text(c, "supersedes", card__text(plan, "supersedes"));
    card__put_text(c, "reason", card__text(plan, "reason"));
    card__put_word(c, "order", before ? order(p, before) : "");
    card__put_flag(c, "data_before", k.before);
    card__put_text(c, "data_at", k.at);
    card__put_word(c, "data", k.why);
    json_out_key(&c->o, "changes");
    if (before) {
        audit_history_changes(json_get(before, "plan"), plan, &c->o, &n);
    } else {
        json_arr(&c->o);
        json_arr_end(&c->o);
    }
    json_obj_end(&c->o);
    sum->looser += n.looser, sum->stricter += n.stricter, sum->other += n.other;
    *after += k.before ? n.looser : 0;
}

static void put_count(Card *c, const char *key, int64_t n) {
    json_out_key(&c->o, key);
    json_out_int(&c->o, n);
}

/* Of a plan that supersedes none the card says nothing. */
void card__put_history(Card *c) {
    HistoryCounts sum = {0};
    int64_t after = 0;
    size_t n = json_count(c->history);
    if (!n || !card__text(c->plan, "supersedes").n) return;
    Str missing = card__text(json_get(nth(c, n - 1), "plan"), "supersedes");
    json_out_key(&c->o, "history");
    json_obj(&c->o);
    json_out_key(&c->o, "plans");
    json_arr(&c->o);
    for (size_t i = 0; i < n; i++) put_step(c, i, &sum, &after);
    json_arr_end(&c->o);
    card__put_flag(c, "whole", !missing.n);
    card__put_text(c, "missing", missing);
    card__put_word(c, "why",
                   missing.n ? WORD("an earlier plan was not given: what was changed from it, and whether a threshold "
                                    "was loosened, cannot be shown")
                             : "");
    put_count(c, "looser", sum.looser);
    put_count(c, "stricter", sum.stricter);
    put_count(c, "other", sum.other);
    put_count(c, "looser_after_data", after);
    json_obj_end(&c->o);
}
