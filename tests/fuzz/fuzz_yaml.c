/* YAML -> tree -> JSON, and `--set` on it. The JSON of a tree is valid and short of any bomb. */
#include <stdio.h>
#include <string.h>

#include "engine/base/json.h"
#include "harness/yaml.h"
#include "tests/fuzz/fuzz.h"

static const char suite[] = "suite: demo/choice\nversion: 1\ntitle: \"t\"\nlicence: 'CC0'\ndataset: {path: "
                            "samples.jsonl, limit: 3}\nprompt:\n  user: |\n    {{ question }}\n    - x\n  developer: "
                            ">-\n    folded\n    text\nscorers:\n  - choice: &a {letters: [A, B]}\n  - number: *a\n"
                            "generation: {temperature: 0.5, max_tokens: 10, date: 2025-01-01, stop: ~, x: 1e3}\n";
static const char plan[] =
    "---\nplan: p\nmodels:\n  - &m {model: a, seed: -7, on: true}\n  - *m\nsuites: [a/b, \"c\\u00e9"
    "\\n\", 'd''e', 0x1F, .inf]\n? x\n: y\n# end\n...\n";

static void seeds(FuzzGive *give, void *ctx) {
    give(ctx, "suite", suite, sizeof suite - 1);
    give(ctx, "plan", plan, sizeof plan - 1);
}

static void check(YamlNode *root, const YamlDoc *doc, Arena *a) {
    Buf out;
    Json *j;
    Err err = ERR_INIT;
    buf_init(&out, (size_t)64 << 20);
    yaml_to_json(root, &out);
    if (!out.failed && str_find(buf_str(&out), STR("\\u0000"), 0) == SIZE_MAX) {
        fuzz_must(json_parse(buf_str(&out), &j, &err), "the tree's JSON is not valid");
        json_close(j);
    }
    (void)yaml_to_text(root, a);
    yaml_set(root, STR("dataset.limit"), STR("[1, two]"), doc, a, &err);
    (void)yaml_get(root, "dataset");
    buf_release(&out);
}

static bool run(const uint8_t *p, size_t n) {
    const YamlDoc doc = {"suite.yaml", "."};
    Arena *a = arena_open(0);
    YamlNode *root;
    Err err = ERR_INIT;
    bool ok = yaml_parse((Str){(const char *)p, n}, &doc, a, &root, &err);
    if (ok)
        check(root, &doc, a);
    else
        fuzz_refused(&err);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"yaml", FUZZ_TEXT, NULL, 3000, seeds, run};
