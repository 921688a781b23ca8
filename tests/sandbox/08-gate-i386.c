// the 32-bit gate has other call numbers
// expect: RE
#include <stdio.h>
int main(void) {
#ifdef __x86_64__
    long r = 20; /* getpid there */
    __asm__ volatile("int $0x80" : "+a"(r) : : "memory");
    printf("ESCAPED %ld\n", r), fflush(stdout);
    return 0;
#else
    return 1;
#endif
}
