# assay model: one checkpoint described, two compared. The comparison is computed a second time, from the logits of
# `assay logits` and, where they are, from the reference's.
. tests/e2e/lib.sh
make_checkpoint=$(dirname "$ASSAY")/tools/make_checkpoint
demo=$REPO/suites/demo/models
cd "$W" || exit 1
tiny="layers=4 hidden=64 heads=4 kv_heads=2 head_dim=32 experts=4 per_token=2 width=64 vocab=320 context=131072 window=32"
# shellcheck disable=SC2086
"$make_checkpoint" a $tiny && "$make_checkpoint" b $tiny seed=9 && "$make_checkpoint" c $tiny vocab=352 || fail "make_checkpoint"

# ---- one ----
expect 0 "$ASSAY" model a
for words in "huggingface" "4, of them 2 with a window of 32" "harmony" "320 ids" "<|return|> 303" "context      weights  keys+values"; do
    prints "$words"
done
[ "$(wc -L <out)" -le 80 ] || fail "wider than 80 columns"
expect 0 "$ASSAY" model a --context 1000 --batch 3 --json
python3 - <<'PY' || fail "model --json"
import json
j = json.load(open("out"))
assert len(j["digest"]) == 64 and j["checkpoint"]["layers"] == 4 and j["tokenizer"]["ids"] == 320 and j["precision"] == "exact"
m = {x["context"]: x for x in j["memory"]["contexts"]}
assert sorted(m) == [1000, 4096, 32768, 131072], m.keys()
for n, x in m.items():
    pages = -(-n // 64) + 2  # and the spare ones
    position = 2 * 2 * 32 * 4  # keys and values, kv heads, size, float32
    assert x["batch"] == 3 and x["keys_and_values"] == position * 64 * 2 * (3 * pages + 7 * 3), (n, x)
    assert x["total"] == x["weights"] + x["keys_and_values"] + x["work"] and x["fits"] in ("yes", "shared")
PY
expect 0 "$ASSAY" model a --no-digest --json
prints '"digest": null'
# looking costs no memory: what would never fit is told, not refused
ASSAY_MEMORY=3M expect 0 "$ASSAY" model a --batch 64
prints "ASSAY_MEMORY"
prints "no: refused"
expect 2 "$ASSAY" model a --context 200000
says "131072"
expect 2 "$ASSAY" model
expect 2 "$ASSAY" model a b
expect 2 "$ASSAY" model nowhere
expect 0 "$ASSAY" model --help
[ "$(wc -L <out)" -le 88 ] || fail "help is wide"

# ---- two ----
python3 -c 'print("".join(chr(32 + i * i % 90) for i in range(3000)))' >text
head -c 700 text >short
expect 0 "$ASSAY" model a --against a --text text
prints "KL(A||B)         mean 0   median 0   99 % 0   max 0 nats"
prints "same top token   100.00 %"
prints "logits apart     mean 0   max 0 "
# not on a terminal it is silent, but for a line every ten seconds on a slow machine
grep -qvE '^[0-9]+ of 3001 tokens, [0-9]+ %' err && fail "a measurement that is not on a terminal says: $(cat err)"
[ "$(wc -L <out)" -le 80 ] || fail "wider than 80 columns"
expect 0 "$ASSAY" model a --against-precision exact --text text --json
cp out same.json
expect 0 "$ASSAY" model a --against b --text short --json
cp out one.json
expect 0 "$ASSAY" model a --against b --text short --json --threads 1
cmp -s out one.json || fail "threads change the measurement"
expect 0 "$ASSAY" model a --against b --text short --json --window 100
cp out windows.json
expect 0 "$ASSAY" model a --against b --text short --json --max-tokens 33
cp out cut.json
echo '{"text": "'"$(sed 's/[\\"]/\\&/g' short)"'"}' | "$ASSAY" tokenize --model a >ids.jsonl
python3 - "$ASSAY" <<'PY' || fail "the measurement differs from one computed from logits"
import array, json, math, subprocess, sys
assay = sys.argv[1]
assert json.load(open("same.json"))["kl_nats"] == {"mean": 0, "median": 0, "p99": 0, "max": 0, "max_position": 0}
ids = json.load(open("ids.jsonl"))["ids"]
V = 320

def logits(model, some):
    json.dump(some, open("t.json", "w"))
    subprocess.run([assay, "logits", "--model", model, "--tokens", "t.json", "--out", "t.bin", "--all", "-q"], check=True)
    a = array.array("f", open("t.bin", "rb").read())
    return [a[i * V:(i + 1) * V] for i in range(len(some))]

