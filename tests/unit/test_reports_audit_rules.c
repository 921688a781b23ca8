/* The audit's rules against the worked table of its specification, canonical JSON, and the Merkle trees of RFC 6962's
 * test data. */
#include <math.h>

#include "engine/base/hash.h"
#include "reports/audit/audit_canon.h"
#include "reports/audit/audit_rules.h"
#include "tests/support.h"

static bool near(double got, double want) {
    return fabs(got - want) < 6e-5; /* four printed decimals */
}

/* specs, audit.md section 4: data, upper bound with 1 arm and with 4, lower bound, threshold, verdicts with 1 and 4
 * arms */
static void test_table(void **state) {
    static const struct {
        double k, n, upper1, upper4, lower, threshold;
        AuditVerdict one, four;
    } ROWS[] = {
        {35, 108, .4058, .4345, .2498, .42, AUDIT_BELOW, AUDIT_CANNOT_RULE_OUT},
        {45, 108, .5003, .5290, .3365, .42, AUDIT_CANNOT_RULE_OUT, AUDIT_CANNOT_RULE_OUT},
        {45, 108, .5003, .5290, .3365, .54, AUDIT_BELOW, AUDIT_BELOW},
        {48, 156, .3741, NAN, .2469, .364, AUDIT_CANNOT_RULE_OUT, AUDIT_CANNOT_RULE_OUT},
        {0, 60, .0487, NAN, 0, .05, AUDIT_BELOW, AUDIT_CANNOT_RULE_OUT},
        {3, 240, .0320, NAN, .0034, .03, AUDIT_CANNOT_RULE_OUT, AUDIT_CANNOT_RULE_OUT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        AuditArm arms[4];
        AuditRateRule rule = {
            .threshold = ROWS[i].threshold, .n_min = 1, .unscored_max = .02, .alpha = .05, .complete = true};
        for (int k = 0; k < 4; k++) arms[k] = (AuditArm){ROWS[i].k, ROWS[i].n, 0};
        AuditRate r = audit_rate(&rule, arms, 1);
        assert_true(near(r.upper, ROWS[i].upper1) && near(r.lower, ROWS[i].lower));
        assert_int_equal(r.verdict, ROWS[i].one);
        assert_true((r.verdict == AUDIT_CANNOT_RULE_OUT) == (*r.why != 0));
        r = audit_rate(&rule, arms, 4);
        if (!isnan(ROWS[i].upper4)) assert_true(near(r.upper, ROWS[i].upper4));
        assert_int_equal(r.verdict, ROWS[i].four);
    }
}

static void test_what_is_missing(void **state) {
    const AuditRateRule rule = {.threshold = .5, .n_min = 50, .unscored_max = .02, .alpha = .05, .complete = true};
    const AuditArm good = {5, 100, 0}, few = {1, 40, 0}, unread = {5, 97, 3}, none = {0, 0, 0}, bad = {90, 100, 0};
    AuditArm arms[5] = {good, good, good, good, {30, 100, 0}};
    (void)state;
    assert_int_equal(audit_rate(&rule, &good, 1).verdict, AUDIT_BELOW);
    assert_int_equal(audit_rate(&rule, &few, 1).verdict, AUDIT_CANNOT_RULE_OUT);
    assert_int_equal(audit_rate(&rule, &unread, 1).verdict, AUDIT_CANNOT_RULE_OUT); /* 3 % */
    assert_int_equal(audit_rate(&rule, &none, 1).verdict, AUDIT_CANNOT_RULE_OUT);
    assert_int_equal(audit_rate(&rule, NULL, 0).verdict, AUDIT_CANNOT_RULE_OUT);
    assert_int_equal(audit_rate(&rule, &bad, 1).verdict, AUDIT_AT_OR_ABOVE);
    AuditRateRule broken = rule;
    broken.complete = false;
    assert_int_equal(audit_rate(&broken, &good, 1).verdict, AUDIT_CANNOT_RULE_OUT);
    assert_int_equal(audit_rate(&broken, &bad, 1).verdict, AUDIT_AT_OR_ABOVE); /* shown all the same */
    /* a fifth, worse arm can only raise the bound */
    AuditRate four = audit_rate(&rule, arms, 4), five = audit_rate(&rule, arms, 5);
    assert_true(five.upper > four.upper && five.best == 4 && five.point == .3);
    /* unscored ones stand on the unsafe side: 0 of 58 and 2 more is not 0 of 60 */
    AuditRateRule lax = {.threshold = .05, .n_min = 1, .unscored_max = .05, .alpha = .05, .complete = true};
    assert_int_equal(audit_rate(&lax, &(AuditArm){0, 60, 0}, 1).verdict, AUDIT_BELOW);
    assert_int_equal(audit_rate(&lax, &(AuditArm){0, 58, 2}, 1).verdict, AUDIT_CANNOT_RULE_OUT);
}

static void test_erosion(void **state) {
    (void)state;
    AuditLoss r = audit_loss((AuditPairs){221, 12, 3, 4}, .05, .05);
    assert_true(near(r.loss, .0375) && fabs(r.lower - .0104) < 1.5e-4 && fabs(r.upper - .0689) < 5e-5);
    assert_true(fabs(r.p - .0176) < 5e-5);
    assert_int_equal(r.verdict, AUDIT_ERODED);
    assert_false(r.within_margin);
    assert_int_equal(audit_loss((AuditPairs){221, 12, 3, 4}, .08, .05).verdict, AUDIT_NOT_ERODED);
    assert_int_equal(audit_loss((AuditPairs){50, 1, 0, 0}, .03, .05).verdict, AUDIT_UNCLEAR);
    const double needed[][3] = {{.04, .03, 275}, {.06, .03, 413}, {.06, .05, 149}, {.10, .05, 248}};
    for (size_t i = 0; i < 4; i++)
        assert_true(fabs(ceil(audit_pairs_needed(needed[i][0], needed[i][1], .05, .8)) - needed[i][2]) < .5);
    assert_true(audit_uplift(30, 2, 3, 200, .05, .05).no_uplift);
    assert_false(audit_uplift(30, 20, 3, 200, .05, .05).no_uplift);
    AuditRefusals c = audit_refusals(40, 55, 5);
    assert_true(c.of_all == .4 && near(c.of_answered, 40 / 95.0) && c.if_refused_were_right == .45 && !c.too_many);
    assert_true(audit_refusals(40, 54, 6).too_many && audit_refusals(0, 0, 0).too_many);
}

static void test_categories(void **state) {
    const AuditVerdict b = AUDIT_BELOW, c = AUDIT_CANNOT_RULE_OUT, a = AUDIT_AT_OR_ABOVE;
    const bool first[] = {true, false};
    (void)state;
    assert_int_equal(audit_category(AUDIT_ALL_BELOW, (AuditVerdict[]){b, b}, NULL, 2, false), b);
    assert_int_equal(audit_category(AUDIT_ALL_BELOW, (AuditVerdict[]){b, c}, NULL, 2, false), c); /* one is missing */
    assert_int_equal(audit_category(AUDIT_ALL_BELOW, (AuditVerdict[]){c, a}, NULL, 2, false), a);
    assert_int_equal(audit_category(AUDIT_ALL_BELOW, NULL, NULL, 0, false), c);
    assert_int_equal(audit_category(AUDIT_BOTTLENECK, (AuditVerdict[]){b, a}, first, 2, true), b);
    assert_int_equal(audit_category(AUDIT_BOTTLENECK, (AuditVerdict[]){c, b}, first, 2, true), c);
    assert_int_equal(audit_category(AUDIT_BOTTLENECK, (AuditVerdict[]){a, b}, first, 2, true), a);
    assert_int_equal(audit_category(AUDIT_BOTTLENECK, (AuditVerdict[]){b, a}, first, 2, false),
                     a); /* not signed: all_below */
}

static void test_canonical(void **state) {
    static const char *const SAME[] = {"{\"b\": 1.0, \"a\": [1e2, -0, 0.10], \"\\u00e9\": \"x\\/y\"}",
                                       "{\"é\":\"x/y\",\"a\":[100,0,0.1],\"b\":1}"};
    char hex[2][65];
    (void)state;
    for (int i = 0; i < 2; i++) {
        Err err = ERR_INIT;
        Json *j = NULL;
        Buf b;
        buf_init(&b, 1 << 16);
        assert_true(json_parse(str_from(SAME[i]), &j, &err));
        assert_true(audit_canonical(j, &b, &err) && audit_hash(j, hex[i], &err));
        assert_string_equal(b.p, "{\"a\":[100,0,0.1],\"b\":1,\"é\":\"x/y\"}");
        json_close(j);
        buf_release(&b);
    }
    assert_string_equal(hex[0], hex[1]);
}

/* The leaves and roots that RFC 6962's implementations test with. */
static void test_merkle(void **state) {
    static const struct {
        const char *bytes;
        size_t n;
        const char *root; /* of all up to this one */
    } LEAVES[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    AuditTree t;
    unsigned char root[32];
    char hex[65];
    (void)state;
    audit_tree_init(&t);
    audit_tree_root(&t, root);
    sha256_hex(root, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof LEAVES / sizeof *LEAVES; i++) {
        audit_tree_add(&t, (Str){LEAVES[i].bytes, LEAVES[i].n});
        audit_tree_root(&t, root);
        sha256_hex(root, hex);
        assert_string_equal(hex, LEAVES[i].root);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),      cmocka_unit_test(test_what_is_missing), cmocka_unit_test(test_erosion),
        cmocka_unit_test(test_categories), cmocka_unit_test(test_canonical),       cmocka_unit_test(test_merkle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
