"""Byte-level BPE: training, and encoding for the training loop.

The pre-token pattern in tokenizer.json is o200k's.  Here its ASCII reading is enough, for the world is ASCII; export.py refuses
text that is not.  Pieces of digits are left out of merge training, so every digit stays a token of its own although
the pattern groups three: sums need single digits.
"""
import re
from collections import Counter

PATTERN = re.compile(
    r"[^\r\nA-Za-z0-9]?[A-Z]*[a-z]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\nA-Za-z0-9]?[A-Z]+[a-z]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[0-9]{1,3}| ?[^\sA-Za-z0-9]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<|reserved_200000|>", "<|reserved_200001|>", "<|return|>",
            "<|constrain|>", "<|reserved_200004|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>",
            "<|reserved_200009|>", "<|reserved_200010|>", "<|reserved_200011|>", "<|call|>", "<|reserved_200013|>",
            "<|reserved_200014|>", "<|reserved_200015|>", "<|reserved_200016|>", "<|reserved_200017|>", "<|endofprompt|>"]


def train_merges(texts, limit):
    """Returns up to `limit` merges [(left bytes, right bytes)], most frequent pair first, ties by bytes."""
    pieces = Counter(p for text in texts for p in PATTERN.findall(text))
    words = [([bytes([b]) for b in p.encode()], n) for p, n in sorted(pieces.items()) if not p.isdigit()]
    pairs, where = Counter(), {}
    for i, (parts, n) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += n
            where.setdefault(pair, set()).add(i)
    merges = []
    while len(merges) < limit:
        best = max(pairs, key=lambda p: (pairs[p], p), default=None)
        if best is None or pairs[best] < 1:
            break
        merges.append(best)
        for i in where.pop(best):
            parts, n = words[i]
            for pair in zip(parts, parts[1:]):
                pairs[pair] -= n
            k = 0
            while k + 1 < len(parts):
                if (parts[k], parts[k + 1]) == best:
                    parts[k:k + 2] = [parts[k] + parts[k + 1]]
                k += 1
            for pair in zip(parts, parts[1:]):
                pairs[pair] += n
                where.setdefault(pair, set()).add(i)
        pairs.pop(best, None)
    return merges


class Tokenizer:
    """Ids: 256 bytes in the order of the GPT-2 spelling, then merges, then the 21 specials at the end."""

    def __init__(self, merges):
        base = [b for b in range(256) if spelled_as_itself(b)] + [b for b in range(256) if not spelled_as_itself(b)]
        self.tokens = [bytes([b]) for b in base]
        self.tokens += dict.fromkeys(left + right for left, right in merges)
        self.size = len(self.tokens) + len(SPECIALS)
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.special = {s: len(self.tokens) + i for i, s in enumerate(SPECIALS)}
        self.cache = {}

    def piece(self, text):
        parts = [bytes([b]) for b in text.encode()]
        while len(parts) > 1:
            # the pair whose concatenation has the lowest id is joined first, as with o200k's ranks
            best, k = min((self.ids.get(a + b, 1 << 30), k) for k, (a, b) in enumerate(zip(parts, parts[1:])))
            if best == 1 << 30:
                break
            parts[k:k + 2] = [parts[k] + parts[k + 1]]
        return [self.ids[p] for p in parts]

    def encode(self, text):
        out = []
        for p in PATTERN.findall(text):
            if p not in self.cache:
                self.cache[p] = self.piece(p)
            out += self.cache[p]
        return out

    def decode(self, ids):
        names = {i: s for s, i in self.special.items()}
        return "".join(names[i] if i in names else self.tokens[i].decode("utf-8", "replace") if i < len(self.tokens) else "?"
                       for i in ids)


def spelled_as_itself(b):
    """GPT-2's byte-to-unicode table keeps printable ASCII and most of Latin-1."""
    return 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or 0xAE <= b <= 0xFF


def spelling(token):
    """Token bytes in GPT-2 spelling, as tokenizer.json wants them."""
    table, extra = {}, 0
    for b in range(256):
        if spelled_as_itself(b):
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return "".join(table[b] for b in token)


SYSTEM = ("You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\n\nReasoning: {effort}\n\n"
          "# Valid channels: analysis, commentary, final. Channel must be included for every message.")


class Harmony:
    """Token ids of the frames around a sample."""

    def __init__(self, tok):
        self.tok = tok
        s = tok.special
        self.start, self.message, self.end, self.ret = (s["<|start|>"], s["<|message|>"], s["<|end|>"], s["<|return|>"])
        self.channel, self.call = s["<|channel|>"], s["<|call|>"]
        e = tok.encode
        self.user_head = [self.start] + e("user") + [self.message]
        self.ask = [self.end, self.start] + e("assistant")
        self.analysis = [self.channel] + e("analysis") + [self.message]
        self.final = [self.end, self.start] + e("assistant") + [self.channel] + e("final") + [self.message]

    def prefix(self, effort):
        return [self.start] + self.tok.encode("system") + [self.message] + self.tok.encode(SYSTEM.format(effort=effort)) + [self.end]

    def prompt(self, user):
        """User message and the start of the answer (without the system message)."""
        return self.user_head + self.tok.encode(user) + self.ask

    def answer(self, analysis, final):
        return self.analysis + self.tok.encode(analysis) + self.final + self.tok.encode(final) + [self.ret]
