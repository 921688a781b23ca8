/* Reading a calibration card: counts are believed if they add up, figures only if the counts give them. */
#include <math.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "reports/calibration_internal.h"

#define COUNT_MAX (INT64_C(1) << 53)
#define CARD_MAX ((size_t)32 << 20)
#define SLACK 1e-6 /* figures come from other machines' libraries too; less than this changes nothing */

/* The labels of a card, and its table for all rows. */
typedef struct Table {
    Str names[CAL_LABELS_MAX];
    double v[CAL_LABELS_MAX * CAL_LABELS_MAX];
    size_t k, positive;
} Table;

static bool copy(Arena *a, const Json *obj, const char *key, bool required, Str *out, Err *err) {
    Str s = {0};
    *out = s;
    if (!required && (!obj || json_type(obj) != JSON_OBJECT)) return true;
    if (!json_want_str(obj, key, required, &s, err)) return false;
    if (s.p && !(s = str_dup(a, s)).p) return err_nomem(err);
    *out = s;
    return true;
}

/* ---- tables ---- */

static bool read_names(const Json *list, Str positive, Arena *a, Table *t, Err *err) {
    if (!list || json_type(list) != JSON_ARRAY) return err_set(err, ERR_INPUT, "missing key 'names'");
    t->positive = SIZE_MAX;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        Str name = json_str(j);
        if (t->k == CAL_LABELS_MAX) return err_set(err, ERR_INPUT, "'names' has more than %d entries", CAL_LABELS_MAX);
        if (!name.p) return err_set(err, ERR_INPUT, "'names' must hold texts");
        for (size_t i = 0; i < t->k; i++)
            if (str_eq(t->names[i], name))
                return err_set(err, ERR_INPUT, "'names' has '" STR_FMT "' twice", STR_ARG(name));
        if (str_eq(name, positive)) t->positive = t->k;
        if (!(t->names[t->k++] = str_dup(a, name)).p) return err_nomem(err);
    }
    return t->positive != SIZE_MAX ||
           err_set(err, ERR_INPUT, "'names' lacks the positive label '" STR_FMT "'", STR_ARG(positive));
}

/* k lists of k counts. */
static bool read_counts(const Json *rows, size_t k, double *v, Err *err) {
    size_t n = 0;
    bool square = json_count(rows) == k;
    for (const Json *row = json_first(rows); square && row; row = json_next(row)) {
        square = json_type(row) == JSON_ARRAY && json_count(row) == k;
        for (const Json *c = json_first(row); square && c; c = json_next(c)) {
            int64_t x;
            if (!json_int(c, 0, COUNT_MAX, &x)) return err_set(err, ERR_INPUT, "'by_verdict' must hold counts");
            v[n++] = (double)x;
        }
    }
    return square || err_set(err, ERR_INPUT, "'by_verdict' must be %zu lists of %zu counts, one for each name", k, k);
}

static bool read_table(const Json *j, Str positive, Arena *a, Table *t, Err *err) {
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "missing key 'table'");
    return (read_names(json_get(j, "names"), positive, a, t, err) &&
            read_counts(json_get(j, "by_verdict"), t->k, t->v, err)) ||
           err_wrap(err, "table");
}

/* ---- a part ---- */

static bool want_count(const Json *j, const char *key, int64_t *out, Err *err) {
    return json_want_int(j, key, true, 0, COUNT_MAX, out, err);
}

static bool read_numbers(const Json *j, CalPart *p, Err *err) {
    if (!want_count(j, "n", &p->n, err) || !want_count(j, "n_scored", &p->n_scored, err) ||
        !want_count(j, "n_unread", &p->n_unread, err) || !want_count(j, "n_disputed", &p->n_disputed, err) ||
        !want_count(j, "positives", &p->positives, err) || !want_count(j, "negatives", &p->negatives, err) ||
        !want_count(j, "true_positives", &p->true_positives, err) ||
        !want_count(j, "true_negatives", &p->true_negatives, err))
        return false;
    bool ok = p->n == p->n_scored + p->n_unread + p->n_disputed && p->n_scored == p->positives + p->negatives &&
              p->true_positives <= p->positives && p->true_negatives <= p->negatives;
    return ok || err_set(err, ERR_INPUT, "its counts do not add up");
}

