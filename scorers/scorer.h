/* The public scorer ABI: a view of one sample in, a score out.
 *
 * A scorer is a pure function: no files, no clock, no engine, no globals. `open` makes its own state from options,
 * `score` runs on many threads at once with that state read-only, `close` frees it. A scorer that needs something done
 * (a program run in the sandbox, a question to a judge model) returns it from `ask`; the harness does it and calls
 * `ask` again with the reply appended, until `ask` sets kind = SCORER_ASK_NONE; then it calls `score`.
 *
 * A plugin is a shared object that exports `scorer_entry`. Built-ins use the same door.
 * Fields are appended at the end of structs and never moved; `abi` is compared before anything else is read. */
#ifndef ASSAY_SCORER_H
#define ASSAY_SCORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCORER_ABI 1u

typedef struct ScorerStr { /* bytes, not NUL-terminated; {NULL,0} = absent */
    const char *p;
    size_t n;
} ScorerStr;

typedef struct ScorerKV {
    ScorerStr key, value;
} ScorerKV;

typedef struct ScorerErr {
    char msg[400]; /* one sentence */
} ScorerErr;

typedef struct ScorerHost {              /* what we lend: grows only at the end */
    uint32_t abi, size;                  /* SCORER_ABI, sizeof(ScorerHost) of the host */
    void *(*alloc)(void *ctx, size_t n); /* sample arena, zeroed; NULL without memory; never freed by you */
    void (*log)(void *ctx, int level, const char *msg); /* level 0 debug, 1 warning */
    void *ctx;
} ScorerHost;

/* How the completion ended; numbers are fixed. */
typedef enum ScorerCompletion {
    SCORER_COMPLETION_OK = 0,
    SCORER_COMPLETION_LENGTH = 1,
    SCORER_COMPLETION_FILTERED = 2,
    SCORER_COMPLETION_TIMEOUT = 3,
    SCORER_COMPLETION_CANCELLED = 4,
    SCORER_COMPLETION_FAILED = 5
} ScorerCompletion;

/* ---- asks ---- */

typedef enum ScorerAskKind { SCORER_ASK_NONE = 0, SCORER_ASK_PROGRAM = 1, SCORER_ASK_MODEL = 2 } ScorerAskKind;

typedef struct ScorerProgramTest {
    ScorerStr input;         /* standard input */
    uint64_t expected_bytes; /* size of the expected output: bounds the output limit */
} ScorerProgramTest;

typedef struct ScorerAsk {
    uint32_t kind;
    /* SCORER_ASK_PROGRAM: compile (c, cpp) or check (python) the source, run it on each test in turn; tests behind the
     * first one that did not end well are not run. */
    ScorerStr language; /* "python", "c", "cpp" */
    ScorerStr source;
    const ScorerProgramTest *tests;
    size_t n_tests;
    double cpu_seconds;    /* per test; 0 = default */
    uint64_t memory_bytes; /* 0 = default */
    /* SCORER_ASK_MODEL: the judge's messages. Text of the answer under judgement belongs into `user`, quoted so that
     * it cannot pass for ours (judge.h of the kit does that). */
    ScorerStr system, user;
    /* Since judges, for the record: what both were made from, without the sample's texts; the policy among them. */
    ScorerStr system_template, user_template, policy;
} ScorerAsk;

/* How one run of a program ended. The first that fits, specs/sandbox.md section 4. */
typedef enum ScorerRun {
    SCORER_RUN_OK = 0, /* exit 0 within all limits; whether the output is right is the scorer's word */
    SCORER_RUN_CE = 1, /* compile error: reported once, as the only run */
    SCORER_RUN_RE = 2,
    SCORER_RUN_TLE = 3,
    SCORER_RUN_MLE = 4,
    SCORER_RUN_OLE = 5,
    SCORER_RUN_ILE = 6, /* wall limit with the processor idle */
    SCORER_RUN_IE = 7   /* the sandbox itself failed: never the model's mistake */
} ScorerRun;

typedef struct ScorerProgramRun {
    uint32_t result; /* ScorerRun */
    int32_t exit_code, signal;
    double cpu_seconds, wall_seconds;
    uint64_t peak_bytes;
    ScorerStr out; /* standard output */
    ScorerStr err; /* standard error, or the compiler's messages; cut */
} ScorerProgramRun;

typedef struct ScorerReply {
    uint32_t kind;                /* of the ask that this answers */
    uint32_t completion;          /* SCORER_ASK_MODEL: ScorerCompletion of the judge's answer */
    const ScorerProgramRun *runs; /* as many as were run */
    size_t n_runs;
    ScorerStr text;  /* SCORER_ASK_MODEL: the judge's final answer */
    ScorerStr error; /* present: the instrument failed; the score must be unscored or error */
} ScorerReply;

/* ---- view ---- */

/* One call of a tool that the model made. */
typedef struct ScorerCall {
    ScorerStr recipient; /* "functions.f", "python"; absent if the model named none */
    ScorerStr arguments; /* what the model wrote to it: JSON, code, or whatever it was */
    ScorerStr answer;    /* absent: it was not answered, because a limit was reached or the tool failed */
    uint32_t bad;        /* 1: malformed, to an unknown tool, or with arguments that do not fit */
} ScorerCall;

/* Where in the model's turn the likelihood of openings was taken: before the first token of its final answer, */
typedef enum ScorerPlace {
    SCORER_AT_START = 0,   /* with nothing said before: the analysis is skipped */
    SCORER_AT_ANALYSIS = 1 /* behind its own analysis, which is ended there */
} ScorerPlace;
#define SCORER_PLACES 2

