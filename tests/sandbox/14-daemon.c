// a new session, a child that lives on and holds the pipe
// expect: OK
// says: done
#include <stdio.h>
#include <unistd.h>
int main(void) {
    setsid();
    if (fork() == 0) {
        setsid();
        printf("ESCAPED\n"), fflush(stdout);
        if (fork() == 0)
            for (;;) sleep(100);
    }
    if (daemon(0, 1) == 0) printf("ESCAPED daemon\n");
    printf("done\n");
    return 0;
}