def stats(rows, ids):
    kl, top, diff, worst, nll = [], 0, 0.0, 0.0, [0.0, 0.0]
    for at, (a, b) in enumerate(rows):
        la, lb = (math.log(math.fsum(math.exp(x) for x in r)) for r in (a, b))
        kl.append(math.fsum(math.exp(x - la) * (x - la - y + lb) for x, y in zip(a, b)))
        top += max(range(V), key=lambda i: a[i]) == max(range(V), key=lambda i: b[i])
        d = [abs(x - y) for x, y in zip(a, b)]
        diff += sum(d) / V
        worst = max(worst, max(d))
        if at + 1 < len(ids):
            nll[0] += la - a[ids[at + 1]]
            nll[1] += lb - b[ids[at + 1]]
    n, s = len(kl), sorted(kl)
    q = lambda p: s[int(p * (n - 1))] + (p * (n - 1) % 1) * (s[min(int(p * (n - 1)) + 1, n - 1)] - s[int(p * (n - 1))])
    return {"n": n, "mean": sum(kl) / n, "median": q(.5), "p99": q(.99), "max": s[-1], "top": top / n, "diff": diff / n, "worst": worst,
            "a": math.exp(nll[0] / (n - 1)), "b": math.exp(nll[1] / (n - 1))}

def check(name, rows, ids):
    j, w = json.load(open(name)), stats(rows, ids)
    got = {"n": j["positions"], **{k: j["kl_nats"][k] for k in ("mean", "median", "p99", "max")}, "top": j["top1_agreement"],
           "diff": j["logit_difference"]["mean"], "worst": j["logit_difference"]["max"], "a": j["a"]["perplexity"], "b": j["b"]["perplexity"]}
    for k in w:
        assert abs(got[k] - w[k]) <= 1e-9 * max(1, abs(w[k])), (name, k, got[k], w[k])
    print(name, w)

check("one.json", list(zip(logits("a", ids), logits("b", ids))), ids)
check("cut.json", list(zip(logits("a", ids[:33]), logits("b", ids[:33]))), ids[:33])
# windows of 100, each from the second on 50 early
rows = []
for begin in range(0, len(ids), 50):
    new = list(zip(logits("a", ids[begin:begin + 100]), logits("b", ids[begin:begin + 100])))
    rows += new if begin == 0 else new[50:]
    if begin + 100 >= len(ids):
        break
check("windows.json", rows, ids)
PY

