// asks for more CPU time
// expect: TLE
// cpu: 0.4
#include <stdio.h>
#include <sys/resource.h>
int main(void) {
    struct rlimit r = {100, 100};
    if (setrlimit(RLIMIT_CPU, &r) == 0) printf("ESCAPED\n"), fflush(stdout);
    for (;;) {
    }
}