static bool same_count(const char *key, int64_t written, double counted, Err *err) {
    return (double)written == counted ||
           err_set(err, ERR_INPUT, "'%s' is %lld, but its table counts %.0f", key, (long long)written, counted);
}

/* What the table says of the counts beside it. */
static bool check_table(const CalPart *p, const double *v, const Table *t, Err *err) {
    double all = 0, is = 0, right = 0, right_not = 0;
    for (size_t i = 0; i < t->k; i++)
        for (size_t j = 0; j < t->k; j++) {
            double x = v[i * t->k + j];
            all += x;
            if (j == t->positive) is += x;
            if (j == t->positive && i == t->positive) right += x;
            if (j != t->positive && i != t->positive) right_not += x;
        }
    return same_count("n_scored", p->n_scored, all, err) && same_count("positives", p->positives, is, err) &&
           same_count("true_positives", p->true_positives, right, err) &&
           same_count("true_negatives", p->true_negatives, right_not, err);
}

/* A figure that is not there claims nothing. */
static bool check_figure(const Json *j, const char *key, double counted, Err *err) {
    const Json *v = json_get(j, key);
    if (!v) return true;
    bool null = json_type(v) == JSON_NULL;
    if (!null && json_type(v) != JSON_NUMBER) return err_set(err, ERR_INPUT, "'%s' must be a number", key);
    if (null && isnan(counted)) return true;
    if (null) return err_set(err, ERR_INPUT, "'%s' is null, but its counts give %.6g", key, counted);
    if (isnan(counted)) return err_set(err, ERR_INPUT, "'%s' is %.6g, but its counts give none", key, json_num(v));
    return fabs(json_num(v) - counted) <= SLACK ||
           err_set(err, ERR_INPUT, "'%s' is %.6g, but its counts give %.6g", key, json_num(v), counted);
}

static bool check_flag(const Json *j, const char *key, bool counted, Err *err) {
    bool v = counted;
    if (!json_want_bool(j, key, false, &v, err)) return false;
    return v == counted || err_set(err, ERR_INPUT, "'%s' is %s, but its counts give %s", key, v ? "true" : "false",
                                   counted ? "true" : "false");
}

