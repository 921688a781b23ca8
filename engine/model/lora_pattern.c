/* Python regular expressions as adapter_config.json holds them, in the subset that names of modules need: literals,
 * '.', classes, groups, alternatives, the repeats * + ? {m,n} (lazy ones too: they only change what is captured), ^, $,
 * \b, \d \w \s and their opposites, all in ASCII. What is not in it is not guessed at: compiling says so.
 *
 * A program for a machine that keeps a set of places, so time is bounded by length of pattern times length of text. */
#include <ctype.h>
#include <string.h>

#include "engine/model/lora_internal.h"

enum { MAX_CODE = 4096, MAX_DEPTH = 64, MAX_REPEAT = 255 };

typedef enum Op { OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_WORD, OP_NOT_WORD, OP_MATCH } Op;

typedef struct Inst {
    Op op;
    int to;                /* OP_JUMP, and OP_SPLIT besides the next one; relative, so that code can be copied */
    unsigned char set[32]; /* OP_SET: a bit per byte */
} Inst;

struct LoraPattern {
    Inst *code;
    size_t n;
    uint64_t steps;
};

typedef struct Compile {
    Inst *code, *piece; /* piece: what is being repeated */
    size_t n, at;
    Str src;
    int depth;
} Compile;

static bool alternatives(Compile *c);

static bool emit(Compile *c, Op op, int to) {
    if (c->n >= MAX_CODE) return false;
    c->code[c->n++] = (Inst){.op = op, .to = to};
    return true;
}

static bool peek(const Compile *c, char ch) {
    return c->at < c->src.n && c->src.p[c->at] == ch;
}

static bool take(Compile *c, const char *text) {
    size_t n = strlen(text);
    if (c->src.n - c->at < n || memcmp(c->src.p + c->at, text, n) != 0) return false;
    c->at += n;
    return true;
}

static void add_byte(unsigned char *set, unsigned b) {
    set[b / 8] |= (unsigned char)(1u << b % 8);
}

static bool is_word(int b) {
    return isalnum(b) || b == '_';
}

/* \d, \w, \s and their opposites. */
static bool add_class(unsigned char *set, char name) {
    char low = (char)tolower((unsigned char)name);
    if (low != 'd' && low != 'w' && low != 's') return false;
    for (int b = 0; b < 128; b++) {
        bool in = low == 'd' ? isdigit(b) != 0 : low == 'w' ? is_word(b) : isspace(b) != 0;
        if (in == (low == name)) add_byte(set, (unsigned)b);
    }
    return true;
}

/* Behind a backslash: a class or a byte that is no letter or digit. single: the byte, or -1. */
static bool escape(Compile *c, unsigned char *set, int *single) {
    if (c->at >= c->src.n) return false;
    char ch = c->src.p[c->at++];
    *single = -1;
    if (add_class(set, ch)) return true;
    if (isalnum((unsigned char)ch)) return false;
    *single = (unsigned char)ch;
    add_byte(set, (unsigned char)ch);
    return true;
}

static bool class_item(Compile *c, unsigned char *set) {
    int low = (unsigned char)c->src.p[c->at++], high;
    if (low == '\\') {
        if (!escape(c, set, &low)) return false;
        if (low < 0) return true;
    }
    add_byte(set, (unsigned)low);
    if (!peek(c, '-') || c->at + 1 >= c->src.n || c->src.p[c->at + 1] == ']') return true;
    c->at++;
    high = (unsigned char)c->src.p[c->at++];
    if (high == '\\' || high < low) return false;
    for (int b = low; b <= high; b++) add_byte(set, (unsigned)b);
    return true;
}

static bool class_(Compile *c) {
    bool negated = take(c, "^"), first = true;
    if (!emit(c, OP_SET, 0)) return false;
    unsigned char *set = c->code[c->n - 1].set;
    while (first || !peek(c, ']')) {
        if (c->at >= c->src.n || !class_item(c, set)) return false;
        first = false;
    }
    c->at++;
    for (int i = 0; negated && i < 32; i++) set[i] = (unsigned char)~set[i];
    return true;
}

