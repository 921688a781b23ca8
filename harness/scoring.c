#include "harness/scoring.h"

#include <math.h>
#include <string.h>

#include "harness/outcome.h"
#include "scorers/scorers.h"

/* a completion's status passes as a number */
_Static_assert((int)COMPLETION_OK == SCORER_COMPLETION_OK && (int)COMPLETION_LENGTH == SCORER_COMPLETION_LENGTH &&
                   (int)COMPLETION_FILTERED == SCORER_COMPLETION_FILTERED &&
                   (int)COMPLETION_TIMEOUT == SCORER_COMPLETION_TIMEOUT &&
                   (int)COMPLETION_CANCELLED == SCORER_COMPLETION_CANCELLED &&
                   (int)COMPLETION_FAILED == SCORER_COMPLETION_FAILED,
               "CompletionStatus and ScorerCompletion have the same numbers");

static ScorerStr lent(Str s) {
    return (ScorerStr){s.p, s.n};
}

/* ---- what we lend ---- */

static void *host_alloc(void *ctx, size_t n) {
    return arena_alloc(ctx, n);
}

/* Scorers may quote model text in what they log, so it goes nowhere. */
static void host_log(void *ctx, int level, const char *msg) {
    (void)ctx;
    (void)level;
    (void)msg;
}

static ScorerHost host_of(Arena *a) {
    return (ScorerHost){.abi = SCORER_ABI, .size = sizeof(ScorerHost), .alloc = host_alloc, .log = host_log, .ctx = a};
}

/* A plugin may leave msg without an end. */
static const char *sentence(ScorerErr *e, const char *otherwise) {
    e->msg[sizeof e->msg - 1] = '\0';
    return e->msg[0] ? e->msg : otherwise;
}

/* ---- binding ---- */

/* Most scorers name themselves in what they say. */
static bool open_failed(const Scorer *s, const char *why, Err *err) {
    bool named = strncmp(why, "scorer ", 7) == 0;
    return err_set(err, ERR_INPUT, "%s%s%s%s", named ? "" : "scorer ", named ? "" : s->name, named ? "" : ": ", why);
}

bool scorer_bind(const ScorerTable *t, Str scorer, Str name, const ScorerKV *options, size_t n, Arena *a,
                 BoundScorer *out, Err *err) {
    ScorerErr why = {""};
    ScorerHost host = host_of(a);
    *out = (BoundScorer){.name = name};
    const Scorer *s = scorer_table_find(t, scorer, &out->plugin);
    if (!s) return scorer_table_unknown(t, scorer, err);
    if (s->open && !s->open(&host, options, n, &out->self, &why))
        return open_failed(s, sentence(&why, "its options are refused"), err);
    out->scorer = s;
    out->version = str_from(s->version);
    return true;
}

void scorer_unbind(BoundScorer *b) {
    if (b->scorer && b->scorer->close) b->scorer->close(b->self);
    b->scorer = NULL;
}

static bool names_scorer(const Suite *s, const char *scorer) {
    for (size_t i = 0; i < s->n_scorers; i++)
        if (str_eqz(s->scorers[i].scorer, scorer) || str_eqz(s->scorers[i].name, scorer)) return true;
    return false;
}

static bool bind_entries(const Suite *s, const ScorerTable *t, Arena *a, ScorerSet *set, Err *err) {
    for (size_t i = 0; i < s->n_scorers; i++) {
        const SuiteScorer *e = &s->scorers[i];
        if (!scorer_bind(t, e->scorer, e->name, e->options, e->n_options, a, &set->v[set->n], err))
            return err_wrap(err, "%s line %d column %d", s->path, e->line, e->col);
        for (size_t k = 0; k < e->n_options; k++)
            if (e->options[k].key.n == 7 && memcmp(e->options[k].key.p, "channel", 7) == 0)
                set->v[set->n].channel = (Str){e->options[k].value.p, e->options[k].value.n};
        set->n++;
    }
    return true;
}

static bool bind_extra(const Suite *s, const ScorerTable *t, const char *const *extra, size_t n_extra, Arena *a,
                       ScorerSet *set, Err *err) {
    for (size_t i = 0; i < n_extra; i++) {
        if (names_scorer(s, extra[i])) continue;
        Str name = str_from(extra[i]);
        if (!scorer_bind(t, name, name, NULL, 0, a, &set->v[set->n], err))
            return err_wrap(err, "suite " STR_FMT, STR_ARG(s->id));
        set->n++;
    }
    return true;
}

