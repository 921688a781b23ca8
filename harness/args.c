#include "harness/args.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

bool arg_int(const char *text, int64_t lo, int64_t hi, int64_t *out) {
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < lo || v > hi) return false;
    *out = v;
    return true;
}

bool arg_u64(const char *text, uint64_t *out) {
    char *end;
    /* strtoull takes "-1"; a seed does not */
    if (text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno || *end) return false;
    *out = v;
    return true;
}

bool arg_num(const char *text, double *out) {
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v)) return false;
    *out = v;
    return true;
}

/* ---- suggestions ---- */

#define WORD_MAX 48

static size_t min3(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edit distance in which swapping two neighbours is one step (optimal string alignment). */
static size_t distance(const char *a, const char *b) {
    size_t na = strlen(a), nb = strlen(b), d[3][WORD_MAX + 1];
    if (na > WORD_MAX || nb > WORD_MAX) return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++) d[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = d[i % 3], *up = d[(i - 1) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < row[j])
                row[j] = up2[j - 2] + 1;
        }
    }
    return d[na % 3][nb];
}

const char *args_nearest(const char *word, const char *const *names, size_t n) {
    const char *best = NULL;
    size_t len = strlen(word), best_d = len / 3 + 2; /* strictly nearer than this */
    for (size_t i = 0; i < n; i++) {
        if (!names[i]) continue;
        size_t d = distance(word, names[i]);
        /* a prefix is a good guess too: --temp for --temperature */
        if (len >= 3 && strncmp(word, names[i], len) == 0) d = 1;
        if (d < best_d && d < strlen(names[i])) {
            best = names[i];
            best_d = d;
        }
    }
    return best;
}

/* ---- options ---- */

bool arg_list_add(Arena *a, ArgList *l, const char *word) {
    /* capacity is the next power of two, so the list needs no field for it */
    if ((l->n & (l->n - 1)) == 0) {
        const char **v = arena_array(a, l->n ? l->n * 2 : 1, sizeof *v);
        if (!v) return false;
        if (l->n) memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
    }
    l->v[l->n++] = word;
    return true;
}

static bool common_flag(CmdCtx *c, const char *name) {
    if (strcmp(name, "quiet") == 0) return c->quiet = true;
    if (strcmp(name, "json") == 0) return c->json = true;
    if (strcmp(name, "no-color") == 0) {
        c->color_out = c->color_err = false;
        return true;
    }
    return false;
}

static bool unknown_option(CmdCtx *c, const char *word, const char *name, const ArgSpec *specs, size_t n) {
    const char *names[96] = {"quiet", "json", "no-color", "help"};
    size_t k = 4;
    for (size_t i = 0; i < n && k < sizeof names / sizeof *names; i++) names[k++] = specs[i].name;
    const char *near = args_nearest(name, names, k);
    return err_set(&c->fail, ERR_INPUT, "unknown option '%s' for 'assay %s'%s%s%s; see 'assay %s --help'", word,
                   c->cmd->name, near ? ", did you mean '--" : "", near ? near : "", near ? "'?" : "", c->cmd->name);
}

static bool bad_value(CmdCtx *c, const ArgSpec *s, const char *value, const char *expected) {
    return err_set(&c->fail, ERR_INPUT, "option --%s: expected %s, got '%s'", s->name, expected, value);
}

static bool set_int(CmdCtx *c, const ArgSpec *s, const char *value) {
    int64_t lo = (int64_t)s->lo, hi = (int64_t)s->hi, v;
    char expected[96];
    if (lo == 0 && hi == 0) hi = INT_MAX;
    if (arg_int(value, lo, hi, &v)) {
        *(int *)s->out = (int)v;
        return true;
    }
    if (hi == INT_MAX)
        snprintf(expected, sizeof expected, "a whole number, %lld or more", (long long)lo);
    else
        snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)lo, (long long)hi);
    return bad_value(c, s, value, expected);
}

