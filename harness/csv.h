/* CSV in: RFC 4180 records from bytes in memory.
 *
 * Quoted fields may hold commas, line breaks and doubled quotes, so records are not lines. Line ends are LF or CR LF; a
 * byte order mark is skipped; empty lines are skipped. A quote inside an unquoted field is an ordinary character (as
 * Python's reader has it). Text behind a closing quote, an unterminated quote, a lone CR, NUL bytes and invalid UTF-8
 * are errors that name the line. */
#ifndef ASSAY_HARNESS_CSV_H
#define ASSAY_HARNESS_CSV_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define CSV_MAX_FIELDS 1024
#define CSV_MAX_RECORD ((size_t)64 << 20)

typedef struct CsvReader {
    Str text;
    size_t at;
    int64_t line; /* of the next record, from 1 */
    const char *name;
} CsvReader;

/* text is borrowed and must outlive the reader; name is for messages. */
bool csv_init(CsvReader *r, Str text, const char *name, Err *err);

typedef struct CsvRecord {
    Str *fields; /* in the arena */
    size_t n;
    int64_t line; /* where it begins */
} CsvRecord;

/* *more is false at the end (then *out is untouched). */
bool csv_next(CsvReader *r, Arena *a, CsvRecord *out, bool *more, Err *err);

/* Line of the first NUL or invalid UTF-8 sequence, 0 if there is none; *nul says which. For all text data. */
int64_t text_bad_line(Str text, bool *nul);

#endif
