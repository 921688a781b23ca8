/* What kind of tokenizer a tokenizer.json is. Everything that would change an id is refused by name; what cannot change
 * one (a null in another spelling, keys that concern batches) is let pass. */
#include <string.h>

#include "engine/token/token_internal.h"

static const char pattern[] = "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
                              "+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                              "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}"
                              "]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                              "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* ---- what kind of tokenizer it is ---- */

static bool is_absent(const Json *j) {
    return !j || json_type(j) == JSON_NULL;
}

/* A component's "type", for messages: never NULL. */
static const char *type_of(const Json *j) {
    const Json *type = json_get(j, "type");
    return type && json_type(type) == JSON_STRING ? json_str(type).p : "without a type";
}

static bool is_type(const Json *j, const char *name) {
    return !is_absent(j) && strcmp(type_of(j), name) == 0;
}

/* obj[key] is `want`, or absent when that means the same. */
static bool flag_is(const Json *obj, const char *key, bool want, bool if_absent) {
    bool v = if_absent;
    const Json *j = json_get(obj, key);
    if (!is_absent(j) && !json_bool(j, &v)) return false;
    return v == want;
}

static bool check_split(const Json *split, Err *err) {
    Str regex = json_str(json_get(json_get(split, "pattern"), "Regex"));
    if (!is_type(split, "Split"))
        return err_set(err, ERR_INPUT,
                       "the first pre-tokeniser is '%s', but only 'Split' with the o200k pattern is known",
                       type_of(split));
    if (!str_eqz(regex, pattern))
        return err_set(err, ERR_INPUT, "the pre-tokeniser pattern is not the one of o200k: \"" STR_FMT "\"",
                       STR_ARG(str_sub(regex, 0, 200)));
    if (!str_eqz(json_str(json_get(split, "behavior")), "Isolated") || !flag_is(split, "invert", false, false))
        return err_set(err, ERR_INPUT, "the pre-tokeniser Split must have behavior 'Isolated' and invert false");
    return true;
}

static bool check_pretokenizer(const Json *pre, Err *err) {
    if (!is_type(pre, "Sequence"))
        return err_set(err, ERR_INPUT, "'pre_tokenizer' is '%s', but a Sequence of Split and ByteLevel was expected",
                       is_absent(pre) ? "null" : type_of(pre));
    const Json *list = json_get(pre, "pretokenizers");
    const Json *split = list && json_type(list) == JSON_ARRAY ? json_first(list) : NULL;
    const Json *bytes = split ? json_next(split) : NULL;
    if (!bytes || json_next(bytes))
        return err_set(err, ERR_INPUT, "'pre_tokenizer' must be a Sequence of exactly Split and ByteLevel");
    if (!check_split(split, err)) return false;
    if (!is_type(bytes, "ByteLevel"))
        return err_set(err, ERR_INPUT, "the second pre-tokeniser is '%s', but only 'ByteLevel' is known",
                       type_of(bytes));
    if (!flag_is(bytes, "add_prefix_space", false, true) || !flag_is(bytes, "use_regex", false, true))
        return err_set(err, ERR_INPUT, "ByteLevel must have add_prefix_space false and use_regex false");
    return true;
}

static bool refuse_component(const Json *root, const char *key, const char *expected, Err *err) {
    return err_set(err, ERR_INPUT, "'%s' is '%s', which is not supported (expected null or %s)", key,
                   type_of(json_get(root, key)), expected);
}

/* A list under key that is empty or absent. */
static bool is_empty_list(const Json *j, const char *key) {
    const Json *list = json_get(j, key);
    return is_absent(list) || (json_type(list) == JSON_ARRAY && json_count(list) == 0);
}

static bool check_normalizer(const Json *root, Err *err) {
    const Json *j = json_get(root, "normalizer");
    if (is_absent(j) || (is_type(j, "Sequence") && is_empty_list(j, "normalizers"))) return true;
    return refuse_component(root, "normalizer", "an empty Sequence", err);
}

