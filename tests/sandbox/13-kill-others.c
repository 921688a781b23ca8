// kills, stops, slows and pins whatever it can reach
// expect: OK
// says: alive
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REFUSED(what)                                                                                                  \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        if ((long)(what) >= 0) printf("ESCAPED %s\n", #what);                                                          \
    } while (0)
int main(void) {
    struct rlimit one = {0, 0};
    struct sched_param low = {0};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    for (int sig = 1; sig < 65; sig++)
        if (sig != SIGCHLD) kill(1, sig), kill(getppid(), sig);
    kill(-1, SIGKILL);
    for (int pid = 3; pid < 70000; pid++)
        if (pid != getpid() && kill(pid, 0) == 0) printf("ESCAPED sees process %d\n", pid);
    REFUSED(prlimit(1, RLIMIT_CPU, &one, NULL));
    REFUSED(prlimit(1, RLIMIT_NOFILE, &one, NULL));
    REFUSED(setpriority(PRIO_PROCESS, 1, 19));
    REFUSED(setpriority(PRIO_USER, 0, 19));
    REFUSED(sched_setaffinity(1, sizeof set, &set));
    REFUSED(sched_setscheduler(1, SCHED_IDLE, &low));
    REFUSED(syscall(SYS_ioprio_set, 1, 1, 3 << 13));
    printf("alive\n");
    return 0;
}
