/* YAML events -> nodes. The one file that knows libyaml. */
#include "harness/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "engine/base/file.h"

/* ---- reading events into nodes ---- */

typedef struct Anchor {
    const char *name;
    YamlNode *node; /* NULL while its content is still being read: an alias to it would be endless */
    size_t weight;  /* nodes below it, itself included, aliases expanded */
    int height;
    struct Anchor *next;
} Anchor;

typedef struct Reader {
    yaml_parser_t parser;
    const YamlDoc *doc;
    Arena *a;
    Anchor *anchors;
    size_t nodes; /* so far, aliases expanded */
    Err *err;
} Reader;

static bool fail_at(Reader *r, yaml_mark_t m, const char *fmt, const char *arg) {
    err_set(r->err, ERR_INPUT, fmt, arg);
    return err_wrap(r->err, "%s line %zu column %zu", r->doc->name, m.line + 1, m.column + 1);
}

/* libyaml's own complaint, in our form. */
static bool fail_parser(Reader *r) {
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) return err_nomem(r->err);
    yaml_mark_t m = p->problem_mark;
    if (p->error == YAML_READER_ERROR) {
        err_set(r->err, ERR_INPUT, "%s (byte %zu)", p->problem ? p->problem : "unreadable", p->problem_offset);
        return err_wrap(r->err, "%s", r->doc->name);
    }
    if (p->context) {
        err_set(r->err, ERR_INPUT, "%s (%s that began in line %zu)", p->problem ? p->problem : "not YAML", p->context,
                p->context_mark.line + 1);
        return err_wrap(r->err, "%s line %zu column %zu", r->doc->name, m.line + 1, m.column + 1);
    }
    return fail_at(r, m, "%s", p->problem ? p->problem : "not YAML");
}

static bool next_event(Reader *r, yaml_event_t *e) {
    if (!yaml_parser_parse(&r->parser, e)) return fail_parser(r);
    return true;
}

static YamlNode *new_node(Reader *r, YamlKind kind, yaml_mark_t m) {
    YamlNode *n = arena_alloc(r->a, sizeof *n);
    if (!n) {
        err_nomem(r->err);
        return NULL;
    }
    *n = (YamlNode){.doc = r->doc, .kind = kind, .line = (int)m.line + 1, .col = (int)m.column + 1};
    return n;
}

/* ---- scalars: the core schema of YAML 1.2 (section 10.3.2) ---- */

static bool one_of(Str s, const char *const *names) {
    for (; *names; names++)
        if (str_eqz(s, *names)) return true;
    return false;
}

static bool all_digits(const char *p, const char *set) {
    return *p && strspn(p, set) == strlen(p);
}

static bool scalar_int(const char *s, int64_t *out) {
    int base = 10;
    const char *d = s;
    if (!strncmp(s, "0o", 2) && all_digits(s + 2, "01234567")) {
        base = 8;
        d = s + 2;
    } else if (!strncmp(s, "0x", 2) && all_digits(s + 2, "0123456789abcdefABCDEF")) {
        base = 16;
        d = s + 2;
    } else if (!all_digits(s + (*s == '-' || *s == '+'), "0123456789")) {
        return false;
    }
    errno = 0;
    long long v = strtoll(d, NULL, base);
    if (errno) return false;
    *out = v;
    return true;
}

/* [-+]? ( \.[0-9]+ | [0-9]+(\.[0-9]*)? ) ([eE][-+]?[0-9]+)? */
static bool scalar_float(const char *s, double *out) {
    const char *p = s + (*s == '-' || *s == '+');
    if (!strcmp(p, ".inf") || !strcmp(p, ".Inf") || !strcmp(p, ".INF")) {
        *out = *s == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (!strcmp(s, ".nan") || !strcmp(s, ".NaN") || !strcmp(s, ".NAN")) {
        *out = NAN;
        return true;
    }
    size_t before = strspn(p, "0123456789"), after = 0;
    p += before;
    if (*p == '.') {
        after = strspn(++p, "0123456789");
        p += after;
    }
    if (!before && !after) return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        size_t digits = strspn(p, "0123456789");
        if (!digits) return false;
        p += digits;
    }
    if (*p) return false;
    *out = strtod(s, NULL);
    return true;
}

