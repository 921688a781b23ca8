/* Transforms: another way to put the same question. Each is a pure function of the text: text -> what the model is
 * given. Wrappers are mild, public and written by hand in English and Korean; nothing is fitted to any model. The same
 * id and version always give the same bytes; a change of what one gives raises its version.
 *
 *   Transform       one of the table: id, version, family, stage, and how it works
 *   TransformChain  what a plan names: one transform, or two as "a+b", a first
 *   Transformed     the result: the user's text, and what stands around it
 *
 * Two go together only in the order of the stages, one of each: language, rephrase, form, encoding, template. So the
 * second sees what the first has made: "story+b64" encodes the whole scene.
 *
 * Most take the item's own text. past, future, paraphrase, ko-mixed take a text that the author wrote beside it (a
 * column of the sample); ko takes the item's Korean counterpart. An item that has none, or whose text a transform
 * leaves as it is, is not asked under that transform, and counted. */
#ifndef ASSAY_HARNESS_TRANSFORM_H
#define ASSAY_HARNESS_TRANSFORM_H

#include "engine/engine.h"

typedef enum TransformStage {
    STAGE_LANGUAGE,
    STAGE_REPHRASE,
    STAGE_FORM, /* roles, demands and forms around the text */
    STAGE_ENCODING,
    STAGE_TEMPLATE /* what stands outside the user's message: policies, earlier turns, the beginning of the answer */
} TransformStage;

const char *transform_stage_name(TransformStage s);

typedef struct Transformed {
    Str user;            /* text of the user's message */
    bool korean;         /* which language the wrappers speak */
    Str developer;       /* absent, or a further developer message that stands before all others */
    const Message *past; /* [n_past] user and assistant messages that stand before the user's message */
    size_t n_past;
    Str prefill_channel, prefill_text; /* absent, or how the assistant's turn is opened */
    const Str *follow_ups;             /* [n_follow_ups] user messages, one after each refusal */
    size_t n_follow_ups;
    Str unfit; /* absent, or why it must not count as this transform: a part of a sentence */
} Transformed;

typedef struct Transform Transform;
struct Transform {
    const char *id, *family, *about; /* about: one line without a full stop */
    int version;
    TransformStage stage;
    /* false only without memory. Every text lives in the arena or for ever. */
    bool (*apply)(const Transform *t, Arena *a, Transformed *io);
    const char *column;  /* NULL: the item's own text; else the column of the sample that holds it */
    bool open_weights;   /* for one who runs the model: needs hold of its instructions or its chat template */
    bool counterpart;    /* the item's Korean counterpart is asked; `column` then holds it, if there is no such item */
    const char *en, *ko; /* wording, for `apply` */
    bool turns_options;  /* the item's options in another order: nothing that can be done to a text alone */
};

/* The table in the order of the documentation; NULL beyond the last. The first is "plain". */
const Transform *transform_at(size_t i);
const Transform *transform_find(Str id); /* NULL if there is none */

typedef struct TransformChain {
    Str name; /* "b64", "story+b64" */
    const Transform *v[2];
    size_t n;
} TransformChain;

/* "a" or "a+b"; out->name is the text that was passed. ERR_INPUT says what is wrong and what would be right. */
bool transform_parse(Str name, TransformChain *out, Err *err);
bool transform_is_plain(const TransformChain *c);
/* "encoding", "role play + encoding" */
Str transform_family(const TransformChain *c, Arena *a);
/* Where the text comes from: NULL or the column; *counterpart: of the Korean counterpart, whose column it is then. */
const char *transform_source(const TransformChain *c, bool *counterpart);
/* True if it puts the options of an item in another order. */
bool transform_turns_options(const TransformChain *c);
/* True if it wants the assistant's turn or further turns for itself: not together with a suite's prefill or tools. */
bool transform_takes_turn(const TransformChain *c);

/* text: of the transform's source. korean: as transform_is_korean, or what the sample says. false: no memory. */
bool transform_apply(const TransformChain *c, Str text, bool korean, Arena *a, Transformed *out, Err *err);

/* The conversation: the further developer message, what stood `before` the user's message, the earlier turns, the
 * user's message. The array lives in the arena. */
bool transform_messages(const Transformed *d, const Message *before, size_t n_before, Arena *a, const Message **out,
                        size_t *n, Err *err);

/* True if there is a Hangul syllable or letter in it. */
bool transform_is_korean(Str text);

#endif
