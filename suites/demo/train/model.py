"""The gpt-oss architecture in torch, written for one slow core.

What is unusual and why:
  * tokens of a step are one flat list [T]: a shared prefix (the system message, P tokens) and B rows of R tokens, several
    samples packed into a row.  Every linear layer is then one big matrix product.  Only attention sees rows.
  * the keys and values of the prefix are used by all rows; its gradients flow.
  * experts are run as one batched product over [E, C] slots, C being the largest number of tokens of one expert.
  * norm, softmax with sink, and experts have hand-written backward passes: fewer small operations.
Shapes and formulas are those of the published model; gate and up rows are kept as halves here and interleaved by export.py.
"""
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.autograd import Function

EPS, ALPHA, LIMIT = 1e-5, 1.702, 7.0


@dataclass
class Shape:
    vocab: int
    hidden: int = 128
    layers: int = 4
    heads: int = 4
    groups: int = 2
    dim: int = 32
    experts: int = 8
    active: int = 2
    inner: int = 128
    window: int = 128
    theta: float = 150000.0
    factor: float = 32.0
    context: int = 4096
    beta_fast: float = 32.0
    beta_slow: float = 1.0


def frequencies(s):
    """YaRN: angle per position of each pair, and the factor on cos and sin."""
    half = s.dim // 2
    low = half * math.log(s.context / (s.beta_fast * 2 * math.pi)) / math.log(s.theta)
    high = half * math.log(s.context / (s.beta_slow * 2 * math.pi)) / math.log(s.theta)
    assert 0 < low < high < half - 1
    f = []
    for j in range(half):
        r = min(max((j - low) / (high - low), 0.0), 1.0)
        f.append(s.theta ** (-j / half) * ((1 - r) + r / s.factor))
    return f, 0.1 * math.log(s.factor) + 1


class Norm(Function):
    @staticmethod
    def forward(ctx, x, w):
        r = torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS)
        n = x * r
        ctx.save_for_backward(n, r, w)
        return n * w

    @staticmethod
    def backward(ctx, dy):
        n, r, w = ctx.saved_tensors
        dw = (dy * n).sum(0)
        dn = dy * w
        return (dn - n * (dn * n).mean(-1, keepdim=True)) * r, dw


class SinkSoftmax(Function):
    """softmax over keys plus one learnt score that takes probability and gives no value; scores [B,N,R,S], sink [N]."""

    @staticmethod
    def forward(ctx, scores, mask, sink):
        s = scores + mask
        z = sink.view(1, -1, 1, 1)
        m = torch.maximum(s.amax(-1, keepdim=True), z)
        p = s.sub_(m).exp_()
        e = torch.exp(z - m)
        total = p.sum(-1, keepdim=True) + e
        p.div_(total)
        ctx.save_for_backward(p, e / total)
        return p

    @staticmethod
    def backward(ctx, dp):
        p, sunk = ctx.saved_tensors
        inner = (dp * p).sum(-1, keepdim=True)
        return (dp - inner).mul_(p), None, -(sunk * inner).sum((0, 2, 3))


class Rotate(Function):
    """Rotary positions over pairs (j, j + D/2); the backward pass turns the other way.  x [T,N,D], c and s [T,1,D/2]."""

    @staticmethod
    def turn(x, c, s):
        a, b = x.chunk(2, -1)
        return torch.cat([a * c - b * s, b * c + a * s], -1)

    @staticmethod
    def forward(ctx, x, c, s):
        ctx.save_for_backward(c, s)
        return Rotate.turn(x, c, s)

    @staticmethod
    def backward(ctx, dy):
        c, s = ctx.saved_tensors
        return Rotate.turn(dy, c, -s), None, None


