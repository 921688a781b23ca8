/* The run store and the world: other people's and damaged files, kill -9, a power cut, a full disk, no permission. */
#include "tests/store_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/base/file.h"

/* ---- other people's files ---- */

/* Without fsync: these are many. */
static void write_named(const char *dir, const char *name, Str bytes) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *dir, const void *p, size_t n) {
    write_named(dir, "run.db", (Str){p, n});
}

static void test_foreign_files(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir();
    write_file(dir, "hello, this is not a database at all, but it is long enough to be read as one ............", 90);
    assert_false(store_open(dir, STORE_READ, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(store_open(dir, STORE_RESUME, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    /* killed within store_open: an empty file is an empty run to a writer, and a sentence to a reader */
    write_file(dir, "", 0);
    assert_false(store_open(dir, STORE_READ, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    OK(store_open(dir, STORE_RESUME, &s, &err));
    store_close(s);
    OK(store_open(dir, STORE_READ, &s, &err));
    store_close(s);
    remove_dir(dir);
}

static bool count_rows(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id, (void)r, (void)rows, (void)n;
    ++*(int *)ctx;
    return true;
}

/* Every truncation and a mutation of every 7th byte of a valid file: refused or read, never a crash. */
static void test_damaged_files(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = temp_dir(), path[256];
    Arena *a = arena_open(0);
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (int i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, i);
        ScoreRow row = score_row("choice", i & 1);
        OK(store_append(s, &r, &id, &err));
        OK(store_put_scores(s, id, &row, 1, &err));
    }
    store_close(s);
    snprintf(path, sizeof path, "%s/run.db", dir);
    Buf whole;
    buf_init(&whole, 1 << 24);
    OK(file_read(path, &whole, &err));
    char *copy = malloc(whole.n);
    for (size_t i = 0; i < whole.n; i += i < 200 ? 1 : 997) {
        write_file(dir, whole.p, i); /* prefix */
        if (store_open(dir, STORE_READ, &s, &err)) {
            int n = 0;
            store_each(s, true, a, count_rows, &n, &err);
            store_close(s);
        }
        memcpy(copy, whole.p, whole.n);
        copy[i] ^= 0x55;
        write_file(dir, copy, whole.n);
        if (store_open(dir, STORE_READ, &s, &err)) {
            int n = 0;
            store_each(s, true, a, count_rows, &n, &err);
            store_close(s);
        }
    }
    free(copy);
    buf_release(&whole);
    arena_close(a);
    remove_dir(dir);
}

/* ---- kill -9 ---- */

/* Appends records for ever; tells the parent through the pipe after each commit. */
static void append_until_killed(const char *dir, bool there, int from, int fd) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    if (!store_open(dir, there ? STORE_RESUME : STORE_CREATE, &s, &err)) _exit(1);
    for (int i = from;; i++) {
        char name[16];
        int64_t id = 0;
        snprintf(name, sizeof name, "s%d", i);
        Record r = simple_record(name, i);
        ScoreRow row = score_row("choice", 1);
        if (!store_append(s, &r, &id, &err)) _exit(2);
        if (write(fd, &i, sizeof i) != sizeof i) _exit(3);
        if (!store_put_scores(s, id, &row, 1, &err)) _exit(4);
    }
}

static void test_kill_9(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir(), path[256];
    int stored = 0; /* records that a fresh writer finds */
    snprintf(path, sizeof path, "%s/run.db", dir);
    for (int round = 0; round < 14; round++) {
        int fds[2], last = stored - 1;
        bool there = file_exists(path); /* the first rounds are killed while the file is being made */
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) append_until_killed(dir, there, stored, fds[1]);
        close(fds[1]);
        /* after a few commits, at no particular point of the next ones; the first rounds within the making of the file
         */
        for (int i, k = 0; k < 2 * (round - 2) && read(fds[0], &i, sizeof i) == sizeof i; k++) last = i;
        usleep((useconds_t)(round < 3 ? 300 + 700 * round : (round * 7919) % 5000));
        kill(pid, SIGKILL);
        for (int i; read(fds[0], &i, sizeof i) == sizeof i;) last = i;
        close(fds[0]);
        int status = 0;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status)); /* it did not fail by itself */
        RunStore *s = NULL;
        StoreCounts c = {0};
        if (!file_exists(path)) continue;
        OK(store_open(dir, STORE_RESUME, &s, &err));
        OK(store_counts(s, &c, &err));
        store_close(s);
        /* nothing that was reported as stored is lost; at most the one in flight more */
        assert_true(c.records >= last + 1 && c.records <= last + 2);
        assert_true(c.records_without_scores <= round + 1);
        stored = (int)c.records;
    }
    assert_true(stored > 5);
    remove_dir(dir);
}

/* ---- power cut ---- */

static void read_named(const char *dir, const char *name, Buf *out) {
    char path[256];
    Err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    buf_init(out, 1 << 24);
    OK(file_read(path, out, &err));
}

/* The log cut at any length, as after a power cut: what was committed before the cut is there, whole calls only. */
static void test_torn_log(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir(), path[256];
    pid_t pid = fork();
    if (pid == 0) { /* dies without closing: the log is not folded in */
        RunStore *s = NULL;
        bool ok = store_open(dir, STORE_CREATE, &s, &err);
        for (int i = 0; ok && i < 12; i++) {
            char name[16];
            int64_t id;
            snprintf(name, sizeof name, "s%d", i);
            Record r = simple_record(name, i);
            ScoreRow row = score_row("choice", 1);
            ok = store_append(s, &r, &id, &err) && store_put_scores(s, id, &row, 1, &err);
        }
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    Buf db, wal;
    read_named(dir, "run.db", &db);
    read_named(dir, "run.db-wal", &wal);
    int64_t before = 0;
    for (size_t cut = 0; cut <= wal.n; cut += cut + 1777 > wal.n && cut < wal.n ? wal.n - cut : 1777) {
        RunStore *s = NULL;
        StoreCounts c;
        snprintf(path, sizeof path, "%s/run.db-shm", dir);
        unlink(path);
        write_named(dir, "run.db", buf_str(&db));
        write_named(dir, "run.db-wal", (Str){wal.p, cut});
        OK(store_open(dir, STORE_RESUME, &s, &err));
        OK(store_counts(s, &c, &err));
        store_close(s);
        assert_true(c.records >= before && c.records - c.scores <= 1);
        before = c.records;
    }
    assert_int_equal(before, 12);
    buf_release(&db);
    buf_release(&wal);
    remove_dir(dir);
}

/* ---- full disk ---- */

/* In a child: no file may grow beyond `limit` bytes. Exit 0: the store said ERR_IO and stayed as it was. */
static void fill_up(const char *dir, rlim_t limit) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    StoreCounts before = {0}, after = {0};
    static char big[20000];
    memset(big, 'x', sizeof big);
    signal(SIGXFSZ, SIG_IGN);
    if (!store_open(dir, STORE_RESUME, &s, &err)) _exit(10);
    struct rlimit rl = {limit, limit};
    setrlimit(RLIMIT_FSIZE, &rl);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        int64_t id = 0;
        snprintf(name, sizeof name, "f%d", i);
        Record r = simple_record(name, i);
        r.completion.final = (Str){big, sizeof big};
        if (!store_counts(s, &before, &err)) _exit(11);
        if (store_append(s, &r, &id, &err)) continue;
        if (err.code != ERR_IO) _exit(12);
        if (!store_counts(s, &after, &err)) _exit(13);
        store_close(s);
        _exit(after.records == before.records ? 0 : 14);
    }
    _exit(15);
}

