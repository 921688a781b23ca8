# Memory is planned before it is reserved: what does not fit is refused with exit status 4 and an advice that works, also
# when the bound is a control group's (as root, where one can be made); nothing is ever killed.
. tests/e2e/lib.sh
cd "$W" || exit 1
# 96 MB of keys and values for 131072 positions, at float32
"$(dirname "$ASSAY")/tools/make_checkpoint" m layers=4 hidden=64 heads=4 kv_heads=1 head_dim=32 experts=4 per_token=2 width=64 vocab=320 \
    context=131072 || fail "make_checkpoint"
echo '[1, 2, 3]' >ids.json
export ASSAY_MEMORY=60M
for c in "logits --tokens ids.json --out o.bin" "generate --tokens ids.json --max-tokens 2" bench; do
    # shellcheck disable=SC2086
    expect 4 "$ASSAY" $c --model m --context 131072 --threads 1
    says "a context of 131072"
    says "60.0 MB free (ASSAY_MEMORY): use --context "
    one_line
done
advice=$(grep -oE -- '--context [0-9]+( --batch [0-9]+)?$' err)
# shellcheck disable=SC2086
expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 2 --threads 1 $advice
[ ! -s err ] || fail "an explicit context that fits needs no words: $(cat err)"
# nothing asked: what fits is chosen and said
expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 2 --threads 1
says "chosen (the model allows 131072)"
expect 0 "$ASSAY" generate --model m --tokens ids.json --max-tokens 2 --threads 1 -q
[ ! -s err ] || fail "-q is not quiet: $(cat err)"
export ASSAY_MEMORY=1M
expect 4 "$ASSAY" generate --model m --tokens ids.json --threads 1
says "no context fits"
unset ASSAY_MEMORY

# ---- a real control group ----
limit=64000000
if group=/sys/fs/cgroup/memory/assay-test-$$ && mkdir "$group" 2>/dev/null && echo $limit >"$group/memory.limit_in_bytes" 2>/dev/null; then
    procs=$group/cgroup.procs
elif group=/sys/fs/cgroup/assay-test-$$ && mkdir "$group" 2>/dev/null && echo $limit >"$group/memory.max" 2>/dev/null; then
    procs=$group/cgroup.procs
else
    procs=
fi
if [ -n "$procs" ] && (echo $BASHPID >"$procs") 2>/dev/null; then
    inside() { sh -c 'echo $$ >"$0"; exec "$@"' "$procs" "$@"; }
    python3 -c 'import json; json.dump([i * 37 % 300 for i in range(6000)], open("long.json", "w"))'
    expect 4 inside "$ASSAY" generate --model m --tokens ids.json --context 131072 --threads 1
    says "free (the control group /"
    one_line
    advice=$(grep -oE -- '--context [0-9]+( --batch [0-9]+)?$' err)
    # really used, and not killed; ThreadSanitizer's own books take several times what a program uses
    # shellcheck disable=SC2086
    grep -aq __tsan_init "$ASSAY" || expect 0 inside "$ASSAY" generate --model m --tokens long.json --max-tokens 2 --threads 1 $advice
    expect 0 inside "$ASSAY" generate --model m --tokens ids.json --max-tokens 2 --threads 1
    says "the control group"
else
    echo "skipped: no control group can be made here"
fi
rmdir "$group" 2>/dev/null
finish
