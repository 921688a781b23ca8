#include "reports/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/calibration_internal.h"
#include "reports/json_keys.h"
#include "reports/stats/stats_judge.h"

/* ---- labels ---- */

/* Every label and verdict that occurs, in byte order. */
typedef struct Names {
    Str v[CAL_LABELS_MAX];
    size_t n;
} Names;

static size_t name_at(const Names *names, Str s) {
    size_t i = 0;
    while (i < names->n && !str_eq(names->v[i], s)) i++;
    return i;
}

static bool add_name(Names *names, Str s, Err *err) {
    if (name_at(names, s) < names->n) return true;
    if (names->n == CAL_LABELS_MAX)
        return err_set(err, ERR_INPUT, "more than %d different labels; is 'label' a class?", CAL_LABELS_MAX);
    names->v[names->n++] = s;
    return true;
}

static int by_name(const void *x, const void *y) {
    return str_cmp(*(const Str *)x, *(const Str *)y);
}

static bool is_scored(const CalRow *r) {
    return r->verdict.p && !r->disputed;
}

static bool is_in(const CalRow *r, Str language) {
    return !language.p || (r->language.p && str_eq(r->language, language));
}

static bool gather_names(const CalRow *rows, size_t n, Names *out, Err *err) {
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!add_name(out, rows[i].label, err)) return false;
        if (is_scored(&rows[i]) && !add_name(out, rows[i].verdict, err)) return false;
    }
    qsort(out->v, out->n, sizeof *out->v, by_name);
    return true;
}

/* table[i * k + j]: verdict i, label j. */
static void fill_table(const CalRow *rows, size_t n, Str language, const Names *names, double *table) {
    for (size_t i = 0; i < names->n * names->n; i++) table[i] = 0;
    for (size_t i = 0; i < n; i++) {
        const CalRow *r = &rows[i];
        if (is_scored(r) && is_in(r, language))
            table[name_at(names, r->verdict) * names->n + name_at(names, r->label)]++;
    }
}

/* ---- a part ---- */

static void count(const CalRow *rows, size_t n, Str positive, CalPart *p) {
    for (size_t i = 0; i < n; i++) {
        const CalRow *r = &rows[i];
        if (!is_in(r, p->language)) continue;
        p->n++;
        p->n_disputed += r->disputed;
        p->n_unread += !r->disputed && !r->verdict.p;
        if (!is_scored(r)) continue;
        bool is = str_eq(r->label, positive), says = str_eq(r->verdict, positive);
        p->n_scored++;
        p->positives += is;
        p->negatives += !is;
        p->true_positives += is && says;
        p->true_negatives += !is && !says;
    }
}

static double share(int64_t k, int64_t n) {
    return n > 0 ? (double)k / (double)n : (double)NAN;
}

static bool at_least(double x, double bar) {
    return !isnan(x) && x >= bar;
}

void cal__derive(CalPart *p, const double *table, size_t k) {
    StatKappa agree = {.kappa = NAN, .se = NAN};
    if (table) agree = stat_kappa(table, k);
    p->kappa = agree.kappa;
    p->kappa_lower = agree.kappa - stat_norm_ppf(CAL_CONF) * agree.se;
    p->sensitivity = share(p->true_positives, p->positives);
    p->specificity = share(p->true_negatives, p->negatives);
    p->sensitivity_lower = stat_rate_lower((uint64_t)p->true_positives, (uint64_t)p->positives, CAL_CONF);
    p->specificity_lower = stat_rate_lower((uint64_t)p->true_negatives, (uint64_t)p->negatives, CAL_CONF);
    p->unread = share(p->n_unread, p->n);
    p->usable = stat_judge_tells(p->sensitivity, p->specificity, STAT_JUDGE_LEAST);
    p->meets_bars = at_least(p->sensitivity_lower, CAL_BAR_RATE) && at_least(p->specificity_lower, CAL_BAR_RATE) &&
                    at_least(p->kappa, CAL_BAR_KAPPA) && p->unread <= CAL_BAR_UNREAD;
}

