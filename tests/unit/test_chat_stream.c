/* The parser one id at a time: its events are in order and say the same as the parse at once, however the text is cut
 * into ids; its memory does not grow with the content; every failure is a sentence. */
#include "engine/chat/chat.h"
#include "tests/unit/token_support.h"

typedef struct Fixture {
    Tokenizer *t;
    HarmonyIds h;
    Arena *a;
    uint32_t of_byte[256];
} Fixture;

static int open_fixture(void **state) {
    static Fixture f;
    Err err = ERR_INIT;
    const char *model = any_tokenizer();
    *state = NULL;
    if (!model) return 0;
    f.t = open_tokenizer(model);
    f.a = arena_open(0);
    assert_true(harmony_ids(f.t, &f.h, &err));
    for (uint32_t id = 0; id < 256; id++) f.of_byte[(unsigned char)tokenizer_bytes(f.t, id).p[0]] = id;
    *state = &f;
    return 0;
}

static int close_fixture(void **state) {
    Fixture *f = *state;
    if (f) tokenizer_close(f->t), arena_close(f->a);
    return 0;
}

static uint64_t seed = 7;
static uint32_t draw(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* ---- a sink that checks the order of events and writes a transcript ---- */

typedef struct Watch {
    Buf log;  /* one line for each message: labels, content */
    Buf text; /* content so far */
    bool open;
    int defects[CHAT_N_DEFECTS], n_events, fail_at;
} Watch;

static void put_label(Buf *b, const char *name, Str s) {
    if (s.p) buf_addf(b, " %s='" STR_FMT "'", name, STR_ARG(s));
}

static void put_message(Buf *b, const Message *m, Str content) {
    buf_adds(b, role_name(m->role));
    put_label(b, "name", m->name);
    put_label(b, "channel", m->channel);
    put_label(b, "recipient", m->recipient);
    put_label(b, "type", m->content_type);
    buf_adds(b, ": ");
    buf_addstr(b, content);
    buf_addc(b, '\n');
}

static bool watch(void *ctx, const ChatEvent *e, Err *err) {
    Watch *w = ctx;
    if (w->fail_at && ++w->n_events == w->fail_at) return err_set(err, ERR_ENV, "the sink is full");
    switch (e->kind) {
    case CHAT_BEGIN:
        assert_false(w->open);
        assert_null(e->message->content.p);
        w->open = true;
        buf_clear(&w->text);
        break;
    case CHAT_TEXT:
        assert_true(w->open && e->text.n && utf8_valid(e->text));
        buf_addstr(&w->text, e->text);
        break;
    case CHAT_END:
        assert_true(w->open);
        w->open = false;
        put_message(&w->log, e->message, buf_str(&w->text));
        break;
    case CHAT_MALFORMED:
        w->defects[e->defect]++;
        break;
    }
    return true;
}

static void watch_init(Watch *w) {
    *w = (Watch){0};
    buf_init(&w->log, 1 << 24);
    buf_init(&w->text, 1 << 24);
}

static void watch_release(Watch *w) {
    buf_release(&w->log);
    buf_release(&w->text);
}

static bool stream(Fixture *f, ChatParseOptions o, const uint32_t *ids, size_t n, Watch *w, ChatEnd *end, Err *err) {
    ChatParser *p;
    o.sink = watch, o.ctx = w;
    if (!chat_parser_open(f->t, &f->h, &o, &p, err)) return false;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) ok = chat_parser_feed(p, ids[i], err);
    ok = ok && chat_parser_finish(p, end, err);
    chat_parser_close(p);
    return ok;
}

