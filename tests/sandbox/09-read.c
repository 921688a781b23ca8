// reads what it must not know
// expect: OK
// says: done
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void) {
    const char *paths[] = {"/etc/passwd",
                           "/etc/shadow",
                           "/etc/hosts",
                           "/root",
                           "/home",
                           "/proc",
                           "/proc/self/environ",
                           "/proc/1/environ",
                           "/proc/1/cmdline",
                           "/proc/self/fd",
                           "/sys",
                           "/sys/kernel",
                           "/dev/mem",
                           "/dev/kmem",
                           "/dev/sda",
                           "/dev/vda",
                           "/dev/kmsg",
                           "/dev/tty",
                           "/dev/shm",
                           "/dev/zero",
                           "/tmp",
                           "/var",
                           "/run",
                           "/mnt",
                           "/opt",
                           "/srv",
                           "/boot",
                           "/work",
                           "/usr/bin",
                           "/usr/share",
                           "/usr/local",
                           "/usr/include",
                           "../../../etc/passwd",
                           "/w/../etc/passwd"};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        if (open(paths[i], O_RDONLY) >= 0) printf("ESCAPED reads %s\n", paths[i]);
    DIR *d = opendir("/");
    if (!d) printf("ESCAPED no root to look at\n");
    for (struct dirent *e; d && (e = readdir(d));)
        if (!strstr(". .. bin lib lib64 usr dev w helper", e->d_name)) printf("ESCAPED sees /%s\n", e->d_name);
    printf("done\n");
    return 0;
}