static void test_full_disk(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir();
    RunStore *s = NULL;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    Record r = simple_record("first", 0);
    OK(store_append(s, &r, &id, &err));
    store_close(s);
    pid_t pid = fork();
    if (pid == 0) fill_up(dir, 300000);
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* with room again the run goes on */
    OK(store_open(dir, STORE_RESUME, &s, &err));
    r = simple_record("after", 1);
    OK(store_append(s, &r, &id, &err));
    StoreCounts c;
    OK(store_counts(s, &c, &err));
    assert_true(c.records > 2);
    store_close(s);
    remove_dir(dir);
}

static void test_create_without_room(void **state) {
    (void)state;
    char *dir = temp_dir();
    pid_t pid = fork();
    if (pid == 0) {
        Err err = ERR_INIT;
        RunStore *s = NULL;
        struct rlimit rl = {5000, 5000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &rl);
        bool made = store_open(dir, STORE_CREATE, &s, &err);
        _exit(made ? 1 : err.code == ERR_IO ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing is left behind */
}

static void test_read_only_dir(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = temp_dir();
    RunStore *s = NULL;
    int64_t id = 0;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    Record r = simple_record("a", 0);
    OK(store_append(s, &r, &id, &err));
    store_close(s);
    if (geteuid() == 0) { /* root writes anywhere: become nobody in a child */
        chmod(dir, 0755);
        char path[256];
        snprintf(path, sizeof path, "%s/run.db", dir);
        chmod(path, 0644);
        pid_t pid = fork();
        if (pid == 0) {
            StoreCounts c;
            if (setuid(65534) != 0) _exit(9);
            if (store_open(dir, STORE_RESUME, &s, &err) || err.code != ERR_IO) _exit(1);
            if (!store_open(dir, STORE_READ, &s, &err)) _exit(2);
            if (!store_counts(s, &c, &err) || c.records != 1) _exit(3);
            store_close(s);
            _exit(0);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    remove_dir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_files), cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_kill_9),        cmocka_unit_test(test_torn_log),
        cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_create_without_room),
        cmocka_unit_test(test_read_only_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
