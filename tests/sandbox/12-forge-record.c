// writes a false record into whatever descriptor it finds, and into its helper
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#define REFUSED(what)                                                                                                  \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        if ((long)(what) >= 0) printf("ESCAPED %s\n", #what);                                                          \
    } while (0)
int main(void) {
    char x[96] = {0};
    struct iovec mine = {x, sizeof x}, theirs = {(void *)0x400000, sizeof x};
    for (int fd = 3; fd < 4096; fd++)
        if (write(fd, x, sizeof x) >= 0 || errno != EBADF) printf("ESCAPED descriptor %d\n", fd);
    REFUSED(ptrace(PTRACE_ATTACH, 1, 0, 0));
    REFUSED(ptrace(PTRACE_SEIZE, 1, 0, 0));
    REFUSED(ptrace(PTRACE_TRACEME, 0, 0, 0));
    REFUSED(process_vm_readv(1, &mine, 1, &theirs, 1, 0));
    REFUSED(process_vm_writev(1, &mine, 1, &theirs, 1, 0));
    REFUSED(syscall(312, getpid(), 1, 0, 1, 1)); /* kcmp */
    REFUSED(open("/proc/1/mem", O_RDWR));
    REFUSED(open("/proc/1/fd/4", O_WRONLY));
    int fd = (int)syscall(434, 1, 0); /* pidfd_open is harmless alone */
    for (int i = 0; fd >= 0 && i < 16; i++) REFUSED(syscall(438, fd, i, 0));
    printf("done\n");
    return 0;
}
