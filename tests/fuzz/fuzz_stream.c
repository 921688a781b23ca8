/* Harmony as a stream: whatever a model samples, it is read the same at once, id by id in pieces beside another parser,
 * and when the same text is cut into other ids; and a beginning says nothing that the rest takes back. */
#include "tests/fuzz/chat_target.h"

enum { NO_ROLE = 1, STRICT = 2, PREFILLED = 4, RECIPIENTS = 8, ON_ANALYSIS = 16 }; /* the first word */
enum { HEAD = 2, MAX_PREFIXES = 6 };

/* Tokens of several bytes, some of them halves of characters. */
static const Vocab *merged_vocab(void) {
    static const Vocab *v;
    CkSpec s = chat_spec();
    if (!v)
        v = chat_vocab(seed_tokenizer_with(
            &s,
            ",\"th\":256,\"the\":257,\"\xC4\xA0t\":258,\"\xC3\xA2\xC4\xA4\":259,\"\xC4\xA4\xC2\xAC\":260,"
            "\"\xC3\xA2\xC4\xA4\xC2\xAC\":261,\"\xC4\xA0to\":262,\"\xC4\xA0to=\":263",
            "\"t h\",\"th e\",\"\xC4\xA0 t\",\"\xC3\xA2 \xC4\xA4\",\"\xC4\xA4 \xC2\xAC\",\"\xC3\xA2\xC4\xA4 \xC2\xAC\","
            "\"\xC4\xA0t o\",\"\xC4\xA0to =\""));
    return v;
}

/* ---- seeds ---- */

static void seeds(FuzzGive *give, void *ctx) {
    static const struct {
        uint32_t mode;
        const char *text;
    } s[] = {
        {0, "<|channel|>analysis<|message|>the "
            "\xE2\x82\xAC<|end|><|start|>assistant<|channel|>final<|message|>c<|return|>"},
        {RECIPIENTS, "<|channel|>analysis<|message|>x<|end|><|start|>assistant to=functions.f<|channel|>commentary "
                     "<|constrain|>json<|message|>{\"a\":1}<|call|>"},
        {NO_ROLE, "<|start|>system<|message|>s<|end|><|start|>user:n<|message|>u<|end|><|start|>functions.f "
                  "to=assistant<|channel|>commentary<|message|>r<|end|><|start|>assistant"},
        {PREFILLED, "the rest\xE2\x82\xAC<|end|>stray<|endoftext|><|start|>assistant to=python<|message|>1<|call|>"},
        {STRICT, "<|channel|>final<|message|>\xE2\x82\xAC\xE2\x82\xAC<|return|>"},
        {0, "<|channel|><|channel|>odd words to=a to=b<|message|>\xE2\x82<|end|><|end|>stray "
            "the<|start|>nobody<|message|>x"}};
    const Vocab *v = merged_vocab();
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    for (size_t i = 0; i < sizeof s / sizeof *s; i++) {
        Ids ids;
        uint32_t words[300] = {s[i].mode, (uint32_t)i};
        char name[16];
        fuzz_must(vocab_encode(v, str_from(s[i].text), true, a, &ids, &err) && ids.n < 290, "a seed's text");
        memcpy(words + HEAD, ids.p, ids.n * sizeof *ids.p);
        snprintf(name, sizeof name, "text-%zu", i);
        give(ctx, name, words, (ids.n + HEAD) * sizeof *words);
    }
    arena_close(a);
}

/* ---- what a parse says, as text ---- */

typedef struct Log {
    Buf messages, defects; /* a line for each; a defect's has its place: messages before it, and whether in one */
    Buf text;              /* of the message at hand */
    size_t n_ended;
    bool open;
} Log;

static void log_open(Log *l) {
    *l = (Log){.open = false};
    buf_init(&l->messages, 1 << 24), buf_init(&l->defects, 1 << 24), buf_init(&l->text, 1 << 24);
}

static void log_close(Log *l) {
    fuzz_must(!l->messages.failed && !l->defects.failed && !l->text.failed, "a log without memory");
    buf_release(&l->messages), buf_release(&l->defects), buf_release(&l->text);
}

static Str whole(const Buf *b) {
    return b->n ? buf_str(b) : STR("");
}

static void put(Buf *b, Str s) {
    if (s.p)
        buf_addf(b, " %zu:", s.n), buf_addstr(b, s);
    else
        buf_adds(b, " -");
}

static void put_message(Buf *b, const Message *m, Str content) {
    buf_addf(b, "%d", (int)m->role);
    put(b, m->name), put(b, m->channel), put(b, m->recipient), put(b, m->content_type), put(b, content);
    buf_addc(b, '\n');
}