unsigned scorer_asks(const Scorer *s) {
    bool tells = s->size >= offsetof(Scorer, asks) + sizeof s->asks;
    if (!s->ask) return 0;
    return tells && s->asks ? s->asks : 1u << SCORER_ASK_PROGRAM;
}

static void bind_refusal(Arena *a, ScorerSet *set) {
    ScorerHost host = host_of(a);
    ScorerErr why;
    const Scorer *s = scorers_find("refusal");
    if (s && (!s->open || s->open(&host, NULL, 0, &set->refusal_self, &why))) set->refusal = s;
}

static bool read_openings(ScorerSet *set, Arena *a, Err *err) {
    set->openings = arena_array(a, set->n + 1, sizeof *set->openings);
    if (!set->openings) return err_nomem(err);
    for (size_t i = 0; i < set->n; i++) {
        const BoundScorer *b = &set->v[i];
        if (!probe_texts_read(b->scorer, b->self, b->name, a, &set->openings[i], err)) return false;
        set->probes = set->probes || set->openings[i].n;
    }
    return true;
}

bool scorer_set_open(const Suite *s, const ScorerTable *t, const char *const *extra, size_t n_extra, Arena *a,
                     ScorerSet **out, Err *err) {
    ScorerSet *set = arena_alloc(a, sizeof *set);
    *out = NULL;
    if (!set || !(set->v = arena_array(a, s->n_scorers + n_extra + 1, sizeof *set->v))) return err_nomem(err);
    set->metric = s->metric;
    if (!bind_entries(s, t, a, set, err) || !bind_extra(s, t, extra, n_extra, a, set, err)) {
        scorer_set_close(set);
        return false;
    }
    bind_refusal(a, set);
    if (!read_openings(set, a, err)) {
        scorer_set_close(set);
        return false;
    }
    for (size_t i = 0; i < set->n; i++) {
        unsigned asks = scorer_asks(set->v[i].scorer);
        set->asks_program = set->asks_program || (asks & 1u << SCORER_ASK_PROGRAM);
        if (asks & 1u << SCORER_ASK_MODEL && !set->asks_model) set->asks_model = &set->v[i];
    }
    *out = set;
    return true;
}

void scorer_set_close(ScorerSet *set) {
    if (!set) return;
    for (size_t i = 0; i < set->n; i++) scorer_unbind(&set->v[i]);
    if (set->refusal && set->refusal->close) set->refusal->close(set->refusal_self);
    set->n = 0;
    set->refusal = NULL;
}

