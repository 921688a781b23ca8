/* Warnings about the texts beside the weights: the chat template and the generation settings. Neither is used here
 * (prompts are rendered by harmony, sampling is the suite's), but what is unlike the published ones tells that whoever
 * trained or serves the model feeds it something else. */
#include <math.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/model/model_internal.h"

enum { MAX_TEXT = 16 << 20, PUBLISHED_VOCAB = 201088 };

/* ---- chat template ---- */

/* SHA-256 of the four revisions of chat_template.jinja in openai/gpt-oss-20b (4 to 8 August 2025, newest first), from
 * a public mirror of that repository's history. llama.cpp's models/templates/openai-gpt-oss-120b.jinja of September
 * 2025 equals the newest. None ends in white space. */
static const char *const published_templates[] = {
    "a4c9919cbbd4acdd51ccffe22da049264b1b73e59055fa58811a99efbd7c8146",
    "b474759b33c21342e73abceae7fe3789f062e289f69749801f722a508f92180a",
    "f8d9255777615591a7cc1a7c932f5a69e181128902295e1b81221d20d983cac7",
    "3aff18eca7ee88d43372b19f7e3784fb15d1acd014f31fa2e71614d9453576fa",
};

static void check_template(Model *m, const char *where, Str text) {
    char digest[65];
    while (text.n && strchr(" \t\r\n", text.p[text.n - 1])) text.n--;
    sha256_of(text, digest);
    for (size_t i = 0; i < sizeof published_templates / sizeof *published_templates; i++)
        if (strcmp(digest, published_templates[i]) == 0) return;
    model_warn(m,
               "the chat template in %s is none of the published ones that this program knows; it is not used, prompts "
               "are rendered by harmony",
               where);
}

/* A text file of the folder. false: it is not there, or cannot be read, which is a warning. */
static bool read_text(Model *m, const char *name, Buf *out) {
    Err e = ERR_INIT;
    const char *path = path_join(m->files->arena, m->dir, name);
    buf_init(out, MAX_TEXT);
    if (!path) return m->files->no_memory = true, false;
    if (!file_exists(path)) return false;
    if (file_read(path, out, &e)) return true;
    if (e.code == ERR_MEMORY) m->files->no_memory = true;
    model_warn(m, "%s", e.msg);
    return false;
}

static Json *read_json(Model *m, const char *name) {
    Buf text;
    Err e = ERR_INIT;
    Json *j = NULL;
    if (read_text(m, name, &text) && !json_parse(buf_str(&text), &j, &e)) {
        if (e.code == ERR_MEMORY) m->files->no_memory = true;
        model_warn(m, "%s: %s", name, e.msg);
    }
    buf_release(&text);
    return j;
}

static void check_folder_templates(Model *m) {
    Buf text;
    if (read_text(m, "chat_template.jinja", &text)) check_template(m, "chat_template.jinja", buf_str(&text));
    buf_release(&text);
    Json *j = read_json(m, "tokenizer_config.json");
    const Json *t = json_get(j, "chat_template");
    if (t && json_type(t) == JSON_STRING) check_template(m, "tokenizer_config.json", json_str(t));
    json_close(j);
}

/* ---- generation settings ---- */

static void check_setting(Model *m, const Json *j, const char *key, double neutral) {
    const Json *v = json_get(j, key);
    if (v && json_type(v) == JSON_NUMBER && fabs(json_num(v) - neutral) > 1e-9)
        model_warn(m, "generation_config.json: '%s' is %g; the published models are sampled with %g", key, json_num(v),
                   neutral);
}

static bool has_id(const Json *list, int64_t id) {
    if (list && json_type(list) == JSON_NUMBER) return json_num(list) == (double)id;
    for (const Json *c = list ? json_first(list) : NULL; c; c = json_next(c))
        if (json_num(c) == (double)id) return true;
    return false;
}

/* Ids are known for the published vocabulary alone. */
static void check_stops(Model *m, const Json *eos) {
    if (!eos || m->config.vocab != PUBLISHED_VOCAB) return;
    if (!has_id(eos, 200002) || !has_id(eos, 200012))
        model_warn(m, "generation_config.json: 'eos_token_id' lacks <|return|> (200002) or <|call|> (200012)");
    if (has_id(eos, 200007))
        model_warn(m,
                   "generation_config.json: 'eos_token_id' has <|end|> (200007), which ends a message, not an answer");
}

static void check_generation(Model *m) {
    Json *j = read_json(m, "generation_config.json");
    check_setting(m, j, "temperature", 1);
    check_setting(m, j, "top_p", 1);
    check_setting(m, j, "repetition_penalty", 1);
    check_stops(m, json_get(j, "eos_token_id"));
    json_close(j);
}

static void check_gguf(Model *m, const Gguf *g) {
    Str text = {NULL, 0};
    uint64_t eos = 200002;
    if (gguf_str(g, "tokenizer.chat_template", false, &text, NULL) && text.p) check_template(m, "the metadata", text);
    if (m->config.vocab == PUBLISHED_VOCAB &&
        gguf_uint(g, "tokenizer.ggml.eos_token_id", false, 0, UINT32_MAX, &eos, NULL) && eos != 200002)
        model_warn(m, "'tokenizer.ggml.eos_token_id' is %llu; the published models have 200002 (<|return|>)",
                   (unsigned long long)eos);
}

void model_check_texts(Model *m) {
    if (m->files->files[0].gguf) {
        check_gguf(m, m->files->files[0].gguf);
        return;
    }
    check_folder_templates(m);
    check_generation(m);
}
