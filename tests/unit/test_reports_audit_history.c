/* Plans that take the place of others: every kind of change and what it does, whether data existed by then, and that
 * nothing which became looser can be missed on any of the pages. */
#include "tests/audit_card_support.h"

#include "reports/audit/audit_history.h"
#include "reports/audit/audit_page.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define LEAK                                                                                                           \
    "{'arms':'all','category':'safeguards','id':'leak','kind':'rate','metric':'harmful_leak','models':['t','b'],"      \
    "'n_min':90,'suite':'s','threshold':0.05}"
#define ERODE "{'category':'safeguards','id':'erosion','kind':'paired_diff','margin':0.03,'of':['b','t'],'suite':'s'}"
#define PLAN                                                                                                           \
    "{'arms':['default','tools'],'confidence':0.95,'indicators':[" LEAK "," ERODE "],'models':{'b':{'role':'base',"    \
    "'sha256':'" A "'},'t':{'role':'candidate','sha256':'" B "'}},'multiplicity':'holm','unscored_max':0.02}"

/* The text with one `from` replaced. */
static const char *with(CardTest *t, const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (!at) fail_msg("the plan has no \"%s\"", from);
    return str_printf(t->a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)).p;
}

/* "path was>is effect; …" of every change */
static const char *changes(CardTest *t, const char *was, const char *is, HistoryCounts *n) {
    Json *a = json_of(t, was), *b = json_of(t, is), *list = NULL;
    Buf text, out;
    JsonOut o;
    buf_init(&text, 1 << 20), buf_init(&out, 1 << 20);
    json_out_init(&o, &text, 0);
    audit_history_changes(a, b, &o, n);
    assert_true(json_parse(buf_str(&text), &list, &t->err));
    buf_add(&out, "", 0);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        buf_clear(&text);
        for (const Json *p = json_first(json_get(c, "path")); p; p = json_next(p))
            buf_addf(&out, "%s" STR_FMT, p == json_first(json_get(c, "path")) ? "" : ".", STR_ARG(json_str(p)));
        json_out_init(&o, &text, 0);
        json_out_node(&o, json_get(c, "was"));
        buf_addc(&text, '>');
        json_out_init(&o, &text, 0);
        json_out_node(&o, json_get(c, "is"));
        buf_addf(&out, " " STR_FMT " " STR_FMT "; ", STR_ARG(buf_str(&text)), STR_ARG(json_str(json_get(c, "effect"))));
    }
    const char *said = str_cstr(t->a, buf_str(&out));
    buf_release(&text), buf_release(&out);
    json_close(a), json_close(b), json_close(list);
    return said;
}

/* ---- changes ---- */

