/* Planted items: every scorer of the runs is tried once, by the version that makes the audit. */
#include "harness/audit/audit_inputs_internal.h"
#include "harness/audit/audit_self_test.h"

bool inputs__note_scorer(Inputs *u, Str name) {
    ScorerSeen **at = &u->scorers;
    if (!name.n) return true;
    for (; *at; at = &(*at)->next)
        if (str_eq((*at)->name, name)) return true;
    *at = arena_alloc(u->a, sizeof **at);
    if (!*at) return false;
    (*at)->name = str_dup(u->a, name);
    return (*at)->name.p != NULL;
}

bool inputs__self_tests(Inputs *u, Err *err) {
    Arena *scratch = arena_open(0);
    bool ok = scratch != NULL;
    json_out_key(&u->o, "self_test");
    json_arr(&u->o);
    for (const ScorerSeen *s = u->scorers; ok && s; s = s->next) {
        char *name = str_cstr(scratch, s->name);
        ok = name && audit_self_test(scorers_find(name), s->name, scratch, &u->o);
        arena_reset(scratch);
    }
    json_arr_end(&u->o);
    arena_close(scratch);
    return ok || err_nomem(err);
}
