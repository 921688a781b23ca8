/* Names of the tensors of adapter_model.safetensors. PEFT writes "base_model.model." + module + ".lora_A.weight",
 * without the adapter's own name. Modules of gpt-oss:
 *
 *   model.layers.N.self_attn.{q,k,v,o}_proj    linears
 *   model.layers.N.mlp.router                  target_parameters "mlp.router.weight"; Unsloth: mlp.router.linear
 *   model.layers.N.mlp.experts                 the last of the 3-D parameters that are targeted (down_proj, if it is),
 *   model.layers.N.mlp.experts.base_layer      and the one before: PEFT 0.17 to 0.20 nests one wrapper per parameter,
 *                                              in the order of the module (gate_up_proj, down_proj)
 *   model.layers.N.mlp.experts.{gate_up,down}_projs.E   Unsloth's linears for bitsandbytes, one per expert
 */
#include <ctype.h>
#include <string.h>

#include "engine/model/lora_internal.h"

static bool cut(Str *s, const char *prefix) {
    Str p = str_from(prefix);
    if (!str_starts(*s, p)) return false;
    *s = str_sub(*s, p.n, s->n);
    return true;
}

static bool cut_number(Str *s, int *out) {
    size_t n = 0;
    for (*out = 0; n < s->n && n < 6 && isdigit((unsigned char)s->p[n]); n++) *out = *out * 10 + (s->p[n] - '0');
    if (n == 0 || (n > 1 && s->p[0] == '0')) return false;
    *s = str_sub(*s, n, s->n);
    return true;
}

static bool refuse(const Tensor *t, const char *why, Err *err) {
    return err_set(err, ERR_INPUT, "%s: tensor '%.150s' %s", t->file, t->name, why);
}

static bool has(const Tensor *t, const char *part) {
    return strstr(t->name, part) != NULL;
}

/* Names the kind of thing that a tensor of no known name is. */
static bool unknown(const Tensor *t, Err *err) {
    if (has(t, "lora_magnitude_vector")) return refuse(t, "is a magnitude of DoRA, which cannot be applied", err);
    if (has(t, "lora_embedding_") || has(t, "embed_tokens"))
        return refuse(t, "adapts the embedding, which cannot be done here", err);
    if (has(t, "lm_head")) return refuse(t, "adapts lm_head, which cannot be done here", err);
    if (has(t, "modules_to_save"))
        return refuse(t, "replaces a module of the base model, which cannot be done here", err);
    if (has(t, ".lora_A.") || has(t, ".lora_B."))
        return refuse(t, "adapts something that is not known to be a part of gpt-oss, or whose meaning is not certain",
                      err);
    return refuse(t, "is no factor of a LoRA adapter (… .lora_A.weight or … .lora_B.weight)", err);
}

static bool experts(Str rest, LoraName *out) {
    if (rest.n == 0) return out->place = LORA_OUTER, true;
    if (str_eqz(rest, ".base_layer")) return out->place = LORA_INNER, true;
    if (cut(&rest, ".gate_up_projs."))
        out->place = LORA_GATE_UP_OF;
    else if (cut(&rest, ".down_projs."))
        out->place = LORA_DOWN_OF;
    else
        return false;
    return cut_number(&rest, &out->expert) && rest.n == 0;
}

static bool place(Str rest, LoraName *out) {
    static const char *const attention[] = {"q_proj", "k_proj", "v_proj", "o_proj"};
    if (cut(&rest, "mlp.experts")) return experts(rest, out);
    if (str_eqz(rest, "mlp.router") || str_eqz(rest, "mlp.router.linear")) return out->place = LORA_ROUTER, true;
    if (!cut(&rest, "self_attn.")) return false;
    for (int i = 0; i < 4; i++)
        if (str_eqz(rest, attention[i])) return out->place = (LoraPlace)(LORA_Q + i), true;
    return false;
}

bool lora_name_parse(const Tensor *t, const ModelConfig *c, LoraName *out, Err *err) {
    Str s = str_from(t->name), tail[2] = {STR(".lora_A.weight"), STR(".lora_B.weight")};
    *out = (LoraName){.expert = -1};
    cut(&s, "base_model.model.");
    out->is_b = str_ends(s, tail[1]);
    if (!out->is_b && !str_ends(s, tail[0])) return unknown(t, err);
    s = str_sub(s, 0, s.n - tail[0].n);
    out->module = s;
    if (!cut(&s, "model.layers.") || !cut_number(&s, &out->layer) || !cut(&s, ".") || !place(s, out))
        return unknown(t, err);
    if (out->layer >= c->n_layers)
        return err_set(err, ERR_INPUT, "%s: tensor '%.150s' is of layer %d, but the base model has %d layers", t->file,
                       t->name, out->layer, c->n_layers);
    if (out->expert >= c->n_experts)
        return err_set(err, ERR_INPUT, "%s: tensor '%.150s' is of expert %d, but the base model has %d experts",
                       t->file, t->name, out->expert, c->n_experts);
    return true;
}
