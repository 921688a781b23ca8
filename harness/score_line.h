/* What commands share that run one scorer over lines: a line as a sample, the scorer's options, the judge. */
#ifndef ASSAY_SCORE_LINE_H
#define ASSAY_SCORE_LINE_H

#include "harness/args.h"
#include "harness/scoring.h"
#include "harness/value.h"
#include "harness/yaml.h"

#define SCORER_OPTION_MAX ((size_t)1 << 20) /* bytes of an option that is read from a file */

/* {"id"?, "output", "prompt"?, "target"?, ...} of `assay score`. All texts live in the arena or the row. */
bool score_line_read(const Value *row, Arena *a, Sample *s, Completion *c, Str *prompt, Err *err);

typedef struct ScorerOptions {
    ScorerKV *v;
    size_t n;
} ScorerOptions;

/* --config FILE.yaml, then --set KEY=VALUE, then --set-file KEY=FILE; the last of a key wins. */
bool scorer_options_read(const char *config, const ArgList *sets, const ArgList *files, Arena *a, ScorerOptions *o,
                         Err *err);

/* An option's value: scalars as text, maps and lists as JSON; but {file: NAME} is the content of that file, UTF-8 text,
 * relative to dir. *digest: the file's SHA-256 in hexadecimal, absent for other values. */
bool scorer_option_read(const YamlNode *n, const char *dir, Arena *a, Str *out, Str *digest, Err *err);

/* A plan's `judge` without `model`. Keys that are absent leave *j as it was. */
bool judge_settings_read(const YamlNode *n, JudgeSettings *j, Err *err);
/* --judge SPEC (NULL: none) and --judge-set KEY=VALUE. */
bool judge_words_read(const char *model, const ArgList *sets, Arena *a, JudgeSettings *out, Err *err);

#endif
