#!/bin/bash
# Banned functions, format, suite rules; prints the longest files and functions for thought.
set -u
bad=0
for doc in README.md CHANGELOG.md CONTRIBUTING.md BENCHMARKS.md LICENSE suites/SCHEMA.md scorers/README.md; do
    [ -s "$doc" ] || { echo "missing: $doc"; bad=1; }
done
banned='strcpy|strcat|sprintf|vsprintf|strtok|gets|ctime|asctime|localtime|gmtime|tmpnam|mktemp|rand|srand|atoi|atol|atof|system|popen|alloca'
hits=$(git grep -nE "(^|[^a-zA-Z0-9_>.])($banned)[[:space:]]*\(" -- 'engine/*.[ch]' 'scorers/*.[ch]' 'reports/*.[ch]' 'harness/*.[ch]' |
    grep -vE '^[^:]+:[0-9]+:[[:space:]]*(\*( |$)|//|/\*)')
if [ -n "$hits" ]; then echo "banned functions:"; echo "$hits"; bad=1; fi
if command -v clang-format >/dev/null 2>&1; then
    git ls-files '*.c' '*.h' | grep -vE '(_tables|_data|_embed)\.[ch]$' | xargs clang-format --dry-run -Werror >/dev/null 2>&1 ||
        { echo "format: run 'clang-format -i' on:"; for f in $(git ls-files '*.c' '*.h' | grep -vE '(_tables|_data|_embed)\.[ch]$'); do clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "  $f"; done; bad=1; }
else
    echo "format: skipped, clang-format is not installed"
fi
for check in tests/check_cbrn.py tests/check_suites.py; do
    [ -f $check ] || continue
    python3 $check || bad=1
done
echo "longest files:"
git ls-files '*.c' '*.h' | grep -vE '(_tables|_data|_embed)\.[ch]$' | xargs wc -l | grep -v ' total$' | sort -rn | head -5
[ $bad = 0 ] && echo "style: fine"
exit $bad