static void type_plain(YamlNode *n) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    n->kind = YKIND_STR;
    if (one_of(n->text, nulls)) {
        n->kind = YKIND_NULL;
    } else if (one_of(n->text, yes) || one_of(n->text, no)) {
        n->kind = YKIND_BOOL;
        n->b = one_of(n->text, yes);
    } else if (scalar_int(n->text.p, &n->i)) {
        n->kind = YKIND_INT;
        n->num = (double)n->i;
    } else if (scalar_float(n->text.p, &n->num)) {
        n->kind = YKIND_FLOAT;
    }
}

static bool read_scalar(Reader *r, const yaml_event_t *e, YamlNode **out) {
    const char *v = (const char *)e->data.scalar.value;
    YamlNode *n = new_node(r, YKIND_STR, e->start_mark);
    if (!n) return false;
    if (memchr(v, 0, e->data.scalar.length))
        return fail_at(r, e->start_mark, "%s", "a NUL character (\\0) is not allowed in text");
    n->text = str_dup(r->a, (Str){v, e->data.scalar.length});
    if (!n->text.p) return err_nomem(r->err);
    n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!n->quoted) type_plain(n);
    *out = n;
    return true;
}

/* ---- collections ---- */

typedef struct Growing { /* children while they are read */
    YamlNode **items;
    struct YamlKey *keys;
    size_t n, cap;
} Growing;

static bool grow(Reader *r, Growing *g, bool with_keys) {
    if (g->n < g->cap) return true;
    size_t cap = g->cap ? g->cap * 2 : 8;
    YamlNode **items = arena_array(r->a, cap, sizeof *items);
    struct YamlKey *keys = with_keys ? arena_array(r->a, cap, sizeof *keys) : NULL;
    if (!items || (with_keys && !keys)) return err_nomem(r->err);
    if (g->n) memcpy(items, g->items, g->n * sizeof *items);
    if (g->n && with_keys) memcpy(keys, g->keys, g->n * sizeof *keys);
    g->items = items;
    g->keys = keys;
    g->cap = cap;
    return true;
}

static bool read_node(Reader *r, yaml_event_t *e, int depth, YamlNode **out, size_t *weight, int *height);

static bool read_seq(Reader *r, int depth, YamlNode *seq, size_t *weight, int *height) {
    Growing g = {0};
    for (;;) {
        yaml_event_t e;
        if (!next_event(r, &e)) return false;
        if (e.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&e);
            seq->items = g.items;
            seq->n = g.n;
            return true;
        }
        size_t w = 0;
        int h = 0;
        YamlNode *child = NULL;
        bool ok = grow(r, &g, false) && read_node(r, &e, depth + 1, &child, &w, &h);
        yaml_event_delete(&e);
        if (!ok) return false;
        g.items[g.n++] = child;
        *weight += w;
        if (h + 1 > *height) *height = h + 1;
    }
}

/* A key: plain or quoted text, new in its map. */
static bool read_key(Reader *r, const yaml_event_t *e, const Growing *g, struct YamlKey *key) {
    if (e->type != YAML_SCALAR_EVENT)
        return fail_at(r, e->start_mark, "%s", "a key must be text, not a list, a map or an alias");
    if (e->data.scalar.anchor || e->data.scalar.tag)
        return fail_at(r, e->start_mark, "%s", "a key can have no anchor and no tag");
    const char *v = (const char *)e->data.scalar.value;
    if (memchr(v, 0, e->data.scalar.length)) return fail_at(r, e->start_mark, "%s", "a key holds a NUL character");
    *key = (struct YamlKey){str_dup(r->a, (Str){v, e->data.scalar.length}), (int)e->start_mark.line + 1,
                            (int)e->start_mark.column + 1};
    if (!key->text.p) return err_nomem(r->err);
    if (str_eqz(key->text, "<<") && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return fail_at(r, e->start_mark, "%s", "merge keys (<<) are not supported; write the keys out");
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->keys[i].text, key->text)) {
            err_set(r->err, ERR_INPUT, "key '%s' stands twice in one map (first in line %d)", key->text.p,
                    g->keys[i].line);
            return err_wrap(r->err, "%s line %d column %d", r->doc->name, key->line, key->col);
        }
    return true;
}