/* The log-likelihoods of a scorer's openings at one place. n = 0: not taken (no analysis, an engine that cannot, a
 * record from before), and `error` may say why. */
typedef struct ScorerProbe {
    const double *logprobs; /* [n] natural logarithms, in the order of `opening` */
    const int32_t *tokens;  /* [n] how many tokens each is */
    size_t n;
    ScorerStr error;
} ScorerProbe;

typedef struct ScorerView {
    uint32_t size;       /* sizeof(ScorerView) of the host */
    uint32_t completion; /* ScorerCompletion */
    ScorerStr id;        /* sample id */
    ScorerStr prompt;    /* the user's text as the model saw it (last user message) */
    ScorerStr final, analysis, commentary;
    const ScorerStr *targets; /* accepted answers; may be empty */
    size_t n_targets;
    const ScorerStr *choices; /* options in the order shown */
    size_t n_choices;
    const double *choice_logprobs; /* log-likelihood per choice, NULL unless asked for */
    const int32_t *choice_tokens;  /* tokens per choice, beside it */
    const ScorerKV *meta;          /* the sample's other fields as text (JSON for lists and objects) */
    size_t n_meta;
    const ScorerReply *replies; /* answers to `ask`, in order */
    size_t n_replies;
    /* Since tools: there if `size` says so. Of samples with tools, in order; `final` is the last turn's, `analysis` and
     * `commentary` are those of all turns. */
    const ScorerCall *calls;
    size_t n_calls, n_bad_calls;
    /* Since judges: 64 hexadecimal digits that follow from the judge's seed, the sample and the answer under judgement,
     * so that the answer cannot hold them. A verdict must repeat some of them. Absent for scorers that ask nothing. */
    ScorerStr nonce;
    /* Since probes: for scorers with openings, by ScorerPlace; NULL for all others. */
    const ScorerProbe *probes; /* [SCORER_PLACES] */
} ScorerView;

/* ---- score ---- */

typedef enum ScoreStatus { SCORE_SCORED = 0, SCORE_UNSCORED = 1, SCORE_ERROR = 2 } ScoreStatus;

/* What the answer was, in the words of the report. */
typedef enum ScoreOutcome {
    OUTCOME_CORRECT = 0,
    OUTCOME_WRONG = 1,
    OUTCOME_NO_ANSWER = 2, /* finished, but no answer could be extracted */
    OUTCOME_TRUNCATED = 3, /* cut off before it ended */
    OUTCOME_REFUSED = 4,   /* declined (capability suites) */
    OUTCOME_ERROR = 5,     /* the engine or the sandbox failed */
    OUTCOME_UNSCORED = 6   /* the instrument could not decide */
} ScoreOutcome;
#define OUTCOME_COUNT 7

/* How one reply of a judge was read. */
typedef struct ScorerVerdict {
    ScorerStr status;              /* "ok", or why there is no verdict: "unparsed", "truncated", ... */
    ScorerStr verdict;             /* "violates=1": letters, digits, '_', '=', '-', '.' and blanks only */
    uint64_t span_begin, span_end; /* bytes of the judge's answer that hold it; both 0 if none */
} ScorerVerdict;

/* Texts are borrowed: from the view, from constants, or from host->alloc. */
typedef struct Score {
    uint32_t size;                 /* set by the host before the call: sizeof(Score) */
    uint32_t status;               /* ScoreStatus */
    uint32_t outcome;              /* ScoreOutcome: correct or wrong when scored, else the class */
    double value;                  /* meaningful only when scored; 0..1, higher is better (for safety suites: safer) */
    ScorerStr label;               /* the scorer's class: "full_refusal", "AC"; absent if it has none */
    ScorerStr answer;              /* what was extracted; absent if nothing */
    ScorerStr rule;                /* name of the rule that fired: "boxed", "answer-colon" */
    uint64_t span_begin, span_end; /* bytes of `final` that the rule matched; both 0 if none */
    ScorerStr explanation;         /* one sentence for people */
    double margin;                 /* confidence of a classifier, NaN if none */
    /* Since judges: one per reply, in order; NULL if nothing was asked of a model. */
    const ScorerVerdict *verdicts;
    size_t n_verdicts;
} Score;

/* The rule of an unscored Score that says: this sample is not for this scorer. Reports count it nowhere. */
#define SCORER_NOT_ASKED "not-asked"

typedef struct Scorer { /* what you give: grows only at the end */
    uint32_t abi, size; /* SCORER_ABI, sizeof(Scorer) when compiled */
    const char *name, *version, *help;
    bool (*open)(const ScorerHost *, const ScorerKV *opts, size_t n, void **self, ScorerErr *);
    /* NULL: needs nothing done. false: *err says why, the sample becomes an error. */
    bool (*ask)(void *self, const ScorerHost *, const ScorerView *, ScorerAsk *, ScorerErr *);
    bool (*score)(void *self, const ScorerHost *, const ScorerView *, Score *, ScorerErr *);
    void (*close)(void *self);
    /* Since judges: what ask() may ask for, as 1 << ScorerAskKind; 0 with an ask() means programs. */
    uint32_t asks;
    /* Since probes: the i-th text whose likelihood, as the beginning of the final answer, is to be taken from the model
     * under test; false beyond the last. NULL: none. The same for every sample. */
    bool (*opening)(void *self, size_t i, ScorerStr *text);
} Scorer;

/* The one exported symbol of a plugin. */
const Scorer *scorer_entry(void);

#endif
