/* Answers from recorded completions: DIR/completions.jsonl, or DIR itself if it is a file; one object a line,
 *
 *   {"request": HASH, "user": TEXT, "completion": {"status":"ok","final":"Paris"}}
 *
 * `completion` is what completion_to_json writes; every key but `status` may be left out. `request` is the hash of
 * request_hash; `user` is the text of the last user message. A request is answered by the first unused line with its
 * hash, else by the first unused line without a hash and with its `user` text; when all fitting lines are used, the
 * last of them answers again. So repeats of a prompt can have different recorded answers, in a fixed order, and a test
 * can be written with `user` alone. A line with neither key answers whatever nothing else does. A request that nothing
 * fits comes back as COMPLETION_FAILED. */
#include "engine/engine_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/json_nul.h"

enum { QUEUE = 64 };

typedef struct Recorded {
    Str request, user; /* absent: not given */
    Str line;          /* in the mapped file */
    bool used;
} Recorded;

typedef struct Pending {
    uint64_t tag;
    size_t recorded; /* SIZE_MAX: nothing fits */
    bool cancelled;
    char hash[65];
} Pending;

typedef struct Replay {
    Engine base;
    Arena *arena, *answer;
    FileMap map;
    Recorded *lines;
    size_t n_lines;
    Pending queue[QUEUE];
    size_t n_queue;
    char digest[65];
    EngineInfo info;
} Replay;

static bool text_of(const Json *j, const char *key, const NulMark *mark, Arena *a, Str *out, Err *err) {
    Str s = {0};
    if (!json_want_str(j, key, false, &s, err)) return false;
    if (!s.p) return true;
    Str whole = nul_restore(mark, a, s);
    *out = whole.p ? str_dup(a, whole) : (Str){0};
    return out->p ? true : err_nomem(err);
}

static bool read_completion(const Json *j, const NulMark *mark, Arena *a, Completion *out, Err *err) {
    const Json *c = json_get(j, "completion");
    if (!c) return err_set(err, ERR_INPUT, "missing key 'completion'");
    return completion_read(c, mark, a, out, err) || err_wrap(err, "completion");
}

/* Checks the line now; its completion is read again when it is asked for. */
static bool read_line(Replay *p, Str line, Recorded *r, Err *err) {
    Json *j;
    NulMark mark;
    Completion check;
    arena_reset(p->answer);
    if (!json_parse_nul(line, p->answer, &j, &mark, err)) return false;
    r->line = line;
    bool ok = text_of(j, "request", &mark, p->arena, &r->request, err) &&
              text_of(j, "user", &mark, p->arena, &r->user, err) && read_completion(j, &mark, p->answer, &check, err);
    json_close(j);
    return ok;
}

static bool answer(Replay *p, const Recorded *r, Completion *out, Err *err) {
    Json *j;
    NulMark mark;
    if (!json_parse_nul(r->line, p->answer, &j, &mark, err)) return false;
    bool ok = read_completion(j, &mark, p->answer, out, err);
    json_close(j);
    return ok;
}

static bool read_lines(Replay *p, Err *err) {
    Str all = {(const char *)p->map.p, p->map.n};
    size_t cap = 1, number = 0;
    for (size_t i = 0; i < all.n; i++) cap += all.p[i] == '\n';
    p->lines = arena_array(p->arena, cap, sizeof *p->lines);
    if (!p->lines) return err_nomem(err);
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, STR("\n"), at);
        Str line = str_trim(str_sub(all, at, end < all.n ? end : all.n));
        at = end < all.n ? end + 1 : all.n;
        number++;
        if (!line.n) continue;
        if (!read_line(p, line, &p->lines[p->n_lines], err)) return err_wrap(err, "line %zu", number);
        p->n_lines++;
    }
    return true;
}

static void replay_close(Engine *e) {
    if (!e) return;
    Replay *p = (Replay *)e;
    file_unmap(&p->map);
    arena_close(p->arena);
    arena_close(p->answer);
    mem_free(p);
}

static bool load(Replay *p, const char *dir, Err *err) {
    p->arena = arena_open(0), p->answer = arena_open(0);
    bool is_file = file_exists(dir) && !file_is_dir(dir);
    const char *path = !p->arena ? NULL : is_file ? dir : path_join(p->arena, dir, "completions.jsonl");
    if (!path || !p->answer) return err_nomem(err);
    if (!file_exists(path))
        return err_set(
            err, ERR_INPUT,
            "replay: there is no %.300s; a folder with the recorded completions of an earlier run was expected", path);
    if (!file_map(path, &p->map, err)) return false;
    sha256_of((Str){(const char *)p->map.p, p->map.n}, p->digest);
    return read_lines(p, err) || err_wrap(err, "%s", path);
}

