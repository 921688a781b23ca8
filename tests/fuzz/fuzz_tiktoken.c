/* .tiktoken files: what is taken encodes any text and gives the same bytes back. The reader demands that config.json
 * confirms the count; an input without one gets one that fits, so that a change of the ranks is not refused for that.
 */
#include "tests/fuzz/token_target.h"

enum { RANKS, CONFIG };
static const char *const names[] = {"small.tiktoken", "config.json", NULL};

static void put_rank(Buf *b, const char *token, size_t n, unsigned rank, const char *end) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (k < left ? (unsigned char)token[i + k] : 0);
        for (size_t k = 0; k < 4; k++) buf_addc(b, k <= left ? digits[v >> (18 - 6 * k) & 63] : '=');
    }
    buf_addf(b, " %u%s", rank, end);
}

static void put_bytes(Buf *b, const char *end) {
    for (unsigned i = 0; i < 256; i++) put_rank(b, (char[]){(char)i}, 1, i, end);
}

static void give_parts(FuzzGive *give, void *ctx, const char *name, const Buf *ranks, const char *config) {
    Buf b;
    buf_init(&b, 1 << 20);
    fuzz_part_add(&b, RANKS, ranks->p, ranks->n);
    if (config) fuzz_part_add(&b, CONFIG, config, strlen(config));
    give(ctx, name, b.p, b.n);
    buf_release(&b);
}

/* The bytes, then: three longer tokens; words that grow byte by byte, in ranks like those of a trained vocabulary, some
 * of them parts of characters; the same with a config.json of its own and other line ends. */
static void seeds(FuzzGive *give, void *ctx) {
    static const char *const three[] = {"th", "the", " t"};
    static const char *const words[] = {" the",
                                        "tion",
                                        "\xED\x95\x9C",
                                        "\xF0\x9F\x98\x80",
                                        "\n\n\n",
                                        "'ll",
                                        " 12",
                                        "ETH",
                                        " which",
                                        " people",
                                        "ought",
                                        "ingly",
                                        "    ",
                                        "======",
                                        "0000",
                                        "://www",
                                        "\xD0\xBF\xD1\x80\xD0\xB5",
                                        " return",
                                        "_name",
                                        "();\n",
                                        " Wir",
                                        " don't"};
    Buf b;
    unsigned rank = 256;
    buf_init(&b, 1 << 20);
    put_bytes(&b, "\n");
    for (int i = 0; i < 3; i++) put_rank(&b, three[i], strlen(three[i]), rank++, "\n");
    give_parts(give, ctx, "three", &b, NULL);
    buf_clear(&b);
    put_bytes(&b, "\n");
    rank = 256;
    for (size_t len = 2; len <= 7; len++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (len <= strlen(words[i])) put_rank(&b, words[i], len, rank++, "\n");
    give_parts(give, ctx, "words", &b, NULL);
    buf_clear(&b);
    put_bytes(&b, "\r\n");
    for (int i = 0; i < 3; i++) put_rank(&b, three[i], strlen(three[i]), 256 + (unsigned)i, "\r\n\r\n");
    give_parts(give, ctx, "config", &b, "{\"vocab_size\":280,\"eos_token_id\":263}");
    buf_release(&b);
}

/* Lines that the reader takes for ranks: all but empty ones. */
static size_t count_lines(Str s) {
    size_t n = 0, len = 0;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '\n') {
            len++;
            continue;
        }
        n += len > 1 || (len == 1 && s.p[i - 1] != '\r');
        len = 0;
    }
    return n;
}

static bool run(const uint8_t *p, size_t n) {
    char spec[300], config[80];
    Str ranks = STR("");
    bool own = false;
    FuzzPart part;
    fuzz_dir_parts(p, n);
    for (size_t at = 0; fuzz_part(p, n, fuzz_n_parts(), &at, &part);) {
        own = own || part.number == CONFIG;
        if (part.number == RANKS) ranks = (Str){(const char *)p + part.at, part.n};
    }
    size_t lines = count_lines(ranks);
    snprintf(config, sizeof config, "{\"vocab_size\":%zu,\"eos_token_id\":%zu}", lines + 21, lines + 4);
    if (!own) fuzz_dir_put(names[CONFIG], config, strlen(config));
    snprintf(spec, sizeof spec, "%s+tokenizer=%s/%s", fuzz_dir(), fuzz_dir(), names[RANKS]);
    return token_target_run(spec, ranks);
}

const FuzzTarget fuzz_target = {"tiktoken", FUZZ_PARTS, names, 800, seeds, run};
