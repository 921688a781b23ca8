// pushes characters to the terminal, also with high bits in the request
// expect: OK
// says: done
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    char c = 'x';
    for (int fd = 0; fd < 3; fd++) {
        long requests[] = {TIOCSTI, TIOCSTI | 1l << 32, TIOCSTI | 0x7fffffffl << 32, 0x541c, TIOCSCTTY};
        for (int i = 0; i < 5; i++)
            if (syscall(SYS_ioctl, fd, requests[i], &c) == 0 || errno != EPERM) printf("ESCAPED request %d\n", i);
    }
    if (open("/dev/tty", O_RDWR) >= 0 || open("/dev/console", O_RDWR) >= 0 || open("/dev/ptmx", O_RDWR) >= 0)
        printf("ESCAPED terminal\n");
    printf("done\n");
    return 0;
}