static bool group(Compile *c) {
    if (take(c, "?") && !take(c, ":")) return false; /* look-around, names, flags */
    bool ok = ++c->depth < MAX_DEPTH && alternatives(c) && take(c, ")");
    c->depth--;
    return ok;
}

static bool atom(Compile *c) {
    char ch = c->src.p[c->at++];
    int single;
    switch (ch) {
    case '(':
        return group(c);
    case '[':
        return class_(c);
    case '^':
        return emit(c, OP_BEGIN, 0);
    case '$':
        return emit(c, OP_END, 0);
    case '*':
    case '+':
    case '?':
    case '{':
    case '}':
        return false;
    case '.':
        if (!emit(c, OP_SET, 0)) return false;
        memset(c->code[c->n - 1].set, 255, 32);
        c->code[c->n - 1].set['\n' / 8] &= (unsigned char)~(1u << '\n' % 8);
        return true;
    case '\\':
        if (take(c, "b")) return emit(c, OP_WORD, 0);
        if (take(c, "B")) return emit(c, OP_NOT_WORD, 0);
        return emit(c, OP_SET, 0) && escape(c, c->code[c->n - 1].set, &single);
    default:
        if (!emit(c, OP_SET, 0)) return false;
        add_byte(c->code[c->n - 1].set, (unsigned char)ch);
        return true;
    }
}

static bool number(Compile *c, int *out) {
    size_t from = c->at;
    for (*out = 0; c->at < c->src.n && isdigit((unsigned char)c->src.p[c->at]) && *out <= MAX_REPEAT; c->at++)
        *out = *out * 10 + (c->src.p[c->at] - '0');
    return c->at > from && *out <= MAX_REPEAT;
}

/* {m}, {m,}, {,n}, {m,n}; high -1: without end. */
static bool braces(Compile *c, int *low, int *high) {
    bool has_low = number(c, low), comma = take(c, ",");
    if (!has_low) *low = 0;
    if (!comma)
        *high = *low;
    else if (!number(c, high))
        *high = -1;
    return (has_low || comma) && take(c, "}") && (*high < 0 || *high >= *low);
}

/* Appends the kept piece again: as it is, optional, or optional and repeated. */
typedef enum Again { ONCE, MAYBE, ANY } Again;

static bool append(Compile *c, size_t n, Again how) {
    if (c->n + n + 2 > MAX_CODE) return false;
    if (how != ONCE) c->code[c->n++] = (Inst){.op = OP_SPLIT, .to = (int)n + 1 + (how == ANY)};
    memcpy(c->code + c->n, c->piece, n * sizeof *c->code);
    c->n += n;
    if (how == ANY) c->code[c->n++] = (Inst){.op = OP_JUMP, .to = -(int)n - 1};
    return true;
}

/* Makes of the code from `from` as many copies as {low,high} asks for. */
static bool repeat(Compile *c, size_t from, int low, int high) {
    size_t n = c->n - from;
    memcpy(c->piece, c->code + from, n * sizeof *c->code);
    c->n = from;
    for (int i = 0; i < low; i++)
        if (!append(c, n, ONCE)) return false;
    if (high < 0) return append(c, n, ANY);
    for (int i = low; i < high; i++)
        if (!append(c, n, MAYBE)) return false;
    return true;
}

/* *high 0: there is none. */
static bool quantifier(Compile *c, int *low, int *high) {
    *low = 0, *high = 0;
    if (take(c, "*"))
        *high = -1;
    else if (take(c, "+"))
        *low = 1, *high = -1;
    else if (take(c, "?"))
        *high = 1;
    else if (take(c, "{"))
        return braces(c, low, high) && *high != 0 && (take(c, "?") || true);
    if (*high != 0) take(c, "?"); /* lazy */
    return true;
}

static bool sequence(Compile *c) {
    while (c->at < c->src.n && !peek(c, '|') && !peek(c, ')')) {
        size_t from = c->n;
        int low, high;
        if (!atom(c) || !quantifier(c, &low, &high)) return false;
        if (high != 0 && !repeat(c, from, low, high)) return false;
    }
    return true;
}

