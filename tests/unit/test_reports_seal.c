/* The sealing core: lengths, texts that open only where they belong, keys and their files. tests/e2e/test_sealing.sh
 * opens the same format with an implementation of its own. */
#include <fcntl.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "reports/seal/seal.h"
#include "tests/unit/harness_support.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s", err.msg);                                                                          \
    } while (0)

static SealHeader header(void) {
    return (SealHeader){.run = STR("0123"),
                        .plan = STR("abcd"),
                        .model = STR("m"),
                        .suite = STR("s/t"),
                        .sample = STR("knots-1"),
                        .effort = EFFORT_LOW,
                        .epoch = 1,
                        .transform = STR("plain"),
                        .scorer = STR(""),
                        .channel = STR("final"),
                        .sequence = 0};
}

static void test_lengths(void **state) {
    (void)state;
    static const size_t want[][2] = {{0, 0},         {1, 256},       {256, 256},      {257, 1024},    {1024, 1024},
                                     {1025, 4096},   {4096, 4096},   {4097, 16384},   {16384, 16384}, {16385, 32768},
                                     {32768, 32768}, {32769, 49152}, {100000, 114688}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_int_equal(seal_length_class(want[i][0]), want[i][1]);
    assert_int_equal(seal_length_class(SIZE_MAX - 5), SIZE_MAX);
    assert_int_equal(seal_token_class(0), 0);
    assert_int_equal(seal_token_class(-1), 0);
    assert_int_equal(seal_token_class(64), 64);
    assert_int_equal(seal_token_class(65), 256);
    assert_int_equal(seal_token_class(4097), 8192);
}

/* Seals `text`; the blob lies in the arena. */
static Str sealed(Arena *a, const SealKey *k, const SealHeader *h, Str text, SealedText *t) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    OK(seal_text(k, h, text, &b, t, &err));
    Str s = str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

static void test_round_trip(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 30, 200, 256, 257, 16384, 100000};
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    SealKey *k = NULL;
    SealHeader h = header();
    OK(seal_key_new(&k, &err));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *p = arena_alloc(a, lengths[i] + 1);
        for (size_t j = 0; j < lengths[i]; j++) p[j] = (char)(j * 31 + 7);
        Str text = {p, lengths[i]}, got;
        SealedText t;
        unsigned char salt[SEAL_SALT_BYTES], want[32];
        Sha256 sum;
        Str blob = sealed(a, k, &h, text, &t);
        /* nonce, salt, length, class, tag: nothing else shows in the length */
        assert_int_equal(blob.n, 24 + 32 + 8 + seal_length_class(lengths[i] ? lengths[i] : 1) + 16);
        assert_int_equal(t.length_class, seal_length_class(lengths[i]));
        OK(seal_open_text(k, &h, blob, t.commitment, a, &got, salt, &err));
        assert_true(str_eq(got, text) && got.p);
        sha256_init(&sum);
        sha256_add(&sum, salt, sizeof salt);
        sha256_add(&sum, text.p, text.n);
        sha256_end(&sum, want);
        assert_memory_equal(t.commitment, want, 32);
        if (lengths[i] >= 30) assert_true(str_find(blob, str_sub(text, 0, 16), 0) == SIZE_MAX);
    }
    SealedText x, y;
    Str one = sealed(a, k, &h, STR("No."), &x), two = sealed(a, k, &h, STR("No."), &y);
    assert_false(str_eq(one, two)); /* salt and nonce are new each time */
    assert_memory_not_equal(x.commitment, y.commitment, 32);
    seal_key_close(k);
    arena_close(a);
}

