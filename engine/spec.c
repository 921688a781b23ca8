#include "engine/spec.h"

#include <string.h>

#include "engine/base/str.h"

enum { MAX_LORAS = 16 };

static const char *const marks[] = {"+tokenizer=", "+lora="};

/* The next "+name=" at or behind s; *which is its number. NULL: none. */
static const char *next_mark(const char *s, int *which) {
    const char *best = NULL;
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(s, marks[i]);
        if (at && (!best || at < best)) best = at, *which = i;
    }
    return best;
}

static bool add_part(Spec *s, const char **loras, int which, const char *value, Err *err) {
    if (!*value) return err_set(err, ERR_INPUT, "the model has '%s' without a path behind it", marks[which]);
    if (which == 0) {
        if (s->tokenizer) return err_set(err, ERR_INPUT, "the model has two '%s'; one was expected", marks[0]);
        s->tokenizer = value;
        return true;
    }
    if (s->n_loras == MAX_LORAS) return err_set(err, ERR_INPUT, "the model has more than %d adapters", MAX_LORAS);
    loras[s->n_loras++] = value;
    return true;
}

static const char *copy_part(Arena *a, const char *begin, const char *end) {
    return str_dup(a, (Str){begin, end ? (size_t)(end - begin) : strlen(begin)}).p;
}

bool spec_parse(const char *text, Arena *a, Spec *out, Err *err) {
    const char **loras = arena_array(a, MAX_LORAS, sizeof *loras);
    int which = 0, next = 0;
    const char *mark = next_mark(text, &which);
    *out = (Spec){.path = copy_part(a, text, mark), .loras = loras};
    if (!loras || !out->path) return err_nomem(err);
    while (mark) {
        const char *begin = mark + strlen(marks[which]), *end = next_mark(begin, &next);
        const char *value = copy_part(a, begin, end);
        if (!value) return err_nomem(err);
        if (!add_part(out, loras, which, value, err)) return false;
        mark = end, which = next;
    }
    return true;
}
