#include "harness/against.h"

#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/term.h"

/* Rows of A that wait for B's: 32 of 201,088 logits are 26 MB. */
enum { PIECE = 32, LEAST_WINDOW = 16 };

typedef struct Measure {
    CmdCtx *c;
    const Against *o;
    Engine *a, *b;
    Ids ids;
    size_t window;
    float *rows;  /* [PIECE, vocab] of A */
    size_t begin; /* of the window, and of the piece within the text */
    size_t piece;
    Fidelity f;
    size_t n_fed, n_to_feed;
    uint64_t started_ns, drawn_ns;
} Measure;

/* ---- windows ---- */

bool against_window(size_t n, size_t window, size_t k, size_t *begin, size_t *count, size_t *end) {
    size_t step = window - window / 2;
    *begin = k * step;
    *count = k ? *begin + window / 2 : 0;
    *end = n - *begin < window || *begin > n ? n : *begin + window;
    return *count < n;
}

static size_t tokens_to_feed(size_t n, size_t window) {
    size_t sum = 0, begin, count, end;
    for (size_t k = 0; against_window(n, window, k, &begin, &count, &end); k++) sum += end - begin;
    return sum;
}

/* ---- opening ---- */

static EngineOptions options_of(const Against *o, bool second) {
    EngineOptions e = model_args_options(&o->a);
    e.batch = 1;
    e.context = 0;
    e.no_digest = true;
    if (second && o->b) e.spec = o->b;
    if (second) e.precision = o->b_precision;
    return e;
}

/* A model without a tokenizer is taken to have the other's. */
static bool same_tokens(const Vocab *a, const Vocab *b, Err *err) {
    if (!a || !b) return true;
    size_t n = vocab_size(a) < vocab_size(b) ? vocab_size(a) : vocab_size(b), differs = SIZE_MAX;
    Buf x, y;
    buf_init(&x, 1u << 20), buf_init(&y, 1u << 20);
    for (uint32_t i = 0; i < n && differs == SIZE_MAX && !x.failed && !y.failed; i++) {
        buf_clear(&x), buf_clear(&y);
        if (!vocab_decode(a, &i, 1, &x, err) || !vocab_decode(b, &i, 1, &y, err)) break;
        if (!str_eq(buf_str(&x), buf_str(&y))) differs = i;
    }
    bool failed = x.failed || y.failed;
    buf_release(&x), buf_release(&y);
    if (failed) return err_nomem(err);
    if (differs == SIZE_MAX && vocab_size(a) != vocab_size(b)) differs = n;
    if (differs == SIZE_MAX) return true;
    return err_set(
        err, ERR_INPUT,
        "the two models have different vocabularies (%zu and %zu ids): token id %zu is the first that is not "
        "the same, so their logits cannot be compared",
        vocab_size(a), vocab_size(b), differs);
}

static bool read_text(Measure *m, const Vocab *v, Err *err) {
    Buf text;
    if (!m->o->tokens && !v)
        return err_set(err, ERR_INPUT, "the first model has no tokenizer; give --tokens, or add +tokenizer=PATH to it");
    if (m->o->tokens) {
        if (!model_args_tokens(m->o->tokens, m->c->arena, &m->ids, err)) return false;
    } else {
        buf_init(&text, (size_t)1 << 30);
        bool ok =
            file_read(m->o->text, &text, err) &&
            (vocab_encode(v, buf_str(&text), false, m->c->arena, &m->ids, err) || err_wrap(err, "%s", m->o->text));
        buf_release(&text);
        if (!ok) return false;
    }
    if (m->o->max_tokens && m->ids.n > (size_t)m->o->max_tokens) m->ids.n = (size_t)m->o->max_tokens;
    return m->ids.n || err_set(err, ERR_INPUT, "%s holds no text", m->o->text);
}

/* Before anything is measured: the id behind a piece is looked up in its last row of logits. */
static bool check_ids(const Measure *m, int vocab, Err *err) {
    for (size_t i = 0; i < m->ids.n; i++)
        if (m->ids.p[i] >= (uint32_t)vocab)
            return err_set(err, ERR_INPUT, "%s: token id %u (entry %zu) is outside the models' %d logits",
                           m->o->tokens ? m->o->tokens : m->o->text, m->ids.p[i], i + 1, vocab);
    return true;
}

/* What both take at once: the least that must fit, and all that would be good to keep. */
static bool need(Engine *a, Engine *b, bool one_file, int window, uint64_t *least, uint64_t *all, EngineMemory *out,
                 Err *err) {
    EngineMemory x, y;
    if (!engine_memory(a, window, 1, &x, err) || !engine_memory(b, window, 1, &y, err)) return false;
    uint64_t private = x.kv_least + x.work + y.kv_least + y.work;
    *least = private + x.weights_least + (one_file ? 0 : y.weights_least);
    *all = private + x.weights + (one_file ? 0 : y.weights);
    *out = y;
    return true;
}

