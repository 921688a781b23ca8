/* From a SPEC to a vocabulary: which file is taken, and that no spelling in a message becomes a control token. */
#include <unistd.h>

#include "engine/vocab_internal.h"
#include "tests/unit/token_support.h"

/* ---- a folder to put files into ---- */

static char root[] = "/tmp/assay-vocab-XXXXXX";
static int make_root(void **state) {
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}
static int drop_root(void **state) {
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static const char *at(const char *name) {
    static char ring[8][1024];
    static int k;
    char *p = ring[k++ & 7];
    snprintf(p, sizeof ring[0], "%s/%s", root, name);
    return p;
}

static void copy(const char *from, const char *to) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, (size_t)64 << 20);
    if (!file_read(from, &b, &err) || !file_write_atomic(at(to), buf_str(&b), &err)) fail_msg("%s", err.msg);
    buf_release(&b);
}
static void write_text(const char *to, const char *text) {
    Err err = ERR_INIT;
    if (!file_write_atomic(at(to), str_from(text), &err)) fail_msg("%s", err.msg);
}
static void folder(const char *name) {
    Err err = ERR_INIT;
    if (!file_mkdirs(at(name), &err)) fail_msg("%s", err.msg);
}

static void opens(const char *spec, size_t size, const char *file_end) {
    Vocab *v;
    Err err = ERR_INIT;
    if (!vocab_open(spec, &v, &err)) fail_msg("%s: %s", spec, err.msg);
    assert_int_equal(vocab_size(v), size);
    if (!str_ends(str_from(v->file), str_from(file_end))) fail_msg("%s took %s", spec, v->file);
    vocab_close(v);
}

static void refuses(const char *spec, const char *says) {
    Vocab *v;
    Err err = ERR_INIT;
    if (vocab_open(spec, &v, &err)) fail_msg("%s was accepted", spec);
    assert_null(v);
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, says)) fail_msg("'%s' does not say '%s'", err.msg, says);
}

/* dir/x.tiktoken with the ranks of tiny-a */
static void write_tiktoken(const char *json, const char *to) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Tokenizer *t = open_tokenizer(json);
    Buf b;
    buf_init(&b, 1 << 20);
    for (uint32_t id = 0; !tokenizer_is_special(t, id); id++) {
        Str s = tokenizer_bytes(t, id);
        for (size_t i = 0; i < s.n; i += 3) {
            uint32_t v = 0;
            for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
            for (size_t k = 0; k < 4; k++) buf_addc(&b, i + k <= s.n ? digits[v >> (18 - 6 * k) & 63] : '=');
        }
        buf_addf(&b, " %u\n", id);
    }
    write_text(to, b.p);
    buf_release(&b);
    tokenizer_close(t);
}

static char with_ring[8][2100];
static const char *with(const char *path, const char *more) {
    static int k;
    char *p = with_ring[k++ & 7];
    snprintf(p, sizeof with_ring[0], "%s+tokenizer=%s", path, more);
    return p;
}

