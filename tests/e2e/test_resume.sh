# kill -9 twenty times at random, resumed each time: the final report equals that of an unbroken run, apart from times.
. tests/e2e/lib.sh
world 150
cd "$W" || exit 1
expect 0 "$ASSAY" run plan.yaml --out whole -q
kills=0 tries=0
RANDOM=4711
while [ $kills -lt 20 ] && [ $tries -lt 200 ]; do
    tries=$((tries + 1))
    if [ -e cut/run.db ]; then what="--resume cut"; else what="--out cut"; fi
    # shellcheck disable=SC2086
    "$ASSAY" run plan.yaml $what -q >out 2>err &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % 60)))"
    if kill -9 $pid 2>/dev/null; then
        wait $pid 2>/dev/null
        [ $? = 137 ] && kills=$((kills + 1))
    else
        wait $pid || fail "a run ended by itself with an error: $(cat err)"
    fi
    # when it is through too soon, begin anew, so that each kill hits something
    if [ -e cut/report.html ] && [ $kills -lt 20 ]; then
        same_report whole cut
        rm -rf cut
    fi
done
[ $kills -ge 20 ] || fail "only $kills kills in $tries tries"
if [ -e cut/run.db ]; then expect 0 "$ASSAY" run plan.yaml --resume cut -q; else expect 0 "$ASSAY" run plan.yaml --out cut -q; fi
same_report whole cut
cmp -s <(rows_of whole) <(rows_of cut) || fail "the records differ"
[ "$(rows_of cut | cut -d' ' -f1-5 | sort -u | wc -l)" = 600 ] || fail "records were lost or counted twice"

# records whose scores are missing are scored from the store
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("cut/run.db")
db.execute("delete from texts where scorer != '' and record % 3 = 0")
db.execute("delete from scores where record % 3 = 0")
db.commit()
PY
expect 0 "$ASSAY" run --resume cut
same_report whole cut

# what may not change between the two halves
expect 2 "$ASSAY" run --resume cut --seed 8
says "plan.seed was 7 in the stored run and is 8 now"
one_line
expect 2 "$ASSAY" run --resume cut --limit 3
expect 2 "$ASSAY" run --resume cut --set generation.temperature=1
says "temperature"
expect 0 "$ASSAY" run --resume cut --threads 1 --batch 3 -q
cp test/a/samples.jsonl keep
sed -i 's/What is 3 /What was 3 /' test/a/samples.jsonl
expect 2 "$ASSAY" run --resume cut
says "sample a3 has changed"
cp keep test/a/samples.jsonl
python3 -c 'import sqlite3; db = sqlite3.connect("cut/run.db"); db.execute("delete from texts where record=1"); db.execute("delete from scores where record=1"); db.execute("delete from records where id=1"); db.commit()'
cp small/completions.jsonl keep
echo '{"user":"x","completion":{"status":"ok"}}' >>small/completions.jsonl
expect 2 "$ASSAY" run --resume cut
says "model small.digest was"
cp keep small/completions.jsonl
expect 0 "$ASSAY" run --resume cut -q
same_report whole cut
# from another folder, without naming the plan
(cd / && "$ASSAY" run --resume "$W/cut" -q >/dev/null) || fail "resume from elsewhere"
# two at once
( "$ASSAY" run plan.yaml --out both -q >/dev/null 2>&1 & "$ASSAY" run plan.yaml --out both -q >/dev/null 2>&1 & wait )
expect 0 "$ASSAY" run plan.yaml --resume both -q
same_report whole both
finish
