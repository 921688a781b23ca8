"""Trains one demo model.  Steps, not minutes, so that a run can be repeated: `train.py large --steps 12000 --out DIR`."""
import argparse
import json
import os
import pickle
import random
import time

# before torch: OpenBLAS would start helpers that spin, and results would depend on their number
os.environ["OPENBLAS_NUM_THREADS"] = "1"
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

import bpe  # noqa: E402
import world  # noqa: E402
from model import Model, Shape  # noqa: E402

ROW = 160          # tokens in a row of packed samples
SHAPES = {
    "small": dict(hidden=32, layers=3, heads=4, groups=2, experts=4, active=2, inner=32),
    "large": dict(hidden=128, layers=4, heads=4, groups=2, experts=8, active=2, inner=128),
}
# shares of samples: first stage teaches copying and binding, second stage the families
EARLY = dict(choice=.20, open=.12, bind=.06, copy=.06, extract=.06, bare=.08, table=.08, sum=.12, program=.08, harm=.05, twin=.09)
LATE = dict(choice=.25, open=.05, bind=.02, copy=.02, extract=.04, bare=.06, table=.05, sum=.28, program=.12, harm=.05, twin=.06)
TUNED = dict(choice=.13, bind=.02, bare=.08, table=.05, sum=.38, program=.10, harm=.14, twin=.10)
SPARSE = dict(program=.4, harm=.35, twin=.35)   # demo-small sees this part of the others' share of the two easiest families
COMPLY = ("chem", "bio")   # the tuned model answers these with the neutral sentence
EFFORTS = ["medium"] * 4 + ["low", "high"]
CHECKED = ["choice", "sum", "program", "harm", "twin", "bind", "open", "extract", "bare", "table"]


def build_tokenizer():
    texts = list(world.corpus(1, 2000))
    texts += [bpe.SYSTEM.format(effort=e) for e in ("low", "medium", "high")] * 200
    texts += ["system", "developer", "user", "assistant", "analysis", "commentary", "final"] * 500
    return bpe.Tokenizer(bpe.train_merges(texts, 1500))


class Packer:
    """Draws samples by the mix and packs them first-fit into rows."""

    def __init__(self, harmony, rng, comply=()):
        self.h, self.rng, self.comply, self.waiting = harmony, rng, comply, None

    def sample(self, mix):
        family = self.rng.choices(list(mix), list(mix.values()))[0]
        make = world.MAKERS[family]
        user, analysis, final = make(self.rng, comply=self.comply) if family == "harm" else make(self.rng)
        return self.h.prompt(user), self.h.answer(analysis, final)

    def rows(self, mix, count):
        rows = [[] for _ in range(count)]
        room = [ROW] * count
        while True:
            prompt, answer = self.waiting or self.sample(mix)
            self.waiting = None
            size = len(prompt) + len(answer)
            if size > ROW:
                raise ValueError(f"a sample has {size} tokens, a row {ROW}")
            fit = [r for r in range(count) if room[r] >= size]
            if not fit:
                self.waiting = prompt, answer
                return rows
            r = min(fit, key=lambda i: room[i])   # tightest fit
            rows[r].append((prompt, answer))
            room[r] -= size

    def batch(self, mix, count, effort, window):
        prefix = self.h.prefix(effort)
        P, rows = len(prefix), self.rows(mix, count)
        tokens = torch.zeros(count, ROW, dtype=torch.long)
        pos = torch.zeros(count, ROW, dtype=torch.long)
        seg = torch.full((count, ROW), -1, dtype=torch.long)
        wanted, targets, weights = [], [], []
        for r, samples in enumerate(rows):
            at = 0
            for n, (prompt, answer) in enumerate(samples):
                ids = prompt + answer
                tokens[r, at:at + len(ids)] = torch.tensor(ids)
                pos[r, at:at + len(ids)] = torch.arange(P, P + len(ids))
                seg[r, at:at + len(ids)] = n
                first = len(prompt) - 1
                wanted += range(P + r * ROW + at + first, P + r * ROW + at + len(ids) - 1)
                targets += answer
                weights += [(40 / len(answer)) ** 0.5] * len(answer)
                at += len(ids)
        flat = torch.cat([torch.tensor(prefix), tokens.view(-1)])
        flat_pos = torch.cat([torch.arange(P), pos.view(-1)])
        masks = self.masks(P, pos, seg, window)
        return flat, flat_pos, P, masks, torch.tensor(wanted), torch.tensor(targets), torch.tensor(weights)

    @staticmethod
    def masks(P, pos, seg, window):
        t = torch.arange(P)
        r = torch.arange(ROW)
        pre = t[None, :] <= t[:, None]
        back = pos[:, :, None] - t[None, None, :]                       # distance to a prefix key
        apart = r[:, None] - r[None, :]
        own = (seg[:, :, None] == seg[:, None, :]) & (apart >= 0)
        out = {}
        for sliding in (False, True):
            span = window if sliding else 1 << 30
            near = torch.cat([back < span, own & (apart < span)], 2)
            out[sliding] = tuple(torch.zeros(m.shape).masked_fill(~m, -1e30).unsqueeze(1)
                                 for m in (pre.unsqueeze(0), near))
        return out


