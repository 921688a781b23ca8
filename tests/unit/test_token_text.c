/* Properties of encoding that hold for every text, and hostile text in linear time. */
#include <pthread.h>
#include <time.h>

#include "engine/token/token_internal.h"
#include "tests/unit/token_support.h"

static uint64_t seed = 42;
static uint32_t draw(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static int open_tiny(void **state) {
    const char *path = any_tokenizer();
    *state = path ? open_tokenizer(path) : NULL;
    return 0;
}

static int close_tiny(void **state) {
    tokenizer_close(*state);
    return 0;
}

static const char *const bits[] = {"a",
                                   "B",
                                   "\xC2\xAA",
                                   "\xCA\xB0",
                                   "\xC7\x85",
                                   "\xE4\xB8\xAD",
                                   "\xCC\x81",
                                   "1",
                                   "\xC2\xBD",
                                   " ",
                                   "\t",
                                   "\n",
                                   "\r",
                                   "\xC2\xA0",
                                   "\xE3\x80\x80",
                                   "'s",
                                   "'LL",
                                   "'\xC5\xBF",
                                   "!",
                                   "/",
                                   "\xF0\x9F\x98\x80",
                                   "\xE2\x80\x8D",
                                   "The",
                                   " the",
                                   "<|end|>",
                                   "<|start|>",
                                   "<|",
                                   "|>"};

/* Half from pieces that the pattern treats differently, half any code point. */
static Str random_text(Arena *a, size_t parts) {
    Buf b;
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < parts; i++) {
        char utf8[4];
        if (draw(2))
            buf_adds(&b, bits[draw(sizeof bits / sizeof *bits)]);
        else
            buf_add(&b, utf8, utf8_put(draw(0x110000), utf8));
    }
    Str s = str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

static void round_trip(void **state) {
    const Tokenizer *t = *state;
    Arena *a = arena_open(0);
    if (!t) skip();
    for (int i = 0; i < 4000; i++, arena_reset(a)) {
        Str s = random_text(a, draw(30));
        for (int special = 0; special < 2; special++) {
            Str back = decode(t, encode(t, s, special, a), a);
            if (!str_eq(back, s))
                fail_msg("round %d: '" STR_FMT "' came back as '" STR_FMT "'", i, STR_ARG(s), STR_ARG(back));
        }
    }
    arena_close(a);
}

static void spellings_stay_text(void **state) {
    const Tokenizer *t = *state;
    Arena *a = arena_open(0);
    if (!t) skip();
    for (uint32_t id = 0; id < tokenizer_size(t); id++) {
        if (!tokenizer_is_special(t, id)) continue;
        Str spelling = tokenizer_bytes(t, id);
        Ids ids = encode(t, spelling, false, a);
        for (size_t i = 0; i < ids.n; i++) assert_false(tokenizer_is_special(t, ids.p[i]));
        ids = encode(t, spelling, true, a);
        assert_int_equal(ids.n, 1);
        assert_int_equal(ids.p[0], id);
    }
    for (int i = 0; i < 2000; i++, arena_reset(a)) {
        Ids ids = encode(t, random_text(a, 20), false, a);
        for (size_t k = 0; k < ids.n; k++) assert_false(tokenizer_is_special(t, ids.p[k]));
    }
    arena_close(a);
}

/* Invalid UTF-8 is replaced first: the ids are those of the replaced text. */
static void invalid_utf8(void **state) {
    const Tokenizer *t = *state;
    Arena *a = arena_open(0);
    if (!t) skip();
    for (int i = 0; i < 4000; i++, arena_reset(a)) {
        char raw[24];
        Buf clean;
        size_t n = draw(sizeof raw);
        for (size_t k = 0; k < n; k++) raw[k] = (char)(draw(3) ? 0x80 + draw(128) : draw(128));
        buf_init(&clean, 1 << 20);
        buf_add_utf8_lossy(&clean, (Str){raw, n});
        Ids got = encode(t, (Str){raw, n}, false, a);
        assert_true(ids_eq(got, encode(t, buf_str(&clean), false, a)));
        assert_true(str_eq(decode(t, got, a), buf_str(&clean)));
        buf_release(&clean);
    }
    arena_close(a);
}

/* The rule itself, quadratic: the heap of long pieces and the scan of short ones must agree with it. */
static size_t merge_plainly(const Tokenizer *t, Str piece, uint32_t *ids) {
    size_t n = piece.n;
    for (size_t i = 0; i < n; i++) ids[i] = t->byte_id[(unsigned char)piece.p[i]];
    for (;;) {
        size_t best = SIZE_MAX;
        const PairSlot *join = NULL;
        for (size_t i = 0; i + 1 < n; i++) {
            const PairSlot *s = pairmap_find(&t->pairs, ids[i], ids[i + 1]);
            if (s && (!join || s->rank < join->rank)) join = s, best = i;
        }
        if (!join) return n;
        ids[best] = join->id;
        memmove(ids + best + 1, ids + best + 2, (n - best - 2) * sizeof *ids);
        n--;
    }
}

static void merging_agrees(void **state) {
    const Tokenizer *t = *state;
    if (!t) skip();
    for (int i = 0; i < 1500; i++) {
        char text[400];
        uint32_t want[400], got[400];
        size_t n = 1 + draw(i % 3 ? 60 : 400);
        uint32_t letters = 1 + draw(26);
        for (size_t k = 0; k < n; k++) text[k] = i % 5 ? (char)('a' + draw(letters)) : (char)draw(256);
        size_t nw = merge_plainly(t, (Str){text, n}, want), ng = bpe_merge(t, (Str){text, n}, got);
        assert_int_equal(nw, ng);
        assert_memory_equal(want, got, nw * sizeof *want);
    }
}

/* ---- many threads ---- */

typedef struct Share {
    const Tokenizer *t;
    Str text;
    Arena *a;
    Ids ids;
} Share;

static void *encode_share(void *p) {
    Share *s = p;
    s->ids = encode(s->t, s->text, false, s->a);
    return NULL;
}

/* A tokeniser that nobody has used yet learns which tokens are whole from four threads at once. */
static void threads_agree(void **state) {
    Share s[4];
    pthread_t thread[4];
    (void)state;
    if (!any_tokenizer()) skip();
    Tokenizer *t = open_tokenizer(any_tokenizer());
    for (int i = 0; i < 4; i++) {
        s[i] = (Share){.t = t, .a = arena_open(0)};
        s[i].text = i ? s[0].text : random_text(s[0].a, 4000);
    }
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, encode_share, &s[i]), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (int i = 1; i < 4; i++) assert_true(ids_eq(s[0].ids, s[i].ids));
    assert_true(ids_eq(s[0].ids, encode(t, s[0].text, false, s[0].a)));
    for (int i = 0; i < 4; i++) arena_close(s[i].a);
    tokenizer_close(t);
}

