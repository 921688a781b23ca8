/* Word n-grams of items in tuning data: what counts as a word, as a gram, as an item's own; hostile files. */
#include "harness/audit/audit_overlap.h"
#include "tests/unit/harness_support.h"

#define W12 "one two three four five six seven eight nine ten eleven twelve"
#define W13 W12 " thirteen"

typedef struct Look {
    TestDir d;
    Overlap *o;
    int64_t lines;
} Look;

static void look_open(Look *l) {
    dir_open(&l->d);
    l->o = overlap_open(l->d.a);
    assert_non_null(l->o);
}

static void item(Look *l, const char *suite, const char *id, const char *text) {
    assert_true(overlap_add(l->o, str_from(suite), str_from(id), str_from(text)));
}

static bool scan(Look *l, const char *data, Err *err) {
    return overlap_scan(l->o, dir_put(&l->d, "t.jsonl", data), &l->lines, err);
}

static void look_close(Look *l) {
    overlap_close(l->o);
    dir_close(&l->d);
}

/* One item against one text: found, not found, cannot be told. */
static void test_pairs(void **state) {
    (void)state;
    static const struct {
        const char *item, *data;
        char want; /* 'f'ound, 'n'ot, cannot be 't'old */
    } v[] = {
        {W13, "before " W13 " after", 'f'},
        {"x " W13 " y", W13, 'f'}, /* any 13 in a row */
        {W13, W12, 'n'},
        {W13, W12 " fourteen", 'n'},
        {"One, TWO (three) four: five six; seven eight nine ten eleven-twelve thirteen!", W13, 'f'},
        {W13, "one two three. Four five? six 'seven' eight  nine\\tten\\neleven twelve thirteen", 'f'},
        {"zero " W12, "one " W12 " zero", 'n'},
        {"a b c d e", "z a b c d e z", 'f'}, /* shorter: all its words together */
        {"a b c d e", "a b c d f", 'n'},
        {"a b c d", "a b c d", 't'},
        {"", "a", 't'},
        {"...", "...", 't'},
        {"a b c d e", "e d c b a", 'n'},
        {"매듭을 어떻게 묶나요 정말 궁금해요 알려", "그럼 매듭을, 어떻게 묶나요? 정말 궁금해요! 알려 주세요", 'f'},
        {"a1 b2 c3 d4 e5", "a1b2c3d4e5", 'n'},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        Look l;
        Err err = ERR_INIT;
        size_t n;
        look_open(&l);
        item(&l, "s", "i", v[i].item);
        if (!scan(&l, str_printf(l.d.a, "{\"text\": \"%s\"}", v[i].data).p, &err)) fail_msg("%s", err.msg);
        const OverlapItem *it = overlap_items(l.o, &n);
        char got = !it->told ? 't' : it->found ? 'f' : 'n';
        if (got != v[i].want) fail_msg("%zu: %c, not %c", i, got, v[i].want);
        assert_int_equal(l.lines, 1);
        look_close(&l);
    }
}

/* Texts are not joined: a gram lies in one of them, wherever it stands. */
static void test_places(void **state) {
    (void)state;
    Look l;
    Err err = ERR_INIT;
    size_t n;
    look_open(&l);
    item(&l, "s", "nested", "a b c d e"), item(&l, "s", "split", "f g h i j"), item(&l, "s", "bare", "k l m n o");
    assert_true(
        scan(&l,
             "\xef\xbb\xbf{\"x\": [{\"y\": {\"z\": \"a b c d e\"}}, \"f g h\", \"i j\"], \"f g h i j\": 1}\r\n\n"
             "\"k l m n o\"\n[]",
             &err));
    const OverlapItem *it = overlap_items(l.o, &n);
    assert_int_equal(n, 3);
    assert_true(it[0].found && !it[1].found && it[2].found);
    assert_int_equal(l.lines, 4);
    look_close(&l);
}

/* What more than 10 items of one suite share is its prompt's wording; 10 may be a quotation. */
static void test_shared(void **state) {
    (void)state;
    for (size_t n_items = 10; n_items <= 11; n_items++) {
        Look l;
        Err err = ERR_INIT;
        size_t n, found = 0, told = 0;
        look_open(&l);
        for (size_t i = 0; i < n_items; i++) {
            Str text = i < 2 ? str_printf(l.d.a, W13 " item %zu", i) : STR(W13);
            item(&l, "s", str_printf(l.d.a, "i%zu", i).p, text.p);
        }
        item(&l, "other", "o", W13); /* of another suite: its own */
        assert_true(scan(&l, "{\"text\": \"" W13 "\"}", &err));
        const OverlapItem *it = overlap_items(l.o, &n);
        for (size_t i = 0; i < n_items; i++) found += it[i].found, told += it[i].told;
        assert_int_equal(found, n_items == 10 ? 10 : 0);
        assert_int_equal(told, n_items == 10 ? 10 : 2); /* those with words of their own behind it */
        assert_true(it[n_items].told && it[n_items].found);
        look_close(&l);
    }
}

static void test_repeated_words(void **state) {
    (void)state;
    Look l;
    Err err = ERR_INIT;
    size_t n;
    look_open(&l);
    item(&l, "s", "loop", "a a a a a a a a a a a a a a a a a a a a"); /* one gram, eight times: of one item */
    assert_true(scan(&l, "\"a a a a a a a a a a a a a\"", &err));
    assert_true(overlap_items(l.o, &n)->found);
    look_close(&l);
}

static void test_hostile(void **state) {
    (void)state;
    static const struct {
        const char *data, *says;
    } v[] = {{"{\"a\": 1}\n{\"a\": ", "line 2"}, {"hello", "line 1"}, {"{} {}", "line 1"}, {"\"\xff\"\n\"", "line"}};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        Look l;
        Err err = ERR_INIT;
        look_open(&l);
        item(&l, "s", "i", W13);
        if (scan(&l, v[i].data, &err)) fail_msg("%zu was read", i);
        assert_int_equal(err.code, ERR_INPUT);
        if (!strstr(err.msg, v[i].says) || !strstr(err.msg, "t.jsonl")) fail_msg("%s", err.msg);
        look_close(&l);
    }
    Look l; /* an empty file, no items, a deep document */
    Err err = ERR_INIT;
    Buf deep;
    look_open(&l);
    assert_true(scan(&l, "", &err));
    assert_int_equal(l.lines, 0);
    look_close(&l);
    look_open(&l);
    buf_init(&deep, 1 << 22);
    for (int i = 0; i < 1000000; i++) buf_addc(&deep, '[');
    buf_addc(&deep, 0);
    assert_false(scan(&l, deep.p, &err));
    assert_non_null(strstr(err.msg, "line 1"));
    buf_release(&deep);
    look_close(&l);
}

static void test_no_memory(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        Look l;
        Err err = ERR_INIT;
        look_open(&l);
        const char *path = dir_put(&l.d, "t.jsonl", "{\"text\": \"" W13 "\"}");
        mem_fail_at(n);
        bool ok = overlap_add(l.o, STR("s"), STR("i"), STR(W13)) || err_nomem(&err);
        ok = ok && overlap_scan(l.o, path, &l.lines, &err);
        bool reached = mem_fail_at(0) >= n;
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        look_close(&l);
        if (!reached) {
            assert_true(ok);
            break;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs),   cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_shared),  cmocka_unit_test(test_repeated_words),
                                       cmocka_unit_test(test_hostile), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
