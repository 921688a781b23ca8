"""Usage: view_html.py ASSAY PLAN FOLDER PICTURES
`assay view` in headless Chromium while the demo models answer: the figures move without a reload, the report comes by itself, nothing is asked of
any other address; and what another page or another name of this machine (DNS rebinding) can read of it: nothing."""
import json, os, re, signal, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser

assay, plan, folder, pictures = os.path.abspath(sys.argv[1]), *sys.argv[2:5]
run = os.path.join(folder, "run")
faults = []


def check(ok, what):
    if not ok:
        faults.append(what)
        print("FAILED: " + what)


def wait_for(what, find, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        got = find()
        if got:
            return got
        time.sleep(0.05)
    raise SystemExit(f"FAILED: {what} does not come in {seconds} s")


def requests(b):
    b.js("1")
    return [e["params"]["request"]["url"] for e in b.events if e.get("method") == "Network.requestWillBeSent"]


def count(b):
    m = re.match(r"(\d+) of (\d+) ", b.js("document.getElementById('live-count')?.textContent ?? ''"))
    return m and (int(m[1]), int(m[2]))


def watch(b, url):
    """The run from its first answers to its report."""
    b.call("Page.navigate", url=url)
    first = wait_for("a figure", lambda: count(b))
    b.js("window.stillHere = true")
    b.picture(f"{pictures}/view-begun.png")
    seen = [first]
    while b.js("location.pathname").endswith("/"):
        at = count(b)
        if at and at[0] > seen[-1][0]:
            seen.append(at)
            check(b.js("window.stillHere") is True, "the page was loaded anew")
            b.picture(f"{pictures}/view-going.png")
        time.sleep(0.2)
        if run_process.poll() is not None and seen[-1][0] < seen[-1][1]:
            wait_for("the report", lambda: not b.js("location.pathname").endswith("/"), 20)
    check(len(seen) >= 3, f"the figures moved {len(seen)} times")
    check(all(a < b for (a, _), (b, _) in zip(seen, seen[1:])), f"figures {seen}")
    wait_for("the report's samples", lambda: b.js("document.documentElement.dataset.ready"))
    check("of" in b.js("document.getElementById('found').textContent"), "samples of the report")
    check("answers are open" not in b.js("document.querySelector('header').textContent"), "the report came before the last scores")
    b.picture(f"{pictures}/view-report.png")
    return seen


def strangers(url):
    """A page of another origin, and the server under another name: as a hostile site would try it in the user's own browser."""
    port = re.search(r":(\d+)/", url)[1]
    path = url.split(port, 1)[1]
    b = Browser(f"--host-resolver-rules=MAP evil.example 127.0.0.1")
    try:
        b.call("Page.navigate", url="about:blank")
        got = b.js(f"fetch({json.dumps(url)}).then((a) => a.text()).then((t) => 'read ' + t.length, (e) => 'refused')")
        check(got == "refused", f"a page of another origin reads: {got}")
        got = b.js(f"""new Promise((ok) => {{ const f = document.createElement('iframe'); f.src = {json.dumps(url)};
            f.onload = () => {{ try {{ ok('framed ' + f.contentDocument?.title); }} catch (e) {{ ok('closed'); }} }}; document.body.append(f); }})""")
        check(got in ("closed", "framed undefined", "framed null"), f"a frame shows: {got}")
        b.call("Page.navigate", url=f"http://evil.example:{port}{path}")
        wait_for("an answer", lambda: b.js("location.host") == f"evil.example:{port}")
        text = b.js("document.documentElement.textContent")
        check("answers" not in text and "assay view" not in text and not b.js("!!document.getElementById('live')"), f"under another name: {text[:200]}")
        status = b.js("fetch(location.href).then((a) => a.status)")
        check(status == 421, f"under another name: status {status}")
    finally:
        b.close()


run_process = subprocess.Popen([assay, "run", plan, "--out", run, "-q"], stdout=subprocess.DEVNULL)
b = view = None
try:
    wait_for("the store", lambda: os.path.exists(run + "/run.db"))
    time.sleep(0.5)
    view = subprocess.Popen([assay, "view", run], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = view.stdout.readline().strip()
    b = Browser()
    b.size(1280, 900)
    seen = watch(b, url)
    origin = url[:url.index("/", 8)]
    asked = [u for u in requests(b) if not u.startswith("about:")]
    check(len(asked) > 3 and all(u.startswith(origin + "/") or u.startswith(("data:", "blob:")) for u in asked), f"requests {sorted(set(asked))[:8]}")
    check(not [c for c in b.complaints() if not c.startswith("request for " + origin)], f"complaints: {b.complaints()[:5]}")
    strangers(url)
    check(run_process.wait() in (0, 3), "the run fails")
    view.send_signal(signal.SIGINT)
    check(view.wait(10) == 0, "the server does not end by Ctrl-C")
    print(f"figures moved {len(seen)} times: {seen[:3]} … {seen[-1]}; {len(asked)} requests, all of {origin}")
finally:
    for process in (run_process, view):
        if process and process.poll() is None:
            process.kill()
    if b:
        b.close()
if faults:
    sys.exit(1)
print("passed")
