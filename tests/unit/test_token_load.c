/* tokenizer.json from a stranger: what is wrong is named, and nothing crashes. */
#include "tests/unit/token_support.h"

/* ---- a small valid file: 256 bytes, "ab", "abc" and two specials ---- */

#define PATTERN                                                                                                        \
    "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{"  \
    "M}]+"                                                                                                             \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+"      \
    "[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+"    \
    "[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

static void add_vocab(Buf *b) {
    uint32_t extra = 0x100;
    for (int byte = 0; byte < 256; byte++) {
        char utf8[4];
        size_t n = spell_byte(byte, &extra, utf8);
        buf_adds(b, "\"");
        if (byte == '"' || byte == '\\') buf_addc(b, '\\');
        buf_add(b, utf8, n);
        buf_addf(b, "\":%d,", byte);
    }
    buf_adds(b, "\"ab\":256,\"abc\":257");
}

static Buf valid_file(void) {
    Buf b;
    buf_init(&b, 1 << 20);
    buf_adds(
        &b, "{\"added_tokens\":[{\"id\":258,\"content\":\"<|start|>\",\"single_word\":false,\"lstrip\":false,"
            "\"rstrip\":false,\"normalized\":false,\"special\":true},{\"id\":260,\"content\":\"<|start|>er\","
            "\"special\":true}],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":["
            "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" PATTERN "\"},\"behavior\":\"Isolated\",\"invert\":false},"
            "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]},\"decoder\":{\"type\":"
            "\"ByteLevel\"},"
            "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"byte_fallback\":false,\"ignore_merges\":false,\"vocab\":{");
    add_vocab(&b);
    buf_adds(&b, "},\"merges\":[[\"a\",\"b\"],\"ab c\"]}}");
    assert_false(b.failed);
    return b;
}

static bool load_text(Str text, Tokenizer **t, Err *err) {
    return open_bytes(".json", text, NULL, t, err);
}

static void valid(void **state) {
    (void)state;
    Buf b = valid_file();
    Tokenizer *t;
    Err err;
    Arena *a = arena_open(0);
    if (!load_text(buf_str(&b), &t, &err)) fail_msg("%s", err.msg);
    assert_int_equal(tokenizer_size(t), 261);
    check_abc(t, a);
    /* id 259 has no text; the longer special wins */
    assert_null(tokenizer_bytes(t, 259).p);
    assert_null(tokenizer_bytes(t, UINT32_MAX).p);
    Ids ids = encode(t, STR("x<|start|>er<|start|>"), true, a);
    assert_int_equal(ids.n, 3);
    assert_int_equal(ids.p[1], 260);
    assert_int_equal(ids.p[2], 258);
    assert_int_equal(tokenizer_special(t, STR("<|start|>")), 258);
    assert_int_equal(tokenizer_special(t, STR("<|end|>")), UINT32_MAX);
    tokenizer_close(t);
    arena_close(a);
    buf_release(&b);
}

static void every_prefix(void **state) {
    (void)state;
    Buf b = valid_file();
    Tokenizer *t;
    Err err;
    for (size_t n = 0; n < b.n; n++) {
        assert_false(load_text(str_sub(buf_str(&b), 0, n), &t, &err));
        assert_null(t);
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(strlen(err.msg) > 20);
    }
    buf_release(&b);
}

/* ---- one thing wrong ---- */

static const struct {
    const char *find, *put, *says;
} wrongs[] = {
    {"\"BPE\"", "\"Unigram\"", "'Unigram'"},
    {"\"model\":", "\"modell\":", "'model'"},
    {"\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}", "'NFC'"},
    {"{\"type\":\"ByteLevel\"}", "{\"type\":\"WordPiece\"}", "'WordPiece'"},
    {"\"Split\"", "\"Whitespace\"", "'Whitespace'"},
    {"{1,3}", "{1,2}", "pattern"},
    {"Isolated", "Removed", "Isolated"},
    {"\"use_regex\":false", "\"use_regex\":true", "use_regex"},
    {"\"Sequence\"", "\"BertPreTokenizer\"", "'BertPreTokenizer'"},
    {"\"dropout\":null", "\"dropout\":0.1", "dropout"},
    {"\"byte_fallback\":false", "\"byte_fallback\":true", "byte_fallback"},
    {"\"special\":true", "\"special\":false", "not special"},
    {"\"lstrip\":false", "\"lstrip\":true", "lstrip"},
    {"\"single_word\":false", "\"single_word\":true", "single_word"},
    {"<|start|>er", "<|start|>", "are both '<|start|>'"},
    {"\"normalizer\":null", "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"}]}",
     "normalizer"},
    {"\"normalizer\":null",
     "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\"}},"
     "{\"Sequence\":{\"id\":\"A\"}}]}",
     "post_processor"},
    {"\"normalizer\":null", "\"post_processor\":{\"type\":\"Sequence\",\"processors\":[{\"type\":\"BertProcessing\"}]}",
     "post_processor"},
    {"\"abc\":257", "\"a\\uD800\":257", "byte-level"},
    {"\"abc\":257", "\"a\\u0000\":257", "byte-level"},
    {"\"abc\":257", "\"abc\":257,\"abc\":257", "257"},
    {"\"abc\":257", "\"abc\" 257", "JSON"},
    {"\"abc\":257", "\"abc\":[[[257]]]", "'abc'"},
    {"\"merges\":[", "\"merges\":[[[[[[[[[]]]]]]]],", "entry 0"},
    {"\"merges\":[", "\"merges\":[],\"merges\":[", "'merges'"},
    {"\"added_tokens\":[", "\"added_tokens\":7,\"x\":[", "added_tokens"},
    {"\"id\":258", "\"id\":-1", "<|start|>"},
    {"\"id\":258", "\"id\":4294967295", "<|start|>"},
    {"\"id\":258", "\"id\":260", "260"},
    {"\"id\":258", "\"id\":65", "65"},
    {"\"abc\":257", "\"abc\":256", "256"},
    {"\"abc\":257", "\"abc\":1e9", "'abc'"},
    {"\"abc\":257", "\"abc\":\"x\"", "'abc'"},
    {"\"abc\":257", "\"a c\":257", "byte-level"},
    {"\"~\":126,", "", "0x7E"},
    {"[\"a\",\"b\"]", "[\"a\"]", "entry 0"},
    {"[\"a\",\"b\"]", "[\"a\",\"zz\"]", "entry 0"},
    {"[\"a\",\"b\"]", "7", "entry 0"},
    {"\"ab c\"", "\"a b\"", "further up"},
    {"\"ab c\"", "\"ab d\"", "joined"},
    {"\"ab c\"", "\"abc\"", "entry 1"},
    {"\"merges\":[", "\"mergers\":[", "merges"},
    {"\"vocab\":{", "\"vocabulary\":{", "vocab"},
};

