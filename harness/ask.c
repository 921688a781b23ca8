#include "harness/ask.h"

/* verdicts pass as numbers */
_Static_assert((int)SANDBOX_OK == SCORER_RUN_OK && (int)SANDBOX_CE == SCORER_RUN_CE &&
                   (int)SANDBOX_RE == SCORER_RUN_RE && (int)SANDBOX_TLE == SCORER_RUN_TLE &&
                   (int)SANDBOX_MLE == SCORER_RUN_MLE && (int)SANDBOX_OLE == SCORER_RUN_OLE &&
                   (int)SANDBOX_ILE == SCORER_RUN_ILE && (int)SANDBOX_IE == SCORER_RUN_IE,
               "SandboxVerdict and ScorerRun have the same numbers");

#define MIB ((uint64_t)1 << 20)

static ScorerStr lent(Str s) {
    return (ScorerStr){s.p, s.n};
}
static Str taken(ScorerStr s) {
    return (Str){s.p, s.n};
}

static bool reply_error(ScorerReply *reply, Arena *a, const char *msg) {
    reply->error = lent(str_dup(a, str_from(msg)));
    return reply->error.p != NULL;
}

static ScorerProgramRun run_for_scorer(const SandboxRun *r) {
    return (ScorerProgramRun){.result = (uint32_t)r->verdict,
                              .exit_code = r->exit_code,
                              .signal = r->signal,
                              .cpu_seconds = r->cpu_seconds,
                              .wall_seconds = r->wall_seconds,
                              .peak_bytes = r->peak_bytes,
                              .out = lent(r->out),
                              .err = lent(r->err)};
}

/* specs/sandbox.md section 3: 64 MiB, or four times what is expected and one MiB, the smaller. */
static uint64_t output_limit(uint64_t expected) {
    return expected < 15 * MIB ? 4 * expected + MIB : 64 * MIB;
}

static bool run_tests(Sandbox *sandbox, const SandboxProgram *p, const ScorerAsk *ask, Arena *a, ScorerProgramRun *runs,
                      size_t *n_runs, Err *err) {
    for (size_t i = 0; i < ask->n_tests; i++) {
        SandboxLimits l = {.cpu_seconds = ask->cpu_seconds,
                           .memory_bytes = ask->memory_bytes,
                           .output_bytes = output_limit(ask->tests[i].expected_bytes)};
        SandboxRun r = {0};
        if (!sandbox_run(sandbox, p, taken(ask->tests[i].input), &l, a, &r, err)) return false;
        runs[(*n_runs)++] = run_for_scorer(&r);
        if (r.verdict != SANDBOX_OK) break;
    }
    return true;
}

static bool carry_program(Sandbox *sandbox, const ScorerAsk *ask, Arena *a, ScorerReply *reply, Err *err) {
    if (!sandbox) return reply_error(reply, a, "there is no sandbox, and programs are never run without one");
    if (!ask->source.p || !ask->language.p || (ask->n_tests && !ask->tests))
        return reply_error(reply, a, "the scorer asked for a program run without a source, a language or tests");
    ScorerProgramRun *runs = arena_array(a, ask->n_tests + 1, sizeof *runs);
    if (!runs) return err_nomem(err);
    Err why = ERR_INIT;
    SandboxProgram *p = NULL;
    SandboxRun compile = {0};
    size_t n = 0;
    bool ok = sandbox_compile(sandbox, taken(ask->language), taken(ask->source), a, &p, &compile, &why);
    if (ok && !p)
        runs[n++] = run_for_scorer(&compile);
    else if (ok)
        ok = run_tests(sandbox, p, ask, a, runs, &n, &why);
    if (p) sandbox_program_close(p);
    if (!ok && why.code == ERR_MEMORY) return err_nomem(err);
    if (!ok) return reply_error(reply, a, why.msg) || err_nomem(err);
    reply->runs = runs;
    reply->n_runs = n;
    return true;
}

static bool carry_model(const AskHelp *help, const ScorerAsk *ask, Str nonce, size_t index, Arena *a,
                        ScorerReply *reply, JudgeTrace *trace, Err *err) {
    Request unused;
    if (help->judge) return judge_ask_model(help->judge, ask, nonce, index, a, reply, trace, err);
    reply->completion = SCORER_COMPLETION_FAILED;
    if (help->dry && !judge_request(help->dry, ask, nonce, index, a, &unused, trace, err)) return false;
    return reply_error(reply, a, help->dry ? "the judge was not asked" : "no judge model is configured") ||
           err_nomem(err);
}

bool ask_carry(const AskHelp *help, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, ScorerReply *reply,
               JudgeTrace *trace, Err *err) {
    *reply = (ScorerReply){.kind = ask->kind};
    *trace = (JudgeTrace){0};
    if (ask->kind == SCORER_ASK_PROGRAM) return carry_program(help->sandbox, ask, a, reply, err);
    if (ask->kind == SCORER_ASK_MODEL) return carry_model(help, ask, nonce, index, a, reply, trace, err);
    return reply_error(reply, a, "the scorer asked for something that this program does not know") || err_nomem(err);
}