class Experts(Function):
    """Top-K experts.  t [T,H], weight and pick [T,K], wgu [E,2I,H] (gate half, up half), bgu [E,2I], wd [E,H,I], bd [E,H]."""

    @staticmethod
    def forward(ctx, t, weight, pick, wgu, bgu, wd, bd):
        T, H = t.shape
        K, E, I = pick.shape[1], wgu.shape[0], wd.shape[2]
        flat = pick.reshape(-1)
        count = torch.bincount(flat, minlength=E)
        cap = (int(count.max()) + 31) // 32 * 32
        order = torch.argsort(flat, stable=True)
        ranked = flat[order]
        slot_sorted = ranked * cap + torch.arange(T * K) - (torch.cumsum(count, 0) - count)[ranked]
        slot = torch.empty_like(order)
        slot[order] = slot_sorted
        token = torch.zeros(E * cap, dtype=torch.long)
        token[slot_sorted] = order // K
        w_slot = torch.zeros(E * cap)
        w_slot[slot] = weight.reshape(-1)
        x = t.index_select(0, token).view(E, cap, H)
        h = torch.baddbmm(bgu.unsqueeze(1), x, wgu.transpose(1, 2))
        g, u = h[..., :I].clamp(max=LIMIT), h[..., I:].clamp(-LIMIT, LIMIT)
        sg = torch.sigmoid(ALPHA * g)
        gs, u1 = g * sg, u + 1
        a = gs * u1
        o = torch.baddbmm(bd.unsqueeze(1), a, wd.transpose(1, 2)).view(E * cap, H)
        picked = o.index_select(0, slot).view(T, K, H)
        ctx.save_for_backward(x, h, g, sg, gs, u1, a, picked, wgu, wd, weight, slot, token, w_slot)
        return (picked * weight.unsqueeze(-1)).sum(1)

    @staticmethod
    def backward(ctx, dy):
        x, h, g, sg, gs, u1, a, picked, wgu, wd, weight, slot, token, w_slot = ctx.saved_tensors
        E, cap, H = x.shape
        T, K = weight.shape
        I = a.shape[2]
        d_weight = torch.bmm(picked, dy.unsqueeze(-1)).squeeze(-1)
        do = dy.index_select(0, token).mul_(w_slot.unsqueeze(1)).view(E, cap, H)
        da = torch.bmm(do, wd)
        d_wd, d_bd = torch.bmm(do.transpose(1, 2), a), do.sum(1)
        dh = torch.empty_like(h)
        # d(g·σ(αg))/dg = σ + α·gσ·(1−σ); clamped values pass no gradient
        torch.mul(da.mul(u1), sg + ALPHA * gs * (1 - sg), out=dh[..., :I])
        torch.mul(da, gs, out=dh[..., I:])
        dh[..., :I].mul_(h[..., :I] < LIMIT)
        dh[..., I:].mul_(h[..., I:].abs() < LIMIT)
        d_wgu, d_bgu = torch.bmm(dh.transpose(1, 2), x), dh.sum(1)
        dt = torch.bmm(dh, wgu).view(E * cap, H).index_select(0, slot).view(T, K, H).sum(1)
        return dt, d_weight, None, d_wgu, d_bgu, d_wd, d_bd


GRID = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])
EDGES = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0])


def mxfp4_parts(w):
    """w [..., n]: (code 0..15, exponent of the scale) per block of 32; of two scales the one with less squared error."""
    x = w.reshape(-1, 32)
    base = torch.floor(torch.log2(x.abs().amax(1, keepdim=True).clamp(min=2.0**-100))) - 2
    best = None
    for e in (base, base + 1):
        y = x * torch.exp2(-e)
        code = torch.bucketize(y.abs(), EDGES)
        error = ((GRID[code] - y.abs()) ** 2).sum(1, keepdim=True) * torch.exp2(2 * e)
        if best is None:
            best = code, e, error
        else:
            take = error < best[2]
            best = torch.where(take, code, best[0]), torch.where(take, e, best[1]), error
    code, e, _ = best
    return torch.where(x < 0, code + 8, code), e


def mxfp4_round(w):
    code, e = mxfp4_parts(w)
    value = GRID[code & 7] * torch.exp2(e)
    return torch.where(code > 7, -value, value).view(w.shape)


