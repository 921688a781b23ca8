/* A number at the end of a chat answer: AIME's integers 0 to 999 by default, any number with `range: any`.
 *
 * Numbers are compared by their digits, not as doubles: "073", "73.", "73.0" and "$73$" are 73; 0.73 and 73/1 are not.
 */
#include "scorers/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum Range { RANGE_AIME, RANGE_ANY };
enum Fallback { FALLBACK_LAST, FALLBACK_NONE };

typedef struct Number {
    int range, fallback;
    bool integers;
    double min, max;
} Number;

static const char *const RANGES[] = {"aime", "any", NULL};
static const char *const FALLBACKS[] = {"last-number", "none", NULL};
static const char *const KNOWN[] = {"range", "min", "max", "integers", "fallback", NULL};

static bool number_open(const ScorerHost *host, const ScorerKV *opts, size_t n, void **self, ScorerErr *err) {
    (void)host;
    Number c = {0};
    if (!text_opts_known(opts, n, KNOWN, "number", err) || !text_opt_enum(opts, n, "range", RANGES, &c.range, err) ||
        !text_opt_enum(opts, n, "fallback", FALLBACKS, &c.fallback, err))
        return false;
    c.integers = c.range == RANGE_AIME;
    c.min = c.range == RANGE_AIME ? 0 : -INFINITY;
    c.max = c.range == RANGE_AIME ? 999 : INFINITY;
    if (!text_opt_bool(opts, n, "integers", &c.integers, err) || !text_opt_number(opts, n, "min", &c.min, err) ||
        !text_opt_number(opts, n, "max", &c.max, err))
        return false;
    if (c.min > c.max) return text_err(err, "option 'min' (%g) is above 'max' (%g)", c.min, c.max);
    Number *heap = malloc(sizeof *heap);
    if (!heap) return text_nomem(err, "number");
    *heap = c;
    *self = heap;
    return true;
}

static void number_close(void *self) {
    free(self);
}

/* ---- reading ---- */

typedef struct Found {
    TextNumber number;
    TextSpan span;    /* in the folded text: what the rule matched */
    const char *rule; /* NULL: nothing */
} Found;

/* What calculators of some training sets left behind: "<<48/2=24>>24". Gives the position behind it, or i. */
static size_t skip_calculator(ScorerStr s, size_t i) {
    if (!text_starts(s, i, "<<")) return i;
    size_t end = text_find(text_cut(s, 0, i + 200), TEXT(">>"), i);
    return end == TEXT_NONE ? i : end + 2;
}

/* The last number in the span; calculator marks are passed over. A number behind the last "=" goes first. */
static bool last_number(ScorerStr s, TextSpan span, TextNumber *out) {
    ScorerStr part = text_cut(s, 0, span.end);
    TextNumber n;
    bool any = false;
    for (size_t at = span.begin; at < span.end;) {
        size_t mark = text_find(part, TEXT("<<"), at);
        size_t stop = mark == TEXT_NONE ? span.end : mark;
        while (text_number(text_cut(s, 0, stop), &at, &n)) {
            *out = n;
            any = true;
        }
        if (mark == TEXT_NONE) break;
        at = skip_calculator(part, mark);
        if (at == mark) at += 2;
    }
    return any;
}

static bool first_number(ScorerStr s, TextSpan span, TextNumber *out) {
    size_t at = span.begin;
    return text_number(text_cut(s, 0, span.end), &at, out);
}

/* Words of three letters or more that are no TeX command: a box with a sentence in it. */
static bool has_words(ScorerStr s) {
    size_t run = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\') {
            while (i + 1 < s.n && text_is_alnum(s.p[i + 1])) i++;
            run = 0;
        } else if (text_is_alnum(c) && !text_is_digit(c)) {
            if (++run == 3) return true;
        } else {
            run = 0;
        }
    }
    return false;
}

/* "4a-2", "12\frac{3}{5}", "\sqrt{2}", "2^{10}": more than one number, though a number could be picked out of it. */
static bool is_expression(ScorerStr s) {
    TextNumber n;
    size_t count = 0, power = 0;
    if (text_find(s, TEXT("\\sqrt"), 0) != TEXT_NONE || text_find(s, TEXT("\\pi"), 0) != TEXT_NONE) return true;
    while ((power = text_find(s, TEXT("^"), power)) != TEXT_NONE) {
        power++;
        if (!text_starts(s, power, "\\circ") && !text_starts(s, power, "{\\circ")) return true;
    }
    for (size_t at = 0; text_number(s, &at, &n);) count++;
    return count > 1 && !has_words(s);
}

