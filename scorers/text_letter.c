/* Which option did a chat answer choose? Rules in tiers; within a tier the last statement counts.
 *
 *   tier 1  a statement about the answer: "the answer is (C)", "Answer: C", "정답은 C", \boxed{C}
 *   tier 2  a statement about a letter: "C is correct", "option C is the best", "C가 정답"
 *   tier 3  the form of the answer: the last line is a bare letter, the first line begins with one
 *   tier 4  emphasis: one bold letter; one bracketed letter, or "option C", in the last sentence
 *   tier 5  the text of exactly one option, in the last line
 *
 * A tier is asked only if those above found nothing. If the deciding statement names two options there is no answer. */
#include "scorers/text.h"

#include <string.h>

enum { TIERS = 5, MANY = -2 };
enum { FILLER_MAX = 80 }; /* bytes that may stand between a cue and its letter; keeps hostile texts linear */

typedef struct Reader {
    TextFold f;
    size_t n_options;
    const ScorerStr *choices;
    TextLetter best[TIERS]; /* in folded bytes; index MANY: names two options */
} Reader;

static void found(Reader *r, int tier, int index, const char *rule, size_t begin, size_t end) {
    TextLetter *b = &r->best[tier - 1];
    if (b->rule && begin < b->span.begin) return; /* rules run one after the other: keep the last in the text */
    *b = (TextLetter){index, rule, {begin, end}};
}

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

/* The word at i is `word`, ends there, and letters may be of any case. Gives its length or 0. */
static size_t word_at(ScorerStr s, size_t i, const char *word) {
    size_t n = strlen(word);
    if (n > s.n - i) return 0;
    for (size_t k = 0; k < n; k++) {
        char c = s.p[i + k];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != word[k]) return 0;
    }
    bool ascii = text_is_alnum(word[n - 1]);
    return ascii && i + n < s.n && text_is_alnum(s.p[i + n]) ? 0 : n;
}

static size_t any_word(ScorerStr s, size_t i, const char *const *words) {
    for (size_t k = 0; words[k]; k++) {
        size_t n = word_at(s, i, words[k]);
        if (n) return n;
    }
    return 0;
}

/* ---- letters ---- */

static bool opener(char c) {
    return c && strchr(" \t\n\r*_`\"'$([{<:=#>-", c) != NULL;
}

static bool closer(char c) {
    return c && strchr(")]}*_`\"'$>", c) != NULL;
}

/* A and I are also words: "the answer is a matter of taste", "A good reason", "I think". */
static bool reads_as_word(ScorerStr s, size_t i, bool bracketed) {
    char c = s.p[i];
    if (bracketed || (c != 'A' && c != 'I')) return false;
    size_t k = i + 1;
    if (k < s.n && s.p[k] == '\'') return true; /* I'm, I'd */
    while (k < s.n && s.p[k] == ' ') k++;
    if (k == i + 1 || k >= s.n || !text_is_alnum(s.p[k])) return false;
    static const char *const goes_on[] = {"because", "since", "as",   "for", "is", "and",
                                          "or",      "which", "with", "but", NULL};
    return any_word(s, k, goes_on) == 0;
}

/* The option letter at i: an upper-case letter of its own; a lower-case one only in brackets or as the last of its
 * line. Gives its index, n_options or more if it is outside, or -1. */
static int letter_at(const Reader *r, size_t i) {
    ScorerStr s = r->f.s;
    if (i >= s.n) return -1;
    char c = s.p[i];
    bool small = is_lower(c);
    if (!small && (c < 'A' || c > 'Z')) return -1;
    char before = i ? s.p[i - 1] : ' ', after = i + 1 < s.n ? s.p[i + 1] : '\n';
    if (text_is_alnum(before) || text_is_alnum(after) || after == '_' || after == '^') return -1;
    if (after == '-' && i + 2 < s.n && text_is_alnum(s.p[i + 2])) return -1; /* "B-cell" */
    if (after == '\'' && i + 2 < s.n && is_lower(s.p[i + 2])) return -1;     /* "C's" */
    bool bracketed = strchr("([{", before) && before && strchr(")]}", after) && after;
    if (small) {
        size_t k = i + 1;
        while (k < s.n && (closer(s.p[k]) || s.p[k] == '.')) k++;
        if (!bracketed && k < s.n && s.p[k] != '\n') return -1;
    }
    if (reads_as_word(s, i, bracketed || closer(after))) return -1;
    return small ? c - 'a' : c - 'A';
}

