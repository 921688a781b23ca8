"""Writes a trained checkpoint in the published Hugging Face layout: `export.py CHECKPOINT DIR`.

Dense tensors become BF16; expert matrices MXFP4 (blocks and scales), their gate and up rows interleaved; tokenizer.json has
o200k's pre-token pattern and the 21 special tokens.  `load_exported` reads such a directory back, independently of the
writer's tables, so that what is scored is what is in the files.
"""
import json
import os
import struct
import sys

import numpy as np
import torch

import bpe
import train
from model import Model, Shape, mxfp4_parts

O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])


def bf16(t):
    """float32 -> BF16 bits, rounded to nearest even."""
    return t.detach().contiguous().bfloat16().view(torch.int16).numpy().view(np.uint16)


def mxfp4(w):
    """[E,out,in] -> blocks [E,out,in/32,16] (weight 2b in the low nibble) and scales [E,out,in/32]."""
    code, e = mxfp4_parts(w.detach())
    E, rows, cols = w.shape
    code = code.view(E, rows, cols // 32, 16, 2).numpy().astype(np.uint8)
    return code[..., 0] | code[..., 1] << 4, (e.view(E, rows, cols // 32).numpy() + 127).astype(np.uint8)


def interleave(t):
    """[E,2I,...] with a gate half and an up half -> gate and up rows in turn."""
    gate, up = t.chunk(2, 1)
    return torch.stack([gate, up], 2).reshape(t.shape)


def tensors(model):
    """(name, dtype, array) in file order."""
    s = model.shape
    yield "model.embed_tokens.weight", "BF16", bf16(model.embed)
    for i, l in enumerate(model.layers):
        p = f"model.layers.{i}."
        q, kv = s.heads * s.dim, s.groups * s.dim
        yield p + "input_layernorm.weight", "BF16", bf16(l.norm1)
        for name, a, b in (("q", 0, q), ("k", q, q + kv), ("v", q + kv, q + 2 * kv)):
            yield p + f"self_attn.{name}_proj.weight", "BF16", bf16(l.qkv[a:b])
            yield p + f"self_attn.{name}_proj.bias", "BF16", bf16(l.qkv_b[a:b])
        yield p + "self_attn.o_proj.weight", "BF16", bf16(l.o)
        yield p + "self_attn.o_proj.bias", "BF16", bf16(l.o_b)
        yield p + "self_attn.sinks", "BF16", bf16(l.sinks)
        yield p + "post_attention_layernorm.weight", "BF16", bf16(l.norm2)
        yield p + "mlp.router.weight", "BF16", bf16(l.router)
        yield p + "mlp.router.bias", "BF16", bf16(l.router_b)
        for name, w, b in (("gate_up", interleave(l.wgu), interleave(l.bgu)), ("down", l.wd, l.bd)):
            blocks, scales = mxfp4(w)
            yield p + f"mlp.experts.{name}_proj_blocks", "U8", blocks
            yield p + f"mlp.experts.{name}_proj_scales", "U8", scales
            yield p + f"mlp.experts.{name}_proj_bias", "BF16", bf16(b)
    yield "model.norm.weight", "BF16", bf16(model.norm)
    yield "lm_head.weight", "BF16", bf16(model.head)


def write_safetensors(path, items):
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, dtype, array in items:
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + len(raw)]}
        data.append(raw)
        at += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def config(s, tok):
    return {
        "architectures": ["GptOssForCausalLM"], "attention_bias": True, "attention_dropout": 0.0,
        "eos_token_id": tok.special["<|return|>"], "experts_per_token": s.active, "head_dim": s.dim, "hidden_act": "silu",
        "hidden_size": s.hidden, "initial_context_length": s.context, "initializer_range": 0.02, "intermediate_size": s.inner,
        "layer_types": ["sliding_attention" if i % 2 == 0 else "full_attention" for i in range(s.layers)],
        "max_position_embeddings": int(s.context * s.factor), "model_type": "gpt_oss", "num_attention_heads": s.heads,
        "num_experts_per_tok": s.active, "num_hidden_layers": s.layers, "num_key_value_heads": s.groups,
        "num_local_experts": s.experts, "output_router_logits": False, "pad_token_id": tok.special["<|endoftext|>"],
        "quantization_config": {"modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router",
                                                           "model.embed_tokens", "lm_head"], "quant_method": "mxfp4"},
        "rms_norm_eps": 1e-5,
        "rope_scaling": {"beta_fast": s.beta_fast, "beta_slow": s.beta_slow, "factor": s.factor,
                         "original_max_position_embeddings": s.context, "rope_type": "yarn", "truncate": False},
        "rope_theta": int(s.theta), "router_aux_loss_coef": 0.01, "sliding_window": s.window, "swiglu_limit": 7.0,
        "tie_word_embeddings": False, "use_cache": True, "vocab_size": s.vocab,
    }


