#!/bin/bash
# Installs the named Debian packages that are missing; where there is no apt, prints what to install and succeeds if the
# libraries are there anyway. Usage: deps.sh PACKAGE...
set -u
missing=()
if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    if pkg-config --exists libcjson yaml-0.1 sqlite3 libpcre2-8 libseccomp libsodium 2>/dev/null; then exit 0; fi
    echo "This is not a Debian system. Install what these Debian packages hold, then go on with 'make':" >&2
    printf '  %s\n' "$@" >&2
    exit 1
fi
for p in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)
    [ "$status" = installed ] || missing+=("$p")
done
[ ${#missing[@]} = 0 ] && exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null 2>&1; then
    echo "As root, run: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "Installing by apt: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
install() { $sudo apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; }
# The package lists of a fresh system are empty or old: refresh them once, then try.
{ $sudo apt-get update >"$log" 2>&1 </dev/null; install; } || { tail -20 "$log" >&2; echo "apt-get could not install: ${missing[*]}" >&2; rm -f "$log"; exit 1; }
rm -f "$log"
