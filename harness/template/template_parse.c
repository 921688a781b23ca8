/* Template source -> statements: text, {{ }}, {% %}, {# #}. */
#include <string.h>

#include "harness/template/template_lex.h"

static Stmt *statement(Parser *p, StmtKind kind, int line) {
    Stmt *s = arena_alloc(p->a, sizeof *s);
    if (!s)
        err_nomem(p->err);
    else
        *s = (Stmt){.kind = kind, .line = line};
    return s;
}

/* The current token must end the tag. */
static bool end_tag(Parser *p) {
    if (p->tok.type != TOK_CLOSE) return template__unexpected(p, p->close[0] == '}' ? "'}}'" : "'%}'");
    p->trim_next = p->tok.trim;
    return true;
}

static bool open_tag(Parser *p, const char *close) {
    p->at += 2;
    if (template__peek(p, 0) == '-' || template__peek(p, 0) == '+') p->at++;
    p->close = close;
    p->braces = 0;
    return template__advance(p);
}

static bool parse_block(Parser *p, const char *const *ends, Stmt **out);

/* Name, or several with commas, with or without parentheses. */
static bool target_names(Parser *p, Stmt *s) {
    bool paren = template__at_op(p, "(");
    if (paren && !template__advance(p)) return false;
    for (;;) {
        if (p->tok.type != TOK_NAME) return template__unexpected(p, "a name");
        if (s->n_names == 16) return template__parse_fail(p, p->tok.line, "more than 16 names in one assignment");
        if (!s->names && !(s->names = arena_array(p->a, 16, sizeof *s->names))) return err_nomem(p->err);
        if (template__at_word(p, "loop") && s->kind == ST_FOR)
            return template__parse_fail(p, p->tok.line, "'loop' cannot be a loop's variable");
        s->names[s->n_names++] = p->tok.s;
        if (!template__advance(p)) return false;
        if (template__at_op(p, "."))
            return template__parse_fail(p, p->tok.line, "attributes cannot be set; there are no namespaces here");
        if (!template__at_op(p, ",")) break;
        if (!template__advance(p)) return false;
    }
    return !paren || template__expect_op(p, ")");
}

static bool close_block(Parser *p) {
    return template__advance(p) && end_tag(p);
}

static bool if_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"elif", "else", "endif", NULL}, *const last[] = {"endif", NULL};
    if (!template__advance(p) || !(s->expr = template__expression_or_tuple(p)) || !end_tag(p) ||
        !parse_block(p, ends, &s->body))
        return false;
    if (template__at_word(p, "elif")) {
        if (++p->depth > TEMPLATE_MAX_DEPTH) return template__parse_fail(p, p->tok.line, "too many elif");
        s->orelse = statement(p, ST_IF, p->tok.line);
        bool ok = s->orelse && if_statement(p, s->orelse);
        p->depth--;
        return ok;
    }
    if (template__at_word(p, "else") && (!close_block(p) || !parse_block(p, last, &s->orelse))) return false;
    return close_block(p);
}

static bool for_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"else", "endfor", NULL}, *const last[] = {"endfor", NULL};
    if (!template__advance(p) || !target_names(p, s)) return false;
    if (!template__at_word(p, "in")) return template__unexpected(p, "'in'");
    if (!template__advance(p)) return false;
    /* `for x in xs if cond`: the condition must not be read as an inline if, so no conditional here (as in Jinja2) */
    if (!(s->expr = template__disjunction(p))) return false;
    if (template__at_op(p, ",")) {
        Expr *list = template__node(p, EX_LIST, NULL, NULL, NULL);
        if (!list || !template__add_arg(p, list, s->expr, (Str){0})) return false;
        while (template__at_op(p, ",")) {
            Expr *item = template__advance(p) ? template__disjunction(p) : NULL;
            if (!item || !template__add_arg(p, list, item, (Str){0})) return false;
        }
        s->expr = list;
    }
    if (template__at_word(p, "if") && !(template__advance(p) && (s->filter = template__expression(p)))) return false;
    if (template__at_word(p, "recursive"))
        return template__parse_fail(p, p->tok.line, "recursive loops are not supported");
    if (!end_tag(p) || !parse_block(p, ends, &s->body)) return false;
    if (template__at_word(p, "else") && (!close_block(p) || !parse_block(p, last, &s->orelse))) return false;
    return close_block(p);
}

static bool set_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"endset", NULL};
    if (!template__advance(p) || !target_names(p, s)) return false;
    if (template__at_op(p, "="))
        return template__advance(p) && (s->expr = template__expression_or_tuple(p)) && end_tag(p);
    if (s->n_names != 1) return template__unexpected(p, "'='");
    return end_tag(p) && parse_block(p, ends, &s->body) && close_block(p);
}

/* {% raw %}: everything up to {% endraw %} is text. The `raw` token is current. */
static bool raw_statement(Parser *p, Stmt **out) {
    int line = p->tok.line;
    if (!close_block(p)) return false;
    for (size_t i = p->at; (i = str_find(p->src, STR("{%"), i)) != SIZE_MAX; i++) {
        Parser q = *p;
        q.at = i + 2;
        q.braces = 0;
        bool trim_before = template__peek(&q, 0) == '-';
        if (trim_before) q.at++;
        template__skip_space(&q);
        if (!str_starts(str_sub(q.src, q.at, q.src.n), STR("endraw"))) continue;
        q.at += 6;
        if (!template__advance(&q) || q.tok.type != TOK_CLOSE) continue;
        Str text = str_sub(p->src, p->at, i);
        for (size_t k = 0; k < text.n; k++) p->line += text.p[k] == '\n';
        if (p->trim_next) text = template__strip(text, (Str){0}, true, false);
        if (trim_before) text = template__strip(text, (Str){0}, false, true);
        if (!(*out = statement(p, ST_TEXT, line))) return false;
        (*out)->text = text;
        p->at = q.at;
        p->trim_next = q.tok.trim;
        return true;
    }
    return template__parse_fail(p, line, "{%% raw %%} is not closed by {%% endraw %%}");
}

