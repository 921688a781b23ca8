/* Programs: takes the code out of a chat answer, asks the harness to run it on the sample's tests, judges the outputs.
 *
 * The tests stand in the sample's field `tests` (or `public_test_cases`): a JSON list of {"input","output"} objects. */
#include "scorers/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum Language { LANG_PYTHON, LANG_C, LANG_CPP };

typedef struct Program {
    int language, checker;
    double tolerance, cpu_seconds, memory_mb;
} Program;

static const char *const LANGUAGES[] = {"python", "c", "cpp", NULL};
static const char *const CHECKERS[] = {"tokens", "tokens-nocase", "exact", "lines", "float", "unordered-lines", NULL};
static const char *const KNOWN[] = {"language", "checker", "tolerance", "cpu_seconds", "memory_mb", NULL};
/* How fences name the languages, in the order of LANGUAGES. */
static const char *const TAGS[][8] = {
    {"python", "py", "python3", "python2", "pypy", NULL},
    {"c", "c99", "c11", "c17", NULL},
    {"cpp", "c++", "cc", "cxx", "c++17", "c++20", NULL},
};

static bool program_open(const ScorerHost *host, const ScorerKV *opts, size_t n, void **self, ScorerErr *err) {
    (void)host;
    Program c = {.tolerance = 1e-6};
    if (!text_opts_known(opts, n, KNOWN, "program", err) ||
        !text_opt_enum(opts, n, "language", LANGUAGES, &c.language, err) ||
        !text_opt_enum(opts, n, "checker", CHECKERS, &c.checker, err) ||
        !text_opt_number(opts, n, "tolerance", &c.tolerance, err) ||
        !text_opt_number(opts, n, "cpu_seconds", &c.cpu_seconds, err) ||
        !text_opt_number(opts, n, "memory_mb", &c.memory_mb, err))
        return false;
    if (c.tolerance < 0 || c.cpu_seconds < 0 || c.memory_mb < 0 || c.memory_mb > 1e6)
        return text_err(
            err, "options tolerance, cpu_seconds and memory_mb must not be negative, nor memory_mb above 1000000");
    Program *heap = malloc(sizeof *heap);
    if (!heap) return text_nomem(err, "program");
    *heap = c;
    *self = heap;
    return true;
}

static void program_close(void *self) {
    free(self);
}

/* ---- the code ---- */

typedef struct Code {
    ScorerStr source;
    const char *rule; /* NULL: there is none */
    TextSpan span;
} Code;

static int tag_language(ScorerStr tag) {
    for (int l = 0; l < 3; l++)
        for (int k = 0; TAGS[l][k]; k++)
            if (text_eq_nocase(tag, text_from(TAGS[l][k]))) return l;
    return -1;
}

static bool line_begins(ScorerStr s, const char *const *words) {
    TextSpan line;
    for (size_t at = 0; text_line(s, &at, &line);)
        for (int k = 0; words[k]; k++)
            if (text_starts(text_cut(s, 0, line.end), line.begin, words[k])) return true;
    return false;
}

/* Reads like a program in the language: good enough to take a whole answer, or an unmarked block, for code. */
static bool code_like(int language, ScorerStr s) {
    static const char *const python[] = {"import ", "from ", "def ", "class ", "print(", "for ", "while ",      "n = ",
                                         "n=",      "a, b",  "a = ", "s = ",   "t = ",   "x = ", "if __name__", NULL};
    if (language != LANG_PYTHON)
        return text_find(s, TEXT("#include"), 0) != TEXT_NONE || text_find(s, TEXT("int main"), 0) != TEXT_NONE;
    return line_begins(s, python) &&
           (text_find(s, TEXT("print("), 0) != TEXT_NONE || text_find(s, TEXT("def "), 0) != TEXT_NONE ||
            text_find(s, TEXT("sys.stdout"), 0) != TEXT_NONE);
}

/* The last block marked with the language, else the last unmarked one that reads like it, else the only block without
 * another language's mark, else the whole answer if it reads like code. */
static Code find_code(int language, ScorerStr answer) {
    Code marked = {.rule = NULL}, unmarked = marked, only = marked;
    TextFence f;
    size_t blocks = 0;
    for (size_t at = 0; text_fence(answer, &at, &f); blocks++) {
        Code here = {text_cut(answer, f.body.begin, f.body.end), NULL, f.whole};
        int tag = tag_language(f.lang);
        if (text_trim(here.source).n == 0) continue;
        here.rule = tag == language ? (f.closed ? "fence-language" : "fence-open")
                    : f.lang.n == 0 ? "fence-plain"
                                    : "fence-only";
        if (tag == language)
            marked = here;
        else if (f.lang.n == 0 && code_like(language, here.source))
            unmarked = here;
        if (tag < 0) only = here;
    }
    if (marked.rule) return marked;
    if (unmarked.rule) return unmarked;
    if (blocks == 1 && only.rule) return only;
    if (blocks == 0 && code_like(language, answer)) {
        TextSpan span = text_trim_span(answer, (TextSpan){0, answer.n});
        return (Code){answer, "whole-answer", span};
    }
    return (Code){.rule = NULL};
}

