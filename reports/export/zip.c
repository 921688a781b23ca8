#include "reports/export/zip.h"

#include <zip.h>

#include "engine/base/mem.h"

struct ZipOut {
    zip_source_t *bytes; /* the archive as it grows; one reference is ours */
    zip_t *zip;
    Buf **members; /* libzip reads them when the archive is closed */
    size_t n, cap;
};

static bool zip_fail(zip_error_t *e, Err *err) {
    bool memory = zip_error_code_zip(e) == ZIP_ER_MEMORY;
    err_set(err, memory ? ERR_MEMORY : ERR_ENV, "cannot make a ZIP archive: %s", zip_error_strerror(e));
    zip_error_fini(e);
    return false;
}

bool zip_out_open(ZipOut **out, Err *err) {
    zip_error_t e;
    zip_error_init(&e);
    ZipOut *z = mem_alloc(sizeof *z);
    if (!z) return err_nomem(err);
    z->bytes = zip_source_buffer_create(NULL, 0, 0, &e);
    if (z->bytes) z->zip = zip_open_from_source(z->bytes, ZIP_TRUNCATE, &e);
    if (z->zip) {
        zip_source_keep(z->bytes);
        *out = z;
        return true;
    }
    if (z->bytes) zip_source_free(z->bytes);
    mem_free(z);
    return zip_fail(&e, err);
}

static Buf *keep(ZipOut *z, Buf *content) {
    if (z->n == z->cap) {
        size_t cap = z->cap ? 2 * z->cap : 64, bytes;
        Buf **grown = size_mul(cap, sizeof *grown, &bytes) ? mem_realloc(z->members, bytes) : NULL;
        if (!grown) return NULL;
        z->members = grown;
        z->cap = cap;
    }
    Buf *b = mem_alloc(sizeof *b);
    if (!b) return NULL;
    *b = *content;
    buf_init(content, content->max);
    z->members[z->n++] = b;
    return b;
}

bool zip_out_add(ZipOut *z, const char *name, Buf *content, Err *err) {
    if (content->failed) return err_nomem(err);
    Buf *b = keep(z, content);
    if (!b) return err_nomem(err);
    zip_source_t *s = zip_source_buffer(z->zip, b->p, b->n, 0);
    zip_int64_t at = s ? zip_file_add(z->zip, name, s, ZIP_FL_ENC_UTF_8) : -1;
    if (at < 0) {
        if (s) zip_source_free(s);
        return err_set(err, ERR_ENV, "cannot add '%s' to a ZIP archive: %s", name, zip_strerror(z->zip));
    }
    /* 1 January 1980, the earliest there is: no clock in a pure function of the run */
    if (zip_file_set_dostime(z->zip, (zip_uint64_t)at, 0, 0x21, 0) != 0 ||
        zip_set_file_compression(z->zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 6) != 0)
        return err_set(err, ERR_ENV, "cannot set up '%s' in a ZIP archive: %s", name, zip_strerror(z->zip));
    return true;
}

static void release(ZipOut *z) {
    if (z->zip) zip_discard(z->zip);
    zip_source_free(z->bytes);
    for (size_t i = 0; i < z->n; i++) {
        buf_release(z->members[i]);
        mem_free(z->members[i]);
    }
    mem_free(z->members);
    mem_free(z);
}

void zip_out_close(ZipOut *z) {
    if (z) release(z);
}

static bool copy_out(zip_source_t *s, Buf *bytes, Err *err) {
    char block[65536];
    zip_int64_t got = -1;
    if (zip_source_open(s) == 0) {
        while ((got = zip_source_read(s, block, sizeof block)) > 0) buf_add(bytes, block, (size_t)got);
        zip_source_close(s);
    }
    if (bytes->failed) return err_nomem(err);
    return got == 0 ||
           err_set(err, ERR_ENV, "cannot read a ZIP archive back: %s", zip_error_strerror(zip_source_error(s)));
}

bool zip_out_end(ZipOut *z, Buf *bytes, Err *err) {
    bool ok = zip_close(z->zip) == 0;
    if (ok)
        z->zip = NULL;
    else
        err_set(err, zip_error_code_zip(zip_get_error(z->zip)) == ZIP_ER_MEMORY ? ERR_MEMORY : ERR_ENV,
                "cannot finish a ZIP archive: %s", zip_strerror(z->zip));
    ok = ok && copy_out(z->bytes, bytes, err);
    release(z);
    return ok;
}
