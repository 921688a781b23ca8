"""Usage: audit_html.py DRAW CARD PICTURE_DIR: a scorecard's page in Chromium. Each check is a function that raises."""
import json, os, subprocess, sys, time
from browser import Browser
from looks import BROKEN, CONTRAST, same

draw, card_file, pictures = sys.argv[1:4]
card = json.load(open(card_file, encoding="utf-8"))
b = Browser()


def page(lang):
    path = os.path.join(pictures, f"audit-{lang}.html")
    subprocess.run([draw, "--write", card_file, lang, path], check=True)
    return "file://" + path


PAGES = {lang: page(lang) for lang in ("en", "ko")}


def quiet(what):
    same(b.complaints(), [], what)


def self_contained():
    """No script, nothing fetched, nothing made of the card's texts."""
    for lang, url in PAGES.items():
        html = open(url[len("file://"):], encoding="utf-8").read()
        for needle in ("http:", "https:", "@import", "url(", "srcset", "<script", "style=", "<img", "onerror="):
            if needle in html:
                raise AssertionError(f"the page holds {needle!r}")
        b.open(url)
        quiet(f"loading, {lang}")
        same(b.js("document.documentElement.lang"), lang, "language")
        same(b.js("document.querySelectorAll('script, img, iframe, link').length"), 0, "elements that could load")
        same(b.js("/[\\u202a-\\u202e]/.test(document.body.innerText)"), False, "hidden characters")


def first_screen():
    """The answer and every category's verdict, in words, above the pictures; the banner among them."""
    b.size(1280, 900)
    b.open(PAGES["en"])
    same(b.js("document.querySelector('h1').textContent"), card["answer"], "the answer")
    same(b.js("document.querySelector('.banner').getBoundingClientRect().bottom < 900"), True, "the banner is seen")
    same(b.js("document.querySelector('#verdicts').getBoundingClientRect().top < 800"), True, "so are the verdicts")
    wanted = {"BELOW": "below", "AT_OR_ABOVE": "at or above", "CANNOT_RULE_OUT": "cannot rule out"}
    got = b.js("[...document.querySelectorAll('.matrix td:not(.together):not(.nil) .verdict')].map((v) => v.textContent.trim())")
    for c in card["categories"]:
        got.remove(wanted[c["verdict"]])
    same(sorted(got), sorted({"ERODED": "eroded", "UNCLEAR": "unclear"}[d["verdict"]] for d in card["erosion"] + card["marginal"]),
         "a word for each verdict")
    same(b.js("[...document.querySelectorAll('.verdict')].every((v) => v.querySelector('svg'))"), True, "a shape for each")
    shapes = b.js("[...new Set([...document.querySelectorAll('.matrix .verdict')].map((v) => v.className + v.querySelector('svg').innerHTML))].length")
    same(shapes, b.js("new Set([...document.querySelectorAll('.matrix .verdict')].map((v) => v.className)).size"), "one shape each")


def everything_is_there():
    """Each member of the card that a reader must find, by the numbers that the card has."""
    b.open(PAGES["en"])
    rows = lambda where: b.js(f"document.querySelectorAll('{where} tbody tr').length")
    same(b.js("document.querySelectorAll('#annex .scroll')[0].querySelectorAll('tbody tr').length"), len(card["indicators"]), "indicators")
    same(rows("#integrity .checks"), len(card["checks"]), "checks")
    head = card["header"]
    same(rows("#integrity .numbers"), sum(len(head[k]) for k in ("self_test", "repeats")) + sum(len(o["suites"]) for o in head["overlap"]),
         "what lies behind the checks")
    same(rows("#limits"), len({json.dumps([p["id"], p["n"], p["at"]]) for p in card["power"]}) * len(card["power"][0]["at"]), "power")
    same(b.js("document.querySelectorAll('#erosion details li').length"),
         sum(len(e["lost"]) + len(e["gained"]) for e in card["erosion"]), "ids of flipped items")
    same(b.js("document.querySelectorAll('#picture .row:not(.axis) .mk').length >= 2 * %d" % 8), True, "marks")
    same(b.js("document.querySelectorAll('#picture .limit').length"), len({i["id"] for i in card["indicators"]}), "thresholds")
    same(b.js("document.querySelectorAll('#annex svg.track').length"),
         len({json.dumps([c["id"], c["by"], [q["at"] for q in c["points"]]]) for c in card["curves"]}), "curves")
    same(b.js("document.querySelectorAll('#annex svg.track .limit').length > 0"), True, "their thresholds")
    text = b.js("document.body.textContent")
    for run in card["header"]["runs"]:
        same(run["digest"] in text, True, "digest of " + run["role"])
    same(card["header"]["plan_sha256"] in text, True, "hash of the plan")
    same("No human decision has been signed." in text or "decision" in card, True, "the decision, or that there is none")


