#include "engine/chat/chat_internal.h"

#include <stdlib.h>

/* ---- reading ---- */

static bool is_absent(const Json *j) {
    return !j || json_type(j) == JSON_NULL;
}

/* {"name", "description"?, "parameters"?} */
static bool read_tool(const Json *j, Tool *out, Err *err) {
    const Json *parameters = json_get(j, "parameters");
    *out = (Tool){0};
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "a tool must be an object");
    if (!json_want_str(j, "name", true, &out->name, err) ||
        !json_want_str(j, "description", false, &out->description, err))
        return false;
    if (!is_absent(parameters)) out->parameters = parameters;
    return true;
}

static bool read_tool_list(const Json *list, const char *inner, Arena *a, Namespace *out, Err *err) {
    Tool *v = arena_array(a, json_count(list), sizeof *v);
    if (!v) return err_nomem(err);
    out->tools = v;
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        const Json *tool = inner && json_get(j, inner) ? json_get(j, inner) : j;
        Str type = json_str(json_get(j, "type"));
        if (inner && !str_eqz(type, "function"))
            return err_set(err, ERR_INPUT, "'tools' entry %zu: 'type' must be \"function\"", out->n_tools);
        if (!read_tool(tool, &v[out->n_tools], err)) return err_wrap(err, "'tools' entry %zu", out->n_tools);
        out->n_tools++;
    }
    return true;
}

bool tools_from_functions(const Json *j, Arena *a, Tools *out, Err *err) {
    *out = (Tools){0};
    if (is_absent(j)) return true;
    if (json_type(j) != JSON_ARRAY) return err_set(err, ERR_INPUT, "'tools' must be a list");
    if (!json_first(j)) return true;
    Namespace *ns = arena_alloc(a, sizeof *ns);
    if (!ns) return err_nomem(err);
    *ns = (Namespace){.key = STR("functions"), .name = STR("functions")};
    *out = (Tools){ns, 1};
    return read_tool_list(j, "function", a, ns, err);
}

static bool read_namespace(const Json *j, Arena *a, Namespace *out, Err *err) {
    *out = (Namespace){.key = str_from(json_key(j)), .name = str_from(json_key(j))};
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "it must be an object");
    const Json *list = json_get(j, "tools");
    if (!json_want_str(j, "name", false, &out->name, err) ||
        !json_want_str(j, "description", false, &out->description, err))
        return false;
    if (is_absent(list)) return true;
    if (json_type(list) != JSON_ARRAY) return err_set(err, ERR_INPUT, "'tools' must be a list");
    return read_tool_list(list, NULL, a, out, err);
}

static int by_key(const void *a, const void *b) {
    return str_cmp(((const Namespace *)a)->key, ((const Namespace *)b)->key);
}

bool tools_from_namespaces(const Json *j, Arena *a, Tools *out, Err *err) {
    *out = (Tools){0};
    if (is_absent(j)) return true;
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "'tools' must be an object of namespaces");
    Namespace *v = arena_array(a, json_count(j), sizeof *v);
    if (!v) return err_nomem(err);
    size_t n = 0;
    for (const Json *c = json_first(j); c; c = json_next(c), n++)
        if (!read_namespace(c, a, &v[n], err)) return err_wrap(err, "tools namespace '%s'", json_key(c));
    if (n) qsort(v, n, sizeof *v, by_key);
    *out = (Tools){v, n};
    return true;
}

/* What the model was trained on, word for word. Stateful: ToolNamespaceConfig::python of openai/harmony, src/chat.rs.
 * Stateless: PythonTool.instruction of openai/gpt-oss, gpt_oss/tools/python_docker/docker_tool.py, as it is without a
 * Jupyter session. */
static const char python_stateful[] =
    "Use this tool to execute Python code in your chain of thought. The code will not be shown to the user. This tool "
    "should be used for internal reasoning, but not for code that is intended to be visible to the user (e.g. when "
    "creating plots, tables, or files).\n\n"
    "When you send a message containing Python code to python, it will be executed in a stateful Jupyter notebook "
    "environment. python will respond with the output of the execution or time out after 120.0 seconds. The drive at "
    "'/mnt/data' can be used to save and persist user files. Internet access for this session is UNKNOWN. Depends on "
    "the cluster.";
