/* The samples for report.js, so that a hundred thousand of them open at once: the texts lie in chunks, each packed
 * (html_pack.h) in a script element of its own and unpacked when a sample is opened or searched; what the list shows of
 * every sample lies in one packed index; and #data, plain JSON, holds the names and the words of the page.
 *
 * The index has a column for each of these, all equally long:
 *   m u     index of model, suite
 *   i e k   sample id, effort, repeat
 *   o x     outcome (index), score (null: none)
 *   a ta    the beginning of what stands for the answer, and of what is accepted; null if sealed or absent
 *   t       tokens of the answer
 *   z       1: sealed
 * A chunk is a list of samples in the same order. Short keys, since they repeat for every sample:
 *   g       group
 *   st      status of the completion
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
#include "reports/html/html_pack.h"

enum { CHUNK_BYTES = 256 << 10, PREVIEW = 80, PREVIEW_TARGET = 40 };

enum { COL_M, COL_U, COL_I, COL_E, COL_K, COL_O, COL_X, COL_A, COL_TA, COL_T, COL_Z, N_COLUMNS };
static const char *const COLUMNS[N_COLUMNS] = {"m", "u", "i", "e", "k", "o", "x", "a", "ta", "t", "z"};

typedef struct DataOut {
    Buf *page;      /* nothing is put there but by the packer while it is open */
    Packer *packer; /* of chunks */
    const Summary *s;
    Buf column_bufs[N_COLUMNS];
    JsonOut columns[N_COLUMNS];
    Buf chunk_buf, counts_buf;
    JsonOut chunk, counts; /* counts: samples in each chunk */
    int64_t n, in_chunk;
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

/* ---- the index ---- */

/* The page knows a sample by its id: under a transform it is another. */
static void sample_name(JsonOut *o, const RecordKey *k) {
    Buf b;
    if (str_eqz(k->transform, "plain")) {
        json_out_str(o, k->sample);
        return;
    }
    buf_init(&b, SIZE_MAX / 2);
    buf_addstr(&b, k->sample);
    buf_addf(&b, " [" STR_FMT "]", STR_ARG(k->transform));
    json_out_str(o, buf_str(&b));
    o->buf->failed = o->buf->failed || b.failed;
    buf_release(&b);
}

/* One line of at most so many characters. */
static void preview(JsonOut *o, Str text, int max) {
    Buf b;
    bool space = false;
    if (!text.p) {
        json_out_null(o);
        return;
    }
    buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        uint32_t cp = utf8_next(text, &i);
        if (cp == ' ' || cp == '\n' || cp == '\t' || cp == '\r') {
            space = b.n > 0;
            continue;
        }
        if (max-- == 0) {
            buf_adds(&b, "…");
            break;
        }
        if (space) buf_addc(&b, ' ');
        buf_add(&b, text.p + from, i - from);
        space = false;
    }
    json_out_str(o, b.n ? buf_str(&b) : STR(""));
    o->buf->failed = o->buf->failed || b.failed;
    buf_release(&b);
}

/* What stands for the answer in the list: a label, what the scorer read, what went wrong, else how it begins. */
static Str shown_answer(const Record *r, const ScoreRow *rows, size_t n) {
    const Completion *c = &r->completion;
    if (n && rows[0].score.label.n) return (Str){rows[0].score.label.p, rows[0].score.label.n};
    if (n && rows[0].score.answer.n) return (Str){rows[0].score.answer.p, rows[0].score.answer.n};
    return c->error.n ? c->error : c->final;
}

