// deaf to every signal that can be ignored
// expect: TLE
// cpu: 0.4
#include <signal.h>
int main(void) {
    sigset_t all;
    for (int i = 1; i < 65; i++) signal(i, SIG_IGN);
    sigfillset(&all), sigprocmask(SIG_BLOCK, &all, 0);
    for (;;) {
    }
}