static bool set_num(CmdCtx *c, const ArgSpec *s, const char *value) {
    double v;
    bool bounded = s->lo != 0 || s->hi != 0;
    char expected[96];
    if (arg_num(value, &v) && (!bounded || (v >= s->lo && v <= s->hi))) {
        *(double *)s->out = v;
        return true;
    }
    if (bounded)
        snprintf(expected, sizeof expected, "a number from %g to %g", s->lo, s->hi);
    else
        snprintf(expected, sizeof expected, "a number");
    return bad_value(c, s, value, expected);
}

static bool set_value(CmdCtx *c, const ArgSpec *s, const char *value) {
    if (s->given) *s->given = true;
    switch (s->kind) {
    case ARG_FLAG:
        return *(bool *)s->out = true;
    case ARG_TEXT:
        *(const char **)s->out = value;
        return true;
    case ARG_LIST:
        return arg_list_add(c->arena, s->out, value) || err_nomem(&c->fail);
    case ARG_INT:
        return set_int(c, s, value);
    case ARG_U64:
        return arg_u64(value, s->out) || bad_value(c, s, value, "a whole number from 0 to 18446744073709551615");
    case ARG_NUM:
        return set_num(c, s, value);
    }
    return true;
}

/* argv[*i] begins with "--". */
static bool long_option(CmdCtx *c, int argc, char **argv, int *i, const ArgSpec *specs, size_t n) {
    const char *word = argv[*i] + 2, *eq = strchr(word, '=');
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    char name[WORD_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(len > WORD_MAX ? WORD_MAX : len), word);
    for (size_t k = 0; k < n; k++) {
        if (strcmp(specs[k].name, name) != 0) continue;
        if (specs[k].kind == ARG_FLAG) {
            if (eq) return err_set(&c->fail, ERR_INPUT, "option --%s takes no value", name);
            return set_value(c, &specs[k], NULL);
        }
        if (eq) return set_value(c, &specs[k], eq + 1);
        if (*i + 1 >= argc) return err_set(&c->fail, ERR_INPUT, "option --%s needs a value", name);
        return set_value(c, &specs[k], argv[++*i]);
    }
    if (!eq && common_flag(c, name)) return true;
    char shown[WORD_MAX + 3];
    snprintf(shown, sizeof shown, "--%s", name);
    return unknown_option(c, shown, name, specs, n);
}

/* argv[*i] is "-x"; the value is the next word. */
static bool short_option(CmdCtx *c, int argc, char **argv, int *i, const ArgSpec *specs, size_t n) {
    const char *word = argv[*i];
    if (strcmp(word, "-q") == 0) return c->quiet = true;
    for (size_t k = 0; k < n && word[2] == '\0'; k++) {
        if (!specs[k].letter || specs[k].letter != word[1]) continue;
        if (specs[k].kind == ARG_FLAG) return set_value(c, &specs[k], NULL);
        if (*i + 1 >= argc) return err_set(&c->fail, ERR_INPUT, "option -%c needs a value", word[1]);
        return set_value(c, &specs[k], argv[++*i]);
    }
    return unknown_option(c, word, word + 1, specs, n);
}

bool args_parse(CmdCtx *c, int argc, char **argv, const ArgSpec *specs, size_t n_specs, ArgList *words) {
    bool options = true;
    for (int i = 1; i < argc; i++) {
        const char *w = argv[i];
        bool ok;
        if (options && strcmp(w, "--") == 0) {
            options = false;
            continue;
        }
        if (options && strncmp(w, "--", 2) == 0)
            ok = long_option(c, argc, argv, &i, specs, n_specs);
        else if (options && w[0] == '-' && w[1])
            ok = short_option(c, argc, argv, &i, specs, n_specs);
        else if (words)
            ok = arg_list_add(c->arena, words, w) || err_nomem(&c->fail);
        else
            ok = err_set(&c->fail, ERR_INPUT, "unexpected word '%s'; see 'assay %s --help'", w, c->cmd->name);
        if (!ok) return false;
    }
    return true;
}
