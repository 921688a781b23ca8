/* For the files directly in engine/ only: what a Vocab is made of, so that an engine need not load the tokeniser twice.
 */
#ifndef ASSAY_VOCAB_INTERNAL_H
#define ASSAY_VOCAB_INTERNAL_H

#include "engine/chat/chat.h"

const Tokenizer *vocab_tokenizer(const Vocab *v);
const HarmonyIds *vocab_harmony(const Vocab *v);

#endif
