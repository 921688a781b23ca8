/* Writes a checkpoint of any shape with random weights, e.g. one of the size of gpt-oss-20b to measure memory and
 * speed:
 *
 *   make_checkpoint DIR                        13.8 GB, the shape of gpt-oss-20b
 *   make_checkpoint DIR layers=4 experts=8     the same with other numbers
 *
 * Keys: layers hidden heads kv_heads head_dim experts per_token width vocab window context seed. */
#include <errno.h>

#include "tests/checkpoint.h"

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
    if (argc < 2) {
        fprintf(stderr, "usage: make_checkpoint DIR [layers=N hidden=N heads=N kv_heads=N head_dim=N experts=N "
                        "per_token=N width=N\n"
                        "                            vocab=N window=N context=N seed=N]\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (!set_key(&s, argv[i])) {
            fprintf(stderr, "make_checkpoint: '%s' is no key=number that is known\n", argv[i]);
            return 2;
        }
    if (ck_write(argv[1], &s)) return 0;
    fprintf(stderr, "make_checkpoint: cannot write %s: %s\n", argv[1], strerror(errno));
    return 4;
}
