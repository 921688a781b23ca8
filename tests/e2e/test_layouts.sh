# One model in several layouts through the command line; what is unusual about it reaches the person and the run.
. tests/e2e/lib.sh
make_checkpoint=$(dirname "$ASSAY")/tools/make_checkpoint
cd "$W" || exit 1
tiny="layers=2 hidden=64 heads=4 kv_heads=2 head_dim=64 experts=4 per_token=2 width=32 vocab=400 context=4096 window=50"
# shellcheck disable=SC2086
for layout in hf openai; do expect 0 "$make_checkpoint" "$layout" layout=$layout $tiny; done
# shellcheck disable=SC2086
expect 0 "$make_checkpoint" m.gguf layout=gguf $tiny
python3 -c 'print([(i * i * 7 + 3) % 400 for i in range(120)])' >ids.json

# ---- the same bits; ids alone without a tokenizer ----
for model in hf openai m.gguf; do expect 0 "$ASSAY" logits -q --model $model --tokens ids.json --out $model.bin --all; done
cmp -s hf.bin openai.bin || fail "OpenAI's layout gives other bits than Hugging Face's"
cmp -s hf.bin m.gguf.bin || fail "GGUF gives other bits than Hugging Face's"
[ "$(stat -c %s hf.bin)" = $((120 * 400 * 4)) ] || fail "hf.bin has a wrong size"
for model in hf openai openai+tokenizer=hf/tokenizer.json m.gguf; do
    expect 0 "$ASSAY" generate --model $model --tokens ids.json --temperature 0 --max-tokens 9 --ids --ignore-eos
    [ $model = hf ] && cp out hf.ids
    cmp -s hf.ids out || fail "$model gives other tokens"
done
expect 0 "$ASSAY" generate --model hf --prompt 'Hello' --temperature 0 --max-tokens 9 --ids
cp out text.ids
for model in m.gguf openai+tokenizer=m.gguf; do
    expect 0 "$ASSAY" generate --model $model --prompt 'Hello' --temperature 0 --max-tokens 9 --ids
    cmp -s text.ids out || fail "$model reads the text otherwise"
done
expect 2 "$ASSAY" generate --model openai --tokens ids.json --ids
says "+tokenizer="
one_line
expect 2 "$ASSAY" generate --model openai --prompt x
says "+tokenizer="
expect 0 "$ASSAY" model openai --no-digest
prints "none here: token ids only, or add +tokenizer=PATH"

# ---- what is unusual: shown by model, said once by run, kept in the manifest ----
expect 0 "$ASSAY" model hf
tr -s ' \n' ' ' <out | grep -q 'the sliding window is 50; the published models have 128' || fail "no warning: $(cat out)" # lines may be wrapped
expect 0 "$ASSAY" model hf --json
python3 -c 'import json,sys; w=json.load(open(sys.argv[1]))["checkpoint"]["warnings"]; assert any("window is 50" in x for x in w), w' "$W/out" ||
    fail "model --json has no warnings"
mkdir -p test/s
printf 'suite: test/s\nversion: 1\ntitle: Test\nlicence: none\ndataset:\n  path: samples.jsonl\n  fields: {target: answer}\nprompt:\n  user: "{{ question }}"\ngeneration: {temperature: 0, max_tokens: 4}\nscorers:\n  - scorer: number\n' >test/s/suite.yaml
printf '{"id":"a","question":"1?","answer":"1"}\n{"id":"b","question":"2?","answer":"2"}\n' >test/s/samples.jsonl
printf 'plan: test\nseed: 7\nmodels:\n  - {name: odd, path: %s/hf}\nsuites: [test/s]\nefforts: [low]\nrepeats: 1\n' "$W" >plan.yaml
expect 0 "$ASSAY" run plan.yaml --out r -q
[ "$(grep -c 'odd: warning: the sliding window is 50' err)" = 1 ] || fail "not said once: $(cat err)"
python3 - <<'PY' || fail "the manifest has no warnings"
import sqlite3
db = sqlite3.connect("r/run.db")
text = "".join(str(c) for (t,) in db.execute("select name from sqlite_master where type='table'") for r in db.execute(f"select * from {t}") for c in r)
assert "the sliding window is 50; the published models have 128" in text
PY
finish
