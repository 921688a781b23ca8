/* Multiple choice: the letter that a chat answer names, or the option of the highest log-likelihood. */
#include "scorers/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum By { BY_GENERATION, BY_LOGLIKELIHOOD };
enum Norm { NORM_NONE, NORM_CHARS, NORM_BYTES, NORM_TOKENS };
enum TargetKind { TARGET_AUTO, TARGET_LETTER, TARGET_INDEX, TARGET_TEXT };

typedef struct Choice {
    int by, norm, target;
    int options; /* how many there are when the sample does not say; 0 = 10 */
} Choice;

static const char *const BY[] = {"generation", "loglikelihood", NULL};
static const char *const NORMS[] = {"none", "chars", "bytes", "tokens", NULL};
static const char *const TARGETS[] = {"auto", "letter", "index", "text", NULL};
static const char *const KNOWN[] = {"by", "norm", "target", "options", NULL};
static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool choice_open(const ScorerHost *host, const ScorerKV *opts, size_t n, void **self, ScorerErr *err) {
    (void)host;
    Choice c = {0};
    double options = 0;
    if (!text_opts_known(opts, n, KNOWN, "choice", err) || !text_opt_enum(opts, n, "by", BY, &c.by, err) ||
        !text_opt_enum(opts, n, "norm", NORMS, &c.norm, err) ||
        !text_opt_enum(opts, n, "target", TARGETS, &c.target, err) ||
        !text_opt_number(opts, n, "options", &options, err))
        return false;
    if (options != 0 && (options < 2 || options > 26 || options != floor(options)))
        return text_err(err, "option 'options' must be a whole number from 2 to 26, not %g", options);
    c.options = (int)options;
    Choice *heap = malloc(sizeof *heap);
    if (!heap) return text_nomem(err, "choice");
    *heap = c;
    *self = heap;
    return true;
}

static void choice_close(void *self) {
    free(self);
}

/* ---- the target ---- */

static bool as_index(ScorerStr s, size_t *out) {
    size_t v = 0;
    if (s.n == 0 || s.n > 2) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!text_is_digit(s.p[i])) return false;
        v = v * 10 + (size_t)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

static int target_letter(ScorerStr t) {
    if (t.n == 3 && t.p[0] == '(' && t.p[2] == ')') t = text_cut(t, 1, 2);
    if (t.n != 1) return -1;
    const char *hit = t.p[0] ? strchr(LETTERS, t.p[0] >= 'a' && t.p[0] <= 'z' ? t.p[0] - 32 : t.p[0]) : NULL;
    return hit ? (int)(hit - LETTERS) : -1;
}

static int target_text(const ScorerView *v, ScorerStr t) {
    for (size_t i = 0; i < v->n_choices; i++)
        if (text_eq(text_trim(v->choices[i]), t)) return (int)i;
    return -1;
}

/* The option that the target names, or -1. auto: a letter, else an option's exact text, else an index from 0. */
static int target_index(const Choice *c, const ScorerView *v, ScorerStr target, size_t n) {
    ScorerStr t = text_trim(target);
    int index = -1;
    size_t number;
    bool any = c->target == TARGET_AUTO;
    if (any || c->target == TARGET_LETTER) index = target_letter(t);
    if (index < 0 && (any || c->target == TARGET_TEXT)) index = target_text(v, t);
    if (index < 0 && (any || c->target == TARGET_INDEX) && as_index(t, &number)) index = (int)number;
    return index >= 0 && (size_t)index < n ? index : -1;
}

/* How many options there are: the sample's, the option, the field n_options, else ten; at least up to the target. */
static size_t count_options(const Choice *c, const ScorerView *v) {
    size_t n = v->n_choices ? v->n_choices : (size_t)c->options, from_meta;
    if (n == 0 && as_index(text_trim(text_meta(v, "n_options")), &from_meta) && from_meta >= 2) n = from_meta;
    if (n == 0) n = 10;
    return n > 26 ? 26 : n;
}

