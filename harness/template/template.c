/* Rendering: statements, scopes, and the budget that keeps hostile templates from hanging. */
#include "harness/template/template.h"

#include <stdio.h>
#include <string.h>

#include "harness/template/template_internal.h"

bool template__fail(Eval *e, const char *fmt, ...) {
    char msg[360];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    err_set(e->err, ERR_INPUT, "%s", msg);
    return err_wrap(e->err, "%s, template line %d", e->t->name, e->line);
}

bool template__step(Eval *e, size_t bytes) {
    e->steps++;
    e->bytes += bytes;
    if (e->steps > TEMPLATE_MAX_STEPS)
        return template__fail(e, "the template works too long (more than %d steps)", TEMPLATE_MAX_STEPS);
    if (e->bytes > TEMPLATE_MAX_BYTES)
        return template__fail(e, "the template builds too much (more than %zu MiB)", TEMPLATE_MAX_BYTES >> 20);
    return true;
}

static bool set_local(Eval *e, Str name, Value v) {
    Local *l = arena_alloc(e->a, sizeof *l);
    if (!l) return err_nomem(e->err);
    *l = (Local){name, v, e->locals};
    e->locals = l;
    return true;
}

/* name = v, or a, b = [v0, v1] */
static bool assign(Eval *e, const Stmt *s, const Value *v) {
    if (s->n_names == 1) return set_local(e, s->names[0], *v);
    Value list;
    if (v->type != VALUE_LIST && v->type != VALUE_STR)
        return template__fail(e, "%zu names cannot be taken from %s", s->n_names, value_type_name(v->type));
    if (!template__list(e, v, &list)) return false;
    if (list.list.n != s->n_names)
        return template__fail(e, "%zu names cannot be taken from a list of %zu", s->n_names, list.list.n);
    for (size_t i = 0; i < s->n_names; i++)
        if (!set_local(e, s->names[i], list.list.items[i])) return false;
    return true;
}

static bool run(Eval *e, const Stmt *s, Buf *out);

static bool loop_variable(Eval *e, const Value *items, size_t i) {
    size_t n = items->list.n;
    const Value *v = items->list.items;
    ValueMember *m = arena_array(e->a, 9, sizeof *m);
    if (!m) return err_nomem(e->err);
    m[0] = (ValueMember){STR("index"), value_int((int64_t)i + 1)};
    m[1] = (ValueMember){STR("index0"), value_int((int64_t)i)};
    m[2] = (ValueMember){STR("first"), value_bool(i == 0)};
    m[3] = (ValueMember){STR("last"), value_bool(i + 1 == n)};
    m[4] = (ValueMember){STR("length"), value_int((int64_t)n)};
    m[5] = (ValueMember){STR("revindex"), value_int((int64_t)(n - i))};
    m[6] = (ValueMember){STR("revindex0"), value_int((int64_t)(n - i - 1))};
    m[7] = (ValueMember){STR("previtem"), i ? v[i - 1] : (Value){.type = VALUE_UNDEFINED, .s = STR("loop.previtem")}};
    m[8] = (ValueMember){STR("nextitem"),
                         i + 1 < n ? v[i + 1] : (Value){.type = VALUE_UNDEFINED, .s = STR("loop.nextitem")}};
    return set_local(e, STR("loop"), value_map(m, 9));
}

/* Keeps the items for which the loop's `if` holds; the loop variable counts only those. */
static bool filter_items(Eval *e, const Stmt *s, Value *list) {
    Value *kept = arena_array(e->a, list->list.n, sizeof *kept);
    size_t n = 0;
    if (!kept) return err_nomem(e->err);
    for (size_t i = 0; i < list->list.n; i++) {
        Local *before = e->locals;
        Value v;
        bool yes;
        if (!assign(e, s, &list->list.items[i]) || !template__eval(e, s->filter, &v) || !template__truth(e, &v, &yes))
            return false;
        e->locals = before;
        if (yes) kept[n++] = list->list.items[i];
    }
    *list = value_list(kept, n);
    return true;
}

static bool run_for(Eval *e, const Stmt *s, Buf *out) {
    Value v, list;
    if (!template__eval(e, s->expr, &v) || !template__defined(e, &v) || !template__list(e, &v, &list)) return false;
    if (s->filter && !filter_items(e, s, &list)) return false;
    Local *before = e->locals;
    for (size_t i = 0; i < list.list.n; i++) {
        e->line = s->line;
        bool ok = template__step(e, 9 * sizeof(ValueMember)) && assign(e, s, &list.list.items[i]) &&
                  loop_variable(e, &list, i) && run(e, s->body, out);
        if (!ok) return false;
        e->locals = before; /* what a turn sets is gone after it, as in Jinja2 */
    }
    if (list.list.n) return true;
    bool ok = run(e, s->orelse, out);
    e->locals = before;
    return ok;
}

