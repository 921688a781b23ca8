"""Usage: measure_large.py ASSAY FOLDER [SAMPLES]   (not part of any test: minutes, and some GB of disk)
Runs a suite of SAMPLES / 2 questions on two models that answer from recordings with texts of a usual length, writes report.html and
measures in headless Chromium: time until the list of samples is there, memory of the page's process, time to open one sample, to
search all texts, to sort. Prints one line for each."""
import json, os, random, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser
from measuring import measure_page, prose

assay, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
n = int(sys.argv[3]) // 2 if len(sys.argv) > 3 else 50000


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


if not os.path.exists(folder + "/run/run.db"):
    write_world()
    start = time.time()
    subprocess.run([assay, "run", "large", "--model", "small=replay:rec-small", "--model", "large=replay:rec-large", "--out", "run", "-q"],
                   cwd=folder, check=True)
    print(f"run of {2 * n} answers with its reports: {time.time() - start:.1f} s")
start = time.time()
subprocess.run([assay, "report", "run", "--format", "html", "-q"], cwd=folder, check=True)
print(f"report.html: {time.time() - start:.1f} s, {os.path.getsize(folder + '/run/report.html') / 1e6:.1f} MB")
b = Browser()
measure_page(b, folder + "/run/report.html")
b.close()
