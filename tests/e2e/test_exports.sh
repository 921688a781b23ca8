#!/bin/bash
# The exports of a made-up run with hostile texts, sealed samples, tools and repeats: what other programs would read is there, equal to
# report.json, and nothing sealed is. Inspect's own field lists are checked against ../shared/golden where that is at hand.
set -eu
writer=$(dirname "${ASSAY:-build/assay}")/tests/test_reports_json
[ -x "$writer" ] || { echo "skipped: $writer is not built (make unit)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$writer" --write "$dir" 12 >/dev/null
"$writer" --write "$dir/again" 12 >/dev/null 2>&1 || { mkdir "$dir/again"; "$writer" --write "$dir/again" 12 >/dev/null; }
PYTHONPATH=tests/tools PYTHONDONTWRITEBYTECODE=1 python3 - "$dir" "${ASSAY_SHARED:-../shared}/golden/inspect-minimal.json" <<'PY'
import csv, glob, hashlib, io, json, os, sys, zipfile
from page_text import page_text

top, golden = sys.argv[1], sys.argv[2]
report = json.load(open(f"{top}/report.json"))
SECRET = b"MARKER-OF-A-SEALED-TEXT"

def check(ok, what):
    if not ok:
        sys.exit("FAILED: " + what)

# nothing sealed anywhere, inside archives too; the same run gives the same bytes
def pieces(folder):
    for path in sorted(glob.glob(f"{folder}/**", recursive=True)):
        name = os.path.relpath(path, folder)
        if os.path.isdir(path) or name.startswith(("run.db", "again")):
            continue
        data = open(path, "rb").read()
        yield name, data
        if name.endswith(".html"):
            yield name + "!texts", page_text(data)
        if path.endswith(".eval"):
            with zipfile.ZipFile(path) as z:
                check(z.testzip() is None, name + " is damaged")
                yield from ((f"{name}!{i}", z.read(i)) for i in z.namelist())

first, again = dict(pieces(top)), dict(pieces(f"{top}/again"))
for name, data in first.items():
    check(SECRET not in data, "a sealed text in " + name)
    check(b"</script><script>" not in data or not name.endswith((".md", ".html")), "live HTML in " + name)
check(first.keys() == again.keys(), "other files the second time")
check(all(again[n] == d for n, d in first.items()), "other bytes the second time")

slices = {(r["model"], r["suite"], r["effort"], r["transform"]): r for r in report["results"] if r["primary"]}
by_slice = {}
for s in report["samples"]:
    by_slice.setdefault((s["model"], s["suite"], s["effort"], s["transform"]), []).append(s)

# ---- Inspect ----
NAN = float("nan")
logs = glob.glob(f"{top}/inspect/*.eval")
check(len(logs) == len(slices), f"{len(logs)} logs for {len(slices)} slices")
for path in logs:
    data = open(path, "rb").read()
    check(data[:4] == b"PK\x03\x04", "no local header first")
    parts = os.path.basename(path)[:-5].split("_")
    check(len(parts) == 3, "a log's name has not three parts: " + path)
    z = zipfile.ZipFile(io.BytesIO(data))
    names = z.namelist()
    check(len(set(names)) == len(names), "a member twice")
    check({i.compress_type for i in z.infolist()} <= {0, 8}, "neither stored nor deflated")
    check(names[0] == "_journal/start.json" and names[-1] == "header.json", "order of members")
    header, start = json.loads(z.read("header.json")), json.loads(z.read("_journal/start.json"))
    check(header["version"] == 2 and header["status"] == "success", "status")
    check({k: header[k] for k in ("eval", "plan")} == {k: start[k] for k in ("eval", "plan")}, "start differs from header")
    spec = header["eval"]
    suite, _, how = spec["task"].partition("@")
    cell = slices[spec["model"], suite, spec["model_generate_config"]["reasoning_effort"], how or "plain"]
    own = by_slice[spec["model"], suite, cell["effort"], cell["transform"]]
    check(header["results"]["total_samples"] == len(own), "number of samples")
    main = next(s for s in header["results"]["scores"] if s["name"] == cell["scorer"])
    check(main["metrics"].get("mean", {}).get("value") == cell["mean"], "mean of " + path)
    check(main["metrics"].get("stderr", {}).get("value") == cell["standard_error"], "stderr of " + path)
    samples = [json.loads(z.read(n)) for n in names if n.startswith("samples/")]
    for s in samples:
        check(f"samples/{s['id']}_epoch_{s['epoch']}.json" in names, "a sample's name is not its id")
        check("/" not in str(s["id"]), "a slash in an id")
        ours = next(o for o in own if o["sample"] == s["metadata"]["sample"] and o["epoch"] == s["epoch"])
        check(s["model_usage"][spec["model"]]["output_tokens"] == ours["tokens"]["completion"], "tokens")
        if ours["status"] in ("failed", "timeout", "cancelled"):
            check("error" in s and "scores" not in s, "a failed sample with a score")
            continue
        value = s["scores"][ours["scores"][0]["scorer"]]["value"] if ours["scores"] else None
        want = ours["scores"][0]["value"] if ours["scores"] else None
        check((want is None and (value is None or value != value)) or value == want, f"value {value} for {want}")
        if ours["status"] == "length":
            check(s["limit"]["type"] in ("token", "context", "turn"), "a cut-off answer without its limit")
            check(s["output"]["choices"][0]["stop_reason"] in ("max_tokens", "model_length"), "stop reason")
        check(s["metadata"]["outcome"] == ours["outcome"], "outcome")
        if ours["sealed"]:
            check(not s["messages"] and s["target"] == "", "a sealed sample with messages")
        else:
            check(s["output"]["completion"] == (ours["final"] or ""), "the final answer")
            last = [m for m in s["messages"] if m["role"] == "assistant"][-1]
            if ours["analysis"] and "turns" not in ours:
                check(last["content"][0] == {"type": "reasoning", "reasoning": ours["analysis"], "redacted": False}, "reasoning")
            for m in s["messages"]:
                check(m["role"] in ("system", "user", "assistant", "tool"), "role " + m["role"])
                check(m["role"] != "tool" or m["tool_call_id"].startswith("call_"), "a tool's message without its call")
    check(len(json.loads(z.read("summaries.json"))) == len(samples), "summaries")
    check(z.read("summaries.json") == z.read("_journal/summaries/1.json"), "the journal's summaries")
    for red in json.loads(z.read("reductions.json")):
        check(len(red["samples"]) == spec["dataset"]["samples"] == len(spec["dataset"]["sample_ids"]), "reductions")

inspect_note = "Inspect's golden log is not at hand"
if os.path.exists(golden):
    g = json.load(open(golden))
    sample = next(s for s in samples if "error" not in s and "limit" not in s)
    optional = {"tags", "metadata", "task_file", "location"}
    def fields(want, got, where):
        for k in want:
            check(k in got or k in optional, f"{where}: '{k}' of the golden log is missing")
    fields({k: 1 for k in g if k not in ("samples", "reductions")}, header, "log")
    for part in ("eval", "plan", "results", "stats"):
        fields(g[part], header[part], part)
    fields(g["results"]["scores"][0], header["results"]["scores"][0], "score")
    fields({k: 1 for k in g["samples"][0] if k not in ("completed_at",)}, sample, "sample")
    fields(g["samples"][0]["output"], sample["output"] | {"time": 0}, "output")
    fields(g["reductions"][0], json.loads(z.read("reductions.json"))[0], "reductions")
    inspect_note = "all fields of Inspect's golden log are there"

# ---- lm-eval ----
for folder in glob.glob(f"{top}/lm-eval/*"):
    results = json.load(open(glob.glob(folder + "/results_*.json")[0]))
    for task, got in results["results"].items():
        check(got["name"] == task == results["configs"][task]["task"] and "/" not in task, "name of a task")
        suite, _, how = got["alias"].partition("@")
        cell = slices[results["config"]["model_args"], suite, results["x_harness"]["effort"], how or "plain"]
        metric = next(k for k in got if k.endswith(",none") and "_stderr" not in k)
        check(got[metric] == cell["mean"], "lm-eval's mean")
        err = got[metric.replace(",none", "_stderr,none")]
        check(err == cell["standard_error"] or (err == "N/A" and cell["standard_error"] is None), "lm-eval's stderr")
        path = next(p for p in glob.glob(folder + "/samples_*.jsonl") if f"samples_{task}_" in p)
        lines = [json.loads(x) for x in open(path, encoding="utf-8")]
        check(len(lines) == len(by_slice[cell["model"], cell["suite"], cell["effort"], cell["transform"]]), "lines of " + path)
        whole = ""
        for x in lines:
            check(isinstance(x["target"], str) and isinstance(x["resps"][0][0], str), "stringified members")
            dumped = json.dumps(x["doc"], indent=2, ensure_ascii=False)
            if all(c.isprintable() or c == "\n" for c in dumped):
                check(x["doc_hash"] == hashlib.sha256(dumped.encode()).hexdigest(), "doc_hash is not lm-eval's")
            check(x["target_hash"] == hashlib.sha256(x["target"].encode("utf-8", "surrogatepass")).hexdigest() or "\ufffd" in x["target"],
                  "target_hash")
            check(all(m in x for m in x["metrics"]), "a metric without its value")
            whole += x["doc_hash"] + x["prompt_hash"] + x["target_hash"]
        check(results["task_hashes"][task] == hashlib.sha256(whole.encode()).hexdigest(), "task_hash")

# ---- CSV and Markdown ----
rows = list(csv.DictReader(io.StringIO(open(f"{top}/samples.csv", newline="", encoding="utf-8").read(), newline=""), strict=True))
check(len(rows) == sum(max(1, len(s["scores"])) for s in report["samples"]), f"{len(rows)} rows")
for r in rows:
    check(None not in r and None not in r.values(), "a row of another length")
    check(not any(v[:1] in "=+@\t" for v in r.values() if v), "a cell that a spreadsheet would run")
sums = {}
for r in rows:
    if r["value"]:
        sums.setdefault((r["model"], r["suite"]), []).append(float(r["value"]))
for (model, suite), values in sums.items():
    ours = [x["value"] for s in report["samples"] if (s["model"], s["suite"]) == (model, suite) for x in s["scores"] if x["value"] is not None]
    check(sorted(values) == sorted(ours), "values of the table")
text = open(f"{top}/report.md", encoding="utf-8").read()
check(text.startswith("# ") and report["headline"][0]["lead"][:12] in text, "the headline")
check(text.count("\n| ") == len(report["results"]) + 1, "rows of the table")
check("<img" not in text and "\x1b" not in text, "live text in Markdown")
# ---- JUnit ----
import xml.etree.ElementTree as xml
root = xml.parse(f"{top}/junit.xml").getroot()
check(root.tag == "testsuites" and len(root) == len(slices), f"{len(root)} test suites")
bad = {"failures": "failure", "errors": "error"}
for what, tag in bad.items():
    check(int(root.get(what)) == len(root.findall(f".//{tag}")) == sum(int(s.get(what)) for s in root), "count of " + what)
kinds = {}
for s, (key, rows_) in zip(root, [(tuple(r[k] for k in ("model", "suite", "effort", "transform")), r) for r in report["results"] if r["primary"]]):
    p = {e.get("name"): e.get("value") for e in s.iter("property")}
    check([e.tag for e in s][0] == "properties" and [e.tag for e in s][-2:] == ["system-out", "system-err"], "order of elements")
    mine = by_slice[key]
    cut = sum(x["status"] == "length" for x in mine)
    check(int(p["n"]) == len(mine) and int(p["truncated"]) == cut, f"figures of {key}: {p}, {len(mine)}, {cut}")
    if rows_["mean"] is not None:
        check(abs(float(p["score"]) - rows_["mean"]) < 1e-5, "score of " + str(key))
    cases = {c.get("name"): c for c in s.iter("testcase")}
    check((cases["cut off at most 5 %"].find("failure") is not None) == (cut / len(mine) > .05), "cut off")
    none = cases["without a score at most 2 %"]
    kinds[none.find("error") is not None] = 1
check(len(kinds) == 2, "one slice with too few scores, one with enough: " + str(kinds))

print(f"passed: {len(logs)} Inspect logs, {len(rows)} rows; {inspect_note}")
PY
