# Fuzzing. Every tests/fuzz/fuzz_NAME.c is built twice: as a test (gcc or clang, no libFuzzer), which `make test` runs with
# a short sweep; and under libFuzzer by clang, into build/fuzz.

FUZZ_SRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TESTS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(FUZZ_SRC))
FUZZ_KIT   := tests/fuzz/support.c tests/fuzz/mutate.c
# files are read onto the heap, where a sanitizer sees each byte beyond them; blocks have a ceiling
FUZZ_WRAP  := -Wl,--wrap=file_map,--wrap=file_unmap,--wrap=mem_alloc,--wrap=mem_realloc

$(BUILD)/tests/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/drive.c $(FUZZ_KIT) $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(filter %.c,$^) $(ALL_LDFLAGS) $(FUZZ_WRAP) $(BUILD)/libassay.a $(ALL_LIBS) -o $@

# the kit's own test (tests/e2e/test_sweep.sh)
unit e2e: $(BUILD)/fuzz-kit/refusing
$(BUILD)/fuzz-kit/%: tests/fuzz/%.c tests/fuzz/drive.c $(FUZZ_KIT) $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(filter %.c,$^) $(ALL_LDFLAGS) $(FUZZ_WRAP) $(BUILD)/libassay.a $(ALL_LIBS) -o $@

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/libfuzzer.c $(FUZZ_KIT) $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(filter %.c,$^) $(ALL_LDFLAGS) -fsanitize=fuzzer $(FUZZ_WRAP) $(BUILD)/libassay.a $(ALL_LIBS) -o $@

# one sub-make has the sanitizers' flags, so that objects of other builds stay as they are
.PHONY: fuzz fuzz-tests fuzz-build fuzz-run fuzz-deps sweep
FUZZ_SECONDS ?= 60
FUZZERS      ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
SWEEP        ?= 2000
PACKAGES_FUZZ := clang libclang-rt-14-dev
fuzz-deps: deps
	@tests/tools/deps.sh $(PACKAGES_FUZZ)
fuzz-tests: $(FUZZ_TESTS)
fuzz-build: $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ_SRC))
fuzz: fuzz-deps ## build the fuzzers (clang, libFuzzer) into build/fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) CC=clang BUILD=build/fuzz FUZZ=1 fuzz-build
fuzz-run: fuzz ## run each for FUZZ_SECONDS (60); FUZZERS="gguf ..." chooses
	@tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS) $(FUZZERS)
sweep: deps ## every prefix and SWEEP (2000) changes of each seed, under AddressSanitizer
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=address,undefined fuzz-tests
	@tests/fuzz/sweep.sh $(BUILD)/san-address-undefined-$(notdir $(CC)) $(SWEEP)
