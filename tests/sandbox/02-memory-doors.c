// memory that a limit on the process would not count
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REFUSED(what)                                                                                                  \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        if ((long)(what) != -1) printf("ESCAPED %s\n", #what);                                                         \
    } while (0)
int main(void) {
    REFUSED(memfd_create("x", 0));
    REFUSED(syscall(447, 0)); /* memfd_secret */
    REFUSED(shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600));
    REFUSED(shm_open("/x", O_CREAT | O_RDWR, 0600));
    REFUSED(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
    REFUSED(semget(IPC_PRIVATE, 100, IPC_CREAT | 0600));
    REFUSED(mq_open("/x", O_CREAT | O_RDWR, 0600, NULL));
    REFUSED(mlock((void *)main, 0x40000000));
    printf("done\n");
    return 0;
}
