# The front door. `make help` lists the commands.
PRESET ?= release
PYTHON ?= /usr/bin/python3
BINARY := build/$(PRESET)/orchestrator

.DEFAULT_GOAL := help
.PHONY: help dependencies build demo test test-asan test-tsan run bench lint format clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

dependencies: ## install what building and testing need (Debian packages)
	@scripts/install-dependencies

build: dependencies ## build the server and the test programs; PRESET=release|debug|asan|tsan
	@scripts/build $(PRESET)

demo: build ## run a federated plan of three organizations through a fresh server
	@$(PYTHON) examples/federated_plan/demo.py --binary $(BINARY)

test: build ## run the whole test suite
	@scripts/test $(PRESET)

test-asan: ## the same under the address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory test PRESET=asan

test-tsan: ## the same under the thread sanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

run: build ## serve the example channels on port 9000, with the data in ./data
	@$(BINARY) serve --channel-config examples/channels.yaml --data-dir data --http-address 127.0.0.1:0

bench: build ## measure this machine: calls, tasks, events per second
	@$(PYTHON) bench/run.py --binary $(BINARY)

lint: build ## check the format and run clang-tidy
	@scripts/lint

format: dependencies ## format the C++ sources
	@git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc' | xargs clang-format-14 -i

clean: ## remove what was built
	@rm -rf build