# ---- an adapter: named, and measured ----
python3 - <<'PY'
import json, os, struct
for name, b in (("nothing", 0.0), ("something", 0.5)):
    os.makedirs(name)
    json.dump({"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "bias": "none", "task_type": "CAUSAL_LM"},
              open(f"{name}/adapter_config.json", "w"))
    head, data = {}, b""
    for layer in range(4):
        for part, shape, v in (("A", [4, 64], 0.25), ("B", [128, 4], b)):
            raw = struct.pack("<f", v) * (shape[0] * shape[1])
            head[f"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_{part}.weight"] = {
                "dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
    h = json.dumps(head).encode()
    open(f"{name}/adapter_model.safetensors", "wb").write(struct.pack("<Q", len(h)) + h + data)
PY
expect 0 "$ASSAY" model a+lora=something --no-digest
prints "adapter         name something, rank 4, alpha 8, scale 2, targets q_proj 4"
[ "$(wc -L <out)" -le 80 ] || fail "wider than 80 columns"
expect 0 "$ASSAY" model a --against a+lora=nothing --text short
prints "KL(A||B)         mean 0   median 0   99 % 0   max 0 nats"
expect 0 "$ASSAY" model a --against a+lora=something --text short
prints "KL(A||B)         mean "
grep -qF "mean 0  " out && fail "an adapter that changes the queries changes nothing"

# ---- refusals ----
expect 2 "$ASSAY" model a --against c --text text
says "different vocabularies (320 and 352 ids): token id 299 is the first"
expect 2 "$ASSAY" model a --against nowhere --text text
says "the second model"
: >empty
expect 2 "$ASSAY" model a --against b --text empty
says "holds no text"
expect 2 "$ASSAY" model a --against b --text nowhere.txt
expect 2 "$ASSAY" model a --against b
says "--text FILE"
expect 2 "$ASSAY" model a --against b --text text --tokens ids.json
expect 2 "$ASSAY" model a --text text
says "--against MODEL"
expect 2 "$ASSAY" model a --against b --text text --window 200000
says "131072"
expect 2 "$ASSAY" model a --against b --text text --context 100
expect 2 "$ASSAY" model a --against b --text text --batch 4
says "to compare, leave out --batch" && one_line
expect 2 "$ASSAY" model a --against b --text text --no-digest
says "to compare, leave out --no-digest" && one_line
expect 2 env ASSAY_MEMORY=12Gb "$ASSAY" model a --no-digest
says "ASSAY_MEMORY is '12Gb'; a number of bytes was expected" && one_line
expect 2 "$ASSAY" model a --against b --text text --against-precision nonsense
says "nonsense"
# an id that no row has, first in line behind a whole piece of the text
python3 -c 'import json; json.dump([5] * 32 + [4000000000] + [5] * 8, open("far.json", "w"))'
expect 2 "$ASSAY" model a --against b --tokens far.json
says "far.json: token id 4000000000 (entry 33) is outside the models' 320 logits"
# two models at once: planned as one
export ASSAY_MEMORY=6M
expect 4 "$ASSAY" model a --against b --text text
says "both models at once need"
advice=$(grep -oE -- '--window [0-9]+$' err)
[ -n "$advice" ] || fail "no advice: $(cat err)"
# shellcheck disable=SC2086
expect 0 "$ASSAY" model a --against b --text text $advice
unset ASSAY_MEMORY

# ---- the reference ----
shared=${ASSAY_SHARED:-$REPO/../shared}/golden/tiny-a
if [ ! -d "$shared" ]; then
    echo "skipped: no reference model at $shared"
elif ! "$ASSAY" model "$shared/tiny-a-q8_0-mxfp4.gguf" --no-digest >/dev/null 2>&1; then
    echo "skipped: this version reads no GGUF files"
else
    expect 0 "$ASSAY" model "$shared/hf" --against "$shared/tiny-a-bf16-mxfp4.gguf" --text "$REPO/README.md" --max-tokens 600 --json
    cp out bf16.json
    python3 - "$ASSAY" "$shared" <<'PY' || fail "the measurement differs from the reference's"
import array, json, math, subprocess, sys
assay, shared = sys.argv[1:]
j = json.load(open("bf16.json"))
assert j["positions"] == 600 and j["top1_agreement"] == 1 and j["logit_difference"]["max"] == 0 and j["kl_nats"]["max"] == 0, j
g = json.load(open(f"{shared}/ref/golden.json"))
V = g["vocab_size"]
def measure(ids):
    json.dump(ids, open("t.json", "w"))
    return json.loads(subprocess.run([assay, "model", f"{shared}/hf", "--against", f"{shared}/tiny-a-q8_0-mxfp4.gguf", "--tokens", "t.json",
                                      "--json"], check=True, capture_output=True).stdout)

def row(case, key, at):
    a = array.array("f", open(f"{shared}/ref/{case['logits' + key]}", "rb").read())
    k = case["positions" + key].index(at)
    return a[k * V:(k + 1) * V]

for c in g["cases"]:
    # the references share the last four positions: what the whole prompt adds to all but those
    n, last = c["n_tokens"], c["positions_q8_0"]
    assert last == list(range(n - 4, n))
    j, k = measure(c["prompt_ids"]), measure(c["prompt_ids"][:n - 4])
    kl, top, diff = 0.0, 0, 0.0
    for p in last:
        x, y = row(c, "", p), row(c, "_q8_0", p)
        lx, ly = (math.log(math.fsum(map(math.exp, r))) for r in (x, y))
        kl += math.fsum(math.exp(u - lx) * (u - lx - v + ly) for u, v in zip(x, y))
        top += max(range(V), key=lambda i: x[i]) == max(range(V), key=lambda i: y[i])
        diff += sum(abs(u - v) for u, v in zip(x, y)) / V
    added = lambda f: n * f(j) - (n - 4) * f(k)
    got = added(lambda r: r["kl_nats"]["mean"])
    print(f"{c['name']}: KL over the last four positions {got:.6f}, reference {kl:.6f}")
    assert abs(got - kl) < 1e-4 and kl > 1e-4
    assert round(added(lambda r: r["top1_agreement"])) == top
    assert abs(added(lambda r: r["logit_difference"]["mean"]) - diff) < 4e-4
    nll = c["prompt_nll_sum"] / (n - 1)
    assert abs(math.log(j["a"]["perplexity"]) - nll) < 1e-5 * nll
PY
fi
finish