def shapes():
    for lang, url in PAGES.items():
        for width, height, phone in ((1280, 900, False), (768, 1000, False), (390, 844, True), (360, 740, True)):
            for scheme in ("light", "dark"):
                b.size(width, height, phone)
                b.media("", scheme)
                b.open(url)
                same(b.js("document.documentElement.scrollWidth"), width, f"no sideways scrolling, {lang} {width} {scheme}")
                b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                same(b.js("document.documentElement.scrollWidth"), width, f"nor with all open, {lang} {width} {scheme}")
                same(b.js(BROKEN), [], f"words are whole, {lang} {width} {scheme}")
                same(b.js(CONTRAST), [], f"contrast, {lang} {width} {scheme}")
                b.picture(os.path.join(pictures, f"audit-{lang}-{width}-{scheme}.png"), whole=True)
    b.size(1280, 900)
    b.media()


def keyboard():
    """Whatever scrolls sideways can be reached and has a name."""
    b.size(390, 844, True)
    b.open(PAGES["en"])
    b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    same(b.js("[...document.querySelectorAll('.scroll')].every((s) => s.tabIndex === 0 && s.getAttribute('aria-label'))"), True,
         "regions that scroll")
    same(b.js("[...document.querySelectorAll('svg.track')].every((s) => s.closest('[aria-hidden=true]') || s.getAttribute('aria-label').length > 10)"), True,
         "pictures speak")
    b.size(1280, 900)


def accessible():
    """axe-core where there is one: ASSAY_AXE names axe.min.js."""
    axe = os.environ.get("ASSAY_AXE", "")
    if not os.path.exists(axe):
        print("skipped: axe-core (ASSAY_AXE names no axe.min.js)")
        return
    source = open(axe, encoding="utf-8").read()
    b.call("Page.setBypassCSP", enabled=True)
    for lang, url in PAGES.items():
        for width, phone in ((1280, False), (390, True)):
            for scheme in ("light", "dark"):
                b.size(width, 900, phone)
                b.media("", scheme)
                b.open(url)
                b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                b.js(source + ";0")
                bad = b.js("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html))")
                same(bad, [], f"axe-core, {lang} {width} {scheme}")
    b.call("Page.setBypassCSP", enabled=False)
    b.size(1280, 900)
    b.media()


def paper():
    """A4 less its margins: nothing is cut, the banner and the ids behind <details> are there."""
    for lang, url in PAGES.items():
        b.open(url)
        b.size(688, 1000)
        b.media("print")
        same(b.js("document.documentElement.scrollWidth"), 688, f"paper is wide enough, {lang}")
        cut = b.js("[...document.querySelectorAll('table')].filter((t) => t.getBoundingClientRect().right > 689).map((t) => t.caption.textContent)")
        same(cut, [], f"no table is cut, {lang}")
        same(b.js("getComputedStyle(document.querySelector('.banner')).display !== 'none'"), True, "the banner is printed")
        same(b.js("document.querySelector('#erosion details li').getBoundingClientRect().height > 0"), True, "so are the ids")
        b.size(688, b.js("document.documentElement.scrollHeight"))
        b.picture(os.path.join(pictures, f"audit-paper-{lang}.png"))
        b.media()
        b.size(1280, 900)
        b.pdf(os.path.join(pictures, f"audit-{lang}.pdf"))
        same(os.path.getsize(os.path.join(pictures, f"audit-{lang}.pdf")) > 20000, True, "a PDF")


try:
    for check in (self_contained, first_screen, everything_is_there, shapes, keyboard, accessible, paper):
        start = time.time()
        check()
        print(f"ok    {check.__name__} ({time.time() - start:.1f} s)", flush=True)
finally:
    b.close()