/* ---- the tests ---- */

typedef struct Tests {
    ScorerProgramTest *asks;
    ScorerStr *expected;
    size_t n;
} Tests;

/* One {"input": …, "output": …} object; other keys are passed over. */
static bool read_test(TextJson *j, const ScorerHost *host, ScorerStr *input, ScorerStr *output) {
    ScorerStr key;
    bool have_input = false, have_output = false;
    if (!text_json_object(j)) return false;
    for (bool first = true; text_json_key(j, first, &key); first = false) {
        bool ok;
        if (text_eq(key, TEXT("input"))) {
            ok = have_input = text_json_string(j, host, input);
        } else if (text_eq(key, TEXT("output"))) {
            ok = have_output = text_json_string(j, host, output);
        } else {
            ok = text_json_skip(j);
        }
        if (!ok) return false;
    }
    return !j->bad && have_input && have_output;
}

static bool count_tests(ScorerStr json, size_t *n) {
    TextJson j = text_json(json);
    *n = 0;
    if (!text_json_array(&j)) return false;
    for (bool first = true; text_json_item(&j, first); first = false, ++*n)
        if (!text_json_skip(&j)) return false;
    return text_json_end(&j);
}

static bool read_tests(const ScorerHost *host, const ScorerView *v, Tests *t, ScorerErr *err) {
    const char *field = "tests";
    ScorerStr json = text_meta(v, field);
    if (!json.p) json = text_meta(v, field = "public_test_cases");
    if (!json.p) return text_err(err, "scorer program needs the field 'tests' (or 'public_test_cases') in each sample");
    if (!count_tests(json, &t->n)) return text_err(err, "field '%s' is not a valid JSON list", field);
    if (t->n == 0) return text_err(err, "field '%s' holds no test", field);
    if (t->n > 100000) return text_err(err, "field '%s' holds %zu tests, more than 100000", field, t->n);
    t->asks = host->alloc(host->ctx, t->n * sizeof *t->asks);
    t->expected = host->alloc(host->ctx, t->n * sizeof *t->expected);
    if (!t->asks || !t->expected) return text_nomem(err, "program");
    TextJson j = text_json(json);
    text_json_array(&j);
    for (size_t i = 0; i < t->n; i++) {
        text_json_item(&j, i == 0);
        if (!read_test(&j, host, &t->asks[i].input, &t->expected[i]))
            return text_err(err, "test %zu of field '%s' is not an object with the strings 'input' and 'output'", i + 1,
                            field);
        t->asks[i].expected_bytes = t->expected[i].n;
    }
    return true;
}

static bool program_ask(void *self, const ScorerHost *host, const ScorerView *v, ScorerAsk *ask, ScorerErr *err) {
    const Program *c = self;
    ask->kind = SCORER_ASK_NONE;
    if (v->n_replies > 0) return true;
    if (v->completion != SCORER_COMPLETION_OK && v->completion != SCORER_COMPLETION_LENGTH) return true;
    Code code = find_code(c->language, v->final);
    if (!code.rule) return true;
    Tests t;
    if (!read_tests(host, v, &t, err)) return false;
    *ask = (ScorerAsk){
        .kind = SCORER_ASK_PROGRAM,
        .language = text_from(LANGUAGES[c->language]),
        .source = code.source,
        .tests = t.asks,
        .n_tests = t.n,
        .cpu_seconds = c->cpu_seconds,
        .memory_bytes = (uint64_t)(c->memory_mb * 1048576.0),
    };
    return true;
}

/* ---- the verdict ---- */

typedef struct Verdict {
    const char *label, *says;
} Verdict;

static const Verdict VERDICTS[] = {
    [SCORER_RUN_OK] = {"AC", "right"},
    [SCORER_RUN_CE] = {"CE", "does not compile"},
    [SCORER_RUN_RE] = {"RE", "ended with an error"},
    [SCORER_RUN_TLE] = {"TLE", "over the time limit"},
    [SCORER_RUN_MLE] = {"MLE", "over the memory limit"},
    [SCORER_RUN_OLE] = {"OLE", "over the output limit"},
    [SCORER_RUN_ILE] = {"ILE", "idle until the wall limit"},
    [SCORER_RUN_IE] = {"IE", "the sandbox failed"},
};

