/* Dataset: the samples of one suite, read from JSONL or CSV files into one arena.
 *
 * A Sample is one row: its id, its columns, and what the suite's `fields` say about it (targets, choices, group,
 * cluster). Formats: `jsonl` (one object a line), `csv` (RFC 4180 with a header line), `mmlu` (headerless CSV of six
 * columns, the subject taken from the file name; several files by a glob). Every error names file and line. */
#ifndef ASSAY_HARNESS_DATASET_H
#define ASSAY_HARNESS_DATASET_H

#include "harness/template/template.h"
#include "harness/value.h"
#include "scorers/scorer.h"

#define DATASET_MAX_FILE ((size_t)2 << 30)
#define DATASET_MAX_LINE ((size_t)64 << 20)
#define DATASET_MAX_ROWS ((size_t)5000000)
#define DATASET_MAX_ID 200 /* bytes */

typedef enum DatasetFormat { DATASET_JSONL, DATASET_CSV, DATASET_MMLU } DatasetFormat;
const char *dataset_format_name(DatasetFormat f);

typedef struct Sample {
    Str id;       /* unique in its dataset, no control characters */
    size_t index; /* place in the dataset, from 0 */
    Value row;    /* VALUE_MAP: the columns as read (mmlu: question A B C D answer choices subject subject_id split
                     number) */
    const Str *targets; /* accepted answers as text; may be empty */
    size_t n_targets;
    const Str *choices; /* options in the order shown; may be empty */
    size_t n_choices;
    const Str *tools; /* names of those it gives the model; NULL: all of the suite's */
    size_t n_tools;
    Str group;        /* sub-group for tables; absent if the suite names none */
    Str cluster;      /* unit for clustered errors; absent = the sample itself */
    Str content_hash; /* 64 hex digits: SHA-256 of the row as canonical JSON. Derived columns of the mmlu format that
                         tell only the place (split, number) stay out, so that slices of one file join */
    const ScorerKV *meta; /* every column, and the suite's `fields.meta`, as text for the scorer's view */
    size_t n_meta;
} Sample;

/* What the suite says about its data. Templates may be NULL (not given). */
typedef struct DatasetSpec {
    const char *const *paths; /* glob patterns, alternatives: the first that matches a file is taken; all files that it
                                 matches are read, in byte order of their paths. Folders already joined and escaped */
    size_t n_paths;
    DatasetFormat format;
    Str sha256; /* as Dataset.sha256; absent = not checked */
    const Template *id, *target, *choices, *group, *cluster, *tools;
    const Str *tool_names; /* what `tools` may name */
    size_t n_tool_names;
    const struct DatasetMeta {
        Str key;
        const Template *value;
    } * meta;
    size_t n_meta;
    const Str *columns; /* rows may have no other ones; NULL: any */
    size_t n_columns;
    Str canary;    /* absent, or what the column `canary` of every row must hold */
    bool few_shot; /* ids are optional: examples only need their columns and the group */
} DatasetSpec;

typedef struct Dataset {
    const Sample *samples;
    size_t n;
    const char *const *files; /* the files that were read, in order */
    size_t n_files;
    Str sha256; /* 64 hex digits: of the file's bytes; of several files: SHA-256 over their hex digests in order */
    const size_t *by_id; /* [n] indices in the order of ids, for dataset_find */
} Dataset;

/* Everything lives in the arena. */
bool dataset_load(const DatasetSpec *spec, Arena *a, Dataset **out, Err *err);
/* NULL if there is none. */
const Sample *dataset_find(const Dataset *d, Str id);

#endif
