/* engine/base/mem.h: arenas, checked sizes, the switch that makes an allocation fail. */
#include "engine/base/mem.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support.h"

static void sizes_do_not_overflow(void **state) {
    (void)state;
    size_t out = 7;
    assert_false(size_mul(SIZE_MAX, 2, &out));
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(size_mul(6, 7, &out));
    assert_int_equal(out, 42);
}

static void arena_memory_is_zeroed_and_aligned_after_reset(void **state) {
    (void)state;
    Arena *a = arena_open(256);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            size_t n = (size_t)(i * 37 % 700);
            unsigned char *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t k = 0; k < n; k++) assert_int_equal(p[k], 0);
            memset(p, 0xAB, n);
        }
        arena_reset(a);
    }
    assert_true(arena_bytes(a) < 1024); /* a reset gives all but one block back */
    assert_null(arena_array(a, SIZE_MAX / 2, 4));
    arena_close(a);
}

static void the_nth_allocation_fails_once(void **state) {
    (void)state;
    mem_fail_at(2);
    void *p = mem_alloc(1), *q = mem_alloc(1), *r = mem_alloc(1);
    assert_non_null(p);
    assert_null(q);
    assert_non_null(r);
    assert_int_equal(mem_fail_at(0), 3);
    mem_free(p);
    mem_free(r);
}

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED /* has a heap of its own, and makes mlock do nothing */
#endif

static bool may_lock(void) {
#ifdef SANITIZED
    return false;
#else
    struct rlimit l;
    return getrlimit(RLIMIT_MEMLOCK, &l) == 0 && l.rlim_cur >= (1 << 20);
#endif
}

/* The VmFlags of the mapping that holds p; "" if there is none. */
static void flags_of(const void *p, char *out, size_t cap) {
    char line[512];
    bool here = false;
    unsigned long lo, hi;
    FILE *f = fopen("/proc/self/smaps", "r");
    assert_non_null(f);
    for (*out = '\0'; fgets(line, sizeof line, f);) {
        if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2) here = (uintptr_t)p >= lo && (uintptr_t)p < hi;
        if (here && strncmp(line, "VmFlags:", 8) == 0) snprintf(out, cap, "%s", line);
    }
    fclose(f);
}

static void private_arenas_stay_out_of_core_dumps(void **state) {
    (void)state;
    char flags[512];
    Arena *a = arena_open_private(0), *plain = arena_open(0);
    char *p = arena_alloc(a, 1000), *q = arena_alloc(plain, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(p[i], 0);
    flags_of(p, flags, sizeof flags);
    assert_non_null(strstr(flags, " dd"));
    if (may_lock()) assert_non_null(strstr(flags, " lo"));
    flags_of(q, flags, sizeof flags);
    assert_null(strstr(flags, " dd"));
    memset(p, 1, 1000);
    arena_alloc(a, 1 << 20); /* a block of its own */
    arena_reset(a);
    p = arena_alloc(a, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(p[i], 0);
    arena_close(a);
    arena_close(plain);
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_at(n);
        a = arena_open_private(0);
        assert_true(!a || !arena_alloc(a, 10));
        mem_fail_at(0);
        arena_close(a);
    }
}

/* How often a 24-byte pattern stands in this process's heap and anonymous memory. Its bytes are made here, one by one,
 * so that nothing but what is looked for holds them. */
static unsigned char pattern_at(int i) {
    return (unsigned char)(i * 29 + 0x91);
}

static int count_pattern(void) {
    static unsigned char chunk[1 << 16];
    char line[512];
    unsigned long lo, hi;
    int n = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx rw", &lo, &hi) != 2 || !strstr(line, "[heap]")) continue;
        for (unsigned long at = lo; at < hi; at += sizeof chunk - 24) {
            ssize_t got = pread(mem, chunk, sizeof chunk, (off_t)at);
            for (ssize_t i = 0; i + 24 <= got; i++) {
                int k = 0;
                while (k < 24 && chunk[i + k] == pattern_at(k)) k++;
                n += k == 24;
            }
        }
    }
    fclose(maps);
    close(mem);
    return n;
}

static int find_freed(bool wiped) {
    if (wiped) mem_wipe_freed();
    unsigned char *p = mem_alloc(4096), *q = mem_alloc(4096);
    for (int i = 0; i < 24; i++) p[100 + i] = q[100 + i] = pattern_at(i);
    if (count_pattern() != 2) return 10;
    p = mem_realloc(p, 60000);
    mem_free(q);
    if (p[100] != pattern_at(0)) return 11;
    mem_free(p);
    return count_pattern();
}

/* In children, for it cannot be switched off again. */
static void what_is_freed_can_be_wiped(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#endif
    for (int wiped = 0; wiped < 2; wiped++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) _exit(find_freed(wiped));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (wiped)
            assert_int_equal(WEXITSTATUS(status), 0);
        else
            assert_in_range(WEXITSTATUS(status), 1, 9); /* the search finds what is there */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned_after_reset),
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(private_arenas_stay_out_of_core_dumps),
        cmocka_unit_test(what_is_freed_can_be_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
