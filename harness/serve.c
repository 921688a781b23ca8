#include "harness/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "reports/seal/seal.h"

enum { BACKLOG = 128 };

/* A connection reads its head, then writes its answer, then is gone. */
typedef struct Connection {
    int fd;          /* -1: free */
    double deadline; /* moves on while an answer flows */
    size_t n_in;
    char in[SERVE_HEAD_MAX];
    Buf out;
    size_t sent;
    bool answering;
} Connection;

struct Server {
    int fd, port;
    char token[SERVE_TOKEN_CHARS + 1], url[80];
    Connection connections[SERVE_CONNECTIONS];
};

/* ---- opening ---- */

static bool listen_on(Server *s, int port, Err *err) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof at;
    int yes = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0) return err_errno(err, errno, "cannot open", "a socket");
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(s->fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(s->fd, BACKLOG) != 0)
        return err_set(err, ERR_INPUT, "cannot listen on port %d: %s; --port 0 takes a free one", port,
                       strerror(errno));
    if (getsockname(s->fd, (struct sockaddr *)&at, &size) != 0)
        return err_errno(err, errno, "cannot ask", "for the port");
    s->port = ntohs(at.sin_port);
    return true;
}

bool serve_open(int port, Server **out, Err *err) {
    Server *s = mem_alloc(sizeof *s);
    *out = NULL;
    if (!s) return err_nomem(err);
    s->fd = -1;
    for (int i = 0; i < SERVE_CONNECTIONS; i++) s->connections[i].fd = -1;
    if (!seal_random_hex(s->token, SERVE_TOKEN_CHARS / 2, err) || !listen_on(s, port, err)) {
        serve_close(s);
        return false;
    }
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/%s/", s->port, s->token);
    *out = s;
    return true;
}

static void hang_up(Connection *c) {
    if (c->fd < 0) return;
    close(c->fd);
    buf_release(&c->out);
    c->fd = -1;
}

void serve_close(Server *s) {
    if (!s) return;
    for (int i = 0; i < SERVE_CONNECTIONS; i++) hang_up(&s->connections[i]);
    if (s->fd >= 0) close(s->fd);
    mem_free(s);
}

const char *serve_url(const Server *s) {
    return s->url;
}

/* ---- a request ---- */

/* The bytes up to CR LF, without them; *at behind them. Absent: there is no CR LF, or the line holds what no head may.
 */
static Str next_line(Str head, size_t *at) {
    size_t end = str_find(head, STR("\r\n"), *at);
    if (end == SIZE_MAX) return (Str){0};
    Str line = str_sub(head, *at, end);
    *at = end + 2;
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) return (Str){0};
    }
    return line;
}

static bool is_host(Str v, int port) {
    char here[64];
    snprintf(here, sizeof here, "127.0.0.1:%d", port);
    if (str_eqz(v, here)) return true;
    snprintf(here, sizeof here, "localhost:%d", port);
    return str_eqz(v, here);
}

/* Names of headers do not mind case. */
static bool is_named(Str name, const char *lower) {
    if (name.n != strlen(lower)) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
        if (c != lower[i]) return false;
    }
    return true;
}

static bool is_token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Exactly one Host, which is this server; no body. */
static int check_headers(Str head, size_t at, int port) {
    int n_host = 0;
    for (;;) {
        Str line = next_line(head, &at);
        if (!line.p) return 400;
        if (!line.n) break;
        size_t colon = str_find(line, STR(":"), 0);
        if (colon == SIZE_MAX || colon == 0) return 400;
        Str name = str_sub(line, 0, colon), value = str_trim(str_sub(line, colon + 1, line.n));
        for (size_t i = 0; i < name.n; i++)
            if (!is_token_char(name.p[i])) return 400; /* among them the space of a folded line */
        if (is_named(name, "content-length") || is_named(name, "transfer-encoding")) return 400;
        if (!is_named(name, "host")) continue;
        if (n_host++) return 400;
        if (!is_host(value, port)) return 421;
    }
    return n_host == 1 ? 200 : 400;
}

/* Takes as long for a token that is nearly right as for one that is not. */
static bool same_token(Str s, const char *token) {
    unsigned differ = 0;
    if (s.n < SERVE_TOKEN_CHARS) return false;
    for (size_t i = 0; i < SERVE_TOKEN_CHARS; i++) differ |= (unsigned)(s.p[i] ^ token[i]);
    return differ == 0;
}

int serve_parse(Str head, const char *token, int port, Str *name) {
    size_t at = 0;
    Str line = next_line(head, &at);
    *name = (Str){0};
    size_t first = line.p ? str_find(line, STR(" "), 0) : SIZE_MAX;
    size_t second = first < SIZE_MAX ? str_find(line, STR(" "), first + 1) : SIZE_MAX;
    if (second == SIZE_MAX) return 400;
    Str version = str_sub(line, second + 1, line.n), target = str_sub(line, first + 1, second);
    if (!str_eqz(version, "HTTP/1.1") && !str_eqz(version, "HTTP/1.0"))
        return str_starts(version, STR("HTTP/")) ? 505 : 400;
    int status = check_headers(head, at, port);
    if (status != 200) return status;
    if (!str_eqz(str_sub(line, 0, first), "GET")) return 405;
    size_t query = str_find(target, STR("?"), 0);
    if (query != SIZE_MAX) target = str_sub(target, 0, query);
    Str inner = str_sub(target, 1, target.n);
    if (!str_starts(target, STR("/")) || !same_token(inner, token)) return 404;
    inner = str_sub(inner, SERVE_TOKEN_CHARS, inner.n);
    if (!str_starts(inner, STR("/"))) return 404;
    *name = str_sub(inner, 1, inner.n);
    return 200;
}

