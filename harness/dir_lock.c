#include "harness/dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 600 }; /* of 50 ms */

bool dir_lock(const char *dir, int *fd, Err *err) {
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? err_set(err, ERR_INPUT, "%s: there is no such folder", dir)
                                                   : err_errno(err, errno, "cannot open", dir);
    for (int i = 0; flock(*fd, LOCK_EX | LOCK_NB) != 0; i++) {
        int e = errno;
        bool taken = e == EWOULDBLOCK || e == EINTR;
        if (taken && i < TRIES) {
            nanosleep(&pause, NULL);
            continue;
        }
        dir_unlock(*fd);
        *fd = -1;
        return taken ? err_set(err, ERR_ENV, "%s: another process has been writing there for 30 seconds", dir)
                     : err_errno(err, e, "cannot lock", dir);
    }
    return true;
}

void dir_unlock(int fd) {
    if (fd >= 0) close(fd);
}