/* Everything of the two readings is equal; tokens: the ids were the same too. */
static void expect_same(Watch *w, const ChatEnd *end, const ChatParsed *at_once, bool tokens) {
    Buf log;
    buf_init(&log, 1 << 24);
    for (size_t i = 0; i < at_once->n_messages; i++)
        put_message(&log, &at_once->messages[i], at_once->messages[i].content);
    if (!str_eq(buf_str(&log), buf_str(&w->log)))
        fail_msg("stream:\n" STR_FMT "\nat once:\n" STR_FMT, STR_ARG(buf_str(&w->log)), STR_ARG(buf_str(&log)));
    buf_release(&log);
    assert_string_equal(end->stop, at_once->end.stop);
    assert_int_equal(end->place, at_once->end.place);
    assert_int_equal(end->has_final, at_once->end.has_final);
    assert_int_equal(end->ends_in_call, at_once->end.ends_in_call);
    if (tokens) assert_int_equal(end->n_analysis_tokens, at_once->end.n_analysis_tokens);
    for (int d = 0; d < CHAT_N_DEFECTS; d++) {
        /* text outside messages is what it is, however many ids it has */
        assert_int_equal(end->defects.count[d], at_once->end.defects.count[d]);
        assert_int_equal(end->defects.count[d], w->defects[d]);
    }
    assert_false(w->open);
}

/* ---- random texts ---- */

static const char *const pieces[] = {"<|start|>",
                                     "<|end|>",
                                     "<|message|>",
                                     "<|channel|>",
                                     "<|constrain|>",
                                     "<|return|>",
                                     "<|call|>",
                                     "<|endoftext|>",
                                     "assistant",
                                     "user",
                                     "tool",
                                     "analysis",
                                     "commentary",
                                     "final",
                                     " to=functions.f",
                                     " to=",
                                     "json",
                                     " ",
                                     "\n",
                                     " x",
                                     "\xF0\x9F\x92\x96",
                                     "\xC3\xA4\xC3",
                                     "\xFF",
                                     "\xED\xA0",
                                     "\xE3\x80\x80",
                                     "<|channel|>analysis<|message|>",
                                     "<|start|>assistant<|channel|>final<|message|>",
                                     "<|start|>functions.f to=assistant<|channel|>commentary<|message|>"};
enum { N_PIECES = sizeof pieces / sizeof *pieces };

/* The same text twice: in pieces of the tokeniser (bytes where it is no UTF-8), and in single bytes. */
static void random_text(Fixture *f, Ids *coarse, Ids *fine) {
    size_t n = draw(14);
    *coarse = *fine = (Ids){NULL, 0};
    coarse->p = arena_array(f->a, 1000, sizeof(uint32_t));
    fine->p = arena_array(f->a, 1000, sizeof(uint32_t));
    for (size_t i = 0; i < n; i++) {
        Str s = str_from(pieces[draw(N_PIECES)]);
        Ids ids = utf8_valid(s) ? encode(f->t, s, true, f->a) : (Ids){NULL, 0};
        for (size_t k = 0; k < ids.n; k++) {
            coarse->p[coarse->n++] = ids.p[k];
            Str bytes = tokenizer_bytes(f->t, ids.p[k]);
            if (tokenizer_is_special(f->t, ids.p[k]))
                fine->p[fine->n++] = ids.p[k];
            else
                for (size_t b = 0; b < bytes.n; b++) fine->p[fine->n++] = f->of_byte[(unsigned char)bytes.p[b]];
        }
        for (size_t b = 0; ids.n == 0 && b < s.n; b++)
            coarse->p[coarse->n++] = fine->p[fine->n++] = f->of_byte[(unsigned char)s.p[b]];
    }
}