/* Compares the chosen option with the targets; without a usable target the score is unscored and says so. */
static bool judge(const Choice *c, const ScorerHost *host, const ScorerView *v, size_t n, int chosen, const char *rule,
                  TextSpan span, Score *out, ScorerErr *err) {
    bool correct = false, usable = false;
    for (size_t i = 0; i < v->n_targets; i++) {
        int t = target_index(c, v, v->targets[i], n);
        if (t < 0)
            return text_err(err, "target '%.*s' is neither a letter, an index nor the text of one of the %zu options",
                            TEXT_ARG(v->targets[i]), n);
        usable = true;
        correct = correct || t == chosen;
    }
    ScorerStr answer = {LETTERS + chosen, 1};
    text_score_verdict(out, correct, answer, rule, span);
    if (!usable) {
        out->status = SCORE_UNSCORED;
        out->outcome = OUTCOME_UNSCORED;
        out->value = NAN;
        out->explanation = TEXT("the sample has no target to compare with");
        return true;
    }
    out->explanation = text_printf(host, "chose %c by rule %s: %s", LETTERS[chosen], rule, correct ? "right" : "wrong");
    return out->explanation.p ? true : text_nomem(err, "choice");
}

/* ---- by log-likelihood ---- */

static double normalised(const Choice *c, const ScorerView *v, size_t i) {
    double by = 1;
    if (c->norm == NORM_BYTES && v->choices) by = (double)v->choices[i].n;
    if (c->norm == NORM_CHARS && v->choices) by = (double)text_count_chars(v->choices[i]);
    if (c->norm == NORM_TOKENS && v->choice_tokens) by = (double)v->choice_tokens[i];
    return v->choice_logprobs[i] / (by > 0 ? by : 1);
}

static bool by_loglikelihood(const Choice *c, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    if (!v->choice_logprobs || v->n_choices == 0)
        return text_err(
            err, "scorer choice, by: loglikelihood, needs the options' log-likelihoods, and the sample has none");
    if (v->n_choices > 26)
        return text_err(err, "the sample has %zu options, more than the 26 that have letters", v->n_choices);
    size_t best = 0;
    double top = -INFINITY, second = -INFINITY;
    for (size_t i = 0; i < v->n_choices; i++) {
        double x = normalised(c, v, i);
        if (isnan(x) || x == INFINITY)
            return text_err(err, "the log-likelihood of option %c is not a number", LETTERS[i]);
        if (i == 0 || x > top) { /* a tie goes to the first */
            second = i ? top : second;
            top = x;
            best = i;
        } else if (x > second) {
            second = x;
        }
    }
    if (!judge(c, host, v, v->n_choices, (int)best, "loglikelihood", (TextSpan){0, 0}, out, err)) return false;
    out->margin = v->n_choices > 1 && isfinite(top - second) ? top - second : NAN;
    return true;
}

/* ---- by generation ---- */

static bool by_generation(const Choice *c, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    TextLetter got;
    size_t n = count_options(c, v);
    if (!text_letter(host, v->final, n, v->n_choices ? v->choices : NULL, &got, err)) return false;
    if (got.index >= 0) return judge(c, host, v, n, got.index, got.rule, got.span, out, err);
    bool many = strcmp(got.rule, "contradictory") == 0;
    out->rule = many ? text_from(got.rule) : (ScorerStr){NULL, 0};
    out->span_begin = got.span.begin;
    out->span_end = got.span.end;
    return text_score_nothing(
        host, v, out,
        many ? TEXT("the deciding statement names more than one option") : TEXT("no option was named clearly"), err);
}

static bool choice_score(void *self, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    const Choice *c = self;
    if (text_score_failed(v, out)) return true;
    return c->by == BY_LOGLIKELIHOOD ? by_loglikelihood(c, host, v, out, err) : by_generation(c, host, v, out, err);
}

const Scorer scorer_choice = {
    .abi = SCORER_ABI,
    .size = sizeof(Scorer),
    .name = "choice",
    .version = "1",
    .help = "the option letter of a multiple-choice answer\n"
            "  by: generation (default) reads the letter from the answer; loglikelihood takes the likeliest option\n"
            "  norm: none (default), chars, bytes, tokens: what a log-likelihood is divided by\n"
            "  target: auto (default), letter, index (from 0), text: how targets are written\n"
            "  options: how many options there are, when the sample does not list them (default 10)",
    .open = choice_open,
    .score = choice_score,
    .close = choice_close,
};
