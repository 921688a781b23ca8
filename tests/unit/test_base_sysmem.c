/* Free memory as the files of made-up machines tell it: plain, control groups of both versions, nested, in containers.
 */
#include "engine/base/sysmem.h"
#include "tests/support.h"

#include <unistd.h>

static char root[64];

/* Writes root/path, making folders. */
static void put(const char *path, const char *text) {
    char full[512], cmd[700];
    snprintf(full, sizeof full, "%s%s", root, path);
    snprintf(cmd, sizeof cmd, "mkdir -p \"$(dirname '%s')\"", full);
    assert_int_equal(system(cmd), 0);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int begin(void **state) {
    (void)state;
    strcpy(root, "/tmp/assay-sysmem-XXXXXX");
    unsetenv("ASSAY_MEMORY");
    if (!mkdtemp(root)) return -1;
    put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:   10000000 kB\n");
    return 0;
}

static int end(void **state) {
    (void)state;
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", root);
    unsetenv("ASSAY_MEMORY");
    return system(cmd);
}

static void expect(uint64_t free, const char *bound) {
    SysMem m;
    Err err = ERR_INIT;
    assert_true(sysmem_read(root, &m, &err));
    assert_int_equal(m.free, free);
    assert_string_equal(m.bound, bound);
}

static const uint64_t machine = UINT64_C(10000000) * 1024;

static void test_machine(void **state) {
    (void)state;
    expect(machine, "this machine");
    put("/proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 1000000 kB\n"); /* an old kernel */
    expect(UINT64_C(1000000) * 1024, "this machine");
    setenv("ASSAY_MEMORY", "1.5M", 1);
    expect(1500000, "ASSAY_MEMORY");
    setenv("ASSAY_MEMORY", "123", 1);
    expect(123, "ASSAY_MEMORY");
    setenv("ASSAY_MEMORY", "", 1); /* as if it were not there */
    expect(UINT64_C(1000000) * 1024, "this machine");
    setenv("ASSAY_MEMORY", "999G", 1); /* it can only lower */
    expect(UINT64_C(1000000) * 1024, "this machine");
}

/* A limit that somebody set and mistyped is said, not passed over. */
static void test_no_number(void **state) {
    static const char *const wrong[] = {
        "12 parsecs", "12Gb", "G", "-5", "nan", "inf", "0x10", "1e9", "1.2.3", "99999999999999999999G", " 5"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        SysMem m;
        Err err = ERR_INIT;
        setenv("ASSAY_MEMORY", wrong[i], 1);
        if (sysmem_read(root, &m, &err)) fail_msg("'%s' is taken for %llu bytes", wrong[i], (unsigned long long)m.free);
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "ASSAY_MEMORY is '"));
    }
}

#define MOUNT_V2 "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

static void test_version_2(void **state) {
    (void)state;
    put("/proc/self/cgroup", "0::/user/job\n");
    put("/proc/self/mountinfo", MOUNT_V2);
    put("/sys/fs/cgroup/user/job/memory.max", "max\n");
    put("/sys/fs/cgroup/user/job/memory.current", "700000000\n");
    expect(machine, "this machine");
    put("/sys/fs/cgroup/user/job/memory.max", "2000000000\n");
    expect(1300000000, "the control group /user/job");
    /* the page cache of the group can be dropped; shared memory (in `file`) cannot */
    put("/sys/fs/cgroup/user/job/memory.stat",
        "anon 400000000\nfile 300000000\nshmem 50000000\ninactive_file 200000000\nactive_file 50000000\n");
    expect(1550000000, "the control group /user/job");
    /* a parent is tighter */
    put("/sys/fs/cgroup/user/memory.max", "1000000000\n");
    put("/sys/fs/cgroup/user/memory.current", "900000000\n");
    expect(100000000, "the control group /user");
    /* above its limit: nothing is free */
    put("/sys/fs/cgroup/user/memory.current", "1100000000\n");
    expect(0, "the control group /user");
    put("/sys/fs/cgroup/user/memory.max", "max\n");
    /* the soft ceiling at which the kernel begins to stall */
    put("/sys/fs/cgroup/user/job/memory.high", "800000000\n");
    expect(350000000, "the control group /user/job");
}

#define MOUNTS_V1                                                                                                      \
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"                                                                \
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                                      \
    "35 31 0:32 / /sys/fs/cgroup/my\\040memory rw - cgroup cgroup rw,memory\n"                                         \
    "38 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

static void test_version_1(void **state) {
    (void)state;
    put("/proc/self/cgroup", "9:cpu,cpuacct:/\n4:memory:/a/b\n0::/\n");
    put("/proc/self/mountinfo", MOUNTS_V1);
    put("/sys/fs/cgroup/my memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/my memory/a/b/memory.usage_in_bytes", "5000000000\n");
    expect(machine, "this machine");
    put("/sys/fs/cgroup/my memory/a/b/memory.limit_in_bytes", "6000000000\n");
    expect(1000000000, "the control group /a/b");
    put("/sys/fs/cgroup/my memory/a/b/memory.stat",
        "cache 9\ninactive_file 7\nactive_file 7\ntotal_inactive_file 1000000000\ntotal_active_file 500000000\n");
    expect(2500000000, "the control group /a/b");
    put("/sys/fs/cgroup/my memory/memory.limit_in_bytes", "4000000000\n");
    put("/sys/fs/cgroup/my memory/memory.usage_in_bytes", "3999999999\n");
    expect(1, "the control group /");
}

/* The mount shows only the container's own part of the tree, or the path leads out of the namespace. */
static void test_containers(void **state) {
    (void)state;
    put("/proc/self/cgroup", "4:memory:/docker/0123/sub\n");
    put("/proc/self/mountinfo", "35 31 0:32 /docker/0123 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000000\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000000\n");
    expect(2000000000, "the control group /");
    put("/sys/fs/cgroup/memory/sub/memory.limit_in_bytes", "1000000000\n");
    put("/sys/fs/cgroup/memory/sub/memory.usage_in_bytes", "100000000\n");
    expect(900000000, "the control group /sub");
    put("/proc/self/cgroup", "4:memory:/docker/01234\n"); /* another one, whose name begins alike */
    expect(2000000000, "the control group /");
    put("/proc/self/cgroup", "0::/../other\n");
    put("/proc/self/mountinfo", MOUNT_V2);
    put("/sys/fs/cgroup/memory.max", "500000000\n");
    put("/sys/fs/cgroup/memory.current", "100000000\n");
    expect(400000000, "the control group /");
}

static void test_nonsense(void **state) {
    (void)state;
    put("/proc/self/cgroup", "\n:\n0:\n0::relative\n4:memory\nxxxxxxxxxxxxxxxx");
    put("/proc/self/mountinfo", "\n - \n1 2 3 - cgroup2\n1 2 3 / /sys/fs/cgroup - cgroup2 x");
    put("/sys/fs/cgroup/memory.max", "7\n");
    expect(machine, "this machine");
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", MOUNT_V2);
    put("/sys/fs/cgroup/a/memory.max", "seven\n");
    put("/sys/fs/cgroup/memory.max", "7\n"); /* without memory.current nothing is known */
    expect(machine, "this machine");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_machine, begin, end),
        cmocka_unit_test_setup_teardown(test_no_number, begin, end),
        cmocka_unit_test_setup_teardown(test_version_2, begin, end),
        cmocka_unit_test_setup_teardown(test_version_1, begin, end),
        cmocka_unit_test_setup_teardown(test_containers, begin, end),
        cmocka_unit_test_setup_teardown(test_nonsense, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
