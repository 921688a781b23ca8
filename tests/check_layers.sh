#!/bin/bash
# Who may include whom: the folder graph has no circle, and third-party headers have one home each.
set -u
bad=0
complain() { echo "layer: $1 includes \"$2\": $3"; bad=1; }

includes() { grep -oE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' "$1" | sed 's/.*"\(.*\)"/\1/'; }

allowed() { # file, include -> 0 if allowed
    local f=$1 i=$2
    [ "$(dirname "$f")" = "$(dirname "$i")" ] && return 0
    case $f in
    engine/base/*) return 1 ;;
    engine/token/* | engine/chat/* | engine/model/* | engine/kv/* | engine/sampler/*)
        case $i in
        engine/base/* | engine/engine.h) return 0 ;;
        engine/token/tokenizer.h) [[ $f == engine/chat/* ]] && return 0 ;;
        engine/model/model.h) [[ $f == engine/kv/* ]] && return 0 ;;
        esac
        return 1 ;;
    engine/backend.h) case $i in engine/base/* | engine/engine.h | engine/model/model.h | engine/kv/kv.h) return 0 ;; esac; return 1 ;;
    engine/cpu/* | engine/cuda/*)
        case $i in engine/base/* | engine/engine.h | engine/backend.h | engine/model/*.h | engine/kv/kv.h) return 0 ;; esac; return 1 ;;
    engine/sched/*)
        case $i in engine/*) [[ $i != engine/local.h ]] && return 0 ;; esac; return 1 ;;
    engine/*) case $i in engine/*) return 0 ;; esac; return 1 ;;
    scorers/*) case $i in scorers/*) return 0 ;; esac; return 1 ;;
    reports/*) case $i in engine/base/* | engine/engine.h | scorers/scorer.h | reports/*) return 0 ;; esac; return 1 ;;
    harness/sandbox/*) case $i in engine/base/* | harness/sandbox/*) return 0 ;; esac; return 1 ;;
    harness/*)
        case $i in engine/base/* | engine/engine.h | scorers/scorer.h | scorers/scorers.h | reports/store/store.h | reports/store/store_union.h | reports/gate/gate.h | reports/gate/gate_adaptive.h | reports/audit/*.h | reports/report.h | \
            reports/words/words.h | reports/stats/*.h | reports/calibration.h | reports/seal/*.h | harness/*) return 0 ;; esac
        return 1 ;;
    esac
    return 0
}

while read -r f; do
    for i in $(includes "$f"); do
        allowed "$f" "$i" || complain "$f" "$i" "that room is not below this one"
    done
done < <(git ls-files 'engine/*.[ch]' 'scorers/*.[ch]' 'reports/*.[ch]' 'harness/*.[ch]')

# header <tab> the files that may include it
home() {
    local header=$1 pattern=$2
    while IFS=: read -r f _; do
        [[ $f =~ ^($pattern)$ ]] || complain "$f" "$header" "its home is $pattern"
    done < <(git grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]+<$header>" -- '*.c' '*.h' ':!tests' | sed 's/$/:/')
}
home 'yaml\.h' 'harness/yaml_read\.c'
home 'cjson/cJSON\.h' 'engine/base/json\.c'
home 'sqlite3\.h' 'reports/store/store[a-z_]*\.[ch]'
home 'pcre2\.h' 'harness/[a-z_]*regex[a-z_]*\.c'
home 'seccomp\.h' 'harness/sandbox/[a-z_]*\.[ch]'
home 'sodium\.h' 'engine/base/hash\.c|reports/seal/seal[a-z_]*\.c'
home 'zip\.h' 'reports/export/zip\.c'
home 'zlib\.h' 'reports/html/html_pack\.c'
home 'dlfcn\.h' 'harness/plugin\.c'
[ $bad = 0 ] && echo "layers: the folder graph has no circle; every library has its home"
exit $bad