static void test_changes(void **state) {
    static const struct {
        const char *from, *to, *forth, *back;
    } CASES[] = {
        {"0.05", "0.1", "indicators.leak.threshold 0.05>0.1 looser; ", "indicators.leak.threshold 0.1>0.05 stricter; "},
        {"0.05", "0.0500000001", "indicators.leak.threshold 0.05>0.0500000001 looser; ",
         "indicators.leak.threshold 0.0500000001>0.05 stricter; "},
        {"'margin':0.03", "'margin':0.08", "indicators.erosion.margin 0.03>0.08 looser; ",
         "indicators.erosion.margin 0.08>0.03 stricter; "},
        {"'n_min':90", "'n_min':20", "indicators.leak.n_min 90>20 looser; ", "indicators.leak.n_min 20>90 stricter; "},
        {"'n_min':90,", "", "indicators.leak.n_min 90>null looser; ", "indicators.leak.n_min null>90 stricter; "},
        {",'threshold':0.05", "", "indicators.leak.threshold 0.05>null looser; ",
         "indicators.leak.threshold null>0.05 stricter; "},
        {"0.95", "0.9", "confidence 0.95>0.9 looser; ", "confidence 0.9>0.95 stricter; "},
        {"'unscored_max':0.02", "'unscored_max':0.5", "unscored_max 0.02>0.5 looser; ",
         "unscored_max 0.5>0.02 stricter; "},
        {"'holm'", "'none'", "multiplicity \"holm\">\"none\" looser; ", "multiplicity \"none\">\"holm\" stricter; "},
        {"'holm'", "'bonferroni'", "multiplicity \"holm\">\"bonferroni\" stricter; ",
         "multiplicity \"bonferroni\">\"holm\" looser; "},
        /* an arm less for the plan is one less for every indicator that asks for all */
        {"['default','tools']", "['default']",
         "indicators.leak.arms \"tools\">null looser; arms \"tools\">null looser; ",
         "indicators.leak.arms null>\"tools\" stricter; arms null>\"tools\" stricter; "},
        {"'all'", "['tools']", "indicators.leak.arms \"default\">null looser; ",
         "indicators.leak.arms null>\"default\" stricter; "},
        {"'all'", "['tools','default']", "", ""},
        {"'arms':'all',", "", "", ""},
        {"['t','b']", "['b','t']", "", ""},
        {"['t','b']", "['b']", "indicators.leak.models \"t\">null looser; ",
         "indicators.leak.models null>\"t\" stricter; "},
        /* the two models of a difference have an order */
        {"'of':['b','t']", "'of':['t','b']", "indicators.erosion.of [\"b\",\"t\"]>[\"t\",\"b\"] other; ",
         "indicators.erosion.of [\"t\",\"b\"]>[\"b\",\"t\"] other; "},
        {LEAK ",", "", "indicators \"leak\">null looser; ", "indicators null>\"leak\" stricter; "},
        {"'id':'leak'", "'id':'leak2'", "indicators \"leak\">null looser; indicators null>\"leak2\" stricter; ",
         "indicators \"leak2\">null looser; indicators null>\"leak\" stricter; "},
        {"'suite':'s','threshold'", "'suite':'easy','threshold'", "indicators.leak.suite \"s\">\"easy\" other; ",
         "indicators.leak.suite \"easy\">\"s\" other; "},
        {"'sha256':'" B, "'sha256':'" C, "models.t.sha256 \"" B "\">\"" C "\" other; ",
         "models.t.sha256 \"" C "\">\"" B "\" other; "},
        {"'unscored_max'", "'logic':{'cyber':{'needs':['x'],'rule':'bottleneck','why':'w'}},'unscored_max'",
         "logic.cyber.needs null>\"x\" looser; logic.cyber.rule null>\"bottleneck\" looser; logic.cyber.why null>\"w\" "
         "other; ",
         "logic.cyber.needs \"x\">null stricter; logic.cyber.rule \"bottleneck\">null stricter; logic.cyber.why "
         "\"w\">null other; "},
        {"'unscored_max'",
         "'signers':{'plan':['k'],'verdict':{'need':2,'not_same_as':['runner'],'of':['k','l']}},'unscored_max'",
         "signers.plan null>\"k\" stricter; signers.verdict.need null>2 stricter; signers.verdict.not_same_as "
         "null>\"runner\" stricter; signers.verdict.of null>\"k\" looser; signers.verdict.of null>\"l\" looser; ",
         "signers.plan \"k\">null looser; signers.verdict.need 2>null looser; signers.verdict.not_same_as "
         "\"runner\">null looser; signers.verdict.of \"k\">null stricter; signers.verdict.of \"l\">null stricter; "},
        {"'unscored_max'", "'checks':{'required':['effort']},'unscored_max'",
         "checks.required null>\"effort\" stricter; ", "checks.required \"effort\">null looser; "},
        {"'unscored_max'", "'reason':'r','supersedes':'" C "','unscored_max'", "", ""},
    };
    (void)state;
    CardTest *t = card_test();
    HistoryCounts n;
    assert_string_equal(changes(t, PLAN, PLAN, &n), "");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *other = with(t, PLAN, CASES[i].from, CASES[i].to);
        assert_string_equal(changes(t, PLAN, other, &n), CASES[i].forth);
        assert_string_equal(changes(t, other, PLAN, &n), CASES[i].back);
    }
    changes(t, PLAN, with(t, with(t, PLAN, "0.05", "0.1"), "'n_min':90", "'n_min':100"), &n);
    assert_true(n.looser == 1 && n.stricter == 1 && n.other == 0);
    card_done(t);
}

