#!/usr/bin/env python3
"""Our logits against Hugging Face transformers on random weights: an implementation that shares no line with ours.

    transformers_logits.py --assay build/assay [--device cuda] [--case NAME]...

Makes its own checkpoint in transformers' layout (MXFP4 experts, YaRN, windows, sinks; fixed seeds) and takes the demo models. transformers computes in float32
and in float64; since its rotary embedding rounds angles to float32 in both, a third run computes in float64 with angles in float64 too: that one is
the reference. Prints for each case, over all positions, the largest difference, how many rows are off by more than 1e-3, and how often the most
likely token is the same; and the smallest distance at which the router chose an expert, because a tie that rounding can turn is no error of anybody.

Needs torch and transformers with GptOss (5.17 was used), and a GPU for the longer cases; without torch: skipped, exit 77.
"""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    import transformers
    from safetensors.torch import save_file
except ImportError as e:
    print(f"skipped: {e.name} is not installed")
    sys.exit(77)

DEMO = "suites/demo/models"
HEAD = 64  # head_dim of gpt-oss


# ---- a checkpoint of random weights ----

def write_config(folder, hidden, heads, kv, experts, layers, vocab):
    with open(f"{DEMO}/demo-small/config.json") as f:
        config = json.load(f)
    config.update(hidden_size=hidden, intermediate_size=hidden, num_attention_heads=heads, num_key_value_heads=kv, head_dim=HEAD,
                  num_local_experts=experts, num_experts_per_tok=4, experts_per_token=4, num_hidden_layers=layers, vocab_size=vocab,
                  sliding_window=128, eos_token_id=2, pad_token_id=1,
                  layer_types=["full_attention" if i % 2 else "sliding_attention" for i in range(layers)])
    with open(f"{folder}/config.json", "w") as f:
        json.dump(config, f)


