/* The style sheet and the scripts, as they lie beside this file: the assembler copies them in (-I. makes the path begin
 * at the repository's root; the Makefile names the dependency). */
#include "reports/html/html_internal.h"

#define EMBED(name, path)                                                                                              \
    __asm__(".pushsection .rodata\n" #name ": .incbin \"" path "\"\n" #name "_end: .byte 0\n.popsection");             \
    extern const char name[] __attribute__((visibility("hidden")));                                                    \
    extern const char name##_end[] __attribute__((visibility("hidden")));

EMBED(report_css, "reports/html/report.css")
EMBED(page_js, "reports/html/page.js")
EMBED(report_js, "reports/html/report.js")
EMBED(live_js, "reports/html/live.js")

Str html__css(void) {
    return (Str){report_css, (size_t)(report_css_end - report_css)};
}
Str html__page_js(void) {
    return (Str){page_js, (size_t)(page_js_end - page_js)};
}
Str html__js(void) {
    return (Str){report_js, (size_t)(report_js_end - report_js)};
}
Str html__live_js(void) {
    return (Str){live_js, (size_t)(live_js_end - live_js)};
}