static void which_file(void **state) {
    (void)state;
    NEED_SHARED(json, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(gguf, "golden/tiny-a/tiny-a-q8_0-mxfp4.gguf");
    NEED_SHARED(original, "golden/tiny-a/original");
    /* Hugging Face, a GGUF file, OpenAI's folder */
    folder("hf"), folder("gguf"), folder("repo/original"), folder("ranks");
    copy(json, "hf/tokenizer.json");
    opens(at("hf"), 640, "hf/tokenizer.json");
    copy(gguf, "gguf/m.gguf");
    opens(at("gguf/m.gguf"), 640, "m.gguf");
    opens(at("gguf"), 640, "m.gguf");
    write_text("repo/original/config.json", "{\"vocab_size\": 650}");
    refuses(at("repo/original"), "+tokenizer=");
    copy(json, "repo/tokenizer.json");
    opens(at("repo/original"), 650, "repo/tokenizer.json");
    opens(at("repo/original/"), 650, "repo/tokenizer.json");
    /* ranks, confirmed by config.json */
    write_tiktoken(json, "ranks/tiny.tiktoken");
    refuses(at("ranks"), "config.json");
    write_text("ranks/config.json", "{\"vocab_size\": 640}");
    opens(at("ranks"), 640, "tiny.tiktoken");
    write_text("ranks/config.json", "{\"vocab_size\": 700, \"eos_token_id\": 623}");
    opens(at("ranks"), 700, "tiny.tiktoken");
    /* +tokenizer= as a folder and as files; +lora= is not our affair */
    opens(with(at("ranks"), at("hf")), 700, "hf/tokenizer.json");
    opens(with(at("ranks"), at("hf/tokenizer.json")), 700, "hf/tokenizer.json");
    opens(with(at("ranks"), at("gguf/m.gguf")), 700, "m.gguf");
    opens(with(original, at("ranks/tiny.tiktoken")), 640, "tiny.tiktoken");
    opens(with(at("gguf/m.gguf"), at("hf")), 640, "hf/tokenizer.json");
    char lora[1200];
    snprintf(lora, sizeof lora, "%s+lora=/nowhere", at("hf"));
    opens(lora, 640, "hf/tokenizer.json");
}

static void split_files(void **state) {
    (void)state;
    NEED_SHARED(gguf, "golden/tiny-a/tiny-a-q8_0-mxfp4.gguf");
    folder("split");
    write_text("split/m-00002-of-00003.gguf", "not read");
    refuses(at("split/m-00002-of-00003.gguf"), "m-00001-of-00003.gguf");
    refuses(at("split"), "m-00001-of-00003.gguf");
    copy(gguf, "split/m-00001-of-00003.gguf");
    write_text("split/m-00003-of-00003.gguf", "not read");
    opens(at("split/m-00001-of-00003.gguf"), 640, "m-00001-of-00003.gguf");
    opens(at("split/m-00003-of-00003.gguf"), 640, "m-00001-of-00003.gguf");
    opens(at("split"), 640, "m-00001-of-00003.gguf");
    write_text("split/other.gguf", "");
    refuses(at("split"), "several *.gguf");
}

static void what_is_wrong(void **state) {
    (void)state;
    folder("empty"), folder("two"), folder("small");
    refuses(at("none"), "there is no model");
    refuses(at("empty"), "+tokenizer=");
    refuses(with(at("empty"), at("none")), "no tokenizer at");
    write_text("two/a.tiktoken", "");
    write_text("two/b.tiktoken", "");
    refuses(at("two"), "several *.tiktoken");
    write_text("empty/x.gguf", "GGUF");
    refuses(at("empty"), "x.gguf");
    write_text("empty/y.txt", "{}");
    refuses(at("empty/y.txt"), "y.txt");
    NEED_SHARED(json, "golden/tiny-a/hf/tokenizer.json");
    copy(json, "small/tokenizer.json");
    write_text("small/config.json", "{\"vocab_size\": 600}");
    refuses(at("small"), "600");
    write_text("small/config.json", "{\"vocab_size\": \"x\"}");
    refuses(at("small"), "config.json");
}

static void no_memory(void **state) {
    (void)state;
    NEED_SHARED(json, "golden/tiny-a/hf/tokenizer.json");
    folder("memory/original");
    write_tiktoken(json, "memory/t.tiktoken");
    write_text("memory/original/config.json", "{\"vocab_size\": 640}");
    Vocab *v = NULL;
    bool ok = false;
    for (uint64_t n = 1; n < 200 && !ok; n++) {
        Err err = ERR_INIT;
        mem_fail_at(n);
        ok = vocab_open(at("memory/original"), &v, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
    }
    assert_true(ok);
    vocab_close(v);
}

/* ---- the engine takes the same file ---- */

/* The digest of a model, and how many ids of "ab" its own vocabulary gives (0: it has none). */
static void inspect(const char *spec, char digest[65], size_t *n_ids) {
    EngineOptions o = {.spec = spec, .threads = 1, .inspect = true};
    Engine *e;
    Err err = ERR_INIT;
    Ids ids = {NULL, 0};
    Arena *a = arena_open(0);
    if (!engine_open(&o, &e, &err)) fail_msg("%s: %s", spec, err.msg);
    snprintf(digest, 65, "%s", engine_info(e)->digest);
    assert_int_equal(strlen(digest), 64);
    if (engine_vocab(e)) assert_true(vocab_encode(engine_vocab(e), STR("ab"), false, a, &ids, &err));
    *n_ids = ids.n;
    engine_close(e);
    arena_close(a);
}

/* Another tokenizer is another model: it must be found where vocab_open finds it, and be in the digest. */
static void engine_agrees(void **state) {
    (void)state;
    NEED_SHARED(json, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(config, "golden/tiny-a/original/config.json");
    NEED_SHARED(weights, "golden/tiny-a/original/model.safetensors");
    char alone[65], ranks[65], again[65], parent[65];
    size_t n;
    folder("engine/original");
    copy(config, "engine/original/config.json");
    copy(weights, "engine/original/model.safetensors");
    inspect(at("engine/original"), alone, &n);
    assert_int_equal(n, 0);
    copy(json, "engine/tokenizer.json");
    inspect(at("engine/original"), parent, &n);
    assert_int_equal(n, 1);
    write_tiktoken(json, "engine/original/t.tiktoken");
    inspect(at("engine/original"), ranks, &n);
    assert_int_equal(n, 1);
    inspect(at("engine/original"), again, &n);
    assert_string_equal(ranks, again);
    assert_string_not_equal(alone, parent);
    assert_string_not_equal(parent, ranks);
    assert_string_not_equal(alone, ranks);
}

/* ---- spellings in every field ---- */

/* '@' is where the text goes. */
static const char conversation[] =
    "{\"mode\":\"conversation\",\"auto_drop_analysis\":false,\"messages\":["
    "{\"role\":\"system\",\"content\":[{\"type\":\"system_content\",\"model_identity\":\"@\",\"knowledge_cutoff\":\"@"
    "\","
    "\"conversation_start_date\":\"@\",\"channel_config\":{\"valid_channels\":[\"@\"],\"channel_required\":true},"
    "\"tools\":{\"python\":{\"name\":\"@\",\"description\":\"@\",\"tools\":[]}}}]},"
    "{\"role\":\"developer\",\"content\":[{\"type\":\"developer_content\",\"instructions\":\"@\",\"tools\":{"
    "\"functions\":{"
    "\"name\":\"functions\",\"description\":\"@\",\"tools\":[{\"name\":\"@\",\"description\":\"@\",\"parameters\":{"
    "\"type\":\"object\",\"properties\":{\"@\":{\"type\":\"string\",\"title\":\"@\",\"description\":\"@\",\"default\":"
    "\"@\","
    "\"examples\":[\"@\"],\"enum\":[\"@\"]}}}}]}}}]},"
    "{\"role\":\"user\",\"name\":\"@\",\"content\":\"@\"},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"<\"},{\"type\":\"text\",\"text\":\"@\"}]},"
    "{\"role\":\"assistant\",\"channel\":\"@\",\"recipient\":\"functions.@\",\"content_type\":\"x@\",\"content\":\"@\"}"
    ","
    "{\"role\":\"tool\",\"name\":\"functions.@\",\"recipient\":\"@\",\"channel\":\"@\",\"content\":\"@\"},"
    "{\"role\":\"assistant\",\"channel\":\"final\",\"content\":\"@\"}]}";

/* The special ids of the rendered conversation, in order; *text is what it says. */
static Ids specials_of(const Vocab *v, Str filling, Arena *a, Str *text) {
    Buf json, out;
    Ids ids, found;
    Err err = ERR_INIT;
    RenderOptions o = {.effort = EFFORT_MEDIUM};
    buf_init(&json, 1 << 20);
    buf_init(&out, 1 << 20);
    for (const char *p = conversation; *p; p++) {
        if (*p == '@')
            buf_addstr(&json, filling);
        else
            buf_addc(&json, *p);
    }
    if (!vocab_render(v, buf_str(&json), &o, a, &out, &ids, &err))
        fail_msg("'" STR_FMT "': %s", STR_ARG(filling), err.msg);
    found = (Ids){arena_array(a, ids.n, sizeof(uint32_t)), 0};
    for (size_t i = 0; i < ids.n; i++)
        if (tokenizer_is_special(vocab_tokenizer(v), ids.p[i])) found.p[found.n++] = ids.p[i];
    *text = str_dup(a, buf_str(&out));
    buf_release(&json);
    buf_release(&out);
    return found;
}

static void check_spellings(const char *spec) {
    Vocab *v;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    Str text;
    size_t fields = 0, n_specials = 0;
    if (!vocab_open(spec, &v, &err)) fail_msg("%s: %s", spec, err.msg);
    const Tokenizer *t = vocab_tokenizer(v);
    for (const char *p = conversation; *p; p++) fields += *p == '@';
    Ids want = specials_of(v, STR("plain"), a, &text);
    assert_true(want.n >= 7 * 3);
    for (uint32_t id = 0; id < tokenizer_size(t); id++) {
        if (!tokenizer_is_special(t, id)) continue;
        Str spelling = tokenizer_bytes(t, id);
        assert_true(ids_eq(specials_of(v, spelling, a, &text), want));
        size_t seen = 0;
        for (size_t i = 0; (i = str_find(text, spelling, i)) != SIZE_MAX; i++) seen++;
        assert_true(seen >= fields); /* it stands there as text */
        /* cut in two between content parts: "<" ends one, the rest is the next */
        assert_true(ids_eq(specials_of(v, str_sub(spelling, 1, spelling.n), a, &text), want));
        assert_true(ids_eq(specials_of(v, str_sub(spelling, 0, spelling.n - 1), a, &text), want));
        n_specials++;
    }
    assert_true(n_specials >= 21);
    vocab_close(v);
    arena_close(a);
}

static void spellings_stay_text(void **state) {
    (void)state;
    NEED_SHARED(json, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(hf, "golden/tiny-a/hf");
    NEED_SHARED(gguf, "golden/tiny-a/tiny-a-q8_0-mxfp4.gguf");
    folder("spell");
    write_tiktoken(json, "spell/t.tiktoken");
    write_text("spell/config.json", "{\"vocab_size\": 640}");
    check_spellings(hf);
    check_spellings(gguf);
    check_spellings(at("spell"));
}

/* Ids without text add nothing and crash nothing; ids beyond the vocabulary are refused. */
static void fillers(void **state) {
    (void)state;
    NEED_SHARED(hf, "golden/tiny-b/hf");
    NEED_SHARED(gguf, "golden/tiny-b/tiny-b-q8_0-mxfp4.gguf");
    const char *specs[] = {hf, gguf};
    for (int i = 0; i < 2; i++) {
        static const uint32_t some[] = {'A' - '!', 997, 998, 999, 'B' - '!'}, beyond[] = {1000};
        Vocab *v;
        Buf out;
        Err err = ERR_INIT;
        Arena *a = arena_open(0);
        if (!vocab_open(specs[i], &v, &err)) fail_msg("%s", err.msg);
        buf_init(&out, 1 << 20);
        assert_int_equal(vocab_size(v), 1000);
        assert_true(vocab_decode(v, some, 5, &out, &err));
        assert_string_equal(out.p, "AB");
        assert_false(vocab_decode(v, beyond, 1, &out, &err));
        assert_non_null(strstr(err.msg, "1000"));
        assert_true(vocab_parse(v, STR("{\"ids\":[997,998,999]}"), false, a, &out, &err));
        buf_release(&out);
        vocab_close(v);
        arena_close(a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(which_file),    cmocka_unit_test(split_files),
                                       cmocka_unit_test(what_is_wrong), cmocka_unit_test(no_memory),
                                       cmocka_unit_test(engine_agrees), cmocka_unit_test(spellings_stay_text),
                                       cmocka_unit_test(fillers)};
    return cmocka_run_group_tests(tests, make_root, drop_root);
}
