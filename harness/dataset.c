#include "harness/dataset.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/csv.h"

typedef struct Loader {
    const DatasetSpec *spec;
    Arena *a;
    Err *err;
    const char *file;  /* being read */
    int64_t line;      /* of the row being read */
    int64_t number;    /* of the row in its file, from 1 */
    Sample *samples;   /* grows; moved to the arena at the end */
    int64_t *lines;    /* [n] where each row stands */
    const char **from; /* [n] its file */
    size_t n, cap;
    Sha256 all; /* over the files' digests */
    Str only;   /* digest of the last file */
} Loader;

const char *dataset_format_name(DatasetFormat f) {
    static const char *const names[] = {"jsonl", "csv", "mmlu"};
    return names[f];
}

static bool fail_row(Loader *l) {
    return err_wrap(l->err, "%s line %lld", l->file, (long long)l->line);
}

static Str hex_digest(Arena *a, Str bytes) {
    char hex[65];
    sha256_of(bytes, hex);
    return str_dup(a, (Str){hex, 64});
}

/* ---- one row -> one sample ---- */

/* The value of one entry of `fields`: a column's bare name, or a template over the columns. */
static bool field_value(Loader *l, const Template *t, const char *what, const Value *vars, Value *out) {
    Str bare = template_bare_name(t);
    if (!bare.p || value_get(vars, bare)) return template_value(t, vars, l->a, out, l->err);
    Buf have;
    buf_init(&have, 200);
    for (size_t i = 0; i + 1 < vars->map.n; i++)
        buf_addf(&have, "%s" STR_FMT, i ? ", " : "", STR_ARG(str_sub(vars->map.members[i].key, 0, 40)));
    err_set(l->err, ERR_INPUT, "missing key '" STR_FMT "' (dataset.fields.%s names it); the row has: %s",
            STR_ARG(str_sub(bare, 0, 60)), what, have.p ? have.p : "nothing");
    buf_release(&have);
    return false;
}

/* Numbers and truth values as JSON writes them; lists, maps and null are no text. */
static bool scalar_text(Loader *l, const Value *v, const char *what, Str *out) {
    if (v->type == VALUE_STR || v->type == VALUE_INT || v->type == VALUE_FLOAT || v->type == VALUE_BOOL) {
        *out = value_to_meta(v, l->a);
        return out->p || err_nomem(l->err);
    }
    return err_set(l->err, ERR_INPUT, "%s must be text or a number, not %s", what, value_type_name(v->type));
}

static bool field_text(Loader *l, const Template *t, const char *what, bool null_is_absent, const Value *vars,
                       Str *out) {
    Value v;
    *out = (Str){0};
    if (!t) return true;
    if (!field_value(l, t, what, vars, &v)) return false;
    if (null_is_absent && v.type == VALUE_NULL) return true;
    return scalar_text(l, &v, what, out);
}

static bool texts_of(Loader *l, const Value *v, const char *what, const Str **out, size_t *n) {
    const Value *items = v->type == VALUE_LIST ? v->list.items : v;
    *n = v->type == VALUE_LIST ? v->list.n : 1;
    Str *texts = arena_array(l->a, *n, sizeof *texts);
    if (!texts) return err_nomem(l->err);
    for (size_t i = 0; i < *n; i++)
        if (!scalar_text(l, &items[i], what, &texts[i])) return false;
    *out = texts;
    return true;
}

static bool read_targets(Loader *l, const Value *vars, Sample *s) {
    Value v;
    if (!l->spec->target) return true;
    if (!field_value(l, l->spec->target, "target", vars, &v)) return false;
    return texts_of(l, &v, "the target", &s->targets, &s->n_targets);
}

static bool read_choices(Loader *l, const Value *vars, Sample *s) {
    Value v;
    if (!l->spec->choices) return true;
    if (!field_value(l, l->spec->choices, "choices", vars, &v)) return false;
    if (v.type != VALUE_LIST)
        return err_set(l->err, ERR_INPUT, "choices must be a list, not %s", value_type_name(v.type));
    if (v.list.n < 2 || v.list.n > 26)
        return err_set(l->err, ERR_INPUT, "choices must have 2 to 26 entries, not %zu", v.list.n);
    return texts_of(l, &v, "a choice", &s->choices, &s->n_choices);
}

