#!/usr/bin/env python3
"""Adapters: our logits with `+lora=` against PEFT on transformers, with adapters that PEFT itself wrote.

    transformers_lora.py [--assay build/assay] [--device cuda]

Adapters with random weights on the demo models: on the attention alone, on the experts too (target_parameters, as for gpt-oss), with rank
patterns and with rsLoRA. PEFT computes in float64 with rotary angles in float64 (transformers_logits.py says why).

Needs torch, transformers with GptOss, and peft; without one of them: skipped, exit 77.
"""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from transformers_logits import DEMO, exact_angles, load, ours, torch  # exits with 77 without torch

try:
    import peft
    from safetensors.torch import save_file
except ImportError:
    print("skipped: peft is not installed")
    sys.exit(77)

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
EXPERTS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
CASES = {
    "attention": dict(r=8, lora_alpha=16, target_modules=ATTENTION),
    "attention, rsLoRA, ranks by pattern": dict(r=8, lora_alpha=16, use_rslora=True, rank_pattern={"q_proj": 4}, alpha_pattern={"o_proj": 32}, target_modules=ATTENTION),
    "attention and experts": dict(r=4, lora_alpha=8, target_modules=ATTENTION, target_parameters=EXPERTS),
}
LENGTH = 200


def run_case(title, name, options, o, work):
    path, folder = f"{DEMO}/{name}", f"{work}/adapter"
    model = peft.get_peft_model(load(path, o.device).double(), peft.LoraConfig(lora_dropout=0.0, bias="none", **options))
    g = torch.Generator().manual_seed(3)
    for key, p in model.named_parameters():
        if "lora_" in key:
            p.data = (torch.randn(p.shape, generator=g, dtype=torch.float32) * 0.05).double().to(o.device)
    values = {k: v.float() for k, v in peft.get_peft_model_state_dict(model).items()}  # exact: they were drawn in float32
    model.save_pretrained(folder)
    save_file({k: v.contiguous().cpu() for k, v in values.items()}, f"{folder}/adapter_model.safetensors")
    exact_angles(model.get_base_model())
    ids = torch.randint(3, 1500, (LENGTH,), generator=torch.Generator().manual_seed(LENGTH)).tolist()
    with torch.no_grad():
        want = model(torch.tensor([ids], device=o.device)).logits[0].double().cpu()
        with model.disable_adapter():
            plain = model(torch.tensor([ids], device=o.device)).logits[0].double().cpu()
    got = ours(o.assay, f"{path}+lora={folder}", ids, work)
    off, moved = (got - want).abs().max().item(), (want - plain).abs().max().item()
    same = (got.argmax(1) == want.argmax(1)).double().mean().item()
    print(f"| {name}, {title} | {LENGTH} | {off:.2g} | {moved:.2g} | {100 * same:.2f} % |", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--assay", default="build/assay")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = p.parse_args()
    print(f"torch {torch.__version__}, peft {peft.__version__}\n")
    print("| case | positions | largest difference | what the adapter moves | same top token |\n|---|--:|--:|--:|--:|")
    for name in ("demo-small", "demo-large"):
        for title, options in CASES.items():
            with tempfile.TemporaryDirectory() as work:
                run_case(title, name, options, o, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
