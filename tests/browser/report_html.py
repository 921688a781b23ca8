"""Usage: report_html.py RUN_DIR LARGE_RUN_DIR PICTURE_DIR. Each check is a function that raises on failure."""
import base64, json, os, re, sqlite3, subprocess, sys, time, zlib
from browser import Browser

run, large, pictures = sys.argv[1:4]
page = "file://" + os.path.join(run, "report.html")
report = json.load(open(os.path.join(run, "report.json")))
html = open(os.path.join(run, "report.html"), encoding="utf-8").read()
SECRET = "MARKER-OF-A-SEALED-TEXT"
HOSTILE = "#sample=demo-small%7Cdemo%2Fchoice%7Cchoice-0003%7Cmedium%7C1"
b = Browser()


def same(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, expected {want!r}")


def quiet(what):
    same(b.complaints(), [], what)


def unpacked():
    blocks = re.findall(r'<script type="application/octet-stream"[^>]*>([^<]*)</script>', html)
    return "".join(zlib.decompress(base64.b64decode(x), -15).decode() for x in blocks)


def self_contained():
    for needle in ("http:", "https:", "//cdn", "@import", "url(", "srcset"):
        if needle in html:
            raise AssertionError(f"report.html holds {needle!r}")
    if SECRET in html:
        raise AssertionError("report.html holds a sealed text")
    packed = html.count('<script type="application/octet-stream"')
    same(packed >= 2, True, "packed texts")
    same(html.count("</script>"), packed + 3, "closing script tags")
    same(SECRET in unpacked(), False, "a sealed text among the packed ones")
    same("I looked at the map" in unpacked(), True, "texts")
    same(html.count("style="), 0, "style attributes")
    b.open(page)
    same(b.js("document.title"), "demo-small, demo-large – assay report", "title")
    quiet("loading")


def answers_first():
    lead = b.js("document.querySelector('h1').textContent")
    same(lead, report["headline"][0]["lead"], "first heading")
    same(b.js("document.querySelector('h1').getBoundingClientRect().bottom < 300"), True, "the answer is on the first screen")


def policy_bites():
    bad = os.path.join(run, "injected.html")
    with open(bad, "w", encoding="utf-8") as f:
        f.write(html.replace("<main id=\"main\">", "<main id=\"main\"><script>document.title='owned'</script>"
                             "<img src='data:,x' onerror=\"document.title='owned'\"><p id=p style='color:rgb(1,2,3)'>x</p>"))
    b.open("file://" + bad)
    same(b.js("document.title").startswith("demo"), True, "an injected script does not run")
    same(b.js("getComputedStyle(document.getElementById('p')).color") != "rgb(1, 2, 3)", True, "an injected style")
    same(len(b.complaints()) >= 3, True, "violations are reported")
    os.unlink(bad)


def without_script():
    b.call("Emulation.setScriptExecutionDisabled", value=True)
    b.call("Page.navigate", url=page)
    time.sleep(1)
    text = b.call("DOM.getDocument", depth=1) and b.call("DOM.getOuterHTML", nodeId=b.call("DOM.getDocument")["root"]["nodeId"])["outerHTML"]
    b.call("Emulation.setScriptExecutionDisabled", value=False)
    for needle in ('<svg class="track"', 'id="rating"', "<table class=\"numbers sortable\">", "needs JavaScript", 'id="tools" hidden'):
        if needle not in text:
            raise AssertionError(f"without a script there is no {needle}")


def hostile_text():
    b.open(page + HOSTILE)
    same(b.js("document.getElementById('sample').open"), True, "a deep link opens the sample")
    body = b.js("document.getElementById('sample-body').textContent")
    for needle in ("</script><script>document.title='owned'</script>", "U+001B[31m", "U+202Egnp.exeU+202C", "NUL:U+0000",
                   "bad:\ufffd\ufffd", "<img src=x onerror=", "]]> -->", "U+2028", "한국어", "&amp;"):
        if needle not in body:
            raise AssertionError(f"the sample does not show {needle!r}: {body[:600]!r}")
    same(b.js("document.querySelectorAll('dialog script, dialog img').length"), 0, "elements made of model text")
    same(b.js("document.querySelector('dialog mark').textContent"),
         "<script>document.title='owned'</script> U+001B[31mredU+001B[0", "the marked span")
    same(b.js("/[\\u0000-\\u0008\\u000b-\\u001f\\u202a-\\u202e]/.test(document.body.innerText)"), False, "hidden characters")
    same(b.js("document.title").startswith("demo"), True, "title")
    same(b.js("document.querySelectorAll('dialog .turn').length"), 3, "turns of a sample with tools")
    same(b.js("document.querySelectorAll('dialog .turn .trouble').length"), 1, "calls that are none")
    same(body.count("NUL:U+0000"), 1 + 9 - 2, "texts of the turns; what stands in a call is not shown twice")
    quiet("hostile text")
    b.picture(os.path.join(pictures, "sample-hostile.png"))


def same_hidden_list():
    """visible.c and report.js name the same characters: both turn all of them, and nothing else, into marks."""
    js = html[html.index("const HIDDEN = "):].split("\n", 1)[0]
    source = open("reports/visible.c", encoding="utf-8").read()
    source = source[source.index("HIDDEN[]"):source.index("};")]
    ranges = [(int(x, 16), int(y, 16)) for x, y in re.findall(r"\{(0x[0-9A-F]+), *(0x[0-9A-F]+)\}", source)]
    got = b.js("(() => { " + js.strip() + " const r = []; let on = false, from = 0;"
               "for (let c = 0; c < 0x110000; c++) { if (c >= 0xd800 && c < 0xe000) continue;"
               "const hit = String.fromCodePoint(c).search(HIDDEN) === 0;"
               "if (hit && !on) from = c; if (!hit && on) r.push([from, c - 1]); on = hit; } return r; })()")
    merged = []
    for lo, hi in sorted(ranges):
        if merged and lo <= merged[-1][1] + 1:
            merged[-1][1] = max(hi, merged[-1][1])
        else:
            merged.append([lo, hi])
    same(got, merged, "hidden characters of report.js")


def sealed():
    b.open(page + "#sample=demo-large%7Cdemo%2Frefusal%7Crefusal-0007%7Cmedium%7C1")
    text = b.js("document.getElementById('sample-body').textContent")
    same("sealed" in text and "full_refusal" in text, True, "a sealed sample shows its label and says why no text is there")
    same(b.js("document.querySelectorAll('dialog pre').length"), 0, "texts of a sealed sample")


def found():
    return b.js("document.getElementById('found').textContent")


def settled():
    """Waits until a search is over."""
    give_up = time.time() + 20
    b.js("new Promise((ok) => setTimeout(ok, 250))")
    while found().startswith("Searching"):
        if time.time() > give_up:
            raise AssertionError("the search does not end: " + found())
        time.sleep(0.05)


def sorting():
    b.size(1280, 900)
    b.open(page)
    order = ("[...document.querySelectorAll('#rows tr')].map((r) => Number(r.lastChild.textContent))")
    b.js("document.querySelector('#samples [data-key=tokens]').click()")
    down = sorted((s["tokens"]["completion"] for s in report["samples"]), reverse=True)
    same(b.js(order), down[:50], "samples by tokens, most first")
    same(b.js("document.querySelector('#samples [aria-sort=descending]').textContent"), "Tokens", "aria-sort")
    same("sort=-tokens" in b.js("location.hash"), True, "the address says so")
    b.js("document.querySelector('#samples [data-key=tokens]').click()")
    same(b.js(order), down[::-1][:50], "fewest first")
    b.open(page + "#sort=sample&model=demo-large")
    ids = sorted(s["sample"] for s in report["samples"] if s["model"] == "demo-large")
    same(b.js("[...document.querySelectorAll('#rows a')].map((a) => a.textContent)"), ids[:50], "an address sorts")
    table = "document.querySelector('#numbers table.sortable')"
    b.js(table + ".querySelectorAll('th button')[2].click()")
    scores = b.js(f"[...{table}.tBodies[0].rows].map((r) => parseFloat(r.cells[2].textContent))")
    same(scores, sorted(scores, reverse=True), "a table by its scores")
    same(b.js(f"[...{table}.tBodies[0].rows].every((r) => r.cells[0].tagName === 'TH' && r.cells[0].rowSpan === 1)"), True,
         "every row keeps its head")
    quiet("sorting")


def filters():
    wrong = sum(1 for s in report["samples"] if s["outcome"] == "wrong" and s["suite"] == "demo/program")
    b.open(page + "#outcome=wrong&suite=demo%2Fprogram")
    same(found().endswith(f"of {wrong} samples"), True, f"filter by address: {found()}")
    same(b.js("document.querySelectorAll('#rows tr').length"), min(50, wrong), "rows")
    link = "document.querySelector('#numbers td a[href*=truncated]')"
    href = b.js(link + ".getAttribute('href')")
    count = int(b.js(link + ".textContent"))
    b.js(link + ".click()")
    b.js("new Promise((ok) => setTimeout(ok, 200))")
    same(found().endswith(f"of {count} samples"), True, f"a count links to its samples ({href}): {found()}")
    b.js("document.getElementById('clear').click()")
    b.js("new Promise((ok) => setTimeout(ok, 200))")
    same(found(), "1–50 of 800 samples", "clear")
    b.js("document.getElementById('more').click()")
    same(found(), "51–100 of 800 samples", "second page")
    b.js("(() => { const q = document.getElementById('f-q'); q.value = 'ONERROR='; q.dispatchEvent(new Event('input')); })()")
    settled()
    # the hostile answers; those whose completion failed or was cut off have no text
    hits = sum(1 for s in report["samples"] if "onerror=" in (s.get("final") or ""))
    same(found().endswith(f"of {hits} samples"), True, f"search: {found()}, expected {hits}")
    b.open(page + "#differ=1&suite=demo%2Fchoice&model=demo-small")
    value = {(s["model"], s["sample"]): (s["scores"][0]["value"] if s["scores"] else None)
             for s in report["samples"] if s["suite"] == "demo/choice"}
    differ = sum(1 for (m, i), v in value.items() if m == "demo-small" and v != value[("demo-large", i)])
    same(found().endswith(f"of {differ} samples"), True, f"where models differ: {found()}, expected {differ}")
    b.open(page + "#q=there+is+no+such+text")
    settled()
    same(found(), "No sample fits these filters.", "nothing found")
    quiet("filters")


def keyboard():
    b.size(1280, 900)
    b.open(page)
    b.key("/", 191, "/")
    same(b.js("document.activeElement.id"), "f-q", "slash goes to the search")
    b.js("document.querySelector('#rows a').focus()")
    b.key("Enter", 13, "\r")
    same(b.js("document.getElementById('sample').open"), True, "Enter opens")
    same(b.js("document.getElementById('sample-title').textContent"), "choice-0000", "first sample")
    b.key("ArrowRight", 39)
    same(b.js("document.getElementById('sample-title').textContent"), "choice-0001", "next sample")
    b.key("j", 74, "j")
    same(b.js("decodeURIComponent(location.hash).includes('choice-0002')"), True, "the address follows")
    b.key("ArrowLeft", 37)
    b.key("Escape", 27)
    same(b.js("document.getElementById('sample').open"), False, "Escape closes")
    same(b.js("location.hash.includes('sample')"), False, "the address is clean")
    same(b.js("document.activeElement.textContent"), "choice-0001", "focus returns to the row")
    for tag in ("select", "input[type=search]"):
        same(b.js(f"[...document.querySelectorAll('{tag}')].every((e) => e.labels.length === 1)"), True, tag + " has a label")
    same(b.js("[...document.querySelectorAll('svg.track[role=img]')].every((e) => e.getAttribute('aria-label').length > 10)"), True,
         "charts are spoken")
    quiet("keyboard")


def accessible():
    """axe-core where there is one: ASSAY_AXE names axe.min.js."""
    axe = os.environ.get("ASSAY_AXE", "")
    if not os.path.exists(axe):
        print("skipped: axe-core (ASSAY_AXE names no axe.min.js)")
        return
    source = open(axe, encoding="utf-8").read()
    b.call("Page.setBypassCSP", enabled=True)
    for width, phone in ((1280, False), (390, True)):
        for scheme in ("light", "dark"):
            for where in ("", HOSTILE, "#q=river"):
                b.size(width, 900, phone)
                b.media("", scheme)
                b.open(page + where)
                settled()
                b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                b.js(source + ";0")
                bad = b.js("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html))")
                same(bad, [], f"axe-core, {width} {scheme} {where}")
    b.call("Page.setBypassCSP", enabled=False)
    b.size(1280, 900)
    b.media()


CONTRAST = """(() => {
  const lum = (c) => { const v = c.match(/[\\d.]+/g).slice(0, 3).map((x) => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255,255,255)'; };
  const bad = [];
  for (const e of document.querySelectorAll('h1,h2,p,small,th,td,a,button,label,summary,.nums b,.nums span,.words,dd,dt,i.esc,mark,pre')) {
    if (!e.textContent.trim() || e.closest('.nil') || e.disabled) continue;
    const a = lum(getComputedStyle(e).color), c = lum(behind(e)), r = (Math.max(a, c) + .05) / (Math.min(a, c) + .05);
    if (r < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + r.toFixed(2));
  }
  return bad.slice(0, 5);
})()"""


def shapes():
    for width, height, phone in ((1280, 900, False), (768, 1000, False), (360, 740, True)):
        for scheme in ("light", "dark"):
            b.size(width, height, phone)
            b.media("", scheme)
            for where, name in (("", "page"), (HOSTILE, "sample"), ("#outcome=wrong", "answers")):
                b.open(page + where)
                same(b.js("document.documentElement.scrollWidth"), width, f"no sideways scrolling, {width} {scheme} {name}")
                same(b.js(CONTRAST), [], f"contrast, {width} {scheme} {name}")
                b.picture(os.path.join(pictures, f"{name}-{width}-{scheme}.png"), whole=name == "page")
    b.size(1280, 900)
    b.media()


def paper():
    b.open(page)
    b.size(688, 1000)  # A4 less its margins
    b.media("print")
    same(b.js("document.documentElement.scrollWidth"), 688, "paper is wide enough")
    same(b.js("getComputedStyle(document.getElementById('samples')).display"), "none", "no filters on paper")
    b.size(688, b.js("document.documentElement.scrollHeight"))
    b.picture(os.path.join(pictures, "paper.png"))
    b.media()
    b.size(1280, 900)
    b.pdf(os.path.join(pictures, "report.pdf"))
    same(os.path.getsize(os.path.join(pictures, "report.pdf")) > 20000, True, "a PDF")


def live():
    """assay view: figures that move, then the report, over HTTP."""
    folder = os.path.join(pictures, "live-run")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(run, "run.db"), "rb") as f, open(os.path.join(folder, "run.db"), "wb") as g:
        g.write(f.read())
    db = sqlite3.connect(os.path.join(folder, "run.db"))
    tables = (("records", "id"), ("texts", "record"), ("scores", "record"), ("turns", "record"))
    db.execute("insert or replace into manifest values ('n_items', '800')")
    for table, key in reversed(tables):
        db.execute(f"delete from {table} where {key} % 4 = 0")
    db.commit()
    db.execute("attach ? as whole", (os.path.join(run, "run.db"),))
    server = subprocess.Popen([os.environ["ASSAY"], "view", folder, "-q"], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        b.open(url)
        wait_for("document.getElementById('live-count').textContent", "600 of 800 answers are stored.", "the count")
        same(b.js("document.getElementById('live-bar').position"), 0.75, "the bar")
        primary = sum(1 for r in report["results"] if r["primary"])
        same(b.js("document.querySelectorAll('#live-rows tr').length"), primary, "rows")
        b.size(390, 800, True)
        same(b.js("document.documentElement.scrollWidth"), 390, "no sideways scrolling")
        b.picture(os.path.join(pictures, "live.png"))
        b.size(1280, 900)
        for table, key in tables:
            db.execute(f"insert into {table} select * from whole.{table} where {key} % 4 = 0")
        db.commit()
        wait_for("location.pathname.split('/').pop()", "report.html", "the page goes over to the report")
        wait_for("document.documentElement.dataset.ready || ''", "1", "its samples")
        b.open(url + HOSTILE)
        same(b.js("document.getElementById('sample').open"), True, "a deep link over HTTP")
    finally:
        server.terminate()
        same(server.wait(), 0, "the server's end")
        db.close()


def wait_for(expression, want, what):
    give_up = time.time() + 10
    while b.js(expression) != want:
        if time.time() > give_up:
            raise AssertionError(f"{what}: {b.js(expression)!r} instead of {want!r}")
        time.sleep(0.05)


def thousands():
    start = time.time()
    b.open("file://" + os.path.join(large, "report.html"))
    took = time.time() - start
    same(found(), "1–50 of 8000 samples", "8000 samples")
    same(b.js("document.querySelectorAll('#rows tr').length"), 50, "rows drawn")
    search = b.js("(async () => { const t = performance.now(), q = document.getElementById('f-q'); q.value = 'zzz';"
                  "q.dispatchEvent(new Event('input')); while (!document.getElementById('found').textContent.startsWith('No'))"
                  " await new Promise((ok) => setTimeout(ok, 10)); return performance.now() - t; })()")
    size = os.path.getsize(os.path.join(large, "report.html")) / 1e6
    print(f"8000 samples: {size:.1f} MB, open in {took:.2f} s, search in {search:.0f} ms")
    same(took < 6 and search < 3000, True, "large reports stay usable")


try:
    for check in (self_contained, answers_first, policy_bites, without_script, hostile_text, same_hidden_list, sealed,
                  filters, sorting, keyboard, accessible, shapes, paper, live, thousands):
        start = time.time()
        check()
        print(f"ok    {check.__name__} ({time.time() - start:.1f} s)", flush=True)
finally:
    b.close()
