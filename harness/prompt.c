#include "harness/prompt.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/json.h"

/* ---- what templates see ---- */

static Value text_list(Arena *a, const Str *texts, size_t n) {
    Value *v = arena_array(a, n, sizeof *v);
    if (!v) return (Value){0};
    for (size_t i = 0; i < n; i++) v[i] = value_str(texts[i]);
    return value_list(v, n);
}

static Value letter_list(Arena *a, size_t n) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (n > 26) n = 26;
    Value *v = arena_array(a, n, sizeof *v);
    if (!v) return (Value){0};
    for (size_t i = 0; i < n; i++) v[i] = value_str((Str){letters + i, 1});
    return value_list(v, n);
}

/* `sample`: what the suite's fields say about the row. */
bool prompt_sample_value(const Sample *s, Arena *a, Value *out, Err *err) {
    ValueMember *m = arena_array(a, 7, sizeof *m);
    if (!m) return err_nomem(err);
    size_t n = 0;
    Value targets = text_list(a, s->targets, s->n_targets), choices = text_list(a, s->choices, s->n_choices),
          letters = letter_list(a, s->n_choices);
    if (!targets.type || !choices.type || !letters.type) return err_nomem(err);
    m[n++] = (ValueMember){STR("id"), value_str(s->id)};
    m[n++] = (ValueMember){STR("index"), value_int((int64_t)s->index)};
    if (s->n_targets) m[n++] = (ValueMember){STR("target"), value_str(s->targets[0])};
    m[n++] = (ValueMember){STR("targets"), targets};
    m[n++] = (ValueMember){STR("choices"), choices};
    m[n++] = (ValueMember){STR("letters"), letters};
    if (s->group.p) m[n++] = (ValueMember){STR("group"), value_str(s->group)};
    *out = value_map(m, n);
    return true;
}

/* Room for `extra` more members behind the columns. The harness's own names come first: they cannot be shadowed. */
static bool make_vars(const Sample *s, const Value *fewshot, size_t extra, Arena *a, Value *out, ValueMember **free_at,
                      Err *err) {
    size_t columns = s->row.map.n, n = 0;
    ValueMember *m = arena_array(a, columns + 3 + extra, sizeof *m);
    Value sample;
    if (!m) return err_nomem(err);
    if (!prompt_sample_value(s, a, &sample, err)) return false;
    m[n++] = (ValueMember){STR("sample"), sample};
    m[n++] = (ValueMember){STR("row"), s->row};
    if (fewshot) m[n++] = (ValueMember){STR("fewshot"), *fewshot};
    if (free_at) *free_at = m + n;
    n += extra;
    if (columns) memcpy(m + n, s->row.map.members, columns * sizeof *m);
    *out = value_map(m, n + columns);
    return true;
}

/* ---- few-shot ---- */

/* The first `count` examples, of the sample's group if the suite says so. */
static bool choose_examples(const Suite *s, const Dataset *fewshot, const Sample *sample, Arena *a, const Sample ***out,
                            size_t *n, Err *err) {
    const SuiteFewshot *f = &s->fewshot;
    const Sample **v = arena_array(a, (size_t)f->count, sizeof *v);
    *n = 0;
    if (!v) return err_nomem(err);
    for (size_t i = 0; fewshot && i < fewshot->n && *n < (size_t)f->count; i++)
        if (!f->per_group || str_eq(fewshot->samples[i].group, sample->group)) v[(*n)++] = &fewshot->samples[i];
    *out = v;
    if (*n == (size_t)f->count) return true;
    return err_set(err, ERR_INPUT, "the suite wants %d few-shot examples%s" STR_FMT "%s, but there are only %zu",
                   f->count, f->per_group ? " of group '" : "", STR_ARG(f->per_group ? sample->group : STR("")),
                   f->per_group ? "'" : "", *n);
}

static bool example_rows(const Sample *const *v, size_t n, Arena *a, Value *out, Err *err) {
    Value *rows = arena_array(a, n, sizeof *rows);
    if (!rows) return err_nomem(err);
    for (size_t i = 0; i < n; i++) rows[i] = v[i]->row;
    *out = value_list(rows, n);
    return true;
}

/* ---- messages ---- */

typedef struct Build {
    const Suite *s;
    Arena *a;
    Message *messages;
    size_t n;
    Err *err;
} Build;

static bool add_message(Build *b, Role role, const Template *t, const Value *vars) {
    Message *m = &b->messages[b->n];
    *m = (Message){.role = role};
    if (!template_text(t, vars, b->a, &m->content, b->err)) return false;
    b->n++;
    return true;
}

static bool add_turns(Build *b, const Sample *const *examples, size_t n) {
    for (size_t i = 0; i < n; i++) {
        Value vars;
        if (!make_vars(examples[i], NULL, 0, b->a, &vars, NULL, b->err) ||
            !add_message(b, ROLE_USER, b->s->fewshot.user, &vars) ||
            !add_message(b, ROLE_ASSISTANT, b->s->fewshot.assistant, &vars))
            return err_wrap(b->err, "few-shot example %zu", i + 1);
    }
    return true;
}

