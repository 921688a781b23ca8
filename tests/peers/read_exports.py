"""Usage: read_exports.py FOLDER...   (each with report.json, inspect/ and lm-eval/, as `assay report` writes them)
Reads our Inspect logs and lm-eval files by the peers' own code and compares what they understand with report.json. A peer that cannot be imported
is skipped, and the last line says so. lm-eval's schema needs pydantic, its table pytablewriter, its viewer's code (scripts/zeno_visualize.py) a
checkout of it on PYTHONPATH, with zeno_client."""
import glob, json, math, os, sys, zipfile

faults = []


def check(ok, what):
    if not ok:
        faults.append(what)
        print("FAILED: " + what)


def key(row):
    return row["model"], row["suite"], row["effort"], row["transform"]


# ---- Inspect ----

def without_nulls(x):
    if isinstance(x, dict):
        return {k: without_nulls(v) for k, v in x.items() if v is not None}
    return [without_nulls(v) for v in x] if isinstance(x, list) else x


def lost(ours, theirs, where):
    """Members of ours that their models dropped: names that Inspect does not know."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for k, v in ours.items():
            if k not in theirs:
                if v not in (None, [], {}):
                    yield f"{where}.{k}"
            else:
                yield from lost(v, theirs[k], f"{where}.{k}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        for i, (a, b) in enumerate(zip(ours, theirs)):
            yield from lost(a, b, f"{where}[{i}]")
        if len(ours) != len(theirs):
            yield f"{where}: {len(ours)} members became {len(theirs)}"
    elif ours != theirs and not (isinstance(ours, (int, float)) and isinstance(theirs, (int, float)) and (ours == theirs or ours != ours)):
        yield f"{where}: {str(ours)[:80]!r} became {str(theirs)[:80]!r}"


def read_inspect(folder, report):
    from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample, read_eval_log_sample_summaries, write_eval_log
    from inspect_ai.model import ContentReasoning

    logs = list_eval_logs(folder + "/inspect")
    cells = {key(r): r for r in report["results"] if r["primary"]}
    check(len(logs) == len(cells), f"{len(logs)} logs found for {len(cells)} slices")
    n = 0
    for info in logs:
        path = info.name.removeprefix("file://")
        log, header = read_eval_log(path), read_eval_log(path, header_only=True)
        suite, _, how = log.eval.task.partition("@")
        cell = cells.get((log.eval.model, suite, log.eval.model_generate_config.reasoning_effort, how or "plain"))
        check(log.version == 2 and log.status in ("success", "started", "cancelled") and cell, f"{path}: {log.status}, no such slice")
        check(not header.samples and header.results == log.results, path + ": the header alone")
        score = next(s for s in log.results.scores if s.name == cell["scorer"])
        check(cell["mean"] is None or score.metrics["mean"].value == cell["mean"], path + ": mean")
        summaries = read_eval_log_sample_summaries(path)
        check({(s.id, s.epoch) for s in summaries} == {(s.id, s.epoch) for s in log.samples}, path + ": summaries")
        raw = zipfile.ZipFile(path)
        for sample in log.samples:
            n += 1
            ours = json.loads(raw.read(f"samples/{sample.id}_epoch_{sample.epoch}.json"))
            same = read_eval_log_sample(path, id=sample.id, epoch=sample.epoch)
            check(same.output.completion == sample.output.completion == ours["output"]["completion"], f"{path}: {sample.id}: completion")
            thoughts = [c for m in sample.messages if isinstance(m.content, list) for c in m.content if isinstance(c, ContentReasoning)]
            check(len(thoughts) == sum(1 for m in ours["messages"] if isinstance(m["content"], list)
                                       for c in m["content"] if c["type"] == "reasoning"), f"{sample.id}: reasoning")
            theirs = json.loads(sample.model_dump_json())
            for fault in lost(without_nulls(ours), theirs, f"{sample.id}"):
                check(False, fault)
        theirs = json.loads(log.model_dump_json(exclude={"samples"}))
        for fault in lost(without_nulls(json.loads(raw.read("header.json"))), theirs, "header"):
            check(False, fault)
        copy = os.path.join(folder, "copy.json")
        write_eval_log(log, copy)
        again = read_eval_log(copy)
        check(len(again.samples) == len(log.samples) and again.results.scores[0].scorer == log.results.scores[0].scorer, path + ": written again")
        os.remove(copy)
    return f"Inspect reads {len(logs)} logs with {n} samples"


# ---- lm-eval ----

def lm_eval_types(results, samples):
    """Their typed dictionaries, checked by pydantic. What is ours alone ("x_harness") and scores that are missing have no type there."""
    from pydantic import ConfigDict, TypeAdapter
    from lm_eval.result_schema import EvalResults, SampleResult
    strict = TypeAdapter(dict)
    hints = EvalResults.__annotations__
    plain = {k: v for k, v in results.items() if k not in ("x_harness", "start_time", "end_time")}
    for k in plain:
        check(k in hints, f"lm-eval's results have no '{k}'")
    for task, m in results["results"].items():
        check(isinstance(m["name"], str) and isinstance(m["alias"], str) and isinstance(m["sample_len"], int), task + ": fixed members")
        for k, v in m.items():
            if k not in ("name", "alias", "sample_len"):
                check("," in k and (isinstance(v, (int, float)) or v == "N/A" or v is None), f"{task}: {k}: {v}")
    for task, rows in samples.items():
        for s in rows:
            fixed = {k: v for k, v in s.items() if k in SampleResult.__annotations__}
            check(set(fixed) == set(SampleResult.__annotations__), f"{task}: members {set(SampleResult.__annotations__) - set(fixed)}")
            others = {k: v for k, v in s.items() if k not in fixed and k != "x_harness"}
            check(set(others) == set(s["metrics"]) and all(v is None or isinstance(v, (int, float)) for v in others.values()), f"{task}: {others}")
            for member, kind in SampleResult.__annotations__.items():
                try:
                    TypeAdapter(kind, config=ConfigDict(strict=True)).validate_python(s[member])
                except Exception as e:
                    check(False, f"{task}: {member}: {e}")


def read_lm_eval(folder, report):
    from lm_eval.utils import get_file_datetime, get_file_task_name, get_latest_filename, get_results_filenames, get_sample_results_filenames
    from lm_eval.utils import hash_string, sanitize_model_name
    cells = {key(r): r for r in report["results"] if r["primary"]}
    notes, n = [], 0
    for model in sorted(os.listdir(folder + "/lm-eval")):
        files = sorted(glob.glob(f"{folder}/lm-eval/{glob.escape(model)}/*"))
        results_file = get_latest_filename(get_results_filenames(files))
        results = json.load(open(results_file, encoding="utf-8"))
        check(results["model_name_sanitized"] == model == sanitize_model_name(results["model_name"]), "folder of " + model)
        samples = {}
        for path in get_sample_results_filenames(files):
            task = get_file_task_name(os.path.basename(path))
            check(get_file_datetime(path) == get_file_datetime(results_file).replace(".json", ""), "time of " + path)
            samples[task] = [json.loads(line) for line in open(path, encoding="utf-8")]
            whole = "".join(s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in samples[task])
            check(results["task_hashes"][task] == hash_string(whole), "task_hash of " + task)
            n += len(samples[task])
        check(set(samples) == set(results["results"]) == set(results["configs"]), f"tasks of files {set(samples)} and of results")
        lm_eval_types(results, samples)
        for task, m in results["results"].items():
            suite, _, how = m["alias"].partition("@")
            cell = next(c for k, c in cells.items() if (k[1], k[3]) == (suite, how or "plain") and k[0] == results["config"]["model_args"]
                        and k[2] == results["x_harness"]["effort"])
            metric = results["configs"][task]["metric_list"][0]["metric"]
            check(m[f"{metric},none"] == cell["mean"], f"{task}: mean")
            by_doc = {}
            for s in samples[task]:
                by_doc.setdefault(s["doc_id"], []).append(s[metric])
            means = [sum(v) / len(v) for v in ([x for x in vs if x is not None] for vs in by_doc.values()) if v]
            check(not means or math.isclose(sum(means) / len(means), cell["mean"]), f"{task}: the samples' mean")
            if results["configs"][task]["output_type"] == "multiple_choice":
                for s in samples[task]:
                    best = [float(r[0][0]) for r in s["resps"]]
                    check(len(best) == len(s["arguments"]) == len(s["filtered_resps"]) > 1, f"{task}: options")
        try:
            from lm_eval.utils import make_table
            table = make_table(results)
            check(all(m["alias"] in table for m in results["results"].values()), "the table lacks a task")
            notes.append("table")
        except ImportError:
            pass
        try:
            from scripts import zeno_visualize as zeno
            check(set(zeno.tasks_for_model(model, folder + "/lm-eval")) == set(samples), "the viewer's tasks")
            for task, rows in samples.items():
                config = results["configs"][task]
                check(any(task in f for f in files), f"the viewer finds no file of {task}")
                data, system = zeno.generate_dataset(rows, config), zeno.generate_system_df(rows, config)
                check(len(data) == len(system) == len(rows), f"{task}: the viewer's rows")
            notes.append("viewer")
        except ImportError:
            pass
    return f"lm-eval's readers take {n} samples ({', '.join(sorted(set(notes))) or 'neither its table nor its viewer is at hand'})"


def main():
    said, skipped = [], []
    for name, package, read in (("Inspect", "inspect_ai", read_inspect), ("lm-evaluation-harness", "lm_eval", read_lm_eval)):
        try:
            __import__(package)
        except ImportError as e:
            skipped.append(f"{name} ({e})")
            continue
        for folder in sys.argv[1:]:
            said.append(read(folder, json.load(open(folder + "/report.json"))))
    for line in said:
        print(line)
    if skipped:
        print("skipped: " + "; ".join(skipped))
    if faults:
        sys.exit(f"FAILED: {len(faults)} faults")
    if not said:
        sys.exit(77)
    print("passed")


main()
