// closes its output and goes on
// expect: OK
// says: before
#include <stdio.h>
#include <unistd.h>
int main(void) {
    printf("before\n"), fflush(stdout);
    close(0), close(1), close(2);
    for (volatile int i = 0; i < 1000000; i++) {
    }
    return 0;
}
