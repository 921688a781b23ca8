/* assay bench: how fast a model runs here, and in how much memory. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/pool.h"
#include "engine/engine.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/model_args.h"

enum { MAX_BATCHES = 16, DECODE_PROMPT = 8 };

/* A measurement goes on until it has lasted this long: small models answer in milliseconds. */
static const double LEAST_SECONDS = 1.0;

typedef struct Bench {
    ModelArgs model;
    const char *batch_list;
    int prompt_tokens, decode_tokens;
    int batches[MAX_BATCHES];
    size_t n_batches;
    double load_seconds, prefill, decode[MAX_BATCHES]; /* tokens per second */
    double bandwidth;                                  /* bytes per second that all threads together read from memory */
    uint64_t rss, rss_anon, peak;
} Bench;

static bool read_batches(Bench *b, Arena *a, Err *err) {
    char *list = arena_strdup(a, b->batch_list), *save = NULL;
    if (!list) return err_nomem(err);
    for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
        int64_t v;
        if (b->n_batches == MAX_BATCHES || !arg_int(w, 1, 1024, &v))
            return err_set(err, ERR_INPUT,
                           "--batch %.80s: up to %d sizes from 1 to 1024 with commas between were expected",
                           b->batch_list, MAX_BATCHES);
        b->batches[b->n_batches++] = (int)v;
    }
    return b->n_batches || err_set(err, ERR_INPUT, "--batch is empty; e.g. 1,4,16 was expected");
}

/* Distinct tokens for distinct sequences: the same ones would choose the same experts and flatter the figure. */
static void random_ids(uint32_t *ids, size_t n, uint32_t vocab, uint64_t *state) {
    for (size_t i = 0; i < n; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        ids[i] = (uint32_t)((*state >> 33) % vocab);
    }
}

typedef struct Round {
    double prefill_seconds, decode_seconds; /* of the slowest sequence */
    size_t decoded;                         /* tokens after each sequence's first */
} Round;

static bool run_round(Engine *e, int batch, size_t prompt, int max_tokens, uint64_t *state, Round *out, Err *err) {
    const EngineInfo *info = engine_info(e);
    uint32_t *ids = mem_alloc(prompt * sizeof *ids);
    Completion c;
    EnginePoll p;
    bool ok = ids || err_nomem(err);
    *out = (Round){0};
    for (int i = 0; ok && i < batch; i++) {
        random_ids(ids, prompt, (uint32_t)info->vocab_size, state);
        Request r = {
            .ids = ids,
            .n_ids = prompt,
            .gen = {.temperature = 1, .top_p = 1, .max_tokens = max_tokens, .seed = *state, .ignore_eos = true}};
        ok = engine_submit(e, &r, err);
    }
    mem_free(ids);
    while (ok && (p = engine_poll(e, &c, err)) != ENGINE_IDLE) {
        if (p == ENGINE_WORKING) continue;
        if (p == ENGINE_BROKEN) return false;
        if (c.status != COMPLETION_LENGTH)
            return err_set(err, ERR_INTERNAL, "a request of the measurement failed: " STR_FMT, STR_ARG(c.error));
        if (c.seconds_prefill > out->prefill_seconds) out->prefill_seconds = c.seconds_prefill;
        if (c.seconds_decode > out->decode_seconds) out->decode_seconds = c.seconds_decode;
        out->decoded += c.ids.n - 1;
    }
    return ok;
}

static bool measure(Engine *e, int batch, size_t prompt, int max_tokens, bool prefill, double *rate, Err *err) {
    double seconds = 0, tokens = 0;
    uint64_t state = 12345 + (uint64_t)batch;
    while (seconds < LEAST_SECONDS) {
        Round r;
        if (!run_round(e, batch, prompt, max_tokens, &state, &r, err)) return false;
        seconds += prefill ? r.prefill_seconds : r.decode_seconds;
        tokens += prefill ? (double)prompt : (double)r.decoded;
        if (!(seconds > 0)) return err_set(err, ERR_INTERNAL, "the clock did not move during a measurement");
    }
    *rate = tokens / seconds;
    return true;
}