static void same_as_at_once(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    for (int round = 0; round < 4000; round++, arena_reset(f->a)) {
        Ids coarse, fine;
        ChatParsed at_once;
        ChatEnd end;
        Err err = ERR_INIT;
        ChatParseOptions o = {.role = round & 1 ? &assistant : NULL, .strict = round % 5 == 4};
        if (round % 7 == 6) o.prefill_channel = STR("analysis"), o.prefill_text = STR("So \xC3");
        random_text(f, &coarse, &fine);
        bool ok = chat_parse_with(f->t, &f->h, &o, coarse.p, coarse.n, f->a, &at_once, &err);
        assert_true(ok || o.strict);
        for (int k = 0; k < 2; k++) {
            Watch w;
            const Ids *ids = k ? &fine : &coarse;
            watch_init(&w);
            assert_int_equal(stream(f, o, ids->p, ids->n, &w, &end, &err), ok);
            if (ok) expect_same(&w, &end, &at_once, k == 0);
            watch_release(&w);
        }
    }
}

/* Messages that have ended do not change with what comes after them, and the text so far only grows. */
static void prefixes_only_grow(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    const ChatParseOptions o = {.role = &assistant};
    for (int round = 0; round < 150; round++, arena_reset(f->a)) {
        Ids ids, fine;
        random_text(f, &ids, &fine);
        Watch whole;
        ChatEnd end;
        Err err = ERR_INIT;
        watch_init(&whole);
        assert_true(stream(f, o, ids.p, ids.n, &whole, &end, &err));
        for (size_t n = 0; n < ids.n; n++) {
            ChatParser *p;
            Watch w;
            watch_init(&w);
            assert_true(chat_parser_open(f->t, &f->h, &(ChatParseOptions){.role = &assistant, .sink = watch, .ctx = &w},
                                         &p, &err));
            for (size_t i = 0; i < n; i++) assert_true(chat_parser_feed(p, ids.p[i], &err));
            assert_true(str_starts(buf_str(&whole.log), buf_str(&w.log)) || w.log.n == 0);
            chat_parser_close(p); /* in the middle of anything */
            watch_release(&w);
        }
        watch_release(&whole);
    }
}

/* ---- what comes when ---- */

static void text_comes_at_once(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    Watch w;
    ChatParser *p;
    ChatEnd end;
    Err err = ERR_INIT;
    watch_init(&w);
    assert_true(
        chat_parser_open(f->t, &f->h, &(ChatParseOptions){.role = &assistant, .sink = watch, .ctx = &w}, &p, &err));
    Ids head = encode(f->t, STR("<|channel|>final<|message|>"), true, f->a);
    for (size_t i = 0; i < head.n; i++) {
        assert_false(w.open);
        assert_true(chat_parser_feed(p, head.p[i], &err));
    }
    assert_true(w.open); /* with <|message|>, not later */
    static const struct {
        unsigned char byte;
        const char *so_far;
    } steps[] = {{'a', "a"},
                 {0xF0, "a"},
                 {0x9F, "a"},
                 {0x92, "a"},
                 {0x96, "a\xF0\x9F\x92\x96"},
                 {0xE2, "a\xF0\x9F\x92\x96"},
                 {'b', "a\xF0\x9F\x92\x96\xEF\xBF\xBD"
                       "b"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(chat_parser_feed(p, f->of_byte[steps[i].byte], &err));
        assert_true(str_eqz(buf_str(&w.text), steps[i].so_far));
    }
    assert_int_equal(w.defects[CHAT_CONTENT_UTF8], 1);
    /* <|endoftext|> waits: it is content only if something follows */
    assert_true(chat_parser_feed(p, f->h.endoftext, &err));
    assert_true(str_ends(buf_str(&w.text), STR("b")));
    assert_true(chat_parser_feed(p, f->h.ret, &err));
    assert_true(str_ends(buf_str(&w.text), STR("b<|endoftext|>")));
    assert_false(w.open);
    assert_true(chat_parser_finish(p, &end, &err));
    assert_int_equal(end.place, CHAT_BETWEEN);
    assert_string_equal(end.stop, "return");
    assert_true(end.has_final);
    chat_parser_close(p);
    watch_release(&w);
}

static void where_it_ends(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    static const struct {
        const char *text;
        ChatPlace place;
    } one[] = {{"", CHAT_IN_HEADER},
               {"<|channel|>final", CHAT_IN_HEADER},
               {"<|channel|>final<|message|>", CHAT_IN_CONTENT},
               {"<|channel|>final<|message|>a<|end|>", CHAT_BETWEEN},
               {"<|channel|>final<|message|>a<|end|>b", CHAT_IN_STRAY},
               {"<|channel|>final<|message|>a<|end|><|start|>", CHAT_IN_HEADER}};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        Ids ids = encode(f->t, str_from(one[i].text), true, f->a);
        Watch w;
        ChatEnd end;
        Err err = ERR_INIT;
        watch_init(&w);
        assert_true(stream(f, (ChatParseOptions){.role = &assistant}, ids.p, ids.n, &w, &end, &err));
        assert_int_equal(end.place, one[i].place);
        watch_release(&w);
    }
}

