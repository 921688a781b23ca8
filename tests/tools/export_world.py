"""Usage: export_world.py FOLDER [N]   Writes FOLDER/plan.yaml: two models that answer from recordings, four suites of N samples: words with tools and
options by log-likelihood, each once sealed ("hidden-…") and once open ("open-…"). Every text of a sample but its id, group and tags holds a marker of
its own; ids and groups are what a spreadsheet, Markdown or a file system could take for its own.
As a module: marks_in(kind, paths) says which markers of such suites stand in files, in any usual spelling, inside archives and packed pages too."""
import base64, io, json, os, sys, zipfile

WHATS = ("PROMPT", "TOOLSAYS", "THOUGHT", "CALL", "ANALYSIS", "COMMENT", "FINAL", "MALFORMED", "OPTION", "TARGET")
HOSTILE = ["=1+1", "+1", "-2+3", "@SUM(A1)", 'a"b', "a,b;=c", "a|b", "*a*", "`a`", "[a](javascript:x)", "<b>a", "~~a~~", "a\\b", "../a", "a/b", "a_b",
           "\uff1d1+1", "$a$", "a#b", "\ud55c\uad6d\uc5b4", "&amp;", "'a", "%2e%2e", "CON"]


def mark(suite, what, i):
    return f"MARK-{what}-{suite}-{i % 7}-zq7xw"


def spellings(m):
    b = m.encode()
    yield from (b, b.hex().encode(), b.hex().upper().encode(), m.encode("utf-16-le"), b.lower(), b.replace(b"-", b"\\u002d"), b.replace(b"-", b"%2D"),
                b.replace(b"-", b"&#45;"), b.replace(b"-", b"\\-"))
    for pad in range(3):  # base64 of it at any place, without the letters that its neighbours decide
        yield base64.b64encode(bytes(pad) + b + bytes(3))[4:len(b) * 4 // 3 - 2]


ENDS = {s: [x for i in range(7) for x in spellings(f"-{s}-{i}-zq7xw")] for s in ("hidden", "open")}  # of every marker
NEEDLES = {(s, w): [x for i in range(7) for x in spellings(mark(s, w, i))] for s in ("hidden", "open") for w in WHATS}


def unpacked(name, data):
    """The file, and what is packed in it."""
    from page_text import page_text
    yield name, data
    if name.endswith(".html"):
        yield name, page_text(data)
    if data[:4] == b"PK\x03\x04":
        z = zipfile.ZipFile(io.BytesIO(data))
        for n in z.namelist():
            yield f"{name}!{n}", n.encode() + z.read(n)


def marks_in(kind, paths):
    hits = {}
    for top in paths:
        files = [top] if os.path.isfile(top) else [os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs]
        for path in files:
            with open(path, "rb") as f:
                for name, data in unpacked(path, f.read()):
                    if not any(n in data for n in ENDS[kind]):
                        continue
                    for (suite, what), needles in NEEDLES.items():
                        if suite == kind and any(n in data for n in needles):
                            hits.setdefault(what, name)
    return hits


def ident(suite, i):
    return f"{HOSTILE[i % len(HOSTILE)]}{'' if i < len(HOSTILE) else i}"


def write(w, n):
    for kind in ("hidden", "open"):
        hazard = "sealed" if kind == "hidden" else "none"
        for suite in ("words", "options"):
            os.makedirs(f"{w}/test/{kind}-{suite}", exist_ok=True)
            with open(f"{w}/test/{kind}-{suite}/suite.yaml", "w") as f:
                f.write(f"suite: test/{kind}-{suite}\nversion: 1\ntitle: {kind} {suite}\nhazard: {hazard}\nlicence: none\n"
                        "dataset: {path: samples.jsonl, fields: {target: answer, group: topic" + (", choices: options" if suite == "options" else "") + "}}\n"
                        "prompt: '{{ question }}'\n")
                if suite == "words":
                    f.write("tools:\n  functions:\n    - name: look\n      parameters: {type: object, properties: {at: {type: string}}}\n"
                            f"      template: '{mark(kind, 'TOOLSAYS', 0)} of {{{{ at }}}}'\n"
                            "generation: {temperature: 0, max_tokens: 100}\nscorers: [number, refusal]\n")
                else:
                    f.write("mode: loglikelihood\nchoices_as: '{{ choice }}'\nscorers:\n  - {scorer: choice, options: {by: loglikelihood}}\n")
            with open(f"{w}/test/{kind}-{suite}/samples.jsonl", "w") as f:
                for i in range(n):
                    row = {"id": ident(suite, i), "topic": HOSTILE[i % 5], "question": f"{mark(kind, 'PROMPT', i)} {suite} {i}?",
                           "answer": f"77{i}", "note": mark(kind, "TARGET", i)}
                    if suite == "options":
                        row.update(answer="AB"[i % 2], options=[f"{mark(kind, 'OPTION', i)} {k}" for k in "ab"])
                    else:
                        row["expected"] = "answer"
                    f.write(json.dumps(row) + "\n")
    for m in range(2):
        os.makedirs(f"{w}/rec{m}", exist_ok=True)
        with open(f"{w}/rec{m}/completions.jsonl", "w") as f:
            for kind in ("hidden", "open"):
                for i in range(n):
                    say = lambda what: mark(kind, what, i)
                    q = f"{say('PROMPT')} words {i}?"
                    call = {"status": "ok", "analysis": say("THOUGHT"), "stop": "call", "call_recipient": "functions.look",
                            "call_content": json.dumps({"at": say("CALL")}), "ids": [1, 2, i], "n_tokens": 3, "n_prompt_tokens": 10}
                    end = {"status": "length" if i % 9 == 4 else "ok", "analysis": say("ANALYSIS"), "commentary": say("COMMENT"),
                           "final": f"{say('FINAL')} so it is 77{i + (i + m) % 3 // 2}.", "has_final": True, "malformed": say("MALFORMED") if i % 4 == 0 else "",
                           "stop": "return", "ids": [4, i], "n_tokens": 20 + i % 5 * 15, "n_prompt_tokens": 20}
                    if i % 11 == 7:
                        end = {"status": "failed", "error": "the engine tripped"}
                    for c in (call, end):
                        f.write(json.dumps({"user": q, "completion": c}) + "\n")
                    lp = [-1.25 - i % 3, -2.5]
                    f.write(json.dumps({"user": f"{say('PROMPT')} options {i}?", "completion": {"status": "ok", "n_prompt_tokens": 9, "choice_scores": [
                        {"logprob": x, "n_tokens": 1 + k, "is_greedy": x == max(lp)} for k, x in enumerate(lp)]}}) + "\n")
    with open(f"{w}/plan.yaml", "w") as f:
        f.write("plan: test\nseed: 7\nmodels:\n" + "".join(f"  - {{name: {n}, path: 'replay:{w}/rec{k}'}}\n" for k, n in enumerate(("base", "tuned"))) +
                "suites: [test/hidden-words, test/open-words, test/hidden-options, test/open-options]\nefforts: [low]\nrepeats: 2\n")


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2 * len(HOSTILE))
