# assay: build, test, lint. `make help` is the menu.
# Settings (override on the command line: make CC=clang SAN=address,undefined)
CC      ?= gcc
BUILD   ?= build
DEV     ?= 0
SAN     ?=
V       ?= 0
PREFIX  ?= /usr/local
# ---- nothing to change below ----

ifeq ($(origin CC),default)
CC := gcc
endif
SHELL   := /bin/bash
.DEFAULT_GOAL := all
PKGS    := libcjson yaml-0.1 sqlite3 libpcre2-8 libseccomp libsodium libzip zlib
comma   := ,
ifneq ($(SAN),)
BUILD   := $(BUILD)/san-$(subst $(comma),-,$(SAN))-$(notdir $(CC))
SANFLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif
ifeq ($(FUZZ),1)
SANFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
           -Wno-missing-field-initializers
ifeq ($(DEV),1)
WARN    += -Werror
endif
# No -ffast-math, no -march=native, no fused multiply-add by the compiler's choice: an evaluation must repeat.
CFLAGS  ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pthread -ffp-contract=off \
           -fno-math-errno -I. $(WARN) $(PKG_CFLAGS) $(CFLAGS) $(SANFLAGS)
ifneq ($(SAN)$(FUZZ),)
ALL_CFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(ALL_CFLAGS))
endif
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -rdynamic $(SANFLAGS) $(LDFLAGS)
ALL_LIBS = $(PKG_LIBS) -lm -ldl

rooms   = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
ENGINE_SRC  := $(call rooms,engine)
SCORERS_SRC := $(call rooms,scorers)
REPORTS_SRC := $(call rooms,reports)
HARNESS_SRC := $(filter-out harness/sandbox/helper/%,$(call rooms,harness))
obj     = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJ := $(call obj,$(ENGINE_SRC) $(SCORERS_SRC) $(REPORTS_SRC) $(filter-out harness/main.c,$(HARNESS_SRC)))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
E2E     := $(sort $(wildcard tests/e2e/test_*.sh))
include tests/fuzz/fuzz.mk
ifeq ($(V),1)
Q :=
else
Q := @
endif

.DEFAULT_GOAL := all
.PHONY: all tools help run test check deps unit e2e lint demo-models install clean check-deps libengine.a san-test browser-test tokenizer-parity simulate bench-reports check-exports

all: check-deps $(BUILD)/assay $(EXTRA_BIN) ## build build/assay

help: ## this menu
	@awk -F ':.*## ' '/^[a-z0-9_.-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check-deps:
	@pkg-config --exists $(PKGS) 2>/dev/null || { echo "make: libraries are missing; run 'make deps' (needs: $(PKGS))" >&2; exit 1; }

# per-file instruction sets: only these files may use them, and only after the processor was asked
$(BUILD)/engine/cpu/kernels_avx2.o: ISA := -mavx2 -mfma -mf16c
$(BUILD)/engine/cpu/kernels_avx512.o: ISA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c
$(BUILD)/engine/cpu/int8_avx2.o: ISA := -mavx2 -mfma -mf16c
$(BUILD)/engine/cpu/int8_vnni.o: ISA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c
$(BUILD)/engine/cpu/%.o: OPT := -O3

# the sandbox's helper: a static program of its own, carried inside ours as bytes
HELPER := $(BUILD)/harness/sandbox/helper.bin
$(HELPER): harness/sandbox/helper/helper.c harness/sandbox/job.h Makefile
	@mkdir -p $(@D)
	@echo "  HELPER  $@"
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -I. $(WARN) -Os -static -s $< -o $@
$(BUILD)/harness/sandbox/embed.o: OPT := -DSANDBOX_HELPER_PATH='"$(HELPER)"'
$(BUILD)/harness/sandbox/embed.o: $(HELPER) harness/sandbox/driver.py

$(BUILD)/reports/html/html_embed.o: $(addprefix reports/html/,report.css page.js report.js live.js)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(OPT) $(ISA) -MMD -MP -c $< -o $@

$(BUILD)/libassay.a: $(LIB_OBJ)
	@echo "  AR      $@"
	$(Q)rm -f $@; ar rcs $@ $^

$(BUILD)/libengine.a: $(call obj,$(ENGINE_SRC))
	@echo "  AR      $@"
	$(Q)rm -f $@; ar rcs $@ $^
libengine.a: $(BUILD)/libengine.a ## the engine alone

$(BUILD)/assay: $(BUILD)/harness/main.o $(BUILD)/libassay.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $< -Wl,--whole-archive $(BUILD)/libassay.a -Wl,--no-whole-archive $(ALL_LIBS) -o $@

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) $(BUILD)/libassay.a -lcmocka $(ALL_LIBS) -o $@

