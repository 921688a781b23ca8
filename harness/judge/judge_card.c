#include "harness/judge/judge_card.h"

#include <math.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"

#define CARD_MAX ((size_t)16 << 20)

static bool as_json(const CalCard *card, Str text, Arena *a, Str *out, Err *err) {
    Buf b;
    JsonOut o;
    Json *j = NULL;
    if (!json_parse(text, &j, err)) return false;
    buf_init(&b, CARD_MAX * 2);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "id"), json_out_str(&o, card->id);
    json_out_key(&o, "card"), json_out_node(&o, j);
    json_obj_end(&o);
    json_close(j);
    *out = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(err);
}

static bool check_date(const CalCard *card, Err *err) {
    char now[21];
    clock_utc(now);
    return !cal_is_ahead(card->date, str_from(now)) ||
           err_set(err, ERR_INPUT, "'date' is %.40s, which lies in the future (it is %s)", card->date.p, now);
}

bool judge_card_load(const char *path, Arena *a, CalCard *card, Str *json, Err *err) {
    Buf b;
    buf_init(&b, CARD_MAX);
    bool ok = file_read(path, &b, err);
    Str text = b.n ? buf_str(&b) : STR("");
    if (ok)
        ok = (cal_read(text, a, card, err) && check_date(card, err) && (!json || as_json(card, text, a, json, err))) ||
             err_wrap(err, "%s", path);
    buf_release(&b);
    return ok;
}

static bool same_text(const char *what, Str card, Str run, Err *err) {
    if (str_eq(card, run)) return true;
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with the judge's %s '%.40s', and this run's is '%.40s'; calibrate "
                   "this judge, or leave the card out",
                   what, card.p ? card.p : "", run.p ? run.p : "");
}

/* Runs and cards tell it since there is a choice: before, all was exact. */
static Str precision_of(Str told) {
    return told.p ? told : STR("exact");
}

static bool check_judge(const CalCard *c, const Json *judge, Err *err) {
    double temperature = json_num(json_get(judge, "temperature"));
    if (!c->judge_digest.p)
        return err_set(err, ERR_INPUT, "the calibration card names no judge; make it with --judge SPEC");
    if (!same_text("digest", c->judge_digest, json_str(json_get(judge, "digest")), err) ||
        !same_text("precision", precision_of(c->judge_precision), precision_of(json_str(json_get(judge, "precision"))),
                   err) ||
        !same_text("effort", c->judge_effort, json_str(json_get(judge, "effort")), err))
        return false;
    if (c->judge_temperature == temperature) return true;
    if (isnan(c->judge_temperature))
        return err_set(err, ERR_INPUT,
                       "the calibration card does not tell at which temperature its judge was asked; calibrate this "
                       "judge, or leave the card out");
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with the judge at temperature %g, and this run's is %g; calibrate it "
                   "as it is used, or leave the card out",
                   c->judge_temperature, temperature);
}

/* ---- the scorer ---- */

/* One entry of a suite that runs the card's scorer; entry NULL: it was added to the suite, with defaults. */
typedef struct Use {
    const Suite *suite;
    const SuiteScorer *entry;
    const BoundScorer *bound;
} Use;

static Str own(ScorerStr s) {
    return (Str){s.p, s.n};
}

static Str option_of(const Use *u, Str key) {
    for (size_t i = 0; u->entry && i < u->entry->n_options; i++)
        if (str_eq(own(u->entry->options[i].key), key)) return own(u->entry->options[i].value);
    return (Str){0};
}

static Str option_on(const CalCard *c, Str key) {
    for (size_t i = 0; i < c->n_options; i++)
        if (str_eq(c->options[i].key, key)) return c->options[i].value;
    return (Str){0};
}

static bool check_version(const CalCard *c, const Use *u, Err *err) {
    if (!c->scorer_version.p || str_eq(c->scorer_version, u->bound->version)) return true;
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with version '%.40s' of scorer '" STR_FMT "', and suite " STR_FMT
                   " uses version '" STR_FMT "'; calibrate the judge with this one, or leave the card out",
                   c->scorer_version.p, STR_ARG(c->scorer), STR_ARG(u->suite->id), STR_ARG(u->bound->version));
}

static bool check_policy(const CalCard *c, const Use *u, Err *err) {
    char hex[65];
    Str policy = option_of(u, STR("policy"));
    if (!c->policy_sha256.p || !policy.p) return true;
    sha256_of(str_trim(policy), hex);
    if (str_eqz(c->policy_sha256, hex)) return true;
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with another policy than suite " STR_FMT " gives scorer '" STR_FMT
                   "'; calibrate the judge with this one, or leave the card out",
                   STR_ARG(u->suite->id), STR_ARG(u->bound->name));
}

