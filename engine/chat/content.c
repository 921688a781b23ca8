#include "engine/chat/chat_internal.h"

SystemContent content_default_system(Effort effort, Str date) {
    static const Str channels[] = {{"analysis", 8}, {"commentary", 10}, {"final", 5}};
    return (SystemContent){.identity = STR("You are ChatGPT, a large language model trained by OpenAI."),
                           .cutoff = STR("2024-06"),
                           .date = date,
                           .effort = str_from(effort_name(effort)),
                           .channels = channels,
                           .n_channels = 3,
                           .channel_required = true};
}

/* A blank line before every section but the first, which may be empty. */
static void begin_section(Buf *out, bool *any) {
    if (*any) buf_adds(out, "\n\n");
    *any = true;
}

/* *any: a line stands above, be it empty. */
static void add_line(Buf *out, bool *any, const char *label, Str value) {
    if (!value.p) return;
    if (*any) buf_addc(out, '\n');
    buf_adds(out, label);
    buf_addstr(out, value);
    *any = true;
}

static void add_channels(Buf *out, const SystemContent *c, bool has_functions) {
    buf_adds(out, "# Valid channels: ");
    for (size_t i = 0; i < c->n_channels; i++) {
        if (i) buf_adds(out, ", ");
        buf_addstr(out, c->channels[i]);
    }
    buf_addc(out, '.');
    if (c->channel_required) buf_adds(out, " Channel must be included for every message.");
    if (has_functions) buf_adds(out, "\nCalls to these tools must go to the commentary channel: 'functions'.");
}

void content_system(Buf *out, const SystemContent *c, bool has_functions) {
    bool any = false;
    add_line(out, &any, "", c->identity);
    add_line(out, &any, "Knowledge cutoff: ", c->cutoff);
    add_line(out, &any, "Current date: ", c->date);
    if (c->effort.p) {
        begin_section(out, &any);
        buf_adds(out, "Reasoning: ");
        buf_addstr(out, c->effort);
    }
    if (c->tools.n) {
        begin_section(out, &any);
        tools_text(out, &c->tools);
    }
    if (c->n_channels) {
        begin_section(out, &any);
        add_channels(out, c, has_functions);
    }
}

void content_developer(Buf *out, Str instructions, const Tools *tools) {
    bool any = instructions.p != NULL;
    if (any) {
        buf_adds(out, "# Instructions\n\n");
        buf_addstr(out, instructions);
    }
    if (tools->n) {
        begin_section(out, &any);
        tools_text(out, tools);
    }
}
