/* The system-call filter: everything is allowed but what specs/sandbox.md section 2.9 names. Names unknown to the
 * machine's libseccomp are looked up in a table of numbers (calls since Linux 5.1 have one number everywhere); a name
 * that this processor does not have is skipped. */
#include "harness/sandbox/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct Denied {
    const char *name;
    int number; /* when libseccomp does not know the name; -1: skip */
} Denied;

static const Denied k_denied[] = {
    /* other processes' memory and descriptors */
    {"ptrace", -1},
    {"process_vm_readv", -1},
    {"process_vm_writev", -1},
    {"process_madvise", 440},
    {"process_mrelease", 448},
    {"pidfd_getfd", 438},
    {"kcmp", -1},
    /* mounts and namespaces */
    {"mount", -1},
    {"umount", -1},
    {"umount2", -1},
    {"open_tree", 428},
    {"move_mount", 429},
    {"fsopen", 430},
    {"fsconfig", 431},
    {"fsmount", 432},
    {"fspick", 433},
    {"mount_setattr", 442},
    {"statmount", 457},
    {"listmount", 458},
    {"open_tree_attr", 467},
    {"setns", -1},
    {"unshare", -1},
    {"chroot", -1},
    {"pivot_root", -1},
    {"open_by_handle_at", -1},
    {"name_to_handle_at", -1},
    /* network: besides an empty namespace; stream pairs stay, event loops use them */
    {"socket", -1},
    {"connect", -1},
    {"bind", -1},
    {"listen", -1},
    {"accept", -1},
    {"accept4", -1},
    {"setsockopt", -1}, /* larger buffers */
    /* kernel doors with a history */
    {"add_key", -1},
    {"request_key", -1},
    {"keyctl", -1},
    {"bpf", -1},
    {"perf_event_open", -1},
    {"userfaultfd", -1},
    {"io_uring_setup", 425},
    {"io_uring_enter", 426},
    {"io_uring_register", 427},
    {"fanotify_init", -1},
    {"fanotify_mark", -1},
    {"lookup_dcookie", -1},
    {"vmsplice", -1},
    /* memory that no limit of ours counts */
    {"memfd_create", -1},
    {"memfd_secret", 447},
    {"shmget", -1},
    {"shmat", -1},
    {"shmdt", -1},
    {"shmctl", -1},
    {"msgget", -1},
    {"msgsnd", -1},
    {"msgrcv", -1},
    {"msgctl", -1},
    {"semget", -1},
    {"semop", -1},
    {"semtimedop", -1},
    {"semctl", -1},
    {"mq_open", -1},
    {"mq_unlink", -1},
    {"mq_timedsend", -1},
    {"mq_timedreceive", -1},
    {"mq_notify", -1},
    {"mq_getsetattr", -1},
    {"ipc", -1},
    /* the machine */
    {"kexec_load", -1},
    {"kexec_file_load", -1},
    {"init_module", -1},
    {"finit_module", -1},
    {"delete_module", -1},
    {"create_module", -1},
    {"reboot", -1},
    {"swapon", -1},
    {"swapoff", -1},
    {"acct", -1},
    {"quotactl", -1},
    {"quotactl_fd", 443},
    {"syslog", -1},
    {"sethostname", -1},
    {"setdomainname", -1},
    {"iopl", -1},
    {"ioperm", -1},
    {"modify_ldt", -1},
    {"vhangup", -1},
    {"clock_settime", -1},
    {"settimeofday", -1},
    {"stime", -1},
    {"adjtimex", -1},
    {"clock_adjtime", -1},
    {"personality", -1},
    {"uselib", -1},
    {"ustat", -1},
    {"sysfs", -1},
    {"_sysctl", -1},
    {"migrate_pages", -1},
    {"move_pages", -1},
    /* the helper's share of the processor */
    {"setpriority", -1},
    {"ioprio_set", -1},
};

/* Allowed on oneself, said as 0. */
static const char *const k_own_only[] = {"prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam",
                                         "sched_setattr"};

static const unsigned k_new_namespace[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                           CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET, 0x00000080u /* NEWTIME */};

#define DENY(e) SCMP_ACT_ERRNO(e)