/* "m+n = 73" is 73; "73 \text{ dollars}" is 73; of a sentence the last number counts. */
static bool number_in_box(ScorerStr s, TextSpan inner, TextNumber *out) {
    ScorerStr text = text_cut(s, inner.begin, inner.end);
    size_t eq = text_rfind(text, TEXT("="), text.n);
    if (eq != TEXT_NONE) inner.begin += eq + 1;
    if (!last_number(s, inner, out)) return false;
    if (is_expression(text_cut(s, inner.begin, inner.end)))
        *out = (TextNumber){.span = text_trim_span(s, inner), .fraction = true, .value = NAN};
    return true;
}

static void by_box(ScorerStr s, Found *f) {
    TextSpan whole, inner, last = {0, 0}, last_inner = {0, 0};
    for (size_t at = 0; text_boxed(s, &at, &whole, &inner);) {
        if (whole.end <= last.end) continue; /* a box within a box */
        last = whole;
        last_inner = inner;
    }
    if (last.end && number_in_box(s, last_inner, &f->number)) {
        f->rule = "boxed";
        f->span = last;
    }
}

typedef struct Cue {
    const char *word, *rule;
    bool line_start; /* only at the begin of a line */
} Cue;

static const Cue CUES[] = {
    {"####", "hashes", true},
    {"answer is", "answer-is", false},
    {"answer:", "answer-colon", false},
    {"answer**:", "answer-colon", false},
    {"answer =", "answer-is", false},
    {"answer would be", "answer-is", false},
    {"answer equals", "answer-is", false},
    {"a:", "a-colon", true},
    {"정답은", "answer-ko", false},
    {"정답:", "answer-ko", false},
    {"정답 :", "answer-ko", false},
    {"답은", "answer-ko", false},
    {"답:", "answer-ko", false},
    {"답 :", "answer-ko", false},
};

static bool at_line_start(ScorerStr s, size_t i) {
    while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '*')) i--;
    return i == 0 || s.p[i - 1] == '\n';
}

enum { STATEMENT_MAX = 400 }; /* bytes in which a cue's number must stand */

/* The statement behind a cue: to the end of its line, or the next line that has more in it than dressing. */
static TextSpan statement(ScorerStr s, size_t begin) {
    TextSpan line = {begin, begin};
    s = text_cut(s, 0, begin + STATEMENT_MAX);
    for (size_t at = begin; text_line(s, &at, &line);) {
        size_t i = line.begin;
        while (i < line.end && s.p[i] && strchr(" \t*:$\\[", s.p[i])) i++;
        if (i < line.end) break;
    }
    return line;
}

/* "The answer is 18 + 55 = 73." is 73, "The answer is 73, since 70 + 3 = 73" too, "is 73 dollars out of 100" as well.
 */
static bool number_in_statement(ScorerStr s, TextSpan line, TextNumber *out) {
    size_t at = line.begin;
    ScorerStr part = text_cut(s, 0, line.end);
    if (!text_number(part, &at, out)) return false;
    size_t k = at;
    while (k < line.end && s.p[k] == ' ') k++;
    bool formula = k < line.end && s.p[k] &&
                   (strchr("+-*/^=", s.p[k]) || text_starts(s, k, "\\cdot") || text_starts(s, k, "\\times"));
    if (!formula) return true;
    size_t stop = text_find(part, TEXT(". "), at);
    TextSpan clause = {line.begin, stop == TEXT_NONE ? line.end : stop};
    size_t eq = text_rfind(text_cut(s, 0, clause.end), TEXT("="), clause.end);
    if (eq == TEXT_NONE || eq < clause.begin) return true;
    TextNumber n;
    if (first_number(s, (TextSpan){eq + 1, clause.end}, &n)) *out = n;
    return true;
}