/* "3번": options by number. */
static int numbered_at(const Reader *r, size_t i, size_t *end) {
    ScorerStr s = r->f.s;
    if (i + 1 >= s.n || s.p[i] < '1' || s.p[i] > '9' || (i && text_is_alnum(s.p[i - 1]))) return -1;
    if (!text_starts(s, i + 1, "번")) return -1;
    *end = i + 1 + strlen("번");
    return s.p[i] - '1';
}

/* Words and signs that may stand between a cue and its letter. */
static size_t skip_filler(ScorerStr s, size_t i) {
    static const char *const filler[] = {"\\boxed{",  "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{",   "\\(",
                                         "\\[",       "option",  "choice",    "letter",    "most likely", "probably",
                                         "therefore", "thus",    "indeed",    "clearly",   "simply",      "선택지",
                                         "보기",      "바로",    NULL};
    size_t stop = s.n - i > FILLER_MAX ? i + FILLER_MAX : s.n;
    for (size_t n, lines = 0; i < stop; i += n) {
        n = opener(s.p[i]) ? 1 : any_word(s, i, filler);
        if (n == 0 || (s.p[i] == '\n' && ++lines > 3)) break;
    }
    return i;
}

/* Behind a letter: does the statement name another option too ("(A) or (B)", "B, H, J")? */
static bool names_another(const Reader *r, int index, size_t i) {
    ScorerStr s = r->f.s;
    static const char *const joins[] = {"or", "and", "또는", "혹은", "와", "과", "및", NULL};
    while (i < s.n && (closer(s.p[i]) || s.p[i] == ' ')) i++;
    size_t n = 0;
    if (i < s.n && (s.p[i] == ',' || s.p[i] == '/' || s.p[i] == '&')) n = 1;
    size_t k = i + n;
    while (k < s.n && s.p[k] == ' ') k++;
    size_t join = k < s.n ? any_word(s, k, joins) : 0;
    if (n + join == 0) return false;
    k = skip_filler(s, k + join);
    int other = letter_at(r, k);
    return other >= 0 && other != index && (size_t)other < r->n_options;
}

/* A statement of `tier` that begins at `begin` and names the letter at i. */
static bool statement(Reader *r, int tier, const char *rule, size_t begin, size_t i) {
    size_t end = i + 1;
    int index = letter_at(r, i);
    if (index < 0) index = numbered_at(r, i, &end);
    if (index < 0 || (size_t)index >= r->n_options) return false;
    bool many = names_another(r, index, end);
    while (end < r->f.s.n && closer(r->f.s.p[end]) && r->f.s.p[end] != '\n') end++;
    found(r, tier, many ? MANY : index, rule, begin, end);
    return true;
}

/* ---- tier 1: about the answer ---- */

/* Words before a cue that take its force: "the wrong answer is", "if the answer is". */
static bool disarmed(ScorerStr s, size_t cue) {
    static const char *const words[] = {"wrong", "incorrect", "if the",   "if",   "not the", "whether the", "possible",
                                        "not",   "no",        "previous", "each", "every",   "오",          NULL};
    size_t end = cue;
    while (end > 0 && s.p[end - 1] == ' ') end--;
    for (size_t k = 0; words[k]; k++) {
        size_t n = strlen(words[k]);
        if (n > end) continue;
        size_t at = end - n;
        if (text_find_nocase(text_cut(s, at, end), words[k], 0) == 0 && (at == 0 || !text_is_alnum(s.p[at - 1])))
            return true;
    }
    return false;
}

/* From behind the cue word to the letter: there must be a connector (is, be, a colon, a line's end, 은/는/이/가). */
static bool connector(ScorerStr s, size_t *i) {
    static const char *const links[] = {"is",
                                        "would be",
                                        "should be",
                                        "must be",
                                        "will be",
                                        "has to be",
                                        "=",
                                        ":",
                                        "은",
                                        "는",
                                        "이",
                                        "가",
                                        "to the question is",
                                        "choice is",
                                        "option is",
                                        "choice:",
                                        "option:",
                                        "here is",
                                        "i choose is",
                                        NULL};
    bool linked = false;
    size_t stop = s.n - *i > FILLER_MAX ? *i + FILLER_MAX : s.n;
    for (size_t n; *i < stop; *i += n) {
        n = any_word(s, *i, links);
        if (n) {
            linked = true;
            continue;
        }
        if (!strchr(" *_`\"\t\r\n", s.p[*i]) || !s.p[*i]) break;
        if (s.p[*i] == '\n') linked = true;
        n = 1;
    }
    return linked;
}

