/* Transforms of a plan: which suite is asked how, and which samples fit. Texts are made here only to see whether they
 * can be, and thrown away: what a plan keeps of a transform is a list of indices, and none at all where every sample
 * fits and none is a control question. */
#include "harness/plan/plan.h"
#include "harness/plan/plan_internal.h"

static bool resolve(PlanSuite *ps, const TransformChain *v, size_t n, Arena *a, Err *err) {
    ps->transforms = arena_array(a, n, sizeof *ps->transforms);
    if (!ps->transforms) return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        ps->transforms[i] = (PlanTransform){.chain = v[i], .family = transform_family(&v[i], a)};
        if (!ps->transforms[i].family.p) return err_nomem(err);
        if (!transform_suits(&v[i], ps->suite, err)) return false;
    }
    ps->n_transforms = n;
    return true;
}

bool plan_resolve_transforms(Plan *p, Arena *a, Err *err) {
    TransformChain plain;
    if (!transform_parse(STR("plain"), &plain, err)) return false;
    for (size_t i = 0; i < p->n_suites; i++) {
        PlanSuite *ps = &p->suites[i];
        const TransformChain *v = p->transforms ? p->transforms : ps->suite->transforms;
        size_t n = p->transforms ? p->n_transforms : ps->suite->n_transforms;
        if (!resolve(ps, v ? v : &plain, v ? n : 1, a, err)) return false;
    }
    return true;
}

bool plan_transforms(const Plan *p) {
    for (size_t i = 0; i < p->n_suites; i++)
        for (size_t k = 0; k < p->suites[i].n_transforms; k++)
            if (!transform_is_plain(&p->suites[i].transforms[k].chain)) return true;
    return false;
}

/* ---- which samples fit ---- */

/* fits[i] of ps->chosen[i]; the first reason against goes to the plan's arena. */
static bool look(const PlanSuite *ps, PlanTransform *t, bool *fits, Arena *scratch, Arena *a, Err *err) {
    GenOptions gen = GEN_DEFAULTS;
    for (size_t i = 0; i < ps->n_chosen; i++) {
        Request r;
        PromptExtra x;
        arena_reset(scratch);
        if (!prompt_build_as(&t->chain, ps->suite, ps->fewshot, &ps->kin, &ps->data->samples[ps->chosen[i]], &gen, 0,
                             scratch, &r, &x, err))
            return false;
        fits[i] = !x.unfit.p;
        if (fits[i]) continue;
        t->n_left_out++;
        if (!t->why.p && !(t->why = str_dup(a, x.unfit)).p) return err_nomem(err);
    }
    return true;
}

static bool is_control(const PlanSuite *ps, size_t sample) {
    const Value *kind = value_get(&ps->data->samples[sample].row, STR("kind"));
    return kind && kind->type == VALUE_STR && str_eqz(kind->s, "control");
}

static bool any_control(const PlanSuite *ps) {
    for (size_t i = 0; i < ps->n_chosen; i++)
        if (is_control(ps, ps->chosen[i])) return true;
    return false;
}

/* Control questions first: whether a cipher is read should be known before its other answers are. */
static bool fit(const PlanSuite *ps, PlanTransform *t, bool *fits, Arena *scratch, Arena *a, Err *err) {
    t->chosen = ps->chosen;
    t->n_chosen = ps->n_chosen;
    if (transform_is_plain(&t->chain)) return true;
    if (!look(ps, t, fits, scratch, a, err)) return false;
    if (!t->n_left_out && !any_control(ps)) return true;
    size_t *chosen = arena_array(a, ps->n_chosen - t->n_left_out, sizeof *chosen), n = 0;
    if (!chosen) return err_nomem(err);
    for (int controls = 1; controls >= 0; controls--)
        for (size_t i = 0; i < ps->n_chosen; i++)
            if (fits[i] && is_control(ps, ps->chosen[i]) == controls) chosen[n++] = ps->chosen[i];
    t->chosen = chosen;
    t->n_chosen = n;
    return true;
}

static bool fit_suite(PlanSuite *ps, Arena *scratch, Arena *a, Err *err) {
    bool wants_kin = false, counterpart;
    for (size_t i = 0; i < ps->n_transforms; i++) {
        transform_source(&ps->transforms[i].chain, &counterpart);
        wants_kin = wants_kin || counterpart;
    }
    if (wants_kin && !counterparts_open(ps->data, a, &ps->kin, err)) return false;
    bool *fits = mem_alloc(ps->n_chosen + 1);
    bool ok = fits || err_nomem(err);
    for (size_t i = 0; ok && i < ps->n_transforms; i++) ok = fit(ps, &ps->transforms[i], fits, scratch, a, err);
    mem_free(fits);
    return ok;
}

/* A transform that no sample of the plan fits is a mistake of whoever named it. */
static bool check_used(const Plan *p, const PlanSuite *ps, const PlanTransform *t, Err *err) {
    size_t n = 0;
    for (size_t i = 0; i < p->n_suites; i++)
        for (size_t k = 0; k < p->suites[i].n_transforms; k++)
            if (str_eq(p->suites[i].transforms[k].chain.name, t->chain.name)) n += p->suites[i].transforms[k].n_chosen;
    return n || !ps->n_chosen ||
           err_set(err, ERR_INPUT,
                   "transform '" STR_FMT "' fits no sample of the plan; of the first of suite " STR_FMT ": " STR_FMT,
                   STR_ARG(t->chain.name), STR_ARG(ps->suite->id), STR_ARG(t->why));
}

bool plan_fit_transforms(Plan *p, Arena *a, Err *err) {
    Arena *scratch = arena_open(0);
    bool ok = scratch || err_nomem(err);
    for (size_t i = 0; ok && i < p->n_suites; i++) ok = fit_suite(&p->suites[i], scratch, a, err);
    for (size_t i = 0; ok && i < p->n_suites; i++)
        for (size_t k = 0; ok && k < p->suites[i].n_transforms; k++)
            ok = check_used(p, &p->suites[i], &p->suites[i].transforms[k], err);
    arena_close(scratch);
    return ok;
}
