"""Usage: compare_html.py PAGES_DIR PICTURE_DIR: pages of comparisons and gates. Each check is a function that raises."""
import json, math, os, sys, time
from browser import Browser
from looks import BROKEN, CONTRAST, OPEN_ALL, axe, same

folder, pictures = sys.argv[1:3]
NAMES = ("compare", "many", "gate")
LANGS = ("en", "ko")
docs = {n: json.load(open(os.path.join(folder, n + ".json"), encoding="utf-8")) for n in NAMES}
b = Browser()


def url(name, lang="en"):
    return "file://" + os.path.join(folder, f"{name}-{lang}.html")


def pages():
    return [(n, lang, url(n, lang)) for n in NAMES for lang in LANGS]


def texts(selector):
    return b.js(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.textContent.trim())")


def self_contained():
    for name, lang, where in pages():
        html = open(where[len("file://"):], encoding="utf-8").read()
        for needle in ("http:", "https:", "@import", "url(", "srcset", "style="):
            if needle in html:
                raise AssertionError(f"{name} {lang} holds {needle!r}")
        if name == "gate" and "<script" in html:
            raise AssertionError("the gate's page needs no script")
        b.open(where)
        same(b.complaints(), [], f"loading {name} {lang}")
        same(b.js("document.documentElement.lang"), lang, "language")
        b.js(OPEN_ALL)
        same(b.js("(document.body.innerText.match(/.{20}\\b(NaN|nan|inf|null)\\b.{9}/) || [''])[0]"), "", f"numbers that are none, {name} {lang}")


def answers_first():
    b.size(1280, 900)
    for name in ("compare", "many"):
        b.open(url(name))
        same(texts("h1"), [docs[name]["headline"][0]["lead"]], "the answer")
    same("Erosion:" in docs["compare"]["headline"][0]["lead"], True, "what was lost leads")
    b.open(url("gate"))
    g = docs["gate"]
    same(g["words"].startswith(texts("h1")[0]), True, "the gate's answer")
    same(b.js("document.querySelector('h1').getBoundingClientRect().bottom < 200"), True, "on the first screen")
    words = {"pass": "pass", "fail": "fail", "inconclusive": "cannot tell", "skipped": "skipped"}
    same(sorted(texts("#checks .verdict")), sorted(words[c["verdict"]] for c in g["checks"]), "a verdict for each check")
    drawn = [c for c in g["checks"] if c["lower"] is not None]
    same(b.js("document.querySelectorAll('#picture .row:not(.axis)').length"), len(drawn), "a row for each check with bounds")
    spoken = b.js("[...document.querySelectorAll('#picture svg[role=img]')].map((s) => s.getAttribute('aria-label'))")
    same(spoken, [c["words"] for c in drawn], "pictures speak")
    same(texts("#picture .axis text"), ["−80", "−40", "0", "+40", "+80"], "the axis")
    for c in g["checks"]:
        if c["minimum_detectable_effect"] is not None:
            same(f"could have shown {100 * c['minimum_detectable_effect']:.1f}" in b.js("document.querySelector('#checks').textContent"), True,
                 "what could have been shown")


def signed(v):
    v = math.copysign(math.floor(abs(1000 * v) + 0.5) / 10, v)  # C's round
    return ("+" if v > 0 else "−" if v < 0 else "") + f"{abs(v):.1f}"


