/* Header text -> parts (specs/harmony.md section 4). The steps are those of the reference, its quirks included: a
 * single word behind the role is a recipient, whatever it says. */
#include "engine/chat/chat_internal.h"

#include <string.h>

typedef struct Words {
    Str *v;
    size_t n;
} Words;

static void defect(Header *h, ChatDefect d) {
    BUG_ON(h->n_defects == sizeof h->defect / sizeof *h->defect);
    h->defect[h->n_defects++] = d;
}

/* White_Space, which ends a channel name and is trimmed; words are split on ASCII white space only. */
static bool is_white(uint32_t c) {
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static size_t channel_end(Str s, size_t at) {
    while (at < s.n) {
        size_t next = at;
        uint32_t c = utf8_next(s, &next);
        if (c == '<' || is_white(c)) break;
        at = next;
    }
    return at;
}

/* Takes the first channel marker and its value out of *text. */
static bool take_channel(Str *text, Header *h, Arena *a, Err *err) {
    const Str marker = STR("<|channel|>");
    size_t at = str_find(*text, marker, 0);
    if (at == SIZE_MAX) return true;
    size_t begin = at + marker.n, end = channel_end(*text, begin);
    if (end > begin)
        h->channel = str_sub(*text, begin, end);
    else
        defect(h, CHAT_EMPTY_CHANNEL);
    char *joined = arena_alloc(a, text->n + 1);
    if (!joined) return err_nomem(err);
    memcpy(joined, text->p, at);
    memcpy(joined + at, text->p + end, text->n - end);
    *text = (Str){joined, at + text->n - end};
    return true;
}

static bool is_ascii_white(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Words between ASCII white space; one begins at every <|constrain|> too. */
static bool split_words(Str s, Words *out, Arena *a, Err *err) {
    const Str mark = STR("<|constrain|>");
    *out = (Words){arena_array(a, s.n / 2 + 1, sizeof(Str)), 0};
    if (!out->v) return err_nomem(err);
    for (size_t i = 0; i < s.n;) {
        while (i < s.n && is_ascii_white(s.p[i])) i++;
        size_t begin = i;
        while (i < s.n && !is_ascii_white(s.p[i]) && (i == begin || !str_starts(str_sub(s, i, s.n), mark))) i++;
        if (i > begin) out->v[out->n++] = str_sub(s, begin, i);
    }
    return true;
}

static Str trim_white(Str s) {
    size_t begin = 0, end = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        if (is_white(utf8_next(s, &i))) continue;
        if (end == 0) begin = at;
        end = i;
    }
    return str_sub(s, begin, end);
}

static void drop_first(Words *w) {
    w->v++, w->n--;
}

static void take_role(Words *w, const Role *known, Header *h) {
    h->role = known ? *known : ROLE_ASSISTANT;
    if (!known && w->n == 0) {
        defect(h, CHAT_NO_ROLE);
    } else if (!known) {
        Str word = w->v[0];
        bool is_role = chat__role_parse(word, &h->role);
        if (!is_role) h->role = ROLE_TOOL;
        if (h->role == ROLE_TOOL) h->name = word;
        /* the reference takes a lone "to=x" for the name of a tool */
        if (!is_role && w->n == 1)
            defect(h, str_starts(word, STR("to=")) ? CHAT_RECIPIENT_FOR_ROLE : CHAT_UNKNOWN_ROLE);
        if (!is_role) drop_first(w);
    }
    if (w->n && str_eqz(w->v[0], role_name(h->role))) drop_first(w);
}

static Str without_to(Str word) {
    return str_starts(word, STR("to=")) ? str_sub(word, 3, word.n) : word;
}

/* The last word decides. */
static void take_recipient_and_type(Words *w, Header *h) {
    if (w->n == 0) return;
    bool only = w->n == 1;
    Str last = w->v[--w->n];
    if (only || str_starts(last, STR("to="))) {
        h->recipient = without_to(last);
        return;
    }
    h->content_type = last;
    h->recipient = without_to(w->v[--w->n]);
}

/* Where words would be left over nothing can be told from its place, so only what names itself is taken. */
static void take_marked(Words *w, Header *h) {
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!h->recipient.p && str_starts(w->v[i], STR("to=")))
            h->recipient = without_to(w->v[i]);
        else if (!h->content_type.p && str_starts(w->v[i], STR("<|constrain|>")))
            h->content_type = w->v[i];
        else
            w->v[kept++] = w->v[i];
    }
    w->n = kept;
}

static bool fits(const Words *w) {
    return w->n <= 1 || (w->n == 2 && !str_starts(w->v[1], STR("to=")));
}

static bool join_words(const Words *w, Arena *a, Str *out, Err *err) {
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) n += w->v[i].n + 1;
    char *p = arena_alloc(a, n + 1);
    if (!p) return err_nomem(err);
    *out = (Str){p, n ? n - 1 : 0};
    for (size_t i = 0; i < w->n; i++) {
        if (i) *p++ = ' ';
        memcpy(p, w->v[i].p, w->v[i].n);
        p += w->v[i].n;
    }
    return true;
}

bool header_parse(Str text, const Role *known, bool rest_only, Arena *a, Header *out, Err *err) {
    Words w;
    *out = (Header){0};
    if (!take_channel(&text, out, a, err)) return false;
    if (str_find(text, STR("<|channel|>"), 0) != SIZE_MAX) defect(out, CHAT_TWO_CHANNELS);
    if (!split_words(trim_white(text), &w, a, err)) return false;
    take_role(&w, known, out);
    if (!rest_only && fits(&w))
        take_recipient_and_type(&w, out);
    else if (!rest_only) {
        take_marked(&w, out);
        defect(out, CHAT_STRAY_WORDS);
    }
    return w.n ? join_words(&w, a, &out->rest, err) : true;
}