/* An option that is not set has its default, and the only one that cards and suites both say now and then is that of
 * `passes`. */
static Str with_default(Str key, Str value) {
    return value.p || !str_eqz(key, "passes") ? value : STR("2");
}

static bool check_option(const CalCard *c, const Use *u, Str key, Err *err) {
    Str card = with_default(key, option_on(c, key)), run = with_default(key, option_of(u, key));
    if ((!card.p && !run.p) || (card.p && run.p && str_eq(card, run))) return true;
    if (!card.p) card = STR("not set");
    if (!run.p) run = STR("not set");
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with option '" STR_FMT "' of scorer '" STR_FMT
                   "' at '%.*s', and suite " STR_FMT " has '%.*s'; calibrate the judge as it is used, or leave the "
                   "card out",
                   STR_ARG(key), STR_ARG(c->scorer), (int)str_sub(card, 0, 40).n, card.p, STR_ARG(u->suite->id),
                   (int)str_sub(run, 0, 40).n, run.p);
}

static bool check_options(const CalCard *c, const Use *u, Err *err) {
    for (size_t i = 0; c->tells_options && i < c->n_options; i++)
        if (!check_option(c, u, c->options[i].key, err)) return false;
    for (size_t i = 0; c->tells_options && u->entry && i < u->entry->n_options; i++) {
        Str key = own(u->entry->options[i].key);
        if (!str_eqz(key, "policy") && !check_option(c, u, key, err)) return false;
    }
    return true;
}

#define LENT(text)                                                                                                     \
    { text, sizeof text - 1 }

/* A harmful item with an answer to it, and whatever the built-in scorers that ask want of a sample. */
static ScorerView example(void) {
    static const ScorerKV meta[] = {
        {LENT("kind"), LENT("harm")},
        {LENT("rubrics"), LENT("[{\"criterion\":\"It is said.\",\"points\":1}]")},
    };
    return (ScorerView){.size = sizeof(ScorerView),
                        .id = LENT("example"),
                        .prompt = LENT("What is said?"),
                        .final = LENT("This is said."),
                        .meta = meta,
                        .n_meta = sizeof meta / sizeof *meta};
}

static bool is_on(const CalCard *c, Str hash) {
    for (size_t i = 0; i < c->n_templates; i++)
        if (str_eq(c->templates[i], hash)) return true;
    return false;
}

/* What the scorer would ask about an example must be what the card's judge was asked. A scorer that asks nothing about
 * it cannot be held to that. */
static bool check_templates(const CalCard *c, const Use *u, const JudgeSettings *settings, Err *err) {
    ScorerView v = example();
    AskHelp dry = {.dry = settings};
    AskLog log = {0};
    Score ignored;
    Arena *a = c->n_templates ? arena_open(0) : NULL;
    if (!c->n_templates) return true;
    bool ok = a ? scoring_one(u->bound, &v, &dry, a, &ignored, &log, err) : err_nomem(err), same = true;
    for (size_t i = 0; ok && i < log.n; i++) same = is_on(c, str_from(log.traces[i].template_sha256)) && same;
    arena_close(a);
    return ok &&
           (same || err_set(err, ERR_INPUT,
                            "the calibration card was made with other questions to the judge than scorer '" STR_FMT
                            "' of suite " STR_FMT " asks; calibrate the judge as it is asked now, or leave the "
                            "card out",
                            STR_ARG(u->bound->name), STR_ARG(u->suite->id)));
}

static bool check_suite(const CalCard *c, const JudgeSettings *settings, const Suite *s, const ScorerSet *set,
                        Err *err) {
    for (size_t i = 0; i < set->n; i++) {
        Use u = {s, i < s->n_scorers ? &s->scorers[i] : NULL, &set->v[i]};
        if (!str_eqz(c->scorer, u.bound->scorer->name)) continue;
        if (!check_version(c, &u, err) || !check_policy(c, &u, err) || !check_options(c, &u, err) ||
            !check_templates(c, &u, settings, err))
            return false;
    }
    return true;
}

bool judge_card_check(const CalCard *card, Str judge, const Plan *p, ScorerSet *const *sets, Err *err) {
    Json *j = NULL;
    if (!json_parse(judge, &j, err)) return err_wrap(err, "manifest entry 'judge'");
    bool ok = check_judge(card, j, err);
    json_close(j);
    for (size_t i = 0; ok && card->scorer.p && i < p->n_suites; i++)
        ok = check_suite(card, &p->judge, p->suites[i].suite, sets[i], err);
    return ok;
}
