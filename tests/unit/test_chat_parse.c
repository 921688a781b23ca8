/* Reference vectors of the harmony parser (golden/harmony/parse.jsonl), and what the lenient mode makes of bad output.
 */
#include "engine/chat/chat.h"
#include "tests/unit/token_support.h"

static bool member_is(const Json *m, const char *key, Str got) {
    const Json *want = json_get(m, key);
    if (!want) return !got.p;
    return got.p && str_eq(json_str(want), got);
}

static bool message_is(const Json *want, const Message *got) {
    return str_eqz(json_str(json_get(want, "role")), role_name(got->role)) &&
           member_is(want, "channel", got->channel) && member_is(want, "recipient", got->recipient) &&
           member_is(want, "content_type", got->content_type) && member_is(want, "name", got->name) &&
           member_is(want, "content", got->content);
}

static bool parsed_is(const Json *want, bool ok, const ChatParsed *got) {
    if (json_get(want, "error")) return !ok;
    const Json *list = json_get(want, "messages");
    size_t n = 0;
    if (!ok) return false;
    for (const Json *m = json_first(list); m; m = json_next(m), n++)
        if (n >= got->n_messages || !message_is(m, &got->messages[n])) return false;
    return n == got->n_messages;
}

/* by_ids: the vocabulary is the one of the vectors; else the "text" is encoded with the tokeniser at hand. */
static void check_vectors(const char *model, const char *vectors, bool by_ids, int want) {
    Tokenizer *t = open_tokenizer(model);
    HarmonyIds h;
    Err err = ERR_INIT;
    Lines l;
    Str line;
    Arena *a = arena_open(0);
    int n = 0, wrong = 0;
    assert_true(harmony_ids(t, &h, &err));
    lines_open(&l, vectors);
    for (; lines_next(&l, &line); arena_reset(a)) {
        NulMark mark;
        ChatParsed got;
        Json *j = line_json(line, a, &mark);
        Str text = json_str(json_get(j, "text"));
        bool strict = true, known = json_type(json_get(j, "role")) == JSON_STRING;
        json_bool(json_get(j, "strict"), &strict);
        if (by_ids || text.p) {
            Ids ids = by_ids ? ids_of(json_get(j, "ids"), a) : encode(t, text, true, a);
            bool ok = chat_parse(t, &h, ids.p, ids.n, known, strict, a, &got, &err), as_told = parsed_is(j, ok, &got);
            n++;
            /* whatever is well-formed reads the same when lenient, and nothing is an error then */
            if (!chat_parse(t, &h, ids.p, ids.n, known, false, a, &got, &err)) fail_msg("lenient: %s", err.msg);
            if (ok && strict) as_told &= parsed_is(j, true, &got);
            if (!ok) as_told &= got.end.defects.n_kinds > 0;
            if (!as_told) {
                fprintf(stderr, "parsed otherwise (%s): " STR_FMT "\n", ok ? "no error" : err.msg, STR_ARG(line));
                wrong++;
            }
        }
        json_close(j);
    }
    lines_close(&l);
    arena_close(a);
    tokenizer_close(t);
    assert_int_equal(wrong, 0);
    assert_int_equal(n, want);
}