def numbers():
    """Tables of the page against the JSON of the same runs: groups, all suites, bounds, flips, warnings."""
    for name in ("compare", "many"):
        d = docs[name]
        b.open(url(name))
        b.js(OPEN_ALL)
        found = {h: t for h, t in b.js("""[...document.querySelectorAll('table')].map((t) => [t.caption ? t.caption.textContent : '',
            [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent))])""")}
        with_groups = [p for p in d["comparisons"] if p["groups"]]
        same(sum(h.endswith(", by group") for h in found), len(with_groups), "a table for each pair with groups")
        title = {s["name"]: s["title"] for s in d["suites"]}
        for p in with_groups:
            place = f"{title[p['suite']]}, {p['effort']}"
            rows = found.get(f"{place}: {p['model_a']} compared with {p['model_b']}, by group")
            sign = 1 if rows is not None else -1
            rows = rows or found[f"{place}: {p['model_b']} compared with {p['model_a']}, by group"]
            same([(r[0], r[1]) for r in rows], [(g["group"], signed(sign * g["difference"])) for g in p["groups"]], "groups")
        overall = d["compare"]["overall"]
        rows = found.get("Differences over all suites", [])
        same(sorted(r[4] for r in rows), sorted(signed(abs(o["difference"])) for o in overall), "all suites together")
        open_pairs = [p for p in d["comparisons"] if p["bounds"]["high"] > p["bounds"]["low"]]
        same(bool(open_pairs), name == "many", "open answers")
        cell = {(r[0], frozenset(r[1:3])): r[9] for r in found["Comparisons"]}
        for p in d["comparisons"]:
            low, high = p["bounds"]["low"], p["bounds"]["high"]
            got = cell[f"{title[p['suite']]}, {p['effort']}", frozenset((p["model_a"], p["model_b"]))]
            want = {f"{signed(low)} to {signed(high)}", f"{signed(-high)} to {signed(-low)}"} if high > low else {"–"}
            same(got in want, True, f"bounds of {p['suite']}: {got} of {want}")
        shown = texts("header .caution, .caution")
        for w in d["compare"]["warnings"]:
            same(w in shown, True, f"the warning {w!r}")
        flips = sum(min(200, len(f["a_better"])) + min(200, len(f["b_better"])) for f in d["compare"]["flips"])
        same(sum(len(t) for h, t in found.items() if " better by " in h), flips, "flips")


def shapes():
    for name, lang, where in pages():
        for width, height, phone in ((1280, 900, False), (768, 1000, False), (390, 844, True), (360, 740, True)):
            for scheme in ("light", "dark"):
                b.size(width, height, phone)
                b.media("", scheme)
                b.open(where)
                at = f"{name} {lang} {width} {scheme}"
                same(b.js("document.documentElement.scrollWidth"), width, f"no sideways scrolling, {at}")
                b.js(OPEN_ALL)
                same(b.js("document.documentElement.scrollWidth"), width, f"nor with all open, {at}")
                same(b.js(BROKEN), [], f"words are whole, {at}")
                same(b.js(CONTRAST), [], f"contrast, {at}")
                if os.environ.get("ASSAY_PICTURES"):
                    b.open(where)
                    b.picture(os.path.join(pictures, f"{name}-{lang}-{width}-{scheme}.png"), whole=True)
    b.size(1280, 900)
    b.media()


def keyboard():
    """Whatever scrolls sideways can be reached and has a name; pictures speak."""
    for name, lang, where in pages():
        b.size(390, 844, True)
        b.open(where)
        b.js(OPEN_ALL)
        same(b.js("[...document.querySelectorAll('.scroll')].every((s) => s.tabIndex === 0 && s.getAttribute('aria-label'))"), True,
             f"regions that scroll, {name} {lang}")
        same(b.js("[...document.querySelectorAll('svg.track')].every((s) => s.closest('.axis') || s.getAttribute('aria-label').length > 10)"),
             True, f"pictures speak, {name} {lang}")
    b.size(1280, 900)


def accessible():
    for name, lang, where in pages():
        for width, phone, scheme in ((1280, False, "light"), (390, True, "dark")):
            b.size(width, 900, phone)
            b.media("", scheme)
            bad = axe(b, where)
            if bad is None:
                print("skipped: axe-core (ASSAY_AXE names no axe.min.js)")
                return
            same(bad, [], f"axe-core, {name} {lang} {width} {scheme}")
    b.size(1280, 900)
    b.media()


def paper():
    """A4 less its margins: nothing is cut."""
    for name, lang, where in pages():
        b.open(where)
        b.size(688, 1000)
        b.media("print")
        same(b.js("document.documentElement.scrollWidth"), 688, f"paper is wide enough, {name} {lang}")
        cut = b.js("""[...document.querySelectorAll('table')].filter((t) => t.getBoundingClientRect().right > 689)
            .map((t) => t.caption ? t.caption.textContent : t.className)""")
        same(cut, [], f"no table is cut, {name} {lang}")
        b.media()
        b.size(1280, 900)
        b.pdf(os.path.join(pictures, f"{name}-{lang}.pdf"))
        same(os.path.getsize(os.path.join(pictures, f"{name}-{lang}.pdf")) > 15000, True, "a PDF")


try:
    for check in (self_contained, answers_first, numbers, shapes, keyboard, accessible, paper):
        start = time.time()
        check()
        print(f"ok    {check.__name__} ({time.time() - start:.1f} s)", flush=True)
finally:
    b.close()
