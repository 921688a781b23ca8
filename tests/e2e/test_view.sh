#!/bin/bash
# assay view: the report and the progress of a run that goes on, for its user alone.
. tests/e2e/lib.sh
cd "$W"
world 20
expect 0 "$ASSAY" run plan.yaml --out run -q

# half of the answers are gone, as if another process had not come to them yet
cp -r run half
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("half/run.db")
for t, key in (("texts", "record"), ("scores", "record"), ("records", "id")): db.execute(f"delete from {t} where {key} % 2 = 0")
db.execute("delete from manifest where key = 'finished_at'")
db.commit()
PY

view() { # view NAME ARGS... : starts one, its address in $W/NAME.url
    local name=$1
    shift
    "$ASSAY" view "$@" >"$name.url" 2>"$name.err" </dev/null &
    echo $! >"$name.pid"
    for _ in $(seq 100); do [ -s "$name.url" ] && return; sleep 0.05; done
    fail "view does not start: $(cat "$name.err")"
}
stop() { # stop NAME: by Ctrl-C
    kill -INT "$(cat "$1.pid")"
    wait "$(cat "$1.pid")" || fail "view $1 ends with $?"
}
trap 'for p in "$W"/*.pid; do kill "$(cat "$p")" 2>/dev/null; done; rm -rf "$W"' EXIT

view half half
cat >client.py <<'PY'
import re, socket, sys, time
url = open(sys.argv[1]).read().strip()
port, token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([0-9a-f]{32})/", url).groups()
port = int(port)

def talk(raw, wait=10):
    s = socket.create_connection(("127.0.0.1", port), timeout=wait)
    s.sendall(raw)
    out = b""
    try:
        while chunk := s.recv(1 << 16): out += chunk
    except ConnectionResetError:
        pass
    s.close()
    return out

def get(name, host=None, path=None):
    raw = f"GET {path or f'/{token}/{name}'} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\n\r\n"
    head, _, body = talk(raw.encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body.decode()
PY
cat >look.py <<'PY'
from client import *
import json
status, head, body = get("")
assert status == 200 and 'id="live-bar"' in body and "<html lang=\"en\">" in body, (status, head)
for line in ("Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "frame-ancestors 'none'",
             "Cross-Origin-Resource-Policy: same-origin", "Connection: close"): assert line in head, (line, head)
assert "Access-Control" not in head
status, head, body = get("progress.json")
p = json.loads(body)
assert (status, p["stored"], p["planned"], p["complete"]) == (200, 40, 80, False), p
assert len(p["results"]) == 4 and sum(r["answers"] for r in p["results"]) == 40, p
status, head, body = get("report.html")
assert status == 200 and "40 of 80 answers are stored" in body and "Content-Type: text/html; charset=utf-8" in head
assert get("report.html")[2] == body
assert get("run.db")[0] == get("../run.db")[0] == get("report.json")[0] == get("%72eport.html")[0] == 404

# somebody else's name, no token, another method
for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", f"[::1]:{port}"):
    assert get("", host)[0] == 421, host
assert get("", f"localhost:{port}")[0] == 200
for path in ("/", "/report.html", f"/{token[:-1]}/", f"/{token[:-1]}g/", f"/{token}", f"//{token}/"): assert get("", path=path)[0] == 404, path
h = f"Host: 127.0.0.1:{port}\r\n".encode()
t = f"/{token}/".encode()
assert talk(b"POST " + t + b" HTTP/1.1\r\n" + h + b"\r\n").startswith(b"HTTP/1.1 405")
assert talk(b"GET " + t + b" HTTP/1.1\r\n" + h + b"Content-Length: 9\r\n\r\nGET / HTT").startswith(b"HTTP/1.1 400")
assert talk(b"GET " + t + b" HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
assert talk(b"GET " + t + b" HTTP/1.1\r\n" + h + b"X: " + b"a" * 9000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431")
assert talk(b"\x16\x03\x01" + b"\xff" * 40 + b"\r\n\r\n").startswith(b"HTTP/1.1 400")
two = talk(b"GET " + t + b"progress.json HTTP/1.1\r\n" + h + b"\r\nGET " + t + b" HTTP/1.1\r\n" + h + b"\r\n")
assert two.count(b"HTTP/1.1 ") == 1, "one request for each connection"

# those who are slow, silent or gone keep nobody else waiting
idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
slow = socket.create_connection(("127.0.0.1", port))
slow.sendall(b"GET " + t + b" HTTP/1.1\r\n")
lazy = socket.create_connection(("127.0.0.1", port))
lazy.sendall(b"GET " + t + b"report.html HTTP/1.1\r\n" + h + b"\r\n")
start = time.time()
assert get("progress.json")[0] == 200 and time.time() - start < 2
slow.settimeout(15)
got = slow.recv(100)
assert got.startswith(b"HTTP/1.1 408"), got
assert 3 < time.time() - start < 12
for s in idle: s.close()
for _ in range(200): socket.create_connection(("127.0.0.1", port)).close()
assert get("")[0] == 200

# on loopback alone
rows = [line.split() for name in ("tcp", "tcp6") for line in open("/proc/net/" + name).readlines()[1:]]
at = [r[1] for r in rows if r[3] == "0A" and r[1].endswith(f":{port:04X}")]
assert at == [f"0100007F:{port:04X}"], at
PY
python3 look.py half.url || fail "what is served of half a run: $(cat half.err)"

# another process goes on with the run while it is looked at
expect 0 "$ASSAY" run --resume half -q
cat >done.py <<'PY'
from client import *
import json
p = json.loads(get("progress.json")[2])
assert (p["stored"], p["planned"], p["complete"]) == (80, 80, True), p
status, head, body = get("")
assert status == 303 and "\r\nLocation: report.html" in head, head
body = get("report.html")[2]
assert "answers are stored" not in body and "is ahead of" in body or "Cannot tell" in body
PY
for _ in 1 2 3 4 5; do python3 done.py half.url 2>done.err && break; sleep 0.3; done
python3 done.py half.url || fail "what is served of the whole run"
stop half

# all is stored, not all is scored: as it is for a while at the end of a run
cp -r run unscored
python3 - <<'PY'
import sqlite3
db = sqlite3.connect("unscored/run.db")
db.execute("delete from scores where record = 7")
db.execute("delete from manifest where key = 'finished_at'")
db.commit()
PY
view unscored unscored
cat >unscored.py <<'PY'
from client import *
import json
p = json.loads(get("progress.json")[2])
assert (p["stored"], p["planned"], p["complete"]) == (80, 80, False), p
assert get("")[0] == 200
PY
python3 unscored.py unscored.url || fail "a run that is not scored passes for complete"
stop unscored

# the port, the language, what is wrong
port=$(sed 's|.*:\([0-9]*\)/.*|\1|' half.url)
view ko run --port "$port" --lang ko
grep -q "127.0.0.1:$port/" ko.url || fail "--port"
cmp -s half.url ko.url && fail "the token is the same again"
python3 - ko.url <<'PY' || fail "--lang ko"
from client import *
assert '<html lang="ko">' in get("report.html")[2] and "모델" in get("report.html")[2]
PY
expect 2 "$ASSAY" view run --port "$port"
says "cannot listen on port $port"
stop ko
expect 2 "$ASSAY" view
expect 2 "$ASSAY" view run --port 70000
expect 2 "$ASSAY" view run --lang xx
expect 2 "$ASSAY" view nothing
one_line
finish
