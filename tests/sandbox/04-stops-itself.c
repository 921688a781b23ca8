// stops itself and its group
// expect: ILE
// wall: 0.7
#include <signal.h>
int main(void) {
    for (;;) kill(0, SIGSTOP);
}
