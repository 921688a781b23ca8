/* One call of the model, answered. What the model got wrong is told to it in plain words and counted; what we got wrong
 * (the sandbox, a template of the suite) is a failure of the sample, and is never put to the model's account. */
#include "harness/tools/tools.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"

#define ARGUMENTS_MAX ((size_t)1 << 20)
#define NAME_MAX_BYTES 200 /* of a recipient that is told back */

struct ToolBox {
    const SuiteTools *tools;
    const ToolLimits *limits;
    Sandbox *sandbox;
    SandboxProgram **programs; /* [n_functions], NULL for those that run none */
};

static SandboxLimits sandbox_limits(const ToolLimits *l) {
    return (SandboxLimits){.cpu_seconds = l->cpu_seconds,
                           .wall_seconds = l->wall_seconds,
                           .memory_bytes = (uint64_t)l->memory_mb << 20,
                           .output_bytes = (uint64_t)l->output_bytes};
}

/* ---- opening ---- */

static bool open_program(ToolBox *b, size_t i, Arena *a, Err *err) {
    const ToolFunction *f = &b->tools->functions[i];
    SandboxRun run;
    if (!sandbox_compile(b->sandbox, STR("python"), f->program, a, &b->programs[i], &run, err)) return false;
    if (b->programs[i]) return true;
    Str why = str_trim(run.err);
    return yaml_fail(f->at, err, "the program of function '" STR_FMT "' is not Python: " STR_FMT, STR_ARG(f->name),
                     STR_ARG(str_sub(why, 0, 300)));
}

bool toolbox_open(const SuiteTools *t, const ToolLimits *l, Sandbox *box, Arena *a, ToolBox **out, Err *err) {
    *out = NULL;
    ToolBox *b = arena_alloc(a, sizeof *b);
    if (!b) return err_nomem(err);
    *b = (ToolBox){t, l, box, arena_array(a, t->n_functions + 1, sizeof *b->programs)};
    if (!b->programs) return err_nomem(err);
    for (size_t i = 0; i < t->n_functions; i++)
        if (t->functions[i].kind == TOOL_PROGRAM && !open_program(b, i, a, err)) {
            toolbox_close(b);
            return false;
        }
    *out = b;
    return true;
}

void toolbox_close(ToolBox *b) {
    for (size_t i = 0; b && i < b->tools->n_functions; i++) {
        sandbox_program_close(b->programs[i]);
        b->programs[i] = NULL;
    }
}

const SuiteTools *toolbox_tools(const ToolBox *b) {
    return b->tools;
}
const ToolLimits *toolbox_limits(const ToolBox *b) {
    return b->limits;
}

/* ---- what is said ---- */

typedef struct Answering {
    const ToolCall *c;
    Arena *a;
    ToolAnswer *out;
    Err *err;
} Answering;

/* Without a character that the cut went through. */
static Str whole_characters(Str s) {
    size_t back = 0;
    while (back < 3 && back < s.n && ((unsigned char)s.p[s.n - 1 - back] & 0xC0) == 0x80) back++;
    if (back == s.n) return s;
    unsigned char lead = (unsigned char)s.p[s.n - 1 - back];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > back + 1) s.n -= back + 1;
    return s;
}

/* What was written, with what was cut named behind it; then `end`, on a line of its own. total: bytes that there were.
 */
