# Ctrl-C: exit 3, nothing lost, the exact line that goes on; a second one ends at once. SIGPIPE is no death.
. tests/e2e/lib.sh
world 400
cd "$W" || exit 1
expect 0 "$ASSAY" run plan.yaml --out whole -q
for sig in INT TERM; do
    rm -rf "cut dir"
    for _ in $(seq 50); do
        # python: a background job of a shell ignores SIGINT
        python3 - "$sig" "$ASSAY" <<'PY'
import os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[2], "run", "plan.yaml", "--out", "cut dir"], stdout=open("out", "w"), stderr=open("err", "w"))
while not os.path.exists("cut dir/run.db") and p.poll() is None: time.sleep(0.001)
time.sleep(0.03)
if p.poll() is None: p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
sys.exit(p.wait())
PY
        rc=$?
        [ $rc != 0 ] && break
        rm -rf "cut dir" # it was faster than the signal
    done
    [ $rc = 3 ] || fail "SIG$sig: exit $rc: $(cat err)"
    says "interrupted: "
    line=$(grep -o "assay run --resume .*" err | head -1)
    [ "$line" = "assay run --resume 'cut dir'" ] || fail "the line to go on is '$line'"
    [ -f "cut dir/report.json" ] || fail "no partial report"
    eval "\"$ASSAY\" ${line#assay } -q" >/dev/null || fail "the printed line does not go on"
    same_report whole "cut dir"
done
# a second signal ends at once, though a program of ten seconds is being judged
mkdir -p slow/rec
echo '{"completion":{"status":"ok","final":"```python\nwhile True: pass\n```","has_final":true}}' >slow/rec/completions.jsonl
python3 - "$ASSAY" "$REPO/suites/demo/program" <<'PY' || fail "the second signal"
import os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "run", sys.argv[2], "--model", "m=replay:slow/rec", "--out", "slow/run", "-q"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
time.sleep(1.5)
if p.poll() == 4: sys.exit(0)  # no sandbox here
p.send_signal(signal.SIGINT)
time.sleep(0.3)
begun = time.time()
p.send_signal(signal.SIGINT)
rc = p.wait()
assert rc == 3 and time.time() - begun < 1, (rc, time.time() - begun)
PY
# a reader that leaves
"$ASSAY" run plan.yaml --out pipe 2>/dev/null | true
[ -f pipe/report.html ] || fail "a closed standard output stopped the run"
"$ASSAY" run plan.yaml --out pipe2 2>&1 >/dev/null | true
[ -f pipe2/report.html ] || fail "a closed standard error stopped the run"
finish