typedef struct Cue {
    const char *word, *rule;
} Cue;

static const Cue ANSWER_CUES[] = {
    {"answer", "answer-is"},      {"correct option", "option-is"}, {"correct choice", "option-is"},
    {"best option", "option-is"}, {"best choice", "option-is"},    {"correct statement", "option-is"},
    {"정답", "answer-is-ko"},     {"답", "answer-is-ko"},
};
/* These take the letter at once: "I choose C". */
static const Cue CHOOSE_CUES[] = {
    {"i choose", "i-choose"}, {"i would choose", "i-choose"}, {"i'll choose", "i-choose"},     {"i pick", "i-choose"},
    {"i select", "i-choose"}, {"i'll go with", "i-choose"},   {"i would go with", "i-choose"},
};

static size_t cue_at(ScorerStr s, size_t i, const Cue *cue) {
    if (i && text_is_alnum(s.p[i - 1])) return 0;
    return word_at(s, i, cue->word);
}

static void cue_answer(Reader *r, size_t i, size_t n, const Cue *cue) {
    ScorerStr s = r->f.s;
    size_t k = i + n;
    if (disarmed(s, i) || !connector(s, &k)) return;
    statement(r, 1, cue->rule, i, skip_filler(s, k));
}

static void tier_cues(Reader *r) {
    ScorerStr s = r->f.s;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != 'a' && c != 'A' && c != 'c' && c != 'C' && c != 'b' && c != 'B' && c != 'i' && c != 'I' && c >= 0)
            continue;
        if ((unsigned char)c >= 0x80 && c != '\xEC' && c != '\xEB') continue; /* first bytes of 정 and 답 */
        size_t n;
        for (size_t k = 0; k < sizeof ANSWER_CUES / sizeof *ANSWER_CUES; k++)
            if ((n = cue_at(s, i, &ANSWER_CUES[k])) > 0) cue_answer(r, i, n, &ANSWER_CUES[k]);
        for (size_t k = 0; k < sizeof CHOOSE_CUES / sizeof *CHOOSE_CUES; k++)
            if ((n = cue_at(s, i, &CHOOSE_CUES[k])) > 0) statement(r, 1, CHOOSE_CUES[k].rule, i, skip_filler(s, i + n));
    }
}

/* ---- option texts ---- */

static ScorerStr bare(ScorerStr s) {
    s = text_trim(s);
    while (s.n && strchr("*_`\"'.$", s.p[s.n - 1]) && s.p[s.n - 1]) s = text_trim(text_cut(s, 0, s.n - 1));
    while (s.n && strchr("*_`\"'$", s.p[0]) && s.p[0]) s = text_trim(text_cut(s, 1, s.n));
    return s;
}

/* The one option whose text is s, or -1. */
static int option_equal(const Reader *r, ScorerStr s) {
    int hit = -1;
    s = bare(s);
    for (size_t k = 0; r->choices && s.n && k < r->n_options; k++) {
        if (!text_eq_nocase(bare(r->choices[k]), s)) continue;
        if (hit >= 0) return -1;
        hit = (int)k;
    }
    return hit;
}

static bool word_edge(ScorerStr s, size_t i) { /* between i-1 and i */
    return i == 0 || i >= s.n || !text_is_alnum(s.p[i - 1]) || !text_is_alnum(s.p[i]);
}

/* Where `part` stands in s as words, in any case; TEXT_NONE if it does not. */
static size_t find_words(ScorerStr s, ScorerStr part) {
    if (part.n == 0 || part.n > s.n) return TEXT_NONE;
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (text_eq_nocase(text_cut(s, i, i + part.n), part) && word_edge(s, i) && word_edge(s, i + part.n)) return i;
    return TEXT_NONE;
}

/* ---- tier 1, continued: boxes ---- */

static ScorerStr unwrap_text(ScorerStr s) {
    static const char *const wraps[] = {"\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\textrm{", NULL};
    s = text_trim(s);
    for (size_t k = 0; wraps[k]; k++)
        if (text_starts(s, 0, wraps[k]) && s.p[s.n - 1] == '}')
            return text_trim(text_cut(s, strlen(wraps[k]), s.n - 1));
    return s;
}