static void write_index(DataOut *d, const Record *r, const ScoreRow *rows, size_t n, bool hide) {
    JsonOut *o = d->columns;
    const Completion *c = &r->completion;
    bool scored = n && rows[0].score.status == SCORE_SCORED;
    unsigned outcome = n ? rows[0].score.outcome : outcome_without_score(c->status);
    json_out_int(&o[COL_M], (int64_t)model_index(d->s, r->key.model));
    json_out_int(&o[COL_U], (int64_t)suite_index(d->s, r->key.suite));
    sample_name(&o[COL_I], &r->key);
    json_out_int(&o[COL_E], r->key.effort);
    json_out_int(&o[COL_K], r->key.epoch);
    json_out_int(&o[COL_O], outcome < OUTCOME_COUNT ? outcome : OUTCOME_UNSCORED);
    json_out_num(&o[COL_X], scored ? rows[0].score.value : NAN);
    preview(&o[COL_A], hide ? (Str){0} : shown_answer(r, rows, n), PREVIEW);
    preview(&o[COL_TA], hide ? (Str){0} : r->target, PREVIEW_TARGET);
    json_out_int(&o[COL_T], c->n_tokens);
    json_out_int(&o[COL_Z], hide);
}

/* ---- chunks ---- */

static void close_chunk(DataOut *d) {
    if (!d->in_chunk) return;
    json_arr_end(&d->chunk);
    html__packer_add(d->packer, &d->chunk_buf);
    json_out_int(&d->counts, d->in_chunk);
    d->in_chunk = 0;
}

static void open_chunk(DataOut *d) {
    if (d->in_chunk) return;
    buf_clear(&d->chunk_buf);
    json_out_init(&d->chunk, &d->chunk_buf, 0);
    json_arr(&d->chunk);
}

static void write_details(JsonOut *o, const Record *r, const ScoreRow *rows, size_t n, bool hide) {
    const Completion *c = &r->completion;
    json_obj(o);
    member(o, "g", r->group);
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
}

static bool write_sample(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    DataOut *d = ctx;
    bool hide = summary_hides(d->s, r);
    (void)id;
    write_index(d, r, rows, n, hide);
    open_chunk(d);
    write_details(&d->chunk, r, rows, n, hide);
    d->n++, d->in_chunk++;
    if (d->chunk_buf.n >= CHUNK_BYTES) close_chunk(d);
    return !d->page->failed && !d->chunk_buf.failed;
}

/* ---- names and words ---- */

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
    json_out_key(o, "efforts");
    json_arr(o);
    for (int e = EFFORT_LOW; e <= EFFORT_HIGH; e++) json_out_cstr(o, effort_name((Effort)e));
    json_arr_end(o);
    for (int how = 0; how < 2; how++) {
        json_out_key(o, how ? "outcome_words" : "outcomes");
        json_arr(o);
        for (unsigned i = 0; i < OUTCOME_COUNT; i++)
            json_out_cstr(o, how ? words(s->lang, outcome_words(i)) : outcome_name(i));
        json_arr_end(o);
    }
    for (size_t i = 0; i < s->n_cells; i++) repeats = repeats || s->cells[i].repeats > 1;
    json_out_key(o, "repeats");
    json_out_bool(o, repeats);
}

/* What report.js says, by its English text: T("…") there. */
static const char *const SCRIPT_WORDS[] = {
    WORD("sealed"),
    WORD("No sample fits these filters."),
    WORD("{0}–{1} of {2} samples"),
    WORD("Searching: {0} % of the texts, {1} found so far."),
    WORD("empty"),
    WORD("Scorer"),
    WORD("{0} (version {1})"),
    WORD("Outcome"),
    WORD("score {0}"),
    WORD("no score"),
    WORD("scorer error"),
    WORD("Label"),
    WORD("Rule"),
    WORD("Answer read"),
    WORD("Accepted"),
    WORD("Why"),
    WORD("This answer has no score."),
    WORD("Prompt"),
    WORD("as stored"),
    WORD("Analysis"),
    WORD("Analysis ({0} tokens)"),
    WORD("Commentary"),
    WORD("Final answer"),
    WORD("Final answer ({0} tokens)"),
    WORD("There is no final answer."),
    WORD("Marked: what the rule “{0}” of the scorer matched."),
    WORD("Marked: what the scorer matched."),
    WORD("Cut off: {0}"),
    WORD("Failed: {0}"),
    WORD("Cut off at the token limit."),
    WORD("Malformed output: {0}"),
    WORD("Turn {0} of {1} · {2} tokens"),
    WORD("call of {0}"),
    WORD("call of no tool"),
    WORD("(nothing)"),
    WORD("Not a use of a tool: malformed, unknown, or arguments that do not fit."),
    WORD("This call was not answered."),
    WORD("answer of the tool"),
    WORD("user, after the refusal"),
    WORD("Conversation"),
    WORD("Same question:"),
    WORD("effort {0}"),
    WORD("repeat {0}"),
    WORD("The texts of this sample are sealed and are not in this report. Bytes at most: prompt {0}, analysis {1}, "
         "final {2}."),
    WORD("Tokens"),
    WORD("prompt {0}, answer {1}, of these analysis {2}"),
    WORD("Calls of tools"),
    WORD("{0}, of these {1} no use of a tool"),
    WORD("Turns"),
    WORD("Ended"),
    WORD("{0} (limit: {1})"),
    WORD("This browser cannot unpack the texts: it is too old for DecompressionStream."),
    WORD("The texts of this page are damaged."),
};

