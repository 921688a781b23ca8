"""What every page is looked at for. Expressions give a list of what is wrong."""
import os


def same(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, expected {want!r}")


# A word of letters alone that stands on two lines; digests (64 letters, if no digit is among them) and names of items may
# break.
BROKEN = """(() => {
  const bad = [], range = document.createRange(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    if (n.parentElement.closest('code, pre, svg, .unseen, style, script, .ids') || !n.parentElement.getClientRects().length) continue;
    const head = n.parentElement.closest('thead');
    if (head && head.getBoundingClientRect().width < 2) continue;
    for (const m of n.data.matchAll(/(?<![\\w.-])[A-Za-z\\uac00-\\ud7a3]{2,40}(?![\\w-])/g)) {
      range.setStart(n, m.index); range.setEnd(n, m.index + m[0].length);
      const lines = new Set([...range.getClientRects()].filter((r) => r.width > 0.5).map((r) => Math.round(r.top)));
      if (lines.size > 1) bad.push(m[0]);
    }
  }
  return bad.slice(0, 8);
})()"""

CONTRAST = """(() => {
  const lum = (c) => { const v = c.match(/[\\d.]+/g).slice(0, 3).map((x) => { x /= 255; return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255,255,255)'; };
  const bad = [];
  for (const e of document.querySelectorAll('h1,h2,h3,h4,p,li,small,th,td,a,summary,.nums b,.nums span,.words,dd,dt,code,i.esc,.verdict')) {
    if (!e.textContent.trim() || e.closest('.h1, .h2, .h3')) continue;
    const a = lum(getComputedStyle(e).color), c = lum(behind(e)), r = (Math.max(a, c) + .05) / (Math.min(a, c) + .05);
    if (r < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + r.toFixed(2));
  }
  return bad.slice(0, 5);
})()"""


OPEN_ALL = "document.querySelectorAll('details').forEach((d) => { d.open = true; })"


def axe(b, url):
    """The violations that axe-core finds on a page with all its parts open; None without axe-core (ASSAY_AXE names
    axe.min.js)."""
    path = os.environ.get("ASSAY_AXE", "")
    if not os.path.exists(path):
        return None
    b.call("Page.setBypassCSP", enabled=True)
    try:
        b.open(url)
        b.js(OPEN_ALL)
        b.js(open(path, encoding="utf-8").read() + ";0")
        return b.js("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html))")
    finally:
        b.call("Page.setBypassCSP", enabled=False)
