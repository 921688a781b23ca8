#include "harness/judge/judge_card.h"

#include <math.h>

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

bool judge_card_load(const char *path, Arena *a, CalCard *card, Str *json, Err *err) {
    Buf b;
    buf_init(&b, CARD_MAX);
    bool ok = file_read(path, &b, err);
    Str text = b.n ? buf_str(&b) : STR("");
    if (ok) ok = (cal_read(text, a, card, err) && as_json(card, text, a, json, err)) || err_wrap(err, "%s", path);
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

static bool check_judge(const CalCard *c, const Json *judge, Err *err) {
    double temperature = json_num(json_get(judge, "temperature"));
    if (!c->judge_digest.p)
        return err_set(err, ERR_INPUT, "the calibration card names no judge; make it with --judge SPEC");
    if (!same_text("digest", c->judge_digest, json_str(json_get(judge, "digest")), err) ||
        !same_text("precision", c->judge_precision, json_str(json_get(judge, "precision")), err) ||
        !same_text("effort", c->judge_effort, json_str(json_get(judge, "effort")), err))
        return false;
    if (c->judge_temperature == temperature) return true;
    return err_set(err, ERR_INPUT,
                   "the calibration card was made with the judge at temperature %g, and this run's is %g; calibrate it "
                   "as it is used, or leave the card out",
                   c->judge_temperature, temperature);
}

static bool check_policy(const CalCard *c, const Suite *s, const SuiteScorer *e, Err *err) {
    char hex[65];
    for (size_t i = 0; i < e->n_options; i++) {
        Str key = {e->options[i].key.p, e->options[i].key.n}, value = {e->options[i].value.p, e->options[i].value.n};
        if (!str_eqz(key, "policy")) continue;
        sha256_of(str_trim(value), hex);
        if (str_eqz(c->policy_sha256, hex)) continue;
        return err_set(err, ERR_INPUT,
                       "the calibration card was made with another policy than suite " STR_FMT " gives scorer '" STR_FMT
                       "'; calibrate the judge with this one, or leave the card out",
                       STR_ARG(s->id), STR_ARG(e->name));
    }
    return true;
}

bool judge_card_check(const CalCard *card, Str judge, const Plan *p, Err *err) {
    Json *j = NULL;
    if (!json_parse(judge, &j, err)) return err_wrap(err, "manifest entry 'judge'");
    bool ok = check_judge(card, j, err);
    json_close(j);
    for (size_t i = 0; ok && card->policy_sha256.p && i < p->n_suites; i++) {
        const Suite *s = p->suites[i].suite;
        for (size_t k = 0; ok && k < s->n_scorers; k++)
            if (str_eq(s->scorers[k].scorer, card->scorer)) ok = check_policy(card, s, &s->scorers[k], err);
    }
    return ok;
}
