#!/bin/bash
# The examples of suites/SCHEMA.md are what they say they are, and every key that the program knows stands there.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
page=suites/SCHEMA.md

# Cuts the fenced blocks out: kind (suite, plan, bad-suite, bad-plan), rest of the fence line, text.
awk -v dir="$dir" '
/^```yaml /{ n++; file = sprintf("%s/block-%02d", dir, n); kind = $2; rest = $0; sub(/^```yaml [^ ]+ ?/, "", rest); print kind > (file ".kind"); print rest > (file ".want"); printf "" > file; on = 1; next }
/^```/{ on = 0; next }
on { print > file }' "$page"

good=0 bad=0
for block in "$dir"/block-??; do
    kind=$(cat "$block.kind") want=$(cat "$block.want")
    case $kind in
    *suite) id=$(sed -n 's/^suite: //p' "$block"); file=$dir/$id/suite.yaml ;;
    *plan) file=$dir/example/plan-$(basename "$block").yaml ;;
    *) echo "unknown kind of example: $kind"; exit 1 ;;
    esac
    mkdir -p "$(dirname "$file")"
    cp "$block" "$file"
    set +e
    out=$("$ASSAY" validate --no-data "$file" 2>&1)
    rc=$?
    set -e
    case $kind in
    bad-*)
        [ $rc = 2 ] && grep -qF -- "$want" <<<"$out" || { echo "expected exit 2 and '$want', got $rc: $out"; exit 1; }
        bad=$((bad + 1)) ;;
    *)
        [ $rc = 0 ] || { echo "$block of $page: $out"; exit 1; }
        good=$((good + 1)) ;;
    esac
done
[ $good -ge 4 ] && [ $bad -ge 4 ] || { echo "too few examples: $good good, $bad bad"; exit 1; }

# Each known key has its row. An unknown key far from all others makes the program list them.
check_keys() { # where (prefix of the row), yaml text
    printf '%s' "$2" >"$dir/example/capitals/suite.yaml"
    [ "${3:-}" ] && file=$dir/example/q.yaml && printf '%s' "$2" >"$file" || file=$dir/example/capitals/suite.yaml
    keys=$("$ASSAY" validate --no-data "$file" 2>&1 | sed -n 's/.*known keys: //p' | tr -d ',')
    [ -n "$keys" ] || { echo "no list of keys for $1"; "$ASSAY" validate --no-data "$file" || true; exit 1; }
    for k in $keys; do
        grep -qE "^\| .*\`$1$k\`" "$page" || { echo "$page lacks the key '$1$k'"; exit 1; }
    done
}
head=$'suite: example/capitals\nversion: 1\ntitle: T\n'
check_keys "" "${head}zzzzzzzz: 1"$'\n'
check_keys "" "${head}dataset: {zzzzzzzz: 1}"$'\n'
check_keys "" "${head}dataset: {path: x.jsonl, fields: {zzzzzzzz: 1}}"$'\n'
rest=$'dataset: {path: x.jsonl}\nprompt: q\nscorers: [choice]\n'
check_keys "prompt." "${head}dataset: {path: x.jsonl}"$'\nprompt: {zzzzzzzz: 1}\nscorers: [choice]\n'
check_keys "prefill." "${head}${rest}prefill: {zzzzzzzz: 1}"$'\n'
check_keys "fewshot." "${head}${rest}fewshot: {zzzzzzzz: 1}"$'\n'
check_keys "" "${head}${rest}generation: {zzzzzzzz: 1}"$'\n'
check_keys "" "${head}dataset: {path: x.jsonl}"$'\nprompt: q\nscorers: [{zzzzzzzz: 1}]\n'
tools="${head}${rest}"$'tools: {functions: [{name: f, '
check_keys "" "${head}${rest}"$'tools: {zzzzzzzz: 1}\n'
check_keys "" "${head}${rest}"$'tools: {python: stateful, limits: {zzzzzzzz: 1}}\n'
check_keys "" "${tools}"$'zzzzzzzz: 1}]}\n'
check_keys "" "${tools}"$'table: [{zzzzzzzz: 1}]}]}\n'
keys=$(printf '%s' "${tools}"$'parameters: {type: object, zzzzzzzz: 1}, template: x}]}\n' >"$dir/example/capitals/suite.yaml"; "$ASSAY" validate --no-data "$dir/example/capitals/suite.yaml" 2>&1 | sed -n 's/.*known keys: //p' | tr -d ',')
[ -n "$keys" ] || { echo "no list of keys for a schema"; exit 1; }
for k in $keys; do grep -qF "\`$k\`" "$page" || { echo "$page lacks the schema's key '$k'"; exit 1; }; done
check_keys "" $'plan: p\nzzzzzzzz: 1\n' plan
echo "ok: $good examples, $bad refusals"
