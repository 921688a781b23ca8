/* Templates: the part of Jinja2 that evaluation suites use.
 *
 *   {{ expr }}   {% if %}{% elif %}{% else %}{% endif %}   {% for x in xs %}{% else %}{% endfor %}   {% set x = expr %}
 *   {# comment #}, white space control {{- -}} {%- -%}; no trim_blocks; the trailing newline is kept.
 *   Literals, lists, tuples, maps; + - * / // % ** ~; == != < <= > >=; and or not; in, not in; x if c else y;
 *   a.b, a["b"], a[i], slices; is (not) defined|undefined|none|string|number|mapping|sequence|true|false|even|odd|…
 *   Methods: strip lstrip rstrip split rsplit splitlines replace join lower upper title capitalize startswith endswith
 *   format find count index get keys values items. Filters: see SCHEMA.md. Functions: range, dict-free.
 *   Undefined names are errors (strict), except inside `is defined` and `default`.
 *
 * A text without any {{, {% or {# that equals a column name is that column ("bare name").
 * A hostile template cannot hang or fill memory: steps, output, list lengths, nesting and regex work are bounded. */
#ifndef ASSAY_HARNESS_TEMPLATE_H
#define ASSAY_HARNESS_TEMPLATE_H

#include "harness/value.h"

#define TEMPLATE_MAX_SOURCE ((size_t)1 << 20)
#define TEMPLATE_MAX_OUTPUT ((size_t)16 << 20)
#define TEMPLATE_MAX_STEPS 2000000

typedef struct Template Template;

/* `src` must outlive the arena's use (usually it lies in it). `name` begins each message: "prompt.user". */
bool template_parse(Str src, const char *name, Arena *a, Template **out, Err *err);

/* Renders with `vars` (a map) to out. On failure out holds a part of the text. a is scratch. */
bool template_render(const Template *t, const Value *vars, Arena *a, Buf *out, Err *err);
/* Same, as text in the arena. */
bool template_text(const Template *t, const Value *vars, Arena *a, Str *out, Err *err);
/* The value of a bare column name or of a template that is nothing but one {{ expr }}; else the rendered text. */
bool template_value(const Template *t, const Value *vars, Arena *a, Value *out, Err *err);

/* The source as given; and the text if the template could be a bare column name (else absent). */
Str template_source(const Template *t);
Str template_bare_name(const Template *t);

#endif
