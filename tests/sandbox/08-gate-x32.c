// the x32 numbers are a second table
// expect: RE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
#ifdef __x86_64__
    long r = syscall(0x40000000 | SYS_getpid);
    if (r > 0) printf("ESCAPED %ld\n", r), fflush(stdout);
#endif
    return 1;
}
