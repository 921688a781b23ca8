/* A suite from a stranger: suite.yaml, its samples, its few-shot examples, its programs. What loads keeps the promises
 * of suite.h and dataset.h, and each of its prompts is a request or is refused in a sentence. */
#include <string.h>

#include "engine/base/json.h"
#include "harness/prompt.h"
#include "tests/fuzz/fuzz.h"

enum { SUITE, SAMPLES, SHOTS, TABLE, PROGRAM };
static const char *const names[] = {"suite.yaml", "samples.jsonl", "shots.jsonl", "samples.csv", "answer.py", NULL};
enum { MAX_PROMPTS = 4 };

/* ---- seeds: an id must end like the folder, which is called "fuzz" ---- */

static const char choice[] =
    "suite: fuzz\nversion: 2\ntitle: \"T\"\ndescription: >-\n  folded\n  text\nlicence: 'CC0'\ncanary: c1\nhazard: "
    "sealed\ndataset:\n  path: [absent.jsonl, samples.jsonl]\n  columns: [id, q, a, o, g, canary]\n  fields:\n    "
    "target: "
    "'{{ a }}'\n    choices: o\n    group: g\n    cluster: '{{ g ~ \"-\" ~ id }}'\n    meta: {twice: '{{ a ~ a }}', n: "
    "'{{ "
    "o | length }}'}\nprompt:\n  developer: D\n  user: |-\n    {{ q }}\n    {%- for c in o %}\n    {{ "
    "sample.letters[loop.index0] }}) {{ c | trim }}\n    {%- endfor %}\nprefill: {channel: final, text: 'Answer: '}\n"
    "fewshot: {count: 1, path: shots.jsonl, per_group: true, fields: {target: a, group: g}, assistant: '{{ a }}!'}\n"
    "generation: {temperature: 0.5, top_p: 0.9, max_tokens: 7, date: '2025-06-30'}\nscorers:\n  - {scorer: choice, "
    "name: letter, options: {list: [a, 1], flag: true}}\n  - choice\nmetric: safe_rate\nhigher_is: better\n";
static const char choice_rows[] = "{\"id\":1,\"q\":\"x?\",\"a\":\"A\",\"o\":[\"u\",\"v\"],\"g\":\"G\",\"canary\":"
                                  "\"c1\"}\r\n\n{\"id\":\"two\",\"q\":\"\\u00e9\\n\","
                                  "\"a\":[\"B\",2.5],\"o\":[1,true,\"w\"],\"g\":\"H\",\"canary\":\"c1\"}\n";
static const char shot_rows[] =
    "{\"q\":\"y?\",\"a\":\"8\",\"o\":[1,2],\"g\":\"G\"}\n{\"q\":\"z?\",\"a\":\"9\",\"o\":[3,4],\"g\":\"H\"}";

static const char likelihood[] = "suite: fuzz\nversion: 1\ntitle: t\nmode: loglikelihood\ndataset: {path: '*.csv', "
                                 "fields: {id: '{{ row[\"odd name\"] "
                                 "}}', target: a, choices: '{{ [b, c] }}'}}\nprompt: |\n  {% if fewshot is defined "
                                 "%}{% for f in fewshot %}{{ f.q }} {{ f.a "
                                 "}}{% else %}none{% endfor %}{% endif %}{% set x = b.split(' ') %}{{ x | join('+') }} "
                                 "{{ sample.index + 1 }}\nfewshot: "
                                 "{count: 2, as: variable, path: shots.jsonl}\nchoices_as: '{{ letter }} {{ choice | "
                                 "upper }} {{ index }}'\nscorers: "
                                 "[choice]\n";
static const char csv_shots[] =
    "{\"q\":\"y?\",\"a\":\"A\",\"b\":\"u\",\"c\":1}\n{\"q\":\"z?\",\"a\":\"B\",\"b\":\"\",\"c\":false}";
static const char csv_rows[] = "odd name,a,b,c\n1,A,\"u, \"\"v\"\"\nw\",x\r\n2,B,y z,\"\"\n";

static const char tools[] =
    "suite: fuzz\nversion: 1\ntitle: t\ndataset: {path: samples.jsonl, fields: {target: a, tools: '{{ [\"look\"] "
    "}}'}}\n"
    "prompt: q\ntools:\n  python: stateless\n  limits: {max_turns: 2, max_tokens: 9, output_bytes: 10, cpu_seconds: 1, "
    "wall_seconds: 0.5, memory_mb: 64}\n  functions:\n    - name: look\n      description: looks\n      parameters:\n  "
    "      "
    "type: object\n        properties: {k: {type: [string, \"null\"], enum: [x, y], minLength: 1}, n: {type: integer, "
    "minimum: 0}}\n        required: [k]\n        additionalProperties: false\n      table:\n        - {arguments: {k: "
    "x}, "
    "answer: {v: [1]}}\n        - {arguments: {}, error: nothing}\n      otherwise: {error: none}\n    - {name: say, "
    "parameters: {type: object, properties: {w: {type: string}}}, template: '{{ w | default(\"-\") }}'}\n    - {name: "
    "calc, program: answer.py}\n    - {name: own, program: \"print(1)\"}\nscorers: [number]\n";
static const char program[] = "import json, sys\nprint(json.load(sys.stdin))\n";

