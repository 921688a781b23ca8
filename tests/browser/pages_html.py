"""Usage: pages_html.py PAGES_DIR HOSTILE_DIR PICTURE_DIR: what holds of all four pages. Each check is a function that raises."""
import os, re, shutil, subprocess, sys, time
from browser import Browser
from hostile_pages import EVIL
from looks import BROKEN, CONTRAST, OPEN_ALL, axe, same

folder, hostile, pictures = sys.argv[1:4]
NAMES = ("run", "compare", "gate", "audit")
LANGS = ("en", "ko")
b = Browser()


def url(where, name, lang):
    return "file://" + os.path.abspath(os.path.join(where, f"{name}-{lang}.html"))


def pages():
    return [(name, lang, url(folder, name, lang)) for name in NAMES for lang in LANGS]


def first_screen():
    """One heading that answers, and a picture: on a desk's screen at once, on a phone not more than a swipe away."""
    for name, lang, where in pages():
        for width, height, phone in ((1280, 900, False), (390, 844, True)):
            b.size(width, height, phone)
            b.open(where)
            at = f"{name} {lang} {width}"
            same(b.js("document.querySelectorAll('h1').length"), 1, f"one answer, {at}")
            same(b.js("document.querySelector('h1').getBoundingClientRect().bottom") < height / 2, True, f"the answer is on top, {at}")
            picture = b.js("document.querySelector('.row:not(.axis) svg.track, .matrix svg').getBoundingClientRect().bottom")
            same(picture < height * (1.5 if phone else 1), True, f"a picture on the first screen, {at}: it ends at {picture}")
    b.size(1280, 900)


def shapes():
    """Nothing is wider than its screen; on a desk's no table scrolls; no word is torn; all can be read."""
    for name, lang, where in pages():
        for width, height, phone in ((1280, 900, False), (390, 844, True)):
            for scheme in ("light", "dark"):
                b.size(width, height, phone)
                b.media("", scheme)
                b.open(where)
                at = f"{name} {lang} {width} {scheme}"
                same(b.js("document.documentElement.scrollWidth"), width, f"no sideways scrolling, {at}")
                if os.environ.get("ASSAY_PICTURES"):
                    b.picture(os.path.join(pictures, f"all-{name}-{lang}-{width}-{scheme}.png"), whole=True)
                b.js(OPEN_ALL)
                same(b.js("document.documentElement.scrollWidth"), width, f"nor with all open, {at}")
                same(b.js(BROKEN), [], f"words are whole, {at}")
                same(b.js(CONTRAST), [], f"contrast, {at}")
                wide = b.js("[...document.querySelectorAll('.scroll')].filter((s) => s.scrollWidth > s.clientWidth + 1).map((s) => s.getAttribute('aria-label'))")
                if not phone:
                    same(wide, [], f"tables fit, {at}")
    b.size(1280, 900)
    b.media()


def accessible():
    """axe-core where there is one; and what it does not look for."""
    for name, lang, where in pages():
        b.size(1280, 900)
        b.open(where)
        b.js(OPEN_ALL)
        at = f"{name} {lang}"
        same(b.js("[...document.querySelectorAll('table')].filter((t) => !t.caption || !t.caption.textContent.trim()).length"), 0, f"captions, {at}")
        same(b.js("[...document.querySelectorAll('th')].filter((h) => !h.scope).map((h) => h.textContent)"), [], f"scopes of heads, {at}")
        same(b.js("""[...document.querySelectorAll('svg')].filter((s) => !s.parentElement.closest('svg') && !s.closest('[aria-hidden=true]') &&
            (s.getAttribute('role') !== 'img' || (s.getAttribute('aria-label') || '').length < 5)).length"""), 0, f"pictures speak, {at}")
        same(b.js("[...document.querySelectorAll('.scroll')].every((s) => s.tabIndex === 0 && s.getAttribute('aria-label'))"), True,
             f"what scrolls can be reached, {at}")
        for width, phone in ((1280, False), (390, True)):
            for scheme in ("light", "dark"):
                b.size(width, 900, phone)
                b.media("", scheme)
                bad = axe(b, where)
                if bad is None:
                    if (name, lang, scheme) == ("run", "en", "light") and not phone:
                        print("skipped: axe-core (ASSAY_AXE names no axe.min.js)")
                    continue
                same(bad, [], f"axe-core, {at} {width} {scheme}")
    b.size(1280, 900)
    b.media()


# ---- Korean ----

# Every text of the page, spoken ones among them, that is not marked as English and not data: ids, names, titles, answers.
KOREAN = """(() => {
  const out = [], data = 'code, pre, script, noscript, style, [lang=en], #rows, option, .ids';
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) if (!n.parentElement.closest(data)) out.push(n.data);
  for (const e of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]'))
    if (!e.closest('[lang=en]')) for (const a of ['aria-label', 'placeholder', 'title', 'alt']) out.push(e.getAttribute(a) || '');
  return out;
})()"""
# what the demo calls its things: models, suites and their titles, groups, indicators, settings, and the persons' own sentences
DATA = """run base tuned reference demo large small demo-large demo-small demo-large-tuned sum refusal choice sums in words refusals and their harmless
 twins island facts four options bio chem rad nuc acquire compile deliver evade plan produce en ko hop one two three who add sub times
 arithmetic leak over erosion beyond medium plain default number full_compliance full_refusal partial_refusal full_answer garbled
 refusals-kept no-new-over-refusal ability-kept no-longer-answers unscored-limit truncated-limit fine-tune-gate c0 c1 c2 s0 s1 s2 s3 harm twin
 single
 did the fine-tune erode or raise what the model can do a fine may not cost make refuse requests ability
 a stand-in for hazardous proxy which this harness does carry set demo november specifications of one-sentence stand for suites nothing
 here says anything real models answers are to be read by people first board"""