/* A {% … %} that opens something; the keyword is the current token. */
static bool block_statement(Parser *p, Stmt **out) {
    int line = p->tok.line;
    if (template__at_word(p, "raw")) return raw_statement(p, out);
    StmtKind kind = template__at_word(p, "if") ? ST_IF : template__at_word(p, "for") ? ST_FOR : ST_SET;
    if (kind == ST_SET && !template__at_word(p, "set"))
        return p->tok.type == TOK_NAME
                   ? template__parse_fail(p, line,
                                          "'{%% " STR_FMT " %%}' is not supported; templates know if, for, set and raw",
                                          STR_ARG(p->tok.s))
                   : template__unexpected(p, "a keyword behind '{%'");
    Stmt *s = statement(p, kind, line);
    if (!s) return false;
    *out = s;
    return kind == ST_IF ? if_statement(p, s) : kind == ST_FOR ? for_statement(p, s) : set_statement(p, s);
}

/* Text up to the next tag; NULL in *out if it is empty. */
static bool text_statement(Parser *p, Stmt **out) {
    size_t from = p->at, to = from;
    while (to < p->src.n && !(p->src.p[to] == '{' && to + 1 < p->src.n && strchr("{%#", p->src.p[to + 1]))) to++;
    Str text = str_sub(p->src, from, to);
    int line = p->line;
    for (size_t i = 0; i < text.n; i++) p->line += text.p[i] == '\n';
    p->at = to;
    if (p->trim_next) text = template__strip(text, (Str){0}, true, false);
    p->trim_next = false;
    if (template__peek(p, 2) == '-' && to < p->src.n) text = template__strip(text, (Str){0}, false, true);
    *out = NULL;
    if (!text.n) return true;
    if (!(*out = statement(p, ST_TEXT, line))) return false;
    (*out)->text = text;
    return true;
}

static bool comment(Parser *p) {
    size_t end = str_find(p->src, STR("#}"), p->at + 2);
    if (end == SIZE_MAX) return template__parse_fail(p, p->line, "a comment is not closed; expected '#}'");
    for (size_t i = p->at; i < end; i++) p->line += p->src.p[i] == '\n';
    p->trim_next = end > p->at + 2 && p->src.p[end - 1] == '-';
    p->at = end + 2;
    return true;
}

static bool print_statement(Parser *p, Stmt **out) {
    int line = p->line;
    if (!open_tag(p, "}}")) return false;
    if (!(*out = statement(p, ST_PRINT, line))) return false;
    return ((*out)->expr = template__expression_or_tuple(p)) && end_tag(p);
}

static bool at_end_word(const Parser *p, const char *const *ends) {
    for (; ends && *ends; ends++)
        if (template__at_word(p, *ends)) return true;
    return false;
}

/* Statements up to the end of the source, or to a {% word that is one of `ends` (which is then the current token). */
static bool parse_block(Parser *p, const char *const *ends, Stmt **out) {
    Stmt **tail = out;
    int opened = p->line;
    if (++p->depth > TEMPLATE_MAX_DEPTH) return template__parse_fail(p, p->line, "blocks are nested too deeply");
    for (;;) {
        Stmt *s = NULL;
        if (!text_statement(p, &s)) return false;
        if (s) *tail = s, tail = &s->next;
        if (p->at >= p->src.n) break;
        s = NULL;
        char kind = template__peek(p, 1);
        if (kind == '#') {
            if (!comment(p)) return false;
        } else if (kind == '{') {
            if (!print_statement(p, &s)) return false;
        } else {
            if (!open_tag(p, "%}")) return false;
            if (at_end_word(p, ends)) {
                p->depth--;
                return true;
            }
            if (!block_statement(p, &s)) return false;
        }
        if (s) *tail = s, tail = &s->next;
    }
    p->depth--;
    if (!ends) return true;
    while (ends[1]) ends++;
    return template__parse_fail(p, opened, "a block begins here and is not closed; expected '{%% %s %%}'", ends[0]);
}

/* Jinja2 reads CR LF and CR as LF. */
static bool normal_newlines(Str src, Arena *a, Str *out) {
    *out = src;
    if (!src.n || !memchr(src.p, '\r', src.n)) return true;
    char *p = arena_alloc(a, src.n);
    if (!p) return false;
    size_t n = 0;
    for (size_t i = 0; i < src.n; i++) {
        if (src.p[i] == '\r' && i + 1 < src.n && src.p[i + 1] == '\n') continue;
        p[n++] = src.p[i] == '\r' ? '\n' : src.p[i];
    }
    *out = (Str){p, n};
    return true;
}

bool template__parse_body(Template *t, Arena *a, Err *err) {
    Parser p = {.t = t, .line = 1, .a = a, .err = err};
    if (!normal_newlines(t->source, a, &p.src)) return err_nomem(err);
    if (!parse_block(&p, NULL, &t->body)) return false;
    if (t->body && !t->body->next && t->body->kind == ST_PRINT) t->only = t->body->expr;
    return true;
}