static void vectors_by_text(void **state) {
    (void)state;
    NEED_SHARED(model, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(vectors, "golden/harmony/parse.jsonl");
    check_vectors(model, vectors, false, 33); /* four lines have ids only */
}

static void vectors_by_ids(void **state) {
    (void)state;
    NEED_SHARED(vectors, "golden/harmony/parse.jsonl");
    const char *model = o200k_path();
    if (!model) skip();
    check_vectors(model, vectors, true, 37);
}

/* The same for our own vectors; see the README there. */
static void more_vectors(void **state) {
    (void)state;
    const char *model = any_tokenizer();
    if (!model) skip();
    check_vectors(model, "tests/golden/harmony/parse.jsonl", false, 60);
}

/* ---- lenient ---- */

typedef struct Fixture {
    Tokenizer *t;
    HarmonyIds h;
    Arena *a;
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
    *state = &f;
    return 0;
}

static int close_fixture(void **state) {
    Fixture *f = *state;
    if (f) tokenizer_close(f->t), arena_close(f->a);
    return 0;
}

static ChatParsed lenient(Fixture *f, const char *text, bool role_known) {
    ChatParsed got;
    Err err = ERR_INIT;
    Ids ids = encode(f->t, str_from(text), true, f->a);
    if (!chat_parse(f->t, &f->h, ids.p, ids.n, role_known, false, f->a, &got, &err)) fail_msg("%s", err.msg);
    return got;
}

typedef struct Case {
    const char *text, *stop, *malformed; /* names of the defects, "; " between */
    struct {
        const char *channel, *recipient, *content_type, *content;
    } m[3];
} Case;

#define STRAY_WORDS "words in a header that are neither role, recipient nor type"
#define NO_CHANNEL "an assistant's message without <|channel|>"
#define CUT "the text ends inside a message"

/* Each defect at least once. */
static const Case cases[] = {
    {"<|channel|>final<|message|>4<|return|>", "return", NULL, {{"final", NULL, NULL, "4"}}},
    {"<|channel|>final<|message|>4", "length", CUT, {{"final", NULL, NULL, "4"}}},
    {"<|channel|>final<|message|>", "length", CUT, {{"final", NULL, NULL, ""}}},
    {"<|channel|>analysis<|message|>a<|end|>", "end", NULL, {{"analysis", NULL, NULL, "a"}}},
    {"<|channel|>commentary to=functions.f<|constrain|>json<|message|>{}<|call|>",
     "call",
     NULL,
     {{"commentary", "functions.f", "<|constrain|>json", "{}"}}},
    {"<|channel|>commentary to=functions.f json<|message|>{",
     "length",
     "the text ends inside a call",
     {{"commentary", "functions.f", "json", "{"}}},
    {"<|channel|>commentary to=functions.f json<|message|>{}<|end|>",
     "end",
     "a message to a tool that does not end in <|call|>",
     {{"commentary", "functions.f", "json", "{}"}}},
    {"<|channel|>commentary to=all<|message|>x<|end|>", "end", NULL, {{"commentary", "all", NULL, "x"}}},
    {"<|channel|>commentary<|message|>{}<|call|>",
     "call",
     "<|call|> without a recipient",
     {{"commentary", NULL, NULL, "{}"}}},
    {"", "length", "the text is empty", {{0}}},
    {"<|endoftext|>", "end", "<|endoftext|> instead of a stop token; the text is empty", {{0}}},
    {"<|return|>", "return", "a header without <|message|>", {{0}}},
    {"<|channel|>analysis", "length", "the text ends inside a header", {{"analysis", NULL, NULL, ""}}},
    {"I cannot help.<|end|>", "end", "a header without <|message|>", {{NULL, NULL, NULL, "I cannot help."}}},
    {"<|channel|>final<|message|>a<|end|>b c<|end|>",
     "end",
     "text outside a message",
     {{"final", NULL, NULL, "a"}, {NULL, NULL, NULL, "b c"}}},
    {"<|channel|>final<|message|>a<|end|>b<|end|>c",
     "length",
     "text outside a message (2 times)",
     {{"final", NULL, NULL, "a"}, {NULL, NULL, NULL, "b"}, {NULL, NULL, NULL, "c"}}},
    {"<|channel|>final<|message|>a<|end|>x<|start|>assistant<|channel|>final<|message|>b<|return|>",
     "return",
     "text outside a message",
     {{"final", NULL, NULL, "a"}, {NULL, NULL, NULL, "x"}, {"final", NULL, NULL, "b"}}},
    {"<|channel|>final<|message|>a<|return|><|end|>",
     "end",
     "a stop token outside a message",
     {{"final", NULL, NULL, "a"}}},
    {"<|channel|>analysis I must think<|message|>x<|end|>",
     "end",
     STRAY_WORDS,
     {{"analysis", NULL, NULL, "I must think x"}}},
    {"<|channel|>commentary please to=functions.f now <|constrain|>json<|message|>{}<|call|>",
     "call",
     STRAY_WORDS,
     {{"commentary", "functions.f", "<|constrain|>json", "please now {}"}}},
    {"<|message|>plain<|end|>", "end", NO_CHANNEL, {{NULL, NULL, NULL, "plain"}}},
    {"<|channel|><|message|>x<|return|>", "return", "<|channel|> without a name", {{NULL, NULL, NULL, "x"}}},
    {"<|channel|>finale<|message|>x<|return|>", "return", "an unknown channel", {{"finale", NULL, NULL, "x"}}},
    {"<|channel|>Final<|message|>x<|return|>", "return", "an unknown channel", {{"Final", NULL, NULL, "x"}}},
    {"<|channel|>analysis<|channel|>final<|message|>x<|return|>",
     "return",
     "a second <|channel|> in one header; a message to a tool that does not end in <|call|>",
     {{"analysis", "<|channel|>final", NULL, "x"}}},
    {"<|channel|>final<|message|>4<|endoftext|>",
     "end",
     "<|endoftext|> instead of a stop token; " CUT,
     {{"final", NULL, NULL, "4"}}},
    {"<|channel|>final<|message|>a<|endoftext|>b<|return|>",
     "return",
     NULL,
     {{"final", NULL, NULL, "a<|endoftext|>b"}}},
    {"<|channel|>final<|message|>a<|start|>b<|return|>", "return", NULL, {{"final", NULL, NULL, "a<|start|>b"}}},
    {"<|channel|>final<|message|>a<|end|><|start|><|message|>y<|end|>",
     "end",
     "a header without a role; " NO_CHANNEL,
     {{"final", NULL, NULL, "a"}, {NULL, NULL, NULL, "y"}}},
};

static bool same(Str got, const char *want) {
    return want ? got.p && str_eqz(got, want) : !got.p;
}

static Str defects_of(Fixture *f, const ChatParsed *p) {
    Buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < p->end.defects.n_kinds; i++) {
        if (i) buf_adds(&b, "; ");
        chat_defects_put(&p->end.defects, i, &b);
    }
    Str s = str_dup(f->a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return s;
}

static void lenient_cases(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, arena_reset(f->a)) {
        const Case *c = &cases[i];
        ChatParsed got = lenient(f, c->text, true);
        Str defects = defects_of(f, &got);
        size_t n = 0;
        while (n < 3 && c->m[n].content) n++;
        bool ok = got.n_messages == n && strcmp(got.end.stop, c->stop) == 0 &&
                  str_eqz(defects, c->malformed ? c->malformed : "");
        for (size_t k = 0; k < n && ok; k++)
            ok = got.messages[k].role == ROLE_ASSISTANT && same(got.messages[k].channel, c->m[k].channel) &&
                 same(got.messages[k].recipient, c->m[k].recipient) &&
                 same(got.messages[k].content_type, c->m[k].content_type) &&
                 same(got.messages[k].content, c->m[k].content);
        if (!ok)
            fail_msg("case '%s': %zu messages, stop %s, malformed '" STR_FMT "', content '" STR_FMT "'", c->text,
                     got.n_messages, got.end.stop, STR_ARG(defects),
                     STR_ARG(got.n_messages ? got.messages[0].content : STR("")));
    }
}

