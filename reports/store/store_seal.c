/* Sealed texts in and out of the store (seal.h says how they are encrypted).
 *
 * A text of a sealed record is a row of `texts` with a commitment. bytes: the sealed text, or nothing in a run that
 * keeps none; run_key: which of the run's keys, from 1, or 0; length_class: what the padding leaves to be seen.
 * What else would tell about a text goes the same way, as texts of kinds of their own:
 *   counts   numbers of tokens and times as they were; the columns have the classes of the former, and no times
 *   request  hash of the request of a turn from the second on: it depends on what the model said before
 *   span, label, rule  of a score; label and rule only where they are not plain words of a scorer
 *   judge_whole  what `judge` tells of a score's questions; hashes and seeds of questions follow from the answer that
 *            they quote, and counts tell its length
 *
 * Manifest: "seal" {mode, scheme, to} for people and for comparing, and "seal_keys" {run, plan, to, keys}, which no
 * report shows. keys has one list for each process that wrote: the key that it used, boxed for every auditor. */
#include <stdio.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/store/store_internal.h"

#define ENTRY_MAX ((size_t)16 << 20)
#define KEYS_MAX 100000 /* processes that wrote one run */

struct StoreSealing {
    Arena *arena; /* holds run, plan, to, boxes */
    StoreSealMode mode;
    Str run, plan;
    SealPublic *to;
    size_t n_to;
    Str *boxes; /* [n_keys * n_to], as base64 */
    size_t n_keys;
    SealKey *key;     /* the one that this process writes with; made at its first sealed text */
    SealKey **opened; /* [n_opened] by number - 1; NULL: no auditor's key was given */
    size_t n_opened;
    RecordKey record; /* whose texts are written now; lent */
};

static bool none(Err *err) {
    return err_set(err, ERR_INTERNAL, "a sealed record is to be stored, and nothing says to whom it is sealed");
}

/* ---- the manifest's entries ---- */

static Str seal_entry(const StoreSealing *x) {
    Buf b;
    JsonOut o;
    buf_init(&b, ENTRY_MAX);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "mode");
    json_out_cstr(&o, x->mode == STORE_SEAL_KEYS ? "sealed" : "ephemeral");
    if (x->mode == STORE_SEAL_KEYS) {
        json_out_key(&o, "scheme");
        json_out_cstr(&o, SEAL_SCHEME);
        json_out_key(&o, "to");
        json_arr(&o);
        for (size_t i = 0; i < x->n_to; i++) json_out_cstr(&o, x->to[i].id);
        json_arr_end(&o);
    }
    json_obj_end(&o);
    Str s = b.failed ? (Str){0} : str_dup(x->arena, buf_str(&b));
    buf_release(&b);
    return s;
}

static void keys_of(JsonOut *o, const StoreSealing *x) {
    json_out_key(o, "keys");
    json_arr(o);
    for (size_t k = 0; k < x->n_keys; k++) {
        json_arr(o);
        for (size_t i = 0; i < x->n_to; i++) json_out_str(o, x->boxes[k * x->n_to + i]);
        json_arr_end(o);
    }
    json_arr_end(o);
}

static Str keys_entry(const StoreSealing *x) {
    Buf b, key;
    JsonOut o;
    buf_init(&b, ENTRY_MAX);
    buf_init(&key, 1000);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "run"), json_out_str(&o, x->run);
    json_out_key(&o, "plan"), json_out_str(&o, x->plan);
    json_out_key(&o, "to");
    json_arr(&o);
    for (size_t i = 0; i < x->n_to; i++) {
        buf_clear(&key);
        seal_base64(&key, x->to[i].key, SEAL_KEY_BYTES);
        json_obj(&o);
        json_out_key(&o, "id"), json_out_cstr(&o, x->to[i].id);
        json_out_key(&o, "key"), json_out_str(&o, buf_str(&key));
        json_obj_end(&o);
    }
    json_arr_end(&o);
    keys_of(&o, x);
    json_obj_end(&o);
    Str s = b.failed || key.failed ? (Str){0} : str_dup(x->arena, buf_str(&b));
    buf_release(&b);
    buf_release(&key);
    return s;
}

static bool put_entries(RunStore *s, Err *err) {
    StoreSealing *x = s->seal;
    Str seal = seal_entry(x), keys = keys_entry(x);
    if (!seal.p || !keys.p) return err_nomem(err);
    /* what is needed to open comes first: a run killed in between is begun again, with another key */
    if (x->mode == STORE_SEAL_KEYS && !store_manifest_put(s, "seal_keys", keys, err)) return false;
    return store_manifest_put(s, "seal", seal, err);
}