/* The file with one text replaced. */
static Buf with(Str file, const char *find, const char *put) {
    Buf b;
    size_t at = str_find(file, str_from(find), 0);
    if (at == SIZE_MAX) fail_msg("'%s' is not in the file", find);
    buf_init(&b, 1 << 20);
    buf_addstr(&b, str_sub(file, 0, at));
    buf_adds(&b, put);
    buf_addstr(&b, str_sub(file, at + strlen(find), file.n));
    return b;
}

static void wrong_is_named(void **state) {
    (void)state;
    Buf b = valid_file();
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        Buf w = with(buf_str(&b), wrongs[i].find, wrongs[i].put);
        Tokenizer *t;
        Err err;
        if (load_text(buf_str(&w), &t, &err)) fail_msg("%s -> %s was accepted", wrongs[i].find, wrongs[i].put);
        if (!strstr(err.msg, wrongs[i].says))
            fail_msg("%s -> %s: '%s' does not say '%s'", wrongs[i].find, wrongs[i].put, err.msg, wrongs[i].says);
        assert_int_equal(err.code, ERR_INPUT);
        buf_release(&w);
    }
    buf_release(&b);
}

/* ---- what other tools write, and means the same ---- */

static const struct {
    const char *find, *put;
} same[] = {
    {"\"normalizer\":null", "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[]}"},
    {"\"normalizer\":null,", ""},
    {"\"normalizer\":null", "\"truncation\":{\"max_length\":4},\"padding\":{\"pad_id\":3}"},
    {"\"normalizer\":null", "\"post_processor\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"use_regex\":true}"},
    {"\"normalizer\":null",
     "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]}"},
    {"\"normalizer\":null", "\"post_processor\":{\"type\":\"Sequence\",\"processors\":[{\"type\":\"ByteLevel\"}]}"},
    {"\"normalized\":false", "\"normalized\":true"},
    {"\"ignore_merges\":false", "\"ignore_merges\":true"},
    {"\"dropout\":null", "\"dropout\":0.0,\"unk_token\":null,\"fuse_unk\":false"},
    {"\"dropout\":null", "\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":null"},
    {"\"added_tokens\":[", "\"added_tokens\" : [ {\"id\":259,\"content\":\"[PAD]\",\"special\":true} , "},
    {"\"abc\":257", "\"abc\":257,\"<|start|>\":258"}, /* listed in the vocabulary too */
    {"\"abc\":257", "\n   \"\\u0061b\\u0063\"  :\t257 \r\n"},
    {"[\"a\",\"b\"]", "\"a b\""},
    {"\"ab c\"", "[ \"ab\" ,\n \"\\u0063\" ]"},
    {"\"model\":", "\"mod\\u0065l\":"},
};

static void check_same_ids(Str file, const char *what) {
    Tokenizer *t;
    Err err;
    Arena *a = arena_open(0);
    if (!load_text(file, &t, &err)) fail_msg("%s: %s", what, err.msg);
    check_abc(t, a);
    assert_int_equal(tokenizer_special(t, STR("<|start|>")), 258);
    tokenizer_close(t);
    arena_close(a);
}

static void same_is_accepted(void **state) {
    (void)state;
    Buf b = valid_file();
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        Buf w = with(buf_str(&b), same[i].find, same[i].put);
        check_same_ids(buf_str(&w), same[i].put);
        buf_release(&w);
    }
    /* the model first, its merges before its vocabulary */
    Str s = buf_str(&b);
    size_t model = str_find(s, STR(",\"model\":"), 0), vocab = str_find(s, STR("\"vocab\""), 0),
           merges = str_find(s, STR(",\"merges\""), 0);
    Buf w;
    buf_init(&w, 1 << 20);
    buf_addc(&w, '{');
    buf_addstr(&w, str_sub(s, model + 1, vocab));
    buf_addstr(&w, str_sub(s, merges + 1, s.n - 2));
    buf_addc(&w, ',');
    buf_addstr(&w, str_sub(s, vocab, merges));
    buf_adds(&w, "},");
    buf_addstr(&w, str_sub(s, 1, model));
    buf_addc(&w, '}');
    check_same_ids(buf_str(&w), "another order");
    buf_release(&w);
    buf_release(&b);
}