static bool run_if(Eval *e, const Stmt *s, Buf *out) {
    Value v;
    bool yes;
    if (!template__eval(e, s->expr, &v) || !template__truth(e, &v, &yes)) return false;
    return run(e, yes ? s->body : s->orelse, out);
}

static bool run_set(Eval *e, const Stmt *s) {
    Value v;
    if (!s->body) return template__eval(e, s->expr, &v) && assign(e, s, &v); /* undefined stays so until it is used */
    Buf text;
    buf_init(&text, TEMPLATE_MAX_OUTPUT);
    Local *before = e->locals;
    bool ok = run(e, s->body, &text);
    e->locals = before;
    if (ok) {
        v = value_str(str_dup(e->a, text.n ? buf_str(&text) : STR("")));
        ok = v.s.p ? template__step(e, v.s.n) && assign(e, s, &v) : err_nomem(e->err);
    }
    buf_release(&text);
    return ok;
}

static bool print(Eval *e, const Stmt *s, Buf *out) {
    Value v;
    if (!template__eval(e, s->expr, &v) || !template__defined(e, &v)) return false;
    if (v.type == VALUE_STR && v.s.n > out->max)
        return template__fail(e, "the rendered text is longer than %zu MiB", out->max >> 20);
    value_to_text(&v, out);
    return true;
}

/* A buffer that failed far below its ceiling had no memory. */
static bool check_output(Eval *e, const Buf *out) {
    if (!out->failed) return true;
    if (out->n < out->max / 4) return err_nomem(e->err);
    return template__fail(e, "the rendered text is longer than %zu MiB", out->max >> 20);
}

static bool run(Eval *e, const Stmt *s, Buf *out) {
    for (; s; s = s->next) {
        e->line = s->line;
        if (!template__step(e, 0)) return false;
        bool ok = true;
        switch (s->kind) {
        case ST_TEXT:
            buf_addstr(out, s->text);
            break;
        case ST_PRINT:
            ok = print(e, s, out);
            break;
        case ST_IF:
            ok = run_if(e, s, out);
            break;
        case ST_FOR:
            ok = run_for(e, s, out);
            break;
        case ST_SET:
            ok = run_set(e, s);
            break;
        }
        if (!ok || !check_output(e, out)) return false;
    }
    return true;
}

/* ---- the door ---- */

/* The text, if nothing in it opens a tag: it may be the bare name of a column. */
static Str bare_name(Str src) {
    for (size_t i = 0; i + 1 < src.n; i++)
        if (src.p[i] == '{' && strchr("{%#", src.p[i + 1])) return (Str){0};
    return src;
}

bool template_parse(Str src, const char *name, Arena *a, Template **out, Err *err) {
    *out = NULL;
    if (src.n > TEMPLATE_MAX_SOURCE) return err_set(err, ERR_INPUT, "%s: the template is longer than 1 MiB", name);
    Template *t = arena_alloc(a, sizeof *t);
    if (!t) return err_nomem(err);
    *t = (Template){.source = src.p ? src : STR(""), .name = name};
    t->bare = bare_name(t->source);
    if (!template__parse_body(t, a, err)) return false;
    *out = t;
    return true;
}

bool template_render(const Template *t, const Value *vars, Arena *a, Buf *out, Err *err) {
    const Value *column = t->bare.p ? value_get(vars, t->bare) : NULL;
    if (column) {
        value_to_text(column, out);
        return !out->failed || err_set(err, ERR_INPUT, "%s: the rendered text is too long", t->name);
    }
    Eval e = {.t = t, .vars = vars, .a = a, .line = 1, .err = err};
    return run(&e, t->body, out);
}

bool template_text(const Template *t, const Value *vars, Arena *a, Str *out, Err *err) {
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    bool ok = template_render(t, vars, a, &b, err);
    if (ok) {
        *out = str_dup(a, b.n ? buf_str(&b) : STR(""));
        ok = out->p || err_nomem(err);
    }
    buf_release(&b);
    return ok;
}

bool template_value(const Template *t, const Value *vars, Arena *a, Value *out, Err *err) {
    const Value *column = t->bare.p ? value_get(vars, t->bare) : NULL;
    if (column) {
        *out = *column;
        return true;
    }
    if (t->only) {
        Eval e = {.t = t, .vars = vars, .a = a, .line = 1, .err = err};
        return template__eval(&e, t->only, out) && template__defined(&e, out);
    }
    *out = value_str((Str){0});
    return template_text(t, vars, a, &out->s, err);
}

Str template_source(const Template *t) {
    return t->source;
}
Str template_bare_name(const Template *t) {
    return t->bare;
}
