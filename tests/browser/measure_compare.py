"""Usage: measure_compare.py ASSAY FOLDER [SAMPLES]   (not part of any test: minutes, and some GB of disk)
Two runs of SAMPLES answers each: four fifths are questions in 40 groups that a model answers in words, one fifth are scored by log-likelihood.
Measures `assay compare` of the two, by processor and by wall clock: for the terminal, with --html, and with all its files; then its page in headless
Chromium. Without Chromium the page is not measured."""
import json, os, random, resource, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser, find_chromium
from measuring import measure_page, prose

assay, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
n = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
n_options = n // 5
HEAD = ("suite: large/{0}\nversion: 1\ntitle: Large {0}\nlicence: none\ndataset:\n  path: samples.jsonl\n"
        "  fields: {{target: answer, group: subject{1}}}\nprompt:\n  user: '{{{{ question }}}}'\n")
TAIL = {"words": "generation: {temperature: 0, max_tokens: 1000}\nscorers:\n  - scorer: number\n",
        "options": "mode: loglikelihood\nchoices_as: '{{ letter }}'\nscorers:\n  - {scorer: choice, options: {by: loglikelihood}}\n"}


def in_words(r, i, k):
    right = (i * 7 + k * 3) % 10 > 2 - k
    return {"status": "ok", "analysis": "\n".join(prose(r, 30) for _ in range(5)),
            "final": f"{prose(r, 25)}\n\nThe answer is \\boxed{{{i if right else i + 1}}}.", "has_final": True, "ids": [i, k],
            "n_tokens": 150 + i % 200, "n_analysis_tokens": 120, "n_prompt_tokens": 60}


def in_options(r, i, k):
    scores = [-3 * r.random() for _ in range(4)]
    scores[i % 4] += 1 + k
    return {"status": "ok", "n_prompt_tokens": 60,
            "choice_scores": [{"logprob": s, "n_tokens": 1, "is_greedy": s == max(scores)} for s in scores]}


def write_world():
    r = random.Random(1)
    asked = {"words": [f"Question {i}: {prose(r, 40)} What is {i}?" for i in range(n - n_options)],
             "options": [f"Choose {i}: {prose(r, 40)} Which is it?" for i in range(n_options)]}
    for suite, questions in asked.items():
        os.makedirs(f"{folder}/large/{suite}", exist_ok=True)
        with open(f"{folder}/large/{suite}/suite.yaml", "w") as f:
            f.write(HEAD.format(suite, ", choices: options" if suite == "options" else "") + TAIL[suite])
        with open(f"{folder}/large/{suite}/samples.jsonl", "w") as f:
            for i, q in enumerate(questions):
                row = {"id": f"{suite}-{i:06}", "question": q, "answer": str(i), "subject": f"subject {i % 40}"}
                if suite == "options":
                    row.update(answer="ABCD"[i % 4], options=["north", "south", "east", "west"])
                f.write(json.dumps(row) + "\n")
    for k, model in enumerate(("base", "tuned")):
        os.makedirs(f"{folder}/rec-{model}", exist_ok=True)
        with open(f"{folder}/rec-{model}/completions.jsonl", "w") as f:
            for suite, answer in (("words", in_words), ("options", in_options)):
                for i, q in enumerate(asked[suite]):
                    f.write(json.dumps({"user": q, "completion": answer(r, i, k)}) + "\n")


def timed(what, *options):
    start, before = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([assay, "compare", "base", "tuned", *options], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # -q would skip the numbers
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = ", ".join(f"{os.path.getsize(os.path.join(folder, o)) / 1e6:.1f} MB" for o in options if not o.startswith("-"))
    print(f"{what}: {time.time() - start:.2f} s (processor {used:.2f} s){', ' + files if files else ''}", flush=True)


for model in ("base", "tuned"):
    if os.path.exists(f"{folder}/{model}/run.db"):
        continue
    if not os.path.exists(f"{folder}/rec-{model}"):
        write_world()
    start = time.time()
    subprocess.run([assay, "run", "large/words", "large/options", "--model", f"{model}=replay:rec-{model}", "--out", model, "-q"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    print(f"run of {n} answers with its reports: {time.time() - start:.1f} s", flush=True)
print("load " + " ".join(f"{x:.2f}" for x in os.getloadavg()))
for _ in range(5):
    timed("compare")
timed("compare --html", "--html", "c.html")
timed("compare --html --markdown --report-json", "--html", "c.html", "--markdown", "c.md", "--report-json", "c.json")
print(f"largest memory of them: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3:.0f} MB (runs and their making included)")
if find_chromium():
    b = Browser()
    measure_page(b, folder + "/c.html")
    b.close()
