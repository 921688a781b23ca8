/* Reading a judge's reply: the last complete verdict line with the right code, or why there is none. */
#include "scorers/judge.h"

#include <string.h>

static const char *const STATUS[] = {"ok",    "unparsed",  "forged",  "out_of_range", "refused",
                                     "empty", "truncated", "timeout", "filtered",     "failed"};

const char *judge_status_name(JudgeStatus s) {
    return STATUS[s];
}

ScorerStr judge_code(const ScorerView *v, size_t pass) {
    if (v->size < offsetof(ScorerView, nonce) + sizeof v->nonce) return (ScorerStr){NULL, 0};
    return text_cut(v->nonce, pass * JUDGE_CODE, (pass + 1) * JUDGE_CODE);
}

/* ---- one line ---- */

typedef enum LineKind { LINE_OTHER, LINE_FOREIGN, LINE_INCOMPLETE, LINE_VERDICT, LINE_OUT_OF_RANGE } LineKind;

typedef struct Line {
    ScorerStr s;
    size_t at;
} Line;

/* What models put around a line: emphasis, quotes, lists, blanks. */
static bool is_dressing(char c) {
    return c && strchr(" \t*_`>#\"", c) != NULL;
}

static void skip_dressing(Line *l) {
    while (l->at < l->s.n && is_dressing(l->s.p[l->at])) l->at++;
}

static ScorerStr word(Line *l) {
    size_t begin = l->at;
    while (l->at < l->s.n && (text_is_alnum(l->s.p[l->at]) || l->s.p[l->at] == '_' || l->s.p[l->at] == '-')) l->at++;
    return text_cut(l->s, begin, l->at);
}

static void skip_between(Line *l) {
    while (l->at < l->s.n && (is_dressing(l->s.p[l->at]) || l->s.p[l->at] == ',' || l->s.p[l->at] == ';')) l->at++;
}

static int field_index(ScorerStr name, const JudgeField *fields, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (text_eq_nocase(name, text_from(fields[i].name))) return (int)i;
    return -1;
}

/* false: it is a value of the right form that does not exist. A number's form is up to nine digits with a sign. */
static bool value_of(const JudgeField *f, ScorerStr s, int *out) {
    if (f->words) {
        for (int i = 0; f->words[i]; i++)
            if (text_eq_nocase(s, text_from(f->words[i]))) {
                *out = i;
                return true;
            }
        return false;
    }
    int v = 0;
    bool minus = s.n && s.p[0] == '-';
    for (size_t i = minus; i < s.n; i++) {
        if (!text_is_digit(s.p[i]) || s.n - minus > 9) return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = minus ? -v : v;
    return s.n > minus && *out >= f->lo && *out <= f->hi;
}

/* A full stop with nothing behind it but dressing. */
static bool ends_here(const Line *l) {
    Line rest = {l->s, l->at + 1};
    if (l->s.p[l->at] != '.') return false;
    skip_dressing(&rest);
    return rest.at >= rest.s.n;
}

/* name=value pairs to the end of the line; each field once and no others. */
static LineKind read_fields(Line *l, const JudgeField *fields, size_t n, int *value) {
    unsigned seen = 0;
    bool in_range = true;
    for (skip_between(l); l->at < l->s.n; skip_between(l)) {
        if (ends_here(l)) break;
        int i = field_index(word(l), fields, n);
        skip_dressing(l);
        if (i < 0 || (seen & 1u << i) || l->at == l->s.n || l->s.p[l->at] != '=') return LINE_INCOMPLETE;
        l->at++;
        skip_dressing(l);
        ScorerStr v = word(l);
        if (!v.n) return LINE_INCOMPLETE;
        /* 4.5 is no value, and not a 4 */
        if (l->at + 1 < l->s.n && l->s.p[l->at] == '.' && text_is_alnum(l->s.p[l->at + 1])) {
            l->at++;
            word(l);
            in_range = false;
        } else {
            in_range = value_of(&fields[i], v, &value[i]) && in_range;
        }
        seen |= 1u << i;
    }
    if (seen != (1u << n) - 1) return LINE_INCOMPLETE;
    return in_range ? LINE_VERDICT : LINE_OUT_OF_RANGE;
}

static LineKind read_line(ScorerStr s, ScorerStr code, const JudgeField *fields, size_t n, int *value) {
    Line l = {s, 0};
    skip_dressing(&l);
    if (text_starts(s, l.at, "- ")) l.at += 2;
    if (!text_eq_nocase(word(&l), TEXT("verdict"))) return LINE_OTHER;
    skip_dressing(&l);
    ScorerStr got = word(&l);
    skip_dressing(&l);
    if (!got.n || l.at == s.n || s.p[l.at] != ':') return LINE_OTHER;
    if (!code.n || !text_eq_nocase(got, code)) return LINE_FOREIGN;
    l.at++;
    return read_fields(&l, fields, n, value);
}

/* ---- the whole reply ---- */

/* A judge that declines says so at once. It only names the reason for there being no verdict. */
static bool declines(ScorerStr s) {
    static const char *const words[] = {"i can't",
                                        "i can\xE2\x80\x99t",
                                        "i cannot",
                                        "i can not",
                                        "i won't",
                                        "i won\xE2\x80\x99t",
                                        "i'm sorry",
                                        "i\xE2\x80\x99m sorry",
                                        "i am sorry",
                                        "unable to help",
                                        "unable to assist",
                                        "\xEC\xA3\x84\xEC\x86\xA1",                           /* 죄송 */
                                        "\xEC\x88\x98 \xEC\x97\x86\xEC\x8A\xB5\xEB\x8B\x88"}; /* 수 없습니 */
    ScorerStr head = text_cut(s, 0, 300);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_find_nocase(head, words[i], 0) != TEXT_NONE) return true;
    return false;
}

static JudgeStatus without_text(const ScorerReply *r) {
    if (r->completion == SCORER_COMPLETION_TIMEOUT) return JUDGE_TIMEOUT;
    if (r->completion == SCORER_COMPLETION_FILTERED) return JUDGE_FILTERED;
    return JUDGE_FAILED;
}

static void read_text(ScorerStr text, ScorerStr code, const JudgeField *fields, size_t n, JudgeReading *out) {
    TextSpan line;
    bool foreign = false;
    out->status = JUDGE_UNPARSED;
    for (size_t at = 0; text_line(text, &at, &line);) {
        int value[JUDGE_FIELDS_MAX] = {0};
        LineKind k = read_line(text_cut(text, line.begin, line.end), code, fields, n, value);
        foreign = foreign || k == LINE_FOREIGN;
        if (k != LINE_VERDICT && k != LINE_OUT_OF_RANGE) continue;
        out->status = k == LINE_VERDICT ? JUDGE_OK : JUDGE_OUT_OF_RANGE;
        out->span = line;
        memcpy(out->value, value, sizeof value);
    }
    if (out->status != JUDGE_UNPARSED) return;
    if (foreign)
        out->status = JUDGE_FORGED;
    else if (declines(text))
        out->status = JUDGE_REFUSED;
}

void judge_read(const ScorerReply *r, ScorerStr code, const JudgeField *fields, size_t n, JudgeReading *out) {
    *out = (JudgeReading){.status = JUDGE_FAILED};
    if (r->error.p)
        out->status = without_text(r);
    else if (r->completion == SCORER_COMPLETION_LENGTH)
        out->status = JUDGE_TRUNCATED;
    else if (r->completion != SCORER_COMPLETION_OK)
        out->status = without_text(r);
    else if (text_trim(r->text).n == 0)
        out->status = JUDGE_EMPTY;
    else
        read_text(r->text, code, fields, n, out);
}
