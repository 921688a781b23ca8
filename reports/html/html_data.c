/* The samples for report.js. Short keys, since they repeat for every sample:
 *
 *   m u     index of model, suite
 *   i e k   sample id, effort, repeat
 *   g       group
 *   o st    outcome, status of the completion
 *   s       scores: n v st o x l r p a w = scorer, version, status, outcome, value, label, rule, span, answer, why
 *   t       tokens: [prompt, completion, analysis]
 *   lm tc   with tools: which limit ended it; [calls, of these no use of a tool]
 *   tu      with follow-ups (transform persist) instead: how many turns it took
 *   tn      and, unless sealed, the turns: st t an co fi mf er as here; of a call to ar aw b = recipient, arguments,
 *           answer, no use of a tool
 *   z       sealed: [bytes of prompt, analysis, final at most]; else
 *   pr ta an co fi mf er = prompt, target, analysis, commentary, final, malformed, error
 *
 * A span counts UTF-16 units of `fi` as it stands here, for that is what a script's strings count. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "engine/base/json.h"

typedef struct DataOut {
    JsonOut *o;
    const Summary *s;
} DataOut;

static void member(JsonOut *o, const char *key, Str v) {
    if (!v.p) return; /* the script takes what is missing for absent */
    json_out_key(o, key);
    json_out_str(o, v);
}

static size_t model_index(const Summary *s, Str name) {
    size_t i = 0;
    while (i + 1 < s->n_models && !str_eq(s->models[i].name, name)) i++;
    return i;
}

static size_t suite_index(const Summary *s, Str name) {
    size_t i = 0;
    while (i + 1 < s->n_suites && !str_eq(s->suites[i].name, name)) i++;
    return i;
}

/* UTF-16 units of the text before byte `end`, invalid bytes counted as the U+FFFD that they become. */
static int64_t utf16_units(Str s, uint64_t end) {
    int64_t n = 0;
    for (size_t i = 0; i < s.n && i < end;) n += utf8_next(s, &i) > 0xFFFF ? 2 : 1;
    return n;
}

static void write_span(JsonOut *o, const Score *sc, Str final) {
    if (sc->span_end <= sc->span_begin || sc->span_end > final.n) return;
    json_out_key(o, "p");
    json_arr(o);
    json_out_int(o, utf16_units(final, sc->span_begin));
    json_out_int(o, utf16_units(final, sc->span_end));
    json_arr_end(o);
}

static void write_score(JsonOut *o, const ScoreRow *row, Str final, bool hide) {
    static const char *const STATUSES[] = {"scored", "unscored", "error"};
    const Score *sc = &row->score;
    json_obj(o);
    member(o, "n", row->scorer);
    member(o, "v", row->version);
    member(o, "st", str_from(STATUSES[sc->status <= SCORE_ERROR ? sc->status : SCORE_ERROR]));
    member(o, "o", str_from(outcome_name(sc->outcome)));
    json_out_key(o, "x");
    json_out_num(o, sc->status == SCORE_SCORED ? sc->value : NAN);
    member(o, "l", (Str){sc->label.p, sc->label.n});
    member(o, "r", (Str){sc->rule.p, sc->rule.n});
    if (!hide) {
        write_span(o, sc, final);
        member(o, "a", (Str){sc->answer.p, sc->answer.n});
        member(o, "w", (Str){sc->explanation.p, sc->explanation.n});
    }
    json_obj_end(o);
}

static void write_prompt(JsonOut *o, Str prompt) {
    Json *root = NULL;
    Err err = ERR_INIT;
    if (!prompt.p) return;
    json_out_key(o, "pr");
    if (json_parse(prompt, &root, &err) && json_type(root) == JSON_ARRAY)
        json_out_node(o, root);
    else
        json_out_str(o, prompt);
    json_close(root);
    if (err.code == ERR_MEMORY) o->buf->failed = true;
}

static void write_tokens(JsonOut *o, const Completion *c) {
    json_out_key(o, "t");
    json_arr(o);
    json_out_int(o, c->n_prompt_tokens);
    json_out_int(o, c->n_tokens);
    json_out_int(o, c->n_analysis_tokens);
    json_arr_end(o);
}

static void write_turn(JsonOut *o, const RecordTurn *t) {
    const Completion *c = &t->completion;
    json_obj(o);
    member(o, "st", str_from(completion_status_name(c->status)));
    if (c->analysis.n) member(o, "an", c->analysis);
    if (c->commentary.n) member(o, "co", c->commentary);
    member(o, "fi", c->final);
    if (c->malformed.n) member(o, "mf", c->malformed);
    if (c->error.n) member(o, "er", c->error);
    if (c->stop == STOP_CALL) {
        member(o, "to", c->call_recipient);
        member(o, "ar", c->call_content);
        member(o, "aw", t->answer);
        json_out_key(o, "b");
        json_out_int(o, t->bad_call);
    } else if (t->answer.p) {
        member(o, "fu", t->answer);
    }
    write_tokens(o, c);
    json_obj_end(o);
}