bool cal_part(const CalRow *rows, size_t n, Str language, Str positive, CalPart *out, Err *err) {
    Names names;
    double table[CAL_LABELS_MAX * CAL_LABELS_MAX];
    CalPart p = {.language = language};
    if (!gather_names(rows, n, &names, err)) return false;
    fill_table(rows, n, language, &names, table);
    count(rows, n, positive, &p);
    cal__derive(&p, table, names.n);
    *out = p;
    return true;
}

/* ---- writing ---- */

static void by_verdict_json(JsonOut *o, const double *table, size_t k) {
    json_out_key(o, "by_verdict");
    json_arr(o);
    for (size_t i = 0; i < k; i++) {
        json_arr(o);
        for (size_t j = 0; j < k; j++) json_out_int(o, (int64_t)table[i * k + j]);
        json_arr_end(o);
    }
    json_arr_end(o);
}

/* table: NULL where it stands elsewhere on the card. */
static void part_json(JsonOut *o, const CalPart *p, const double *table, size_t k) {
    json_obj(o);
    if (p->language.p) key_str(o, "language", p->language);
    key_int(o, "n", p->n);
    key_int(o, "n_scored", p->n_scored);
    key_int(o, "n_unread", p->n_unread);
    key_int(o, "n_disputed", p->n_disputed);
    key_int(o, "positives", p->positives);
    key_int(o, "true_positives", p->true_positives);
    key_int(o, "negatives", p->negatives);
    key_int(o, "true_negatives", p->true_negatives);
    key_num(o, "sensitivity", p->sensitivity);
    key_num(o, "sensitivity_lower", p->sensitivity_lower);
    key_num(o, "specificity", p->specificity);
    key_num(o, "specificity_lower", p->specificity_lower);
    key_num(o, "kappa", p->kappa);
    key_num(o, "kappa_lower", p->kappa_lower);
    key_num(o, "unread", p->unread);
    key_bool(o, "usable", p->usable);
    key_bool(o, "meets_bars", p->meets_bars);
    if (table) by_verdict_json(o, table, k);
    json_obj_end(o);
}

/* How often each true label was met. */
static void outcomes_json(JsonOut *o, const Names *names, const double *table) {
    json_out_key(o, "outcomes");
    json_arr(o);
    for (size_t j = 0; j < names->n; j++) {
        double all = 0, right = table[j * names->n + j];
        for (size_t i = 0; i < names->n; i++) all += table[i * names->n + j];
        if (all == 0) continue;
        json_obj(o);
        key_str(o, "label", names->v[j]);
        key_int(o, "n", (int64_t)all);
        key_int(o, "n_right", (int64_t)right);
        key_num(o, "rate", right / all);
        key_num(o, "rate_lower", stat_rate_lower((uint64_t)right, (uint64_t)all, CAL_CONF));
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void table_json(JsonOut *o, const Names *names, const double *table) {
    json_out_key(o, "table");
    json_obj(o);
    json_out_key(o, "names");
    json_arr(o);
    for (size_t i = 0; i < names->n; i++) json_out_str(o, names->v[i]);
    json_arr_end(o);
    by_verdict_json(o, table, names->n);
    json_obj_end(o);
}

/* Languages that occur, in byte order; at most as many as labels may be. */
static bool gather_languages(const CalRow *rows, size_t n, Names *out, Err *err) {
    out->n = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].language.p && !add_name(out, rows[i].language, NULL))
            return err_set(err, ERR_INPUT, "more than %d different languages", CAL_LABELS_MAX);
    qsort(out->v, out->n, sizeof *out->v, by_name);
    return true;
}

/* Each language's counts by verdict stand with it, so that whoever reads can work its figures out again. */
static bool parts_json(JsonOut *o, const CalRow *rows, size_t n, Str positive, const Names *names, Err *err) {
    Names languages;
    CalPart p;
    double table[CAL_LABELS_MAX * CAL_LABELS_MAX];
    if (!gather_languages(rows, n, &languages, err) || !cal_part(rows, n, (Str){0}, positive, &p, err)) return false;
    json_out_key(o, "all");
    part_json(o, &p, NULL, 0);
    json_out_key(o, "languages");
    json_arr(o);
    for (size_t i = 0; i < languages.n; i++) {
        if (!cal_part(rows, n, languages.v[i], positive, &p, err)) return false;
        fill_table(rows, n, languages.v[i], names, table);
        part_json(o, &p, table, names->n);
    }
    json_arr_end(o);
    return true;
}

