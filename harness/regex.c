#include "harness/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* A pattern that needs more steps than this on one text is refused instead of waited for. */
#define REGEX_MATCH_LIMIT 2000000u
#define REGEX_HEAP_KIB (64u * 1024u)
#define REGEX_MAX_PATTERN 65536

typedef struct Work {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    Str text, replacement;
    Buf out;
} Work;

/* Python's \Z is the very end (PCRE2's \z). */
static bool python_pattern(Str pattern, Buf *out) {
    for (size_t i = 0; i < pattern.n; i++) {
        buf_addc(out, pattern.p[i]);
        if (pattern.p[i] != '\\' || i + 1 >= pattern.n) continue;
        i++;
        buf_addc(out, pattern.p[i] == 'Z' ? 'z' : pattern.p[i]);
    }
    return !out->failed;
}

static bool compile(Work *w, Str pattern, Err *err) {
    if (pattern.n > REGEX_MAX_PATTERN) return err_set(err, ERR_INPUT, "the regular expression is longer than 64 KiB");
    Buf p;
    buf_init(&p, REGEX_MAX_PATTERN + 1);
    int code = 0;
    PCRE2_SIZE at = 0;
    if (python_pattern(pattern, &p))
        w->code = pcre2_compile((PCRE2_SPTR)(p.p ? p.p : ""), p.n,
                                PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF, &code, &at,
                                NULL);
    bool nomem = p.failed;
    buf_release(&p);
    if (nomem) return err_nomem(err);
    if (!w->code) {
        char msg[160] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)msg, sizeof msg);
        return err_set(err, ERR_INPUT, "regular expression '" STR_FMT "': %s (at byte %zu)",
                       STR_ARG(str_sub(pattern, 0, 100)), msg, (size_t)at);
    }
    w->match = pcre2_match_data_create_from_pattern(w->code, NULL);
    w->limits = pcre2_match_context_create(NULL);
    if (!w->match || !w->limits) return err_nomem(err);
    pcre2_set_match_limit(w->limits, REGEX_MATCH_LIMIT);
    pcre2_set_depth_limit(w->limits, 20000);
    pcre2_set_heap_limit(w->limits, REGEX_HEAP_KIB);
    return true;
}

static bool add_group(Work *w, uint32_t group, Err *err) {
    if (group >= pcre2_get_ovector_count(w->match))
        return err_set(err, ERR_INPUT, "the replacement names group %u, which the pattern does not have", group);
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(w->match) + 2 * group;
    if (v[0] != PCRE2_UNSET && v[1] >= v[0]) buf_add(&w->out, w->text.p + v[0], v[1] - v[0]);
    return true;
}

/* \g<name> or \g<1>; *i stands on 'g' and ends on '>'. */
static bool add_named(Work *w, size_t *i, Err *err) {
    Str r = w->replacement;
    size_t end = str_find(r, STR(">"), *i);
    if (*i + 1 >= r.n || r.p[*i + 1] != '<' || end == SIZE_MAX || end - *i > 60)
        return err_set(err, ERR_INPUT, "the replacement has \\g without <group>");
    char name[64] = "";
    memcpy(name, r.p + *i + 2, end - *i - 2);
    *i = end;
    if (name[0] && strspn(name, "0123456789") == strlen(name))
        return add_group(w, (uint32_t)strtoul(name, NULL, 10), err);
    int group = pcre2_substring_number_from_name(w->code, (PCRE2_SPTR)name);
    if (group < 0)
        return err_set(err, ERR_INPUT, "the replacement names group '%s', which the pattern does not have", name);
    return add_group(w, (uint32_t)group, err);
}

