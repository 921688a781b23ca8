// namespaces and mounts by every call
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REFUSED(what)                                                                                                  \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        if ((long)(what) >= 0) printf("ESCAPED %s\n", #what);                                                          \
    } while (0)
int main(void) {
    int flags[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
                   CLONE_NEWPID, CLONE_NEWNET,    0x80,         CLONE_FILES,  CLONE_FS};
    for (int i = 0; i < 10; i++) {
        REFUSED(unshare(flags[i]));
        long r = i < 8 ? syscall(SYS_clone, flags[i] | SIGCHLD, 0, 0, 0, 0) : -1;
        if (r == 0) _exit(0);
        if (r > 0) printf("ESCAPED clone %x\n", flags[i]);
        r = i < 8 ? syscall(SYS_clone, flags[i] | CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0) : -1;
        if (r >= 0) printf("ESCAPED thread clone %x\n", flags[i]);
    }
    REFUSED(mount("none", "/w", "tmpfs", 0, ""));
    REFUSED(mount("/", "/w", NULL, MS_BIND, NULL));
    REFUSED(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
    REFUSED(umount2("/w", MNT_DETACH));
    REFUSED(umount2("/usr/lib", MNT_DETACH));
    REFUSED(chroot("/w"));
    REFUSED(syscall(SYS_pivot_root, "/", "/w"));
    REFUSED(setns(0, 0));
    for (int nr = 428; nr <= 433; nr++) REFUSED(syscall(nr, AT_FDCWD, "/", 0, 0, 0));
    REFUSED(syscall(442, AT_FDCWD, "/", 0, NULL, 0));
    REFUSED(syscall(SYS_open_by_handle_at, 0, NULL, 0));
    REFUSED(sethostname("x", 1));
    printf("done\n");
    return 0;
}
