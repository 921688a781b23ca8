/* JSON values on one line, character for character as the reference writes them (serde_json, numbers by ryu's pretty
 * form): integers as they are, every other number with a fraction or an exponent, so that 20.0 stays 20.0 and 1e-7 is
 * not 1e-07; strings with nothing escaped that need not be. cJSON bounds the nesting, so recursion is bounded. */
#include "engine/chat/chat_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest decimal that reads back as d: its digits, and where the point stands (0.DIGITS times 10^point). */
static int shortest_digits(double d, char digits[20], int *point) {
    char text[40];
    for (int n = 1; n <= 17; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, d);
        if (strtod(text, NULL) == d) break;
    }
    char *e = strchr(text, 'e');
    int n = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.') digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0') n--;
    digits[n] = '\0';
    *point = (int)strtol(e + 1, NULL, 10) + 1;
    return n;
}

static void zeros(Buf *out, int n) {
    for (int i = 0; i < n; i++) buf_addc(out, '0');
}

static void float_text(Buf *out, double d) {
    char digits[20];
    int point, n;
    if (!isfinite(d)) {
        buf_adds(out, "null");
        return;
    }
    if (signbit(d)) buf_addc(out, '-');
    n = shortest_digits(fabs(d), digits, &point);
    if (d == 0) {
        buf_adds(out, "0.0");
    } else if (n <= point && point <= 16) {
        buf_adds(out, digits);
        zeros(out, point - n);
        buf_adds(out, ".0");
    } else if (0 < point && point <= 16) {
        buf_addf(out, "%.*s.%s", point, digits, digits + point);
    } else if (-5 < point && point <= 0) {
        buf_adds(out, "0.");
        zeros(out, -point);
        buf_adds(out, digits);
    } else {
        buf_addf(out, n == 1 ? "%.1s%se%d" : "%.1s.%se%d", digits, digits + 1, point - 1);
    }
}

/* The text of an integer that 64 bits hold; serde_json makes a float of any other, and of -0. */
static bool integer_text(Buf *out, const char *text) {
    char *end;
    errno = 0;
    if (strpbrk(text, ".eE")) return false;
    if (text[0] == '-') {
        long long v = strtoll(text, &end, 10);
        if (!errno && v != 0) buf_addf(out, "%lld", v);
        return !errno && v != 0;
    }
    unsigned long long v = strtoull(text, &end, 10);
    if (!errno) buf_addf(out, "%llu", v);
    return !errno;
}

static void number_text(Buf *out, const Json *j) {
    Str text = json_num_text(j);
    if (!text.p)
        buf_addf(out, "%.0f", json_num(j)); /* a short integer */
    else if (!integer_text(out, text.p))
        float_text(out, json_num(j));
}

static void string_text(Buf *out, Str s) {
    static const char short_form[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        const char *at = s.p[i] ? strchr(short_form, s.p[i]) : NULL;
        if (at)
            buf_addf(out, "\\%c", letter[at - short_form]);
        else if ((unsigned char)s.p[i] < 0x20)
            buf_addf(out, "\\u%04x", (unsigned)s.p[i]);
        else
            buf_addc(out, s.p[i]);
    }
    buf_addc(out, '"');
}

static void members_text(Buf *out, const Json *j, bool named) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        if (c != json_first(j)) buf_addc(out, ',');
        if (named) {
            string_text(out, str_from(json_key(c)));
            buf_addc(out, ':');
        }
        chat__value_text(out, c);
    }
}

void chat__value_text(Buf *out, const Json *j) {
    bool truth = false;
    switch (json_type(j)) {
    case JSON_NULL:
        buf_adds(out, "null");
        break;
    case JSON_BOOL:
        json_bool(j, &truth);
        buf_adds(out, truth ? "true" : "false");
        break;
    case JSON_NUMBER:
        number_text(out, j);
        break;
    case JSON_STRING:
        string_text(out, json_str(j));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        buf_addc(out, json_type(j) == JSON_ARRAY ? '[' : '{');
        members_text(out, j, json_type(j) == JSON_OBJECT);
        buf_addc(out, json_type(j) == JSON_ARRAY ? ']' : '}');
        break;
    }
}