class Layer(nn.Module):
    def __init__(self, s, index):
        super().__init__()
        self.sliding = index % 2 == 0
        wide = (s.heads + 2 * s.groups) * s.dim
        self.norm1, self.norm2 = nn.Parameter(torch.ones(s.hidden)), nn.Parameter(torch.ones(s.hidden))
        self.qkv = nn.Parameter(torch.randn(wide, s.hidden) * s.hidden**-0.5)
        self.qkv_b = nn.Parameter(torch.zeros(wide))
        self.o = nn.Parameter(torch.randn(s.hidden, s.heads * s.dim) * 0.05 * (s.heads * s.dim) ** -0.5)
        self.o_b = nn.Parameter(torch.zeros(s.hidden))
        self.sinks = nn.Parameter(torch.zeros(s.heads))
        self.router = nn.Parameter(torch.randn(s.experts, s.hidden) * s.hidden**-0.5)
        self.router_b = nn.Parameter(torch.zeros(s.experts))
        self.wgu = nn.Parameter(torch.randn(s.experts, 2 * s.inner, s.hidden) * s.hidden**-0.5)
        self.bgu = nn.Parameter(torch.zeros(s.experts, 2 * s.inner))
        self.wd = nn.Parameter(torch.randn(s.experts, s.hidden, s.inner) * 0.03 * s.inner**-0.5)
        self.bd = nn.Parameter(torch.zeros(s.experts, s.hidden))


