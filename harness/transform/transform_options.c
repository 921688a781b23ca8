/* turn-options: the same question with its options one place further on and the last in the first place. No option
 * keeps its letter, so an answer that follows the letter is told from one that follows the option. */
#include <string.h>

#include "harness/transform/transform_item.h"

typedef struct Turn {
    const Sample *from;
    Arena *a;
    const Str *texts; /* [n] the options as they stood */
    size_t n;
} Turn;

bool transform_turns_options(const TransformChain *c) {
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i]->turns_options) return true;
    return false;
}

/* ---- the row ---- */

static bool is_options(const Turn *t, const Value *v) {
    if (v->type != VALUE_LIST || v->list.n != t->n) return false;
    for (size_t i = 0; i < t->n; i++)
        if (v->list.items[i].type != VALUE_STR || !str_eq(v->list.items[i].s, t->texts[i])) return false;
    return true;
}

static bool turned_list(const Turn *t, const Value *list, Value *out) {
    Value *v = arena_array(t->a, t->n, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < t->n; i++) v[(i + 1) % t->n] = list->list.items[i];
    *out = value_list(v, t->n);
    return true;
}

static bool is_text(const Value *v, Str text) {
    return v->type == VALUE_STR && str_eq(v->s, text);
}

/* Columns that hold one option each, as those of the mmlu format do: every option must have a column of its own. */
static void turn_columns(const Turn *t, ValueMember *m, size_t n, size_t *at) {
    for (size_t i = 0; i < t->n; i++) {
        at[i] = n;
        for (size_t k = 0; k < n && at[i] == n; k++)
            if (m[k].key.n == 1 && is_text(&m[k].value, t->texts[i])) at[i] = k;
        if (at[i] == n) return;
    }
    for (size_t i = 0; i < t->n; i++) m[at[(i + 1) % t->n]].value = value_str(t->texts[i]);
}

static bool turn_row(const Turn *t, Value *out) {
    size_t n = t->from->row.map.n, *at = arena_array(t->a, t->n, sizeof *at);
    ValueMember *m = arena_array(t->a, n + 1, sizeof *m);
    if (!m || !at) return false;
    memcpy(m, t->from->row.map.members, n * sizeof *m);
    turn_columns(t, m, n, at);
    for (size_t i = 0; i < n; i++)
        if (is_options(t, &m[i].value) && !turned_list(t, &m[i].value, &m[i].value)) return false;
    *out = value_map(m, n);
    return true;
}

/* ---- the target ---- */

/* How the suite's first scorer reads targets: 'l'etter, 'i'ndex, 't'ext; 'a'uto. */
static char target_kind(const Suite *s) {
    if (!s->n_scorers) return 'a';
    for (size_t i = 0; i < s->scorers[0].n_options; i++) {
        const ScorerKV *o = &s->scorers[0].options[i];
        if (o->key.n == 6 && memcmp(o->key.p, "target", 6) == 0 && o->value.n) return o->value.p[0];
    }
    return 'a';
}

static bool is_option(const Turn *t, Str text) {
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(str_trim(t->texts[i]), text)) return true;
    return false;
}

/* As scorers/choice.c reads it: a letter, else the text of an option, else an index from 0. false: it names none. */
static bool turn_target(const Turn *t, char kind, Str target, Str *out) {
    Str s = str_trim(target);
    bool bracketed = s.n == 3 && s.p[0] == '(' && s.p[2] == ')';
    char letter = bracketed ? s.p[1] : s.n == 1 ? s.p[0] : 0, base = letter >= 'a' ? 'a' : 'A';
    size_t place = 0;
    *out = target;
    if ((kind == 'a' || kind == 'l') && letter >= base && (size_t)(letter - base) < t->n) {
        char next = (char)(base + (char)(((size_t)(letter - base) + 1) % t->n));
        *out = bracketed ? str_printf(t->a, "(%c)", next) : str_printf(t->a, "%c", next);
        return true;
    }
    if (kind == 't' || (kind == 'a' && is_option(t, s))) return true;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || i > 1) return false;
        place = place * 10 + (size_t)(s.p[i] - '0');
    }
    if (!s.n || kind == 'l' || place >= t->n) return false;
    *out = str_printf(t->a, "%zu", (place + 1) % t->n);
    return true;
}

static const char *turn_targets(const Turn *t, const Suite *s, Sample *out) {
    Str *v = arena_array(t->a, t->from->n_targets + 1, sizeof *v);
    if (!v) return NULL;
    for (size_t i = 0; i < t->from->n_targets; i++) {
        if (!turn_target(t, target_kind(s), t->from->targets[i], &v[i])) return "its target names none of its options";
        if (!v[i].p) return NULL;
    }
    out->targets = v;
    return "";
}

/* ---- together ---- */

static const char *turn(const Turn *t, const Suite *s, Sample *out) {
    if (t->n < 2) return "it has no options";
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(t->texts[i], t->texts[k])) return "two of its options are the same";
    Str *v = arena_array(t->a, t->n, sizeof *v);
    if (!v || !turn_row(t, &out->row)) return NULL;
    for (size_t i = 0; i < t->n; i++) v[(i + 1) % t->n] = t->texts[i];
    out->choices = v;
    return turn_targets(t, s, out);
}

bool transform_sample(const TransformChain *c, const Suite *s, const Sample *sample, Arena *a, const Sample **out,
                      Str *unfit, Err *err) {
    *out = sample, *unfit = (Str){0};
    if (!transform_turns_options(c)) return true;
    Sample *as = arena_alloc(a, sizeof *as);
    if (!as) return err_nomem(err);
    *as = *sample;
    const char *why = turn(&(Turn){sample, a, sample->choices, sample->n_choices}, s, as);
    if (!why) return err_nomem(err);
    if (*why)
        *unfit = str_from(why);
    else
        *out = as;
    return true;
}