/* ---- memory ---- */

static void read_memory(Bench *b) {
    char line[256];
    unsigned long long kb;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "VmHWM: %llu kB", &kb) == 1) b->peak = kb * 1024;
        if (sscanf(line, "VmRSS: %llu kB", &kb) == 1) b->rss = kb * 1024;
        if (sscanf(line, "RssAnon: %llu kB", &kb) == 1) b->rss_anon = kb * 1024;
    }
    if (f) fclose(f);
}

typedef struct ReadJob {
    const uint64_t *p;
    size_t chunk; /* numbers per item */
    uint64_t *sums;
} ReadJob;

static void read_items(void *ctx, size_t begin, size_t end, int worker) {
    const ReadJob *j = ctx;
    uint64_t s[8] = {0};
    for (size_t i = begin; i < end; i++)
        for (size_t k = 0; k < j->chunk; k += 8)
            for (size_t l = 0; l < 8; l++) s[l] += j->p[i * j->chunk + k + l];
    for (size_t l = 0; l < 8; l++) j->sums[worker] += s[l];
}

/* Reads a buffer larger than the caches with all threads; the best of three. */
static void measure_bandwidth(Bench *b, int threads) {
    enum { ITEMS = 512, CHUNK = 65536 };
    Pool *pool = NULL;
    uint64_t *buffer = malloc((size_t)ITEMS * CHUNK * sizeof *buffer), sums[1024] = {0};
    ReadJob job = {buffer, CHUNK, sums};
    if (buffer && pool_open(threads, &pool, NULL)) {
        memset(buffer, 1, (size_t)ITEMS * CHUNK * sizeof *buffer);
        for (int i = 0; i < 3; i++) {
            uint64_t t = clock_mono_ns();
            pool_run(pool, ITEMS, 1, read_items, &job);
            double rate = (double)ITEMS * CHUNK * 8 / ((double)(clock_mono_ns() - t) * 1e-9);
            if (rate > b->bandwidth) b->bandwidth = rate;
        }
    }
    pool_close(pool);
    free(buffer);
}

/* ---- printing ---- */

/* Share of the memory limit that decoding one sequence reaches, or 0 where the weights may fit into caches. */
static double bandwidth_share(const Bench *b, const EngineInfo *i) {
    if (i->weight_bytes < (256u << 20) || !(b->bandwidth > 0) || b->batches[0] != 1) return 0;
    return b->decode[0] * (double)i->active_bytes / b->bandwidth;
}

static void put_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

