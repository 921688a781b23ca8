"""Writes peft_delta.inc: what PEFT's own code makes of factors of gpt-oss' shapes.

    git clone https://github.com/huggingface/peft && python3 make.py peft > peft_delta.inc

Needs torch (any version; 1.13 was used). The method ParamWrapper.get_delta_weight and the line that decides whether in
and out features are exchanged are taken from the tagged sources and run as they stand; the rest of PEFT is not needed.
gpt-oss' experts have is_transposed = True (transformers 5) and parameters [E, in, out].
"""
import ast
import re
import subprocess
import sys
import textwrap
import types

import torch

E, H, W, R = 5, 64, 96, 3


def source(repo, tag):
    return subprocess.check_output(["git", "-C", repo, "show", tag + ":src/peft/tuners/lora/layer.py"], text=True)


def method(text, cls, name):
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name == cls:
            for f in node.body:
                if isinstance(f, ast.FunctionDef) and f.name == name:
                    return textwrap.dedent(ast.get_source_segment(text, f))
    raise KeyError(name)


def swaps(text):
    m = re.search(r"\n +swap_in_out_features = (.*)", text)
    if not m:
        return False
    scope = {"self": types.SimpleNamespace(get_base_layer=lambda: types.SimpleNamespace(is_transposed=True),
                                           get_param=lambda: torch.zeros(1, 1, 1), _param_ndim=3), "is_transposed": True}
    return eval(m.group(1), scope)


def fill(rows, cols, salt):
    i = torch.arange(rows * cols, dtype=torch.int64)
    return (((i * 2654435761 + salt * 40503) >> 7) % 17 - 8).to(torch.float32).reshape(rows, cols)


def delta(text, n_in, n_out, salt):
    scope = {"torch": torch, "ALLOWED_COMPUTE_DTYPES": (torch.float32,)}
    exec(method(text, "ParamWrapper", "get_delta_weight"), scope)
    swapped = swaps(text)
    a, b = (n_out, n_in) if swapped else (n_in, n_out)
    layer = lambda w: types.SimpleNamespace(weight=w)
    param = torch.zeros(E, n_in, n_out)
    me = types.SimpleNamespace(num_experts=E, scaling={"x": 0.5}, _did_swap_in_out_features=swapped,
                               lora_A={"x": layer(fill(E * R, a, salt))}, lora_B={"x": layer(fill(b, E * R, salt + 1))},
                               get_param=lambda: param, get_base_layer=lambda: types.SimpleNamespace(gate_up_proj=param))
    return scope["get_delta_weight"](me, "x"), swapped


def main(repo):
    print("/* PEFT's version, parameter, factors exchanged, expert, in, out, ParamWrapper.get_delta_weight there; made by")
    print(" * make.py with torch %s from the tags of github.com/huggingface/peft. */" % torch.__version__)
    for tag in ("v0.17.0", "v0.18.1", "v0.19.0", "v0.19.1", "v0.20.0"):
        text = source(repo, tag)
        for name, n_in, n_out, salt in (("gate_up_proj", H, 2 * W, 1), ("down_proj", W, H, 3)):
            d, swapped = delta(text, n_in, n_out, salt)
            assert d.shape == (E, n_in, n_out)
            for k in range(24):
                e, i, o = k * 7 % E, k * 29 % n_in, (k * 37 + 1) % n_out
                print('{"%s", "%s", %s, %d, %d, %d, %.9g},' % (tag[1:], name, str(swapped).lower(), e, i, o,
                                                             d[e, i, o].item()))


main(sys.argv[1])
