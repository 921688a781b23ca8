#include "harness/transform/transform_item.h"

#include <stdlib.h>
#include <string.h>

#include "harness/prompt.h"

/* ---- counterparts ---- */

struct Counterpart {
    Str of;
    const Sample *sample;
};

static int by_of(const void *x, const void *y) {
    const struct Counterpart *a = x, *b = y;
    int c = str_cmp(a->of, b->of);
    return c ? c : a->sample->index < b->sample->index ? -1 : a->sample->index > b->sample->index;
}

static Str column_text(const Sample *s, const char *column) {
    const Value *v = value_get(&s->row, str_from(column));
    return v && v->type == VALUE_STR ? v->s : (Str){0};
}

bool counterparts_open(const Dataset *d, Arena *a, Counterparts *out, Err *err) {
    struct Counterpart *v = arena_array(a, d->n, sizeof *v);
    *out = (Counterparts){.v = v};
    if (!v) return err_nomem(err);
    for (size_t i = 0; i < d->n; i++) {
        Str of = column_text(&d->samples[i], "of");
        if (of.n) v[out->n++] = (struct Counterpart){of, &d->samples[i]};
    }
    if (out->n) qsort(v, out->n, sizeof *v, by_of);
    return true;
}

/* The first in the dataset's order, or NULL. */
static const Sample *counterpart_of(const Counterparts *k, Str id) {
    size_t lo = 0, hi = k ? k->n : 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (str_cmp(k->v[mid].of, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return k && lo < k->n && str_eq(k->v[lo].of, id) ? k->v[lo].sample : NULL;
}

/* ---- where the text comes from ---- */

/* `row` with another value in its column `text`; false: no memory. */
static bool with_text(const Value *row, Str text, Arena *a, Value *out) {
    ValueMember *m = arena_array(a, row->map.n, sizeof *m);
    if (!m) return false;
    memcpy(m, row->map.members, row->map.n * sizeof *m);
    for (size_t i = 0; i < row->map.n; i++)
        if (str_eqz(m[i].key, "text")) m[i].value = value_str(text);
    *out = value_map(m, row->map.n);
    return true;
}

static bool unfit(PromptExtra *x, Str why, Err *err) {
    x->unfit = why;
    return why.p || err_nomem(err);
}

/* The sample as the chain reads it: its own row, or its counterpart's, with `text` from the column that the chain
 * names. */
static bool read_source(const TransformChain *c, const Counterparts *kin, const Sample *s, Arena *a, Sample *out,
                        PromptExtra *x, Err *err) {
    bool counterpart = false;
    const char *column = transform_source(c, &counterpart);
    const Sample *from = s;
    *out = *s;
    if (!column) return true;
    if (counterpart) {
        const Sample *korean = counterpart_of(kin, s->id);
        bool own = strcmp(column, "ko") == 0;
        if (!korean && (!own || !column_text(s, column).n)) return unfit(x, STR("it has no Korean counterpart"), err);
        if (korean) from = korean;
        if (korean && own) column = "text";
    }
    Str text = column_text(from, column);
    if (!text.n) return unfit(x, str_printf(a, "it has no text in its column '%s'", column), err);
    if (!column_text(from, "text").p) return unfit(x, STR("it has no column 'text'"), err);
    return with_text(&from->row, text, a, &out->row) || err_nomem(err);
}

/* A Korean source is Korean; else the column `lang` decides, else the letters. */
static bool speaks_korean(const TransformChain *c, const Sample *s, Str user) {
    bool counterpart = false;
    const char *column = transform_source(c, &counterpart);
    Str lang = column_text(s, "lang");
    if (counterpart || (column && strcmp(column, "ko_mixed") == 0)) return true;
    if (str_eqz(lang, "ko") || str_eqz(lang, "en")) return lang.p[0] == 'k';
    return transform_is_korean(user);
}

/* A prompt that shows the options in an order of its own would be scored by another. */
static bool check_turned(const Suite *s, const Dataset *fewshot, const Sample *plain, const Request *turned, Arena *a,
                         PromptExtra *x, Err *err) {
    Request r;
    if (!prompt_build(s, fewshot, plain, &turned->gen, 0, a, &r, err)) return false;
    Str was = prompt_user_text(&r), is = prompt_user_text(turned);
    if (str_eq(was, is) || was.n != is.n) x->unfit = STR("its prompt does not show the options in their order");
    return true;
}

bool prompt_build_as(const TransformChain *c, const Suite *s, const Dataset *fewshot, const Counterparts *kin,
                     const Sample *sample, const GenOptions *gen, uint64_t tag, Arena *a, Request *out,
                     PromptExtra *extra, Err *err) {
    const Sample *untouched = sample;
    Sample as;
    Transformed d;
    *extra = (PromptExtra){0};
    if (transform_is_plain(c)) return prompt_build(s, fewshot, sample, gen, tag, a, out, err);
    if (!transform_sample(c, s, sample, a, &sample, &extra->unfit, err)) return false;
    if (extra->unfit.p) return true;
    if (!read_source(c, kin, sample, a, &as, extra, err)) return false;
    if (extra->unfit.p) return true;
    if (!prompt_build(s, fewshot, &as, gen, tag, a, out, err)) return false;
    if (transform_turns_options(c) && !check_turned(s, fewshot, untouched, out, a, extra, err)) return false;
    if (extra->unfit.p) return true;
    size_t before = out->n_messages - 1; /* the last one is the user's */
    Str user = out->messages[before].content;
    if (!transform_apply(c, user, speaks_korean(c, sample, user), a, &d, err) ||
        !transform_messages(&d, out->messages, before, a, &out->messages, &out->n_messages, err))
        return false;
    if (d.prefill_channel.p) out->prefill_channel = d.prefill_channel, out->prefill_text = d.prefill_text;
    *extra = (PromptExtra){d.follow_ups, d.n_follow_ups, d.unfit};
    return true;
}

bool transform_suits(const TransformChain *c, const Suite *s, Err *err) {
    const char *why = NULL;
    if (transform_is_plain(c)) return true;
    if (s->mode == SUITE_LOGLIKELIHOOD && !(c->n == 1 && c->v[0]->turns_options))
        why = "it scores given choices (mode: loglikelihood), and only 'plain' and 'turn-options' are for that";
    else if (transform_takes_turn(c) && s->prefill_channel.p)
        why = "the suite opens the assistant's turn itself ('prefill')";
    else if (transform_takes_turn(c) && s->tools)
        why = "the suite has 'tools', whose turns cannot be begun or followed up for the model";
    return !why || err_set(err, ERR_INPUT, "suite " STR_FMT " cannot be asked under transform '" STR_FMT "': %s",
                           STR_ARG(s->id), STR_ARG(c->name), why);
}
