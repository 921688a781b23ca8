/* Files: mapped, read with a ceiling, written atomically. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "engine/base/err.h"
#include "engine/base/str.h"

typedef struct FileMap {
    const unsigned char *p; /* NULL for an empty file */
    size_t n;
} FileMap;

/* Maps a regular file read-only. ERR_INPUT with a plain sentence if it is absent, a directory, or not readable. */
bool file_map(const char *path, FileMap *out, Err *err);
void file_unmap(FileMap *m);

/* Appends the whole file; files larger than buf->max are refused by size before reading. "-" reads standard input. */
bool file_read(const char *path, Buf *buf, Err *err);

/* Old or new, never half: writes PATH.tmp.PID beside it, fsync, rename. On failure nothing is left behind. What
 * is no regular file, /dev/null for example, is refused: a file would take its place. */
bool file_write_atomic(const char *path, Str data, Err *err);
/* Nothing is there, or a file that another may take the place of. */
bool file_may_replace(const char *path, Err *err);
/* The same in two steps, for files that belong together: all of them are written beside their places, under names of
 * this process, and then take those places, or are thrown away; nothing is changed before each of them is whole. */
bool file_stage(const char *path, Str data, Err *err);
bool file_commit(const char *path, Err *err);
void file_unstage(const char *path);

bool file_exists(const char *path);
bool file_is_dir(const char *path);
bool file_mkdirs(const char *path, Err *err); /* like mkdir -p */

/* dir + "/" + name, in the arena; name is returned alone if it is absolute. NULL without memory. */
char *path_join(Arena *a, const char *dir, const char *name);
char *path_dirname(Arena *a, const char *path);

#endif