static bool replay_open(const EngineOptions *o, const char *dir, Engine **out, Err *err) {
    *out = NULL;
    Replay *p = mem_alloc(sizeof *p);
    if (!p) return err_nomem(err);
    p->base.ops = &engine_replay;
    if (!load(p, dir, err)) {
        replay_close(&p->base);
        return false;
    }
    p->info = (EngineInfo){.engine = "replay",
                           .backend = "none",
                           .layout = "completions.jsonl",
                           .digest = p->digest,
                           .context = o->context > 0 ? o->context : INT_MAX,
                           .batch = QUEUE,
                           .threads = 1,
                           .summary_json = "{\"layout\":\"completions.jsonl\"}",
                           .note = "",
                           .warning = ""};
    *out = &p->base;
    return true;
}

static const EngineInfo *replay_info(Engine *e) {
    return &((Replay *)e)->info;
}
static bool replay_has_room(const Engine *e) {
    return ((const Replay *)e)->n_queue < QUEUE;
}

static Str last_user(const Request *r) {
    for (size_t i = r->n_messages; i-- > 0;)
        if (r->messages[i].role == ROLE_USER) return r->messages[i].content;
    return (Str){0};
}

/* 3: by hash, 2: by the user's text, 1: fits everything, 0: does not fit. */
static int fits(const Recorded *l, const char *hash, Str user) {
    if (l->request.p) return str_eqz(l->request, hash) ? 3 : 0;
    if (l->user.p) return user.p && str_eq(l->user, user) ? 2 : 0;
    return 1;
}

static size_t find(const Replay *p, const char *hash, Str user) {
    size_t best = SIZE_MAX, spare = SIZE_MAX;
    int best_fit = 0, spare_fit = 0;
    for (size_t i = 0; i < p->n_lines; i++) {
        int fit = fits(&p->lines[i], hash, user);
        if (!p->lines[i].used && fit > best_fit) best = i, best_fit = fit;
        if (p->lines[i].used && fit && fit >= spare_fit) spare = i, spare_fit = fit;
    }
    return best_fit >= spare_fit ? best : spare;
}

static bool replay_submit(Engine *e, const Request *r, Err *err) {
    Replay *p = (Replay *)e;
    if (p->n_queue == QUEUE) return err_set(err, ERR_ENV, "the engine has no room for a further request now");
    Pending *q = &p->queue[p->n_queue++];
    *q = (Pending){.tag = r->tag};
    request_hash(r, q->hash);
    q->recorded = find(p, q->hash, last_user(r));
    if (q->recorded != SIZE_MAX) p->lines[q->recorded].used = true;
    return true;
}

static EnginePoll replay_poll(Engine *e, Completion *out, Err *err) {
    Replay *p = (Replay *)e;
    if (p->n_queue == 0) return ENGINE_IDLE;
    Pending q = p->queue[0];
    memmove(p->queue, p->queue + 1, --p->n_queue * sizeof *p->queue);
    arena_reset(p->answer);
    *out = (Completion){.status = COMPLETION_FAILED, .malformed = STR("")};
    if (q.cancelled)
        out->status = COMPLETION_CANCELLED;
    else if (q.recorded == SIZE_MAX)
        out->error = str_printf(p->answer, "replay: nothing was recorded for this request (%s)", q.hash);
    else if (!answer(p, &p->lines[q.recorded], out, err))
        return ENGINE_BROKEN;
    out->tag = q.tag;
    return ENGINE_READY;
}

static void replay_cancel(Engine *e, uint64_t tag) {
    Replay *p = (Replay *)e;
    for (size_t i = 0; i < p->n_queue; i++)
        if (p->queue[i].tag == tag) p->queue[i].cancelled = true;
}

const EngineOps engine_replay = {
    .name = "replay",
    .scheme = "replay:",
    .open = replay_open,
    .close = replay_close,
    .info = replay_info,
    .has_room = replay_has_room,
    .submit = replay_submit,
    .poll = replay_poll,
    .cancel = replay_cancel,
};