static bool read_map(Reader *r, int depth, YamlNode *map, size_t *weight, int *height) {
    Growing g = {0};
    for (;;) {
        yaml_event_t e;
        if (!next_event(r, &e)) return false;
        if (e.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&e);
            map->items = g.items;
            map->keys = g.keys;
            map->n = g.n;
            return true;
        }
        struct YamlKey key;
        /* duplicate search is quadratic in the map's size, so a map is bounded well below the whole tree */
        bool ok = g.n < 4096 || fail_at(r, e.start_mark, "%s", "a map has more than 4096 keys");
        ok = ok && read_key(r, &e, &g, &key) && grow(r, &g, true);
        yaml_event_delete(&e);
        if (!ok || !next_event(r, &e)) return false;
        size_t w = 0;
        int h = 0;
        YamlNode *child = NULL;
        ok = read_node(r, &e, depth + 1, &child, &w, &h);
        yaml_event_delete(&e);
        if (!ok) return false;
        g.keys[g.n] = key;
        g.items[g.n++] = child;
        *weight += w;
        if (h + 1 > *height) *height = h + 1;
    }
}

static Anchor *anchor_find(Reader *r, const char *name) {
    for (Anchor *k = r->anchors; k; k = k->next)
        if (!strcmp(k->name, name)) return k;
    return NULL;
}

/* YAML lets an anchor be defined again; the latest one before an alias counts, hence push at the front. */
static bool anchor_open(Reader *r, const yaml_char_t *name, Anchor **out) {
    *out = NULL;
    if (!name) return true;
    Anchor *k = arena_alloc(r->a, sizeof *k);
    if (!k) return err_nomem(r->err);
    k->name = arena_strdup(r->a, (const char *)name);
    if (!k->name) return err_nomem(r->err);
    k->next = r->anchors;
    r->anchors = k;
    *out = k;
    return true;
}

static bool count_nodes(Reader *r, yaml_mark_t m, size_t more) {
    r->nodes += more;
    if (r->nodes <= YAML_MAX_NODES) return true;
    return fail_at(r, m, "%s", "the document is too large (aliases count with all they stand for)");
}

static bool read_alias(Reader *r, const yaml_event_t *e, int depth, YamlNode **out, size_t *weight, int *height) {
    const char *name = (const char *)e->data.alias.anchor;
    Anchor *k = anchor_find(r, name);
    if (!k) return fail_at(r, e->start_mark, "alias *%s has no anchor before it", name);
    if (!k->node) return fail_at(r, e->start_mark, "alias *%s stands inside its own anchor", name);
    if (depth + k->height > YAML_MAX_DEPTH) return fail_at(r, e->start_mark, "alias *%s nests too deeply", name);
    if (!count_nodes(r, e->start_mark, k->weight)) return false;
    *out = k->node;
    *weight = k->weight;
    *height = k->height;
    return true;
}

static bool read_content(Reader *r, yaml_event_t *e, int depth, YamlNode **out, size_t *weight, int *height) {
    const yaml_char_t *tag = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.tag
                             : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.tag
                                                                    : e->data.mapping_start.tag;
    if (tag && *tag)
        return fail_at(r, e->start_mark, "tag '%s' is not allowed: suites and plans are plain data", (const char *)tag);
    if (depth > YAML_MAX_DEPTH) return fail_at(r, e->start_mark, "%s", "nested too deeply");
    if (e->type == YAML_SCALAR_EVENT) return read_scalar(r, e, out);
    bool seq = e->type == YAML_SEQUENCE_START_EVENT;
    YamlNode *n = new_node(r, seq ? YKIND_SEQ : YKIND_MAP, e->start_mark);
    if (!n) return false;
    *out = n;
    return seq ? read_seq(r, depth, n, weight, height) : read_map(r, depth, n, weight, height);
}