/* JSON text, indented like the rest; null if absent. */
static void key_object(JsonOut *o, const char *key, Str json) {
    Json *j = NULL;
    json_out_key(o, key);
    if (json.p && json_parse(json, &j, NULL))
        json_out_node(o, j);
    else
        json_out_null(o);
    json_close(j);
}

static void about_json(JsonOut *o, const CalAbout *b) {
    json_out_key(o, "format");
    json_out_cstr(o, CAL_FORMAT);
    key_str(o, "date", b->date);
    key_str(o, "positive", b->positive);
    json_out_key(o, "labels");
    json_obj(o);
    key_str(o, "origin", b->origin);
    key_str(o, "sha256", b->rows_sha256);
    json_obj_end(o);
    key_object(o, "judge", b->judge);
    key_object(o, "scorer", b->scorer);
    json_out_key(o, "bars");
    json_obj(o);
    key_num(o, "sensitivity_lower", CAL_BAR_RATE);
    key_num(o, "specificity_lower", CAL_BAR_RATE);
    key_num(o, "kappa", CAL_BAR_KAPPA);
    key_num(o, "unread", CAL_BAR_UNREAD);
    key_num(o, "confidence", CAL_CONF);
    json_obj_end(o);
}

static bool check_labels(const CalRow *rows, size_t n, Str positive, Err *err) {
    size_t is = 0;
    for (size_t i = 0; i < n; i++) is += str_eq(rows[i].label, positive);
    if (is > 0 && is < n) return true;
    return err_set(err, ERR_INPUT,
                   "%s of the %zu rows has the label '" STR_FMT "', which is to be the positive one; sensitivity and "
                   "specificity need rows with it and without it",
                   is ? "each" : "none", n, STR_ARG(positive));
}

bool cal_write(const CalRow *rows, size_t n, const CalAbout *about, Arena *a, Buf *out, Err *err) {
    Names names;
    JsonOut o;
    if (!check_labels(rows, n, about->positive, err) || !gather_names(rows, n, &names, err)) return false;
    double *table = arena_array(a, names.n * names.n, sizeof *table);
    if (!table) return err_nomem(err);
    fill_table(rows, n, (Str){0}, &names, table);
    json_out_init(&o, out, 1);
    json_obj(&o);
    about_json(&o, about);
    if (!parts_json(&o, rows, n, about->positive, &names, err)) return false;
    outcomes_json(&o, &names, table);
    table_json(&o, &names, table);
    json_obj_end(&o);
    buf_addc(out, '\n');
    return !out->failed || err_nomem(err);
}

/* ---- dates ---- */

/* Days since 1 March of year 0 (Gregorian), from "YYYY-MM-DD…"; -1 if it is none. */
static int64_t day_of(Str s) {
    int v[3] = {0}, at = 0;
    static const int widths[] = {4, 2, 2};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < widths[i]; k++, at++) {
            if ((size_t)at >= s.n || s.p[at] < '0' || s.p[at] > '9') return -1;
            v[i] = v[i] * 10 + (s.p[at] - '0');
        }
        if (i < 2 && ((size_t)at >= s.n || s.p[at++] != '-')) return -1;
    }
    if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31) return -1;
    int64_t y = v[1] > 2 ? v[0] : v[0] - 1, m = v[1] > 2 ? v[1] - 3 : v[1] + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + v[2] - 1;
}

double cal_days(Str date, Str now) {
    int64_t a = day_of(date), b = day_of(now);
    return a >= 0 && b >= 0 ? (double)(b - a) : NAN;
}

/* clocks of two machines may differ by a little */
bool cal_is_ahead(Str date, Str now) {
    int64_t a = day_of(date), b = day_of(now);
    return b >= 0 && a - b > 1;
}

bool cal_is_near(Str date, Str run) {
    int64_t a = day_of(date), b = day_of(run);
    return a >= 0 && b >= 0 && b - a <= CAL_DAYS && a - b <= CAL_DAYS;
}

bool cal_in_date(Str date, Str run) {
    return cal_is_near(date, run) && !cal_is_ahead(date, run);
}
