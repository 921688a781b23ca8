#include "harness/progress.h"

#include <string.h>

#include "harness/outcome.h"
#include "harness/term.h"

#define TTY_NS ((uint64_t)100000000)
#define PLAIN_NS ((uint64_t)10000000000)
#define LINE_MAX_BYTES 4096

void progress_start(Progress *p, uint64_t now_ns) {
    p->started_ns = now_ns;
    p->drawn_ns = 0;
    p->total = p->done = 0;
    for (size_t i = 0; i < p->n_cells; i++) {
        p->total += p->cells[i].total;
        p->done += p->cells[i].done;
    }
    p->done_at_start = p->done;
    p->scored_at_start = p->scored;
}

void progress_record(Progress *p, size_t cell, int n_tokens) {
    p->cells[cell].done++;
    p->done++;
    p->tokens += n_tokens;
    if (p->scored == p->scored_at_start) p->current = cell; /* else the line shows what was scored last */
}

void progress_score(Progress *p, size_t cell, const Score *s) {
    ProgressCell *c = &p->cells[cell];
    p->scored++;
    p->current = cell;
    if (!s) return;
    if (s->outcome < OUTCOME_COUNT) c->outcomes[s->outcome]++;
    if (s->status != SCORE_SCORED) return;
    c->value_sum += s->value;
    c->n_value++;
}

/* ---- figures ---- */

static double seconds(const Progress *p, uint64_t now_ns) {
    return now_ns > p->started_ns ? (double)(now_ns - p->started_ns) / 1e9 : 0;
}

static double percent(const Progress *p) {
    return p->total ? 100.0 * (double)p->done / (double)p->total : 100;
}

/* Everything is generated, but scoring threads (programs, mostly) still work. */
static bool only_scoring(const Progress *p) {
    return p->done == p->total && p->scored < p->done;
}

/* Seconds left, by the pace of this process alone; negative when unknown. What is generated and not yet scored counts
 * half: both halves of the work take time. */
static double seconds_left(const Progress *p, uint64_t now_ns) {
    int64_t here = p->done - p->done_at_start + p->scored - p->scored_at_start;
    int64_t left = 2 * p->total - p->done - p->scored;
    double t = seconds(p, now_ns);
    return here > 0 && t > 0 ? t / (double)here * (double)left : -1;
}

static void add_duration(Buf *out, double s) {
    long n = (long)(s + 0.5);
    if (s < 0)
        buf_adds(out, "--:--");
    else if (n >= 3600)
        buf_addf(out, "%ld:%02ld:%02ld", n / 3600, n / 60 % 60, n % 60);
    else
        buf_addf(out, "%ld:%02ld", n / 60, n % 60);
}

static void add_rate(const Progress *p, uint64_t now_ns, Buf *out) {
    double t = seconds(p, now_ns);
    buf_addf(out, "%.0f tokens/s", t > 0 ? (double)p->tokens / t : 0.0);
}

static void add_score(const ProgressCell *c, Buf *out) {
    if (c->n_value) buf_addf(out, " %.1f%%", 100.0 * c->value_sum / (double)c->n_value);
}

static int64_t cell_scored(const ProgressCell *c) {
    int64_t n = 0;
    for (int i = 0; i < OUTCOME_COUNT; i++) n += c->outcomes[i];
    return n;
}

static void add_outcomes(const ProgressCell *c, Buf *out) {
    const char *sep = "";
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!c->outcomes[i]) continue;
        buf_addf(out, "%s%s %lld", sep, outcome_class((ScoreOutcome)i), (long long)c->outcomes[i]);
        sep = ", ";
    }
}

static void add_name(const ProgressCell *c, Buf *out) {
    term_escape(out, c->model);
    buf_adds(out, " ");
    term_escape(out, c->suite);
}

/* ---- lines ---- */

/* Cuts behind the last character that fits; the text is escaped, so one character is at least one column. */
static void cut_columns(Buf *b, int width) {
    Str s = buf_str(b);
    size_t i = 0, fit = 0;
    while (i < s.n) {
        utf8_next(s, &i);
        if (term_columns(str_sub(s, 0, i)) > width) break;
        fit = i;
    }
    if (b->p && fit < b->n) {
        b->n = fit;
        b->p[fit] = '\0';
    }
}

