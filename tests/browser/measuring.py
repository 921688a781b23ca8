"""What the measurements of large pages share: made-up prose of a usual length, and how much memory a page takes."""
import os, time

WORDS = ("river city map bridge market garden rope knot sail harbour winter number seven eleven price weight train station hour "
         "because therefore first then finally compare check again sum difference answer question small large north south").split()


def prose(r, words):
    return " ".join(r.choice(WORDS) + (str(r.randrange(1000)) if r.random() < 0.1 else "") for _ in range(words)).capitalize() + "."


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:")) / 1000


def renderer(b):
    """The largest process that draws pages, in MB."""
    sizes = [0]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                line = f.read()
            if b"--type=renderer" in line and b.profile.encode() in line:
                sizes.append(pss(pid))
        except OSError:
            pass
    return max(sizes)


def measure_page(b, path):
    """Opens the page three times; opens one sample, sorts by tokens, searches all texts. Prints a line for each."""
    b.size(1280, 900)
    print(f"empty page: {renderer(b):.0f} MB")
    for _ in range(3):
        start = time.time()
        b.open("file://" + path)
        print(f"open: {time.time() - start:.2f} s, {renderer(b):.0f} MB")
    print(b.js("document.getElementById('found').textContent"))
    print("ms to the first paint, DOM whole, list drawn: " + b.js(
        "[performance.getEntriesByType('paint').find((p) => p.name === 'first-contentful-paint')?.startTime ?? NaN,"
        "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd].map(Math.round).join(', ')"))
    start = time.time()
    b.js("document.querySelector('#rows a').click(); (async () => { while (!document.getElementById('sample').open) await new Promise((ok) => setTimeout(ok, 5)); })()")
    print(f"one sample: {time.time() - start:.2f} s")
    b.js("document.getElementById('close').click()")
    start = time.time()
    b.js("document.querySelector('#samples [data-key=tokens]').click()")
    print(f"sort: {time.time() - start:.2f} s")
    start = time.time()
    b.js("(() => { const q = document.getElementById('f-q'); q.value = 'zzz nowhere'; q.dispatchEvent(new Event('input')); })()")
    while not b.js("document.getElementById('found').textContent").startswith("No"):
        time.sleep(0.05)
    print(f"search through all texts: {time.time() - start:.1f} s, {renderer(b):.0f} MB")