static void random_damage(void **state) {
    (void)state;
    Buf b = valid_file();
    uint64_t seed = 7;
    for (int i = 0; i < 2000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(seed >> 24) % b.n;
        char old = b.p[at];
        Tokenizer *t;
        Err err;
        b.p[at] = (char)(seed >> 56);
        if (load_text(buf_str(&b), &t, &err)) tokenizer_close(t);
        b.p[at] = old;
    }
    buf_release(&b);
}

static void nesting_bomb(void **state) {
    (void)state;
    Buf b;
    Tokenizer *t;
    Err err;
    buf_init(&b, 1 << 24);
    for (int i = 0; i < 1000000; i++) buf_addc(&b, '[');
    assert_false(load_text(buf_str(&b), &t, &err));
    buf_release(&b);
}

static void no_such_file(void **state) {
    (void)state;
    Tokenizer *t;
    Err err = ERR_INIT;
    assert_false(tokenizer_open("/nowhere/tokenizer.json", NULL, &t, &err));
    assert_non_null(strstr(err.msg, "/nowhere/tokenizer.json"));
    assert_null(t);
}

/* The n-th allocation fails, for n = 1, 2, 3 ... until none is left to fail. */
static void no_memory(void **state) {
    (void)state;
    Buf b = valid_file();
    Tokenizer *t = NULL;
    bool ok = false;
    for (uint64_t n = 1; n < 5000 && !ok; n += n < 40 ? 1 : 13) {
        Err err;
        mem_fail_at(n);
        ok = load_text(buf_str(&b), &t, &err);
        mem_fail_at(0);
        if (!ok) assert_true(err.code == ERR_MEMORY || err.code == ERR_INPUT);
    }
    assert_true(ok);
    tokenizer_close(t);
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),         cmocka_unit_test(every_prefix),     cmocka_unit_test(wrong_is_named),
        cmocka_unit_test(random_damage), cmocka_unit_test(same_is_accepted), cmocka_unit_test(nesting_bomb),
        cmocka_unit_test(no_such_file),  cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