static void add_bar(Buf *out, double share, int cells) {
    int full = (int)(share * cells);
    buf_addc(out, '[');
    for (int i = 0; i < cells; i++) buf_addc(out, i < full ? '#' : i == full ? '>' : '.');
    buf_addc(out, ']');
}

void progress_bar(const Progress *p, uint64_t now_ns, int width, Buf *out) {
    Buf tail;
    buf_init(&tail, LINE_MAX_BYTES);
    buf_addf(&tail, " %lld/%lld %.0f%% ", (long long)p->done, (long long)p->total, percent(p));
    if (p->note) buf_addf(&tail, "[%s] ", p->note);
    add_rate(p, now_ns, &tail);
    if (only_scoring(p)) buf_addf(&tail, " %lld to score", (long long)(p->done - p->scored));
    buf_adds(&tail, " ETA ");
    add_duration(&tail, seconds_left(p, now_ns));
    int room = width - 2 - (int)tail.n;
    if (room > 40) room = 40;
    if (room >= 5) add_bar(out, percent(p) / 100, room);
    buf_addstr(out, room >= 5 ? buf_str(&tail) : str_sub(buf_str(&tail), 1, tail.n));
    cut_columns(out, width);
    buf_release(&tail);
}

void progress_detail(const Progress *p, int width, Buf *out) {
    if (!p->n_cells) return;
    const ProgressCell *c = &p->cells[p->current];
    add_name(c, out);
    buf_addf(out, " %lld/%lld,", (long long)c->done, (long long)c->total);
    add_score(c, out);
    if (cell_scored(c) == 0)
        buf_adds(out, " not scored yet");
    else
        buf_adds(out, c->n_value ? ": " : " ");
    add_outcomes(c, out);
    cut_columns(out, width);
}

void progress_plain(const Progress *p, uint64_t now_ns, Buf *out) {
    buf_addf(out, "%lld of %lld done (%.0f%%), ", (long long)p->done, (long long)p->total, percent(p));
    add_rate(p, now_ns, out);
    double left = seconds_left(p, now_ns);
    if (only_scoring(p)) buf_addf(out, ", %lld to score", (long long)(p->done - p->scored));
    if (left >= 0) {
        buf_adds(out, ", about ");
        add_duration(out, left);
        buf_adds(out, " left");
    }
    if (p->note) buf_addf(out, " [%s]", p->note);
    if (!p->n_cells) return;
    buf_adds(out, "; ");
    add_name(&p->cells[p->current], out);
    add_score(&p->cells[p->current], out);
}

/* ---- drawing ---- */

void progress_clear(Progress *p) {
    if (!p->lines_drawn) return;
    fputs("\r\033[K", p->f);
    for (int i = 1; i < p->lines_drawn; i++) fputs("\033[A\033[K", p->f);
    p->lines_drawn = 0;
    fflush(p->f);
}

static void draw_tty(Progress *p, uint64_t now_ns) {
    Buf bar, detail;
    int width = term_width(p->f) - 1; /* the last column would wrap on some terminals */
    buf_init(&bar, LINE_MAX_BYTES);
    buf_init(&detail, LINE_MAX_BYTES);
    progress_bar(p, now_ns, width, &bar);
    progress_detail(p, width, &detail);
    /* cleared and drawn in one write, against flicker */
    fputs(p->lines_drawn == 2 ? "\r\033[K\033[A\033[K" : "\r\033[K", p->f);
    fprintf(p->f, "%s" STR_FMT "%s\n" STR_FMT, p->color ? "\033[36m" : "", STR_ARG(buf_str(&bar)),
            p->color ? "\033[0m" : "", STR_ARG(buf_str(&detail)));
    fflush(p->f);
    p->lines_drawn = 2;
    buf_release(&bar);
    buf_release(&detail);
}

static void draw_plain(Progress *p, uint64_t now_ns) {
    Buf line;
    buf_init(&line, LINE_MAX_BYTES);
    progress_plain(p, now_ns, &line);
    fprintf(p->f, STR_FMT "\n", STR_ARG(buf_str(&line)));
    fflush(p->f);
    buf_release(&line);
}

void progress_tick(Progress *p, uint64_t now_ns) {
    uint64_t last = p->drawn_ns ? p->drawn_ns : p->started_ns;
    if (p->quiet || now_ns - last < (p->tty ? TTY_NS : PLAIN_NS)) return;
    p->drawn_ns = now_ns;
    if (p->tty)
        draw_tty(p, now_ns);
    else
        draw_plain(p, now_ns);
}
