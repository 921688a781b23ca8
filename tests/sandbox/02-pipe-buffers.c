// kernel memory in pipes and stream pairs: bounded by the number of descriptors
// expect: OK MLE
// memory: 64
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static long fill(int fd) {
    static char block[4096];
    long n = 0;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (long r; (r = write(fd, block, sizeof block)) > 0;) n += r;
    return n;
}
int main(void) {
    int p[2];
    long all = 0;
    for (int i = 0; i < 15 && pipe(p) == 0; i++) fcntl(p[1], F_SETPIPE_SZ, 1 << 20), all += fill(p[1]);
    while (socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0) {
        int big = 1 << 30;
        setsockopt(p[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
        all += fill(p[1]);
    }
    printf(all > 64l << 20 ? "ESCAPED %ld MiB\n" : "held %ld MiB\n", all >> 20);
    return 0;
}
