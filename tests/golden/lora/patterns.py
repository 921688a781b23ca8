"""Writes patterns.inc: what Python's re says to the patterns that adapters hold. python3 patterns.py > patterns.inc"""
import re
import sys

PATTERNS = [r"(.*\.)?(q_proj)$", r"(.*\.)?(^q_proj)$", r"(.*\.)?(^model.layers.13.self_attn.q_proj)$", r"(.*\.)?(proj)$",
            r"(.*\.)?(model\.layers\.(1[0-9]|2)\.self_attn\.(q|k)_proj)$", r".*\.q_proj", r".*?(?:q_proj|k_proj)",
            r"model\.layers\.\d+\..*", r"model\.layers\.\d{3}\..*", r"model\.layers\.\d{1,}\.[a-z_]+\.\w+",
            r"(?:.*?(?:self_attn|mlp).*?(?:q_proj|o_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn)\.(?:(?:k_proj)))",
            r"\bmodel.*", r"\Bmodel.*", r"[^.]*", r"[^x]*", r"[a-z.\d_]*", r"[]a]*", r"a|b|", r"(a?){3}", r"(ab){2,3}",
            r"a{,2}b", r"a{2,}", r"(a|b)*?c+", r"", r"a\.b", r"a.b", r"[a-]*", r"(^a$)|b", r"\w+\s\w+", r"x??y"]
TEXTS = ["model.layers.13.self_attn.q_proj", "q_proj", "model.layers.13.self_attn.k_proj",
         "model.layers.2.mlp.experts.gate_up_proj", "xq_proj", "", "a", "b", "aa", "aaa", "abab", "ababab", "abababab",
         "ab", "aab", "aaab", "abac", "abacc", "c", "a.b", "axb", "a-", "]a]", "a b", "xy", "y", "x"]


def c(s):
    return s.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?")


print("/* Pattern, text, whether re.fullmatch of Python %d.%d matches; made by patterns.py. */" % sys.version_info[:2])
for p in PATTERNS:
    for t in TEXTS:
        m = re.fullmatch(p, t) is not None
        if m or len(t) % 3 == len(p) % 3:
            print('{"%s", "%s", %s},' % (c(p), c(t), str(m).lower()))
