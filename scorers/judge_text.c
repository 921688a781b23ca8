/* Questions for a judge: cleaning and quoting what is judged, filling templates. */
#include "scorers/judge.h"

#include <stdio.h>
#include <string.h>

/* A growing text in the host's memory; failure is sticky. */
typedef struct Writer {
    const ScorerHost *host;
    char *p;
    size_t n, cap;
    bool failed;
} Writer;

static void put(Writer *w, const char *p, size_t n) {
    if (w->failed || !n) return;
    if (n > SIZE_MAX / 4 - w->n) {
        w->failed = true;
        return;
    }
    if (w->n + n > w->cap) {
        size_t cap = 2 * (w->n + n) + 64;
        char *more = w->host->alloc(w->host->ctx, cap);
        if (!more) {
            w->failed = true;
            return;
        }
        if (w->n) memcpy(more, w->p, w->n);
        w->p = more;
        w->cap = cap;
    }
    memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void puts_(Writer *w, const char *s) {
    put(w, s, strlen(s));
}

static ScorerStr done(const Writer *w) {
    if (w->failed) return (ScorerStr){NULL, 0};
    return (ScorerStr){w->p ? w->p : "", w->n};
}

/* ---- special tokens ---- */

/* Spellings that chat templates of common models give a meaning to, beside everything of the form <|...|>. */
static const char *const MARKS[] = {
    "[inst]",          "[/inst]",       "<<sys>>",         "<</sys>>",         "<s>",   "</s>",  "<bos>", "<eos>",
    "<start_of_turn>", "<end_of_turn>", "[system_prompt]", "[/system_prompt]", "[bos]", "[eos]",
};

static bool ends_with_nocase(const Writer *w, const char *mark, size_t n) {
    if (w->n < n) return false;
    return text_eq_nocase((ScorerStr){w->p + w->n - n, n}, (ScorerStr){mark, n});
}

/* Bytes that may stand between <| and |>. */
static bool inside_mark(unsigned char c) {
    return c >= 0x80 || text_is_alnum((char)c) || strchr("_-./: ", c) != NULL;
}

/* The length of the <|...|> (or its fullwidth twin) that the text ends with; 0: none. Bounded, so that all stays
 * linear. */
static size_t piped_mark(const Writer *w, const char *bar, size_t n_bar) {
    enum { LOOK = 64 };
    if (w->n < 2 + 2 * n_bar || memcmp(w->p + w->n - 1 - n_bar, bar, n_bar) != 0) return 0;
    size_t end = w->n - 1 - n_bar, floor = end > LOOK ? end - LOOK : 0;
    for (size_t i = end; i-- > floor;) {
        if (i >= n_bar && w->p[i - n_bar] == '<' && memcmp(w->p + i - n_bar + 1, bar, n_bar) == 0)
            return w->n - (i - n_bar);
        if (!inside_mark((unsigned char)w->p[i])) return 0;
    }
    return 0;
}

/* The text just got a '>' or ']': takes away the spelling that it ends with. What is before it stays, so a spelling
 * that this joins is found when its own end comes. */
static bool drop_mark(Writer *w) {
    size_t n = piped_mark(w, "|", 1);
    if (!n) n = piped_mark(w, "\xEF\xBD\x9C", 3);
    for (size_t i = 0; !n && i < sizeof MARKS / sizeof *MARKS; i++)
        if (ends_with_nocase(w, MARKS[i], strlen(MARKS[i]))) n = strlen(MARKS[i]);
    w->n -= n;
    return n > 0;
}

static bool is_line_end(uint32_t c) {
    return c == '\n' || c == '\r' || c == 0x0B || c == 0x0C || c == 0x85 || c == 0x2028 || c == 0x2029;
}

ScorerStr judge_clean(const ScorerHost *host, ScorerStr s, size_t *removed) {
    Writer w = {.host = host};
    char utf8[4];
    *removed = 0;
    for (size_t i = 0; i < s.n && !w.failed;) {
        uint32_t c = text_next(s, &i);
        if (c == '\r' && i < s.n && s.p[i] == '\n') continue;
        if (is_line_end(c)) c = '\n';
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) c = 0xFFFD;
        put(&w, utf8, text_put(c, utf8));
        if ((c == '>' || c == ']') && !w.failed) *removed += drop_mark(&w);
    }
    return done(&w);
}

/* ---- quoting ---- */

static void put_quoted(Writer *w, const char *name, ScorerStr raw) {
    char head[200];
    size_t removed, lines = 0;
    ScorerStr s = judge_clean(w->host, raw, &removed);
    if (!s.p) {
        w->failed = true;
        return;
    }
    for (size_t i = 0; i < s.n; i++) lines += s.p[i] == '\n';
    if (s.n && s.p[s.n - 1] != '\n') lines++;
    snprintf(head, sizeof head, "BEGIN %s: %zu bytes in %zu lines, each behind \"| \"", name, s.n, lines);
    puts_(w, head);
    if (removed) {
        snprintf(head, sizeof head, "; %zu control tokens taken out", removed);
        puts_(w, head);
    }
    puts_(w, "\n");
    TextSpan line;
    for (size_t at = 0; text_line(s, &at, &line);) {
        puts_(w, "| ");
        put(w, s.p + line.begin, line.end - line.begin);
        puts_(w, "\n");
    }
    puts_(w, "END ");
    puts_(w, name);
}

/* ---- templates ---- */

static const JudgeSlot *slot_at(const char *name, size_t n, const JudgeSlot *slots) {
    for (; slots->name; slots++)
        if (strlen(slots->name) == n && memcmp(slots->name, name, n) == 0) return slots;
    return NULL;
}

static ScorerStr fill(const ScorerHost *host, const char *t, const JudgeSlot *slots) {
    Writer w = {.host = host};
    while (*t) {
        const char *open = strstr(t, "{{"), *close = open ? strstr(open, "}}") : NULL;
        const JudgeSlot *slot = close ? slot_at(open + 2, (size_t)(close - open - 2), slots) : NULL;
        if (!slot) {
            puts_(&w, t);
            break;
        }
        put(&w, t, (size_t)(open - t));
        if (slot->quoted)
            put_quoted(&w, slot->name, slot->text);
        else
            put(&w, slot->text.p, slot->text.n);
        t = close + 2;
    }
    return done(&w);
}

bool judge_ask(const ScorerHost *host, const JudgeTemplate *t, const JudgeSlot *slots, ScorerAsk *ask, ScorerErr *err) {
    ask->kind = SCORER_ASK_MODEL;
    ask->system_template = text_from(t->system);
    ask->user_template = text_from(t->user);
    ask->system = fill(host, t->system, slots);
    ask->user = fill(host, t->user, slots);
    return (ask->system.p && ask->user.p) || text_err(err, "no memory for a question to the judge");
}
