/* Writes a checkpoint of any shape with random weights, e.g. one of the size of gpt-oss-20b to measure memory and
 * speed:
 *
 *   make_checkpoint DIR                        13.8 GB, the shape of gpt-oss-20b
 *   make_checkpoint DIR layers=4 experts=8     the same with other numbers
 *   make_checkpoint DIR layout=openai          the same weights in OpenAI's original layout, 13.8 GB
 *   make_checkpoint FILE.gguf layout=gguf      ... as GGUF, 13.8 GB (experts MXFP4, dense matrices BF16)
 *
 * Keys: layers hidden heads kv_heads head_dim experts per_token width vocab window context seed layout. */
#include <errno.h>

#include "tests/checkpoint_layouts.h"

typedef bool (*Writer)(const char *path, const CkSpec *s);

static bool set_layout(Writer *w, const char *word) {
    const struct {
        const char *word;
        Writer write;
    } layouts[] = {{"layout=hf", ck_write}, {"layout=openai", ck_write_openai}, {"layout=gguf", ck_write_gguf}};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(word, layouts[i].word) == 0) return *w = layouts[i].write, true;
    return false;
}

static bool set_key(CkSpec *s, const char *word) {
    const struct {
        const char *key;
        int *value;
    } keys[] = {{"layers", &s->layers},       {"hidden", &s->hidden},     {"heads", &s->heads},
                {"kv_heads", &s->kv_heads},   {"head_dim", &s->head_dim}, {"experts", &s->experts},
                {"per_token", &s->per_token}, {"width", &s->width},       {"vocab", &s->vocab},
                {"window", &s->window},       {"context", &s->context}};
    const char *eq = strchr(word, '=');
    if (!eq) return false;
    size_t n = (size_t)(eq - word);
    if (n == 4 && strncmp(word, "seed", 4) == 0) return s->seed = strtoull(eq + 1, NULL, 10), true;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strlen(keys[i].key) == n && strncmp(word, keys[i].key, n) == 0)
            return *keys[i].value = atoi(eq + 1), *keys[i].value > 0;
    return false;
}

int main(int argc, char **argv) {
    CkSpec s = CK_SPEC_20B;
    Writer write = ck_write;
    if (argc < 2) {
        fprintf(stderr, "usage: make_checkpoint PATH [layout=hf|openai|gguf] [layers=N hidden=N heads=N kv_heads=N "
                        "head_dim=N experts=N "
                        "per_token=N width=N\n"
                        "                            vocab=N window=N context=N seed=N]\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (!set_layout(&write, argv[i]) && !set_key(&s, argv[i])) {
            fprintf(stderr, "make_checkpoint: '%s' is no key=value that is known\n", argv[i]);
            return 2;
        }
    if (write(argv[1], &s)) return 0;
    fprintf(stderr, "make_checkpoint: cannot write %s: %s\n", argv[1], strerror(errno));
    return 4;
}
