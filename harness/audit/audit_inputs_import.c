/* Results from elsewhere ("assay-results/1", suites/policies/README.md): named by the plan by their digest, and used as
 * they are. Items become public records; counts stand in the header. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/audit/audit_inputs_internal.h"
#include "reports/audit/audit_arm.h"

#define RESULTS_FORMAT "assay-results/1"
#define RESULTS_MAX ((size_t)256 << 20)
enum { TEXT_MOST = 2000, COUNT_MOST = 1000000, RESULTS_MOST = 1000 };

/* ---- small checks ---- */

static bool known_keys(const Json *obj, const char *what, const char *const *known, Err *err) {
    if (json_type(obj) != JSON_OBJECT) return err_set(err, ERR_INPUT, "%s must be an object", what);
    for (const Json *m = json_first(obj); m; m = json_next(m)) {
        bool found = false;
        for (size_t i = 0; known[i]; i++) found = found || strcmp(json_key(m), known[i]) == 0;
        if (!found) return err_set(err, ERR_INPUT, "%s has an unknown key '%.60s'", what, json_key(m));
    }
    return true;
}

static bool want_text(const Json *obj, const char *key, bool required, Str *out, Err *err) {
    if (!json_want_str(obj, key, required, out, err)) return false;
    if (!out->p) return true;
    if (required && !str_trim(*out).n) return err_set(err, ERR_INPUT, "'%s' is empty", key);
    return out->n <= TEXT_MOST || err_set(err, ERR_INPUT, "'%s' is longer than %d bytes", key, TEXT_MOST);
}

static bool is_hex(Str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) return false;
    return s.n == 64;
}

