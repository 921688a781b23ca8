"""Usage: hostile_pages.py DIR AUDIT_DIR: what strangers may write into names, titles, ids and reasons. DIR gets plan.yaml
and gate.yaml over a suite and recorded answers, and card.json, a scorecard with its decisions; in all of them every text
that a person or a model chooses holds EVIL."""
import json, os, sys

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>'\"&\u202egnp\u202c"
N = 12


def world(folder):
    os.makedirs(f"{folder}/test/s")
    text = lambda x: json.dumps(x)
    with open(f"{folder}/test/s/suite.yaml", "w", encoding="utf-8") as f:
        f.write(f"suite: test/s\nversion: 1\ntitle: {text('Title ' + EVIL)}\nlicence: {text(EVIL)}\n"
                "dataset:\n  path: samples.jsonl\n  fields: {target: answer, group: group}\n"
                "prompt:\n  user: '{{ question }}'\ngeneration: {temperature: 0, max_tokens: 100}\nscorers:\n  - scorer: number\n")
    with open(f"{folder}/test/s/samples.jsonl", "w", encoding="utf-8") as f:
        for i in range(N):
            f.write(json.dumps({"id": f"{i} {EVIL}", "question": f"What is {i}? {EVIL}", "answer": str(i), "group": f"{i % 2} {EVIL}"}) + "\n")
    for k, model in enumerate(("a", "b")):
        os.makedirs(f"{folder}/{model}")
        with open(f"{folder}/{model}/completions.jsonl", "w", encoding="utf-8") as f:
            for i in range(N):
                answer = i + (k and i % 3 == 0)
                f.write(json.dumps({"user": f"What is {i}? {EVIL}", "completion": {
                    "status": "ok", "analysis": EVIL, "final": f"{EVIL} \\boxed{{{answer}}}", "has_final": True, "ids": [i, k],
                    "n_tokens": 2, "n_prompt_tokens": 5}}) + "\n")
    with open(f"{folder}/plan.yaml", "w", encoding="utf-8") as f:
        f.write(f"plan: {text(EVIL[:60])}\nseed: 7\nmodels:\n  - {{name: a, path: 'replay:a'}}\n  - {{name: b, path: 'replay:b'}}\n"
                "suites: [test/s]\nefforts: [low]\nrepeats: 1\n")
    with open(f"{folder}/gate.yaml", "w", encoding="utf-8") as f:
        f.write(f"gate: {text(EVIL)}\nwhy: {text(EVIL)}\nchecks:\n"
                f"  - {{id: {text(EVIL)}, suite: test/s, kind: non_inferior, margin: 0.1}}\n")


# members that hold codes of ours, or digits; all other texts come from people, models or files
CODES = {"verdict", "result", "machine", "decided", "category", "kind", "metric", "rule", "by", "sha256", "multiplicity", "close", "format",
         "arms"}


def poison(value, key=""):
    if isinstance(value, dict):
        return {k + EVIL if key == "models" and isinstance(v, dict) else k: poison(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [poison(v, key) for v in value]
    if isinstance(value, str) and key not in CODES:
        return value + EVIL
    return value


def card(folder, audit):
    with open("tests/golden/audit_card.json", encoding="utf-8") as f:
        c = json.load(f)
    with open(f"{audit}/decisions.json", encoding="utf-8") as f:
        c["decisions"] = json.load(f)
    d = c["decisions"]
    assert d["decisions"] and d["verdict"]["signed"], "the audit has no decision"
    d["verdict"].update(need=2, met=False)
    d["verdict"]["signed"].append(dict(d["verdict"]["signed"][0], counts=False, why="it is the runner's"))
    d["decisions"][0]["by"] = "somebody"
    d["unsealings"] = [{"line": 9, "key": "0123456789abcdef", "at": "2026-11-26T03:20:00Z", "run": "r", "opened_by": "0123456789abcdef",
                        "items": "all", "n": 3, "access_log": "ab" * 32, "why": "to read them"}]
    with open(f"{folder}/card.json", "w", encoding="utf-8") as f:
        json.dump(poison(c), f)


if __name__ == "__main__":
    world(sys.argv[1])
    card(sys.argv[1], sys.argv[2])
