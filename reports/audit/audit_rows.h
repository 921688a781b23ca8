/* Public records of an audit: one canonical JSON line for each stored answer, without a word of any text, chained
 * (`prev` is the SHA-256 of the line before, `n` counts from 0) so that a line that was changed, dropped, moved or
 * doubled is named. Every figure of a scorecard follows from these lines and the plan. */
#ifndef ASSAY_REPORTS_AUDIT_ROWS_H
#define ASSAY_REPORTS_AUDIT_ROWS_H

#include "reports/store/store.h"

typedef struct AuditRow {
    Str role, suite, sample, content, effort, transform, cluster, label, lang;
    Str side;             /* "harm", "twin", "benign"; "" in suites without */
    Str pair, of, domain; /* of a safety suite: the pair, the item it translates, the subject; else "" */
    int64_t epoch;
    int64_t tokens, fewshot; /* budget of the request; examples before the question */
    double temperature;
    bool tools;
    int64_t same; /* the first repeat with the same extracted answer; 0: not known (no repeats, none extracted, sealed).
                     It tells which answers are alike, and nothing of what they say */
    int64_t options; /* how many there were to choose from; 0: none */
    int64_t chosen;  /* place of the one that was chosen, from 1, in the order in which they were shown; 0: not known */
    bool sealed;     /* its texts could not be read: nothing is known of `same`, `chosen` and `canary` */
    bool canary;     /* the answer holds a canary string that its prompt does not */
    bool scored, truncated, empty, refused, judged;
    double value; /* of scored rows: 0..1, higher is better or safer */
    Str policy;   /* SHA-256 of the policy that a judge was given; "" */
    int64_t run;  /* place in the header's runs */
    Str arm;      /* of imported results: how they were got, as the plan names it; "" of stored answers */
} AuditRow;

typedef struct AuditChain {
    char prev[65];
    int64_t n;
} AuditChain;
extern const AuditChain AUDIT_CHAIN_START;

/* Appends the lines of one model of a run, in the order of its plan; run: its place in the header. *n: how many. */
bool audit_rows_write(RunStore *s, Str model, Str role, int64_t run, AuditChain *chain, Buf *out, int64_t *n, Err *err);
/* Appends the line of one result from elsewhere. */
bool audit_row_write(const AuditRow *r, AuditChain *chain, Arena *a, Buf *out, Err *err);
/* ERR_INPUT names the first line that is not as it was written. Everything lives in the arena. */
bool audit_rows_read(Str lines, Arena *a, AuditRow **out, size_t *n, Err *err);

/* Appends `body` (a canonical object without n and prev) as the next line; from its end the chain goes on. */
bool audit_chain_add(AuditChain *c, Str body, Arena *a, Buf *out, Err *err);
/* Checks the next line against the chain. */
bool audit_chain_check(AuditChain *c, Str line, Arena *a, Err *err);
/* The next line without its end; absent behind the last. */
Str audit_next_line(Str *rest);

#endif