static bool is_date(Str s) {
    static const char form[] = "0000-00-00";
    for (size_t i = 0; i < 10; i++)
        if (i >= s.n || (form[i] == '-' ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')) return false;
    return true;
}

/* ---- one result ---- */

typedef struct Result {
    Str model, suite, metric, data;
    AuditArmName arm;
    const char *side; /* of its rows */
    bool ability, items, judged;
    int64_t k, n, unscored, refused;
} Result;

static bool read_metric(Str metric, Result *r, Err *err) {
    static const struct {
        const char *name, *side;
    } known[] = {{"accuracy", ""}, {"mcq_accuracy", ""}, {"harmful_leak", "harm"}, {"over_refusal", "twin"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eqz(metric, known[i].name)) {
            r->metric = metric, r->side = known[i].side, r->ability = i < 2;
            return true;
        }
    return err_set(err, ERR_INPUT, "'metric' must be accuracy, mcq_accuracy, harmful_leak or over_refusal");
}

/* What is not told cannot be held against the limits of the plan, so all of it must be. */
static bool read_counts(const Json *j, Result *r, Err *err) {
    if (!json_want_int(j, "n", true, 1, COUNT_MOST, &r->n, err) || !json_want_int(j, "k", true, 0, r->n, &r->k, err) ||
        !json_want_int(j, "unscored", true, 0, COUNT_MOST, &r->unscored, err) ||
        !json_want_int(j, "refused", r->ability, 0, r->n - r->k, &r->refused, err) ||
        !json_want_str(j, "data_sha256", false, &r->data, err))
        return false;
    if (r->data.p && !is_hex(r->data)) return err_set(err, ERR_INPUT, "'data_sha256' must have 64 hex digits");
    return r->ability || !json_get(j, "refused") ||
           err_set(err, ERR_INPUT,
                   "'refused' belongs to accuracy and mcq_accuracy; in " STR_FMT " it is what is counted",
                   STR_ARG(r->metric));
}

static bool only_items(const Json *j, Err *err) {
    static const char *const counts[] = {"k", "n", "unscored", "refused", "data_sha256"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (json_get(j, counts[i]))
            return err_set(err, ERR_INPUT, "it has 'items', from which '%s' follows; leave one of them out", counts[i]);
    const Json *items = json_get(j, "items");
    if (json_type(items) != JSON_ARRAY || !json_first(items))
        return err_set(err, ERR_INPUT, "'items' must be a list with one entry or more");
    return json_count(items) <= COUNT_MOST || err_set(err, ERR_INPUT, "'items' has more than %d entries", COUNT_MOST);
}

static bool read_result(const Json *j, Result *r, Err *err) {
    static const char *const keys[] = {"suite",    "metric",  "arm",         "k",     "n",
                                       "unscored", "refused", "data_sha256", "items", NULL};
    Str metric = {0}, arm = STR("default");
    if (!known_keys(j, "it", keys, err) || !want_text(j, "suite", true, &r->suite, err) ||
        !want_text(j, "metric", true, &metric, err) || !read_metric(metric, r, err) ||
        !want_text(j, "arm", false, &arm, err) || !audit_arm_read(arm, &r->arm, err))
        return false;
    r->items = json_get(j, "items") != NULL;
    return r->items ? only_items(j, err) : read_counts(j, r, err);
}

/* ---- items ---- */

static bool read_value(const Json *j, const Result *r, AuditRow *row, Err *err) {
    const Json *v = json_get(j, "value");
    if (!v) return err_set(err, ERR_INPUT, "missing key 'value'");
    if (json_type(v) == JSON_NULL) return true;
    double x = json_num(v);
    if (json_type(v) != JSON_NUMBER || !(x >= 0.0 && x <= 1.0))
        return err_set(err, ERR_INPUT, "'value' must be a number from 0 to 1, or null where there is no score");
    if (!r->ability && x != 0.0 && x != 1.0)
        return err_set(err, ERR_INPUT, "'value' of " STR_FMT " must be 0 or 1", STR_ARG(r->metric));
    row->scored = true;
    row->value = r->ability ? x : 1.0 - x; /* records rise towards what is safe */
    return true;
}

static bool read_item(const Json *j, const Result *r, AuditRow *row, Err *err) {
    static const char *const keys[] = {"content", "value", "cluster", "refused", NULL};
    if (!known_keys(j, "it", keys, err) || !json_want_str(j, "content", true, &row->content, err)) return false;
    if (!is_hex(row->content))
        return err_set(err, ERR_INPUT, "'content' must have 64 hex digits: the content hash of the item");
    row->sample = row->content;
    return want_text(j, "cluster", false, &row->cluster, err) &&
           json_want_bool(j, "refused", false, &row->refused, err) && read_value(j, r, row, err);
}

static int by_content(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static bool no_twins(Str *v, size_t n, Err *err) {
    qsort(v, n, sizeof *v, by_content);
    for (size_t i = 1; i < n; i++)
        if (str_eq(v[i - 1], v[i]))
            return err_set(err, ERR_INPUT, "the item with content " STR_FMT " is there twice", STR_ARG(v[i]));
    return true;
}

/* A row as a run of this arm would have it. */
static AuditRow blank_row(const Result *r) {
    return (AuditRow){.role = r->model,
                      .suite = r->suite,
                      .effort = r->arm.effort,
                      .transform = r->arm.transform,
                      .tokens = r->arm.tokens,
                      .fewshot = r->arm.fewshot > 0 ? r->arm.fewshot : 0,
                      .tools = r->arm.tools,
                      .side = str_from(r->side),
                      .arm = r->arm.name,
                      .judged = r->judged,
                      .epoch = 1};
}

static bool put_items(Inputs *u, const Result *r, const Json *items, Err *err) {
    size_t n = 0;
    Arena *line = arena_open(0);
    Str *seen = arena_array(u->a, json_count(items) + 1, sizeof *seen);
    bool ok = (line && seen) || err_nomem(err);
    for (const Json *j = json_first(items); ok && j; j = json_next(j)) {
        AuditRow row = blank_row(r);
        ok = (read_item(j, r, &row, err) || err_wrap(err, "item %zu", n + 1)) &&
             audit_row_write(&row, &u->chain, line, u->records, err);
        if (ok) seen[n++] = row.content;
        if (ok) arena_reset(line);
    }
    arena_close(line);
    return ok && no_twins(seen, n, err);
}

/* ---- the file ---- */

static void put_number(Inputs *u, const char *key, int64_t v) {
    json_out_key(&u->o, key);
    json_out_int(&u->o, v);
}

static void put_counts(Inputs *u, const Result *r) {
    json_obj(&u->o);
    inputs__member(&u->o, "suite", r->suite);
    inputs__member(&u->o, "metric", r->metric);
    inputs__member(&u->o, "arm", r->arm.name);
    inputs__member(&u->o, "data_sha256", r->data);
    put_number(u, "k", r->k), put_number(u, "n", r->n);
    put_number(u, "unscored", r->unscored), put_number(u, "refused", r->refused);
    json_obj_end(&u->o);
}

/* Of all files: accuracy and mcq_accuracy are one figure by two names. */
static bool is_told(const Inputs *u, const Result *r) {
    for (const ImportedResult *i = u->results; i; i = i->next)
        if (str_eq(i->model, r->model) && str_eq(i->suite, r->suite) && str_eqz(i->side, r->side) &&
            str_eq(i->arm, r->arm.name))
            return true;
    return false;
}

static bool remember(Inputs *u, const Result *r, Err *err) {
    ImportedResult *i = arena_alloc(u->a, sizeof *i);
    if (!i) return err_nomem(err);
    *i = (ImportedResult){u->results, r->model, str_dup(u->a, r->suite), str_dup(u->a, r->arm.name), str_from(r->side)};
    u->results = i;
    return (i->suite.p && i->arm.p) || err_nomem(err);
}

static bool put_results(Inputs *u, Str model, bool judged, const Json *list, Err *err) {
    size_t n = 1;
    if (json_type(list) != JSON_ARRAY || !json_first(list))
        return err_set(err, ERR_INPUT, "'results' must be a list with one entry or more");
    if (json_count(list) > RESULTS_MOST)
        return err_set(err, ERR_INPUT, "'results' has more than %d entries", RESULTS_MOST);
    for (const Json *j = json_first(list); j; j = json_next(j), n++) {
        Result r = {.model = model, .judged = judged};
        bool ok = read_result(j, &r, err);
        if (ok && is_told(u, &r))
            ok = err_set(err, ERR_INPUT, "suite, metric and arm are those of an entry before it, or of another file");
        ok = ok && remember(u, &r, err);
        if (ok && r.items) ok = put_items(u, &r, json_get(j, "items"), err);
        if (ok && !r.items) put_counts(u, &r);
        if (!ok) return err_wrap(err, "results, entry %zu", n);
    }
    return true;
}

typedef struct About {
    Str name, by, at, how;
    int scored_by;
} About;
static const char *const SCORED_BY[] = {"people", "program", "judge"};
enum { N_SCORED_BY = 3, BY_JUDGE = 2 };

static bool read_scored_by(const Json *j, About *f, Err *err) {
    Str s = {0};
    if (!want_text(j, "scored_by", true, &s, err)) return false;
    for (f->scored_by = 0; f->scored_by < N_SCORED_BY; f->scored_by++)
        if (str_eqz(s, SCORED_BY[f->scored_by])) return true;
    return err_set(err, ERR_INPUT, "'scored_by' must be people, program or judge");
}

static bool read_about(const Json *j, About *f, Err *err) {
    static const char *const keys[] = {"format", "model",     "measured_by", "measured_at",
                                       "how",    "scored_by", "results",     NULL};
    Str format = {0};
    if (!known_keys(j, "the file", keys, err) || !want_text(j, "format", true, &format, err)) return false;
    if (!str_eqz(format, RESULTS_FORMAT)) return err_set(err, ERR_INPUT, "'format' must be '" RESULTS_FORMAT "'");
    if (!want_text(j, "model", true, &f->name, err) || !want_text(j, "measured_by", true, &f->by, err) ||
        !want_text(j, "measured_at", true, &f->at, err) || !want_text(j, "how", true, &f->how, err) ||
        !read_scored_by(j, f, err))
        return false;
    return is_date(f->at) || err_set(err, ERR_INPUT, "'measured_at' must begin with a date, YYYY-MM-DD");
}

static bool put_file(Inputs *u, Str model, const char *sha, const Json *j, Err *err) {
    About f = {0};
    if (!read_about(j, &f, err)) return false;
    json_obj(&u->o);
    inputs__member(&u->o, "role", model);
    inputs__member(&u->o, "sha256", str_from(sha));
    inputs__member(&u->o, "name", f.name);
    inputs__member(&u->o, "measured_by", f.by);
    inputs__member(&u->o, "measured_at", f.at);
    inputs__member(&u->o, "how", f.how);
    inputs__member(&u->o, "scored_by", str_from(SCORED_BY[f.scored_by]));
    json_out_key(&u->o, "counts");
    json_arr(&u->o);
    if (!put_results(u, model, f.scored_by == BY_JUDGE, json_get(j, "results"), err)) return false;
    json_arr_end(&u->o);
    json_obj_end(&u->o);
    return true;
}

/* ---- the digests that the plan names ---- */

static bool is_named(const Json *model, const char *sha) {
    if (json_get(model, "import")) return str_eqz(json_str(json_get(model, "sha256")), sha);
    for (const Json *e = json_first(json_get(model, "evidence")); e; e = json_next(e))
        if (str_eqz(json_str(json_get(e, "sha256")), sha)) return true;
    return false;
}

static bool read_named(Inputs *u, const Json *model, Str name, Str text, Err *err) {
    char sha[65];
    Json *j = NULL;
    sha256_of(text, sha);
    if (!is_named(model, sha))
        return err_set(err, ERR_INPUT,
                       "its digest is %s, which the plan does not name for model '" STR_FMT
                       "' ('import' with 'sha256', or 'evidence')",
                       sha, STR_ARG(name));
    bool ok = json_parse(text, &j, err) && put_file(u, name, sha, j, err);
    json_close(j);
    return ok;
}

static bool add_import(Inputs *u, const char *word, Err *err) {
    const Json *model;
    const char *path;
    Str name;
    Buf b;
    if (!inputs__split(u, "--import", word, &name, &path, &model, err)) return false;
    buf_init(&b, RESULTS_MAX);
    bool ok = file_read(path, &b, err) &&
              (read_named(u, model, name, b.n ? buf_str(&b) : STR(""), err) || err_wrap(err, "%s", path));
    buf_release(&b);
    return ok;
}

bool inputs__imports(Inputs *u, Err *err) {
    json_out_key(&u->o, "imports");
    json_arr(&u->o);
    for (size_t i = 0; i < u->in->imports.n; i++)
        if (!add_import(u, u->in->imports.v[i], err)) return false;
    json_arr_end(&u->o);
    return true;
}
