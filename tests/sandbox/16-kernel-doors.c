// calls with a history, and programs with the set-user-id bit
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static void refused(const char *what, long nr) {
    errno = 0;
    if (syscall(nr, 0, 0, 0, 0, 0, 0) >= 0 || errno != EPERM) printf("ESCAPED %s (errno %d)\n", what, errno);
}
#define CALL(name) refused(#name, SYS_##name)
int main(void) {
    CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(keyctl), CALL(add_key), CALL(request_key);
    refused("io_uring_setup", 425), refused("io_uring_enter", 426), refused("io_uring_register", 427);
    CALL(kexec_load), CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(reboot), CALL(swapon);
    CALL(settimeofday), CALL(clock_settime), CALL(adjtimex), CALL(personality), CALL(acct), CALL(syslog);
    CALL(ptrace), CALL(quotactl), CALL(fanotify_init), CALL(vmsplice), CALL(setns), CALL(unshare), CALL(mount);
    const char *suid[] = {"/usr/bin/su", "/usr/bin/sudo", "/bin/mount", "/usr/bin/passwd", "/usr/bin/newgrp"};
    for (int i = 0; i < 5; i++)
        if (access(suid[i], F_OK) == 0) printf("ESCAPED sees %s\n", suid[i]);
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0) printf("ESCAPED is root\n");
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) printf("ESCAPED may gain rights\n");
    for (int cap = 0; cap < 41; cap++)
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
            printf("ESCAPED has capability %d\n", cap);
    printf("done\n");
    return 0;
}
