// fork without end, deaf to polite signals
// expect: TLE
// cpu: 0.4
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    signal(SIGTERM, SIG_IGN), signal(SIGXCPU, SIG_IGN), signal(SIGHUP, SIG_IGN);
    for (;;)
        if (fork() == 0) printf("ESCAPED fork\n"), fflush(stdout);
}