static const char python_stateless[] =
    "Use this tool to execute STATELESS Python code in your chain of thought. The code will not be shown to the user. "
    "This tool should be used for internal reasoning, but not for code that is intended to be visible to the user "
    "(e.g. when creating plots, tables, or files).\n"
    "When you send a message containing python code to python, it will be executed in a stateless docker container, "
    "and the stdout of that process will be returned to you. You have to use print statements to access the output.\n\n"
    "IMPORTANT: Your python environment is not shared between calls. You will have to pass your entire code each time.";

Tools tools_python(PythonTool kind) {
    static const Namespace stateful = {
        .key = {"python", 6}, .name = {"python", 6}, .description = {python_stateful, sizeof python_stateful - 1}};
    static const Namespace stateless = {
        .key = {"python", 6}, .name = {"python", 6}, .description = {python_stateless, sizeof python_stateless - 1}};
    if (kind == PYTHON_NONE) return (Tools){0};
    return (Tools){kind == PYTHON_STATEFUL ? &stateful : &stateless, 1};
}

bool tools_has_functions(const Tools *t) {
    for (size_t i = 0; i < t->n; i++)
        if (str_eqz(t->v[i].key, "functions") && t->v[i].n_tools) return true;
    return false;
}

/* ---- writing ---- */

/* The built-in browser comes with empty schemas in harmony's JSON; these are its types. */
static const struct {
    const char *name, *type;
} browser_types[] = {
    {"search", "{\nquery: string,\ntopn?: number, // default: 10\nsource?: string,\n}"},
    {"open", "{\nid?: number | string, // default: -1\ncursor?: number, // default: -1\nloc?: number, // default: -1\n"
             "num_lines?: number, // default: -1\nview_source?: boolean, // default: false\nsource?: string,\n}"},
    {"find", "{\npattern: string,\ncursor?: number, // default: -1\n}"},
};

static const char *built_in_type(const Namespace *ns, const Tool *t) {
    if (!str_eqz(ns->key, "browser") || json_type(t->parameters) != JSON_OBJECT || json_first(t->parameters))
        return NULL;
    for (size_t i = 0; i < sizeof browser_types / sizeof *browser_types; i++)
        if (str_eqz(t->name, browser_types[i].name)) return browser_types[i].type;
    return NULL;
}

/* Every line of text with `prefix` before it; a newline at the end begins no further line. */
static void prefixed_lines(Buf *out, const char *prefix, Str text) {
    for (size_t at = 0; at < text.n;) {
        size_t end = str_find(text, STR("\n"), at), next;
        next = end == SIZE_MAX ? text.n : end + 1;
        if (end == SIZE_MAX)
            end = text.n;
        else if (end > at && text.p[end - 1] == '\r')
            end--;
        buf_adds(out, prefix);
        buf_addstr(out, str_sub(text, at, end));
        buf_addc(out, '\n');
        at = next;
    }
}

static void tool_text(Buf *out, const Namespace *ns, const Tool *t) {
    prefixed_lines(out, "// ", t->description);
    buf_adds(out, "type ");
    buf_addstr(out, t->name);
    buf_adds(out, t->parameters ? " = (_: " : " = (");
    if (t->parameters) {
        const char *built_in = built_in_type(ns, t);
        if (built_in)
            buf_adds(out, built_in);
        else
            schema_type(out, t->parameters, 0);
    }
    buf_adds(out, ") => any;\n\n");
}

static void namespace_text(Buf *out, const Namespace *ns) {
    buf_adds(out, "\n\n## ");
    buf_addstr(out, ns->name);
    buf_adds(out, "\n\n");
    prefixed_lines(out, ns->n_tools ? "// " : "", ns->description);
    if (ns->n_tools == 0) {
        /* lines are joined, not ended, by newlines */
        if (!out->failed) out->p[--out->n] = '\0';
        return;
    }
    buf_adds(out, "namespace ");
    buf_addstr(out, ns->name);
    buf_adds(out, " {\n\n");
    for (size_t i = 0; i < ns->n_tools; i++) tool_text(out, ns, &ns->tools[i]);
    buf_adds(out, "} // namespace ");
    buf_addstr(out, ns->name);
}

void tools_text(Buf *out, const Tools *t) {
    buf_adds(out, "# Tools");
    for (size_t i = 0; i < t->n; i++) namespace_text(out, &t->v[i]);
}