static bool check_figures(const Json *j, const CalPart *p, bool has_table, Err *err) {
    const struct {
        const char *key;
        double counted;
    } rates[] = {{"sensitivity", p->sensitivity},
                 {"sensitivity_lower", p->sensitivity_lower},
                 {"specificity", p->specificity},
                 {"specificity_lower", p->specificity_lower},
                 {"unread", p->unread}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (!check_figure(j, rates[i].key, rates[i].counted, err)) return false;
    if (!check_flag(j, "usable", p->usable, err)) return false;
    if (!has_table) return true; /* what it says of kappa and the bars is not believed, and not used */
    return check_figure(j, "kappa", p->kappa, err) && check_figure(j, "kappa_lower", p->kappa_lower, err) &&
           check_flag(j, "meets_bars", p->meets_bars, err);
}

/* v: the part's table, or NULL. */
static bool read_part(const Json *j, const double *v, const Table *t, Arena *a, CalPart *p, Err *err) {
    *p = (CalPart){0};
    if (!copy(a, j, "language", false, &p->language, err) || !read_numbers(j, p, err)) return false;
    if (v && !check_table(p, v, t, err)) return false;
    cal__derive(p, v, t->k);
    return check_figures(j, p, v != NULL, err);
}

/* ---- languages ---- */

static bool check_language(const CalCard *c, size_t at, Err *err) {
    Str name = c->languages[at].language;
    if (!name.n) return err_set(err, ERR_INPUT, "missing key 'language'");
    for (size_t i = 0; i < at; i++)
        if (str_eq(c->languages[i].language, name))
            return err_set(err, ERR_INPUT, "language '" STR_FMT "' stands there twice", STR_ARG(name));
    return true;
}

/* Adds a language's counts to the sum of those before, which may come to those of all rows and no further. */
static bool add_up(const CalPart *p, const double *v, const Table *t, CalPart *sum, double *cells, const CalPart *all,
                   Err *err) {
    bool fits =
        (sum->n += p->n) <= all->n && (sum->n_scored += p->n_scored) <= all->n_scored &&
        (sum->n_unread += p->n_unread) <= all->n_unread && (sum->n_disputed += p->n_disputed) <= all->n_disputed &&
        (sum->positives += p->positives) <= all->positives && (sum->negatives += p->negatives) <= all->negatives &&
        (sum->true_positives += p->true_positives) <= all->true_positives &&
        (sum->true_negatives += p->true_negatives) <= all->true_negatives;
    for (size_t i = 0; v && i < t->k * t->k; i++) fits = (cells[i] += v[i]) <= t->v[i] && fits;
    return fits || err_set(err, ERR_INPUT, "the languages count more rows than 'all' has");
}

static bool read_languages(const Json *list, const Table *t, Arena *a, CalCard *c, Err *err) {
    CalPart *parts = arena_array(a, json_count(list) + 1, sizeof *parts), sum = {0};
    double *v = arena_array(a, t->k * t->k, sizeof *v), *cells = arena_array(a, t->k * t->k, sizeof *cells);
    if (!parts || !v || !cells) return err_nomem(err);
    memset(cells, 0, t->k * t->k * sizeof *cells);
    c->languages = parts;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        CalPart *p = &parts[c->n_languages++];
        const Json *table = json_get(j, "by_verdict");
        const double *own = table ? v : NULL;
        bool ok = json_type(j) == JSON_OBJECT || err_set(err, ERR_INPUT, "it must be an object");
        ok = ok && (!table || read_counts(table, t->k, v, err)) && read_part(j, own, t, a, p, err) &&
             check_language(c, c->n_languages - 1, err) && add_up(p, own, t, &sum, cells, &c->all, err);
        if (!ok) return err_wrap(err, "languages, entry %zu", c->n_languages);
    }
    return true;
}

/* ---- labels ---- */

static bool read_outcome(const Json *j, const Table *t, Err *err) {
    Str label = {0};
    size_t at = 0;
    int64_t n, right;
    double all = 0;
    CalPart p = {0};
    if (!json_want_str(j, "label", true, &label, err) || !want_count(j, "n", &n, err) ||
        !want_count(j, "n_right", &right, err))
        return false;
    while (at < t->k && !str_eq(t->names[at], label)) at++;
    if (at == t->k) return err_set(err, ERR_INPUT, "the table has no label '" STR_FMT "'", STR_ARG(label));
    for (size_t i = 0; i < t->k; i++) all += t->v[i * t->k + at];
    if (!same_count("n", n, all, err) || !same_count("n_right", right, t->v[at * t->k + at], err)) return false;
    p.positives = n, p.true_positives = right;
    cal__derive(&p, NULL, 0);
    return check_figure(j, "rate", p.sensitivity, err) && check_figure(j, "rate_lower", p.sensitivity_lower, err);
}

static bool read_outcomes(const Json *list, const Table *t, Err *err) {
    size_t n = 0;
    for (const Json *j = json_first(list); j; j = json_next(j), n++)
        if (!read_outcome(j, t, err)) return err_wrap(err, "outcomes, entry %zu", n + 1);
    return true;
}

/* ---- whose it is ---- */

static bool read_templates(const Json *list, Arena *a, CalCard *c, Err *err) {
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        Str hash = json_str(j);
        if (!hash.p || c->n_templates == CAL_TEMPLATES_MAX)
            return err_set(err, ERR_INPUT, "'template_sha256' must hold at most %d texts", CAL_TEMPLATES_MAX);
        if (!(c->templates[c->n_templates++] = str_dup(a, hash)).p) return err_nomem(err);
    }
    return true;
}

