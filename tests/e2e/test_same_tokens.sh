# The same plan with 1 and 2 threads and with batch 1 and 16: identical tokens, from a real checkpoint.
. tests/e2e/lib.sh
model=$(real_model)
[ -n "$model" ] || { echo "skipped: there is no checkpoint here"; exit 77; }
world 12
cd "$W" || exit 1
for t in 1 2; do
    for b in 1 16; do
        expect 0 "$ASSAY" run plan.yaml --model "m=$model" --set generation.temperature=1 --set generation.max_tokens=24 \
            --threads $t --batch $b --out "t$t-b$b" -q
        cmp -s <(rows_of t1-b1) <(rows_of "t$t-b$b") || fail "threads $t batch $b gives other tokens"
    done
done
[ "$(rows_of t1-b1 | grep -c ' ids ')" = 24 ] || fail "not 24 records with ids"
# the seed decides
expect 0 "$ASSAY" run plan.yaml --model "m=$model" --set generation.temperature=1 --set generation.max_tokens=24 --seed 8 --out other -q
cmp -s <(rows_of t1-b1) <(rows_of other) && fail "another seed gives the same tokens"
finish