/* What the reference refuses is an error when strict; what it only does not judge is not. */
static void strict_refuses(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    static const bool refused[] = {
#define X(id, strict, name) strict,
        CHAT_DEFECT_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, arena_reset(f->a)) {
        ChatParsed got = lenient(f, cases[i].text, true);
        const ChatDefects *d = &got.end.defects;
        ChatDefect first = CHAT_N_DEFECTS;
        for (size_t k = d->n_kinds; k-- > 0;)
            if (refused[d->kind[k]]) first = d->kind[k];
        Err err = ERR_INIT;
        Ids ids = encode(f->t, str_from(cases[i].text), true, f->a);
        bool ok = chat_parse(f->t, &f->h, ids.p, ids.n, true, true, f->a, &got, &err);
        /* in strict mode <|endoftext|> is a token like any other, and a stop token in a header one more word */
        if (first == CHAT_ENDOFTEXT) continue;
        if (ok != (first == CHAT_N_DEFECTS)) fail_msg("%s: %s", cases[i].text, ok ? "accepted" : err.msg);
        if (!ok) assert_int_equal(err.code, ERR_INPUT);
        if (!ok && first != CHAT_STOP_IN_HEADER) assert_non_null(strstr(err.msg, chat_defect_name(first)));
    }
}

static void bad_bytes(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Ids head = encode(f->t, STR("<|channel|>final<|message|>"), true, f->a);
    uint32_t high[256];
    for (uint32_t id = 0; id < 256; id++) { /* tokens of one byte each, whatever their ids */
        Str bytes = tokenizer_bytes(f->t, id);
        assert_int_equal(bytes.n, 1);
        high[(unsigned char)bytes.p[0]] = id;
    }
    static const struct {
        const char *bytes, *text;
        bool ended;
        int n_bad;
    } one[] = {
        {"\xF0\x9F\x92\x96", "\xF0\x9F\x92\x96", true, 0},
        {"\xF0\x9F\x92", "\xEF\xBF\xBD", true, 1},
        {"\xF0\x9F\x92", "\xEF\xBF\xBD", false, 0}, /* cut off: not the model's mistake */
        {"\xFFx\xFFy", "\xEF\xBF\xBDx\xEF\xBF\xBDy", true, 1},
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD", true, 0}, /* the character itself is fine */
        {"\xC3x\xED\xA0\x80", "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", true, 1},
    };
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        uint32_t ids[64];
        size_t n = head.n;
        ChatParsed got;
        Err err = ERR_INIT;
        memcpy(ids, head.p, n * sizeof *ids);
        for (const char *c = one[i].bytes; *c; c++) ids[n++] = high[(unsigned char)*c];
        if (one[i].ended) ids[n++] = f->h.ret;
        assert_true(chat_parse(f->t, &f->h, ids, n, true, i & 1, f->a, &got, &err));
        assert_true(str_eqz(got.messages[0].content, one[i].text));
        assert_int_equal(got.end.defects.count[CHAT_CONTENT_UTF8], one[i].n_bad);
        assert_int_equal(got.end.defects.count[CHAT_CUT_IN_CONTENT], !one[i].ended);
    }
    const uint32_t in_header[] = {f->h.channel, high[0xC3], f->h.message, f->h.ret};
    ChatParsed got;
    Err err = ERR_INIT;
    assert_true(chat_parse(f->t, &f->h, in_header, 4, true, false, f->a, &got, &err));
    assert_int_equal(got.end.defects.count[CHAT_HEADER_UTF8], 1);
    assert_false(chat_parse(f->t, &f->h, in_header, 4, true, true, f->a, &got, &err));
}

