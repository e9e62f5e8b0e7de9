# mtasts: a thin front for Meson and tools/. `make help` says what there is.
# Every target first installs what it is missing (tools/packages.txt).

SHELL = /bin/bash
.SHELLFLAGS = -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL = help

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
export PREFIX
need = tools/install-packages

help: ## say what there is
	@echo 'mtasts: MTA-STS and TLS reporting. Targets:'
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14
	@echo 'Variables: PREFIX ($(PREFIX)), DESTDIR, FUZZ_SECONDS' \
	    '($(FUZZ_SECONDS)),'
	@echo '  MTASTS_NO_INSTALL=1 (install no packages).'

build: ## build the program: build/mtasts
	@$(need) build
	@tools/build build

run: ## build, start the lab, check its domains, run the daemon in it
	@$(need) build lab
	@tools/build build
	@tools/as-root tools/run-lab build

test: ## everything that must hold, in at most 15 minutes
	@$(need) build lab test
	@tools/unpack-packages build-unpacked
	@tools/run-tests

test-full: ## what that leaves out: whole matrices, valgrind; 60 minutes at most
	@$(need) build lab test
	@tools/unpack-packages build-unpacked
	@tools/run-tests --full

bench: ## measure speed against the floors
	@$(need) build lab test
	@tools/build build-gcc
	@missed=0; for bench in tests/bench/run_*.sh; do \
	    "$$bench" build-gcc || missed=1; done; exit $$missed

fuzz: ## run every fuzzer for FUZZ_SECONDS
	@$(need) build test
	@tools/fuzz $(FUZZ_SECONDS)

lab: ## start the lab, open a shell in it, stop it afterwards
	@$(need) build lab
	@tools/build build
	@trap 'tools/as-root lab/lab down' EXIT; tools/as-root lab/lab up; \
	    tools/as-root env PATH="$$PWD/build:$$PATH" lab/lab shell

install: ## install under PREFIX (DESTDIR is honoured)
	@$(need) build
	@tools/build build
	@meson install -C build --no-rebuild
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

format: ## format the C files
	@$(need) test
	@find src include tests -name '*.[ch]' -print0 | xargs -0 clang-format -i

clean: ## remove what was built
	@rm -rf build build-*

.PHONY: help build run test test-full bench fuzz lab install format clean
