#include "harness/model_warnings.h"

#include "harness/term.h"

/* The parsed summary, to be closed, and its list; NULL: no summary, or nothing in the list. */
static Json *open_list(const EngineInfo *info, const Json **list) {
    Json *j = NULL;
    *list = NULL;
    if (!info->summary_json || !json_parse(str_from(info->summary_json), &j, NULL)) return NULL;
    const Json *w = json_get(j, "warnings");
    if (w && json_first(w)) *list = w;
    return j;
}

void model_warnings_print(const EngineInfo *info, const char *prefix, FILE *out) {
    const Json *list;
    Json *j = open_list(info, &list);
    for (const Json *w = list ? json_first(list) : NULL; w; w = json_next(w)) {
        Buf line; /* warnings quote the checkpoint's own files */
        buf_init(&line, 1u << 16);
        term_escape(&line, json_str(w));
        fprintf(out, "%swarning: " STR_FMT "\n", prefix, STR_ARG(buf_str(&line)));
        buf_release(&line);
    }
    json_close(j);
}

void model_warnings_member(const EngineInfo *info, JsonOut *o) {
    const Json *list;
    Json *j = open_list(info, &list);
    if (list) json_out_key(o, "warnings"), json_out_node(o, list);
    json_close(j);
}
