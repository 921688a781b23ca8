#include "harness/csv.h"

#include <string.h>

int64_t text_bad_line(Str text, bool *nul) {
    int64_t line = 1;
    size_t i = 0;
    while (i < text.n) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\n') line++;
        if (c && c < 0x80) {
            i++;
            continue;
        }
        *nul = !c;
        size_t at = i;
        if (!c || (utf8_next(text, &i) == 0xFFFD && !(i - at == 3 && !memcmp(text.p + at, "\xEF\xBF\xBD", 3))))
            return line;
    }
    return 0;
}

bool csv_init(CsvReader *r, Str text, const char *name, Err *err) {
    bool nul = false;
    int64_t bad = text_bad_line(text, &nul);
    if (bad)
        return err_set(err, ERR_INPUT, "%s line %lld: %s", name, (long long)bad,
                       nul ? "a NUL byte; this is not a text file" : "not valid UTF-8");
    *r = (CsvReader){.text = text, .line = 1, .name = name};
    if (str_starts(text, STR("\xEF\xBB\xBF"))) r->at = 3;
    return true;
}

static bool fail(const CsvReader *r, int64_t line, Err *err, const char *msg) {
    return err_set(err, ERR_INPUT, "%s line %lld: %s", r->name, (long long)line, msg);
}

/* Length of the line end at `at`: 1, 2, or 0 if there is none. */
static size_t line_end(Str t, size_t at) {
    if (at < t.n && t.p[at] == '\n') return 1;
    return at + 1 < t.n && t.p[at] == '\r' && t.p[at + 1] == '\n' ? 2 : 0;
}

/* r->at stands on the opening quote; ends behind the closing one. */
static bool quoted_field(CsvReader *r, Arena *a, int64_t *lines, Str *out, Err *err) {
    Str t = r->text;
    size_t from = ++r->at, doubled = 0;
    int64_t opened = r->line + *lines;
    for (;; r->at++) {
        if (r->at >= t.n) return fail(r, opened, err, "a quoted field begins here and never ends");
        if (r->at - from > CSV_MAX_RECORD)
            return fail(r, opened, err, "a quoted field is longer than 64 MiB; is a quote missing?");
        if (t.p[r->at] == '\n') ++*lines;
        if (t.p[r->at] != '"') continue;
        if (r->at + 1 >= t.n || t.p[r->at + 1] != '"') break;
        doubled++;
        r->at++;
    }
    Str raw = str_sub(t, from, r->at++);
    char *p = arena_alloc(a, raw.n - doubled + 1);
    if (!p) return err_nomem(err);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        p[n++] = raw.p[i];
        if (raw.p[i] == '"') i++;
    }
    *out = (Str){p, n};
    return true;
}

static bool plain_field(CsvReader *r, Arena *a, int64_t line, Str *out, Err *err) {
    Str t = r->text;
    size_t from = r->at;
    while (r->at < t.n && t.p[r->at] != ',' && !line_end(t, r->at)) {
        if (t.p[r->at] == '\r')
            return fail(r, line, err, "a carriage return without a line feed stands in an unquoted field");
        r->at++;
    }
    if (r->at - from > CSV_MAX_RECORD) return fail(r, line, err, "a field is longer than 64 MiB");
    *out = str_dup(a, str_sub(t, from, r->at));
    return out->p || err_nomem(err);
}

static bool push(CsvRecord *rec, size_t *cap, Str field, Arena *a, Err *err) {
    if (rec->n == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        Str *p = arena_array(a, more, sizeof *p);
        if (!p) return err_nomem(err);
        if (rec->n) memcpy(p, rec->fields, rec->n * sizeof *p);
        rec->fields = p;
        *cap = more;
    }
    rec->fields[rec->n++] = field;
    return true;
}

bool csv_next(CsvReader *r, Arena *a, CsvRecord *out, bool *more, Err *err) {
    Str t = r->text;
    for (size_t e; (e = line_end(t, r->at)); r->line++) r->at += e;
    *more = r->at < t.n;
    if (!*more) return true;
    CsvRecord rec = {.line = r->line};
    size_t cap = 0;
    int64_t lines = 0; /* line breaks inside the record */
    for (;;) {
        Str field = {0};
        bool quoted = r->at < t.n && t.p[r->at] == '"';
        if (rec.n == CSV_MAX_FIELDS) return fail(r, r->line, err, "a record has more than 1024 fields");
        if (quoted ? !quoted_field(r, a, &lines, &field, err) : !plain_field(r, a, r->line + lines, &field, err))
            return false;
        if (!push(&rec, &cap, field, a, err)) return false;
        if (r->at >= t.n) break;
        if (line_end(t, r->at)) {
            r->at += line_end(t, r->at);
            lines++;
            break;
        }
        if (t.p[r->at] != ',')
            return fail(r, r->line + lines, err,
                        "text stands behind a closing quote; expected a comma or the end of the line");
        r->at++;
    }
    r->line += lines;
    *out = rec;
    return true;
}