# names of methods, formats and of our own commands and files, which have no other
NAMES_OF_METHODS = """assay compare Holm Bonferroni Newcombe Tango Wilson McNemar Cohen Benjamini Hochberg CR BCa SHA AI JSON scorecard decisions report json verify
 Clopper Pearson Esc repeat MODEL DIR FILE jsonl tuning data integrity canary paraphrase efforts low medium high says-test turn-options says test turn options
 retention prefill mid kappa Korean"""


def korean():
    """Nothing of ours is in English."""
    known = {w.lower() for w in re.findall(r"[A-Za-z]{2,}", DATA + " " + NAMES_OF_METHODS)}
    for name in NAMES:
        b.open(url(folder, name, "ko"))
        b.js(OPEN_ALL)
        same(b.js("document.documentElement.lang"), "ko", "language")
        texts = [t for t in b.js(KOREAN) if t.strip()]
        same(len(texts) > 100, True, "there is text")
        strange = [(w, t.strip()[:80]) for t in texts for w in re.findall(r"[A-Za-z]{2,}", re.sub(r"[0-9a-f]{12,}", "", t)) if w.lower() not in known]
        same(strange[:8], [], f"English words, {name}")


# ---- paper ----

SHEETS = {"run": 10, "compare": 9, "gate": 3, "audit": 8}


def squeezed(text):
    return re.sub(r"[\s\u00a0\u2009]+", "", text)


def paper():
    """A4: the answer is on the first sheet; there are as many sheets as a reader will hold; none ends with a heading."""
    tool = shutil.which("pdftotext")
    if not tool:
        print("skipped: pdftotext is not installed")
        return
    for name, lang, where in pages():
        b.open(where)
        b.size(688, 1000)  # A4 less its margins
        b.media("print")
        same(b.js("document.documentElement.scrollWidth"), 688, f"paper is wide enough, {name} {lang}")
        b.media()
        b.size(1280, 900)
        answer = b.js("document.querySelector('h1').innerText")
        headings = set(b.js("[...document.querySelectorAll('h2, h3, summary')].map((h) => h.textContent)"))
        path = os.path.join(pictures, f"all-{name}-{lang}.pdf")
        b.pdf(path)
        sheets = subprocess.run([tool, path, "-"], check=True, capture_output=True, text=True).stdout.split("\f")[:-1]
        # word by word: where scripts are mixed, the tool tells each font's run of a line apart
        lost = [w for w in re.findall(r"\d[\d.]*\d|\w+", answer) if w not in squeezed(sheets[0])]
        same(lost, [], f"the answer {answer!r} is on the first sheet, {name} {lang}")
        if name == "audit":
            same("26 answers are to be read by people first" in " ".join(sheets[0].split()), True, f"so is the decision's reason, {lang}")
        same(len(sheets) <= SHEETS[name], True, f"{len(sheets)} sheets, {name} {lang}")
        ends = [s.strip().splitlines()[-1].strip() for s in sheets if s.strip()]
        same([e for e in ends if e in {h.strip() for h in headings}], [], f"sheets that end with a heading, {name} {lang}")
        same(all(s.strip() for s in sheets), True, f"no empty sheet, {name} {lang}")


# ---- hostile text ----


def hostile_text():
    """Text of strangers is seen as it is, makes no element, and hides nothing."""
    b.size(1280, 900)
    for name in NAMES:
        for lang in LANGS:
            where = url(hostile, name, lang)
            html = open(where[len("file://"):], encoding="utf-8").read()
            at = f"{name} {lang}"
            shown = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.S)
            same(re.findall("[\u202a-\u202e\u2066-\u2069]", shown), [], f"signs that turn a line round, {at}")
            same("<img" in html or "<script>document.title" in html, False, f"elements in the source, {at}")
            b.open(where)
            b.js(OPEN_ALL)
            same(b.complaints(), [], f"loading, {at}")
            same(b.js("document.title").startswith("owned"), False, f"a script runs, {at}")
            same(b.js("document.querySelectorAll('img, iframe, object, embed, link, form, base, meta[http-equiv=refresh]').length"), 0, f"elements, {at}")
            same(b.js("[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length"), 0,
                 f"attributes that run, {at}")
            same(b.js("document.querySelectorAll('script:not([type])').length"), {"gate": 0, "audit": 0}.get(name, 2), f"scripts, {at}")
            seen = b.js("document.body.innerText")
            same(EVIL[:EVIL.index("'\"")] in seen, True, f"the text is seen, {at}")
            same("U+202E" in seen, True, f"and what it hides, {at}")
            same(b.js("document.documentElement.scrollWidth"), 1280, f"sideways scrolling, {at}")


try:
    for check in (first_screen, shapes, accessible, korean, paper, hostile_text):
        start = time.time()
        check()
        print(f"ok    {check.__name__} ({time.time() - start:.1f} s)", flush=True)
finally:
    b.close()