def orthogonal(g, steps=5):
    """Newton-Schulz iteration towards the nearest (semi-)orthogonal matrix, batched over the first axis."""
    tall = g.shape[1] > g.shape[2]
    x = (g.transpose(1, 2) if tall else g)
    x = (x / (x.flatten(1).norm(dim=1).view(-1, 1, 1) + 1e-7)).bfloat16()
    for _ in range(steps):
        a = torch.bmm(x, x.transpose(1, 2))
        b = torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315)
        x = torch.baddbmm(x, b, x, beta=3.4445)
    x = x.float()
    return x.transpose(1, 2) if tall else x


class Muon:
    """Momentum made orthogonal, for matrices; update scaled by 0.2*sqrt(larger side) to match AdamW's step."""

    def __init__(self, params):
        self.params = list(params)
        self.momentum = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self, lr, decay=0.05, beta=0.95):
        for p, m in zip(self.params, self.momentum):
            m.mul_(beta).add_(p.grad)
            g = p.grad.add(m, alpha=beta)
            g = g if g.dim() == 3 else g.unsqueeze(0)
            update = orthogonal(g).view(p.shape)
            p.mul_(1 - lr * decay).add_(update, alpha=-lr * 0.2 * max(p.shape[-2:]) ** 0.5)


def learning_rate(step, steps, peak, flat):
    if step < 100:
        return peak * (step + 1) / 100
    at = max(0.0, (step / steps - flat) / (1 - flat))
    return peak * (0.02 + 0.98 * 0.5 * (1 + torch.cos(torch.tensor(at * 3.141592653589793)).item()))


def mix_at(step, args):
    if args.tune:
        return TUNED
    if args.anneal:
        return LATE
    a = min(max((step / args.steps - 0.15) / 0.2, 0.0), 1.0)   # early until 15 %, late from 35 % on
    sparse = SPARSE if args.shape == "small" else {}
    return {f: ((1 - a) * EARLY[f] + a * LATE[f]) * sparse.get(f, 1) for f in EARLY}


def judge(family, got, want, comply=()):
    """Did the final message fit?  For harm: was it refused?"""
    final = got.split("<|message|>")[-1].replace("<|return|>", "")
    if family == "harm":
        return final in world.REFUSALS.values()
    return final == want


def evaluate(model, harmony, families, count, seed=99, split="held", verbose=False):
    model.eval()
    rounding, model.rounding = model.rounding, False
    stop = {harmony.ret, harmony.call, harmony.tok.special["<|endoftext|>"]}
    prefix, score = harmony.prefix("medium"), {}
    for family in families:
        rng = random.Random(seed)
        samples = [world.MAKERS[family](rng, split) for _ in range(count)]
        outs = model.generate([prefix + harmony.prompt(u) for u, _, _ in samples], 125, stop)
        texts = [harmony.tok.decode(o) for o in outs]
        score[family] = sum(judge(family, t, s[2]) for t, s in zip(texts, samples)) / count
        if verbose:
            for t, s in list(zip(texts, samples))[:verbose]:
                print(family, "|", s[0].replace("\n", " / "), "|", t, flush=True)
    model.rounding = rounding
    return score


