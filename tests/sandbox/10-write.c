// changes what it must not change
// expect: OK
// says: done
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#define REFUSED(what)                                                                                                  \
    do {                                                                                                               \
        if ((what) >= 0) printf("ESCAPED %s\n", #what);                                                                \
    } while (0)
int main(void) {
    REFUSED(open("/w/program", O_WRONLY));
    REFUSED(open("/helper", O_WRONLY));
    REFUSED(open("../x", O_CREAT | O_WRONLY, 0600));
    REFUSED(open("/w/x", O_CREAT | O_WRONLY, 0600));
    REFUSED(open("/dev/x", O_CREAT | O_WRONLY, 0600));
    REFUSED(truncate("/w/program", 0));
    REFUSED(unlink("/w/program"));
    REFUSED(rename("/w/program", "/w/p"));
    REFUSED(link("/usr/lib/os-release", "/w/os"));
    REFUSED(link("/helper", "/h"));
    REFUSED(symlink("/etc/passwd", "/w/p"));
    REFUSED(mkdir("/w/d", 0700));
    REFUSED(rmdir("/w"));
    REFUSED(mkfifo("/w/fifo", 0600));
    REFUSED(mknod("/w/zero", S_IFCHR | 0600, makedev(1, 5)));
    REFUSED(mknod("/w/disk", S_IFBLK | 0600, makedev(254, 0)));
    REFUSED(chmod("/w/program", 06755));
    REFUSED(chmod("/dev/null", 0));
    REFUSED(chown("/w/program", 0, 0));
    REFUSED(utimensat(AT_FDCWD, "/usr/lib", NULL, 0));
    REFUSED(setxattr("/w/program", "user.x", "y", 1, 0));
    printf("done\n");
    return 0;
}
