/* RunStore: everything a run leaves behind, in one SQLite file (run.db, WAL). The only file that knows SQL.
 *
 * manifest   key -> JSON text: what explains every number (plan, suites, models, digests, build, seed, options)
 * records    one row per work item (model x suite x sample x transform x effort x epoch), unique by that key
 * turns      rows beside a record whose sample had tools: one per request, in order, in the record's transaction
 * scores     rows beside a record, unique by (record, scorer); may be replaced by rescoring
 *
 * Invariants. (1) A record is appended in one transaction and never changed. (2) Its key is unique: appending it
 * again is refused, so nothing is counted twice. (3) A score never exists without its record. (4) All model text and
 * prompts lie in the `texts` table alone. Those of a sealed record are encrypted before SQLite sees them, or not kept.
 * (5) After kill -9 at any moment the file opens, with every committed row. (6) One writer at a time: a lock is
 * held.
 *
 * Calls on one RunStore come from one thread at a time. A reader sees the run as it was when it was opened.
 *
 * Manifest keys that the reports look into; all others are only shown:
 *   "models"  [{"name": "demo-large", "spec"?, "digest"?, …}, …]   gives the models' order in tables
 *   "suites"  [{"name": "demo/choice", "title"?, "version"?, "hazard"?: "none"|"sealed", "metric"?,
 *             "higher_is_safer"?, …}, …]                         order, what to hide, words
 *   "transforms" [{"name": "b64", "family": "encoding"}, …]          order; absent: plain is all
 *   "n_items" number of work items of the plan                    tells an unfinished run
 * Times in a manifest must stand under the names `started_at`, `finished_at` or `…_seconds`. */
#ifndef ASSAY_STORE_H
#define ASSAY_STORE_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "engine/engine.h"
#include "reports/seal/seal.h"
#include "reports/words/words.h"
#include "scorers/scorer.h"

typedef struct RunStore RunStore;

typedef enum StoreMode {
    STORE_CREATE, /* DIR must not hold a run.db */
    STORE_RESUME, /* DIR must hold one; takes the writer's lock */
    STORE_READ    /* read-only; may run beside a writer */
} StoreMode;

bool store_open(const char *dir, StoreMode mode, RunStore **out, Err *err);
void store_close(RunStore *s);

bool store_manifest_put(RunStore *s, const char *key, Str json, Err *err);
/* *out lives in the arena; absent if there is no such key. */
bool store_manifest_get(RunStore *s, const char *key, Arena *a, Str *out, Err *err);
/* Every manifest entry, keys in bytewise order; fn returns false to stop. */
bool store_each_manifest(RunStore *s, bool (*fn)(void *ctx, Str key, Str json), void *ctx, Err *err);

/* Names one work item. */
typedef struct RecordKey {
    Str model;  /* short name of the model in the plan */
    Str suite;  /* "demo/choice" */
    Str sample; /* sample id */
    Effort effort;
    int epoch;     /* 1.. */
    Str transform; /* "b64", "story+b64"; absent when written: "plain" */
} RecordKey;

/* One request of a sample that has tools, and what the tool said to it; or of one with follow-ups (transform persist),
 * and what the user said after the refusal, in the name "user". */
typedef struct RecordTurn {
    Str request_hash;
    Completion completion; /* of this turn alone; stop STOP_CALL: it called */
    Str answer_name;       /* in whose name the tool answered; absent if it did not */
    Str answer;            /* what it said */
    bool bad_call;         /* malformed, to an unknown tool, or with arguments that do not fit */
    double tool_seconds;
} RecordTurn;

/* What may be known of one text of a sealed record, and the text itself if the store could open it. */
typedef struct RecordSeal {
    Str scorer, kind;    /* scorer "": of the record itself; kind "final", or "final@2": of its second turn */
    size_t length_class; /* 0: empty; else seal_length_class */
    unsigned char commitment[SEAL_COMMITMENT_BYTES];
    bool kept; /* false: the run keeps no texts */
    Str text;  /* absent unless opened; then `salt` with it makes the commitment */
    unsigned char salt[SEAL_SALT_BYTES];
} RecordSeal;

typedef struct Record {
    RecordKey key;
    int64_t ordinal;  /* place in the plan's work list: reports go by it, whatever the order of finishing */
    Str group;        /* sub-group for tables: subject, domain; absent if none */
    Str cluster;      /* unit for clustered errors; absent = the sample itself */
    Str content_hash; /* of the sample as read: joins runs of different plans */
    Str request_hash; /* of the exact request */
    Str prompt;       /* messages as JSON [{"role","content"}…]: shown in the report */
    Str tags;       /* what the sample is, as a JSON object of short texts: {"kind":"harm"}; absent if it says nothing.
                       Never sealed */
    Str target;     /* accepted answer(s) as text, for people */
    Str started_at; /* UTC; a time, left out of comparisons of reports */
    Completion completion;
    bool sealed; /* the texts are dangerous or private: they are stored sealed, and reports show none of them */
    /* Read with texts, of a sealed record: every text that it has. Unless the store can open them (store_unseal) all
     * texts above and below are absent, counts of tokens are rounded up (seal_token_class) and times are 0. */
    const RecordSeal *seals;
    size_t n_seals;
    /* Samples with tools: `completion` is all turns as one, and request_hash the first turn's. */
    const RecordTurn *turns;
    size_t n_turns; /* 0: the sample had no tools */
    int n_calls, n_bad_calls;
    Str limit; /* which limit ended the sample: "turns", "tokens", "context"; absent: none */
    /* Absent: nothing was probed. Log-likelihoods of scorers' openings as JSON (harness/probe.h); sealed like the
     * texts, since it holds hashes of requests that quote them. */
    Str probes;
} Record;