/* Events come in order. */
static bool watch(void *ctx, const ChatEvent *e, Err *err) {
    Log *l = ctx;
    (void)err;
    switch (e->kind) {
    case CHAT_BEGIN:
        fuzz_must(!l->open && !e->message->content.p, "a message begins inside another");
        l->open = true;
        buf_clear(&l->text);
        break;
    case CHAT_TEXT:
        fuzz_must(l->open && e->text.n > 0 && utf8_valid(e->text), "a text that is empty, stray or not UTF-8");
        buf_addstr(&l->text, e->text);
        break;
    case CHAT_END:
        fuzz_must(l->open && e->n_tokens >= 0, "an end without a beginning");
        l->open = false;
        l->n_ended++;
        put_message(&l->messages, e->message, whole(&l->text));
        break;
    case CHAT_MALFORMED:
        buf_addf(&l->defects, "%zu%s %d\n", l->n_ended, l->open ? "+" : "", (int)e->defect);
        break;
    }
    return true;
}

/* ---- a parse in progress ---- */

typedef struct Side {
    ChatParser *p;
    const uint32_t *ids;
    size_t n, at;
    Log log;
    bool failed;
    Err err;
    ChatEnd end;
} Side;

static void side_open(Side *s, const ChatParseOptions *o, const uint32_t *ids, size_t n) {
    const Vocab *v = merged_vocab();
    ChatParseOptions own = *o;
    *s = (Side){.ids = ids, .n = n, .err = ERR_INIT};
    log_open(&s->log);
    own.sink = watch, own.ctx = &s->log;
    fuzz_must(chat_parser_open(vocab_tokenizer(v), vocab_harmony(v), &own, &s->p, &s->err), "a parser without memory");
}

static bool side_more(const Side *s) {
    return !s->failed && s->at < s->n;
}

static void side_feed(Side *s, uint64_t n) {
    for (; n && side_more(s); n--) s->failed = !chat_parser_feed(s->p, s->ids[s->at++], &s->err);
}

static void side_finish(Side *s) {
    if (!s->failed) s->failed = !chat_parser_finish(s->p, &s->end, &s->err);
    fuzz_must(s->failed || !s->log.open, "a message without an end");
    chat_parser_close(s->p);
}

/* ---- what must agree ---- */

static void same_end(const ChatEnd *a, const ChatEnd *b) {
    fuzz_must(strcmp(a->stop, b->stop) == 0 && a->place == b->place, "another stop");
    fuzz_must(a->ends_in_call == b->ends_in_call && a->has_final == b->has_final, "another call or final");
    fuzz_must(a->defects.n_kinds == b->defects.n_kinds, "other kinds of defects");
    for (size_t i = 0; i < a->defects.n_kinds; i++) {
        ChatDefect d = a->defects.kind[i];
        fuzz_must(d == b->defects.kind[i] && a->defects.count[d] == b->defects.count[d], "other defects");
    }
}

static bool at_once(const ChatParseOptions *o, const uint32_t *ids, size_t n, Arena *a, Buf *messages, ChatEnd *end,
                    Err *err) {
    const Vocab *v = merged_vocab();
    ChatParsed out;
    if (!chat_parse_with(vocab_tokenizer(v), vocab_harmony(v), o, ids, n, a, &out, err)) return false;
    for (size_t i = 0; i < out.n_messages; i++) put_message(messages, &out.messages[i], out.messages[i].content);
    *end = out.end;
    return true;
}

/* What was said so far begins what a parse of the ids so far says. */
static void check_prefix(const ChatParseOptions *o, const Side *s) {
    Arena *a = arena_open(0);
    Buf messages;
    ChatEnd end;
    Err err = ERR_INIT;
    buf_init(&messages, 1 << 24);
    if (at_once(o, s->ids, s->at, a, &messages, &end, &err))
        fuzz_must(str_starts(whole(&messages), whole(&s->log.messages)), "a message was taken back");
    else
        fuzz_must(o->strict, "the lenient parser refused a beginning");
    buf_release(&messages);
    arena_close(a);
}