static void by_cue(ScorerStr s, Found *f) {
    for (size_t k = 0; k < sizeof CUES / sizeof *CUES; k++) {
        size_t len = strlen(CUES[k].word);
        for (size_t i = 0; (i = text_find_nocase(s, CUES[k].word, i)) != TEXT_NONE; i += len) {
            TextNumber n;
            if (CUES[k].line_start && !at_line_start(s, i)) continue;
            if (f->rule && i < f->span.begin) continue; /* the last cue counts */
            if (!number_in_statement(s, statement(s, i + len), &n)) continue;
            f->rule = CUES[k].rule;
            f->number = n;
            f->span = (TextSpan){i, n.span.end};
        }
    }
}

/* The last sentence that holds a number: "So there are 18 + 55 = 73 knots." */
static void by_last(ScorerStr s, Found *f) {
    if (!last_number(s, (TextSpan){0, s.n}, &f->number)) return;
    f->rule = text_trim(s).n == f->number.span.end - f->number.span.begin ? "bare" : "last-number";
    f->span = f->number.span;
}

/* ---- scoring ---- */

static bool acceptable(const Number *c, const TextNumber *n) {
    return !n->fraction && (!c->integers || n->integer) && n->value >= c->min && n->value <= c->max;
}

static bool canonical_target(const ScorerHost *host, ScorerStr target, ScorerStr *out, ScorerErr *err) {
    TextNumber n;
    ScorerStr t = text_trim(target);
    size_t hashes = text_rfind(t, TEXT("####"), t.n); /* GSM8K keeps its answer behind these */
    size_t at = hashes == TEXT_NONE ? 0 : hashes;
    if (!text_number(t, &at, &n) || n.fraction) return text_err(err, "target '%.*s' is not a number", TEXT_ARG(target));
    *out = text_number_canonical(host, t, &n);
    return out->p ? true : text_nomem(err, "number");
}

static bool compare(const Number *c, const ScorerHost *host, const ScorerView *v, const TextFold *fold, const Found *f,
                    Score *out, ScorerErr *err) {
    bool good = acceptable(c, &f->number), correct = false;
    ScorerStr raw = text_cut(fold->s, f->number.span.begin, f->number.span.end);
    ScorerStr answer = f->number.fraction ? raw : text_number_canonical(host, fold->s, &f->number);
    if (!answer.p) return text_nomem(err, "number");
    for (size_t i = 0; i < v->n_targets; i++) {
        ScorerStr target;
        if (!canonical_target(host, v->targets[i], &target, err)) return false;
        correct = correct || (good && text_eq(target, answer));
    }
    text_score_verdict(out, correct, answer, f->rule, text_unfold(fold, f->span));
    if (v->n_targets == 0) {
        out->status = SCORE_UNSCORED;
        out->outcome = OUTCOME_UNSCORED;
        out->value = NAN;
        out->explanation = TEXT("the sample has no target to compare with");
        return true;
    }
    out->explanation = text_printf(host, "read %.*s by rule %s: %s", TEXT_ARG(answer), f->rule,
                                   correct ? "right"
                                   : good  ? "wrong"
                                           : "not a number that this suite allows");
    return out->explanation.p ? true : text_nomem(err, "number");
}

static bool number_score(void *self, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    const Number *c = self;
    if (text_score_failed(v, out)) return true;
    TextFold fold;
    Found f = {.rule = NULL};
    if (!text_fold(host, v->final, 0, &fold, err)) return false;
    by_box(fold.s, &f);
    if (!f.rule) by_cue(fold.s, &f);
    if (!f.rule && c->fallback == FALLBACK_LAST && v->completion == SCORER_COMPLETION_OK) by_last(fold.s, &f);
    if (!f.rule) return text_score_nothing(host, v, out, TEXT("no number was stated as the answer"), err);
    return compare(c, host, v, &fold, &f, out, err);
}

const Scorer scorer_number = {
    .abi = SCORER_ABI,
    .size = sizeof(Scorer),
    .name = "number",
    .version = "1",
    .help = "the number that a chat answer ends in\n"
            "  range: aime (default: whole numbers 0 to 999), any\n"
            "  min, max, integers: narrow or widen the range\n"
            "  fallback: last-number (default) takes the last number of an answer without box or cue; none does not",
    .open = number_open,
    .score = number_score,
    .close = number_close,
};