typedef struct ScoreRow {
    Str scorer; /* name within the suite */
    Str version;
    Score score;
    /* Of scorers that asked a judge; absent else. judge: {"asks": [...]}, JSON without a word of any model's; of a
     * sealed record only template, policy, status, parse and verdict are read back without a key. judge_text:
     * [{"text", "analysis"}...], what the judge said, as sealed as the answer that it judged. */
    Str judge, judge_text;
} ScoreRow;

/* Commits one record; *id is its row. ERR_INPUT if the key is there already. A sealed record needs store_seal_begin. */
bool store_append(RunStore *s, const Record *r, int64_t *id, Err *err);
/* The same with its scores, all in one transaction: for sealed records, which cannot be scored from the store later. */
bool store_append_scored(RunStore *s, const Record *r, const ScoreRow *rows, size_t n, int64_t *id, Err *err);
/* Commits all scores of a record at once, replacing those of the same scorer. The first row is the suite's primary
 * score: headlines and comparisons go by it. */
bool store_put_scores(RunStore *s, int64_t record_id, const ScoreRow *rows, size_t n, Err *err);

/* What is there: calls fn for every record key, with how many scores it has. For resume. */
bool store_each_key(RunStore *s, bool (*fn)(void *ctx, int64_t id, const RecordKey *k, int n_scores), void *ctx,
                    Err *err);
/* Reads one record with its texts; everything lives in the arena. */
bool store_read(RunStore *s, int64_t id, Arena *a, Record *out, Err *err);
/* All records by ordinal with their scores; the arena is reset between calls. fn returns false to stop. with_texts
 * false leaves prompt, target, channels, ids, turns and the scores' answer and explanation absent (fast path for
 * statistics; completion.malformed and .error are there, the counts of turns and calls, and the scores' judge). */
bool store_each(RunStore *s, bool with_texts, Arena *a,
                bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                Err *err);

/* The records whose options have log-likelihoods, with scores but without a text or turn, not even tags or what went
 * wrong: for what needs the likelihoods alone, where they are few. */
bool store_each_options(RunStore *s, Arena *a,
                        bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                        Err *err);

/* A part of the records: those of one group, of one language (the tag "lang"), or both. Absent: any. */
typedef struct StoreSelection {
    Str group, lang;
} StoreSelection;
/* From now on store_each and store_each_options give these alone, and nothing else changes; NULL: all again. Lent until
 * then. */
void store_select(RunStore *s, const StoreSelection *only);

/* ---- sealing ---- */

typedef enum StoreSealMode {
    STORE_SEAL_NONE,      /* nothing was said: sealed records are refused */
    STORE_SEAL_EPHEMERAL, /* of their texts only length class and commitment are kept */
    STORE_SEAL_KEYS       /* encrypted to the keys of auditors */
} StoreSealMode;

typedef struct StoreSeal {
    StoreSealMode mode;
    const SealPublic *to; /* [n_to], lent by the store */
    size_t n_to;
    int64_t n_plain; /* texts of sealed records in the clear: written before there was sealing */
} StoreSeal;

/* The mode alone: it can be told of a run whose keys are damaged. */
bool store_seal_mode(RunStore *s, StoreSealMode *out, Err *err);
bool store_seal_info(RunStore *s, StoreSeal *out, Err *err);
/* Before the first sealed record of a writer; n = 0: ephemeral. What the run began with stays: on a run that has begun,
 * n = 0 goes on with it, and other keys are ERR_INPUT. */
bool store_seal_begin(RunStore *s, const SealPublic *to, size_t n, Str plan_sha256, Err *err);
/* From now on sealed texts are read as they were. ERR_INPUT: the run is sealed to other keys, or holds no sealed texts.
 * The secret key may be closed afterwards. */
bool store_unseal(RunStore *s, const SealSecret *key, Err *err);
void store_forget_keys(RunStore *s);
/* Says that reports made from this store may show sealed texts; nothing else makes them. */
void store_reveal(RunStore *s);
bool store_reveals(const RunStore *s);
/* Says in which language reports made from this store speak to people; report.json is English always. English unless
 * told otherwise. */
void store_speak(RunStore *s, Lang lang);
Lang store_language(const RunStore *s);
/* "DIR/run.db", for errors about what is in it; of several runs read as one "the runs". */
const char *store_place(const RunStore *s);
/* Seals the texts in the clear that a sealed record of an older store holds, and those of the suites that the manifest
 * calls sealed; nothing of them is left in the file. *n: records. Needs store_seal_begin. */
bool store_seal_plain(RunStore *s, int64_t *n, Err *err);

typedef struct StoreCounts {
    int64_t records, scores, records_without_scores;
} StoreCounts;
bool store_counts(RunStore *s, StoreCounts *out, Err *err);

#endif
