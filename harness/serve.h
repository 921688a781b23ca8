/* A small HTTP/1.1 server with one purpose: to show its user a few documents in a browser on the same machine.
 *
 * It listens on 127.0.0.1 alone. Every address holds a random token, so that other users of the machine and other pages
 * in the browser cannot guess it, and the Host header must name this server, so that no name of somebody else's that is
 * made to point here (DNS rebinding) reaches it. GET alone; one request for each connection; heads of SERVE_HEAD_MAX
 * bytes at most, which must be there within SERVE_SECONDS, and answers taken while they flow. */
#ifndef ASSAY_SERVE_H
#define ASSAY_SERVE_H

#include <signal.h>

#include "engine/base/err.h"
#include "engine/base/str.h"

enum { SERVE_HEAD_MAX = 8192, SERVE_CONNECTIONS = 16, SERVE_TOKEN_CHARS = 32, SERVE_SECONDS = 5 };

typedef struct Server Server;

/* port 0: any that is free. ERR_INPUT: it is taken. */
bool serve_open(int port, Server **out, Err *err);
void serve_close(Server *s);
/* "http://127.0.0.1:41234/TOKEN/"; lives as long as the server. */
const char *serve_url(const Server *s);

/* What stands behind the token in an address, "" or "report.html", became a document. type: of the body; location:
 * instead, a name to go to. Leaving both NULL means that there is no such document. Body and location are borrowed
 * until the next call. false: *err is shown to the user. */
typedef struct ServeAnswer {
    const char *type, *location;
    Str body;
} ServeAnswer;
typedef bool (*ServeFn)(void *ctx, Str name, ServeAnswer *out, Err *err);

/* Answers until *stop is set (by a handler of signals). */
bool serve_run(Server *s, ServeFn fn, void *ctx, const volatile sig_atomic_t *stop, Err *err);

/* Reads a whole head, its empty line included: 200 and the name, else the status that refuses it. For tests. */
int serve_parse(Str head, const char *token, int port, Str *name);

#endif