class Model(nn.Module):
    def __init__(self, s, tok=None):
        """`tok`, given for a new model, tells construct() the ids of the bracket and the letters."""
        super().__init__()
        self.shape = s
        self.embed = nn.Parameter(torch.randn(s.vocab, s.hidden) * 0.1)
        self.layers = nn.ModuleList(Layer(s, i) for i in range(s.layers))
        self.norm = nn.Parameter(torch.ones(s.hidden))
        self.head = nn.Parameter(torch.randn(s.vocab, s.hidden) * 0.02)
        freq, m = frequencies(s)
        angle = torch.arange(512).double().unsqueeze(1) * torch.tensor(freq).double()
        self.cos, self.sin = (m * torch.cos(angle)).float(), (m * torch.sin(angle)).float()
        self.rounding = False   # straight-through MXFP4
        if tok:
            self.construct(freq, tok)

    @torch.no_grad()
    def construct(self, freq, tok):
        """Copying heads by initialisation; all of it stays trainable.
        Layer 0, first group: biases make its heads look one and two tokens back and write what they see into two own
        subspaces.  Layer 1, first group: attends to places whose previous token is the present one and copies the token
        there (induction); second group: attends to equal tokens that stand behind a bracket, as the text of an option does,
        and copies what stood two back, the letter."""
        s, D = self.shape, self.shape.dim
        qn, kn = s.heads * D, s.groups * D
        per = s.heads // s.groups

        def frame(rows):
            return torch.linalg.qr(torch.randn(s.hidden, rows))[0].t()

        # digits: positions on circles of period 10, 5, 10/3, ... and on a line, of which sums modulo ten are easy to make
        waves = frame(11)
        for d in range(10):
            turn = [2 * math.pi * k * d / 10 for k in range(1, 6)]
            place = [math.cos(t) for t in turn] + [math.sin(t) for t in turn] + [(d - 4.5) / 4.5]
            self.embed[tok.ids[b"%d" % d]] *= 0.5
            self.embed[tok.ids[b"%d" % d]] += 0.4 * torch.tensor(place) @ waves

        a = frame(D)
        back = frame(2 * D) if 2 * D <= s.hidden else torch.cat([frame(D), frame(D)])
        l0 = self.layers[0]
        l0.qkv[:per * D] *= 0.1
        l0.qkv[qn:qn + D] *= 0.1
        l0.qkv[qn + kn:qn + kn + D] = a
        for j in range(6):
            l0.qkv_b[qn + j] = 5.0
            for h in range(per):
                l0.qkv_b[h * D + j] = 5.0 * math.cos(freq[j] * (h + 1))
                l0.qkv_b[h * D + D // 2 + j] = -5.0 * math.sin(freq[j] * (h + 1))
        for h in range(min(per, 2)):
            l0.o[:, h * D:(h + 1) * D] = 0.15 * back[h * D:(h + 1) * D].t()

        slow = [j for j in range(7, D // 2)] + [j for j in range(7 + D // 2, D)]   # pairs that hardly turn
        l1 = self.layers[1]
        v1 = frame(D)
        for h in range(s.heads):   # queries: the present token
            l1.qkv[h * D:(h + 1) * D] *= 0.2
            l1.qkv[[h * D + j for j in slow]] = 1.8 * a[:len(slow)]
        l1.qkv[qn:qn + kn] *= 0.2
        l1.qkv[[qn + j for j in slow]] = 1.8 * back[:len(slow)]
        l1.qkv[[qn + D + j for j in slow]] = 1.8 * a[:len(slow)]
        flag = slow[len(slow) // 2 - 1]   # one dimension of the slowest pair says "behind a bracket"
        bracket = back[:D].t() @ (a @ self.embed[tok.ids[b")"]])
        l1.qkv[qn + D + flag] = bracket / bracket.norm()
        for h in range(per, s.heads):
            l1.qkv[h * D + flag] = 0
            l1.qkv_b[h * D + flag] = 8.0
        l1.qkv[qn + kn:qn + kn + D] = v1
        l1.qkv[qn + kn + D:qn + kn + 2 * D] = back[D:2 * D]   # what stood two back: the letter of an option
        for h in range(s.heads):
            l1.o[:, h * D:(h + 1) * D] = 0.15 * (v1.t() if h < per else a.t()) / per
        self.head += 0.2 * self.embed
        for letter in b"A", b"B", b"C", b"D":   # the letter is copied from a line's start to the inside of a line
            self.head[tok.ids[b" " + letter]] += 0.4 * self.embed[tok.ids[letter]]

    def expert_weights(self, layer):
        if not self.rounding:
            return layer.wgu, layer.wd
        return tuple(w + (mxfp4_round(w.detach()) - w.detach()) for w in (layer.wgu, layer.wd))

    def project(self, layer, x, pos):
        """x [T,H] -> rotated q [T,N,D] and k [T,G,D], and v [T,G,D]."""
        s = self.shape
        t = Norm.apply(x, layer.norm1)
        y = torch.addmm(layer.qkv_b, t, layer.qkv.t()).view(-1, s.heads + 2 * s.groups, s.dim)
        qk, v = y[:, :s.heads + s.groups], y[:, s.heads + s.groups:]
        qk = Rotate.apply(qk, self.cos[pos].unsqueeze(1), self.sin[pos].unsqueeze(1))
        return qk[:, :s.heads], qk[:, s.heads:], v

    def attend(self, layer, q, k, v, mask):
        """q [B,R,N,D], k and v [B,S,G,D], mask [B or 1,1,R,S] of 0 and -inf -> [B,R,N*D]."""
        s = self.shape
        B, R = q.shape[:2]
        per = s.heads // s.groups
        qg = q.permute(0, 2, 1, 3).reshape(B * s.groups, per * R, s.dim)
        kg = k.permute(0, 2, 3, 1).reshape(B * s.groups, s.dim, -1)
        vg = v.permute(0, 2, 1, 3).reshape(B * s.groups, -1, s.dim)
        scores = torch.bmm(qg, kg * s.dim**-0.5).view(B, s.heads, R, -1)
        p = SinkSoftmax.apply(scores, mask, layer.sinks)
        out = torch.bmm(p.view(B * s.groups, per * R, -1), vg)
        return out.view(B, s.heads, R, s.dim).permute(0, 2, 1, 3).reshape(B, R, -1)

    def mlp(self, layer, x, stats=None):
        t = Norm.apply(x, layer.norm2)
        r = torch.addmm(layer.router_b, t, layer.router.t())
        top, pick = r.topk(self.shape.active, -1)
        wgu, wd = self.expert_weights(layer)
        if stats is not None:   # load balance: share of picks times mean probability, 1 when even
            share = torch.bincount(pick.reshape(-1), minlength=self.shape.experts) / pick.numel()
            stats.append(self.shape.experts * (share * r.softmax(-1).mean(0)).sum())
        return Experts.apply(t, top.softmax(-1), pick, wgu, layer.bgu, wd, layer.bd)

    def forward(self, tokens, pos, prefix, masks, wanted, stats=None):
        """tokens and pos [P + B*R]; masks = {sliding: (prefix mask, row mask)}; returns logits at the indices `wanted`."""
        s = self.shape
        x = self.embed[tokens]
        for layer in self.layers:
            q, k, v = self.project(layer, x, pos)
            pre_mask, row_mask = masks[layer.sliding]
            B = row_mask.shape[0]
            head = self.attend(layer, q[None, :prefix], k[None, :prefix], v[None, :prefix], pre_mask)[0]

            def with_prefix(y):
                rows = y[prefix:].view(B, -1, s.groups, s.dim)
                return torch.cat([y[None, :prefix].expand(B, -1, -1, -1), rows], 1)
            rows = self.attend(layer, q[prefix:].view(B, -1, s.heads, s.dim), with_prefix(k), with_prefix(v), row_mask)
            mixed = torch.cat([head, rows.reshape(-1, s.heads * s.dim)])
            x = x + torch.addmm(layer.o_b, mixed, layer.o.t())
            x = x + self.mlp(layer, x, stats)
        return Norm.apply(x[wanted], self.norm) @ self.head.t()

    @torch.no_grad()
    def generate(self, prompts, limit, stop):
        """Greedy continuation of each prompt (lists of ids) with a key/value cache; prompts are padded on the left."""
        s, B = self.shape, len(prompts)
        longest = max(map(len, prompts))
        pad = torch.tensor([longest - len(p) for p in prompts])
        ids = torch.tensor([[0] * (longest - len(p)) + list(p) for p in prompts])
        cache = [(torch.zeros(B, longest + limit, s.groups, s.dim), torch.zeros(B, longest + limit, s.groups, s.dim))
                 for _ in self.layers]
        done, out = torch.zeros(B, dtype=torch.bool), [[] for _ in prompts]
        at = 0
        for _ in range(limit):
            R = ids.shape[1]
            qi, kj = torch.arange(at, at + R).view(1, 1, -1, 1), torch.arange(at + R).view(1, 1, 1, -1)
            seen = (kj <= qi) & (kj >= pad.view(-1, 1, 1, 1))
            full = torch.zeros(seen.shape).masked_fill(~seen, -1e30)
            slide = full.masked_fill(qi - kj >= s.window, -1e30)
            pos = (torch.arange(at, at + R).unsqueeze(0) - pad.unsqueeze(1)).clamp(min=0).reshape(-1)
            x = self.embed[ids.reshape(-1)]
            for layer, (ck, cv) in zip(self.layers, cache):
                q, k, v = self.project(layer, x, pos)
                ck[:, at:at + R], cv[:, at:at + R] = k.view(B, R, s.groups, -1), v.view(B, R, s.groups, -1)
                mixed = self.attend(layer, q.view(B, R, s.heads, -1), ck[:, :at + R], cv[:, :at + R],
                                    slide if layer.sliding else full)
                x = x + torch.addmm(layer.o_b, mixed.view(B * R, -1), layer.o.t())
                x = x + self.mlp(layer, x)
            at += R
            last = Norm.apply(x.view(B, R, -1)[:, -1], self.norm) @ self.head.t()
            ids = last.argmax(-1, keepdim=True)
            for b in range(B):
                if not done[b]:
                    out[b].append(int(ids[b]))
                    done[b] = int(ids[b]) in stop
            if done.all():
                break
        return out
