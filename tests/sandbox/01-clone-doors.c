// a new process through clone, clone3, vfork and posix_spawn
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
extern char **environ;
int main(void) {
    char *args[] = {"/helper", "probe", NULL};
    pid_t pid;
    long flags[] = {SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VM | CLONE_VFORK | SIGCHLD, CLONE_PARENT | SIGCHLD, 0};
    for (int i = 0; i < 5; i++) {
        long r = syscall(SYS_clone, flags[i] & ~(long)CLONE_VM, 0, 0, 0, 0);
        if (r == 0) _exit(0);
        if (r > 0) printf("ESCAPED clone %lx\n", flags[i]);
    }
    struct {
        unsigned long long v[11];
    } a = {{0, 0, 0, 0, SIGCHLD}};
    long r = syscall(SYS_clone3, &a, sizeof a);
    if (r == 0) _exit(0);
    if (r > 0 || errno != ENOSYS) printf("ESCAPED clone3\n");
    if (posix_spawn(&pid, "/helper", NULL, NULL, args, environ) == 0) printf("ESCAPED posix_spawn\n");
    printf("done\n");
    return 0;
}
