/* What a run does for its sealed samples: to whom their texts are sealed, and what is said when there is nobody. */
#include <string.h>

#include "harness/run/run_internal.h"
#include "harness/secrecy.h"
#include "reports/seal/seal.h"

#define SEAL_TO_MAX 64

static bool row_is_sealed(const Sample *s) {
    for (size_t i = 0; i < s->n_meta; i++) {
        const ScorerKV *m = &s->meta[i];
        if (m->key.n == 6 && memcmp(m->key.p, "hazard", 6) == 0)
            return m->value.n == 6 && memcmp(m->value.p, "sealed", 6) == 0;
    }
    return false;
}

bool run__sealed(const Run *r, const WorkItem *w) {
    return run__suite(r, w)->suite->hazard == HAZARD_SEALED || row_is_sealed(run__sample(r, w));
}

static bool suite_is_sealed(const PlanSuite *ps) {
    if (ps->suite->hazard == HAZARD_SEALED) return true;
    for (size_t i = 0; i < ps->n_chosen; i++)
        if (row_is_sealed(&ps->data->samples[ps->chosen[i]])) return true;
    return false;
}

/* Named on the command line; else there when the run began; else in the plan. */
static bool load_keys(Run *r, SealPublic *to, size_t *n, Err *err) {
    const ArgList *typed = r->o->seal_to.n ? &r->o->seal_to : &r->o->seal_recalled;
    const char *const *paths = typed->n ? typed->v : r->plan->seal_to;
    size_t count = typed->n ? typed->n : r->plan->n_seal_to;
    if (count > SEAL_TO_MAX) return err_set(err, ERR_INPUT, "outputs can be sealed to %d keys at most", SEAL_TO_MAX);
    for (*n = 0; *n < count; ++*n)
        if (!seal_public_load(paths[*n], &to[*n], err)) return err_wrap(err, typed->n ? "--seal-to" : "seal.to");
    return true;
}

bool run__seal_plan(Run *r, Err *err) {
    const Plan *p = r->plan;
    for (size_t i = 0; i < p->n_suites; i++) r->sealed = r->sealed || suite_is_sealed(&p->suites[i]);
    if (!r->sealed) return true;
    if (!secrecy_begin(err)) return false;
    r->seal_to = arena_array(r->arena, SEAL_TO_MAX, sizeof *r->seal_to);
    return r->seal_to || err_nomem(err);
}

/* Keys are read only where they are needed: a run that goes on has those that it began with. */
static bool choose_keys(Run *r, StoreSealMode stored, Err *err) {
    bool any = r->o->seal_to.n || stored == STORE_SEAL_NONE;
    if (any && !load_keys(r, r->seal_to, &r->n_seal_to, err)) return false;
    bool keys = stored == STORE_SEAL_KEYS || (stored == STORE_SEAL_NONE && r->n_seal_to);
    if (keys || !r->plan->seal_required) return true;
    return err_set(err, ERR_INPUT, "the plan says `seal: required`, and %s",
                   stored == STORE_SEAL_EPHEMERAL
                       ? "this run was begun without a key: begin a new one"
                       : "no key is named: add --seal-to FILE.pub (`assay keygen` makes a pair)");
}

static bool in_the_clear(const Run *r, int64_t n, Err *err) {
    return err_set(err, ERR_INPUT,
                   "%s holds %lld texts of sealed samples in the clear, from a version that did not seal; seal them "
                   "first: assay seal %s --to FILE.pub",
                   r->dir, (long long)n, r->dir);
}

bool run__seal_check(Run *r, Err *err) {
    StoreSeal s = {0};
    if (!r->sealed) return true;
    if (r->store && !store_seal_info(r->store, &s, err)) return false;
    if (s.n_plain) return in_the_clear(r, s.n_plain, err);
    return choose_keys(r, s.mode, err);
}

static void tell(const Run *r, const StoreSeal *s) {
    FILE *f = r->o->err;
    for (size_t i = 0; i < r->plan->n_suites; i++) {
        const PlanSuite *ps = &r->plan->suites[i];
        if (!suite_is_sealed(ps)) continue;
        if (s->mode == STORE_SEAL_EPHEMERAL)
            fprintf(f,
                    "assay: warning: no key to seal to: NO TEXT of " STR_FMT " will be kept (ephemeral); answers are "
                    "scored in memory and forgotten, and can never be read, scored again or replayed. To keep them "
                    "sealed: assay keygen --out auditor; assay run ... --seal-to auditor.pub\n",
                    STR_ARG(ps->suite->id));
        else if (!r->o->quiet)
            fprintf(f, "assay: the outputs of " STR_FMT " are sealed to key %s%s\n", STR_ARG(ps->suite->id),
                    s->to[0].id, s->n_to > 1 ? " and others" : "");
    }
    if (!r->o->quiet) secrecy_warn_swap(f);
}

bool run__seal_begin(Run *r, Err *err) {
    StoreSeal s;
    if (!r->sealed && r->o->seal_to.n)
        fputs(
            "assay: warning: --seal-to changes nothing here: no suite of this plan is marked `hazard: sealed`, and its "
            "outputs are stored in the clear\n",
            r->o->err);
    if (!r->sealed) return true;
    if (!store_seal_begin(r->store, r->seal_to, r->n_seal_to, r->plan->sha256, err) ||
        !store_seal_info(r->store, &s, err))
        return false;
    tell(r, &s);
    if (s.mode == STORE_SEAL_EPHEMERAL) r->progress.note = "no text kept";
    return true;
}

bool run__seal_rescore(Run *r, Err *err) {
    SealSecret *key = NULL;
    StoreSeal s;
    if (!audit_opening_check(&r->o->opening, err)) return false;
    if (!store_seal_info(r->store, &s, err)) return false;
    /* what was sealed stays sealed, whatever its suite says by now */
    if (s.mode != STORE_SEAL_NONE && !r->sealed && !(r->sealed = secrecy_begin(err))) return false;
    if (!r->sealed) return true;
    if (s.n_plain) return in_the_clear(r, s.n_plain, err);
    if (s.mode == STORE_SEAL_NONE) return true; /* none of them is stored yet */
    if (s.mode == STORE_SEAL_EPHEMERAL)
        return err_set(err, ERR_INPUT,
                       "%s was run without a key to seal to: the texts of its sealed samples were not kept, and cannot "
                       "be scored again",
                       r->dir);
    if (!r->o->key)
        return err_set(err, ERR_INPUT,
                       "%s holds sealed outputs; to score them again takes the auditor's key: assay rescore %s --key "
                       "NAME.key",
                       r->dir, r->dir);
    if (!seal_secret_load(r->o->key, &key, err)) return err_wrap(err, "--key");
    const AuditOpened what = {seal_secret_public(key), "rescore", {0}};
    bool ok = store_unseal(r->store, key, err) &&
              audit_opening_note(&r->o->opening, r->store, r->dir, &what, r->o->err, err) &&
              store_seal_begin(r->store, NULL, 0, r->plan->sha256, err);
    seal_secret_close(key);
    return ok;
}
