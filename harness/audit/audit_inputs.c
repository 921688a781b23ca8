#include "harness/audit/audit_inputs.h"

#include "harness/audit/audit_inputs_internal.h"
#include "harness/version.h"

void inputs__member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

bool inputs__split(const Inputs *u, const char *option, const char *word, Str *model, const char **rest,
                   const Json **entry, Err *err) {
    size_t eq = str_find(str_from(word), STR("="), 0);
    if (eq == SIZE_MAX || eq == 0) return err_set(err, ERR_INPUT, "%s %.100s: expected MODEL=PATH", option, word);
    *model = str_sub(str_from(word), 0, eq);
    *rest = word + eq + 1;
    char *key = str_cstr(u->a, *model);
    if (!key) return err_nomem(err);
    *entry = json_get(u->in->models, key);
    return *entry || err_set(err, ERR_INPUT, "%s: the plan has no model '" STR_FMT "'", option, STR_ARG(*model));
}

static bool put_header(Inputs *u, Err *err) {
    const AuditPlan *p = u->in->plan;
    json_obj(&u->o);
    inputs__member(&u->o, "harness", STR(ASSAY_VERSION));
    inputs__member(&u->o, "plan_sha256", str_from(p->sha256));
    json_out_key(&u->o, "registered");
    json_out_bool(&u->o, p->registered);
    inputs__member(&u->o, "signed_at", p->signed_at);
    inputs__member(&u->o, "why", str_from(p->why));
    if (!inputs__runs(u, err) || !inputs__imports(u, err) || !inputs__cards(u, err) || !inputs__self_tests(u, err) ||
        !inputs__repeats(u, err) || !inputs__tuning(u, err))
        return false;
    json_obj_end(&u->o);
    return true;
}

bool audit_inputs_read(const AuditInputs *in, Arena *a, Buf *header, Buf *records, Err *err) {
    Inputs u = {.in = in, .a = a, .records = records, .chain = AUDIT_CHAIN_START};
    json_out_init(&u.o, header, 0);
    return put_header(&u, err) && (!header->failed || err_nomem(err));
}
