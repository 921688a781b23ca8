/* What the server of `assay view` lets through. */
#include "harness/serve.h"
#include "tests/support.h"

static const char TOKEN[] = "0123456789abcdef0123456789abcdef";
#define T "/0123456789abcdef0123456789abcdef"
#define HOST "Host: 127.0.0.1:8080\r\n"
enum { PORT = 8080 };

typedef struct Case {
    const char *head;
    int status;
    const char *name; /* of 200 */
} Case;

static void check(const Case *c, size_t n) {
    for (size_t i = 0; i < n; i++) {
        Str name;
        int got = serve_parse(str_from(c[i].head), TOKEN, PORT, &name);
        if (got != c[i].status) fail_msg("'%s' gives %d instead of %d", c[i].head, got, c[i].status);
        if (got == 200 && !str_eqz(name, c[i].name)) fail_msg("'%s' names '" STR_FMT "'", c[i].head, STR_ARG(name));
        if (got != 200) assert_null(name.p);
    }
}

static void test_good(void **state) {
    (void)state;
    static const Case CASES[] = {
        {"GET " T "/ HTTP/1.1\r\n" HOST "\r\n", 200, ""},
        {"GET " T "/report.html HTTP/1.1\r\nAccept: */*\r\n" HOST "X-Any:\r\n\r\n", 200, "report.html"},
        {"GET " T "/progress.json?x=1 HTTP/1.0\r\nhOST: localhost:8080\r\n\r\n", 200, "progress.json"},
        {"GET " T "/../../etc/passwd HTTP/1.1\r\n" HOST "\r\n", 200, "../../etc/passwd"}, /* a name, never a path */
    };
    check(CASES, sizeof CASES / sizeof *CASES);
}

/* Names of others that point here, and requests that leave open whom they mean. */
static void test_host(void **state) {
    (void)state;
    static const Case CASES[] = {
        {"GET " T "/ HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: 127.0.0.1:8080.evil.example\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: evil@127.0.0.1:8080\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: 0.0.0.0:8080\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost:\r\n\r\n", 421, NULL},
        {"GET " T "/ HTTP/1.1\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST "Host: evil.example\r\n\r\n", 400, NULL},
        {"GET http://127.0.0.1:8080" T "/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
    };
    check(CASES, sizeof CASES / sizeof *CASES);
}

static void test_token(void **state) {
    (void)state;
    static const Case CASES[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET " T " HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET " T "x/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET /0123456789abcdef0123456789abcdeF/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET /0123456789abcdef/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET //0123456789abcdef0123456789abcdef/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
        {"GET ?" T "/ HTTP/1.1\r\n" HOST "\r\n", 404, NULL},
    };
    check(CASES, sizeof CASES / sizeof *CASES);
}

static void test_hostile(void **state) {
    (void)state;
    static const Case CASES[] = {
        {"POST " T "/ HTTP/1.1\r\n" HOST "\r\n", 405, NULL},
        {"HEAD " T "/ HTTP/1.1\r\n" HOST "\r\n", 405, NULL},
        {"get " T "/ HTTP/1.1\r\n" HOST "\r\n", 405, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/2\r\n" HOST "\r\n", 505, NULL},
        {"GET " T "/ FTP/1.1\r\n" HOST "\r\n", 400, NULL},
        {"GET " T "/\r\n" HOST "\r\n", 400, NULL},
        {"GET  " T "/ HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1 \r\n" HOST "\r\n", 505, NULL},
        {"GET " T "/ HTTP/1.1\n" HOST "\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST "No colon\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST ": empty\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n Host: 127.0.0.1:8080\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\nHost : 127.0.0.1:8080\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST " folded: x\r\n\r\n", 400, NULL},
        {"GET " T "/ HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400, NULL},
        {"GET " T "/\x7f HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
        {"\r\n\r\n", 400, NULL},
        {"", 400, NULL},
        {"GET", 400, NULL},
    };
    check(CASES, sizeof CASES / sizeof *CASES);
    Str name;
    Str nul = STR("GET " T "/ HTTP/1.1\r\n" HOST "X: \0\r\n\r\n");
    assert_int_equal(serve_parse(nul, TOKEN, PORT, &name), 400);
}

/* No head that is cut short, and none with a byte changed, reads beyond its end (the sanitizers look) or gets a name
 * without the token. */
static void test_damaged(void **state) {
    (void)state;
    static const char HEAD[] = "GET " T "/report.html HTTP/1.1\r\n" HOST "\r\n";
    Str name;
    for (size_t n = 0; n < sizeof HEAD - 1; n++) {
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, HEAD, n);
        assert_int_not_equal(serve_parse((Str){copy, n}, TOKEN, PORT, &name), 200);
        free(copy);
    }
    for (size_t i = 4; i < 4 + sizeof T - 1; i++)
        for (int c = 0; c < 256; c++) {
            char copy[sizeof HEAD];
            memcpy(copy, HEAD, sizeof HEAD);
            if (copy[i] == (char)c) continue;
            copy[i] = (char)c;
            assert_int_not_equal(serve_parse((Str){copy, sizeof HEAD - 1}, TOKEN, PORT, &name), 200);
        }
}

static void test_open(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Server *a = NULL, *b = NULL;
    int port = 0;
    if (!serve_open(0, &a, &err)) fail_msg("%s", err.msg);
    assert_int_equal(sscanf(serve_url(a), "http://127.0.0.1:%d/", &port), 1);
    assert_false(serve_open(port, &b, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(b);
    err = (Err)ERR_INIT;
    if (!serve_open(0, &b, &err)) fail_msg("%s", err.msg);
    assert_string_not_equal(strchr(serve_url(a) + 17, '/'), strchr(serve_url(b) + 17, '/')); /* another token */
    serve_close(a);
    serve_close(b);
    serve_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_host),    cmocka_unit_test(test_token),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_damaged), cmocka_unit_test(test_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