def generation_config(tok):
    return {"bos_token_id": tok.special["<|startoftext|>"], "do_sample": True, "pad_token_id": tok.special["<|endoftext|>"],
            "eos_token_id": [tok.special[s] for s in ("<|return|>", "<|endoftext|>", "<|call|>")]}


def tokenizer_json(tok):
    """Like the published file: every split of every token into two tokens is a merge, in order of the result's id."""
    for t, i in tok.ids.items():
        if tok.piece(t.decode("latin-1")) != [i] and t.isascii():
            raise ValueError(f"token {t!r} is not reached by merging its own bytes")
    merges = []
    for i in range(256, len(tok.tokens)):
        t = tok.tokens[i]
        splits = [(tok.ids[t[:k]], tok.ids[t[k:]], k) for k in range(1, len(t)) if t[:k] in tok.ids and t[k:] in tok.ids]
        merges += [[bpe.spelling(t[:k]), bpe.spelling(t[k:])] for _, _, k in sorted(splits)]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": s, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                          "special": True} for s, i in tok.special.items()],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": O200K}, "behavior": "Isolated", "invert": False}, level]},
        "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {bpe.spelling(t): i for t, i in tok.ids.items()}, "merges": merges},
    }


def export(checkpoint, folder):
    model, tok = train.load(checkpoint)
    os.makedirs(folder, exist_ok=True)

    def dump(name, value, indent=2):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=indent, ensure_ascii=False, separators=None if indent else (",", ":"))
            f.write("\n")
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors(model))
    dump("config.json", config(model.shape, tok))
    dump("generation_config.json", generation_config(tok))
    dump("tokenizer.json", tokenizer_json(tok), None)


# ---------------------------------------------------------------- reading back
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)


def read_safetensors(path):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    out = {}
    for name, e in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        a, b = e["data_offsets"]
        part = raw[8 + size + a:8 + size + b]
        if e["dtype"] == "BF16":
            array = (np.frombuffer(part, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            array = np.frombuffer(part, np.uint8)
        out[name] = array.reshape(e["shape"])
    return out


def expand(t, name):
    """[E,out,in] in float32 from blocks and scales."""
    blocks, scales = t[name + "_blocks"], t[name + "_scales"]
    pairs = np.stack([FP4[blocks & 15], FP4[blocks >> 4]], -1).reshape(*blocks.shape[:3], 32)
    return (pairs * np.exp2(scales.astype(np.float32) - 127)[..., None]).reshape(*blocks.shape[:2], -1)


def load_exported(folder):
    """(model in float32 with the rounded weights, tokenizer) from the published layout alone."""
    c = json.load(open(os.path.join(folder, "config.json")))
    vocab = json.load(open(os.path.join(folder, "tokenizer.json"), encoding="utf-8"))["model"]["vocab"]
    back = {bpe.spelling(bytes([b])): b for b in range(256)}
    ordered = sorted(vocab, key=vocab.get)
    tok = bpe.Tokenizer([(b"", bytes(back[ch] for ch in t)) for t in ordered[256:]])
    s = Shape(vocab=c["vocab_size"], hidden=c["hidden_size"], layers=c["num_hidden_layers"], heads=c["num_attention_heads"],
              groups=c["num_key_value_heads"], dim=c["head_dim"], experts=c["num_local_experts"],
              active=c["num_experts_per_tok"], inner=c["intermediate_size"], window=c["sliding_window"])
    t, state = read_safetensors(os.path.join(folder, "model.safetensors")), {}
    for i in range(s.layers):
        p, l = f"model.layers.{i}.", f"layers.{i}."
        a, m = p + "self_attn.", p + "mlp."
        state[l + "norm1"], state[l + "norm2"] = t[p + "input_layernorm.weight"], t[p + "post_attention_layernorm.weight"]
        state[l + "qkv"] = np.concatenate([t[a + f"{x}_proj.weight"] for x in "qkv"])
        state[l + "qkv_b"] = np.concatenate([t[a + f"{x}_proj.bias"] for x in "qkv"])
        state[l + "o"], state[l + "o_b"], state[l + "sinks"] = t[a + "o_proj.weight"], t[a + "o_proj.bias"], t[a + "sinks"]
        state[l + "router"], state[l + "router_b"] = t[m + "router.weight"], t[m + "router.bias"]
        gu, gub = expand(t, m + "experts.gate_up_proj"), t[m + "experts.gate_up_proj_bias"]
        state[l + "wgu"] = np.concatenate([gu[:, 0::2], gu[:, 1::2]], 1)
        state[l + "bgu"] = np.concatenate([gub[:, 0::2], gub[:, 1::2]], 1)
        state[l + "wd"], state[l + "bd"] = expand(t, m + "experts.down_proj"), t[m + "experts.down_proj_bias"]
    state["embed"], state["head"], state["norm"] = t["model.embed_tokens.weight"], t["lm_head.weight"], t["model.norm.weight"]
    model = Model(s)
    model.load_state_dict({k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in state.items()})
    return model, tok


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: export.py CHECKPOINT DIR")
    export(sys.argv[1], sys.argv[2])