/* Whom a request lets it call. */
static void recipients(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Str known[] = {{"functions.f", 11}, {"python", 6}};
    const Role assistant = ROLE_ASSISTANT;
    static const struct {
        const char *text;
        int unknown;
    } one[] = {{" to=functions.f<|channel|>commentary json<|message|>{}<|call|>", 0},
               {"<|channel|>analysis to=python code<|message|>{}<|call|>", 0},
               {"<|channel|>analysis to=browser.search code<|message|>{}<|call|>", 1},
               {"<|channel|>commentary to=functions.ff json<|message|>{}<|call|>", 1},
               {"<|channel|>commentary to=f json<|message|>{}<|call|>", 1},
               {"<|channel|>final json<|message|>{}<|return|>", 1}, /* the reference reads json as a recipient */
               {"<|channel|>final to=all<|message|>{}<|return|>", 0},
               {"<|channel|>final to=user<|message|>{}<|return|>", 0},
               {"<|channel|>final<|message|>{}<|return|>", 0}};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        ChatParseOptions o = {.role = &assistant, .knows_recipients = true, .recipients = known, .n_recipients = 2};
        Ids ids = encode(f->t, str_from(one[i].text), true, f->a);
        ChatParsed got;
        Err err = ERR_INIT;
        assert_true(chat_parse_with(f->t, &f->h, &o, ids.p, ids.n, f->a, &got, &err));
        if (got.end.defects.count[CHAT_UNKNOWN_RECIPIENT] != one[i].unknown) fail_msg("%s", one[i].text);
        o.knows_recipients = false;
        assert_true(chat_parse_with(f->t, &f->h, &o, ids.p, ids.n, f->a, &got, &err));
        assert_int_equal(got.end.defects.count[CHAT_UNKNOWN_RECIPIENT], 0);
    }
    const Request r = {.functions = STR("[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\","
                                        "\"function\":{\"name\":\"g\"}}]"),
                       .python = PYTHON_STATEFUL};
    Str *v;
    size_t n;
    Err err = ERR_INIT;
    assert_true(chat_recipients(&r, f->a, &v, &n, &err));
    assert_int_equal(n, 3);
    assert_true(str_eqz(v[0], "functions.f") && str_eqz(v[1], "functions.g") && str_eqz(v[2], "python"));
}

