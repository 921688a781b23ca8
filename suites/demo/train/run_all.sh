#!/bin/sh
# Repeats the demo models and suites from nothing: run_all.sh [WORK FOLDER]
# Needs Debian's python3-torch, python3-numpy and libopenblas0-pthread; about an hour on two cores.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
demo=$(dirname "$here")
work=${1:-build/demo-models}
mkdir -p "$work"
py="nice -n 2 /usr/bin/python3"

/usr/bin/python3 "$here/make_suites.py" "$demo"
/usr/bin/python3 "$here/check_split.py" "$demo"

# Each run is one process with one thread, so two fit side by side.
$py "$here/train.py" small --steps 2200 --rows 8 --lr 3e-3 --out "$work/small" >"$work/small.txt" 2>&1 &
small=$!
# The large model in the stages in which it was really made: a stem at the full learning rate, exported (and so rounded), then
# the late mix, twice down to nothing.
$py "$here/train.py" large --steps 10000 --stop 1500 --rows 8 --out "$work/stem" >"$work/stem.txt" 2>&1
/usr/bin/python3 "$here/export.py" "$work/stem/checkpoint.pkl" "$work/stem-exported"
$py "$here/train.py" large --anneal "$work/stem-exported" --steps 3300 --flat 0.2 --stop 250 --rows 8 --seed 2 \
    --out "$work/stem2" >"$work/stem2.txt" 2>&1
$py "$here/train.py" large --anneal "$work/stem2/checkpoint.pkl" --steps 1500 --flat 0.1 --rows 8 --seed 3 --every 750 \
    --out "$work/stem3" >"$work/stem3.txt" 2>&1
$py "$here/train.py" large --anneal "$work/stem3/checkpoint.pkl" --steps 1600 --flat 0.1 --lr 1.5e-3 --rows 8 --seed 4 --every 800 \
    --out "$work/large" >"$work/large.txt" 2>&1
wait "$small"
$py "$here/train.py" large --tune "$work/large/checkpoint.pkl" --steps 600 --flat 0.1 --rows 8 --lr 5e-4 --seed 3 --every 300 \
    --out "$work/large-tuned" >"$work/large-tuned.txt" 2>&1

for name in small large large-tuned; do
    /usr/bin/python3 "$here/export.py" "$work/$name/checkpoint.pkl" "$demo/models/demo-$name"
done
(cd "$demo/models" && sha256sum demo-*/* >DIGESTS)
$py "$here/score.py" "$demo" "$demo/models/demo-small" "$demo/models/demo-large" "$demo/models/demo-large-tuned"