static void tier_boxes(Reader *r) {
    ScorerStr s = r->f.s;
    TextSpan whole, inner;
    for (size_t at = 0; text_boxed(s, &at, &whole, &inner);) {
        ScorerStr text = unwrap_text(text_cut(s, inner.begin, inner.end));
        size_t i = skip_filler(s, (size_t)(text.p - s.p));
        int index = i < inner.end ? letter_at(r, i) : -1;
        if (index >= 0 && (size_t)index < r->n_options)
            found(r, 1, names_another(r, index, i + 1) ? MANY : index, "boxed", whole.begin, whole.end);
        else if ((index = option_equal(r, text)) >= 0)
            found(r, 1, index, "boxed-text", whole.begin, whole.end);
    }
}

/* ---- tier 2: about a letter ---- */

static bool says_correct(ScorerStr s, size_t i) {
    static const char *const says[] = {
        "is correct",  "is the correct", "is right",     "is the right", "is the best", "is the answer",
        "is the most", "가 정답",        "이 정답",      "가 맞",        "이 맞",       "가 옳",
        "이 옳",       "번이 정답",      "가 가장 적절", "이 가장 적절", NULL};
    while (i < s.n && (closer(s.p[i]) || s.p[i] == ' ')) i++;
    return i < s.n && any_word(s, i, says) > 0;
}

/* ---- tier 3: the form of the answer ---- */

/* The line is one letter in any dress: "C", "(C)", "**C.**", "C)". */
static bool bare_letter(Reader *r, TextSpan line, const char *rule) {
    ScorerStr s = r->f.s;
    size_t i = skip_filler(s, line.begin);
    if (i >= line.end) return false;
    size_t end = i + 1;
    int index = letter_at(r, i);
    if (index < 0) index = numbered_at(r, i, &end);
    if (index < 0 || (size_t)index >= r->n_options) return false;
    while (end < line.end && (closer(s.p[end]) || s.p[end] == '.' || s.p[end] == ' ')) end++;
    if (text_starts(s, end, "입니다")) end += strlen("입니다");
    while (end < line.end && (closer(s.p[end]) || s.p[end] == '.')) end++;
    if (end < line.end) return false;
    found(r, 3, index, rule, line.begin, line.end);
    return true;
}

/* The letter that a line begins with as a list does: "C. text", "(C) text", "**C)** text". */
static int head_letter(const Reader *r, TextSpan line) {
    ScorerStr s = r->f.s;
    size_t i = line.begin;
    while (i < line.end && strchr(" *_([\"", s.p[i]) && s.p[i]) i++;
    int index = i < line.end ? letter_at(r, i) : -1;
    if (index < 0 || (size_t)index >= r->n_options || is_lower(s.p[i]) || i + 1 >= line.end) return -1;
    return strchr(".):]", s.p[i + 1]) ? index : -1;
}

/* The first line begins with a letter, and no other line begins with another: not a list of the options. */
static void first_line(Reader *r) {
    TextSpan line, first = {0, 0};
    int index = -1;
    bool any = false;
    for (size_t at = 0; text_line(r->f.s, &at, &line);) {
        line = text_trim_span(r->f.s, line);
        if (line.begin == line.end) continue;
        int head = head_letter(r, line);
        if (!any) {
            first = line;
            index = head;
        } else if (head >= 0 && head != index) {
            return;
        }
        any = true;
    }
    if (index >= 0) found(r, 3, index, "first-line", first.begin, first.end);
}

static void tier_form(Reader *r) {
    TextSpan last = text_last_line(r->f.s);
    if (bare_letter(r, last, "last-line")) return;
    first_line(r);
}

/* ---- tier 4: emphasis ---- */

/* Every bold run that begins with a letter; they must agree. */
static void bold_letters(Reader *r) {
    ScorerStr s = r->f.s;
    TextSpan span = {0, 0};
    int index = -1;
    for (size_t i = 0; (i = text_find(s, TEXT("**"), i)) != TEXT_NONE; i += 2) {
        size_t k = skip_filler(s, i);
        int here = letter_at(r, k);
        if (here < 0 || (size_t)here >= r->n_options) continue;
        size_t stop = text_find(s, TEXT("**"), k + 1);
        if (stop == TEXT_NONE || stop - i > 200 || (s.p[k + 1] != '*' && !strchr(".):]", s.p[k + 1]))) continue;
        if (index >= 0 && here != index) return;
        index = here;
        span = (TextSpan){i, stop + 2};
        i = stop;
    }
    if (index >= 0) found(r, 4, index, "bold", span.begin, span.end);
}

