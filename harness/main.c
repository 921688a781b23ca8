/* argv -> command table. The only place that prints an error and the only one that decides the exit status. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/term.h"
#include "harness/version.h"

static const Cmd *const commands[] = {
    /* porcelain */
    &cmd_run,
    &cmd_report,
    &cmd_view,
    &cmd_compare,
    &cmd_gate,
    &cmd_rescore,
    &cmd_list,
    &cmd_validate,
    &cmd_bench,
    &cmd_model,
    &cmd_audit,
    &cmd_verify,
    &cmd_keygen,
    &cmd_seal,
    &cmd_unseal,

    /* plumbing */
    &cmd_generate,
    &cmd_logits,
    &cmd_tokenize,
    &cmd_detokenize,
    &cmd_render,
    &cmd_parse,
    &cmd_score,
    &cmd_stats,
    &cmd_transform,
    &cmd_calibrate,

    &cmd_help,
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static const Cmd *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static void print_part(FILE *f, bool plumbing) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i]->plumbing == plumbing) fprintf(f, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
}

static void print_menu(FILE *f) {
    fputs("usage: assay COMMAND [options]\n\nCommands\n", f);
    print_part(f, false);
    fputs("\nPlumbing, for scripts: lines in, lines out\n", f);
    print_part(f, true);
    fputs("\nEvery command has --help, -q/--quiet, --json where a table is printed, and --no-color.\n"
          "Exit status: 0 done, 1 the answer is no, 2 command line or input wrong, 3 interrupted (resume it),\n"
          "4 the environment is at fault, 5 undecided.\n",
          f);
}

/* What begins with a dash is no command that was misspelt. */
static int unknown_option(CmdCtx *c, const char *name) {
    static const char *const own[] = {"--version", "--help"};
    const char *near = args_nearest(name, own, 2);
    err_set(&c->fail, ERR_INPUT,
            "unknown option '%s'%s%s%s; options of a command stand behind it: assay COMMAND "
            "[options]",
            name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return CMD_FAILED;
}

static int unknown_command(CmdCtx *c, const char *name) {
    if (name[0] == '-') return unknown_option(c, name);
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) names[i] = commands[i]->name;
    const char *near = args_nearest(name, names, N_COMMANDS);
    err_set(&c->fail, ERR_INPUT, "unknown command '%s'%s%s%s; 'assay --help' lists all", name,
            near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return CMD_FAILED;
}

static int help_run(CmdCtx *c, int argc, char **argv) {
    if (argc < 2) {
        print_menu(c->out);
        return EXIT_DONE;
    }
    const Cmd *cmd = find_command(argv[1]);
    if (!cmd) return unknown_command(c, argv[1]);
    fputs(cmd->usage, c->out);
    return EXIT_DONE;
}

const Cmd cmd_help = {.name = "help",
                      .summary = "this menu, or the usage of one command",
                      .usage = "usage: assay help [COMMAND]\n",
                      .run = help_run};

static bool wants_help(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* Also where no command reads its options, because there is none. */
static void without_color(CmdCtx *c, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--no-color") == 0) c->color_out = c->color_err = false;
}

static int dispatch(CmdCtx *c, int argc, char **argv) {
    without_color(c, argc, argv);
    if (argc < 2) {
        print_menu(c->err);
        return EXIT_INPUT;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        fprintf(c->out, "assay %s\n", ASSAY_VERSION);
        return EXIT_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    c->cmd = find_command(name);
    if (!c->cmd) return unknown_command(c, name);
    if (wants_help(argc - 1, argv + 1)) {
        fputs(c->cmd->usage, c->out);
        return EXIT_DONE;
    }
    return c->cmd->run(c, argc - 1, argv + 1);
}

static void print_failure(CmdCtx *c) {
    Buf line;
    buf_init(&line, 4096);
    term_escape(&line, str_from(c->fail.msg));
    fprintf(c->err, "%sassay:%s " STR_FMT "\n", c->color_err ? "\033[1;31m" : "", c->color_err ? "\033[0m" : "",
            STR_ARG(buf_str(&line)));
    buf_release(&line);
}

/* A reader that went away (`assay list | head`) is no failure of ours; a full disk is. A no or an undecided stays what
 * it is, for that is the answer; but it is said that nobody can read why. */
static int finish_output(CmdCtx *c, int status) {
    errno = 0;
    if ((fflush(c->out) == 0 && !ferror(c->out)) || errno == EPIPE || errno == 0 || status == CMD_FAILED) return status;
    err_errno(&c->fail, errno, "cannot write", "standard output");
    if (status == EXIT_DONE) return CMD_FAILED;
    print_failure(c);
    return status;
}

int main(int argc, char **argv) {
    CmdCtx c = {.cmd = &cmd_help, .in = stdin, .out = stdout, .err = stderr, .fail = ERR_INIT};
    int status = CMD_FAILED;
    /* numbers are always written with a point; only the character set comes from the locale */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error like a full disk */
    c.color_out = term_has_color(stdout);
    c.color_err = term_has_color(stderr);
    c.arena = arena_open(0);
    if (!c.arena)
        err_nomem(&c.fail);
    else
        status = finish_output(&c, dispatch(&c, argc, argv));
    if (status == CMD_FAILED) {
        BUG_ON(c.fail.code == ERR_OK);
        print_failure(&c);
        status = err_exit_status(c.fail.code);
    }
    arena_close(c.arena);
    return status;
}