/* null: all. Every name must be one of the suite's: a mistake would take a tool away unseen. */
static bool read_tools(Loader *l, const Value *vars, Sample *s) {
    const DatasetSpec *spec = l->spec;
    Value v;
    if (!spec->tools) return true;
    if (!field_value(l, spec->tools, "tools", vars, &v)) return false;
    if (v.type == VALUE_NULL) return true;
    if (v.type != VALUE_LIST)
        return err_set(l->err, ERR_INPUT, "tools must be a list of names, not %s", value_type_name(v.type));
    if (!texts_of(l, &v, "a tool", &s->tools, &s->n_tools)) return false;
    for (size_t i = 0; i < s->n_tools; i++) {
        size_t k = 0;
        while (k < spec->n_tool_names && !str_eq(spec->tool_names[k], s->tools[i])) k++;
        if (k == spec->n_tool_names)
            return err_set(l->err, ERR_INPUT, "the suite has no tool '" STR_FMT "'",
                           STR_ARG(str_sub(s->tools[i], 0, 80)));
    }
    return true;
}

static bool read_id(Loader *l, const Value *vars, Sample *s) {
    if (!l->spec->id) { /* few-shot examples need none */
        s->id = str_printf(l->a, "%lld", (long long)l->number);
        return s->id.p || err_nomem(l->err);
    }
    if (!field_text(l, l->spec->id, "id", false, vars, &s->id)) return false;
    if (!s->id.n) return err_set(l->err, ERR_INPUT, "the id is empty");
    if (s->id.n > DATASET_MAX_ID) return err_set(l->err, ERR_INPUT, "the id is longer than %d bytes", DATASET_MAX_ID);
    for (size_t i = 0; i < s->id.n; i++)
        if ((unsigned char)s->id.p[i] < 0x20 || s->id.p[i] == 0x7f)
            return err_set(l->err, ERR_INPUT, "the id holds a control character");
    return true;
}

/* Every column as text, then what fields.meta adds. */
static bool read_meta(Loader *l, const Value *vars, Sample *s) {
    const Value *row = &s->row;
    ScorerKV *kv = arena_array(l->a, row->map.n + l->spec->n_meta, sizeof *kv);
    if (!kv) return err_nomem(l->err);
    for (size_t i = 0; i < row->map.n; i++) {
        const ValueMember *m = &row->map.members[i];
        if (m->value.type == VALUE_NULL) continue;
        Str text = value_to_meta(&m->value, l->a);
        if (!text.p) return err_nomem(l->err);
        kv[s->n_meta++] = (ScorerKV){{m->key.p, m->key.n}, {text.p, text.n}};
    }
    for (size_t i = 0; i < l->spec->n_meta; i++) {
        const struct DatasetMeta *m = &l->spec->meta[i];
        Value v;
        if (!field_value(l, m->value, "meta", vars, &v)) return false;
        Str text = value_to_meta(&v, l->a);
        if (!text.p) continue;
        size_t at = 0; /* replaces a column of the same name */
        while (at < s->n_meta && !str_eq((Str){kv[at].key.p, kv[at].key.n}, m->key)) at++;
        kv[at] = (ScorerKV){{m->key.p, m->key.n}, {text.p, text.n}};
        if (at == s->n_meta) s->n_meta++;
    }
    s->meta = kv;
    return true;
}

static bool hash_row(Loader *l, const Value *row, Sample *s) {
    Buf b;
    buf_init(&b, DATASET_MAX_LINE * 8);
    value_to_json(row, true, &b);
    bool ok = !b.failed;
    if (ok) s->content_hash = hex_digest(l->a, buf_str(&b));
    buf_release(&b);
    return (ok && s->content_hash.p) || err_nomem(l->err);
}