static bool alternatives(Compile *c) {
    size_t from = c->n;
    if (!sequence(c)) return false;
    if (!take(c, "|")) return true;
    if (c->n + 2 > MAX_CODE) return false;
    size_t n = c->n - from;
    memmove(c->code + from + 1, c->code + from, n * sizeof *c->code);
    c->code[from] = (Inst){.op = OP_SPLIT, .to = (int)n + 2};
    size_t jump = from + n + 1;
    c->n = jump + 1;
    c->code[jump] = (Inst){.op = OP_JUMP};
    if (!alternatives(c)) return false;
    c->code[jump].to = (int)(c->n - jump);
    return true;
}

/* Names of modules are ASCII; of other characters a byte would be repeated where Python repeats the character. */
static bool is_ascii(Str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return false;
    return true;
}

static bool compile(Compile *c) {
    return is_ascii(c->src) && alternatives(c) && c->at == c->src.n && emit(c, OP_MATCH, 0);
}

size_t lora_pattern_size(const LoraPattern *p) {
    return p->n;
}

bool lora_pattern(Arena *a, Str text, LoraPattern **out, Err *err) {
    Compile c = {.code = mem_alloc(2 * MAX_CODE * sizeof(Inst)), .src = text};
    if (!c.code) return err_nomem(err);
    c.piece = c.code + MAX_CODE;
    bool ok = compile(&c) ||
              err_set(err, ERR_INPUT, "the pattern '%.200s' cannot be read by this version", text.p ? text.p : "");
    LoraPattern *p = ok ? arena_alloc(a, sizeof *p) : NULL;
    if (p) p->code = arena_array(a, c.n, sizeof *p->code), p->n = c.n;
    if (ok && (!p || !p->code)) ok = err_nomem(err);
    if (ok) memcpy(p->code, c.code, c.n * sizeof *p->code), *out = p;
    mem_free(c.code);
    return ok;
}

/* ---- the machine ---- */

typedef struct Places {
    unsigned short list[MAX_CODE], n;
    unsigned char in[MAX_CODE];
} Places;

static bool at_word_edge(Str text, size_t at) {
    bool before = at > 0 && is_word((unsigned char)text.p[at - 1]);
    return before != (at < text.n && is_word((unsigned char)text.p[at]));
}

static void add(Places *s, size_t at) {
    if (s->in[at]) return;
    s->in[at] = 1;
    s->list[s->n++] = (unsigned short)at;
}

/* Follows everything that reads no byte; true if the end of the program is among it. */
static bool spread(const LoraPattern *p, Places *s, Str text, size_t at) {
    bool matched = false;
    for (size_t i = 0; i < s->n; i++) {
        size_t pc = s->list[i];
        const Inst *in = &p->code[pc];
        bool on = (in->op == OP_BEGIN && at == 0) || (in->op == OP_END && at == text.n) ||
                  (in->op == OP_WORD && at_word_edge(text, at)) || (in->op == OP_NOT_WORD && !at_word_edge(text, at));
        if (on || in->op == OP_SPLIT) add(s, pc + 1);
        if (in->op == OP_SPLIT || in->op == OP_JUMP) add(s, (size_t)((int)pc + in->to));
        matched |= in->op == OP_MATCH;
    }
    return matched;
}

uint64_t lora_pattern_steps(const LoraPattern *p) {
    return p ? p->steps : 0;
}

bool lora_pattern_matches(LoraPattern *p, Str text) {
    Places a = {.n = 0}, b, *now = &a, *next = &b;
    add(now, 0);
    for (size_t at = 0;; at++) {
        bool matched = spread(p, now, text, at);
        p->steps += now->n;
        if (at == text.n) return matched;
        unsigned ch = (unsigned char)text.p[at];
        next->n = 0;
        memset(next->in, 0, p->n);
        for (size_t i = 0; i < now->n; i++) {
            const Inst *in = &p->code[now->list[i]];
            if (in->op == OP_SET && (in->set[ch / 8] >> ch % 8 & 1)) add(next, now->list[i] + 1u);
        }
        if (next->n == 0) return false;
        Places *t = now;
        now = next, next = t;
    }
}