static bool add_replacement(Work *w, Err *err) {
    Str r = w->replacement;
    for (size_t i = 0; i < r.n; i++) {
        if (r.p[i] != '\\' || i + 1 >= r.n) {
            buf_addc(&w->out, r.p[i]);
            continue;
        }
        char c = r.p[++i];
        if (c >= '1' && c <= '9') {
            uint32_t g = (uint32_t)(c - '0');
            if (i + 1 < r.n && r.p[i + 1] >= '0' && r.p[i + 1] <= '9') g = g * 10 + (uint32_t)(r.p[++i] - '0');
            if (!add_group(w, g, err)) return false;
        } else if (c == 'g') {
            if (!add_named(w, &i, err)) return false;
        } else if (c == 'n')
            buf_addc(&w->out, '\n');
        else if (c == 't')
            buf_addc(&w->out, '\t');
        else if (c == 'r')
            buf_addc(&w->out, '\r');
        else if (c == '\\')
            buf_addc(&w->out, '\\');
        else
            return err_set(err, ERR_INPUT, "the replacement has the unknown escape \\%c", c);
    }
    return true;
}

static bool replace_all(Work *w, int64_t count, Err *err) {
    size_t at = 0, copied = 0;
    uint32_t options = 0;
    for (int64_t done = 0; (count <= 0 || done < count) && at <= w->text.n; done++) {
        int rc = pcre2_match(w->code, (PCRE2_SPTR)(w->text.p ? w->text.p : ""), w->text.n, at,
                             options | (at ? PCRE2_NO_UTF_CHECK : 0), w->match, w->limits);
        if (rc == PCRE2_ERROR_NOMATCH) break;
        if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT)
            return err_set(err, ERR_INPUT,
                           "a regular expression needs too much work on this text; make it less ambiguous");
        if (rc < 0) return err_set(err, ERR_INPUT, "a regular expression cannot be matched (PCRE2 error %d)", rc);
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(w->match);
        if (v[1] < v[0]) return err_set(err, ERR_INPUT, "a regular expression uses \\K to end before it begins");
        buf_add(&w->out, w->text.p + copied, v[0] - copied);
        if (!add_replacement(w, err)) return false;
        if (w->out.failed) return err_set(err, ERR_INPUT, "the result of a regular expression is too long");
        copied = at = v[1];
        /* As Python since 3.7: after an empty match the next one must not be empty here again. */
        options = v[0] == v[1] ? PCRE2_NOTEMPTY_ATSTART : 0;
    }
    buf_add(&w->out, w->text.p + copied, w->text.n - copied);
    if (w->out.failed) return err_set(err, ERR_INPUT, "the result of a regular expression is too long");
    return true;
}

static void release(Work *w) {
    buf_release(&w->out);
    pcre2_match_context_free(w->limits);
    pcre2_match_data_free(w->match);
    pcre2_code_free(w->code);
}

bool regex_search(Str pattern, Str text, bool *found, Err *err) {
    Work w = {.text = text};
    *found = false;
    buf_init(&w.out, 3 * text.n + 1); /* U+FFFD takes three bytes */
    buf_add_utf8_lossy(&w.out, text);
    bool ok = !w.out.failed || err_nomem(err);
    ok = ok && compile(&w, pattern, err);
    if (ok) {
        int rc = pcre2_match(w.code, (PCRE2_SPTR)(w.out.n ? w.out.p : ""), w.out.n, 0, 0, w.match, w.limits);
        *found = rc >= 0;
        if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
            ok = err_set(err, ERR_INPUT, "a regular expression needs too much work on this text");
    }
    release(&w);
    return ok;
}

bool regex_replace(Str pattern, Str replacement, Str text, int64_t count, size_t max_out, Arena *a, Str *out,
                   Err *err) {
    Work w = {.text = text, .replacement = replacement};
    buf_init(&w.out, max_out);
    bool ok = compile(&w, pattern, err) && replace_all(&w, count, err);
    if (ok) {
        *out = str_dup(a, w.out.n ? buf_str(&w.out) : STR(""));
        ok = out->p || err_nomem(err);
    }
    release(&w);
    return ok;
}
