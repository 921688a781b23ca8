#!/bin/bash
# A full disk below what compare, gate, report and audit write: exit 4, one sentence, the old file or none, never half of the new one.
. tests/e2e/lib.sh
world 6
expect 0 "$ASSAY" run "$W/plan.yaml" --out "$W/run" -q
printf 'gate: g\nchecks:\n  - {id: c, suite: "test/*", kind: non_inferior, margin: 0.1}\n' >"$W/policy.yaml"

# behind standard output: a script that asks line by line must not take silence for an answer
echo '{"x":[1,2],"conf":0.9}' | "$ASSAY" stats mean_stats >/dev/full 2>"$W/err"
[ $? = 4 ] || fail "stats does not see a full disk"
says "cannot write standard output"
cp -r "$W/run" "$W/changed"
echo >>"$W/changed/report.json"
"$ASSAY" verify "$W/changed" >/dev/full 2>"$W/err"
[ $? = 1 ] || fail "the answer no is lost with the disk"
says "cannot write standard output"
"$ASSAY" stats --list | head -1 >/dev/null
[ "${PIPESTATUS[0]}" = 0 ] || fail "a reader that went away is an error"

# files that belong together: if one cannot be written, none is, and the older ones stay
together() { # COMMAND... with --html into a folder that is not there
    echo old >"$W/a"
    expect "$1" "${@:2}"
    one_line
    [ "$(cat "$W/a")" = old ] || fail "one of two files was written: ${*:2}"
    ! ls "$W"/*.tmp.* >/dev/null 2>&1 || fail "left behind: $(ls "$W"/*.tmp.*)"
    rm -f "$W"/*.tmp.*
}
mkdir "$W/folder"
for html in none/c folder; do
    together 4 "$ASSAY" gate "$W/run:small" "$W/run:large" --policy "$W/policy.yaml" --junit "$W/a" --html "$W/$html"
    together 4 "$ASSAY" gate "$W/run:small" "$W/run:large" --policy "$W/policy.yaml" --markdown "$W/a" --html "$W/$html"
    together 4 "$ASSAY" compare "$W/run" --html "$W/$html" --markdown "$W/a"
    together 4 "$ASSAY" compare "$W/run" --report-json "$W/$html" --markdown "$W/a"
done

# a pipe or a device is never replaced by a file
mkfifo "$W/pipe"
expect 2 "$ASSAY" compare "$W/run" --html "$W/pipe"
one_line
says "pipe: it is no regular file"
if M=$(real_model) && [ -n "$M" ]; then
    echo '[1, 2]' >"$W/ids.json"
    expect 2 "$ASSAY" logits --model "$M" --tokens "$W/ids.json" --out "$W/pipe"
    says "pipe: it is no regular file"
fi
[ -p "$W/pipe" ] || fail "the pipe is gone"

# a limit on the size of files is a sentence and exit 4, not a signal, and leaves nothing behind
limited() { # COMMAND...
    touch "$W/out" "$W/err" "$W/before"
    ls -R "$W" >"$W/before"
    expect 4 bash -c 'ulimit -f 40; exec "$@"' - "$@"
    one_line
    says "File too large"
    cmp -s <(ls -R "$W") "$W/before" || fail "left behind: $(diff <(ls -R "$W") "$W/before") by $*"
}
limited "$ASSAY" compare "$W/run" --markdown "$W/m" --html "$W/c"
limited "$ASSAY" report "$W/run" --format html
expect 4 bash -c 'ulimit -f 40; exec "$@"' - "$ASSAY" run "$W/plan.yaml" --out "$W/new" -q
one_line
says "new/run.db: cannot write or read"
expect 0 "$ASSAY" run "$W/plan.yaml" --resume "$W/new" -q
same_report "$W/run" "$W/new"
rm -rf "$W/new"

mkdir "$W/full"
mount -t tmpfs -o size=64k none "$W/full" 2>/dev/null || { # only root can make a disk
    finish
}
trap 'umount "$W/full"; rm -rf "$W"' EXIT
whole() { # what is there is what was written before
    for f in "$W/full/"*; do [ "$(cat "$f")" = old ] || fail "half of ${f##*/} was written"; done
}
full() { # COMMAND... : on a disk with room for two old files alone
    rm -rf "$W/full/"*
    for f in a b; do echo old >"$W/full/$f"; done
    dd if=/dev/zero of="$W/full/fill" bs=4k 2>/dev/null
    mv "$W/full/fill" "$W/full/.fill"
    expect 4 "$@"
    says "No space left"
    one_line
    whole
    rm "$W/full/.fill"
}
full "$ASSAY" gate "$W/run:small" "$W/run:large" --policy "$W/policy.yaml" --junit "$W/full/a" --html "$W/full/c"
full "$ASSAY" gate "$W/run:small" "$W/run:large" --policy "$W/policy.yaml" --markdown "$W/full/b"
full "$ASSAY" compare "$W/run" --html "$W/full/a" --markdown "$W/full/c"
full "$ASSAY" keygen --out "$W/full/k"
full "$ASSAY" compare "$W/run" --report-json "$W/full/b"
finish