/* More of a kind than any array holds: all are counted. */
static void counts_beyond(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    Buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 100; i++) buf_adds(&b, "x<|end|><|end|>");
    ChatParsed got = lenient(f, b.p, false);
    assert_int_equal(got.n_messages, 100);
    assert_int_equal(got.end.defects.count[CHAT_STRAY_TEXT], 100);
    assert_int_equal(got.end.defects.count[CHAT_STRAY_STOP], 100);
    assert_int_equal(got.end.defects.n_kinds, 2);
    assert_true(str_eqz(defects_of(f, &got), "text outside a message (100 times); a stop token outside a message (100 "
                                             "times)"));
    buf_release(&b);
}

/* A call is a whole message of the assistant to somebody, ended by <|call|>. */
static void what_is_a_call(void **state) {
    static const struct {
        const char *text, *recipient;
        bool call;
    } one[] = {
        {"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>", "functions.f", true},
        {" to=functions.f<|channel|>commentary <|constrain|>json<|message|>{}<|call|>", "functions.f", true},
        {" to=functions.f<|channel|>commentary<|message|>{}<|call|>", "functions.f", true},
        {"<|channel|>commentary to=functions.f json<|message|>{}<|call|>", "functions.f", true},
        {"<|channel|>commentary to=functions.f<|constrain|>json<|message|>{}<|call|>", "functions.f", true},
        {"<|channel|>analysis to=python code<|message|>{}<|call|>", "python", true},
        {"<|channel|>analysis to=python<|message|>{}<|call|>", "python", true},
        {"<|channel|>analysis to=browser.search code<|message|>{}<|call|>", "browser.search", true},
        {"<|channel|>analysis<|message|>a<|end|><|start|>assistant to=python<|channel|>analysis "
         "code<|message|>{}<|call|>",
         "python", true},
        {"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}", "functions.f", false},
        {"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|end|>", "functions.f", false},
        {"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|return|>", "functions.f", false},
        {"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|endoftext|>", "functions.f", false},
        {"<|channel|>commentary<|message|>{}<|call|>", NULL, false},
        {"<|channel|>commentary to=all<|message|>{}<|call|>", "all", false},
        {"<|channel|>commentary to=functions.f <|constrain|>json<|call|>", NULL, false},
    };
    Fixture *f = *state;
    if (!f) skip();
    for (size_t i = 0; i < sizeof one / sizeof *one; i++, arena_reset(f->a)) {
        ChatParsed got = lenient(f, one[i].text, true);
        const Message *m = &got.messages[got.n_messages - 1];
        if (got.end.ends_in_call != one[i].call || !same(m->recipient, one[i].recipient) ||
            (one[i].call && !str_eqz(m->content, "{}")))
            fail_msg("%s: %d, '" STR_FMT "'", one[i].text, got.end.ends_in_call, STR_ARG(m->recipient));
    }
}

static void unknown_roles_are_data(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    ChatParsed got = lenient(f, "<|start|>nobody<|message|>x<|end|><|start|><|message|>y<|end|>", false);
    assert_int_equal(got.n_messages, 2);
    assert_int_equal(got.messages[0].role, ROLE_TOOL);
    assert_true(str_eqz(got.messages[0].name, "nobody"));
    assert_true(str_eqz(defects_of(f, &got), "an unknown role; a header without a role; " NO_CHANNEL));
}