static void write_words(JsonOut *o, Lang lang) {
    json_out_key(o, "words");
    json_obj(o);
    for (size_t i = 0; lang != LANG_EN && i < sizeof SCRIPT_WORDS / sizeof *SCRIPT_WORDS; i++) {
        json_out_key(o, SCRIPT_WORDS[i]);
        json_out_cstr(o, words(lang, SCRIPT_WORDS[i]));
    }
    json_obj_end(o);
}

/* ---- all of it ---- */

static void data_open(DataOut *d) {
    for (int i = 0; i < N_COLUMNS; i++) {
        buf_init(&d->column_bufs[i], SIZE_MAX / 2);
        json_out_init(&d->columns[i], &d->column_bufs[i], 0);
        json_arr(&d->columns[i]);
    }
    buf_init(&d->chunk_buf, SIZE_MAX / 2);
    d->packer = html__packer_open(d->page, "<script type=\"application/octet-stream\" class=\"chunk\">", "</script>\n");
    buf_init(&d->counts_buf, SIZE_MAX / 2);
    json_out_init(&d->counts, &d->counts_buf, 0);
    json_arr(&d->counts);
}

static void data_release(DataOut *d) {
    for (int i = 0; i < N_COLUMNS; i++) buf_release(&d->column_bufs[i]);
    buf_release(&d->chunk_buf);
    buf_release(&d->counts_buf);
}

static void put_index(DataOut *d) {
    Buf whole;
    JsonOut o;
    buf_init(&whole, SIZE_MAX / 2);
    json_out_init(&o, &whole, 0);
    json_obj(&o);
    for (int i = 0; i < N_COLUMNS; i++) {
        json_arr_end(&d->columns[i]);
        json_out_key(&o, COLUMNS[i]);
        json_out_raw(&o, buf_str(&d->column_bufs[i]));
        whole.failed = whole.failed || d->column_bufs[i].failed;
    }
    json_obj_end(&o);
    buf_adds(d->page, "<script type=\"application/octet-stream\" id=\"index\">");
    html__pack(d->page, buf_str(&whole));
    buf_adds(d->page, "</script>\n");
    d->page->failed = d->page->failed || whole.failed;
    buf_release(&whole);
}

static void put_names(DataOut *d) {
    JsonOut o;
    json_arr_end(&d->counts);
    buf_adds(d->page, "<script type=\"application/json\" id=\"data\">");
    json_out_init(&o, d->page, 0);
    o.html_safe = true;
    json_obj(&o);
    write_names(&o, d->s);
    write_words(&o, d->s->lang);
    json_out_key(&o, "n");
    json_out_int(&o, d->n);
    json_out_key(&o, "chunks");
    json_out_raw(&o, buf_str(&d->counts_buf));
    json_obj_end(&o);
    d->page->failed = d->page->failed || d->counts_buf.failed;
    buf_adds(d->page, "</script>\n");
}

bool html__data(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err) {
    DataOut d = {.page = b, .s = s};
    data_open(&d);
    bool ok = (d.packer || err_nomem(err)) && store_each(store, true, scratch, write_sample, &d, err);
    close_chunk(&d);
    html__packer_close(d.packer);
    if (ok) put_index(&d);
    if (ok) put_names(&d);
    data_release(&d);
    return ok;
}