static bool damaged(RunStore *s, Err *err) {
    return err_set(err, ERR_INPUT, "%s: the manifest's entry 'seal_keys' is damaged; sealed texts cannot be opened",
                   s->path);
}

static bool read_to(RunStore *s, const Json *to, Err *err) {
    StoreSealing *x = s->seal;
    unsigned char key[SEAL_KEY_BYTES];
    x->to = arena_array(x->arena, json_count(to) + 1, sizeof *x->to);
    if (!x->to) return err_nomem(err);
    for (const Json *e = json_first(to); e; e = json_next(e)) {
        if (!seal_from_base64(json_str(json_get(e, "key")), key, sizeof key)) return damaged(s, err);
        seal_public_from_bytes(key, &x->to[x->n_to]);
        if (!str_eqz(json_str(json_get(e, "id")), x->to[x->n_to++].id)) return damaged(s, err);
    }
    return x->n_to > 0 || damaged(s, err);
}

static bool read_boxes(RunStore *s, const Json *keys, Err *err) {
    StoreSealing *x = s->seal;
    size_t n = json_count(keys), at = 0, total = 0;
    if (n > KEYS_MAX || !size_mul(n, x->n_to, &total)) return damaged(s, err);
    x->boxes = arena_array(x->arena, total + x->n_to, sizeof *x->boxes); /* and those of one more */
    if (!x->boxes) return err_nomem(err);
    for (const Json *k = json_first(keys); k; k = json_next(k)) {
        if (json_count(k) != x->n_to) return damaged(s, err);
        for (const Json *b = json_first(k); b; b = json_next(b)) {
            if (!json_str(b).p) return damaged(s, err);
            x->boxes[at] = str_dup(x->arena, json_str(b));
            if (!x->boxes[at++].p) return err_nomem(err);
        }
    }
    x->n_keys = n;
    return true;
}

static bool read_keys(RunStore *s, Str text, Err *err) {
    StoreSealing *x = s->seal;
    Json *j = NULL;
    Err why = ERR_INIT;
    if (!text.p || !json_parse(text, &j, &why)) return why.code == ERR_MEMORY ? err_nomem(err) : damaged(s, err);
    Str run = json_str(json_get(j, "run")), plan = json_str(json_get(j, "plan"));
    bool ok = (run.p && plan.p) || damaged(s, err);
    if (ok) {
        x->run = str_dup(x->arena, run), x->plan = str_dup(x->arena, plan);
        ok = (x->run.p && x->plan.p) || err_nomem(err);
    }
    ok = ok && read_to(s, json_get(j, "to"), err) && read_boxes(s, json_get(j, "keys"), err);
    json_close(j);
    return ok;
}

static bool prepare(RunStore *s, Err *err) {
    if (s->seal) return true;
    StoreSealing *x = mem_alloc(sizeof *x);
    Arena *a = x ? arena_open(0) : NULL;
    if (!a) {
        mem_free(x);
        return err_nomem(err);
    }
    x->arena = a;
    s->seal = x;
    return true;
}

/* Fills s->seal->mode from the manifest: STORE_SEAL_NONE if nothing of it stands there. */
static bool load_mode(RunStore *s, Err *err) {
    Str seal;
    Json *j = NULL;
    if (!prepare(s, err)) return false;
    StoreSealing *x = s->seal;
    if (x->mode != STORE_SEAL_NONE) return true;
    if (!store_manifest_get(s, "seal", x->arena, &seal, err)) return false;
    if (!seal.p) return true;
    if (!json_parse(seal, &j, err)) return err_wrap(err, "%s: manifest entry 'seal'", s->path);
    x->mode = str_eqz(json_str(json_get(j, "mode")), "sealed") ? STORE_SEAL_KEYS : STORE_SEAL_EPHEMERAL;
    json_close(j);
    return true;
}

/* And the run's keys, where there are some. */
static bool load(RunStore *s, Err *err) {
    Str keys;
    if (!load_mode(s, err)) return false;
    StoreSealing *x = s->seal;
    if (x->mode != STORE_SEAL_KEYS || x->n_to) return true;
    if (!store_manifest_get(s, "seal_keys", x->arena, &keys, err)) return false;
    if (read_keys(s, keys, err)) return true;
    x->n_to = x->n_keys = 0;
    return false;
}

void store__seal_close(RunStore *s) {
    StoreSealing *x = s->seal;
    if (!x) return;
    store_forget_keys(s);
    seal_key_close(x->key);
    arena_close(x->arena);
    mem_free(x);
    s->seal = NULL;
}