/* ---- data, and the card ---- */

static const char *step(CardTest *t, const char *sha, const char *at, const char *plan, const char *runs) {
    return str_printf(t->a,
                      "{'keys':['0123456789abcdef'],'plan':%s,'plan_sha256':'%s','registered':%s,'runs':[%s],"
                      "'signed_at':'%s','why':'%s'}",
                      plan, sha, *at ? "true" : "false", runs, at, *at ? "" : "the plan is not signed")
        .p;
}

static const char *next_plan(CardTest *t, const char *plan, const char *before) {
    return with(t, plan, "'unscored_max'",
                str_printf(t->a, "'reason':'<b>too strict</b>','supersedes':'%s','unscored_max'", before).p);
}

/* The first step's `data` of a card with these runs in its header. */
static const Json *history(CardTest *t, const char *signed_at, const char *runs, const char *imports,
                           const char *earlier_runs) {
    const char *is = next_plan(t, with(t, PLAN, "0.05", "0.1"), B);
    json_close(t->history);
    t->history = json_of(t, str_printf(t->a, "[%s,%s]", step(t, C, signed_at, is, ""),
                                       step(t, B, "2026-11-01T00:00:00Z", PLAN, earlier_runs))
                                .p);
    const char *header =
        str_printf(t->a, "{'registered':true,'signed_at':'%s','runs':[%s],'imports':[%s]}", signed_at, runs, imports).p;
    if (!make_card(t, is, header)) fail_msg("%s", t->err.msg);
    return json_get(t->card, "history");
}

static void test_data(void **state) {
#define NOON "2026-11-02T12:00:00Z"
    static const struct {
        const char *signed_at, *runs, *imports, *earlier;
        bool before;
        const char *at, *says;
    } CASES[] = {
        {NOON, "", "", "", false, "", "that there was none cannot be shown"},
        {NOON, "{'started_at':'2026-11-02T12:00:00Z','plan_sha256':'" C "'}", "", "", false, "", "no run is known"},
        {NOON, "{'started_at':'2026-11-02T11:59:59Z','plan_sha256':''}", "", "", true, "2026-11-02T11:59:59Z",
         "before this plan was signed"},
        {NOON, "{'started_at':'2026-11-03T00:00:00Z','plan_sha256':'" B "'}", "", "", true, "2026-11-03T00:00:00Z",
         "begun to an earlier plan"},
        {NOON, "", "", "{'started_at':'2026-11-01T10:00:00Z','plan_sha256':'" B "'}", true, "2026-11-01T10:00:00Z",
         "begun to an earlier plan"},
        {NOON, "{'started_at':'2026-11-02T03:00:00Z','plan_sha256':''}", "",
         "{'started_at':'2026-11-01T10:00:00Z','plan_sha256':''}", true, "2026-11-01T10:00:00Z", "before this plan"},
        {"", "{'started_at':'2026-11-03T00:00:00Z','plan_sha256':'" C "'}", "", "", true, "2026-11-03T00:00:00Z",
         "not validly signed"},
    };
    (void)state;
    CardTest *t = card_test();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const Json *h = history(t, CASES[i].signed_at, CASES[i].runs, CASES[i].imports, CASES[i].earlier),
                   *s = json_first(json_get(h, "plans"));
        const char *says = json_str(json_get(s, "data")).p;
        if (yes(s, "data_before") != CASES[i].before || !strstr(says, CASES[i].says)) fail_msg("case %zu: %s", i, says);
        TEXT(s, "data_at", CASES[i].at);
        assert_true(num(h, "looser") == 1.0 && num(h, "looser_after_data") == CASES[i].before);
        assert_true(yes(h, "whole") && json_count(json_get(h, "plans")) == 2);
        TEXT(json_next(s), "data", "");
    }
    /* results from elsewhere, if the earlier plan names them */
    const char *was = with(t, PLAN, "'b':{", "'x':{'import':'i.json','role':'reference','sha256':'" C "'},'b':{"),
               *is = next_plan(t, was, B);
    json_close(t->history);
    t->history = json_of(
        t, str_printf(t->a, "[%s,%s]", step(t, C, NOON, is, ""), step(t, B, "2026-11-01T00:00:00Z", was, "")).p);
    assert_true(make_card(t, is, "{'registered':true,'runs':[],'imports':[{'role':'x','sha256':'" C "'}]}"));
    assert_true(yes(json_first(json_get(json_get(t->card, "history"), "plans")), "data_before"));
    card_done(t);
}