static TextSpan last_sentence(ScorerStr s) {
    TextSpan line = text_last_line(s);
    size_t begin = line.begin;
    for (size_t i = line.begin; i + 1 < line.end; i++)
        if ((s.p[i] == '.' || s.p[i] == '!' || s.p[i] == '?') && s.p[i + 1] == ' ' && i + 2 < line.end &&
            (i < 1 || !(s.p[i - 1] >= 'A' && s.p[i - 1] <= 'Z')))
            begin = i + 2;
    return (TextSpan){begin, line.end};
}

static bool denies(ScorerStr sentence) {
    static const char *const words[] = {"not",     "n't",  "none", "incorrect", "wrong",
                                        "neither", "아니", "없",   "틀",        NULL};
    for (size_t k = 0; words[k]; k++)
        if (text_find_nocase(sentence, words[k], 0) != TEXT_NONE) return true;
    return false;
}

/* The last sentence holds exactly one letter that is bracketed or follows "option", and denies nothing. */
static void last_mention(Reader *r) {
    ScorerStr s = r->f.s;
    TextSpan sent = last_sentence(s), span = {0, 0};
    int index = -1;
    if (sent.begin == sent.end || !strchr(".!?)]*\"'", s.p[sent.end - 1])) return; /* broken off */
    if (denies(text_cut(s, sent.begin, sent.end))) return;
    for (size_t i = sent.begin; i < sent.end; i++) {
        int here = letter_at(r, i);
        if (here < 0 || (size_t)here >= r->n_options) continue;
        bool bracketed = i && s.p[i - 1] == '(' && i + 1 < s.n && s.p[i + 1] == ')';
        size_t b = i;
        while (b > sent.begin && opener(s.p[b - 1])) b--;
        bool option = b >= 6 && text_find_nocase(text_cut(s, b - 6, b), "option", 0) == 0;
        if (!bracketed && !option) continue;
        if (index >= 0 && here != index) return;
        index = here;
        span = (TextSpan){option ? b - 6 : i - 1, i + 2 < s.n ? i + 2 : s.n};
    }
    if (index >= 0) found(r, 4, index, "last-mention", span.begin, span.end);
}

/* ---- tier 5: the text of an option ---- */

/* The options that the line holds, without those that only stand inside a longer one. */
static void option_text(Reader *r) {
    ScorerStr s = r->f.s;
    TextSpan line = text_last_line(s);
    if (line.end - line.begin > 2000) return;
    ScorerStr text = text_cut(s, line.begin, line.end);
    int whole = option_equal(r, text);
    if (whole >= 0) {
        found(r, 5, whole, "option-text", line.begin, line.end);
        return;
    }
    int hit = -1;
    TextSpan span = {0, 0};
    for (size_t k = 0; k < r->n_options; k++) {
        ScorerStr option = bare(r->choices[k]);
        size_t at = find_words(text, option);
        if (at == TEXT_NONE || option.n < 3) continue;
        TextSpan here = {line.begin + at, line.begin + at + option.n};
        if (hit >= 0 && here.begin >= span.begin && here.end <= span.end) continue;
        if (hit >= 0 && !(here.begin <= span.begin && here.end >= span.end)) return; /* two options */
        hit = (int)k;
        span = here;
    }
    if (hit >= 0 && !denies(text)) found(r, 5, hit, "option-text", span.begin, span.end);
}

static void tier_correct(Reader *r) {
    ScorerStr s = r->f.s;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 'A' || s.p[i] > 'Z') continue;
        if (letter_at(r, i) >= 0 && says_correct(s, i + 1)) statement(r, 2, "letter-is-correct", i, i);
    }
}

bool text_letter(const ScorerHost *host, ScorerStr answer, size_t n_options, const ScorerStr *choices, TextLetter *out,
                 ScorerErr *err) {
    Reader r = {.n_options = n_options > 26 ? 26 : n_options, .choices = choices};
    *out = (TextLetter){-1, "none", {0, 0}};
    if (!text_fold(host, answer, 0, &r.f, err)) return false;
    tier_cues(&r);
    tier_boxes(&r);
    tier_correct(&r);
    tier_form(&r);
    bold_letters(&r);
    last_mention(&r);
    if (choices) option_text(&r);
    for (int t = 0; t < TIERS; t++) {
        TextLetter b = r.best[t];
        if (!b.rule) continue;
        *out = (TextLetter){b.index == MANY ? -1 : b.index, b.index == MANY ? "contradictory" : b.rule,
                            text_unfold(&r.f, b.span)};
        return true;
    }
    return true;
}