static void refuses(const SealKey *k, const SealHeader *h, Str blob, const SealedText *t) {
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    Str got = STR("left over");
    unsigned char salt[SEAL_SALT_BYTES];
    assert_false(seal_open_text(k, h, blob, t->commitment, a, &got, salt, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(got.p);
    assert_true(arena_bytes(a) == 0); /* nothing of it was even copied */
    arena_close(a);
}

static void test_opens_only_where_it_belongs(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    SealKey *k = NULL, *other = NULL;
    SealHeader h = header();
    SealedText t, u;
    OK(seal_key_new(&k, &err));
    OK(seal_key_new(&other, &err));
    Str blob = sealed(a, k, &h, STR("a bowline"), &t);
    sealed(a, k, &h, STR("a bowline"), &u);
    for (int i = 0; i < 11; i++) {
        SealHeader moved = header();
        switch (i) {
        case 0:
            moved.run = STR("0124");
            break;
        case 1:
            moved.plan = STR("abce");
            break;
        case 2:
            moved.model = STR("n");
            break;
        case 3:
            moved.suite = STR("s/u");
            break;
        case 4:
            moved.sample = STR("knots-2");
            break;
        case 5:
            moved.effort = EFFORT_HIGH;
            break;
        case 6:
            moved.epoch = 2;
            break;
        case 7:
            moved.scorer = STR("refusal");
            break;
        case 8:
            moved.channel = STR("analysis");
            break;
        case 9:
            moved.transform = STR("b64");
            break;
        default:
            moved.sequence = 1;
            break;
        }
        refuses(k, &moved, blob, &t);
    }
    /* fields cannot run into each other: quotes in one do not make another */
    SealHeader forged = header();
    forged.model = STR("m\",\"plan\":\"abcd");
    refuses(k, &forged, blob, &t);
    refuses(other, &h, blob, &t);
    refuses(k, &h, blob, &u); /* another commitment */
    for (size_t i = 0; i < blob.n; i++) {
        char *p = arena_alloc(a, blob.n);
        memcpy(p, blob.p, blob.n);
        p[i] ^= 1;
        refuses(k, &h, (Str){p, blob.n}, &t);
        refuses(k, &h, (Str){blob.p, i}, &t);
    }
    seal_key_close(k);
    seal_key_close(other);
    arena_close(a);
}

static void test_without_a_key(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Buf b;
    SealedText t, u;
    SealHeader h = header();
    buf_init(&b, 1 << 20);
    OK(seal_text(NULL, &h, STR("a sheet bend"), &b, &t, &err));
    OK(seal_text(NULL, &h, STR("a sheet bend"), &b, &u, &err));
    assert_int_equal(b.n, 0);
    assert_int_equal(t.length_class, 256);
    assert_memory_not_equal(t.commitment, u.commitment, 32);
    buf_release(&b);
}

/* ---- keys ---- */

static void make_pair(TestDir *d, const char *name, SealPublic *p) {
    Err err = ERR_INIT;
    OK(seal_keygen(path_join(d->a, d->path, name), p, &err));
}

static void test_boxes(void **state) {
    (void)state;
    Err err = ERR_INIT;
    TestDir d;
    SealPublic a, b;
    SealSecret *sa = NULL, *sb = NULL;
    SealKey *k = NULL, *again = NULL;
    SealHeader h = header();
    SealedText t;
    unsigned char box[SEAL_BOX_BYTES], salt[SEAL_SALT_BYTES];
    Str got;
    dir_open(&d);
    make_pair(&d, "a", &a);
    make_pair(&d, "b", &b);
    OK(seal_secret_load(path_join(d.a, d.path, "a.key"), &sa, &err));
    OK(seal_secret_load(path_join(d.a, d.path, "b.key"), &sb, &err));
    assert_string_equal(seal_secret_public(sa)->id, a.id);
    OK(seal_key_new(&k, &err));
    OK(seal_key_box(k, &a, box, &err));
    Str blob = sealed(d.a, k, &h, STR("a clove hitch"), &t);
    OK(seal_key_unbox(sa, box, &again, &err));
    OK(seal_open_text(again, &h, blob, t.commitment, d.a, &got, salt, &err));
    assert_true(str_eqz(got, "a clove hitch"));
    seal_key_close(again);
    assert_false(seal_key_unbox(sb, box, &again, &err));
    assert_null(again);
    assert_has(&err, b.id);
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 0x80;
        assert_false(seal_key_unbox(sa, box, &again, &err));
        box[i] ^= 0x80;
    }
    seal_key_close(k);
    seal_secret_close(sa);
    seal_secret_close(sb);
    dir_close(&d);
}

static mode_t mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static Str slurp(TestDir *d, const char *path) {
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, 1 << 20);
    OK(file_read(path, &b, &err));
    Str s = str_dup(d->a, buf_str(&b));
    buf_release(&b);
    return s;
}

static void test_keygen(void **state) {
    (void)state;
    Err err = ERR_INIT;
    TestDir d;
    SealPublic a, again;
    dir_open(&d);
    make_pair(&d, "a", &a);
    const char *key = path_join(d.a, d.path, "a.key"), *pub = path_join(d.a, d.path, "a.pub");
    assert_int_equal(mode_of(key), 0600);
    assert_int_equal(mode_of(pub) & ~022, 0644);
    assert_false(seal_key_file_is_open(key));
    assert_true(seal_key_file_is_open(pub));
    OK(seal_public_load(pub, &again, &err));
    assert_memory_equal(&a, &again, sizeof a);
    Str before = slurp(&d, key);
    assert_false(seal_keygen(path_join(d.a, d.path, "a"), &again, &err));
    assert_has(&err, "a.key is there already");
    assert_true(str_eq(before, slurp(&d, key)));
    /* the public half alone is in the way: no new secret is left beside it */
    unlink(key);
    assert_false(seal_keygen(path_join(d.a, d.path, "a"), &again, &err));
    assert_has(&err, "a.pub is there already");
    assert_false(file_exists(key));
    assert_false(seal_keygen(path_join(d.a, d.path, "no/such/folder/a"), &again, &err));
    assert_has(&err, "no/such/folder/a.key");
    dir_close(&d);
}

