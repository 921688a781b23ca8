#include "reports/findings.h"

struct Findings {
    RunStore *store;
    Arena *arena;
    Found *in[LANG_COUNT]; /* NULL: nobody asked yet */
};

bool findings_open(RunStore *s, Findings **out, Err *err) {
    Arena *a = arena_open(0);
    Findings *f = *out = a ? arena_alloc(a, sizeof *f) : NULL;
    if (f) {
        *f = (Findings){.store = s, .arena = a};
        return true;
    }
    arena_close(a);
    return err_nomem(err);
}

void findings_close(Findings *f) {
    if (f) arena_close(f->arena);
}

RunStore *findings_store(const Findings *f) {
    return f->store;
}

const Found *findings_in(Findings *f, Lang lang, Err *err) {
    if (f->in[lang]) return f->in[lang];
    Found *x = arena_alloc(f->arena, sizeof *x);
    if (!x) return err_nomem(err), NULL;
    bool ok = summary_build_in(f->store, lang, f->arena, &x->s, err) && safety_build(f->store, &x->s, &x->f, err) &&
              safety_headline(&x->s, &x->f, err) && compare_build(f->store, &x->s, &x->c, err);
    return ok ? f->in[lang] = x : NULL;
}

const Found *findings(Findings *f, Err *err) {
    return findings_in(f, store_language(f->store), err);
}

bool found_whole(const Found *f, const Buf *out, Err *err) {
    return (!out->failed && !arena_failed(f->s.arena)) ||
           err_set(err, ERR_MEMORY, "the report is too large for memory");
}