/* The columns, and `row` for names that are no identifiers. */
static bool make_vars(Loader *l, const Value *row, Value *out) {
    ValueMember *m = arena_array(l->a, row->map.n + 1, sizeof *m);
    if (!m) return err_nomem(l->err);
    if (row->map.n) memcpy(m, row->map.members, row->map.n * sizeof *m);
    m[row->map.n] = (ValueMember){STR("row"), *row};
    *out = value_map(m, row->map.n + 1);
    return true;
}

/* Suites with author rules list their columns, so that nothing else slips in beside them. */
static bool check_columns(Loader *l, const Value *row) {
    const DatasetSpec *d = l->spec;
    for (size_t i = 0; d->columns && i < row->map.n; i++) {
        Str key = row->map.members[i].key;
        size_t k = 0;
        while (k < d->n_columns && !str_eq(d->columns[k], key)) k++;
        if (k == d->n_columns)
            return err_set(l->err, ERR_INPUT, "unknown column '" STR_FMT "'; dataset.columns does not list it",
                           STR_ARG(str_sub(key, 0, 80)));
    }
    if (!d->canary.p) return true;
    const Value *canary = value_get(row, STR("canary"));
    if (canary && canary->type == VALUE_STR && str_eq(canary->s, d->canary)) return true;
    return err_set(l->err, ERR_INPUT, "the column 'canary' must hold the suite's canary string");
}

static bool grow(Loader *l) {
    if (l->n < l->cap) return true;
    if (l->n >= DATASET_MAX_ROWS) return err_set(l->err, ERR_INPUT, "more than %zu rows", DATASET_MAX_ROWS);
    size_t cap = l->cap ? l->cap * 2 : 256;
    void *s = mem_realloc(l->samples, cap * sizeof *l->samples);
    if (s) l->samples = s;
    void *n = mem_realloc(l->lines, cap * sizeof *l->lines);
    if (n) l->lines = n;
    void *f = mem_realloc(l->from, cap * sizeof *l->from);
    if (f) l->from = f;
    if (!s || !n || !f) return err_nomem(l->err);
    l->cap = cap;
    return true;
}

/* hashed: what content_hash covers; usually the row itself. */
static bool add_row(Loader *l, const Value *row, const Value *hashed) {
    Value vars;
    Sample s = {.index = l->n, .row = *row};
    bool ok = grow(l) && check_columns(l, row) && make_vars(l, row, &vars) && read_id(l, &vars, &s) &&
              read_targets(l, &vars, &s) && read_choices(l, &vars, &s) && read_tools(l, &vars, &s) &&
              field_text(l, l->spec->group, "group", true, &vars, &s.group) &&
              field_text(l, l->spec->cluster, "cluster", true, &vars, &s.cluster) && read_meta(l, &vars, &s) &&
              hash_row(l, hashed, &s);
    if (!ok) return fail_row(l);
    l->lines[l->n] = l->line;
    l->from[l->n] = l->file;
    l->samples[l->n++] = s;
    return true;
}

/* ---- jsonl ---- */

/* "line 1 column 8: …" of the one-line document becomes "FILE line 12 column 8: …". */
static bool fail_json(Loader *l) {
    static const char head[] = "line 1 ";
    char msg[sizeof l->err->msg];
    if (strncmp(l->err->msg, head, sizeof head - 1) != 0) return fail_row(l);
    snprintf(msg, sizeof msg, "%s", l->err->msg + sizeof head - 1);
    return err_set(l->err, l->err->code, "%s line %lld %s", l->file, (long long)l->line, msg);
}

static bool json_row(Loader *l, Str line) {
    Json *j = NULL;
    Value row;
    if (line.n > DATASET_MAX_LINE) {
        err_set(l->err, ERR_INPUT, "the line is longer than %zu MiB", DATASET_MAX_LINE >> 20);
        return fail_row(l);
    }
    if (!json_parse(line, &j, l->err)) return fail_json(l);
    bool ok = true;
    if (json_type(j) != JSON_OBJECT)
        ok = err_set(l->err, ERR_INPUT, "each line must be a JSON object, not %s", json_type_name(json_type(j)));
    ok = ok && value_from_json(j, l->a, &row, l->err);
    json_close(j);
    return ok ? add_row(l, &row, &row) : fail_row(l);
}