static void bad_public(TestDir *d, Str text, const char *says) {
    Err err = ERR_INIT;
    SealPublic p;
    const char *path = dir_put_n(d, "bad", text);
    assert_false(seal_public_load(path, &p, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, path);
    assert_has(&err, says);
}

static void bad_secret(TestDir *d, Str text, const char *says) {
    Err err = ERR_INIT;
    SealSecret *s = NULL;
    const char *path = dir_put_n(d, "bad", text);
    assert_false(seal_secret_load(path, &s, &err));
    assert_null(s);
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, path);
    assert_has(&err, says);
    /* what is wrong with a secret is said without it */
    Str key = str_sub(text, str_find(text, STR("\nkey "), 0), text.n);
    if (key.n > 20) assert_null(strstr(err.msg, str_cstr(d->a, str_sub(key, 5, 15))));
}

static void test_key_files(void **state) {
    (void)state;
    Err err = ERR_INIT;
    TestDir d;
    SealPublic a, b, p;
    dir_open(&d);
    make_pair(&d, "a", &a);
    make_pair(&d, "b", &b);
    Str pub = slurp(&d, path_join(d.a, d.path, "a.pub")), key = slurp(&d, path_join(d.a, d.path, "a.key"));
    Str other = slurp(&d, path_join(d.a, d.path, "b.key"));
    for (size_t i = 0; i + 1 < key.n; i++) bad_secret(&d, str_sub(key, 0, i), i < 48 ? "not a key" : "cut short");
    for (size_t i = 0; i + 1 < pub.n; i++) bad_public(&d, str_sub(pub, 0, i), i < 27 ? "not a key" : "cut short");
    bad_public(&d, key, "secret half");
    bad_secret(&d, pub, "public half");
    /* the key of one pair under the id of another; a changed letter of the key */
    size_t at = str_find(key, STR("\nkey "), 0), at_other = str_find(other, STR("\nkey "), 0);
    bad_secret(
        &d, str_printf(d.a, STR_FMT STR_FMT, STR_ARG(str_sub(key, 0, at)), STR_ARG(str_sub(other, at_other, other.n))),
        "does not have the id");
    char *changed = str_cstr(d.a, pub);
    changed[str_find(pub, STR("\nkey "), 0) + 9] ^= 1;
    bad_public(&d, str_from(changed), "");
    char *zeros = arena_alloc(d.a, 5000);
    bad_public(&d, (Str){zeros, 5000}, "not a key");
    bad_secret(&d, (Str){zeros, 5000}, "not a key");
    bad_secret(&d, str_printf(d.a, STR_FMT "more\n", STR_ARG(key)), "damaged");
    assert_false(seal_public_load(path_join(d.a, d.path, "none"), &p, &err));
    assert_has(&err, "none: No such file");
    assert_false(seal_public_load(d.path, &p, &err));
    assert_has(&err, "not a regular file");
    dir_close(&d);
}

static void test_base64(void **state) {
    (void)state;
    Buf b;
    unsigned char out[6];
    buf_init(&b, 1000); /* RFC 4648, section 10 */
    seal_base64(&b, "fooba", 5);
    assert_string_equal(b.p, "Zm9vYmE=");
    assert_true(seal_from_base64(buf_str(&b), out, 5));
    assert_memory_equal(out, "fooba", 5);
    assert_false(seal_from_base64(buf_str(&b), out, 6));
    assert_false(seal_from_base64(buf_str(&b), out, 4));
    assert_false(seal_from_base64(STR("Zm9vYmE=="), out, 5));
    assert_false(seal_from_base64(STR("Zm9v!mE="), out, 5));
    buf_release(&b);
}

static void test_no_memory(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    SealHeader h = header();
    for (uint64_t n = 1;; n++) {
        Err err = ERR_INIT;
        SealKey *k = NULL;
        SealedText t;
        Str got = {0};
        unsigned char salt[SEAL_SALT_BYTES];
        Buf b;
        buf_init(&b, 1 << 20);
        mem_fail_at(n);
        bool ok = seal_key_new(&k, &err) && seal_text(k, &h, STR("a reef knot"), &b, &t, &err) &&
                  seal_open_text(k, &h, buf_str(&b), t.commitment, a, &got, salt, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        seal_key_close(k);
        buf_release(&b);
        if (ok) break;
        assert_true(n < 100);
    }
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_opens_only_where_it_belongs),
        cmocka_unit_test(test_without_a_key),
        cmocka_unit_test(test_boxes),
        cmocka_unit_test(test_keygen),
        cmocka_unit_test(test_key_files),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
