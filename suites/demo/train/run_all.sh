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
$py "$here/train.py" small --steps SMALL_STEPS --rows 8 --lr 3e-3 --out "$work/small" >"$work/small.txt" 2>&1 &
small=$!
$py "$here/train.py" large --steps 10000 --rows 8 --lr 2e-3 --out "$work/large" >"$work/large.txt" 2>&1
wait "$small"
$py "$here/train.py" large --tune "$work/large/checkpoint.pkl" --steps 600 --rows 8 --lr 5e-4 --out "$work/large-tuned" >"$work/large-tuned.txt" 2>&1

for name in small large large-tuned; do
    /usr/bin/python3 "$here/export.py" "$work/$name/checkpoint.pkl" "$demo/models/demo-$name"
done
(cd "$demo/models" && sha256sum demo-*/* >DIGESTS)
$py "$here/score.py" "$demo" "$demo/models/demo-small" "$demo/models/demo-large" "$demo/models/demo-large-tuned"