static bool read_jsonl(Loader *l, Str text) {
    if (str_starts(text, STR("\xEF\xBB\xBF"))) text = str_sub(text, 3, text.n);
    for (size_t at = 0; at < text.n;) {
        size_t end = str_find(text, STR("\n"), at);
        if (end == SIZE_MAX) end = text.n;
        l->line++;
        Str line = str_sub(text, at, end);
        at = end + 1;
        if (!str_trim(line).n) continue;
        if (line.p[line.n - 1] == '\r') line.n--;
        l->number++;
        if (!json_row(l, line)) return false;
    }
    return true;
}

/* ---- csv with a header line ---- */

static bool check_header(Loader *l, const CsvRecord *h) {
    for (size_t i = 0; i < h->n; i++) {
        if (!h->fields[i].n) return err_set(l->err, ERR_INPUT, "column %zu of the header has no name", i + 1);
        for (size_t k = 0; k < i; k++)
            if (str_eq(h->fields[i], h->fields[k]))
                return err_set(l->err, ERR_INPUT, "the header names column '" STR_FMT "' twice",
                               STR_ARG(str_sub(h->fields[i], 0, 60)));
    }
    return true;
}

static bool csv_row(Loader *l, const CsvRecord *header, const CsvRecord *rec) {
    if (rec->n != header->n) {
        err_set(l->err, ERR_INPUT, "the record has %zu fields, but the header names %zu columns", rec->n, header->n);
        return fail_row(l);
    }
    ValueMember *m = arena_array(l->a, rec->n, sizeof *m);
    if (!m) return err_nomem(l->err);
    for (size_t i = 0; i < rec->n; i++) m[i] = (ValueMember){header->fields[i], value_str(rec->fields[i])};
    Value row = value_map(m, rec->n);
    return add_row(l, &row, &row);
}

static bool read_csv(Loader *l, Str text) {
    CsvReader r;
    CsvRecord header = {0}, rec;
    bool more;
    if (!csv_init(&r, text, l->file, l->err)) return false;
    if (!csv_next(&r, l->a, &header, &more, l->err)) return false;
    if (!more) return err_set(l->err, ERR_INPUT, "%s: the file is empty; expected a header line", l->file);
    l->line = header.line;
    if (!check_header(l, &header)) return fail_row(l);
    while (csv_next(&r, l->a, &rec, &more, l->err)) {
        if (!more) return true;
        l->line = rec.line;
        l->number++;
        if (!csv_row(l, &header, &rec)) return false;
    }
    return false;
}

/* ---- mmlu: SUBJECT_SPLIT.csv without header: question, A, B, C, D, letter ---- */

typedef struct MmluFile {
    Str subject_id, subject, split;
} MmluFile;

/* "…/high_school_us_history_test.csv" -> high_school_us_history, "high school us history", test */
static bool mmlu_file(Loader *l, MmluFile *out) {
    Str name = str_from(l->file);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/') name = str_sub(name, i + 1, name.n), i = (size_t)-1;
    if (str_ends(name, STR(".csv"))) name.n -= 4;
    size_t cut = name.n;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '_') cut = i;
    *out = (MmluFile){name, name, STR("")};
    Str tail = str_sub(name, cut + 1, name.n);
    if (cut < name.n && (str_eqz(tail, "dev") || str_eqz(tail, "val") || str_eqz(tail, "test"))) {
        out->split = tail;
        out->subject_id = str_sub(name, 0, cut);
    }
    char *spaced = str_cstr(l->a, out->subject_id);
    if (!spaced) return err_nomem(l->err);
    for (char *c = spaced; *c; c++)
        if (*c == '_') *c = ' ';
    out->subject = (Str){spaced, out->subject_id.n};
    return true;
}

