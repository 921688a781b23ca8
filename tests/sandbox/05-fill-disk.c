// leaves files wherever it can, in deep folders, sparse, and by the thousand
// expect: OK
// says: 0 files
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int made, looked;
static void walk(int depth) {
    char name[64];
    snprintf(name, sizeof name, "assay-%d", looked++);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) made++, ftruncate(fd, 1l << 40), close(fd);
    if (mkdir(name, 0700) == 0) made++;
    if (open(".", O_TMPFILE | O_RDWR, 0600) >= 0) made++;
    if (mkfifo("fifo", 0600) == 0) made++;
    if (depth > 6 || looked > 3000) return;
    DIR *d = opendir(".");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_type != DT_DIR || e->d_name[0] == '.' || chdir(e->d_name) != 0) continue;
        walk(depth + 1);
        if (chdir("..") != 0) break;
    }
    if (d) closedir(d);
}
int main(void) {
    const char *more[] = {"/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/w", "/home", "/root", "/dev", "/usr/lib"};
    for (int i = 0; i < 10; i++)
        if (chdir(more[i]) == 0) walk(i ? 5 : 0);
    printf(made ? "ESCAPED %d files\n" : "%d files\n", made);
    return 0;
}