/* A template of the text alone: no token before or behind it. */
static bool is_bare_template(const Json *j) {
    const Json *single = json_get(j, "single");
    const Json *only = single && json_type(single) == JSON_ARRAY ? json_first(single) : NULL;
    return only && !json_next(only) && json_get(only, "Sequence");
}

/* ByteLevel moves offsets and no ids. */
static bool adds_nothing(const Json *j) {
    return is_absent(j) || is_type(j, "ByteLevel") || (is_type(j, "TemplateProcessing") && is_bare_template(j));
}

static bool check_postprocessor(const Json *root, Err *err) {
    const Json *j = json_get(root, "post_processor");
    const Json *list = is_type(j, "Sequence") ? json_get(j, "processors") : NULL;
    if (!list && adds_nothing(j)) return true;
    if (list && json_type(list) == JSON_ARRAY) {
        const Json *c = json_first(list);
        while (c && adds_nothing(c)) c = json_next(c);
        if (!c) return true;
    }
    return refuse_component(root, "post_processor", "ByteLevel: nothing may be added to a text", err);
}

static bool check_decoder(const Json *root, Err *err) {
    const Json *j = json_get(root, "decoder");
    return is_absent(j) || is_type(j, "ByteLevel") || refuse_component(root, "decoder", "ByteLevel", err);
}

static bool check_affix(const Json *model, const char *key, Err *err) {
    const Json *j = json_get(model, key);
    if (is_absent(j) || (json_type(j) == JSON_STRING && json_str(j).n == 0)) return true;
    return err_set(err, ERR_INPUT, "'model.%s' is set, which a byte-level vocabulary does not use", key);
}

static bool check_model(const Json *model, Err *err) {
    if (is_absent(model) || json_type(model) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "missing key 'model' (an object)");
    if (!is_type(model, "BPE"))
        return err_set(err, ERR_INPUT, "'model.type' is '%s', but only 'BPE' is known", type_of(model));
    const Json *dropout = json_get(model, "dropout");
    if (!is_absent(dropout) && !(json_type(dropout) == JSON_NUMBER && json_num(dropout) == 0))
        return err_set(err, ERR_INPUT, "'model.dropout' must be null: an evaluation must repeat");
    if (!flag_is(model, "byte_fallback", false, false))
        return err_set(err, ERR_INPUT, "'model.byte_fallback' must be false: every byte has its own token here");
    return check_affix(model, "continuing_subword_prefix", err) && check_affix(model, "end_of_word_suffix", err);
}

static bool check_added_list(const Json *root, Err *err) {
    const Json *added = json_get(root, "added_tokens");
    return is_absent(added) || json_type(added) == JSON_ARRAY ||
           err_set(err, ERR_INPUT, "'added_tokens' must be a list");
}

/* "truncation" and "padding" are of a trainer's batches: not looked at. */
bool json_shape_check(const Json *root, Err *err) {
    if (json_type(root) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "the file must hold one JSON object, but holds %s",
                       json_type_name(json_type(root)));
    return check_model(json_get(root, "model"), err) && check_normalizer(root, err) &&
           check_pretokenizer(json_get(root, "pre_tokenizer"), err) && check_decoder(root, err) &&
           check_postprocessor(root, err) && check_added_list(root, err);
}

/* "normalized" is of no consequence without a normaliser. */
bool json_shape_added(const Json *entry, Err *err) {
    static const char *const plain[] = {"single_word", "lstrip", "rstrip"};
    Str text = json_str(json_get(entry, "content"));
    if (!flag_is(entry, "special", true, false))
        return err_set(err, ERR_INPUT, "added token '" STR_FMT "' is not special; plain added tokens are not supported",
                       STR_ARG(str_sub(text, 0, 80)));
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
        if (!flag_is(entry, plain[k], false, false))
            return err_set(err, ERR_INPUT, "added token '" STR_FMT "': '%s' is not supported",
                           STR_ARG(str_sub(text, 0, 80)), plain[k]);
    return true;
}

bool json_shape_ignores_merges(const Json *root) {
    return flag_is(json_get(root, "model"), "ignore_merges", true, false);
}