/* ---- beginning ---- */

static bool is_among(const SealPublic *k, const SealPublic *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (memcmp(k->key, v[i].key, SEAL_KEY_BYTES) == 0) return true;
    return false;
}

/* A run keeps the keys that it began with: its texts must open all with one. */
static bool agree(RunStore *s, const SealPublic *to, size_t n, Err *err) {
    const StoreSealing *x = s->seal;
    if (n == 0) return true;
    if (x->mode == STORE_SEAL_EPHEMERAL)
        return err_set(
            err, ERR_INPUT,
            "%s was begun without a key and keeps no texts of its sealed suites; it goes on like that (leave "
            "out --seal-to), or begin a new run",
            s->path);
    for (size_t i = 0; i < n; i++)
        if (!is_among(&to[i], x->to, x->n_to))
            return err_set(err, ERR_INPUT, "%s is sealed to key %s, not to %s; a run keeps the keys that it began with",
                           s->path, x->to[0].id, to[i].id);
    for (size_t i = 0; i < x->n_to; i++)
        if (!is_among(&x->to[i], to, n))
            return err_set(err, ERR_INPUT, "%s is sealed to key %s too, which is not named now; leave out --seal-to",
                           s->path, x->to[i].id);
    return true;
}

static bool begin_new(RunStore *s, const SealPublic *to, size_t n, Str plan, Err *err) {
    StoreSealing *x = s->seal;
    char run[33];
    if (!seal_random_hex(run, 16, err)) return false;
    x->run = str_dup(x->arena, str_from(run));
    x->plan = str_dup(x->arena, plan.p ? plan : STR(""));
    x->to = arena_array(x->arena, n + 1, sizeof *x->to);
    x->boxes = arena_array(x->arena, n + 1, sizeof *x->boxes);
    if (!x->run.p || !x->plan.p || !x->to || !x->boxes) return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (!is_among(&to[i], x->to, x->n_to)) x->to[x->n_to++] = to[i];
    x->mode = n ? STORE_SEAL_KEYS : STORE_SEAL_EPHEMERAL;
    if (put_entries(s, err)) return true;
    x->mode = STORE_SEAL_NONE;
    return false;
}

bool store_seal_begin(RunStore *s, const SealPublic *to, size_t n, Str plan_sha256, Err *err) {
    if (!load(s, err)) return false;
    return s->seal->mode != STORE_SEAL_NONE ? agree(s, to, n, err) : begin_new(s, to, n, plan_sha256, err);
}

bool store_seal_mode(RunStore *s, StoreSealMode *out, Err *err) {
    if (s->parts) return store__union_seal_mode(s->parts, out, err);
    if (!load_mode(s, err)) return false;
    *out = s->seal->mode;
    return true;
}

bool store_seal_info(RunStore *s, StoreSeal *out, Err *err) {
    *out = (StoreSeal){0};
    if (!load(s, err)) return false;
    *out = (StoreSeal){.mode = s->seal->mode, .to = s->seal->to, .n_to = s->seal->n_to};
    return store__one_int(s,
                          s->has_seals ? "SELECT count(*) FROM texts WHERE sealed <> 0 AND commitment IS NULL"
                                       : "SELECT count(*) FROM texts WHERE sealed <> 0",
                          &out->n_plain, err);
}

/* Makes this process's key before the transaction that needs it. The boxes are committed first: what is sealed with it
 * can be opened, or is not there. */
bool store__seal_ready(RunStore *s, Err *err) {
    StoreSealing *x = s->seal;
    if (!x || x->mode == STORE_SEAL_NONE) return none(err);
    if (x->mode == STORE_SEAL_EPHEMERAL || x->key) return true;
    if (!seal_key_new(&x->key, err)) return false;
    bool ok = x->n_keys < KEYS_MAX || err_set(err, ERR_INPUT, "%s: too many processes wrote this run", s->path);
    for (size_t i = 0; ok && i < x->n_to; i++) {
        unsigned char box[SEAL_BOX_BYTES];
        Buf text;
        buf_init(&text, 1000);
        ok = seal_key_box(x->key, &x->to[i], box, err);
        if (ok) seal_base64(&text, box, sizeof box);
        Str *at = &x->boxes[x->n_keys * x->n_to + i];
        if (ok) *at = text.failed ? (Str){0} : str_dup(x->arena, buf_str(&text));
        ok = ok && (at->p || err_nomem(err));
        buf_release(&text);
    }
    x->n_keys += ok;
    ok = ok && (put_entries(s, err) || (x->n_keys--, false));
    if (!ok) {
        seal_key_close(x->key);
        x->key = NULL;
    }
    return ok;
}

