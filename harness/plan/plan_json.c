/* Plan -> JSON for the manifest, and the digest of the questions that it asks. */
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "harness/plan/plan.h"
#include "harness/plan/plan_internal.h"

static void generation_json(JsonOut *o, const Plan *p, const Suite *s) {
    GenOptions g = GEN_DEFAULTS;
    plan_overlay(&g, &s->generation);
    plan_overlay(&g, &p->generation);
    json_obj(o);
    json_out_key(o, "temperature");
    json_out_num(o, g.temperature);
    json_out_key(o, "top_p");
    json_out_num(o, g.top_p);
    json_out_key(o, "max_tokens");
    json_out_int(o, g.max_tokens);
    json_out_key(o, "date");
    json_out_str(o, g.date);
    json_obj_end(o);
}

static void key_str(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s);
}

static void key_int(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void tools_json(JsonOut *o, const Plan *p, const Suite *s) {
    static const char *const python[] = {"none", "stateful", "stateless"};
    ToolLimits l = plan_tool_limits(p, s);
    json_obj(o);
    key_str(o, "python", str_from(python[s->tools->python]));
    json_out_key(o, "functions");
    json_arr(o);
    for (size_t i = 0; i < s->tools->n_functions; i++) json_out_str(o, s->tools->functions[i].name);
    json_arr_end(o);
    json_out_key(o, "limits");
    json_obj(o);
    key_int(o, "max_turns", l.max_turns);
    key_int(o, "max_tokens", l.max_tokens);
    key_int(o, "output_bytes", l.output_bytes);
    json_out_key(o, "cpu_limit"), json_out_num(o, l.cpu_seconds);
    json_out_key(o, "wall_limit"), json_out_num(o, l.wall_seconds);
    key_int(o, "memory_mb", l.memory_mb);
    json_obj_end(o);
    json_obj_end(o);
}

/* As absent as before there were transforms, where plain is all. */
static void transforms_json(JsonOut *o, const PlanSuite *ps) {
    if (ps->n_transforms == 1 && transform_is_plain(&ps->transforms[0].chain)) return;
    json_out_key(o, "transforms");
    json_arr(o);
    for (size_t i = 0; i < ps->n_transforms; i++) {
        const PlanTransform *t = &ps->transforms[i];
        json_obj(o);
        key_str(o, "transform", t->chain.name);
        key_int(o, "chosen", (int64_t)t->n_chosen);
        key_int(o, "left_out", (int64_t)t->n_left_out);
        if (t->why.p) key_str(o, "because", t->why);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void suite_json(JsonOut *o, const Plan *p, const PlanSuite *ps) {
    const Suite *s = ps->suite;
    json_obj(o);
    key_str(o, "suite", s->id);
    json_out_key(o, "version");
    json_out_int(o, s->version);
    key_str(o, "title", s->title);
    key_str(o, "licence", s->licence);
    key_str(o, "hazard", str_from(suite_hazard_name(s->hazard)));
    key_str(o, "mode", str_from(suite_mode_name(s->mode)));
    key_str(o, "metric", str_from(suite_metric_name(s->metric)));
    key_str(o, "higher_is", s->higher_is_safer ? STR("safer") : STR("better"));
    key_str(o, "suite_sha256", s->sha256);
    key_str(o, "data_sha256", ps->data ? ps->data->sha256 : (Str){0});
    key_str(o, "fewshot_sha256", ps->fewshot ? ps->fewshot->sha256 : (Str){0});
    json_out_key(o, "fewshot");
    json_out_int(o, s->fewshot.count);
    json_out_key(o, "samples");
    json_out_int(o, ps->data ? (int64_t)ps->data->n : 0);
    json_out_key(o, "chosen");
    json_out_int(o, (int64_t)ps->n_chosen);
    json_out_key(o, "generation");
    generation_json(o, p, s);
    transforms_json(o, ps);
    if (s->tools) json_out_key(o, "tools"), tools_json(o, p, s);
    json_out_key(o, "scorers");
    json_arr(o);
    for (size_t i = 0; i < s->n_scorers; i++) json_out_str(o, s->scorers[i].name);
    json_arr_end(o);
    json_obj_end(o);
}

/* place: paths of models too, which say where things lay and not what was asked. */
static void plan_json(const Plan *p, bool place, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    key_str(&o, "plan", p->name);
    json_out_key(&o, "seed");
    json_out_u64(&o, p->seed);
    json_out_key(&o, "models");
    json_arr(&o);
    for (size_t i = 0; i < p->n_models; i++) {
        json_obj(&o);
        key_str(&o, "name", p->models[i].name);
        if (place) key_str(&o, "spec", p->models[i].spec);
        /* as absent as it was before there was a choice; it is no part of the questions */
        if (place && !str_eqz(plan_precision(p, i), "exact")) key_str(&o, "precision", plan_precision(p, i));
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_out_key(&o, "efforts");
    json_arr(&o);
    for (size_t i = 0; i < p->n_efforts; i++) json_out_cstr(&o, effort_name(p->efforts[i]));
    json_arr_end(&o);
    json_out_key(&o, "repeats");
    json_out_int(&o, p->repeats);
    json_out_key(&o, "limit");
    json_out_int(&o, p->limit);
    json_out_key(&o, "suites");
    json_arr(&o);
    for (size_t i = 0; i < p->n_suites; i++) suite_json(&o, p, &p->suites[i]);
    json_arr_end(&o);
    json_obj_end(&o);
}

bool plan_digest(Plan *p, Arena *a, Err *err) {
    Buf b;
    char hex[65];
    buf_init(&b, (size_t)16 << 20);
    plan_json(p, false, &b);
    if (!b.failed) sha256_of(buf_str(&b), hex);
    bool ok = !b.failed;
    buf_release(&b);
    if (ok) p->sha256 = str_dup(a, (Str){hex, 64});
    return (ok && p->sha256.p) || err_nomem(err);
}

void plan_to_json(const Plan *p, Buf *out) {
    plan_json(p, true, out);
}