def layer_weights(t, at, hidden, heads, kv, experts, draw, g):
    for name in ("input_layernorm", "post_attention_layernorm"):
        t[f"{at}{name}.weight"] = 1 + draw(hidden, sd=.1)
    for name, rows, columns in (("q", heads * HEAD, hidden), ("k", kv * HEAD, hidden), ("v", kv * HEAD, hidden), ("o", hidden, heads * HEAD)):
        t[f"{at}self_attn.{name}_proj.weight"] = draw(rows, columns, sd=1.5 / columns ** .5)
        t[f"{at}self_attn.{name}_proj.bias"] = draw(rows, sd=.1)
    t[f"{at}self_attn.sinks"] = draw(heads)
    t[f"{at}mlp.router.weight"] = draw(experts, hidden, sd=1 / hidden ** .5)
    t[f"{at}mlp.router.bias"] = draw(experts, sd=.1)
    for name, rows in (("gate_up", 2 * hidden), ("down", hidden)):
        scale = 127 - round(math.log2(3 * hidden ** .5))
        t[f"{at}mlp.experts.{name}_proj_blocks"] = torch.randint(0, 256, (experts, rows, hidden // 32, 16), generator=g, dtype=torch.uint8)
        t[f"{at}mlp.experts.{name}_proj_scales"] = torch.randint(scale - 1, scale + 2, (experts, rows, hidden // 32), generator=g, dtype=torch.uint8)
        t[f"{at}mlp.experts.{name}_proj_bias"] = draw(experts, rows, sd=.1)


def make_checkpoint(folder, hidden=128, heads=8, kv=2, experts=32, layers=4, vocab=1538):
    os.makedirs(folder)
    write_config(folder, hidden, heads, kv, experts, layers, vocab)
    g = torch.Generator().manual_seed(7)

    def draw(*shape, sd=1.0):
        return (torch.randn(*shape, generator=g) * sd).bfloat16()

    t = {"model.embed_tokens.weight": draw(vocab, hidden), "lm_head.weight": draw(vocab, hidden, sd=2 / hidden ** .5),
         "model.norm.weight": 1 + draw(hidden, sd=.1)}
    for i in range(layers):
        layer_weights(t, f"model.layers.{i}.", hidden, heads, kv, experts, draw, g)
    save_file(t, f"{folder}/model.safetensors", metadata={"format": "pt"})
    shutil.copy(f"{DEMO}/demo-small/tokenizer.json", folder)
    return folder


# ---- transformers ----

def exact_angles(model):
    """Rotary angles in float64, by the formula of YaRN without rounding of its range (truncate: false)."""
    r = getattr(model.config, "rope_parameters", None) or model.config.rope_scaling
    base, original, factor = r.get("rope_theta", 150000), r["original_max_position_embeddings"], r["factor"]

    head = model.config.head_dim

    def dimension(turns):
        return head * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = dimension(r["beta_fast"]), dimension(r["beta_slow"])
    place = torch.arange(head // 2, dtype=torch.float64)
    plain = base ** -(2 * place / head)
    keep = 1 - ((place - low) / (high - low)).clamp(0, 1)
    inverse = (plain / factor * (1 - keep) + plain * keep).to(model.device)
    scale = 0.1 * math.log(factor) + 1

    def forward(x, position_ids, *_, **__):
        angle = position_ids.double()[..., None] * inverse
        return (angle.cos() * scale).to(x.dtype), (angle.sin() * scale).to(x.dtype)

    model.model.rotary_emb.forward = forward


def load(path, device):
    return transformers.AutoModelForCausalLM.from_pretrained(
        path, quantization_config=transformers.Mxfp4Config(dequantize=True), dtype=torch.bfloat16, attn_implementation="eager",
        experts_implementation="eager").to(device)


def router_gaps(model):
    """A list that fills, layer by layer, with the distance between the last expert chosen and the first left out."""
    gaps, k = [], model.config.num_experts_per_tok
    if model.config.num_local_experts <= k:
        return gaps

    def hook(router, args, _):
        x = args[0].reshape(-1, args[0].shape[-1])
        top = torch.nn.functional.linear(x, router.weight, router.bias).topk(k + 1, dim=-1).values
        gaps.append((top[:, k - 1] - top[:, k]).double().cpu())

    for layer in model.model.layers:
        layer.mlp.router.register_forward_hook(hook)
    return gaps


def theirs(path, ids, device, kind):
    model = load(path, device)
    model = model.float() if kind == "float32" else model.double()
    if kind == "exact":
        exact_angles(model)
    gaps = router_gaps(model)
    with torch.no_grad():
        logits = model(torch.tensor([ids], device=device)).logits[0].double().cpu()
    return logits, min((g.min().item() for g in gaps), default=math.inf)


# ---- ours, and the comparison ----

def ours(assay, path, ids, work):
    with open(f"{work}/ids.json", "w") as f:
        json.dump(ids, f)
    subprocess.run([assay, "logits", "-q", "--model", path, "--tokens", f"{work}/ids.json", "--out", f"{work}/logits.bin", "--all"], check=True)
    return torch.tensor(np.fromfile(f"{work}/logits.bin", "<f4").reshape(len(ids), -1)).double()


def compare(name, got, want, gap):
    off = (got - want).abs().max(1).values
    same = (got.argmax(1) == want.argmax(1)).double().mean().item()
    print(f"| {name} | {len(off)} | {off.max():.2g} | {off.median():.2g} | {int((off > 1e-3).sum())} | {100 * same:.2f} % | {gap:.1e} |", flush=True)


def run_case(name, path, length, vocab, o, work):
    ids = torch.randint(3, vocab - 30, (length,), generator=torch.Generator().manual_seed(length)).tolist()
    exact, gap = theirs(path, ids, o.device, "exact")
    compare(f"{name}, assay", ours(o.assay, path, ids, work), exact, gap)
    for kind in ("float32", "float64"):
        compare(f"{name}, transformers {kind}", theirs(path, ids, o.device, kind)[0], exact, gap)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--assay", default="build/assay")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--case", action="append", help="demo-small, demo-large, demo-large-tuned, random-50, random-700, random-4600, wide (two layers of the 20b's shape); default all")
    o = p.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    where = torch.cuda.get_device_name(0) if o.device == "cuda" else "CPU"
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {where}; against float64 with exact angles\n")
    print("| case | positions | largest | median row | rows off by 1e-3 | same top token | smallest router gap |\n|---|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as work:
        cases = [(m, f"{DEMO}/{m}", 700, 1500) for m in ("demo-small", "demo-large", "demo-large-tuned")]
        cases += [(f"random-{n}", {}, n, 1538) for n in (50, 700, 4600)]
        cases += [("wide", {"hidden": 2880, "heads": 64, "kv": 8, "layers": 2}, 300, 1538)]
        for name, model, length, vocab in cases:
            if o.case and name not in o.case:
                continue
            path = model if isinstance(model, str) else f"{work}/random-{len(model)}"
            if not os.path.exists(path):
                make_checkpoint(path, **model)
            run_case(name, path, length, vocab, o, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