/* ---- opening ---- */

static void close_opened(StoreSealing *x) {
    for (size_t i = 0; i < x->n_opened; i++) seal_key_close(x->opened[i]);
    mem_free(x->opened);
    x->opened = NULL;
    x->n_opened = 0;
}

void store_forget_keys(RunStore *s) {
    if (s->seal) close_opened(s->seal);
}

static bool wrong_key(RunStore *s, const SealPublic *mine, Err *err) {
    char names[200] = "";
    size_t n = 0;
    for (size_t i = 0; i < s->seal->n_to && n < 150; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", s->seal->to[i].id);
    return err_set(err, ERR_INPUT, "%s is sealed to key %s; the key given is %s", s->path, names, mine->id);
}

bool store_unseal(RunStore *s, const SealSecret *key, Err *err) {
    const SealPublic *mine = seal_secret_public(key);
    unsigned char box[SEAL_BOX_BYTES];
    size_t at = 0;
    if (!load(s, err)) return false;
    StoreSealing *x = s->seal;
    if (x->mode == STORE_SEAL_EPHEMERAL)
        return err_set(err, ERR_INPUT, "%s kept no texts of its sealed suites: it was run without a key to seal to",
                       s->path);
    if (x->mode == STORE_SEAL_NONE) return err_set(err, ERR_INPUT, "%s holds no sealed texts", s->path);
    while (at < x->n_to && memcmp(x->to[at].key, mine->key, SEAL_KEY_BYTES) != 0) at++;
    if (at == x->n_to) return wrong_key(s, mine, err);
    close_opened(x);
    if (!(x->opened = mem_alloc((x->n_keys + 1) * sizeof *x->opened))) return err_nomem(err);
    for (; x->n_opened < x->n_keys; x->n_opened++) {
        if (!seal_from_base64(x->boxes[x->n_opened * x->n_to + at], box, sizeof box))
            return close_opened(x), damaged(s, err);
        if (!seal_key_unbox(key, box, &x->opened[x->n_opened], err))
            return close_opened(x), err_wrap(err, "%s", s->path);
    }
    return true;
}

bool store__can_open(const RunStore *s) {
    return s->seal && s->seal->opened;
}

void store_reveal(RunStore *s) {
    s->reveals = true;
}
bool store_reveals(const RunStore *s) {
    return s->parts ? store__union_reveals(s->parts) : s->reveals;
}

void store_speak(RunStore *s, Lang lang) {
    s->lang = lang;
}

const char *store_place(const RunStore *s) {
    return s->parts ? "the runs" : s->path;
}

Lang store_language(const RunStore *s) {
    return s->lang;
}

/* ---- texts ---- */

/* "final@2" -> "final", 2. */
static SealHeader header_of(const StoreSealing *x, const RecordKey *k, Str scorer, Str kind) {
    SealHeader h = {.run = x->run,
                    .plan = x->plan,
                    .model = k->model,
                    .suite = k->suite,
                    .sample = k->sample,
                    .effort = k->effort,
                    .epoch = k->epoch,
                    .transform = k->transform.p ? k->transform : STR("plain"),
                    .scorer = scorer,
                    .channel = kind};
    size_t name = 0, turn = store__turn_of(kind, &name);
    if (turn) h.channel = str_sub(kind, 0, name), h.sequence = (int)turn;
    return h;
}

void store__seal_for(RunStore *s, const RecordKey *k) {
    if (s->seal) s->seal->record = *k;
}

bool store__seal_text(RunStore *s, Str scorer, Str kind, Str text, Buf *sealed, SealedText *out, int *run_key,
                      Err *err) {
    StoreSealing *x = s->seal;
    if (!x || x->mode == STORE_SEAL_NONE || (x->mode == STORE_SEAL_KEYS && !x->key)) return none(err);
    SealHeader h = header_of(x, &x->record, scorer, kind);
    *run_key = x->mode == STORE_SEAL_KEYS ? (int)x->n_keys : 0;
    return seal_text(x->key, &h, text, sealed, out, err);
}

bool store__open_text(RunStore *s, const RecordKey *k, Str scorer, Str kind, int run_key, Str sealed, RecordSeal *out,
                      Arena *a, Err *err) {
    const StoreSealing *x = s->seal;
    if (run_key < 1 || (size_t)run_key > x->n_opened)
        return err_set(err, ERR_INPUT, "%s: a sealed text names a key that the run does not have", s->path);
    SealHeader h = header_of(x, k, scorer, kind);
    if (seal_open_text(x->opened[run_key - 1], &h, sealed, out->commitment, a, &out->text, out->salt, err)) return true;
    if (err->code != ERR_INPUT) return false;
    return err_wrap(err, "%s: suite " STR_FMT " sample " STR_FMT ", " STR_FMT, s->path, STR_ARG(k->suite),
                    STR_ARG(k->sample), STR_ARG(kind));
}

/* ---- numbers and words that would tell about a text ---- */

Str store__counts_text(const Completion *c, double tool_seconds, Arena *a) {
    return str_printf(a, "[%d,%d,%d,%.17g,%.17g,%.17g]", c->n_prompt_tokens, c->n_tokens, c->n_analysis_tokens,
                      c->seconds_prefill, c->seconds_decode, tool_seconds);
}

bool store__counts_read(Str text, Completion *c, double *tool_seconds, Err *err) {
    Json *j = NULL;
    int64_t n[3] = {0};
    double t[3] = {0};
    int i = 0;
    if (!json_parse(text, &j, err)) return false;
    for (const Json *e = json_first(j); e && i < 6; e = json_next(e), i++) {
        if (i < 3) json_int(e, 0, INT32_MAX, &n[i]);
        if (i >= 3) t[i - 3] = json_num(e);
    }
    json_close(j);
    c->n_prompt_tokens = (int)n[0], c->n_tokens = (int)n[1], c->n_analysis_tokens = (int)n[2];
    c->seconds_prefill = t[0], c->seconds_decode = t[1];
    if (tool_seconds) *tool_seconds = t[2];
    return true;
}

Completion store__public_counts(const Completion *c) {
    Completion out = *c;
    out.n_prompt_tokens = (int)seal_token_class(c->n_prompt_tokens);
    out.n_tokens = (int)seal_token_class(c->n_tokens);
    out.n_analysis_tokens = (int)seal_token_class(c->n_analysis_tokens);
    out.seconds_prefill = out.seconds_decode = 0;
    return out;
}

/* Words as our scorers use them: a plugin's label could be the answer itself. */
bool store__is_plain_word(Str s) {
    if (s.n > 48) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-.:+/", c));
        if (!plain) return false;
    }
    return true;
}