/* ---- pieces ---- */

static void pattern_by_hand(void **state) {
    (void)state;
    /* text, pieces joined by U+0001 */
    static const char *const cases[][2] = {
        {"HTTPServer", "HTTPServer"},
        {"helloWorld", "hello\1World"},
        {"\xE4\xB8\xAD"
         "AB",
         "\xE4\xB8\xAD\1AB"}, /* the upper run gives back down to the last Lo */
        {"AB\xE4\xB8\xAD"
         "CD!",
         "AB\xE4\xB8\xAD\1CD\1!"},
        {"we'll they'RE it's", "we'll\1 they'RE\1 it's"},
        {"x'\xC5\xBF"
         "t",
         "x'\xC5\xBF\1t"}, /* 's with the long s */
        {"x'rest", "x're\1st"},
        {"1234567", "123\1"
                    "456\1"
                    "7"},
        {"\xC2\xBD\xC2\xB2"
         "34",
         "\xC2\xBD\xC2\xB2"
         "3\1"
         "4"},
        {"a  b", "a\1 \1 b"},
        {"a   ", "a\1   "},
        {"a \n  \n b", "a\1 \n  \n\1 b"},
        {" !?//\n\n/x", " !?//\n\n/\1x"},
        {"\tword", "\tword"},
        {"\r\nword", "\r\n\1word"},
        {"\xC2\x85word", "\xC2\x85word"},             /* U+0085 is white space, yet no newline */
        {"\xE2\x80\x8B word", "\xE2\x80\x8B\1 word"}, /* U+200B is none */
        {"\xCC\x81", "\xCC\x81"},
        {"!\xCC\x81", "!\xCC\x81"},
        {"\xCC\x81"
         "AB",
         "\xCC\x81\1AB"},
        {"e\xCC\x81t\xC3\xA9", "e\xCC\x81t\xC3\xA9"},
    };
    uint8_t *classes = mem_alloc(UNICODE_POINTS);
    unicode_fill(classes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str s = str_from(cases[i][0]);
        Buf b;
        buf_init(&b, 1 << 10);
        for (size_t at = 0, end; at < s.n; at = end) {
            end = pretoken_end(classes, s, at);
            assert_true(end > at);
            if (at) buf_addc(&b, 1);
            buf_addstr(&b, str_sub(s, at, end));
        }
        assert_string_equal(b.p, cases[i][1]);
        buf_release(&b);
    }
    mem_free(classes);
}

/* ---- hostile text ---- */

static double seconds(void) {
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static Str repeated(Arena *a, const char *unit, size_t bytes) {
    size_t n = strlen(unit), k = bytes / n;
    char *p = arena_alloc(a, k * n + 1);
    for (size_t i = 0; i < k; i++) memcpy(p + i * n, unit, n);
    return (Str){p, k * n};
}

/* 1 MB each. A quadratic step takes minutes; the bound leaves room for sanitizers and a busy machine. */
static void hostile_is_linear(void **state) {
    static const char *const units[] = {"a",
                                        "A",
                                        " ",
                                        "\n",
                                        " \n",
                                        "7",
                                        "\xCC\x81",
                                        "aB",
                                        ("\xC2\xAA"
                                         "AAAAAAA"),
                                        "'s",
                                        "!",
                                        "!\n/",
                                        "\xE4\xB8\xAD",
                                        "ab",
                                        "<|",
                                        "<|end|",
                                        "\xC2\xAA",
                                        " \xCC\x81",
                                        "\xFF"};
    const Tokenizer *t = *state;
    if (!t) skip();
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        Arena *a = arena_open(0);
        double begin = seconds();
        Str text = repeated(a, units[i], 1 << 20);
        Ids ids = encode(t, text, i & 1, a);
        if (seconds() - begin > 20) fail_msg("1 MB of '%s' took %.1f s", units[i], seconds() - begin);
        if (units[i][0] != '\xFF') assert_true(str_eq(decode(t, ids, a), text));
        arena_close(a);
    }
}

#define WITH_TINY(t) cmocka_unit_test_setup_teardown(t, open_tiny, close_tiny)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_TINY(round_trip),           WITH_TINY(spellings_stay_text),
                                       WITH_TINY(invalid_utf8),         WITH_TINY(merging_agrees),
                                       cmocka_unit_test(threads_agree), cmocka_unit_test(pattern_by_hand),
                                       WITH_TINY(hostile_is_linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
