# generate, logits, model and bench: on a checkpoint that the test writes, and on the reference ones if they are here.
. tests/e2e/lib.sh
make_checkpoint=$(dirname "$ASSAY")/tools/make_checkpoint
cd "$W" || exit 1
tiny="layers=3 hidden=64 heads=4 kv_heads=2 head_dim=64 experts=4 per_token=2 width=32 vocab=400 context=4096"
# shellcheck disable=SC2086
expect 0 "$make_checkpoint" m $tiny
ids=$(python3 -c 'print([(i * i * 7 + 3) % 400 for i in range(200)])')
echo "$ids" >ids.json

# ---- logits: the last row is the same alone and among all, whatever the threads and the instruction set ----
expect 0 "$ASSAY" logits --model m --tokens ids.json --out all.bin --all
expect 0 "$ASSAY" logits --model m --tokens ids.json --out one.bin --threads 1
[ "$(stat -c %s all.bin)" = $((200 * 400 * 4)) ] || fail "all.bin has a wrong size"
cmp -s <(tail -c 1600 all.bin) one.bin || fail "the last row differs"
for k in scalar avx2 avx512; do
    ASSAY_CPU=$k "$ASSAY" logits --model m --tokens ids.json --out k.bin --all -q 2>err
    case $? in
    0) cmp -s all.bin k.bin || fail "$k gives other bits" ;;
    4) grep -q "cannot run" err || fail "$k: $(cat err)" ;;
    *) fail "$k: $(cat err)" ;;
    esac
done
cp one.bin keep.bin
for bad in '[1,2,400]' '[]' '{}' '[1,"2"]' '[1.5]' '[-1]' '[1' ''; do
    echo "$bad" >bad.json
    expect 2 "$ASSAY" logits --model m --tokens bad.json --out one.bin
    one_line
done
cmp -s one.bin keep.bin || fail "a failure changed the old file"
expect 2 "$ASSAY" logits --model m --tokens none.json --out one.bin
expect 2 "$ASSAY" logits --model m --tokens ids.json
expect 4 "$ASSAY" logits --model m --tokens ids.json --out /proc/nowhere/x.bin
expect 2 "$ASSAY" logits --model m --tokens ids.json --out one.bin --context 100
says "200"
ls ./*.tmp.* >/dev/null 2>&1 && fail "a temporary file is left"

# ---- generate ----
expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 30 --ignore-eos --ids
cp out greedy
prints '"stop":"length"'
expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 30 --ignore-eos --ids --threads 1 --temperature 0
cmp -s out greedy || fail "threads change the tokens"
for s in 1 1 2; do
    expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 30 --ignore-eos --ids --temperature 1 --top-p 0.95 --seed $s
    cp out "seed$s"
    [ ! -e before$s ] || cmp -s before$s out || fail "seed $s does not repeat"
    cp out "before$s"
done
cmp -s seed1 seed2 && fail "seeds do not matter"
expect 0 "$ASSAY" generate --model m --prompt 'Hello there' -n 5 --json
prints '"n_prompt_tokens":11'
expect 0 "$ASSAY" generate --model m --prompt '<|start|>user' --special -n 1 --json
prints '"n_prompt_tokens":5'
expect 2 "$ASSAY" generate --model m --prompt x --tokens ids.json
expect 2 "$ASSAY" generate --model m --prompt ''
expect 2 "$ASSAY" generate --model m
expect 2 "$ASSAY" generate --prompt x
expect 2 "$ASSAY" generate --model "$W/none" --prompt x
says "Hugging Face"
expect 2 "$ASSAY" generate --model m --prompt x --temperature -1
expect 4 "$ASSAY" generate --model m --prompt x --device cuda
says "CUDA"

# ---- model, bench ----
export ASSAY_MEMORY=1G # what is free is printed too, and changes
expect 0 "$ASSAY" model m --json
python3 - "$W/out" <<'PY' || fail "model --json"
import json, sys
j = json.load(open(sys.argv[1]))
c = j["checkpoint"]
assert len(j["digest"]) == 64 and j["chat_format"] == "harmony", j
assert (c["layers"], c["hidden"], c["experts"], c["vocab"]) == (3, 64, 4, 400), c
assert c["dtypes"]["experts"] == "MXFP4" and c["dtypes"]["attention"] == "BF16", c
assert j["memory"]["weights"] == c["weight_bytes"] > j["memory"]["read_per_token"] > 0, j
PY
cp out first
expect 0 "$ASSAY" model --model m --json
cmp -s out first || fail "model does not repeat"
unset ASSAY_MEMORY
expect 0 "$ASSAY" model m
prints "huggingface"
expect 2 "$ASSAY" model
expect 2 "$ASSAY" model a b
expect 0 "$ASSAY" bench --model m --batch 1,3 --prompt-tokens 64 --decode-tokens 8 --json
python3 -c 'import json,sys; j=json.load(open(sys.argv[1])); assert j["prefill_tokens_per_second"]>0 and [d["batch"] for d in j["decode"]]==[1,3] and j["resident_bytes"]>0' "$W/out" ||
    fail "bench --json"
expect 2 "$ASSAY" bench --model m --batch 0
expect 2 "$ASSAY" bench --model m --batch 1,x
expect 2 "$ASSAY" bench --model m --prompt-tokens 5000
for c in generate logits model bench; do
    expect 0 "$ASSAY" $c --help
    prints "usage: assay $c"
done

# ---- the reference cases ----
shared=${ASSAY_SHARED:-$REPO/../shared}/golden
if [ -d "$shared" ]; then
    python3 - "$ASSAY" "$shared" <<'PY' || fail "reference cases"
import array, json, subprocess, sys
assay, shared = sys.argv[1:]
for m in ("tiny-a", "tiny-b", "tiny-e"):
    g = json.load(open(f"{shared}/{m}/ref/golden.json"))
    v = g["vocab_size"]
    for c in g["cases"]:
        json.dump(c["prompt_ids"], open("g.json", "w"))
        subprocess.run([assay, "logits", "--model", f"{shared}/{m}/hf", "--tokens", "g.json", "--out", "g.bin", "--all", "-q"], check=True)
        a = array.array("f", open("g.bin", "rb").read())
        r = array.array("f", open(f"{shared}/{m}/ref/{c['logits']}", "rb").read())
        d = [abs(a[p * v + i] - r[k * v + i]) for k, p in enumerate(c["positions"]) for i in range(v)]
        out = subprocess.run([assay, "generate", "--model", f"{shared}/{m}/hf", "--tokens", "g.json", "--max-tokens", "32", "--ignore-eos",
                              "--ids"], check=True, capture_output=True).stdout
        ids = json.loads(out)["ids"]
        same = next((i for i in range(32) if ids[i] != c["greedy32"][i]), 32)
        print(f"{m} {c['name']:9} max {max(d):.2e} mean {sum(d) / len(d):.2e} greedy equal for {same}")
        assert max(d) <= 5e-4 and sum(d) / len(d) <= 5e-5
        assert same == 32 or c["greedy32_margins"][same] < 1e-3
PY
else
    echo "skipped: no reference cases at $shared"
fi
finish
