/* A ZIP archive in memory, by libzip: what Inspect's .eval files are. The same members give the same bytes. */
#ifndef ASSAY_REPORTS_ZIP_H
#define ASSAY_REPORTS_ZIP_H

#include "engine/base/err.h"
#include "engine/base/str.h"

typedef struct ZipOut ZipOut;

bool zip_out_open(ZipOut **out, Err *err);
/* Takes the buffer's bytes over, and leaves it empty. name: relative, with '/' between folders, used once. */
bool zip_out_add(ZipOut *z, const char *name, Buf *content, Err *err);
/* Closes z also on failure. Appends the archive to *bytes. */
bool zip_out_end(ZipOut *z, Buf *bytes, Err *err);
void zip_out_close(ZipOut *z); /* forgets it; NULL is fine */

#endif
