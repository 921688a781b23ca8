"""Usage: measure_large.py ASSAY FOLDER [SAMPLES]   (not part of any test: minutes, and some GB of disk)
Runs a suite of SAMPLES / 2 questions on two models that answer from recordings with texts of a usual length, writes report.html and
measures in headless Chromium: time until the list of samples is there, memory of the page's process, time to open one sample, to
search all texts, to sort. Prints one line for each."""
import json, os, random, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser

assay, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
n = int(sys.argv[3]) // 2 if len(sys.argv) > 3 else 50000
WORDS = ("river city map bridge market garden rope knot sail harbour winter number seven eleven price weight train station hour "
         "because therefore first then finally compare check again sum difference answer question small large north south").split()


def prose(r, words):
    return " ".join(r.choice(WORDS) + (str(r.randrange(1000)) if r.random() < 0.1 else "") for _ in range(words)).capitalize() + "."


def write_world():
    os.makedirs(folder + "/large", exist_ok=True)
    with open(folder + "/large/suite.yaml", "w") as f:
        f.write("suite: large/large\nversion: 1\ntitle: Large\nlicence: none\ndataset:\n  path: samples.jsonl\n  fields: {target: answer}\n"
                "prompt:\n  user: '{{ question }}'\ngeneration: {temperature: 0, max_tokens: 1000}\nscorers:\n  - scorer: number\n")
    r = random.Random(1)
    questions = [f"Question {i}: {prose(r, 40)} What is {i}?" for i in range(n)]
    with open(folder + "/large/samples.jsonl", "w") as f:
        for i, q in enumerate(questions):
            f.write(json.dumps({"id": f"large-{i:06}", "question": q, "answer": str(i)}) + "\n")
    for k, model in enumerate(("small", "large")):
        os.makedirs(f"{folder}/rec-{model}", exist_ok=True)
        with open(f"{folder}/rec-{model}/completions.jsonl", "w") as f:
            for i, q in enumerate(questions):
                right = (i * 7 + k * 3) % 10 > 2 - k
                final = f"{prose(r, 25)}\n\nThe answer is \\boxed{{{i if right else i + 1}}}."
                f.write(json.dumps({"user": q, "completion": {
                    "status": "ok", "analysis": "\n".join(prose(r, 30) for _ in range(5)), "final": final, "has_final": True,
                    "ids": [i, k], "n_tokens": 150 + i % 200, "n_analysis_tokens": 120, "n_prompt_tokens": 60}}) + "\n")


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


if not os.path.exists(folder + "/run/run.db"):
    write_world()
    start = time.time()
    subprocess.run([assay, "run", "large", "--model", "small=replay:rec-small", "--model", "large=replay:rec-large", "--out", "run", "-q"],
                   cwd=folder, check=True)
    print(f"run of {2 * n} answers with its reports: {time.time() - start:.1f} s")
start = time.time()
subprocess.run([assay, "report", "run", "--format", "html", "-q"], cwd=folder, check=True)
print(f"report.html: {time.time() - start:.1f} s, {os.path.getsize(folder + '/run/report.html') / 1e6:.1f} MB")
page = f"file://{folder}/run/report.html"
b = Browser()
b.size(1280, 900)
print(f"empty page: {renderer(b):.0f} MB")
for turn in range(3):
    start = time.time()
    b.open(page)
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
b.close()