static bool read_options(const Json *map, Arena *a, CalCard *c, Err *err) {
    c->tells_options = map && json_type(map) == JSON_OBJECT;
    for (const Json *j = c->tells_options ? json_first(map) : NULL; j; j = json_next(j)) {
        Str key = str_from(json_key(j)), value = json_str(j);
        if (!value.p || c->n_options == CAL_OPTIONS_MAX)
            return err_set(err, ERR_INPUT, "'options' must hold at most %d texts", CAL_OPTIONS_MAX);
        CalOption *o = &c->options[c->n_options++];
        *o = (CalOption){str_dup(a, key), str_dup(a, value)};
        if (!o->key.p || !o->value.p) return err_nomem(err);
    }
    return true;
}

static bool read_scorer(const Json *j, Arena *a, CalCard *c, Err *err) {
    return (copy(a, j, "scorer", false, &c->scorer, err) && copy(a, j, "version", false, &c->scorer_version, err) &&
            copy(a, j, "policy_sha256", false, &c->policy_sha256, err) &&
            read_templates(json_get(j, "template_sha256"), a, c, err) &&
            read_options(json_get(j, "options"), a, c, err)) ||
           err_wrap(err, "scorer");
}

static bool read_judge(const Json *j, Arena *a, CalCard *c, Err *err) {
    c->judge_temperature = (double)NAN;
    return (copy(a, j, "digest", false, &c->judge_digest, err) &&
            copy(a, j, "precision", false, &c->judge_precision, err) &&
            copy(a, j, "effort", false, &c->judge_effort, err) &&
            (!c->judge_digest.p || json_want_num(j, "temperature", false, &c->judge_temperature, err))) ||
           err_wrap(err, "judge");
}

/* ---- the card ---- */

static bool read_card(const Json *j, Arena *a, CalCard *c, Err *err) {
    const Json *all = json_get(j, "all");
    Str format = {0};
    Table t = {0};
    if (!json_want_str(j, "format", true, &format, err)) return false;
    if (!str_eqz(format, CAL_FORMAT))
        return err_set(err, ERR_INPUT, "'format' must be '" CAL_FORMAT "', not '" STR_FMT "'", STR_ARG(format));
    if (json_type(all) != JSON_OBJECT) return err_set(err, ERR_INPUT, "missing key 'all'");
    return copy(a, j, "date", true, &c->date, err) &&
           (cal_is_near(c->date, c->date) ||
            err_set(err, ERR_INPUT, "'date' must begin with a day as YYYY-MM-DD, not '%.40s'", c->date.p)) &&
           copy(a, j, "positive", true, &c->positive, err) &&
           copy(a, json_get(j, "labels"), "origin", false, &c->origin, err) &&
           read_scorer(json_get(j, "scorer"), a, c, err) && read_judge(json_get(j, "judge"), a, c, err) &&
           read_table(json_get(j, "table"), c->positive, a, &t, err) &&
           (read_part(all, t.v, &t, a, &c->all, err) || err_wrap(err, "all")) &&
           read_languages(json_get(j, "languages"), &t, a, c, err) && read_outcomes(json_get(j, "outcomes"), &t, err);
}

bool cal_read(Str json, Arena *a, CalCard *out, Err *err) {
    Json *j = NULL;
    char hex[65];
    *out = (CalCard){0};
    if (!json_parse(json, &j, err)) return false;
    bool ok = json_type(j) == JSON_OBJECT || err_set(err, ERR_INPUT, "expected an object");
    ok = ok && read_card(j, a, out, err);
    json_close(j);
    sha256_of(json, hex);
    if (ok && !(out->id = str_dup(a, (Str){hex, 64})).p) ok = err_nomem(err);
    return ok;
}

bool cal_read_entry(Str entry, Arena *a, CalCard *out, bool *there, Err *err) {
    Json *j = NULL;
    Buf b;
    JsonOut o;
    *there = false;
    if (!json_parse(entry, &j, err)) return false;
    const Json *card = json_get(j, "card");
    Str id = json_str(json_get(j, "id"));
    buf_init(&b, CARD_MAX);
    json_out_init(&o, &b, 0);
    if (card) json_out_node(&o, card);
    bool ok = (!b.failed || err_nomem(err)) && (!card || cal_read(buf_str(&b), a, out, err));
    if (ok && card && id.p && !(out->id = str_dup(a, id)).p) ok = err_nomem(err);
    *there = ok && card;
    buf_release(&b);
    json_close(j);
    return ok;
}
