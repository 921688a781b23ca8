/* YAML in: one document as a tree of nodes that know their line and column.
 *
 * The subset is what configuration needs: block and flow maps and sequences, all scalar styles, anchors and aliases
 * (an alias shares the node; the total after expansion is bounded). Refused with line and column: tags, duplicate keys,
 * keys that are not plain text, merge keys, several documents, NUL bytes, invalid UTF-8, and anything deeper or larger
 * than YAML_MAX_*. Plain scalars are typed by the YAML 1.2 core schema (true/false, null/~, integers, floats); `yes`,
 * `no` and `on` are text. The whole tree lives in the arena; nothing is freed piecemeal. */
#ifndef ASSAY_HARNESS_YAML_H
#define ASSAY_HARNESS_YAML_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define YAML_MAX_BYTES ((size_t)4 << 20)
#define YAML_MAX_DEPTH 48
#define YAML_MAX_NODES 200000 /* aliases count with everything below them */

typedef enum YamlKind { YKIND_NULL, YKIND_BOOL, YKIND_INT, YKIND_FLOAT, YKIND_STR, YKIND_SEQ, YKIND_MAP } YamlKind;

/* Where a tree came from. */
typedef struct YamlDoc {
    const char *name; /* for messages: the path as the user wrote it, or "--set limit" */
    const char *dir;  /* relative paths inside start here */
} YamlDoc;

typedef struct YamlNode YamlNode;
struct YamlNode {
    const YamlDoc *doc;
    YamlKind kind;
    int line, col; /* from 1 */
    Str text;      /* scalars: as written after unquoting and folding */
    bool quoted;   /* scalars: in quotes or a block scalar, hence text whatever it looks like */
    bool b;        /* YKIND_BOOL */
    int64_t i;     /* YKIND_INT */
    double num;    /* YKIND_INT and YKIND_FLOAT */
    /* sequences and maps: children in source order */
    size_t n;
    YamlNode **items; /* [n] */
    /* maps: keys[j] names items[j] */
    struct YamlKey {
        Str text;
        int line, col;
    } * keys; /* [n] */
};

/* `text` is copied. doc is borrowed by every node: let it live as long as the arena. */
bool yaml_parse(Str text, const YamlDoc *doc, Arena *a, YamlNode **out, Err *err);
/* Reads PATH; *bytes (may be NULL) receives the file as read, for hashing. */
bool yaml_load(const char *path, Arena *a, YamlNode **out, Str *bytes, Err *err);

const char *yaml_kind_name(YamlKind k); /* "a map", "text", "an integer" */

/* ERR_INPUT: "NAME line L column C: …". Always returns false. */
bool yaml_fail(const YamlNode *at, Err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

YamlNode *yaml_get(const YamlNode *map, const char *key); /* NULL if absent or not a map */

/* Every key of `map` must be one of `known` (NULL-terminated); else the error names file, line, column, the key, and
 * the nearest known one. `what` is the kind of thing: "a suite", "'dataset'". Fails if `map` is not a map. */
bool yaml_check_keys(const YamlNode *map, const char *what, const char *const *known, Err *err);

/* Typed access. An absent key is fine unless `required`: *out stays as it was. null counts as absent.
 * Wrong types and ranges fail with the position of the value. Numbers are accepted as text by yaml_want_str only when
 * quoted, except where the schema says otherwise. */
bool yaml_want_str(const YamlNode *map, const char *key, bool required, Str *out, Err *err);
bool yaml_want_int(const YamlNode *map, const char *key, bool required, int64_t lo, int64_t hi, int64_t *out, Err *err);
bool yaml_want_num(const YamlNode *map, const char *key, bool required, double lo, double hi, double *out, Err *err);
bool yaml_want_bool(const YamlNode *map, const char *key, bool required, bool *out, Err *err);
bool yaml_want_map(const YamlNode *map, const char *key, bool required, YamlNode **out, Err *err);
bool yaml_want_seq(const YamlNode *map, const char *key, bool required, YamlNode **out, Err *err);
/* One of `names` (NULL-terminated); *out is its index. */
bool yaml_want_enum(const YamlNode *map, const char *key, bool required, const char *const *names, int *out, Err *err);

/* Sets root.a.b.c = value (dotted path), making maps on the way; the value is parsed as YAML ("3", "[low, high]",
 * "text"). For `--set key=value`. doc names the option in later errors. */
bool yaml_set(YamlNode *root, Str path, Str value, const YamlDoc *doc, Arena *a, Err *err);

/* Scalars as text, maps and sequences as JSON: options for scorers. Absent Str without memory. */
Str yaml_to_text(const YamlNode *n, Arena *a);
/* The tree as JSON, keys in source order. */
void yaml_to_json(const YamlNode *n, Buf *out);

/* The nearest of `known` (NULL-terminated) to `word` if it is near enough to suggest, else NULL. */
const char *yaml_nearest(Str word, const char *const *known);

#endif