/* ---- an answer ---- */

static const char *reason(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 303:
        return "See Other";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 421:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static void put_answer(Connection *c, int status, const char *type, Str body, const char *location) {
    buf_addf(&c->out,
             "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
             "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
             "Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n"
             "Content-Security-Policy: frame-ancestors 'none'\r\nConnection: close\r\n",
             status, reason(status), type, body.n);
    if (status == 405) buf_adds(&c->out, "Allow: GET\r\n");
    if (location) buf_addf(&c->out, "Location: %s\r\n", location);
    buf_adds(&c->out, "\r\n");
    buf_addstr(&c->out, body);
    c->answering = true;
}

static void refuse(Connection *c, int status) {
    put_answer(c, status, "text/plain; charset=utf-8", str_from(reason(status)), NULL);
}

static void answer(const Server *s, Connection *c, ServeFn fn, void *ctx) {
    Str name, head = {c->in, c->n_in};
    ServeAnswer a = {0};
    Err err = ERR_INIT;
    int status = serve_parse(head, s->token, s->port, &name);
    if (status != 200)
        refuse(c, status);
    else if (!fn(ctx, name, &a, &err))
        put_answer(c, 500, "text/plain; charset=utf-8", str_from(err.msg), NULL);
    else if (a.location)
        put_answer(c, 303, "text/plain; charset=utf-8", STR(""), a.location);
    else if (a.type)
        put_answer(c, 200, a.type, a.body, NULL);
    else
        refuse(c, 404);
}

/* ---- the loop ---- */

static double now(void) {
    return 1e-9 * (double)clock_mono_ns();
}

/* The slot that is free, or that of the connection that has waited longest for its head. */
static Connection *free_slot(Server *s) {
    Connection *oldest = NULL;
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        Connection *c = &s->connections[i];
        if (c->fd < 0) return c;
        if (!c->answering && (!oldest || c->deadline < oldest->deadline)) oldest = c;
    }
    if (oldest) hang_up(oldest);
    return oldest;
}

static void welcome(Server *s) {
    for (;;) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        Connection *c = free_slot(s);
        if (!c) {
            close(fd);
            return;
        }
        *c = (Connection){.fd = fd, .deadline = now() + SERVE_SECONDS};
        buf_init(&c->out, SIZE_MAX / 2);
    }
}

static void read_head(const Server *s, Connection *c, ServeFn fn, void *ctx) {
    ssize_t n = recv(c->fd, c->in + c->n_in, sizeof c->in - c->n_in, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        hang_up(c);
        return;
    }
    c->n_in += (size_t)n;
    if (str_find((Str){c->in, c->n_in}, STR("\r\n\r\n"), 0) != SIZE_MAX)
        answer(s, c, fn, ctx);
    else if (c->n_in == sizeof c->in)
        refuse(c, 431);
    if (c->answering) c->deadline = now() + SERVE_SECONDS;
}

/* What the client sent beyond its head is read and thrown away, for a close with unread bytes would cut the answer. */
static void finish(Connection *c) {
    char rest[4096];
    shutdown(c->fd, SHUT_WR);
    for (int i = 0; i < 16 && recv(c->fd, rest, sizeof rest, MSG_DONTWAIT) > 0; i++) continue;
    hang_up(c);
}

static void write_answer(Connection *c) {
    if (c->out.failed) {
        hang_up(c);
        return;
    }
    ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) {
        hang_up(c);
        return;
    }
    c->sent += (size_t)n;
    c->deadline = now() + SERVE_SECONDS;
    if (c->sent == c->out.n) finish(c);
}

static void end_of_patience(Server *s) {
    double t = now();
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        Connection *c = &s->connections[i];
        if (c->fd < 0 || t < c->deadline) continue;
        if (c->answering || c->n_in == 0)
            hang_up(c);
        else
            refuse(c, 408), c->deadline = t + SERVE_SECONDS;
    }
}

bool serve_run(Server *s, ServeFn fn, void *ctx, const volatile sig_atomic_t *stop, Err *err) {
    while (!*stop) {
        struct pollfd p[SERVE_CONNECTIONS + 1];
        for (int i = 0; i < SERVE_CONNECTIONS; i++) {
            const Connection *c = &s->connections[i];
            p[i] = (struct pollfd){.fd = c->fd, .events = c->answering ? POLLOUT : POLLIN};
        }
        p[SERVE_CONNECTIONS] = (struct pollfd){.fd = s->fd, .events = POLLIN};
        if (poll(p, SERVE_CONNECTIONS + 1, 500) < 0 && errno != EINTR)
            return err_errno(err, errno, "cannot wait for", "requests");
        if (*stop) break;
        for (int i = 0; i < SERVE_CONNECTIONS; i++) {
            Connection *c = &s->connections[i];
            if (c->fd < 0 || c->fd != p[i].fd || !p[i].revents) continue;
            if (c->answering)
                write_answer(c);
            else
                read_head(s, c, fn, ctx);
        }
        if (p[SERVE_CONNECTIONS].revents) welcome(s);
        end_of_patience(s);
    }
    return true;
}