static void add(Buf *b, int part, const char *text) {
    fuzz_part_add(b, part, text, strlen(text));
}

static void seeds(FuzzGive *give, void *ctx) {
    Buf b;
    buf_init(&b, 1 << 20);
    add(&b, SUITE, choice), add(&b, SAMPLES, choice_rows), add(&b, SHOTS, shot_rows);
    give(ctx, "choice", b.p, b.n);
    buf_clear(&b);
    add(&b, SUITE, likelihood), add(&b, TABLE, csv_rows), add(&b, SHOTS, csv_shots);
    give(ctx, "likelihood", b.p, b.n);
    buf_clear(&b);
    add(&b, SUITE, tools), add(&b, PROGRAM, program);
    add(&b, SAMPLES, "{\"id\": 1, \"q\": \"x?\", \"a\": \"7\"}\n");
    give(ctx, "tools", b.p, b.n);
    buf_release(&b);
}

/* ---- checks ---- */

static void check_suite(const Suite *s) {
    const SuiteGeneration *g = &s->generation;
    fuzz_must(s->id.n && s->id.n <= 100 && s->version >= 1 && s->title.p && s->user, "what a suite must have");
    fuzz_must(s->sha256.n == 64 && s->dataset.n_paths && s->dataset.paths[0] && s->dataset.id, "digest, paths or ids");
    fuzz_must(!g->has_temperature || (g->temperature >= 0 && g->temperature <= 100), "temperature");
    fuzz_must(!g->has_top_p || (g->top_p > 0 && g->top_p <= 1), "top_p");
    fuzz_must(!g->has_max_tokens || g->max_tokens >= 1, "max_tokens");
    fuzz_must(s->fewshot.count >= 0 && s->fewshot.count <= 1000, "few-shot count");
    fuzz_must(s->mode == SUITE_GENERATE || (s->choices_as && s->dataset.choices), "log-likelihood without choices");
    fuzz_must(s->n_scorers >= 1, "no scorers");
    for (size_t i = 0; i < s->n_scorers; i++) {
        fuzz_must(s->scorers[i].name.n && s->scorers[i].scorer.p, "a scorer without a name");
        for (size_t k = 0; k < i; k++) fuzz_must(!str_eq(s->scorers[i].name, s->scorers[k].name), "two of a name");
    }
}

static void check_sample(const Dataset *d, size_t i) {
    const Sample *x = &d->samples[i];
    fuzz_must(x->index == i && x->id.n && x->id.n <= DATASET_MAX_ID && utf8_valid(x->id), "an id");
    for (size_t k = 0; k < x->id.n; k++) fuzz_must((unsigned char)x->id.p[k] >= 32, "an id with control characters");
    fuzz_must(dataset_find(d, x->id) == x, "an id that is not found, or is there twice");
    fuzz_must(x->row.type == VALUE_MAP && x->content_hash.n == 64, "a row");
    fuzz_must(x->n_choices == 0 || (x->n_choices >= 2 && x->n_choices <= 26), "a number of choices");
    for (size_t k = 0; k < x->n_targets; k++) fuzz_must(x->targets[k].p != NULL, "a target");
}

static void check_request(const Suite *s, const Sample *x, const Request *r) {
    Buf out;
    Json *j;
    Err err = ERR_INIT;
    fuzz_must(r->n_messages >= 1, "a prompt without messages");
    fuzz_must(s->mode == SUITE_GENERATE || r->n_choices == x->n_choices, "another number of choices");
    buf_init(&out, (size_t)128 << 20);
    prompt_messages_json(r, r->n_messages, &out);
    if (!out.failed && str_find(buf_str(&out), STR("\\u0000"), 0) == SIZE_MAX) {
        fuzz_must(json_parse(buf_str(&out), &j, &err), "the messages' JSON is not valid");
        json_close(j);
    }
    buf_release(&out);
}

static bool build_prompts(const Suite *s, const Dataset *d, const Dataset *shots) {
    static const GenOptions gen = GEN_DEFAULTS;
    bool all = true;
    for (size_t i = 0; i < d->n && i < MAX_PROMPTS; i++) {
        Arena *a = arena_open(0);
        Request r;
        Err err = ERR_INIT;
        if (prompt_build(s, shots, &d->samples[i], &gen, i, a, &r, &err))
            check_request(s, &d->samples[i], &r);
        else
            all = fuzz_refused(&err);
        arena_close(a);
    }
    return all;
}

static bool load(const char *path, Arena *a) {
    Suite *s;
    Dataset *d, *shots;
    Err err = ERR_INIT;
    if (!suite_load(path, fuzz_dir(), a, &s, &err)) return fuzz_refused(&err);
    check_suite(s);
    if (!suite_open_data(s, a, &d, &shots, &err)) return fuzz_refused(&err);
    fuzz_must(d && d->sha256.n == 64 && d->n_files >= 1 && !shots == !s->fewshot.count, "the data");
    for (size_t i = 0; i < d->n; i++) check_sample(d, i);
    return build_prompts(s, d, shots);
}

static bool run(const uint8_t *p, size_t n) {
    fuzz_dir_parts(p, n);
    Arena *a = arena_open(0);
    bool ok = load(fuzz_dir(), a);
    arena_close(a);
    return ok;
}

const FuzzTarget fuzz_target = {"suite", FUZZ_PARTS, names, 500, seeds, run};
