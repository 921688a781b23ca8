/* Tools: the section `tools` of a suite, what the model may call and how it is answered. The keys are documented in
 * suites/SCHEMA.md.
 *
 *   python     harmony's built-in tool: code in the sandbox, stateful (one interpreter per sample) or stateless
 *   functions  scripted: arguments are checked against a schema, the answer comes from a table, a template, or a small
 *              program in the sandbox
 *   limits     how far a sample may go
 *
 * Reading is tools_read.c, answering one call is tools_call.c, the turns of a sample are tools_loop.c. */
#ifndef ASSAY_HARNESS_TOOLS_H
#define ASSAY_HARNESS_TOOLS_H

#include "engine/engine.h"
#include "harness/sandbox/sandbox.h"
#include "harness/schema.h"
#include "harness/template/template.h"

typedef enum ToolAnswerKind { TOOL_TABLE, TOOL_TEMPLATE, TOOL_PROGRAM } ToolAnswerKind;

typedef struct ToolRow {
    Value arguments; /* VALUE_MAP: fits when each of these has an equal value; of `otherwise`, empty */
    Str text;        /* what the tool says; an error begins with "error: " */
} ToolRow;

typedef struct ToolFunction {
    Str name;
    const Schema *parameters; /* NULL: it takes none */
    ToolAnswerKind kind;
    const ToolRow *rows;
    size_t n_rows;
    Str otherwise; /* when no row fits */
    const Template *template;
    Str program; /* Python source */
    const YamlNode *at;
} ToolFunction;

typedef struct ToolLimits {
    int max_turns;                    /* calls that are answered; one more ends the sample as truncated */
    int64_t max_tokens;               /* sampled in all turns together; reaching it ends the sample as truncated */
    int64_t output_bytes;             /* of one answer, then it is cut */
    double cpu_seconds, wall_seconds; /* of one call that runs code */
    int64_t memory_mb;                /* of one call; stateful python: of the sample's interpreter */
} ToolLimits;

#define TOOL_LIMITS_DEFAULTS                                                                                           \
    {                                                                                                                  \
        .max_turns = 16, .max_tokens = 32768, .output_bytes = 16384, .cpu_seconds = 30, .wall_seconds = 120,           \
        .memory_mb = 512                                                                                               \
    }

/* What is given of them: by a plan, which overrides the suite's. */
typedef struct ToolLimitsGiven {
    ToolLimits v;
    bool max_turns, max_tokens, output_bytes, cpu_seconds, wall_seconds, memory_mb;
} ToolLimitsGiven;

typedef struct SuiteTools {
    PythonTool python;
    const ToolFunction *functions;
    size_t n_functions;
    const Str *functions_json; /* [n_functions] each as an entry of chat completions' "tools" */
    const Str *names;          /* [n_names] of all: functions in order, then "python" if it is there */
    size_t n_names;
    ToolLimits limits;
    const Str *file_digests; /* [n_files] of programs in files of their own, in order: part of the suite's digest */
    size_t n_files;
} SuiteTools;

/* Reads the map `tools` of a suite, *out is NULL if there is none. dir: where files of programs are looked for. */
bool tools_read(const YamlNode *root, const char *dir, Arena *a, const SuiteTools **out, Err *err);
/* Reads tools.limits of a suite or a plan; keys that are absent leave *g as it was. */
bool tools_read_limits(const YamlNode *tools, ToolLimitsGiven *g, Err *err);
/* Puts what is given over *l. */
void tools_overlay(ToolLimits *l, const ToolLimitsGiven *g);

/* True if a call may run code: the run needs a sandbox. */
bool tools_need_sandbox(const SuiteTools *t);
/* Which of t's names are in the list (NULL: all), in the arena; NULL without memory. */
const bool *tools_given(const SuiteTools *t, const Str *names, size_t n, Arena *a);
/* The functions among them as chat completions' "tools"; absent if there are none. false without memory. */
bool tools_functions_json(const SuiteTools *t, const bool *given, Arena *a, Str *out);

/* "python (stateful), 2 functions", for people. */
Str tools_words(const SuiteTools *t, Arena *a);

/* ---- answering ---- */

/* Of one suite in one run: its programs, checked by the interpreter. Read-only and shared by threads. */
typedef struct ToolBox ToolBox;
/* ERR_INPUT: a program is not Python; file, line and column. box is NULL if no call runs code. */
bool toolbox_open(const SuiteTools *t, const ToolLimits *l, Sandbox *box, Arena *a, ToolBox **out, Err *err);
void toolbox_close(ToolBox *b); /* NULL is fine */
const SuiteTools *toolbox_tools(const ToolBox *b);
const ToolLimits *toolbox_limits(const ToolBox *b);

/* What a call needs to know; the sample's python lives from call to call. */
typedef struct ToolCall {
    const ToolBox *box;
    Value row, sample;      /* what templates see of the sample */
    const bool *given;      /* [n_names] which tools the sample has */
    Str recipient, content; /* of the model: any bytes; recipient may be absent */
    uint64_t seed;
    SandboxSession **python; /* the sample's interpreter: opened at the first call, closed by the owner */
} ToolCall;

typedef struct ToolAnswer {
    Str name; /* in whose name the answer is given: "functions.f", "python" */
    Str text;
    bool bad;       /* the call was no use of a tool: malformed, unknown, arguments that do not fit */
    Str failure;    /* present: the instrument failed (sandbox, template), and the sample with it; one sentence */
    double seconds; /* wall time; not repeatable */
} ToolAnswer;

/* Everything of *out lives in the arena. false only without memory. */
bool tool_answer(const ToolCall *c, Arena *a, ToolAnswer *out, Err *err);

#endif