static bool mmlu_row(Loader *l, const MmluFile *f, const CsvRecord *rec) {
    static const char *const names[] = {"question", "A", "B", "C", "D", "answer"};
    bool ok =
        rec->n == 6 || err_set(l->err, ERR_INPUT,
                               "the record has %zu fields; expected 6 (question, A, B, C, D, answer letter)", rec->n);
    if (ok && !(rec->fields[5].n == 1 && rec->fields[5].p[0] >= 'A' && rec->fields[5].p[0] <= 'D'))
        ok = err_set(l->err, ERR_INPUT, "the answer must be A, B, C or D, not '" STR_FMT "'",
                     STR_ARG(str_sub(rec->fields[5], 0, 40)));
    if (!ok) return fail_row(l);
    ValueMember *m = arena_array(l->a, 11, sizeof *m);
    Value *choices = arena_array(l->a, 4, sizeof *choices);
    if (!m || !choices) return err_nomem(l->err);
    for (size_t i = 0; i < 6; i++) m[i] = (ValueMember){str_from(names[i]), value_str(rec->fields[i])};
    for (size_t i = 0; i < 4; i++) choices[i] = value_str(rec->fields[1 + i]);
    m[6] = (ValueMember){STR("choices"), value_list(choices, 4)};
    m[7] = (ValueMember){STR("subject_id"), value_str(f->subject_id)};
    m[8] = (ValueMember){STR("subject"), value_str(f->subject)};
    m[9] = (ValueMember){STR("split"), value_str(f->split)};
    m[10] = (ValueMember){STR("number"), value_int(l->number)};
    Value row = value_map(m, 11), hashed = value_map(m, 9);
    return add_row(l, &row, &hashed);
}

static bool read_mmlu(Loader *l, Str text) {
    CsvReader r;
    CsvRecord rec;
    MmluFile f;
    bool more;
    if (!mmlu_file(l, &f) || !csv_init(&r, text, l->file, l->err)) return false;
    while (csv_next(&r, l->a, &rec, &more, l->err)) {
        if (!more) return true;
        l->line = rec.line;
        l->number++;
        if (!mmlu_row(l, &f, &rec)) return false;
    }
    return false;
}

/* ---- files ---- */

