/* Calibration cards of judges: what the header says of them. Which of them counts for what is the scorecard's to say.
 */
#include "harness/audit/audit_inputs_internal.h"
#include "harness/judge/judge_card.h"

enum { CARDS_MOST = 64 };

static void put_count(Inputs *u, const char *key, int64_t v) {
    json_out_key(&u->o, key);
    json_out_int(&u->o, v);
}

static void put_part(Inputs *u, const CalPart *p) {
    json_obj(&u->o);
    if (p->language.p) inputs__member(&u->o, "language", p->language);
    put_count(u, "positives", p->positives), put_count(u, "true_positives", p->true_positives);
    put_count(u, "negatives", p->negatives), put_count(u, "true_negatives", p->true_negatives);
    json_obj_end(&u->o);
}

static void put_card(Inputs *u, const CalCard *c) {
    json_obj(&u->o);
    inputs__member(&u->o, "sha256", c->id);
    inputs__member(&u->o, "date", c->date);
    inputs__member(&u->o, "positive", c->positive);
    inputs__member(&u->o, "scorer", c->scorer);
    inputs__member(&u->o, "scorer_version", c->scorer_version);
    inputs__member(&u->o, "policy_sha256", c->policy_sha256);
    json_out_key(&u->o, "judge");
    json_obj(&u->o);
    inputs__member(&u->o, "digest", c->judge_digest);
    inputs__member(&u->o, "precision", c->judge_precision);
    inputs__member(&u->o, "effort", c->judge_effort);
    json_out_key(&u->o, "temperature"), json_out_num(&u->o, c->judge_temperature);
    json_obj_end(&u->o);
    json_out_key(&u->o, "all");
    put_part(u, &c->all);
    json_out_key(&u->o, "languages");
    json_arr(&u->o);
    for (size_t i = 0; i < c->n_languages; i++) put_part(u, &c->languages[i]);
    json_arr_end(&u->o);
    json_obj_end(&u->o);
}

static bool add_card(Inputs *u, const char *path, Str *ids, size_t at, Err *err) {
    CalCard card;
    if (!judge_card_load(path, u->a, &card, NULL, err)) return false;
    for (size_t i = 0; i < at; i++)
        if (str_eq(ids[i], card.id)) return err_set(err, ERR_INPUT, "%s: this calibration card was given before", path);
    ids[at] = card.id;
    put_card(u, &card);
    return true;
}

bool inputs__cards(Inputs *u, Err *err) {
    const AuditWords *w = &u->in->cards;
    Str *ids = arena_array(u->a, w->n + 1, sizeof *ids);
    if (!ids) return err_nomem(err);
    if (w->n > CARDS_MOST) return err_set(err, ERR_INPUT, "--judge-card: more than %d cards", CARDS_MOST);
    json_out_key(&u->o, "calibration");
    json_arr(&u->o);
    for (size_t i = 0; i < w->n; i++)
        if (!add_card(u, w->v[i], ids, i, err)) return false;
    json_arr_end(&u->o);
    return true;
}