static bool set_label(const ScorerHost *host, Score *out, const char *label, ScorerErr *err, ScorerStr explanation) {
    (void)host;
    out->label = text_from(label);
    out->explanation = explanation;
    return explanation.p ? true : text_nomem(err, "program");
}

static bool instrument_failed(const ScorerHost *host, Score *out, ScorerStr why, ScorerErr *err) {
    out->status = SCORE_ERROR;
    out->outcome = OUTCOME_ERROR;
    out->value = NAN;
    return set_label(host, out, "IE", err, text_printf(host, "the sandbox failed: %.*s", TEXT_ARG(why)));
}

/* The word on run i, which ended well: *label stays NULL if it is right. */
static bool judge_output(const Program *c, const ScorerHost *host, const Tests *t, const ScorerReply *reply, size_t i,
                         const char **label, size_t *where, ScorerErr *err) {
    TextMatch match;
    if (!text_check(host, (TextChecker)c->checker, c->tolerance, t->expected[i], reply->runs[i].out, &match, where))
        return text_nomem(err, "program");
    *label = match == TEXT_MATCH_WRONG ? "WA" : match == TEXT_MATCH_LAYOUT ? "PE" : NULL;
    return true;
}

static const char *unit(const Program *c) {
    bool lines =
        c->checker == TEXT_CHECK_EXACT || c->checker == TEXT_CHECK_LINES || c->checker == TEXT_CHECK_UNORDERED_LINES;
    return lines ? "line" : "token";
}

static bool judge(const Program *c, const ScorerHost *host, const Tests *t, const ScorerReply *reply, Score *out,
                  ScorerErr *err) {
    for (size_t i = 0; i < reply->n_runs && i < t->n; i++) {
        const ScorerProgramRun *run = &reply->runs[i];
        const char *label = NULL;
        size_t where = 0;
        if (run->result >= sizeof VERDICTS / sizeof *VERDICTS || run->result == SCORER_RUN_IE)
            return instrument_failed(host, out, run->err, err);
        if (run->result == SCORER_RUN_CE)
            return set_label(host, out, "CE", err,
                             text_printf(host, "does not compile: %.*s", TEXT_ARG(text_trim(run->err))));
        if (run->result != SCORER_RUN_OK)
            return set_label(host, out, VERDICTS[run->result].label, err,
                             text_printf(host, "test %zu of %zu: %s (%.2f s of processor time)", i + 1, t->n,
                                         VERDICTS[run->result].says, run->cpu_seconds));
        if (!judge_output(c, host, t, reply, i, &label, &where, err)) return false;
        if (label)
            return set_label(host, out, label, err,
                             text_printf(host, "test %zu of %zu: %s at %s %zu", i + 1, t->n,
                                         label[0] == 'W' ? "wrong answer" : "wrong layout", unit(c), where));
    }
    if (reply->n_runs < t->n)
        return instrument_failed(host, out, text_printf(host, "%zu of %zu tests were run", reply->n_runs, t->n), err);
    out->outcome = OUTCOME_CORRECT;
    out->value = 1;
    return set_label(host, out, "AC", err, text_printf(host, "passed %zu of %zu tests", t->n, t->n));
}

static bool program_score(void *self, const ScorerHost *host, const ScorerView *v, Score *out, ScorerErr *err) {
    const Program *c = self;
    if (text_score_failed(v, out)) return true;
    Code code = find_code(c->language, v->final);
    if (!code.rule)
        return text_score_nothing(host, v, out, TEXT("the answer holds no program in the language asked for"), err);
    Tests t;
    if (!read_tests(host, v, &t, err)) return false;
    text_score_verdict(out, false, code.source, code.rule, code.span);
    if (v->n_replies == 0) return text_err(err, "scorer program: nobody ran the program; the host must answer its ask");
    const ScorerReply *reply = &v->replies[0];
    if (reply->error.p) return instrument_failed(host, out, reply->error, err);
    return judge(c, host, &t, reply, out, err);
}

const Scorer scorer_program = {
    .abi = SCORER_ABI,
    .size = sizeof(Scorer),
    .name = "program",
    .version = "1",
    .help = "a program that must pass the sample's tests in the sandbox\n"
            "  language: python (default), c, cpp\n"
            "  checker: tokens (default), tokens-nocase, exact, lines, float, unordered-lines\n"
            "  tolerance: of float, absolute or relative (default 1e-6)\n"
            "  cpu_seconds, memory_mb: limits of each run (default: the sandbox's)",
    .open = program_open,
    .ask = program_ask,
    .score = program_score,
    .close = program_close,
    .asks = 1u << SCORER_ASK_PROGRAM,
};