PLUGIN_SO := $(patsubst tests/plugins/%.c,$(BUILD)/tests/plugins/%.so,$(sort $(wildcard tests/plugins/*.c)))
$(BUILD)/tests/plugins/%.so: tests/plugins/%.c scorers/scorer.h
	@mkdir -p $(@D)
	@echo "  PLUGIN  $@"
	$(Q)$(CC) -std=c17 -fPIC -shared -I. $(WARN) $(CFLAGS) $< -o $@

TOOL_BIN := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(sort $(wildcard tests/tools/*.c)))
$(BUILD)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	@echo "  TOOL    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) -o $@
tools: $(TOOL_BIN) ## programs for measuring: make_checkpoint writes one of any shape with random weights

unit: $(UNIT_BIN) $(FUZZ_TESTS) $(TOOL_BIN) $(PLUGIN_SO) $(EXTRA_BIN)
e2e: $(BUILD)/assay $(TOOL_BIN) $(PLUGIN_SO) $(EXTRA_BIN)

# ---- what a person types ----

DEMO_OUT := out/demo
run: deps ## install what is missing, build, run the demo comparison, print where the report is
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@rm -rf $(DEMO_OUT)
	@$(BUILD)/assay run suites/demo/plan.yaml --out $(DEMO_OUT)

test: deps ## install what is missing, build, run all tests that need no browser
	@$(MAKE) --no-print-directory -j$$(nproc) all unit
	@$(MAKE) --no-print-directory check

check: ## run the tests that are built (TESTS="path..." runs some)
	@tests/run.sh $(BUILD) $(or $(TESTS),$(UNIT_BIN) $(FUZZ_TESTS) $(E2E))

san-test: ## the unit tests under AddressSanitizer and UBSan, then ThreadSanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=address,undefined DEV=1 all unit
	@$(MAKE) --no-print-directory SAN=address,undefined check
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=thread DEV=1 all unit
	@$(MAKE) --no-print-directory SAN=thread check

browser-test: ## look at the pages in headless Chromium (installs it)
	@$(MAKE) --no-print-directory deps PACKAGES="$(PACKAGES) chromium poppler-utils"
	@$(MAKE) --no-print-directory -j$$(nproc) all unit
	@tests/run.sh $(BUILD) $(sort $(wildcard tests/browser/test_*.sh))

$(BUILD)/parity/%: tests/parity/%.c $(BUILD)/libengine.a
	@mkdir -p $(@D)
	@echo "  TOOL    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) $(BUILD)/libengine.a $(ALL_LIBS) -o $@
tokenizer-parity: $(BUILD)/parity/tokenizer_time ## compare ids and speed with npm's tiktoken (needs npm; not in `make test`)
	@tests/parity/tokenizer.sh $(BUILD)

check-exports: all $(BUILD)/tests/test_reports_json ## have Inspect and lm-evaluation-harness read our exports (where Python can import them)
	@tests/peers/check_exports.sh $(BUILD)

$(BUILD)/sim/%: tests/sim/%.c $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  TOOL    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) $(BUILD)/libassay.a $(ALL_LIBS) -o $@
simulate: $(BUILD)/sim/coverage $(BUILD)/sim/paired $(BUILD)/sim/judged $(BUILD)/sim/sequential $(BUILD)/sim/decisions ## how often intervals hold and sequential tests err (minutes; not in `make test`)
	@$(BUILD)/sim/coverage
	@$(BUILD)/sim/paired
	@$(BUILD)/sim/judged
	@$(BUILD)/sim/sequential
	@$(BUILD)/sim/decisions

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  TOOL    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(ALL_LDFLAGS) $(BUILD)/libassay.a $(ALL_LIBS) -o $@
BENCH_REPORTS ?= out/bench-reports
bench-reports: all $(BUILD)/bench/bootstrap ## time the bootstrap, and the comparison of two runs of 100,000 answers (minutes, 2 GB)
	@$(BUILD)/bench/bootstrap
	@mkdir -p $(BENCH_REPORTS)
	@python3 tests/browser/measure_compare.py $(BUILD)/assay $(BENCH_REPORTS)

# Debian and Ubuntu names; PACKAGES_TEST are needed by the tests alone.
PACKAGES      := build-essential pkg-config libcjson-dev libyaml-dev libsqlite3-dev libpcre2-dev libseccomp-dev \
                 libsodium-dev libzip-dev zlib1g-dev bubblewrap python3
PACKAGES_TEST := libcmocka-dev python3-jsonschema
deps: ## install by apt what is missing (elsewhere: print the list)
	@tests/tools/deps.sh $(PACKAGES) $(PACKAGES_TEST)

lint: ## layering, banned functions, format, suites; the longest files and functions
	@tests/check_layers.sh
	@tests/check_style.sh

demo-models: ## train the demo models anew (hours; see suites/demo/train/README.md)
	@suites/demo/train/run_all.sh

install: all ## copy the program to $(PREFIX)/bin
	install -D -m 755 $(BUILD)/assay $(DESTDIR)$(PREFIX)/bin/assay

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean: ## remove what a build makes
	rm -rf build out
