/* How numbers were made: in words, below the tables and behind each number. */
#include "reports/html/html_internal.h"

#include "reports/visible.h"

static const struct {
    const char *method, *words;
} METHODS[] = {
    {"wilson", WORD("Wilson score interval, for one right-or-wrong score per question")},
    {"wilson over clusters", WORD("Wilson score interval that counts clusters, where all scores are equal")},
    {"t", WORD("t interval over question means, for fewer than 100 questions")},
    {"normal", WORD("normal interval over question means, from 100 questions on")},
    {"clustered t", WORD("t interval with errors clustered by template, passage or contest")},
    {"Newcombe paired", WORD("Newcombe’s score interval for paired proportions")},
    {"paired t", WORD("t interval of the differences by question")},
    {"paired normal", WORD("normal interval of the differences by question")},
    {"McNemar mid-p", WORD("McNemar’s test, mid-p, for fewer than 100 questions that one model alone got right")},
    {"McNemar", WORD("McNemar’s test")},
    {"paired z", WORD("z test of the differences by question")},
    {"sign flip",
     WORD("exact sign-flip test, for at most 20 questions or clusters, or where all differences are equal")},
};

/* Of other places, and of bounds that are no intervals: told behind their numbers alone. */
static const struct {
    const char *method, *words;
} OTHERS[] = {
    {"bounds", WORD("if every open answer were wrong, and if it were right")},
    {"all alike", WORD("all differ alike: how many others could have stayed unseen")},
    {"open pairs", WORD("if every open answer were wrong of the first and right of the second; the other way round")},
    {"Wilson", WORD("Wilson score interval")},
    {"Wilson, effective number", WORD("Wilson score interval with the effective number of items")},
    {"cluster bootstrap", WORD("bootstrap over clusters")},
    {"wilson over few clusters",
     WORD("Wilson score interval that counts clusters, where fewer than 15 have a failure or fewer than 15 a success")},
    {"Clopper-Pearson", WORD("exact bound of Clopper and Pearson")},
    {"Clopper-Pearson, effective number",
     WORD("exact bound of Clopper and Pearson with the effective number of items")},
    {"Newcombe, effective number", WORD("Newcombe’s score interval with the effective number of items")},
    {"exact McNemar, one-sided", WORD("McNemar’s exact test, one-sided")},
    {"exact sign test over pairs, one-sided", WORD("exact sign test over pairs, one-sided")},
};

void html__method(Buf *b, Lang l, const char *method) {
    Str name = str_from(method ? method : ""), text = name;
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (str_eqz(name, METHODS[i].method)) text = str_from(words(l, METHODS[i].words));
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (str_eqz(name, OTHERS[i].method)) text = str_from(words(l, OTHERS[i].words));
    html_escape_attr(b, text);
}

/* Only those that were used here. */
void html__methods(Buf *b, const Summary *s) {
    buf_adds(b, "<details><summary>");
    html__say(b, s->lang, WORD("How intervals and tests were chosen"));
    buf_adds(b, "</summary><ul>\n");
    for (size_t m = 0; m < sizeof METHODS / sizeof *METHODS; m++) {
        Str name = str_from(METHODS[m].method);
        bool used = false;
        for (size_t i = 0; i < s->n_cells; i++) used = used || str_eq(name, str_from(s->cells[i].est.method));
        for (size_t i = 0; i < s->n_pairs; i++)
            used = used || str_eq(name, str_from(s->pairs[i].method)) || str_eq(name, str_from(s->pairs[i].p_method));
        if (!used) continue;
        buf_adds(b, "<li>");
        html__say(b, s->lang, METHODS[m].words);
        buf_adds(b, "</li>\n");
    }
    buf_adds(b, "</ul></details>\n");
}