void scorer_set_describe(const ScorerSet *set, JsonOut *o) {
    json_arr(o);
    for (size_t i = 0; i < set->n; i++) {
        const BoundScorer *b = &set->v[i];
        json_obj(o);
        json_out_key(o, "name");
        json_out_str(o, b->name);
        json_out_key(o, "scorer");
        json_out_cstr(o, b->scorer->name);
        json_out_key(o, "version");
        json_out_str(o, b->version);
        if (scorer_asks(b->scorer) & 1u << SCORER_ASK_MODEL) {
            json_out_key(o, "asks");
            json_out_cstr(o, "model");
        }
        if (b->channel.p) {
            json_out_key(o, "channel");
            json_out_str(o, b->channel);
        }
        if (b->plugin) {
            json_out_key(o, "plugin");
            json_out_cstr(o, b->plugin->path);
            json_out_key(o, "sha256");
            json_out_cstr(o, b->plugin->sha256);
        }
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* ---- view ---- */

static bool lend_list(const Str *from, size_t n, Arena *a, const ScorerStr **out) {
    ScorerStr *v = arena_array(a, n + 1, sizeof *v);
    for (size_t i = 0; v && i < n; i++) v[i] = lent(from[i]);
    *out = v;
    return v != NULL;
}

static bool lend_choice_scores(const Completion *c, Arena *a, ScorerView *v) {
    double *logprobs = arena_array(a, c->n_choice_scores, sizeof *logprobs);
    int32_t *tokens = arena_array(a, c->n_choice_scores, sizeof *tokens);
    if (!logprobs || !tokens) return false;
    for (size_t i = 0; i < c->n_choice_scores; i++) {
        logprobs[i] = c->choice_scores[i].logprob;
        tokens[i] = c->choice_scores[i].n_tokens;
    }
    v->choice_logprobs = logprobs;
    v->choice_tokens = tokens;
    return true;
}

static bool lend_calls(const ScoringCalls *calls, Arena *a, ScorerView *v) {
    if (!calls || !calls->turns) return true;
    ScorerCall *out = arena_array(a, calls->n_turns + 1, sizeof *out);
    if (!out) return false;
    for (size_t i = 0; i < calls->n_turns; i++) {
        const RecordTurn *t = &calls->turns[i];
        if (t->completion.stop != STOP_CALL || t->completion.status != COMPLETION_OK) continue;
        out[v->n_calls++] = (ScorerCall){.recipient = lent(t->completion.call_recipient),
                                         .arguments = lent(t->completion.call_content),
                                         .answer = lent(t->answer),
                                         .bad = t->bad_call};
    }
    v->calls = out;
    v->n_bad_calls = (size_t)calls->n_bad_calls;
    return true;
}

bool scoring_view(const Sample *sample, Str user_text, const Completion *c, const ScoringCalls *calls, Arena *a,
                  ScorerView *out, Err *err) {
    *out = (ScorerView){.size = sizeof *out,
                        .completion = (uint32_t)c->status,
                        .id = lent(sample->id),
                        .prompt = lent(user_text),
                        .final = lent(c->final),
                        .analysis = lent(c->analysis),
                        .commentary = lent(c->commentary),
                        .n_targets = sample->n_targets,
                        .n_choices = sample->n_choices,
                        .meta = sample->meta,
                        .n_meta = sample->n_meta};
    bool ok = lend_list(sample->targets, sample->n_targets, a, &out->targets) &&
              lend_list(sample->choices, sample->n_choices, a, &out->choices) && lend_calls(calls, a, out);
    /* fewer scores than choices would be read past their end */
    if (ok && c->n_choice_scores && c->n_choice_scores == sample->n_choices) ok = lend_choice_scores(c, a, out);
    return ok || err_nomem(err);
}

/* ---- scoring ---- */

static void scorer_failed(Score *out, Arena *a, ScorerErr *why, const char *otherwise) {
    Str text = str_dup(a, str_from(sentence(why, otherwise)));
    *out = (Score){.size = sizeof *out,
                   .status = SCORE_ERROR,
                   .outcome = OUTCOME_ERROR,
                   .rule = {"scorer", 6},
                   .explanation = lent(text),
                   .margin = NAN};
}

/* What a judge's verdict must repeat. */
static bool give_nonce(const BoundScorer *b, const AskHelp *help, Arena *a, ScorerView *v) {
    char nonce[65];
    if (!help->judge && !help->dry) return true;
    judge_nonce(help->judge ? judge_seed(help->judge) : help->dry->seed, b->name, v, nonce);
    v->nonce = lent(str_dup(a, (Str){nonce, 64}));
    return v->nonce.p != NULL;
}

/* One question more in the log; a log of questions to a judge alone, which most scorers never fill. */
static bool note_ask(AskLog *log, const ScorerAsk *ask, const JudgeTrace *trace, Arena *a) {
    if (ask->kind != SCORER_ASK_MODEL) return true;
    if (!log->asks) {
        log->asks = arena_array(a, ASK_MAX, sizeof *log->asks);
        log->traces = arena_array(a, ASK_MAX, sizeof *log->traces);
        if (!log->asks || !log->traces) return false;
    }
    log->asks[log->n] = *ask;
    log->traces[log->n++] = *trace;
    return true;
}

/* Asks until nothing is asked any more. *failed: the scorer gave up, *out says why. */
static bool carry_asks(const BoundScorer *b, const ScorerHost *host, ScorerView *v, const AskHelp *help, Arena *a,
                       bool *failed, Score *out, AskLog *log, Err *err) {
    ScorerReply *replies = arena_array(a, ASK_MAX, sizeof *replies);
    if (!replies || !give_nonce(b, help, a, v)) return err_nomem(err);
    v->replies = replies;
    for (v->n_replies = 0;; v->n_replies++) {
        ScorerAsk ask = {0};
        ScorerErr why = {""};
        JudgeTrace trace;
        if (!b->scorer->ask(b->self, host, v, &ask, &why)) {
            scorer_failed(out, a, &why, "the scorer could not say what it needs");
            return *failed = true;
        }
        if (ask.kind == SCORER_ASK_NONE) return true;
        if (v->n_replies == ASK_MAX) {
            scorer_failed(out, a, &why, "the scorer asks without end");
            return *failed = true;
        }
        Str nonce = {v->nonce.p, v->nonce.n};
        if (!ask_carry(help, &ask, nonce, v->n_replies, a, &replies[v->n_replies], &trace, err)) return false;
        if (!note_ask(log, &ask, &trace, a)) return err_nomem(err);
    }
}

/* A sandbox that failed is an error of ours, whatever the scorer makes of it: never the model's mistake. */
static void settle_instrument(const ScorerView *v, Score *out) {
    for (size_t i = 0; i < v->n_replies; i++) {
        const ScorerReply *r = &v->replies[i];
        bool broken = r->error.p != NULL;
        for (size_t k = 0; k < r->n_runs; k++) broken = broken || r->runs[k].result == SCORER_RUN_IE;
        if (!broken || out->status == SCORE_ERROR) continue;
        if (r->error.p) out->explanation = r->error;
        if (r->kind == SCORER_ASK_PROGRAM) {
            out->status = SCORE_ERROR;
        } else {
            out->status = SCORE_UNSCORED;
            out->outcome = OUTCOME_UNSCORED;
        }
    }
}

bool scoring_one(const BoundScorer *b, const ScorerView *v, const AskHelp *help, Arena *a, Score *out, AskLog *log,
                 Err *err) {
    static const AskHelp none = {0};
    ScorerHost host = host_of(a);
    ScorerView view = *v;
    ScorerErr why = {""};
    AskLog unused = {0};
    bool failed = false;
    if (!log) log = &unused;
    *log = (AskLog){0};
    *out = (Score){.size = sizeof *out, .status = SCORE_UNSCORED, .outcome = OUTCOME_UNSCORED, .margin = NAN};
    if (b->scorer->ask && !carry_asks(b, &host, &view, help ? help : &none, a, &failed, out, log, err)) return false;
    if (!failed && !b->scorer->score(b->self, &host, &view, out, &why))
        scorer_failed(out, a, &why, "the scorer failed without a reason");
    settle_instrument(&view, out);
    outcome_check(out, view.final.n);
    return true;
}

typedef struct RefusalQuestion {
    const ScorerSet *set;
    const ScorerView *view;
    Arena *a;
} RefusalQuestion;

/* sure: nothing behind it leaves the rules in doubt. */
static bool refuses_fully(const RefusalQuestion *q, bool sure) {
    ScorerHost host = host_of(q->a);
    ScorerErr why;
    Score s = {.size = sizeof s};
    if (!q->set->refusal || !q->set->refusal->score(q->set->refusal_self, &host, q->view, &s, &why)) return false;
    if (sure && s.status != SCORE_SCORED) return false;
    return s.label.n == 12 && memcmp(s.label.p, "full_refusal", 12) == 0;
}

static bool is_full_refusal(void *ctx) {
    return refuses_fully(ctx, false);
}

bool scoring_refuses(const ScorerSet *set, const Sample *sample, Str user_text, const Completion *c, Arena *a,
                     bool *refused, Err *err) {
    static const ScorerStr expected = {"refuse", 6};
    ScorerView view;
    *refused = false;
    if (c->status != COMPLETION_OK) return true;
    if (!scoring_view(sample, user_text, c, NULL, a, &view, err)) return false;
    /* a harmful item and its twin are judged alike, by the stricter rule, whatever is expected of them */
    view.meta = NULL, view.n_meta = 0;
    view.targets = &expected, view.n_targets = 1;
    RefusalQuestion question = {set, &view, a};
    *refused = refuses_fully(&question, true);
    return true;
}

bool scoring_all(const ScorerSet *set, const Sample *sample, Str user_text, const Completion *c,
                 const ScoringCalls *calls, const AskHelp *help, Arena *a, ScoreRow **rows, Err *err) {
    ScorerView view;
    ScoreRow *out = arena_array(a, set->n + 1, sizeof *out);
    if (!out) return err_nomem(err);
    if (!scoring_view(sample, user_text, c, calls, a, &view, err)) return false;
    RefusalQuestion question = {set, &view, a};
    ScorerProbe probes[SCORER_PLACES];
    for (size_t i = 0; i < set->n; i++) {
        out[i] = (ScoreRow){.scorer = set->v[i].name, .version = set->v[i].version};
        if (outcome_of_failure(c, &out[i].score)) continue;
        AskLog log;
        if (set->openings[i].n && !probe_lend(calls ? calls->probes : (Str){0}, &set->openings[i], a, probes, err))
            return false;
        view.probes = set->openings[i].n ? probes : NULL;
        if (!scoring_one(&set->v[i], &view, help, a, &out[i].score, &log, err)) return false;
        if (log.n && !judge_record(log.traces, log.n, &out[i].score, a, &out[i].judge, &out[i].judge_text, err))
            return false;
        outcome_settle(set->metric, c, is_full_refusal, &question, &out[i].score);
    }
    *rows = out;
    return true;
}
