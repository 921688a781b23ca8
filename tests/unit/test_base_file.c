/* engine/base/file.h and hash.h: ceilings, folders and FIFOs, atomic writes, FIPS 180-4 vectors. */
#include <dirent.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "tests/support.h"

static char dir[64];

static int make_dir(void **state) {
    (void)state;
    strcpy(dir, "/tmp/assay-file-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
    (void)state;
    char cmd[256];
    snprintf(cmd, sizeof cmd, "chmod -R u+w '%s'; rm -rf '%s'", dir, dir);
    return system(cmd);
}

static const char *in_dir(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int entries(void) {
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void a_write_is_whole_and_leaves_nothing_beside_it(void **state) {
    (void)state;
    Err err = ERR_INIT;
    assert_true(file_write_atomic(in_dir("a"), STR("one"), &err));
    assert_true(file_write_atomic(in_dir("a"), STR("two and more"), &err));
    Buf b;
    buf_init(&b, 100);
    assert_true(file_read(in_dir("a"), &b, &err));
    assert_string_equal(b.p, "two and more");
    assert_int_equal(entries(), 1);
    buf_release(&b);
    buf_init(&b, 5);
    assert_false(file_read(in_dir("a"), &b, &err));
    assert_non_null(strstr(err.msg, "larger than the limit of 5 bytes"));
    buf_release(&b);
    assert_false(file_write_atomic(in_dir("no/such/folder"), STR("x"), &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(entries(), 1);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state) {
    (void)state;
    Err err = ERR_INIT;
    FileMap m;
    assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
    assert_false(file_map(in_dir("fifo"), &m, &err));
    assert_non_null(strstr(err.msg, "not a regular file"));
    assert_false(file_map(dir, &m, &err));
    assert_non_null(strstr(err.msg, "it is a folder"));
    assert_false(file_map(in_dir("absent"), &m, &err));
    assert_int_equal(err.code, ERR_INPUT);
    unlink(in_dir("fifo"));
}

static void empty_files_map(void **state) {
    (void)state;
    Err err = ERR_INIT;
    FileMap m;
    assert_true(file_write_atomic(in_dir("empty"), STR(""), &err));
    assert_true(file_map(in_dir("empty"), &m, &err));
    assert_int_equal(m.n, 0);
    file_unmap(&m);
}

static void folders_are_made_and_paths_joined(void **state) {
    (void)state;
    Err err = ERR_INIT;
    assert_true(file_mkdirs(in_dir("x/y/z"), &err));
    assert_true(file_is_dir(in_dir("x/y/z")));
    assert_true(file_write_atomic(in_dir("x/file"), STR(""), &err));
    assert_false(file_mkdirs(in_dir("x/file/deeper"), &err));
    Arena *a = arena_open(0);
    assert_string_equal(path_join(a, "a/b", "c"), "a/b/c");
    assert_string_equal(path_join(a, "a/b/", "/c"), "/c");
    assert_string_equal(path_dirname(a, "a/b/c"), "a/b");
    assert_string_equal(path_dirname(a, "/c"), "/");
    assert_string_equal(path_dirname(a, "c"), ".");
    arena_close(a);
}

/* FIPS 180-4 examples. */
static void sha256_vectors(void **state) {
    (void)state;
    char hex[65];
    sha256_of(STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of(STR(""), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Sha256 a, b;
    unsigned char da[32], db[32];
    sha256_init(&a);
    sha256_init(&b);
    sha256_add_field(&a, STR("ab"));
    sha256_add_field(&a, STR("c"));
    sha256_add_field(&b, STR("a"));
    sha256_add_field(&b, STR("bc"));
    sha256_end(&a, da);
    sha256_end(&b, db);
    assert_memory_not_equal(da, db, 32); /* fields do not run into each other */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_whole_and_leaves_nothing_beside_it),
        cmocka_unit_test(what_is_no_regular_file_is_refused_without_waiting),
        cmocka_unit_test(empty_files_map),
        cmocka_unit_test(folders_are_made_and_paths_joined),
        cmocka_unit_test(sha256_vectors),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