static bool say_cut(Answering *x, Str text, uint64_t total, Str end) {
    Buf b;
    uint64_t keep = (uint64_t)x->c->box->limits->output_bytes;
    bool cut = total > keep || total > text.n;
    if (text.n > keep) text.n = (size_t)keep;
    if (cut) text = whole_characters(text);
    buf_init(&b, SIZE_MAX / 2);
    buf_add_utf8_lossy(&b, text);
    if (cut) buf_addf(&b, "\n[output cut: %zu of %llu bytes are shown]", text.n, (unsigned long long)total);
    if (end.n && b.n && !str_ends(buf_str(&b), STR("\n"))) buf_addc(&b, '\n');
    buf_addstr(&b, end);
    x->out->text = b.failed ? (Str){0} : str_dup(x->a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return x->out->text.p || err_nomem(x->err);
}

static bool say(Answering *x, Str text) {
    return text.p ? say_cut(x, text, text.n, (Str){0}) : err_nomem(x->err);
}

/* What quotes the model stays one line of UTF-8: control characters become '?'. */
static void add_line(Buf *b, Str s) {
    for (size_t i = 0; i < s.n;) {
        char utf8[4];
        uint32_t cp = utf8_next(s, &i);
        bool control = cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
        if (control) cp = '?';
        buf_add(b, utf8, utf8_put(cp, utf8));
    }
}

/* A call that is no use of a tool. */
static bool __attribute__((format(printf, 2, 3))) bad_call(Answering *x, const char *fmt, ...) {
    Buf raw, line;
    va_list ap;
    buf_init(&raw, 8192);
    buf_init(&line, 3 * 8192);
    va_start(ap, fmt);
    buf_vaddf(&raw, fmt, ap);
    va_end(ap);
    buf_adds(&line, "error: ");
    add_line(&line, buf_str(&raw));
    x->out->bad = true;
    x->out->text = raw.failed || line.failed ? (Str){0} : str_dup(x->a, buf_str(&line));
    buf_release(&raw);
    buf_release(&line);
    return x->out->text.p || err_nomem(x->err);
}

/* The instrument failed: *why is its sentence. Without memory the run ends instead. */
static bool failed(Answering *x, const Err *why, Str who) {
    if (why->code == ERR_MEMORY) return err_nomem(x->err);
    x->out->failure = str_printf(x->a, STR_FMT ": %s", STR_ARG(who), why->msg);
    x->out->text = STR("");
    return x->out->failure.p || err_nomem(x->err);
}

/* ---- functions ---- */

static bool fits(const ToolRow *row, const Value *arguments) {
    for (size_t i = 0; i < row->arguments.map.n; i++) {
        const ValueMember *want = &row->arguments.map.members[i];
        const Value *have = value_get(arguments, want->key);
        if (!have || !schema_same(have, &want->value)) return false;
    }
    return true;
}

static bool by_table(Answering *x, const ToolFunction *f, const Value *arguments) {
    for (size_t i = 0; i < f->n_rows; i++)
        if (fits(&f->rows[i], arguments)) return say(x, f->rows[i].text);
    return say(x, f->otherwise);
}

static bool by_template(Answering *x, const ToolFunction *f, const Value *arguments) {
    size_t n = arguments->map.n;
    ValueMember *m = arena_array(x->a, n + 3, sizeof *m);
    Err why = ERR_INIT;
    Str text;
    if (!m) return err_nomem(x->err);
    m[0] = (ValueMember){STR("arguments"), *arguments};
    m[1] = (ValueMember){STR("row"), x->c->row};
    m[2] = (ValueMember){STR("sample"), x->c->sample};
    if (n) memcpy(m + 3, arguments->map.members, n * sizeof *m);
    Value vars = value_map(m, n + 3);
    if (!template_text(f->template, &vars, x->a, &text, &why)) return failed(x, &why, x->out->name);
    return say(x, text);
}

/* The last line of a traceback says what happened; the rest is for the one who wrote the suite. */
static Str last_line(Str s) {
    s = str_trim(s);
    for (size_t i = s.n; i-- > 0;)
        if (s.p[i] == '\n') return str_sub(s, i + 1, s.n);
    return s;
}

static bool by_program(Answering *x, size_t i, const Value *arguments) {
    static const char *const ends[] = {[SANDBOX_TLE] = "it needed too much processor time",
                                       [SANDBOX_MLE] = "it needed too much memory",
                                       [SANDBOX_OLE] = "it wrote too much",
                                       [SANDBOX_ILE] = "it did not end in time"};
    Buf input;
    SandboxRun run;
    SandboxLimits l = sandbox_limits(x->c->box->limits);
    Err why = ERR_INIT;
    l.output_bytes = 16u << 20;
    l.stoppable = true; /* a sample that is interrupted begins anew, so the answer is not missed */
    buf_init(&input, ARGUMENTS_MAX * 8);
    value_to_json(arguments, false, &input);
    buf_addc(&input, '\n');
    bool ok = !input.failed || err_nomem(&why);
    ok = ok && sandbox_run(x->c->box->sandbox, x->c->box->programs[i], buf_str(&input), &l, x->a, &run, &why);
    buf_release(&input);
    if (!ok || run.verdict == SANDBOX_IE) {
        if (ok) err_set(&why, ERR_ENV, "the sandbox failed: %s", run.detail ? run.detail : "no reason was given");
        return failed(x, &why, x->out->name);
    }
    if (run.verdict == SANDBOX_OK)
        return say(x, str_ends(run.out, STR("\n")) ? str_sub(run.out, 0, run.out.n - 1) : run.out);
    Str said = last_line(run.err);
    if (run.verdict < sizeof ends / sizeof *ends && ends[run.verdict]) said = str_from(ends[run.verdict]);
    return say(x, str_printf(x->a, "error: the tool failed: " STR_FMT,
                             STR_ARG(said.n ? said : STR("it ended without a word"))));
}

/* No text at all stands for no arguments: models leave them out for functions that take none. *why: what is wrong with
 * them, absent if nothing. false only without memory. */
static bool read_arguments(Answering *x, Value *out, Str *why) {
    Str text = str_trim(x->c->content);
    Json *j = NULL;
    Err err = ERR_INIT;
    *why = (Str){0};
    *out = value_map(NULL, 0);
    if (!text.n) return true;
    bool ok = text.n <= ARGUMENTS_MAX || err_set(&err, ERR_INPUT, "they are longer than 1 MiB");
    ok = ok && json_parse(text, &j, &err) && value_from_json(j, x->a, out, &err);
    json_close(j);
    if (!ok && err.code == ERR_MEMORY) return err_nomem(x->err);
    if (ok && out->type == VALUE_MAP) return true;
    *why = ok ? str_printf(x->a, "they must be a JSON object, not %s", value_type_name(out->type))
              : str_dup(x->a, str_from(err.msg));
    return why->p || err_nomem(x->err);
}

static bool call_function(Answering *x, size_t i) {
    const ToolFunction *f = &x->c->box->tools->functions[i];
    Value arguments;
    Str why = {0};
    if (!read_arguments(x, &arguments, &why)) return false;
    if (why.p) return bad_call(x, "the arguments are not valid JSON: " STR_FMT, STR_ARG(why));
    if (!f->parameters && arguments.map.n) return bad_call(x, "'" STR_FMT "' takes no arguments", STR_ARG(f->name));
    if (f->parameters && !schema_check(f->parameters, &arguments, "the arguments", x->a, &why))
        return bad_call(x, STR_FMT, STR_ARG(why));
    switch (f->kind) {
    case TOOL_TABLE:
        return by_table(x, f, &arguments);
    case TOOL_TEMPLATE:
        return by_template(x, f, &arguments);
    case TOOL_PROGRAM:
        break;
    }
    return by_program(x, i, &arguments);
}

/* ---- python ---- */

/* A sandbox that did not start is asked once more: a machine under load may have been too slow. */
static bool open_python(Answering *x, Err *why) {
    SandboxSessionOptions o = {
        .limits = sandbox_limits(x->c->box->limits), .cells = x->c->box->limits->max_turns, .seed = x->c->seed};
    Sandbox *s = x->c->box->sandbox;
    return sandbox_session_open(s, &o, x->c->python, why) || sandbox_session_open(s, &o, x->c->python, why);
}

/* What stands behind the output when the interpreter is gone. */
static Str epitaph(Answering *x, const SandboxCell *cell) {
    const ToolLimits *l = x->c->box->limits;
    bool kept = x->c->box->tools->python == PYTHON_STATEFUL;
    const char *lost = kept ? " The interpreter was restarted; its state is lost." : "";
    switch (cell->verdict) {
    case SANDBOX_TLE:
        return str_printf(x->a, "[ERROR] Execution timed out after %g seconds of processor time.%s", l->cpu_seconds,
                          lost);
    case SANDBOX_ILE:
        return str_printf(x->a, "[ERROR] Execution timed out after %g seconds.%s", l->wall_seconds, lost);
    case SANDBOX_MLE:
        return str_printf(x->a, "[ERROR] Out of memory: more than %lld MiB were needed.%s", (long long)l->memory_mb,
                          lost);
    case SANDBOX_OLE:
        return str_printf(x->a, "[ERROR] Too much output.%s", lost);
    default:
        break;
    }
    if (cell->signal) return str_printf(x->a, "[ERROR] The interpreter was ended by signal %d.%s", cell->signal, lost);
    return cell->exit_code >= 0
               ? str_printf(x->a, "[ERROR] The interpreter ended with code %d.%s", cell->exit_code, lost)
               : str_printf(x->a, "[ERROR] The interpreter ended.%s", lost);
}

static bool say_cell(Answering *x, const SandboxCell *cell) {
    static const char nothing[] =
        "[WARN] No output available. Use print() to output anything to stdout to receive the output";
    Str end = {0};
    if (cell->verdict != SANDBOX_OK && !(end = epitaph(x, cell)).p) return err_nomem(x->err);
    if (!end.p && cell->out_bytes == cell->out.n && !str_trim(cell->out).n) return say(x, str_from(nothing));
    return say_cut(x, cell->out, cell->out_bytes, end);
}

static bool call_python(Answering *x) {
    bool stateful = x->c->box->tools->python == PYTHON_STATEFUL;
    SandboxSession **s = x->c->python;
    SandboxCell cell = {.verdict = SANDBOX_RE};
    Err why = ERR_INIT;
    bool ok = (*s || open_python(x, &why)) && sandbox_session_run(*s, x->c->content, stateful, x->a, &cell, &why);
    if (!ok || !stateful || cell.verdict != SANDBOX_OK) {
        sandbox_session_close(*s);
        *s = NULL;
    }
    return ok ? say_cell(x, &cell) : failed(x, &why, STR("python"));
}

/* ---- one call ---- */

static bool unknown_function(Answering *x, Str name) {
    const SuiteTools *t = x->c->box->tools;
    Buf b;
    buf_init(&b, 8192);
    for (size_t i = 0; i < t->n_functions; i++)
        if (x->c->given[i]) buf_addf(&b, "%s" STR_FMT, b.n ? ", " : "", STR_ARG(t->functions[i].name));
    bool ok = bad_call(x, "there is no function '" STR_FMT "'; there is: %.2000s", STR_ARG(name),
                       b.n && !b.failed ? b.p : "none");
    buf_release(&b);
    return ok;
}

static bool route(Answering *x) {
    const SuiteTools *t = x->c->box->tools;
    Str to = x->c->recipient;
    bool any = false;
    for (size_t i = 0; i < t->n_functions; i++) any = any || x->c->given[i];
    if (str_eqz(to, "python") && t->python && x->c->given[t->n_functions]) return call_python(x);
    if (!str_starts(to, STR("functions.")) || !any)
        return bad_call(x, "there is no tool '" STR_FMT "' here", STR_ARG(str_sub(to, 0, NAME_MAX_BYTES)));
    Str name = str_sub(to, 10, to.n);
    for (size_t i = 0; i < t->n_functions; i++)
        if (x->c->given[i] && str_eq(t->functions[i].name, name)) return call_function(x, i);
    return unknown_function(x, str_sub(name, 0, NAME_MAX_BYTES));
}

/* The name stands where a message has its role: a model that calls `developer` must not be answered by one. */
static bool is_role(Str name) {
    static const Str roles[] = {{"system", 6}, {"developer", 9}, {"user", 4}, {"assistant", 9}, {"tool", 4}};
    size_t colon = str_find(name, STR(":"), 0); /* role:name */
    Str word = str_sub(name, 0, colon == SIZE_MAX ? name.n : colon);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (str_eq(word, roles[i])) return true;
    return false;
}

/* The answer comes in the name that was called, as far as that can be a name. */
static Str answering_name(Str recipient) {
    bool plain = recipient.n > 0 && recipient.n <= NAME_MAX_BYTES && !is_role(recipient);
    for (size_t i = 0; plain && i < recipient.n; i++) plain = recipient.p[i] > ' ' && recipient.p[i] < 0x7f;
    return plain ? recipient : STR("functions");
}

bool tool_answer(const ToolCall *c, Arena *a, ToolAnswer *out, Err *err) {
    uint64_t begin = clock_mono_ns();
    *out = (ToolAnswer){.name = answering_name(c->recipient)};
    Answering x = {c, a, out, err};
    bool ok = c->recipient.p && c->recipient.n ? route(&x) : bad_call(&x, "the call names no tool");
    out->seconds = (double)(clock_mono_ns() - begin) / 1e9;
    return ok;
}
