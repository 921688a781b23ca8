// what it was born with
// expect: OK
// says: done
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
int main(int argc, char **argv) {
    const char *known[] = {"PATH=", "HOME=/w", "LANG=", "LC_ALL=", "PYTHON", "OPENBLAS_", "OMP_", "MKL_", "PWD=/w"};
    for (char **e = environ; *e; e++) {
        int fine = 0;
        for (int i = 0; i < 9; i++) fine |= strncmp(*e, known[i], strlen(known[i])) == 0;
        if (!fine) printf("ESCAPED environment %s\n", *e);
    }
    for (int fd = 3; fd < 65536; fd++)
        if (fcntl(fd, F_GETFD) >= 0) printf("ESCAPED descriptor %d\n", fd);
    if ((fcntl(0, F_GETFL) & O_ACCMODE) != O_RDONLY) printf("ESCAPED input can be written\n");
    for (int sig = 1; sig < 32; sig++) {
        struct sigaction a;
        if (sigaction(sig, NULL, &a) == 0 && a.sa_handler != SIG_DFL) printf("ESCAPED signal %d is not default\n", sig);
    }
    if (argc != 1 || strcmp(argv[0], "/w/program") != 0) printf("ESCAPED arguments\n");
    printf("done\n");
    return 0;
}
