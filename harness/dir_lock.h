/* One writer of a folder at a time, among processes. The lock lies on the folder itself: no file is left behind, and
 * the kernel lets go of it when a process ends, however it ends. */
#ifndef ASSAY_HARNESS_DIR_LOCK_H
#define ASSAY_HARNESS_DIR_LOCK_H

#include "engine/base/err.h"

/* Waits up to 30 seconds for whoever has it. *fd: give it to dir_unlock. ERR_ENV: it is still taken, or the file system
 * has no locks. */
bool dir_lock(const char *dir, int *fd, Err *err);
void dir_unlock(int fd); /* -1 is fine */

#endif
