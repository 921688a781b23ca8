# Exit statuses and one clear sentence for what users and disks do wrong; nothing is left behind.
. tests/e2e/lib.sh
world 20
cd "$W" || exit 1

# ---- the command line: 2 ----
expect 2 "$ASSAY"
for words in "runn plan.yaml" "run" "run plan.yaml --limt 3" "run plan.yaml --limit x" "run plan.yaml --repeats 0" \
    "run plan.yaml --effort huge" "run nowhere.yaml" "run plan.yaml --set lmit=3" "run plan.yaml --set nonsense" \
    "run --resume nowhere" "run plan.yaml --out x --resume y" "run plan.yaml --model small=$W/no-model" \
    "run plan.yaml --scorer nosuch" "run plan.yaml --scorer ./nosuch.so" "report" "rescore" "score" "score nosuch" \
    "run plan.yaml --seed -1" "run plan.yaml --json=1"; do
    # shellcheck disable=SC2086
    expect 2 "$ASSAY" $words
    one_line
    [ -e runs ] && fail "'$words' left a folder"
done
expect 2 "$ASSAY" rnu plan.yaml
says "did you mean 'run'"
expect 2 "$ASSAY" run plan.yaml --limt 3
says "did you mean '--limit'"
expect 2 "$ASSAY" run plan.yaml --model "$W/no-model"
says "$W/no-model"
says "e.g."
expect 0 "$ASSAY" --version
expect 0 "$ASSAY" --help
for c in run report rescore score; do
    expect 0 "$ASSAY" $c --help
    prints "usage: assay $c"
done

# ---- input files: 2, with the place ----
yaml() { # text, what the message must name
    printf '%b' "$1" >bad.yaml
    expect 2 "$ASSAY" run bad.yaml
    says "bad.yaml"
    [ $# -lt 2 ] || says "$2"
    [ -e runs ] && fail "a bad plan left a folder: $1"
}
yaml 'plan: x\nmodels: [\n' 'line'
yaml 'plan: x\nsuites: [test/a]\nmodles: []\n' 'modles'
yaml 'plan: &a [*a]\n'
yaml 'a: &x [1,1,1,1,1,1,1,1]\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x]\nc: &z [*y,*y,*y,*y,*y,*y,*y,*y]\nd: &w [*z,*z,*z,*z,*z,*z,*z,*z]\ne: &v [*w,*w,*w,*w,*w,*w,*w,*w]\nf: [*v,*v,*v,*v,*v,*v,*v,*v]\n'
yaml "$(printf '[%.0s' $(seq 2000))"
yaml '\0\0\0'
yaml '\377\376plan: x\n'
yaml '!!python/object/apply:os.system ["true"]\n'
yaml ''
sed 's/number/nubmer/' test/a/suite.yaml >t && cp test/a/suite.yaml keep && cp t test/a/suite.yaml
expect 2 "$ASSAY" run plan.yaml
says "suite.yaml line"
says "did you mean 'number'"
sed "s/question }}/questoin }}/" keep >test/a/suite.yaml
expect 2 "$ASSAY" run plan.yaml
says "questoin"
cp keep test/a/suite.yaml
cp test/a/samples.jsonl keep
echo '{"id": "a0", "question": "twice", "answer": "1"}' >>test/a/samples.jsonl
expect 2 "$ASSAY" run plan.yaml
says "samples.jsonl"
cp keep test/a/samples.jsonl
head -c 100 keep >test/a/samples.jsonl
expect 2 "$ASSAY" run plan.yaml
cp keep test/a/samples.jsonl
echo 'broken' >>small/completions.jsonl
expect 2 "$ASSAY" run plan.yaml
says "line 41"
sed -i '$d' small/completions.jsonl
[ -e runs ] && fail "an error left a folder"

# ---- a run.db that is none ----
mkdir broken && echo "this is no database, whatever its name says" >broken/run.db
expect 2 "$ASSAY" run --resume broken
expect 2 "$ASSAY" report broken
expect 0 "$ASSAY" run plan.yaml --out good -q
for n in 0 1 100 1000 4096 5000; do
    mkdir -p cut && head -c $n good/run.db >cut/run.db
    "$ASSAY" report cut >out 2>err
    rc=$?
    [ $rc -le 4 ] || fail "report of a run.db of $n bytes: exit $rc"
    rm -rf cut
done

# ---- no sandbox: refused before the first sample, 4 ----
nobwrap=(bwrap --dev-bind / / --ro-bind /dev/null /usr/bin/bwrap)
if "${nobwrap[@]}" true 2>/dev/null; then
    expect 4 "${nobwrap[@]}" "$ASSAY" run "$REPO/suites/demo/program" --model "m=replay:$W/small" --out unlocked
    says "install the package bubblewrap"
    one_line
    [ -e unlocked ] && fail "a run without a sandbox left a folder"
    expect 0 "${nobwrap[@]}" "$ASSAY" run plan.yaml --out needless -q # nothing here runs programs
fi

# ---- disks: 4 ----
expect 4 "$ASSAY" run plan.yaml --out /proc/nowhere/run
if [ "$(id -u)" != 0 ]; then # root writes where it likes
    mkdir fixed && chmod 555 fixed
    expect 4 "$ASSAY" run plan.yaml --out fixed/run
    chmod 755 fixed
fi
"$ASSAY" run --help >/dev/full 2>err
[ $? = 4 ] || fail "a full disk behind standard output is not seen"
mkdir full
if mount -t tmpfs -o size=200k none full 2>/dev/null; then
    expect 4 "$ASSAY" run plan.yaml --limit 20 --out full/run
    says "assay run --resume full/run"
    mount -o remount,size=32m full
    expect 0 "$ASSAY" run --resume full/run -q
    expect 0 "$ASSAY" run plan.yaml --limit 20 --out roomy -q
    same_report roomy full/run
    umount full
fi
finish