/* Its turns are the user's who insists, not those of tools: persist goes with no tools, and stands last in a chain. */
static bool is_followed(Str transform) {
    return str_eqz(transform, "persist") || str_ends(transform, STR("+persist"));
}

static void write_turns(JsonOut *o, const Record *r, bool hide) {
    if (!r->n_turns) return;
    member(o, "lm", r->limit);
    if (is_followed(r->key.transform)) {
        json_out_key(o, "tu");
        json_out_int(o, (int64_t)r->n_turns);
    } else {
        json_out_key(o, "tc");
        json_arr(o);
        json_out_int(o, r->n_calls);
        json_out_int(o, r->n_bad_calls);
        json_arr_end(o);
    }
    if (hide || !r->turns) return;
    json_out_key(o, "tn");
    json_arr(o);
    for (size_t i = 0; i < r->n_turns; i++) write_turn(o, &r->turns[i]);
    json_arr_end(o);
}

static void write_open(JsonOut *o, const Record *r) {
    const Completion *c = &r->completion;
    write_prompt(o, r->prompt);
    member(o, "ta", r->target);
    if (c->analysis.n) member(o, "an", c->analysis);
    if (c->commentary.n) member(o, "co", c->commentary);
    json_out_key(o, "fi");
    json_out_str(o, c->final);
    if (c->malformed.n) member(o, "mf", c->malformed);
    if (c->error.n) member(o, "er", c->error);
}

static void write_sealed(JsonOut *o, const Record *r) {
    json_out_key(o, "z");
    json_arr(o);
    json_out_int(o, summary_length_class(r, "prompt", r->prompt));
    json_out_int(o, summary_length_class(r, "analysis", r->completion.analysis));
    json_out_int(o, summary_length_class(r, "final", r->completion.final));
    json_arr_end(o);
}

/* The page knows a sample by its id: under a transform it is another. */
static void sample_name(JsonOut *o, const RecordKey *k) {
    Buf b;
    if (str_eqz(k->transform, "plain")) {
        member(o, "i", k->sample);
        return;
    }
    buf_init(&b, SIZE_MAX / 2);
    buf_addstr(&b, k->sample);
    buf_addf(&b, " [" STR_FMT "]", STR_ARG(k->transform));
    member(o, "i", buf_str(&b));
    o->buf->failed = o->buf->failed || b.failed;
    buf_release(&b);
}

static bool write_sample(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    DataOut *d = ctx;
    JsonOut *o = d->o;
    const Completion *c = &r->completion;
    bool hide = summary_hides(d->s, r);
    (void)id;
    json_obj(o);
    json_out_key(o, "m");
    json_out_int(o, (int64_t)model_index(d->s, r->key.model));
    json_out_key(o, "u");
    json_out_int(o, (int64_t)suite_index(d->s, r->key.suite));
    sample_name(o, &r->key);
    member(o, "e", str_from(effort_name(r->key.effort)));
    json_out_key(o, "k");
    json_out_int(o, r->key.epoch);
    member(o, "g", r->group);
    member(o, "o", str_from(outcome_name(n ? rows[0].score.outcome : outcome_without_score(c->status))));
    member(o, "st", str_from(completion_status_name(c->status)));
    json_out_key(o, "s");
    json_arr(o);
    for (size_t i = 0; i < n; i++)
        if (!summary_not_asked(&rows[i].score)) write_score(o, &rows[i], c->final, hide);
    json_arr_end(o);
    write_tokens(o, c);
    write_turns(o, r, hide);
    if (hide)
        write_sealed(o, r);
    else
        write_open(o, r);
    json_obj_end(o);
    return !o->buf->failed;
}

static void write_names(JsonOut *o, const Summary *s) {
    bool repeats = false;
    json_out_key(o, "models");
    json_arr(o);
    for (size_t i = 0; i < s->n_models; i++) json_out_str(o, s->models[i].name);
    json_arr_end(o);
    json_out_key(o, "suites");
    json_arr(o);
    for (size_t i = 0; i < s->n_suites; i++) {
        json_obj(o);
        member(o, "name", s->suites[i].name);
        member(o, "title", s->suites[i].title);
        json_obj_end(o);
    }
    json_arr_end(o);
    for (int words = 0; words < 2; words++) {
        json_out_key(o, words ? "outcome_words" : "outcomes");
        json_arr(o);
        for (unsigned i = 0; i < OUTCOME_COUNT; i++) json_out_cstr(o, words ? outcome_words(i) : outcome_name(i));
        json_arr_end(o);
    }
    for (size_t i = 0; i < s->n_cells; i++) repeats = repeats || s->cells[i].repeats > 1;
    json_out_key(o, "repeats");
    json_out_bool(o, repeats);
}

bool html__data(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err) {
    JsonOut o;
    DataOut d = {&o, s};
    json_out_init(&o, b, 0);
    o.html_safe = true;
    json_obj(&o);
    write_names(&o, s);
    json_out_key(&o, "samples");
    json_arr(&o);
    bool ok = store_each(store, true, scratch, write_sample, &d, err);
    json_arr_end(&o);
    json_obj_end(&o);
    return ok;
}
