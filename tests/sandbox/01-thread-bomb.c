// threads without end
// expect: ILE
// wall: 1.5
// says: refused
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *sleeper(void *p) {
    pause();
    return p;
}
int main(void) {
    pthread_attr_t a;
    pthread_attr_init(&a), pthread_attr_setstacksize(&a, 65536);
    pthread_t t;
    int n = 0;
    while (n < 5000 && pthread_create(&t, &a, sleeper, NULL) == 0) n++;
    printf(n > 24 || n < 8 ? "ESCAPED with %d threads\n" : "refused\n", n), fflush(stdout);
    for (;;) pause();
}