static void print_json(CmdCtx *c, const Bench *b, const EngineInfo *i) {
    Buf buf;
    JsonOut o;
    buf_init(&buf, 1u << 20);
    json_out_init(&o, &buf, 2);
    json_obj(&o);
    json_out_key(&o, "backend");
    json_out_cstr(&o, i->backend);
    put_num(&o, "threads", i->threads);
    put_num(&o, "load_seconds", b->load_seconds);
    put_num(&o, "prompt_tokens", b->prompt_tokens);
    put_num(&o, "prefill_tokens_per_second", b->prefill);
    json_out_key(&o, "decode");
    json_arr(&o);
    for (size_t k = 0; k < b->n_batches; k++) {
        json_obj(&o);
        put_num(&o, "batch", b->batches[k]);
        put_num(&o, "tokens_per_second", b->decode[k]);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    put_num(&o, "weight_bytes", (double)i->weight_bytes);
    put_num(&o, "weight_bytes_read_per_token", (double)i->active_bytes);
    put_num(&o, "resident_bytes", (double)b->rss);
    put_num(&o, "resident_anonymous_bytes", (double)b->rss_anon);
    put_num(&o, "peak_resident_bytes", (double)b->peak);
    put_num(&o, "memory_bandwidth_bytes_per_second", b->bandwidth);
    if (bandwidth_share(b, i) > 0) put_num(&o, "bandwidth_share_batch_1", bandwidth_share(b, i));
    json_obj_end(&o);
    fwrite(buf.p, 1, buf.n, c->out);
    fputc('\n', c->out);
    buf_release(&buf);
}

static void print_table(CmdCtx *c, const Bench *b, const EngineInfo *i) {
    fprintf(c->out, "%s, %d threads, %.3f GB of weights, opened in %.2f s\n", i->backend, i->threads,
            (double)i->weight_bytes / 1e9, b->load_seconds);
    fprintf(c->out, "  prefill %5d tokens  %10.1f tokens/s\n", b->prompt_tokens, b->prefill);
    for (size_t k = 0; k < b->n_batches; k++)
        fprintf(c->out, "  decode  batch %5d   %10.1f tokens/s\n", b->batches[k], b->decode[k]);
    fprintf(c->out, "  resident %.3f GB (%.3f GB our own, the rest mapped weights), peak %.3f GB\n",
            (double)b->rss / 1e9, (double)b->rss_anon / 1e9, (double)b->peak / 1e9);
    fprintf(c->out, "  memory reads %.1f GB/s", b->bandwidth / 1e9);
    if (bandwidth_share(b, i) > 0)
        fprintf(c->out, "; decoding one sequence uses %.0f %% of that limit", 100 * bandwidth_share(b, i));
    fputc('\n', c->out);
}

/* ---- the command ---- */

static bool bench(CmdCtx *c, Bench *b, Engine *e) {
    const EngineInfo *i = engine_info(e);
    Round warm;
    uint64_t state = 1;
    if (b->prompt_tokens >= i->context || b->decode_tokens + DECODE_PROMPT >= i->context)
        return err_set(&c->fail, ERR_INPUT, "--prompt-tokens and --decode-tokens must stay below the context of %d",
                       i->context);
    /* once unmeasured: pages come in from disk */
    if (!run_round(e, 1, DECODE_PROMPT, 2, &state, &warm, &c->fail)) return false;
    if (!measure(e, 1, (size_t)b->prompt_tokens, 1, true, &b->prefill, &c->fail)) return false;
    for (size_t k = 0; k < b->n_batches; k++)
        if (!measure(e, b->batches[k], DECODE_PROMPT, b->decode_tokens, false, &b->decode[k], &c->fail)) return false;
    read_memory(b);
    measure_bandwidth(b, i->threads);
    if (c->json)
        print_json(c, b, i);
    else
        print_table(c, b, i);
    return true;
}

static int run(CmdCtx *c, int argc, char **argv) {
    Bench b = {.batch_list = "1,4,16", .prompt_tokens = 512, .decode_tokens = 64};
    const ArgSpec specs[] = {
        MODEL_ARG_SPECS(b.model),
        {.name = "batch", .letter = 'b', .kind = ARG_TEXT, .out = &b.batch_list},
        {.name = "prompt-tokens", .kind = ARG_INT, .out = &b.prompt_tokens, .lo = 1, .hi = 1 << 20},
        {.name = "decode-tokens", .kind = ARG_INT, .out = &b.decode_tokens, .lo = 2, .hi = 1 << 20},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, NULL) || !read_batches(&b, c->arena, &c->fail))
        return CMD_FAILED;
    int largest = 1;
    for (size_t k = 0; k < b.n_batches; k++) largest = b.batches[k] > largest ? b.batches[k] : largest;
    Engine *e;
    uint64_t t = clock_mono_ns();
    if (!model_args_open(c, &b.model, largest, true, &e)) return CMD_FAILED;
    b.load_seconds = (double)(clock_mono_ns() - t) * 1e-9;
    bool ok = bench(c, &b, e);
    engine_close(e);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_bench = {.name = "bench",
                       .summary = "prefill and decode speed, memory",
                       .usage = "usage: assay bench --model MODEL [options]\n\n"
                                "Measures tokens per second for a prompt and for decoding with several batch sizes, "
                                "and the resident memory.\n\n" MODEL_ARG_USAGE
                                "  -b, --batch LIST       sequences decoded together (1,4,16)\n"
                                "  --prompt-tokens N      length of the prompt (512)\n"
                                "  --decode-tokens N      tokens per sequence (64)\n"
                                "  --json                 the figures as JSON\n",
                       .run = run};