/* Two models are planned as one; the sentence names the window, which is what one can change here. */
static bool plan_both(Measure *m, Engine *a, Engine *b, Err *err) {
    EngineMemory x;
    uint64_t least, all, fits, unused;
    bool one_file = !m->o->b || strcmp(m->o->b, m->o->a.model) == 0;
    size_t w = m->window;
    if (!need(a, b, one_file, (int)w, &least, &all, &x, err)) return false;
    if (all > x.free && least <= x.free)
        fprintf(m->c->err,
                "assay: warning: both models at once need %s, %s free (%s): parts of the weights will be read "
                "from disk again and again, which is slow\n",
                size_text(all).text, size_text(x.free).text, x.bound);
    if (least <= x.free) return true;
    for (w /= 2; w >= 2 * LEAST_WINDOW; w /= 2)
        if (need(a, b, one_file, (int)w, &fits, &unused, &x, err) && fits <= x.free / 100 * 97) break;
    char hint[64] = "no window fits";
    if (w >= 2 * LEAST_WINDOW) snprintf(hint, sizeof hint, "use --window %zu", w);
    return err_set(err, ERR_MEMORY, "both models at once need %s for a window of %zu tokens, %s free (%s): %s",
                   size_text(least).text, m->window, size_text(x.free).text, x.bound, hint);
}

static bool open_one(Measure *m, bool second, Engine **out, Err *err) {
    EngineOptions o = options_of(m->o, second);
    o.context = (int)m->window;
    if (!engine_open(&o, out, err)) return err_wrap(err, second ? "the second model" : "the first model");
    return true;
}

static size_t choose_window(const Measure *m, const EngineInfo *a, const EngineInfo *b, Err *err) {
    size_t most = (size_t)(a->context < b->context ? a->context : b->context), w = (size_t)m->o->window;
    if (w > most) {
        err_set(err, ERR_INPUT, "--window %zu is more than the models' context of %zu positions", w, most);
        return 0;
    }
    if (!w) w = most < AGAINST_WINDOW ? most : AGAINST_WINDOW;
    return w < m->ids.n ? w : m->ids.n;
}

/* First for looking only: what is wrong, and what is too large, shows before anything is reserved. */
static bool open_both(Measure *m, Err *err) {
    Engine *a = NULL, *b = NULL;
    EngineOptions oa = options_of(m->o, false), ob = options_of(m->o, true);
    oa.inspect = ob.inspect = true;
    bool ok = (engine_open(&oa, &a, err) || err_wrap(err, "the first model")) &&
              (engine_open(&ob, &b, err) || err_wrap(err, "the second model"));
    if (ok && (engine_info(a)->n_params == 0 || engine_info(b)->n_params == 0))
        ok = err_set(err, ERR_INPUT, "recorded completions have no logits; two checkpoints were expected");
    ok = ok && same_tokens(engine_vocab(a), engine_vocab(b), err) && read_text(m, engine_vocab(a), err);
    if (ok && engine_info(a)->vocab_size != engine_info(b)->vocab_size)
        ok = err_set(err, ERR_INPUT, "the models give %d and %d logits; the same number was expected",
                     engine_info(a)->vocab_size, engine_info(b)->vocab_size);
    ok = ok && check_ids(m, engine_info(a)->vocab_size, err);
    ok = ok && (m->window = choose_window(m, engine_info(a), engine_info(b), err)) != 0 && plan_both(m, a, b, err);
    engine_close(a);
    engine_close(b);
    return ok && open_one(m, false, &m->a, err) && open_one(m, true, &m->b, err);
}

/* ---- measuring ---- */

static void draw(Measure *m, bool last) {
    uint64_t now = clock_mono_ns(), gap = term_is_live(m->c->err) ? 100000000u : 10000000000u;
    if (m->c->quiet || (!last && now - m->drawn_ns < gap)) return;
    m->drawn_ns = now;
    double done = (double)m->n_fed / (double)m->n_to_feed, seconds = (double)(now - m->started_ns) * 1e-9;
    if (term_is_live(m->c->err)) fputs("\r\033[K", m->c->err);
    if (last) return;
    fprintf(m->c->err, "%zu of %zu tokens, %.0f %%", m->n_fed, m->n_to_feed, 100 * done);
    if (done > 0 && seconds > 1) fprintf(m->c->err, ", about %.0f s to go", seconds / done - seconds);
    if (!term_is_live(m->c->err)) fputc('\n', m->c->err);
    fflush(m->c->err);
}

static bool keep_row(void *ctx, size_t position, const float *logits, Err *err) {
    Measure *m = ctx;
    (void)err;
    memcpy(m->rows + (m->begin + position - m->piece) * m->f.vocab, logits, m->f.vocab * sizeof *logits);
    return true;
}

static bool compare_row(void *ctx, size_t position, const float *logits, Err *err) {
    Measure *m = ctx;
    size_t at = m->begin + position;
    uint32_t next = at + 1 < m->ids.n ? m->ids.p[at + 1] : FIDELITY_NO_NEXT;
    return fidelity_add(&m->f, at, m->rows + (at - m->piece) * m->f.vocab, logits, next, err);
}

