/* Options, fields, memory and the filling of a Score. */
#include "scorers/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ScorerStr text_opt(const ScorerKV *opts, size_t n, const char *key) {
    for (size_t i = 0; i < n; i++)
        if (text_eq(opts[i].key, text_from(key))) return opts[i].value;
    return (ScorerStr){NULL, 0};
}

ScorerStr text_meta(const ScorerView *v, const char *key) {
    return text_opt(v->meta, v->n_meta, key);
}

static void join_names(char *out, size_t cap, const char *const *names) {
    size_t n = 0;
    out[0] = 0;
    for (size_t i = 0; names[i] && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%s", i ? ", " : "", names[i]);
}

bool text_opts_known(const ScorerKV *opts, size_t n, const char *const *known, const char *scorer, ScorerErr *err) {
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; known[k]; k++) found = found || text_eq(opts[i].key, text_from(known[k]));
        if (found) continue;
        char names[200];
        join_names(names, sizeof names, known);
        return text_err(err, "scorer %s has no option '%.*s'; its options are: %s", scorer, TEXT_ARG(opts[i].key),
                        names[0] ? names : "none");
    }
    return true;
}

bool text_opt_number(const ScorerKV *opts, size_t n, const char *key, double *out, ScorerErr *err) {
    ScorerStr v = text_trim(text_opt(opts, n, key));
    if (!v.p) return true;
    char buf[64], *end;
    double d = 0;
    bool ok = v.n > 0 && v.n < sizeof buf && !memchr(v.p, 0, v.n);
    if (ok) {
        memcpy(buf, v.p, v.n);
        buf[v.n] = 0;
        d = strtod(buf, &end);
        ok = *end == 0 && isfinite(d);
    }
    if (!ok) return text_err(err, "option '%s' must be a number, not '%.*s'", key, TEXT_ARG(v));
    *out = d;
    return true;
}

bool text_opt_bool(const ScorerKV *opts, size_t n, const char *key, bool *out, ScorerErr *err) {
    static const char *const words[] = {"false", "true", NULL};
    int pick = *out;
    if (!text_opt_enum(opts, n, key, words, &pick, err)) return false;
    *out = pick == 1;
    return true;
}

bool text_opt_enum(const ScorerKV *opts, size_t n, const char *key, const char *const *names, int *out,
                   ScorerErr *err) {
    ScorerStr v = text_opt(opts, n, key);
    if (!v.p) return true;
    for (int i = 0; names[i]; i++)
        if (text_eq(v, text_from(names[i]))) {
            *out = i;
            return true;
        }
    char list[200];
    join_names(list, sizeof list, names);
    return text_err(err, "option '%s' must be one of %s, not '%.*s'", key, list, TEXT_ARG(v));
}

bool text_err(ScorerErr *err, const char *fmt, ...) {
    if (!err) return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return false;
}

bool text_nomem(ScorerErr *err, const char *scorer) {
    return text_err(err, "scorer %s: no memory for this sample", scorer);
}

ScorerStr text_printf(const ScorerHost *host, const char *fmt, ...) {
    char buf[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (n < 0) return (ScorerStr){NULL, 0};
    size_t len = (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1;
    char *p = host->alloc(host->ctx, len + 1);
    if (!p) return (ScorerStr){NULL, 0};
    memcpy(p, buf, len);
    p[len] = 0;
    return (ScorerStr){p, len};
}

size_t text_printable(ScorerStr s) {
    if (!s.p) return 0;
    size_t n = s.n;
    if (n > 120) {
        n = 120;
        while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    }
    const char *nul = memchr(s.p, 0, n);
    return nul ? (size_t)(nul - s.p) : n;
}

void text_score_init(Score *out) {
    Score s = {.size = out->size, .status = SCORE_UNSCORED, .outcome = OUTCOME_UNSCORED, .value = NAN, .margin = NAN};
    memcpy(out, &s, out->size < sizeof s ? out->size : sizeof s); /* a host may be older than this file */
}

void text_score_verdict(Score *out, bool correct, ScorerStr answer, const char *rule, TextSpan span) {
    out->status = SCORE_SCORED;
    out->outcome = correct ? OUTCOME_CORRECT : OUTCOME_WRONG;
    out->value = correct ? 1 : 0;
    out->answer = answer;
    out->rule = text_from(rule);
    out->span_begin = span.begin;
    out->span_end = span.end;
}

bool text_score_failed(const ScorerView *v, Score *out) {
    text_score_init(out);
    const char *why;
    switch (v->completion) {
    case SCORER_COMPLETION_OK:
    case SCORER_COMPLETION_LENGTH:
        return false;
    case SCORER_COMPLETION_FILTERED:
        why = "the serving stack blocked the answer";
        break;
    case SCORER_COMPLETION_TIMEOUT:
        why = "the engine ran out of time";
        break;
    case SCORER_COMPLETION_CANCELLED:
        why = "the request was cancelled";
        break;
    default:
        why = "the engine failed";
        break;
    }
    out->status = SCORE_ERROR;
    out->outcome = OUTCOME_ERROR;
    out->rule = TEXT("completion-status");
    out->explanation = text_from(why);
    return true;
}

bool text_score_nothing(const ScorerHost *host, const ScorerView *v, Score *out, ScorerStr why, ScorerErr *err) {
    (void)host;
    (void)err;
    bool cut = v->completion == SCORER_COMPLETION_LENGTH;
    out->status = cut ? SCORE_UNSCORED : SCORE_SCORED; /* cut off is not wrong: it has no value */
    out->value = 0;
    out->outcome = cut ? OUTCOME_TRUNCATED : OUTCOME_NO_ANSWER;
    out->explanation = why;
    return true;
}
