// sockets of every family, and what one could do with a stream pair
// expect: OK
// says: done
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void) {
    int p[2], types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
    for (int family = 0; family < 46; family++)
        for (int t = 0; t < 4; t++)
            if (socket(family, types[t] | (t & 1 ? SOCK_CLOEXEC : 0), 0) >= 0 || errno != EPERM)
                printf("ESCAPED family %d type %d\n", family, types[t]);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0) printf("ESCAPED datagram pair\n");
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, p) == 0) printf("ESCAPED datagram pair\n");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0) {
        struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0name"};
        if (bind(p[0], (void *)&a, sizeof a) == 0 || errno != EPERM) printf("ESCAPED bind\n");
        if (connect(p[0], (void *)&a, sizeof a) == 0 || errno != EPERM) printf("ESCAPED connect\n");
        if (listen(p[0], 5) == 0 || errno != EPERM) printf("ESCAPED listen\n");
    }
    printf("done\n");
    return 0;
}