static bool add_messages(Build *b, const Sample *sample, const Dataset *fewshot, Value *vars) {
    const Suite *s = b->s;
    const Sample **examples = NULL;
    size_t n = 0;
    Value rows = value_list(NULL, 0);
    if (s->fewshot.count && !choose_examples(s, fewshot, sample, b->a, &examples, &n, b->err)) return false;
    if (n && !s->fewshot.as_turns && !example_rows(examples, n, b->a, &rows, b->err)) return false;
    b->messages = arena_array(b->a, 2 * n + 2, sizeof *b->messages);
    if (!b->messages) return err_nomem(b->err);
    if (!make_vars(sample, &rows, 0, b->a, vars, NULL, b->err)) return false;
    if (s->developer && !add_message(b, ROLE_DEVELOPER, s->developer, vars)) return false;
    if (s->fewshot.as_turns && !add_turns(b, examples, n)) return false;
    return add_message(b, ROLE_USER, s->user, vars);
}

/* loglikelihood: one continuation for each choice. */
static bool continuations(Build *b, const Sample *sample, Request *out) {
    Value vars;
    ValueMember *own;
    Str *texts = arena_array(b->a, sample->n_choices, sizeof *texts);
    if (!texts) return err_nomem(b->err);
    if (sample->n_choices < 2) return err_set(b->err, ERR_INPUT, "log-likelihood needs at least two choices");
    if (!make_vars(sample, NULL, 3, b->a, &vars, &own, b->err)) return false;
    for (size_t i = 0; i < sample->n_choices; i++) {
        Value letters = letter_list(b->a, sample->n_choices);
        if (!letters.type) return err_nomem(b->err);
        own[0] = (ValueMember){STR("choice"), value_str(sample->choices[i])};
        own[1] = (ValueMember){STR("letter"), letters.list.items[i < 26 ? i : 25]};
        own[2] = (ValueMember){STR("index"), value_int((int64_t)i)};
        if (!template_text(b->s->choices_as, &vars, b->a, &texts[i], b->err)) return false;
        if (!texts[i].n) return err_set(b->err, ERR_INPUT, "choices_as renders to nothing for choice %zu", i + 1);
    }
    out->choices = texts;
    out->n_choices = sample->n_choices;
    return true;
}

bool prompt_build(const Suite *s, const Dataset *fewshot, const Sample *sample, const GenOptions *gen, uint64_t tag,
                  Arena *a, Request *out, Err *err) {
    Build b = {.s = s, .a = a, .err = err};
    Value vars;
    *out =
        (Request){.tag = tag, .kind = s->mode == SUITE_LOGLIKELIHOOD ? REQUEST_SCORE : REQUEST_GENERATE, .gen = *gen};
    bool ok = add_messages(&b, sample, fewshot, &vars);
    out->prefill_channel = s->prefill_channel;
    if (ok && s->prefill_text) ok = template_text(s->prefill_text, &vars, a, &out->prefill_text, err);
    if (ok && out->kind == REQUEST_SCORE) ok = continuations(&b, sample, out);
    out->messages = b.messages;
    out->n_messages = b.n;
    return ok ||
           err_wrap(err, "suite " STR_FMT ", sample " STR_FMT, STR_ARG(s->id), STR_ARG(str_sub(sample->id, 0, 80)));
}

/* ---- what the store and the scorer want to know ---- */

void prompt_messages_json(const Request *r, size_t n, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_arr(&o);
    for (size_t i = 0; i < n && i < r->n_messages; i++) {
        json_obj(&o);
        json_out_key(&o, "role");
        json_out_cstr(&o, role_name(r->messages[i].role));
        json_out_key(&o, "content");
        json_out_str(&o, r->messages[i].content);
        json_obj_end(&o);
    }
    if (r->prefill_channel.p) {
        json_obj(&o);
        json_out_key(&o, "role");
        json_out_cstr(&o, "assistant");
        json_out_key(&o, "channel");
        json_out_str(&o, r->prefill_channel);
        json_out_key(&o, "content");
        json_out_str(&o, r->prefill_text.p ? r->prefill_text : STR(""));
        json_obj_end(&o);
    }
    json_arr_end(&o);
}

Str prompt_user_text(const Request *r) {
    for (size_t i = r->n_messages; i-- > 0;)
        if (r->messages[i].role == ROLE_USER) return r->messages[i].content;
    return (Str){0};
}

Str prompt_target_text(const Sample *sample, Arena *a) {
    Buf b;
    buf_init(&b, (size_t)1 << 24);
    for (size_t i = 0; i < sample->n_targets; i++) {
        if (i) buf_adds(&b, " | ");
        buf_addstr(&b, sample->targets[i]);
    }
    Str s = sample->n_targets && !b.failed ? str_dup(a, b.n ? buf_str(&b) : STR("")) : (Str){0};
    buf_release(&b);
    return s;
}