/* "violates=0 label=full_refusal": names and values as our scorers write them, never a sentence. */
static bool is_verdict(Str s) {
    if (!s.p || s.n > 200) return false;
    for (size_t at = 0; at < s.n;) {
        size_t end = str_find(s, STR(" "), at);
        Str pair = str_sub(s, at, end < s.n ? end : s.n);
        size_t eq = str_find(pair, STR("="), 0);
        if (eq == 0 || eq >= pair.n || !store__is_plain_word(str_sub(pair, 0, eq)) ||
            !store__is_plain_word(str_sub(pair, eq + 1, pair.n)))
            return false;
        at += pair.n + 1;
    }
    return true;
}

/* Which policy and template were asked with, and how the reply was read. A hash of the question, or a seed that was
 * drawn from it, could be tried with guesses of the answer, as the unsalted hash of a short answer could. */
static void public_ask(JsonOut *o, const Json *ask) {
    static const char *const words[] = {"template_sha256", "policy_sha256", "status", "parse"};
    json_obj(o);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const Json *v = json_get(ask, words[i]);
        Str s = json_str(v);
        bool hash = i < 2 && s.n == 64 && str_find(s, STR(" "), 0) == SIZE_MAX;
        if (!v) continue;
        json_out_key(o, words[i]);
        json_out_str(o, hash || store__is_plain_word(s) || str_eqz(s, "not asked") ? s : (Str){0});
    }
    Str verdict = json_str(json_get(ask, "verdict"));
    json_out_key(o, "verdict");
    json_out_str(o, is_verdict(verdict) ? verdict : (Str){0});
    json_obj_end(o);
}

Str store__public_judge(Str judge, Arena *a) {
    Json *j = NULL;
    Buf b;
    JsonOut o;
    Err why = ERR_INIT;
    if (!json_parse(judge, &j, &why) && why.code == ERR_MEMORY) return (Str){0};
    buf_init(&b, ENTRY_MAX);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "asks");
    json_arr(&o);
    for (const Json *ask = json_first(json_get(j, "asks")); ask; ask = json_next(ask)) public_ask(&o, ask);
    json_arr_end(&o);
    json_obj_end(&o);
    Str s = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    json_close(j);
    return s;
}