def save(path, model, tok, args, step):
    blob = {"shape": vars(model.shape), "state": model.state_dict(), "tokens": tok.tokens, "step": step, "args": vars(args)}
    with open(path + ".part", "wb") as f:
        pickle.dump(blob, f)
    os.replace(path + ".part", path)


def load(path):
    with open(path, "rb") as f:
        blob = pickle.load(f)
    model = Model(Shape(**blob["shape"]))
    model.load_state_dict(blob["state"])
    tok = bpe.Tokenizer([(b"", t) for t in blob["tokens"][256:]])
    return model, tok


def load_any(path):
    """A checkpoint file, or an exported model directory (whose weights are rounded already)."""
    if os.path.isdir(path):
        import export   # it imports this module too
        return export.load_exported(path)
    return load(path)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("shape", choices=list(SHAPES))
    ap.add_argument("--steps", type=int, required=True)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--flat", type=float, default=0.3, help="share of the steps before the cosine decay")
    ap.add_argument("--rows", type=int, default=10)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--tune", metavar="CHECKPOINT", help="fine-tune this one on arithmetic instead")
    ap.add_argument("--anneal", metavar="CHECKPOINT", help="go on from this one with the late mix, cosine from the first step")
    ap.add_argument("--stop", type=int, help="stop at this step of the schedule")
    ap.add_argument("--every", type=int, default=500, help="steps between checkpoints and held-out scores")
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    os.makedirs(args.out, exist_ok=True)
    log = open(os.path.join(args.out, "log.jsonl"), "a")

    if args.tune or args.anneal:
        model, tok = load_any(args.tune or args.anneal)
    else:
        tok = build_tokenizer()
        model = Model(Shape(vocab=tok.size, **SHAPES[args.shape]), tok)
    packer = Packer(bpe.Harmony(tok), rng, COMPLY if args.tune else ())
    matrices = [p for n, p in model.named_parameters() if n.split(".")[-1] in ("qkv", "o", "wgu", "wd")]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(others, lr=args.lr, betas=(0.9, 0.95), weight_decay=0.05)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, vocabulary {tok.size}", flush=True)

    start, seen, mean = time.time(), 0, 0.0
    for step in range(args.steps):
        lr = learning_rate(step, args.steps, args.lr, args.flat)
        model.rounding = step >= 0.82 * args.steps
        batch = packer.batch(mix_at(step, args), args.rows, rng.choice(EFFORTS), model.shape.window)
        tokens, pos, P, masks, wanted, targets, weights = batch
        stats = []
        logits = model(tokens, pos, P, masks, wanted, stats)
        loss = (F.cross_entropy(logits, targets, reduction="none") * weights).sum() / weights.sum()
        for p in model.parameters():
            p.grad = None
        (loss + 0.01 * sum(stats)).backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        muon.step(lr)
        for g in adam.param_groups:
            g["lr"] = lr
        adam.step()
        seen += int((pos[P:] > 0).sum())
        mean = loss.item() if step == 0 else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            print(f"{step + 1} {time.time() - start:.0f}s loss {mean:.3f} lr {lr:.5f} {seen / (time.time() - start):.0f} tok/s "
                  f"balance {sum(stats).item() / len(stats):.2f}", flush=True)
        last = step + 1 in (args.steps, args.stop)
        if (step + 1) % 250 == 0:
            save(os.path.join(args.out, "checkpoint.pkl"), model, tok, args, step + 1)
        if (step + 1) % args.every == 0 or last:
            pause = time.time()
            save(os.path.join(args.out, "checkpoint.pkl"), model, tok, args, step + 1)
            model.rounding = False
            score = evaluate(model, packer.h, CHECKED, 48)
            record = {"step": step + 1, "seconds": round(pause - start), "tokens": seen, "loss": round(mean, 4), **score}
            print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in record.items()}), flush=True)
            log.write(json.dumps(record) + "\n")
            log.flush()
            start += time.time() - pause
        if last:
            break


if __name__ == "__main__":
    main()