static bool read_node(Reader *r, yaml_event_t *e, int depth, YamlNode **out, size_t *weight, int *height) {
    if (e->type == YAML_ALIAS_EVENT) return read_alias(r, e, depth, out, weight, height);
    const yaml_char_t *name = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.anchor
                              : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.anchor
                                                                     : e->data.mapping_start.anchor;
    Anchor *k = NULL;
    *weight = 1;
    *height = 0;
    if (!anchor_open(r, name, &k) || !count_nodes(r, e->start_mark, 1)) return false;
    if (!read_content(r, e, depth, out, weight, height)) return false;
    if (k) {
        k->node = *out;
        k->weight = *weight;
        k->height = *height;
    }
    return true;
}

/* stream-start, document-start, node, document-end, stream-end */
static bool read_document(Reader *r, YamlNode **out) {
    yaml_event_t e;
    size_t weight;
    int height;
    if (!next_event(r, &e)) return false;
    yaml_event_delete(&e);
    if (!next_event(r, &e)) return false;
    if (e.type == YAML_STREAM_END_EVENT) {
        yaml_event_delete(&e);
        return err_set(r->err, ERR_INPUT, "%s: the file is empty", r->doc->name);
    }
    yaml_event_delete(&e);
    if (!next_event(r, &e)) return false;
    bool ok = read_node(r, &e, 1, out, &weight, &height);
    yaml_event_delete(&e);
    if (!ok || !next_event(r, &e)) return false;
    yaml_event_delete(&e);
    if (!next_event(r, &e)) return false;
    ok = e.type == YAML_STREAM_END_EVENT;
    if (!ok) fail_at(r, e.start_mark, "%s", "a second document begins here; one file holds one document");
    yaml_event_delete(&e);
    return ok;
}

static bool check_bytes(Str text, const YamlDoc *doc, Err *err) {
    if (text.n > YAML_MAX_BYTES)
        return err_set(err, ERR_INPUT, "%s: larger than %zu MiB", doc->name, YAML_MAX_BYTES >> 20);
    int line = 1;
    for (size_t i = 0, at; i < text.n; line += text.p[at] == '\n') {
        at = i;
        if (!text.p[i])
            return err_set(err, ERR_INPUT, "%s line %d: a NUL byte; this is not a text file", doc->name, line);
        uint32_t cp = utf8_next(text, &i);
        if (cp == 0xFFFD && !(i - at == 3 && !memcmp(text.p + at, "\xEF\xBF\xBD", 3)))
            return err_set(err, ERR_INPUT, "%s line %d: not valid UTF-8", doc->name, line);
    }
    return true;
}

bool yaml_parse(Str text, const YamlDoc *doc, Arena *a, YamlNode **out, Err *err) {
    *out = NULL;
    if (!check_bytes(text, doc, err)) return false;
    if (str_starts(text, STR("\xEF\xBB\xBF"))) text = str_sub(text, 3, text.n);
    Reader r = {.doc = doc, .a = a, .err = err};
    if (!yaml_parser_initialize(&r.parser)) return err_nomem(err);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    YamlNode *root = NULL;
    bool ok = read_document(&r, &root);
    yaml_parser_delete(&r.parser);
    if (ok) *out = root;
    return ok;
}

bool yaml_load(const char *path, Arena *a, YamlNode **out, Str *bytes, Err *err) {
    *out = NULL;
    Buf buf;
    buf_init(&buf, YAML_MAX_BYTES);
    bool ok = file_read(path, &buf, err);
    YamlDoc *doc = arena_alloc(a, sizeof *doc);
    Str text = ok ? str_dup(a, buf_str(&buf)) : (Str){0};
    buf_release(&buf);
    if (!ok) return false;
    if (!doc || !text.p) return err_nomem(err);
    doc->name = arena_strdup(a, path);
    doc->dir = path_dirname(a, path);
    if (!doc->name || !doc->dir) return err_nomem(err);
    if (bytes) *bytes = text;
    return yaml_parse(text, doc, a, out, err);
}