/* The assistant's name forgotten: the reference reads the recipient as the name of a tool, and so do we, saying so. */
static void recipient_for_role(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    ChatParsed got = lenient(f, "<|start|>to=functions.f<|channel|>commentary<|message|>{}<|call|>", false);
    assert_int_equal(got.n_messages, 1);
    assert_int_equal(got.messages[0].role, ROLE_TOOL);
    assert_true(str_eqz(got.messages[0].name, "to=functions.f") && !got.messages[0].recipient.p);
    assert_int_equal(got.end.defects.count[CHAT_RECIPIENT_FOR_ROLE], 1);
    assert_false(got.end.ends_in_call);
}

static void counts_analysis_tokens(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    Ids body = encode(f->t, STR("one two three"), false, f->a);
    ChatParsed got = lenient(f,
                             "<|channel|>analysis<|message|>one two three<|end|><|start|>assistant<|channel|>final"
                             "<|message|>done<|return|>",
                             true);
    assert_int_equal(got.end.n_analysis_tokens, (int)body.n);
    assert_true(got.end.has_final);
    assert_false(lenient(f, "<|channel|>analysis<|message|>one", true).end.has_final);
}

static void prefilled_goes_on(void **state) {
    Fixture *f = *state;
    Err err = ERR_INIT;
    ChatParsed got;
    if (!f) skip();
    Ids ids = encode(f->t, STR(" is B.<|return|>"), true, f->a);
    assert_true(chat_parse_prefilled(f->t, &f->h, STR("final"), STR("The answer"), ids.p, ids.n, f->a, &got, &err));
    assert_int_equal(got.n_messages, 1);
    assert_true(str_eqz(got.messages[0].content, "The answer is B."));
    assert_true(str_eqz(got.messages[0].channel, "final"));
    assert_string_equal(got.end.stop, "return");
    assert_true(got.end.has_final);
    assert_int_equal(got.end.defects.n_kinds, 0);
    /* the role that was given is the prefilled message's: the next header says its own */
    const Role assistant = ROLE_ASSISTANT;
    const ChatParseOptions o = {.role = &assistant, .prefill_channel = STR("analysis"), .prefill_text = STR("")};
    ids = encode(f->t, STR("a<|end|><|start|>user<|message|>b<|end|>"), true, f->a);
    assert_true(chat_parse_with(f->t, &f->h, &o, ids.p, ids.n, f->a, &got, &err));
    assert_int_equal(got.n_messages, 2);
    assert_int_equal(got.messages[1].role, ROLE_USER);
    assert_true(chat_parse_with(f->t, &f->h, &o, NULL, 0, f->a, &got, &err));
    assert_true(got.n_messages == 1 && str_eqz(got.messages[0].channel, "analysis"));
    assert_int_equal(got.end.defects.count[CHAT_CUT_IN_CONTENT], 1);
}

/* Random tokens, specials among them: data or a sentence, never a crash, always valid UTF-8. */
static void random_tokens(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    uint64_t seed = 1;
    for (int round = 0; round < 3000; round++, arena_reset(f->a)) {
        uint32_t ids[40];
        size_t n = (size_t)(round % 40);
        ChatParsed got;
        Err err = ERR_INIT;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t r = (uint32_t)(seed >> 33);
            const uint32_t special[] = {f->h.start, f->h.end, f->h.message, f->h.channel, f->h.constrain, f->h.call};
            ids[i] = r & 1 ? special[(r >> 1) % 6] : (r >> 1) % 700; /* beyond 639: ids without text */
        }
        chat_parse(f->t, &f->h, ids, n, round & 1, true, f->a, &got, &err);
        assert_true(chat_parse(f->t, &f->h, ids, n, round & 1, false, f->a, &got, &err));
        for (size_t i = 0; i < got.n_messages; i++) assert_true(utf8_valid(got.messages[i].content));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_by_text),
        cmocka_unit_test(vectors_by_ids),
        cmocka_unit_test(more_vectors),
        cmocka_unit_test_setup_teardown(lenient_cases, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(strict_refuses, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(bad_bytes, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(recipients, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(counts_beyond, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(what_is_a_call, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(unknown_roles_are_data, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(recipient_for_role, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(counts_analysis_tokens, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(prefilled_goes_on, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(random_tokens, open_fixture, close_fixture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