/* ---- memory and failures ---- */

static void memory_does_not_grow(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    ChatParser *p;
    ChatEnd end;
    Err err = ERR_INIT;
    assert_true(chat_parser_open(f->t, &f->h, &(ChatParseOptions){.role = &assistant}, &p, &err));
    Ids head = encode(f->t, STR("<|channel|>analysis<|message|>"), true, f->a);
    for (size_t i = 0; i < head.n; i++) assert_true(chat_parser_feed(p, head.p[i], &err));
    for (uint32_t id = 0; id < 600; id++) assert_true(chat_parser_feed(p, id, &err)); /* the longest id was seen */
    mem_fail_at(0);
    for (int i = 0; i < 300000; i++) assert_true(chat_parser_feed(p, (uint32_t)i % 600, &err));
    assert_int_equal(mem_fail_at(0), 0);
    assert_true(chat_parser_finish(p, &end, &err));
    assert_int_equal(end.n_analysis_tokens, 300600);
    chat_parser_close(p);
    chat_parser_close(NULL);
}

static void sink_fails(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    Ids ids = encode(f->t, STR("<|channel|>x I<|message|>a b<|end|>c<|start|>assistant<|channel|>y"), true, f->a);
    bool ok = false;
    int n = 1;
    for (; !ok; n++) {
        Watch w;
        ChatEnd end;
        Err err = ERR_INIT;
        watch_init(&w);
        w.fail_at = n;
        ok = stream(f, (ChatParseOptions){.role = &assistant}, ids.p, ids.n, &w, &end, &err);
        if (!ok) assert_string_equal(err.msg, "the sink is full");
        watch_release(&w);
    }
    assert_true(n > 10);
}

static void no_memory(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const Role assistant = ROLE_ASSISTANT;
    Ids ids = encode(f->t,
                     STR("<|channel|>commentary to=functions.f json<|message|>{}<|call|><|start|>f to=assistant"
                         "<|message|>x<|end|>stray<|start|>assistant<|channel|>analysis we think of it<|end|>"),
                     true, f->a);
    const ChatParseOptions o = {.role = &assistant};
    bool ok = false;
    for (uint64_t n = 1; !ok; n++) {
        Arena *a = arena_open(256);
        ChatParsed got;
        Err err = ERR_INIT;
        mem_fail_at(n);
        ok = chat_parse_with(f->t, &f->h, &o, ids.p, ids.n, a, &got, &err);
        mem_fail_at(0);
        if (!ok) assert_true(err.code == ERR_MEMORY && got.n_messages == 0);
        if (ok) assert_int_equal(got.n_messages, 3);
        assert_true(n < 1000);
        arena_close(a);
    }
}

#define WITH_TOKENIZER(t) cmocka_unit_test_setup_teardown(t, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_TOKENIZER(same_as_at_once), WITH_TOKENIZER(prefixes_only_grow),   WITH_TOKENIZER(text_comes_at_once),
        WITH_TOKENIZER(where_it_ends),   WITH_TOKENIZER(memory_does_not_grow), WITH_TOKENIZER(sink_fails),
        WITH_TOKENIZER(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