static void check_at_once(const ChatParseOptions *o, const Side *s) {
    Arena *a = arena_open(0);
    Buf messages;
    ChatEnd end;
    Err err = ERR_INIT;
    buf_init(&messages, 1 << 24);
    bool ok = at_once(o, s->ids, s->n, a, &messages, &end, &err);
    fuzz_must(ok != s->failed && (ok || strcmp(err.msg, s->err.msg) == 0), "refused one way and not the other");
    if (ok) {
        fuzz_must(str_eq(whole(&messages), whole(&s->log.messages)), "other messages at once");
        fuzz_must(end.n_analysis_tokens == s->end.n_analysis_tokens, "other analysis tokens at once");
        same_end(&end, &s->end);
    }
    buf_release(&messages);
    arena_close(a);
}

static void check_recut(const Side *a, const Side *b) {
    fuzz_must(a->failed == b->failed && strcmp(a->err.msg, b->err.msg) == 0, "other ids, another refusal");
    fuzz_must(str_eq(whole(&a->log.messages), whole(&b->log.messages)), "other ids, other messages");
    fuzz_must(str_eq(whole(&a->log.defects), whole(&b->log.defects)), "other ids, other defects");
    if (a->failed) return;
    fuzz_must(b->end.n_analysis_tokens >= a->end.n_analysis_tokens, "fewer tokens from more ids");
    same_end(&a->end, &b->end);
}

/* ---- one input ---- */

static uint32_t id_of_byte(unsigned char byte) {
    static uint32_t of[256];
    const Tokenizer *t = vocab_tokenizer(merged_vocab());
    if (!of['a'])
        for (uint32_t id = 0; id < 256; id++) of[(unsigned char)tokenizer_bytes(t, id).p[0]] = id;
    return of[byte];
}

/* Every other token of several bytes becomes one for each byte; out has room for MAX_TOKEN times n. */
enum { MAX_TOKEN = 8 };
static size_t recut(const uint32_t *ids, size_t n, uint64_t *state, uint32_t *out) {
    const Tokenizer *t = vocab_tokenizer(merged_vocab());
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        Str s = tokenizer_bytes(t, ids[i]);
        bool cut = !tokenizer_is_special(t, ids[i]) && s.n > 1 && s.n <= MAX_TOKEN && fuzz_draw(state, 2);
        if (!cut) out[k++] = ids[i];
        for (size_t b = 0; cut && b < s.n; b++) out[k++] = id_of_byte((unsigned char)s.p[b]);
    }
    return k;
}

static bool compare(const ChatParseOptions *o, const uint32_t *ids, size_t n, uint64_t cuts) {
    uint32_t *other = malloc((MAX_TOKEN * n + 1) * sizeof *other);
    size_t n_other = recut(ids, n, &cuts, other);
    Side a, b;
    side_open(&a, o, ids, n), side_open(&b, o, other, n_other);
    for (int i = 0; side_more(&a) || side_more(&b); i++) {
        side_feed(&a, 1 + fuzz_draw(&cuts, 8));
        if (i < MAX_PREFIXES && !a.failed) check_prefix(o, &a);
        side_feed(&b, 1 + fuzz_draw(&cuts, 8));
    }
    side_finish(&a), side_finish(&b);
    fuzz_must(!a.failed || o->strict, "the lenient parser refused");
    if (a.failed) fuzz_refused(&a.err);
    check_at_once(o, &a);
    check_recut(&a, &b);
    bool ok = !a.failed;
    log_close(&a.log), log_close(&b.log);
    free(other);
    return ok;
}

/* Words: how it is read, where it is cut, then ids. */
static bool run(const uint8_t *bytes, size_t n) {
    static const Role assistant = ROLE_ASSISTANT;
    static const Str recipients[] = {{"functions.f", 11}};
    uint32_t head[HEAD];
    if (n < sizeof head) return true;
    memcpy(head, bytes, sizeof head);
    uint32_t mode = head[0];
    ChatParseOptions o = {.role = mode & NO_ROLE ? NULL : &assistant, .strict = mode & STRICT};
    if (mode & PREFILLED) {
        o.role = NULL;
        o.prefill_channel = mode & ON_ANALYSIS ? STR("analysis") : STR("final");
        o.prefill_text = STR("pre");
    }
    if (mode & RECIPIENTS) o.knows_recipients = true, o.recipients = recipients, o.n_recipients = 1;
    size_t n_ids = n / 4 - HEAD;
    uint32_t *ids = malloc(n_ids * 4 + 1);
    memcpy(ids, bytes + sizeof head, n_ids * 4);
    for (size_t i = 0; i < n_ids; i++) ids[i] = chat_id(ids[i]);
    bool ok = compare(&o, ids, n_ids, head[1]);
    free(ids);
    return ok;
}

const FuzzTarget fuzz_target = {"stream", FUZZ_WORDS, NULL, 1500, seeds, run};