/* A rule on a call that this processor or library may not have: absent is fine. */
static int deny_name(scmp_filter_ctx c, const Denied *d) {
    int nr = seccomp_syscall_resolve_name(d->name);
    if (nr == __NR_SCMP_ERROR) nr = d->number;
    if (nr < 0) return 0; /* pseudo numbers: not on this architecture */
    return seccomp_rule_add(c, DENY(EPERM), nr, 0);
}

static int deny_clone(scmp_filter_ctx c, bool forks) {
    int rc = 0;
    for (size_t i = 0; i < sizeof k_new_namespace / sizeof *k_new_namespace && rc == 0; i++)
        rc = seccomp_rule_add(c, DENY(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, k_new_namespace[i], k_new_namespace[i]));
    /* the C library then falls back to clone, whose flags can be looked at */
    int clone3 = seccomp_syscall_resolve_name("clone3");
    if (rc == 0) rc = seccomp_rule_add(c, DENY(ENOSYS), clone3 >= 0 ? clone3 : 435, 0);
    if (forks || rc != 0) return rc;
    rc = seccomp_rule_add(c, DENY(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    const Denied fork = {"fork", -1}, vfork = {"vfork", -1};
    if (rc == 0) rc = deny_name(c, &fork);
    if (rc == 0) rc = deny_name(c, &vfork);
    return rc;
}

/* Only the low 32 bits of a request or a type reach the kernel's comparison, so only they are compared here. */
static int deny_arguments(scmp_filter_ctx c) {
    static const unsigned ioctls[] = {TIOCSTI, 0x541Cu /* TIOCLINUX */, TIOCSCTTY, TIOCSETD};
    int rc = 0;
    for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls && rc == 0; i++)
        rc = seccomp_rule_add(c, DENY(EPERM), SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, ioctls[i]));
    if (rc == 0)
        rc = seccomp_rule_add(c, DENY(EPERM), SCMP_SYS(fcntl), 1,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, F_SETPIPE_SZ));
    for (size_t i = 0; i < sizeof k_own_only / sizeof *k_own_only && rc == 0; i++)
        rc = seccomp_rule_add(c, DENY(EPERM), seccomp_syscall_resolve_name(k_own_only[i]), 1, SCMP_A0(SCMP_CMP_NE, 0));
    static const unsigned pairs[] = {SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && rc == 0; i++)
        rc = seccomp_rule_add(c, DENY(EPERM), SCMP_SYS(socketpair), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xfu, pairs[i]));
    return rc;
}

/* libseccomp 2.5 writes programs to descriptors only. */
static bool export_bytes(scmp_filter_ctx c, SandboxFilter *out) {
    bool ok = false;
    void *code = NULL;
    int fd = memfd_create("assay-filter", MFD_CLOEXEC);
    if (fd < 0 || seccomp_export_bpf(c, fd) != 0) goto done;
    off_t n = lseek(fd, 0, SEEK_END);
    if (n <= 0 || n % (off_t)sizeof(struct sock_filter) != 0 || n / (off_t)sizeof(struct sock_filter) > 4096) goto done;
    code = mem_alloc((size_t)n);
    if (!code || pread(fd, code, (size_t)n, 0) != n) goto done;
    out->code = code, out->n = (uint32_t)((size_t)n / sizeof(struct sock_filter));
    ok = true;
done:
    if (!ok) mem_free(code);
    if (fd >= 0) close(fd);
    return ok;
}

bool sandbox_filter_make(bool forks, SandboxFilter *out, Err *err) {
    scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
    if (!c) return err_nomem(err);
    /* foreign architectures, the 32-bit gate among them, are killed at the first call */
    int rc = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0) rc = seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: fewer steps per call */
    for (size_t i = 0; i < sizeof k_denied / sizeof *k_denied && rc == 0; i++) rc = deny_name(c, &k_denied[i]);
    if (rc == 0) rc = deny_clone(c, forks);
    if (rc == 0) rc = deny_arguments(c);
    bool ok = rc == 0 && export_bytes(c, out);
    seccomp_release(c);
    if (rc != 0)
        return err_set(err, ERR_ENV, "the sandbox's system-call filter cannot be made: libseccomp says %s",
                       strerror(-rc));
    return ok || err_set(err, ERR_ENV, "the sandbox's system-call filter cannot be written to memory");
}