static int by_text(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static bool copy_matches(Loader *l, const glob_t *g, Dataset *d) {
    const char **files = arena_array(l->a, g->gl_pathc, sizeof *files);
    if (!files) return err_nomem(l->err);
    for (size_t i = 0; i < g->gl_pathc; i++)
        if (!(files[i] = arena_strdup(l->a, g->gl_pathv[i]))) return err_nomem(l->err);
    qsort(files, g->gl_pathc, sizeof *files, by_text); /* glob sorts by locale */
    d->files = files;
    d->n_files = g->gl_pathc;
    return true;
}

static bool find_files(Loader *l, Dataset *d) {
    for (size_t i = 0; i < l->spec->n_paths; i++) {
        glob_t g;
        int rc = glob(l->spec->paths[i], GLOB_NOSORT, NULL, &g);
        bool ok = rc == 0 ? copy_matches(l, &g, d) : rc != GLOB_NOSPACE || err_nomem(l->err);
        if (rc == 0) globfree(&g);
        if (!ok || rc == 0) return ok;
    }
    return err_set(l->err, ERR_INPUT, "no data file: nothing matches %s%s",
                   l->spec->n_paths ? l->spec->paths[0] : "(no path)",
                   l->spec->n_paths > 1 ? " or its alternatives" : "");
}

/* 0 if all is text, else an error that names the line. JSON is checked line by line by its parser. */
static bool check_bytes(Loader *l, Str text) {
    bool nul = false;
    int64_t bad = text_bad_line(text, &nul);
    if (!bad) return true;
    return err_set(l->err, ERR_INPUT, "%s line %lld: %s", l->file, (long long)bad,
                   nul ? "a NUL byte; this is not a text file" : "not valid UTF-8");
}

static bool read_file(Loader *l, const char *path) {
    FileMap map;
    l->file = path;
    l->line = l->number = 0;
    if (!file_map(path, &map, l->err)) return false;
    Str text = {map.p ? (const char *)map.p : "", map.n};
    bool ok = map.n <= DATASET_MAX_FILE ||
              err_set(l->err, ERR_INPUT, "%s is larger than %zu GiB", path, DATASET_MAX_FILE >> 30);
    if (ok) {
        l->only = hex_digest(l->a, text);
        ok = l->only.p || err_nomem(l->err);
    }
    if (ok) sha256_add(&l->all, l->only.p, l->only.n);
    ok = ok && check_bytes(l, text);
    if (ok)
        ok = l->spec->format == DATASET_JSONL ? read_jsonl(l, text)
             : l->spec->format == DATASET_CSV ? read_csv(l, text)
                                              : read_mmlu(l, text);
    file_unmap(&map);
    return ok;
}

static bool check_digest(Loader *l, Dataset *d) {
    unsigned char digest[32];
    char hex[65];
    sha256_end(&l->all, digest);
    sha256_hex(digest, hex);
    d->sha256 = d->n_files == 1 ? l->only : str_dup(l->a, (Str){hex, 64});
    if (!d->sha256.p) return err_nomem(l->err);
    if (!l->spec->sha256.p || str_eq(d->sha256, l->spec->sha256)) return true;
    return err_set(l->err, ERR_INPUT,
                   "%s%s: SHA-256 is " STR_FMT ", but the suite expects " STR_FMT "; the data changed", d->files[0],
                   d->n_files > 1 ? " and the others" : "", STR_ARG(d->sha256), STR_ARG(l->spec->sha256));
}

/* ---- ids ---- */

static int by_id(const void *x, const void *y, void *samples) {
    const Sample *s = samples;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    int c = str_cmp(s[i].id, s[j].id);
    return c ? c : i < j ? -1 : i > j;
}

static bool index_ids(Loader *l, Dataset *d) {
    size_t *order = arena_array(l->a, l->n, sizeof *order), twice = SIZE_MAX, first = 0;
    if (!order) return err_nomem(l->err);
    for (size_t i = 0; i < l->n; i++) order[i] = i;
    qsort_r(order, l->n, sizeof *order, by_id, l->samples);
    for (size_t i = 1; i < l->n && !l->spec->few_shot; i++)
        if (str_eq(l->samples[order[i]].id, l->samples[order[i - 1]].id) && order[i] < twice) {
            twice = order[i];
            first = order[i - 1];
        }
    d->by_id = order;
    if (twice == SIZE_MAX) return true;
    return err_set(l->err, ERR_INPUT, "%s line %lld: id '" STR_FMT "' was used before, in %s line %lld", l->from[twice],
                   (long long)l->lines[twice], STR_ARG(str_sub(l->samples[twice].id, 0, 80)), l->from[first],
                   (long long)l->lines[first]);
}

bool dataset_load(const DatasetSpec *spec, Arena *a, Dataset **out, Err *err) {
    Loader l = {.spec = spec, .a = a, .err = err};
    Dataset *d = arena_alloc(a, sizeof *d);
    *out = NULL;
    if (!d) return err_nomem(err);
    sha256_init(&l.all);
    bool ok = find_files(&l, d);
    for (size_t i = 0; i < d->n_files && ok; i++) ok = read_file(&l, d->files[i]);
    ok = ok && check_digest(&l, d);
    if (ok && !l.n) ok = err_set(err, ERR_INPUT, "%s: there are no rows", d->files[0]);
    ok = ok && index_ids(&l, d);
    if (ok) {
        Sample *samples = arena_array(a, l.n, sizeof *samples);
        if (samples) memcpy(samples, l.samples, l.n * sizeof *samples);
        d->samples = samples;
        d->n = l.n;
        ok = samples || err_nomem(err);
    }
    if (ok) *out = d;
    mem_free(l.samples);
    mem_free(l.lines);
    mem_free(l.from);
    return ok;
}

const Sample *dataset_find(const Dataset *d, Str id) {
    size_t lo = 0, hi = d->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(d->samples[d->by_id[mid]].id, id);
        if (!c) return &d->samples[d->by_id[mid]];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
