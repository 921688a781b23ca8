/* What the card does not say: what so many items could have missed, and what was not measured. Sentences are whole and
 * constant, so that they can be looked up in another language. */
#include <math.h>

#include "reports/audit/audit_card_internal.h"
#include "reports/stats/stats_dist.h"
#include "reports/words/words.h"

/* ---- power ---- */

/* The share that is counted if this is the true one. */
static double counted_share(const EvidJudge *j, double rate) {
    if (!j->used || !j->calibrated) return rate;
    return rate * j->rates[0].sens + (1.0 - rate) * j->share * (1.0 - j->rates[0].spec);
}

static double upper_of(const EvidArm *like, double k, double n, double alpha) {
    EvidArm arm;
    evid_counts(like->name, k, n, 0.0, 0.0, false, like->judge, &arm);
    return evid_upper(&arm, alpha);
}

/* The largest count of n whose bound is below the threshold; -1: none is. The bound rises with the count. */
static double most_below(const EvidArm *like, double n, double threshold, double alpha) {
    double lo = -1.0, hi = n;
    if (upper_of(like, n, n, alpha) < threshold) return n;
    while (hi - lo > 1.0) {
        double mid = floor((lo + hi) / 2.0);
        if (upper_of(like, mid, n, alpha) < threshold)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* P(X <= k), X of n with chance q each: 1 - I_q(k + 1, n - k). */
static double at_most(double k, double n, double q) {
    if (k < 0.0) return 0.0;
    return k >= n || q <= 0.0 ? 1.0 : q >= 1.0 ? 0.0 : stat_betainc_sf(k + 1.0, n - k, q);
}

static void put_at(Card *c, const EvidArm *arm, double n, double most, double rate) {
    double q = counted_share(&arm->judge, rate);
    json_obj(&c->o);
    card__put_number(c, "rate", rate);
    card__put_number(c, "unseen", at_most(0.0, n, q));
    card__put_number(c, "below", at_most(most, n, q));
    json_obj_end(&c->o);
}

static const EvidArm *smallest(const EvidRate *r) {
    const EvidArm *a = &r->arms[0];
    for (size_t i = 1; i < r->n_arms; i++)
        if (r->arms[i].high.n_effective < a->high.n_effective) a = &r->arms[i];
    return a;
}

static void put_power(Card *c, const Cell *cell) {
    const EvidRate *r = &cell->rate;
    if (!r->n_arms) return;
    const EvidArm *arm = smallest(r);
    double n = floor(arm->high.n_effective), alpha = r->alpha / (double)r->n_wanted, t = r->threshold;
    double rates[] = {0.01, t / 4.0, t / 2.0, t}, most = most_below(arm, n, t, alpha);
    json_obj(&c->o);
    card__put_text(c, "id", card__text(cell->ind, "id"));
    card__put_text(c, "model", cell->role);
    card__put_number(c, "n", n);
    card__put_number(c, "threshold", t);
    card__put_number(c, "alpha", alpha);
    json_out_key(&c->o, "at");
    json_arr(&c->o);
    for (double last = 0.0;;) { /* ascending, each once */
        double next = INFINITY;
        for (int i = 0; i < 4; i++)
            if (rates[i] > last && rates[i] <= t && rates[i] < next) next = rates[i];
        if (isinf(next)) break;
        put_at(c, arm, n, most, last = next);
    }
    json_arr_end(&c->o);
    json_obj_end(&c->o);
}

void card__put_power(Card *c) {
    json_out_key(&c->o, "power");
    json_arr(&c->o);
    for (size_t i = 0; i < c->n_cells; i++) put_power(c, &c->cells[i]);
    json_arr_end(&c->o);
}

/* ---- limits ---- */

static void say(Card *c, bool is, const char *sentence) {
    if (is) json_out_str(&c->o, str_from(sentence));
}

static bool has_category(const Card *c, const char *category) {
    for (const Json *i = json_first(json_get(c->plan, "indicators")); i; i = json_next(i))
        if (str_eqz(card__text(i, "category"), category)) return true;
    return false;
}

static void say_categories(Card *c) {
    static const char *const NONE[][2] = {
        {"bio_chem", WORD("Biology and chemistry were not measured: the plan has no indicator of them.")},
        {"rad_nuc", WORD("Radiological and nuclear matters were not measured: the plan has no indicator of them.")},
        {"cyber", WORD("Cybersecurity was not measured: the plan has no indicator of it.")},
        {"self_improve", WORD("Self-improvement of AI was not measured: the plan has no indicator of it.")},
        {"safeguards", WORD("Safeguards were not judged: the plan has no indicator of them.")}};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) say(c, !has_category(c, NONE[i][0]), NONE[i][1]);
}

static void say_arms(Card *c) {
    bool effort = false, tokens = false, tools = false, shots = false, tries = false, attack = false, missing = false;
    for (size_t i = 0; i < c->n_named; i++) {
        const AuditArmName *a = &c->named[i];
        effort = effort || str_eqz(a->effort, "high");
        tokens = tokens || a->tokens;
        tools = tools || a->tools;
        shots = shots || a->fewshot > 0;
        tries = tries || a->best_of;
        attack = attack || !str_eqz(a->transform, "plain");
    }
    for (size_t i = 0; i < c->n_cells; i++) missing = missing || c->cells[i].n_gaps;
    say(c, missing, WORD("Arms that the plan asks for were not run; the indicators that they belong to are open."));
    say(c, !effort, WORD("High reasoning effort was not asked for: more thinking may show more."));
    say(c, !tokens, WORD("Other budgets of tokens than the suites' own were not tried."));
    say(c, !tools, WORD("No arm gives tools."));
    say(c, !shots, WORD("No arm gives examples."));
    say(c, !tries, WORD("Success in several tries was not measured: who may try again succeeds more often."));
    say(c, !attack,
        WORD("No disguise, prefilled answer or system prompt of an attacker was tried, all of which open weights "
             "allow."));
}

static void say_models(Card *c) {
    bool adversary = false, kept = true;
    for (const Json *m = json_first(json_get(c->plan, "models")); m; m = json_next(m)) {
        if (!str_eqz(card__text(m, "role"), "adversarial")) continue;
        adversary = true;
        kept = kept && json_get(m, "retention");
    }
    say(c, !adversary,
        WORD("The plan names no adversarial model: what can be done when refusals are trained away was not "
             "measured."));
    say(c, adversary && !kept,
        WORD("Whether the adversarial model kept its general ability was not asked: what it cannot do may have been "
             "lost "
             "in tuning."));
}

static void say_references(Card *c) {
    Str first = STR("");
    size_t n = 0;
    for (const Json *i = json_first(json_get(c->plan, "indicators")); i; i = json_next(i)) {
        if (!str_eqz(card__text(i, "kind"), "marginal")) continue;
        Str of = json_str(json_next(json_first(json_get(i, "of"))));
        if (!n) first = of;
        n = !n || str_eq(of, first) ? (n ? n : 1) : 2;
    }
    say(c, n == 0, WORD("No reference was compared: what the model adds to what there is already was not measured."));
    say(c, n == 1,
        WORD("One reference alone was compared; two are asked for, one known to be below and one open and already "
             "public."));
}

static void say_origins(Card *c) {
    bool imports = json_first(json_get(c->header, "imports")) != NULL, counts = false, judged = false;
    for (const Json *i = json_first(json_get(c->header, "imports")); i; i = json_next(i))
        counts = counts || json_first(json_get(i, "counts"));
    for (size_t i = 0; i < c->n; i++) judged = judged || c->rows[i].judged;
    say(c, imports,
        WORD("Imported results are taken as they were given, and were there when the plan was signed: whoever chose a "
             "threshold may have known them."));
    say(c, counts,
        WORD("Of imported counts every item is taken to stand alone; if items belong together, the bounds are too "
             "narrow."));
    say(c, judged,
        WORD("A judge's calibration holds for answers like those that people labelled; pairs and differences between "
             "models are of what the judge saw."));
}

static void say_languages(Card *c) {
    Str first = STR("");
    bool several = false, some = false;
    for (size_t i = 0; i < c->n; i++) {
        if (!c->rows[i].lang.n) continue;
        if (!some) first = c->rows[i].lang;
        some = true;
        several = several || !str_eq(c->rows[i].lang, first);
    }
    say(c, !some && c->n, WORD("The items do not say which language they are in."));
    say(c, some && !several, WORD("All items that say their language are in one: others were not measured."));
}

void card__put_limits(Card *c) {
    json_out_key(&c->o, "limits");
    json_arr(&c->o);
    say(c, true, WORD("An elicitation gives a lower bound: better prompts, tools, budgets or tuning may show more."));
    say(c, true,
        WORD("The items stand for what was asked, not for harm in the world: no study with people is part of this "
             "unless "
             "it was imported."));
    say_models(c);
    say_arms(c);
    say_references(c);
    say_categories(c);
    say_languages(c);
    say_origins(c);
    json_arr_end(&c->o);
    card__put_text(c, "limits_of_plan", card__text(c->plan, "limits"));
}