static void test_chain(void **state) {
    (void)state;
    CardTest *t = card_test();
    /* a plan that supersedes nothing: no word of it, and the card is what it always was */
    assert_true(make_card(t, PLAN, "{'registered':true,'runs':[]}"));
    assert_null(json_get(t->card, "history"));
    /* three plans, the second of which lies about its time; data between the first two */
    const char *second = next_plan(t, with(t, PLAN, "0.05", "0.1"), A),
               *third = next_plan(t, with(t, second, "90", "10"), B);
    third = with(t, third, "'reason':'<b>too strict</b>','supersedes':'" A "',", "");
    t->history = json_of(t, str_printf(t->a, "[%s,%s,%s]", step(t, C, NOON, third, ""),
                                       step(t, B, "2026-10-01T00:00:00Z", second, ""),
                                       step(t, A, "2026-11-01T00:00:00Z", PLAN, ""))
                                .p);
    assert_true(make_card(t, third,
                          "{'registered':true,'runs':[{'started_at':'2026-11-02T00:00:00Z','plan_sha256':'" B "'}]}"));
    const Json *h = json_get(t->card, "history"), *s = json_first(json_get(h, "plans"));
    assert_true(num(h, "looser") == 2.0 && num(h, "looser_after_data") == 1.0);
    assert_true(yes(s, "data_before") && !yes(json_next(s), "data_before"));
    TEXT(s, "order", "");
    assert_non_null(strstr(json_str(json_get(json_next(s), "order")).p, "a time was made up"));
    /* the first is not given */
    json_close(t->history);
    t->history = json_of(
        t, str_printf(t->a, "[%s,%s]", step(t, C, NOON, third, ""), step(t, B, "2026-11-01T00:00:00Z", second, "")).p);
    assert_true(make_card(t, third, "{'registered':true,'runs':[]}"));
    h = json_get(t->card, "history");
    assert_false(yes(h, "whole"));
    TEXT(h, "missing", A);
    assert_non_null(strstr(json_str(json_get(h, "why")).p, "cannot be shown"));
    card_done(t);
}

/* ---- pages ---- */

static void test_pages(void **state) {
    static bool (*const DRAW[])(Str, Lang, Buf *, Err *) = {audit_html, audit_markdown, audit_terminal};
    (void)state;
    CardTest *t = card_test();
    for (int d = 0; d < 3; d++)
        for (int lang = 0; lang < LANG_COUNT; lang++)
            for (int whole = 0; whole < 2; whole++) {
                Buf out;
                history(t, NOON, "{'started_at':'2026-11-02T03:00:00Z','plan_sha256':'" B "'}", "", "");
                if (!whole) {
                    const char *is = next_plan(t, PLAN, A);
                    json_close(t->history);
                    t->history = json_of(t, str_printf(t->a, "[%s]", step(t, C, NOON, is, "")).p);
                    assert_true(make_card(t, is, "{'registered':true,'runs':[]}"));
                }
                buf_init(&out, 1 << 24);
                assert_true(DRAW[d](buf_str(&t->out), (Lang)lang, &out, &t->err));
                buf_addc(&out, 0);
                assert_non_null(strstr(out.p, whole ? "indicators.leak.threshold" : A));
                assert_non_null(strstr(out.p, whole ? "0.1" : lang == LANG_KO ? "보일 수 없음" : "cannot be shown"));
                if (whole) assert_non_null(strstr(out.p, lang == LANG_KO ? "데이터가 생긴 뒤" : "after data existed"));
                if (lang == LANG_KO) assert_null(strstr(out.p, "was begun"));
                if (!d) assert_null(strstr(out.p, "<b>too strict"));
                buf_release(&out);
            }
    card_done(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests_name("reports_audit_history", tests, NULL, NULL);
}
