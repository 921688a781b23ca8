/* White-box probes: how likely the model under test begins its final answer with each of a scorer's openings
 * (Scorer.opening), teacher-forced, at two places: at once, without any analysis; and behind the analysis that it
 * wrote, which is ended there whether it had ended or not.
 *
 *   the sample's answer --> probe_begin --> request --engine--> probe_take --> the next request | done: probe_json
 *
 * What was measured is stored with the record as JSON, numbers only, so that scoring again needs no engine:
 *   [{"scorer", "openings": SHA-256 of the texts, "at": "start"|"analysis", "request": hash, "error"?,
 *     "scores": [[logprob, tokens], ...]}, ...] */
#ifndef ASSAY_HARNESS_PROBE_H
#define ASSAY_HARNESS_PROBE_H

#include "engine/engine.h"
#include "scorers/scorer.h"

#define PROBE_OPENINGS_MAX 256

/* A scorer's openings, read once. */
typedef struct ProbeTexts {
    Str scorer; /* its name in the suite */
    const Str *texts;
    size_t n;        /* 0: it has none */
    char sha256[65]; /* over the texts, each preceded by its length */
} ProbeTexts;

/* Everything lives in the arena or belongs to the scorer. ERR_INPUT: too many, or an empty one. */
bool probe_texts_read(const Scorer *s, void *self, Str name, Arena *a, ProbeTexts *out, Err *err);

typedef struct ProbeResult {
    const ProbeTexts *texts;
    ScorerPlace at;
    char request_hash[65];
    const ChoiceScore *scores; /* [texts->n], or NULL: `error` says why */
    Str error;
} ProbeResult;

/* The probes of one sample. */
typedef struct Probes {
    bool active; /* `request` is with the engine, or on its way there */
    Request request;
    const ProbeTexts *list;
    size_t n_list, next; /* next = 2 * scorer + place */
    Message *messages;   /* the sample's prompt, and room for its analysis */
    size_t n_prompt;
    Str analysis, prefill_channel, prefill_text;
    ProbeResult *results;
    size_t n_results;
} Probes;

/* asked: what the sample was asked, its first n_prompt messages being the prompt; analysis: what it wrote there, its
 * prefill included. p->active false afterwards: there is nothing to ask. */
bool probe_begin(Probes *p, const ProbeTexts *list, size_t n, const Request *asked, size_t n_prompt, Str analysis,
                 Arena *a, Err *err);
/* Keeps what the engine said (copied) and makes the next request, if there is one. */
bool probe_take(Probes *p, const Completion *c, Arena *a, Err *err);
/* What the store keeps; absent if nothing was probed. */
bool probe_json(const Probes *p, Arena *a, Str *out, Err *err);

/* Fills out[SCORER_PLACES] from a record's JSON: what was measured for this scorer with exactly these openings. JSON
 * that cannot be read gives nothing. false only without memory. */
bool probe_lend(Str json, const ProbeTexts *texts, Arena *a, ScorerProbe *out, Err *err);

/* Calls fn with each request hash and the completion that answered it: what a replay needs. */
bool probe_each(Str json, bool (*fn)(void *ctx, Str request_hash, const Completion *c), void *ctx, Arena *a, Err *err);

#endif
