#include "harness/tags.h"

#include <stdio.h>

#include "engine/base/json.h"

/* A text as it is; a number as `number`, which is good until the next call. Absent: neither. */
static Str text_of(const Value *v, char number[TAG_MAX]) {
    if (!v) return (Str){0};
    if (v->type == VALUE_STR) return v->s;
    if (v->type == VALUE_INT)
        snprintf(number, TAG_MAX, "%lld", (long long)v->i);
    else if (v->type == VALUE_FLOAT)
        snprintf(number, TAG_MAX, "%.17g", v->f);
    else
        return (Str){0};
    return str_from(number);
}

bool tags_of(const Sample *s, Arena *a, Str *out) {
    static const struct {
        const char *name;
        size_t max; /* bytes */
    } columns[] = {{"kind", TAG_MAX},   {"pair", DATASET_MAX_ID}, {"of", DATASET_MAX_ID},
                   {"lang", TAG_MAX},   {"expected", TAG_MAX},    {"severity", TAG_MAX},
                   {"domain", TAG_MAX}, {"stage", TAG_MAX},       {"rating", TAG_MAX}};
    char number[TAG_MAX];
    Buf b;
    JsonOut o;
    size_t n = 0;
    buf_init(&b, 8192); /* all of the longest fit, also if every byte is escaped */
    json_out_init(&o, &b, 0);
    json_obj(&o);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        Str text = text_of(value_get(&s->row, str_from(columns[i].name)), number);
        if (!text.n || text.n > columns[i].max) continue;
        json_out_key(&o, columns[i].name);
        json_out_str(&o, text);
        n++;
    }
    if (s->n_choices >= 2) {
        snprintf(number, sizeof number, "%zu", s->n_choices);
        json_out_key(&o, "options");
        json_out_cstr(&o, number);
        n++;
    }
    json_obj_end(&o);
    *out = n && !b.failed ? str_dup(a, buf_str(&b)) : (Str){0};
    bool ok = !b.failed && (!n || out->p);
    buf_release(&b);
    return ok;
}
