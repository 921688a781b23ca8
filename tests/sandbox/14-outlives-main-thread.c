// the main thread ends, another stays
// expect: ILE
// wall: 0.7
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
static void *stay(void *p) {
    for (;;) pause();
    return p;
}
int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, stay, NULL);
    syscall(SYS_exit, 0);
}
