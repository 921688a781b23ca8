"""Calls a built-in scorer through the public ABI (scorers/scorer.h), for the evaluation scripts of this folder.

The scorers are compiled into a shared object in a temporary folder; nothing else of the project is needed.
"""
import ctypes as C
import glob
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("ASSAY_SHARED") or os.path.join(ROOT, "..", "shared")


class Str(C.Structure):
    _fields_ = [("p", C.c_void_p), ("n", C.c_size_t)]


class KV(C.Structure):
    _fields_ = [("key", Str), ("value", Str)]


class Err(C.Structure):
    _fields_ = [("msg", C.c_char * 400)]


ALLOC = C.CFUNCTYPE(C.c_void_p, C.c_void_p, C.c_size_t)
LOG = C.CFUNCTYPE(None, C.c_void_p, C.c_int, C.c_char_p)


class Host(C.Structure):
    _fields_ = [("abi", C.c_uint32), ("size", C.c_uint32), ("alloc", ALLOC), ("log", LOG), ("ctx", C.c_void_p)]


class View(C.Structure):
    _fields_ = [("size", C.c_uint32), ("completion", C.c_uint32), ("id", Str), ("prompt", Str), ("final", Str),
                ("analysis", Str), ("commentary", Str), ("targets", C.POINTER(Str)), ("n_targets", C.c_size_t),
                ("choices", C.POINTER(Str)), ("n_choices", C.c_size_t), ("logprobs", C.c_void_p),
                ("tokens", C.c_void_p), ("meta", C.POINTER(KV)), ("n_meta", C.c_size_t), ("replies", C.c_void_p),
                ("n_replies", C.c_size_t)]


class ScoreOut(C.Structure):
    _fields_ = [("size", C.c_uint32), ("status", C.c_uint32), ("outcome", C.c_uint32), ("value", C.c_double),
                ("label", Str), ("answer", Str), ("rule", Str), ("begin", C.c_uint64), ("end", C.c_uint64),
                ("explanation", Str), ("margin", C.c_double), ("verdicts", C.c_void_p), ("n_verdicts", C.c_size_t)]


OPEN = C.CFUNCTYPE(C.c_bool, C.POINTER(Host), C.POINTER(KV), C.c_size_t, C.POINTER(C.c_void_p), C.POINTER(Err))
SCORE = C.CFUNCTYPE(C.c_bool, C.c_void_p, C.POINTER(Host), C.POINTER(View), C.POINTER(ScoreOut), C.POINTER(Err))


class ScorerStruct(C.Structure):
    _fields_ = [("abi", C.c_uint32), ("size", C.c_uint32), ("name", C.c_char_p), ("version", C.c_char_p),
                ("help", C.c_char_p), ("open", OPEN), ("ask", C.c_void_p), ("score", SCORE), ("close", C.c_void_p)]


OUTCOMES = ["correct", "wrong", "no_answer", "truncated", "refused", "error", "unscored"]


def build():
    """Compiles scorers/*.c; gives the path of the shared object."""
    out = os.path.join(tempfile.mkdtemp(prefix="scorers-"), "scorers.so")
    sources = sorted(glob.glob(os.path.join(ROOT, "scorers", "*.c")))
    subprocess.check_call([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared",
                           "-I" + ROOT, *sources, "-o", out, "-lm"])
    return out


class Scorer:
    def __init__(self, library, name, **options):
        self.lib = C.CDLL(library)
        find = self.lib.scorers_find
        find.restype = C.POINTER(ScorerStruct)
        find.argtypes = [C.c_char_p]
        self.scorer = find(name.encode()).contents
        self.blocks, self.trace = [], ""
        self.host = Host(1, C.sizeof(Host), ALLOC(self._alloc), LOG(self._log), None)
        keep = []
        kv = (KV * max(1, len(options)))(*[KV(_str(k, keep), _str(v, keep)) for k, v in options.items()])
        self.self = C.c_void_p()
        err = Err()
        if not self.scorer.open(C.byref(self.host), kv, len(options), C.byref(self.self), C.byref(err)):
            raise ValueError(err.msg.decode())

    def _alloc(self, _ctx, n):
        block = C.create_string_buffer(max(n, 1))
        self.blocks.append(block)
        return C.addressof(block)

    def _log(self, _ctx, _level, msg):
        self.trace = msg.decode("utf-8", "replace")

    def score(self, final, target=None, prompt=None, choices=None, meta=None, completion=0, analysis=None):
        self.blocks.clear()
        self.trace = ""
        keep = []
        view = View(size=C.sizeof(View), completion=completion, final=_str(final, keep), prompt=_str(prompt, keep),
                    analysis=_str(analysis, keep))
        if target is not None:
            view.targets, view.n_targets = (Str * 1)(_str(target, keep)), 1
        if choices:
            view.choices, view.n_choices = (Str * len(choices))(*[_str(c, keep) for c in choices]), len(choices)
        if meta:
            view.meta = (KV * len(meta))(*[KV(_str(k, keep), _str(v, keep)) for k, v in meta.items()])
            view.n_meta = len(meta)
        out, err = ScoreOut(size=C.sizeof(ScoreOut)), Err()
        if not self.scorer.score(self.self, C.byref(self.host), C.byref(view), C.byref(out), C.byref(err)):
            return {"error": err.msg.decode("utf-8", "replace"), "outcome": "error", "label": None, "answer": None}
        return {"status": out.status, "outcome": OUTCOMES[out.outcome], "value": out.value, "label": _get(out.label),
                "answer": _get(out.answer), "rule": _get(out.rule), "span": (out.begin, out.end),
                "explanation": _get(out.explanation), "margin": out.margin}


def _str(text, keep):
    if text is None:
        return Str(None, 0)
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    block = C.create_string_buffer(data, len(data) + 1)
    keep.append(block)
    return Str(C.cast(block, C.c_void_p), len(data))


def _get(s):
    return C.string_at(s.p, s.n).decode("utf-8", "replace") if s.p else None


def kappa(a, b):
    """Cohen's kappa of two label lists."""
    n = len(a)
    observed = sum(x == y for x, y in zip(a, b)) / n
    expected = sum(a.count(c) * b.count(c) for c in set(a) | set(b)) / (n * n)
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)