/* Each piece through A, whose rows are kept, then through B. */
static bool one_window(Measure *m, size_t begin, size_t count, size_t end, Err *err) {
    m->begin = begin;
    for (size_t at = begin; at < end; at = m->piece) {
        size_t n = end - at < PIECE ? end - at : PIECE, first = count > at ? count - at : 0, room = end - begin;
        if (first > n) first = n;
        m->piece = at;
        if (!engine_feed(m->a, at == begin ? room : 0, m->ids.p + at, n, first, keep_row, m, err) ||
            !engine_feed(m->b, at == begin ? room : 0, m->ids.p + at, n, first, compare_row, m, err))
            return false;
        m->piece = at + n;
        m->n_fed += n;
        draw(m, false);
    }
    return true;
}

static bool measure(Measure *m, Err *err) {
    size_t begin, count, end, vocab = (size_t)engine_info(m->a)->vocab_size, floats;
    fidelity_init(&m->f, vocab);
    if (!size_mul(vocab, PIECE * sizeof *m->rows, &floats) || !(m->rows = mem_alloc(floats))) return err_nomem(err);
    m->n_to_feed = tokens_to_feed(m->ids.n, m->window);
    m->started_ns = m->drawn_ns = clock_mono_ns();
    bool ok = true;
    for (size_t k = 0; ok && against_window(m->ids.n, m->window, k, &begin, &count, &end); k++)
        ok = one_window(m, begin, count, end, err);
    draw(m, true);
    return ok;
}

/* ---- printing ---- */

static const char *name_of(const Against *o, bool second) {
    return second && o->b ? o->b : o->a.model;
}

static void put_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    if (isnan(v))
        json_out_null(o);
    else
        json_out_num(o, v);
}

static void put_model(JsonOut *o, const char *key, const Measure *m, bool second, double perplexity) {
    const EngineInfo *i = engine_info(second ? m->b : m->a);
    json_out_key(o, key);
    json_obj(o);
    json_out_key(o, "model");
    json_out_cstr(o, name_of(m->o, second));
    json_out_key(o, "precision");
    json_out_cstr(o, i->precision);
    json_out_key(o, "backend");
    json_out_cstr(o, i->backend);
    put_num(o, "perplexity", perplexity);
    json_obj_end(o);
}

static bool print_json(const Measure *m, const FidelityResult *r, Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, 1u << 20);
    json_out_init(&o, &b, 2);
    json_obj(&o);
    put_model(&o, "a", m, false, r->perplexity_a);
    put_model(&o, "b", m, true, r->perplexity_b);
    put_num(&o, "positions", (double)r->n);
    put_num(&o, "window", (double)m->window);
    json_out_key(&o, "kl_nats");
    json_obj(&o);
    put_num(&o, "mean", r->kl_mean);
    put_num(&o, "median", r->kl_median);
    put_num(&o, "p99", r->kl_p99);
    put_num(&o, "max", r->kl_max);
    put_num(&o, "max_position", (double)r->kl_max_at);
    json_obj_end(&o);
    put_num(&o, "top1_agreement", r->top1);
    json_out_key(&o, "logit_difference");
    json_obj(&o);
    put_num(&o, "mean", r->diff_mean);
    put_num(&o, "max", r->diff_max);
    put_num(&o, "max_position", (double)r->diff_max_at);
    put_num(&o, "max_id", (double)r->diff_max_id);
    json_obj_end(&o);
    json_obj_end(&o);
    bool ok = !b.failed || err_nomem(err);
    if (ok) fprintf(m->c->out, "%s\n", b.p);
    buf_release(&b);
    return ok;
}

static void print_name(const Measure *m, const char *label, bool second) {
    Buf b;
    buf_init(&b, 1u << 16);
    term_escape(&b, str_from(name_of(m->o, second)));
    fprintf(m->c->out, "%-3s %s (%s)\n", label, b.p ? b.p : "", engine_info(second ? m->b : m->a)->precision);
    buf_release(&b);
}

static void print_table(const Measure *m, const FidelityResult *r) {
    FILE *f = m->c->out;
    print_name(m, "A", false);
    print_name(m, "B", true);
    fprintf(f, "%zu positions, windows of %zu tokens\n\n", r->n, m->window);
    fprintf(f, "KL(A||B)         mean %.4g   median %.4g   99 %% %.4g   max %.4g nats\n", r->kl_mean, r->kl_median,
            r->kl_p99, r->kl_max);
    fprintf(f, "same top token   %.2f %%\n", 100 * r->top1);
    fprintf(f, "logits apart     mean %.4g   max %.4g (position %zu, id %u)\n", r->diff_mean, r->diff_max,
            r->diff_max_at, r->diff_max_id);
    if (r->n_next) fprintf(f, "perplexity       A %.4f   B %.4f\n", r->perplexity_a, r->perplexity_b);
}

bool against_run(CmdCtx *c, const Against *o) {
    Measure m = {.c = c, .o = o};
    bool ok = open_both(&m, &c->fail) && measure(&m, &c->fail);
    if (ok) {
        FidelityResult r = fidelity_result(&m.f);
        ok = !c->json || print_json(&m, &r, &c->fail);
        if (!c->json) print_table(&m, &r);
    }
    fidelity_release(&m.f);
    mem_free(m.rows);
    engine_close(m.b);
    engine_close(m.a);
    return ok;
}
