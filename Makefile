# The front door. `make help` lists the commands.
PRESET ?= release
PYTHON ?= /usr/bin/python3
BINARY := build/$(PRESET)/orchestrator

.DEFAULT_GOAL := help
.PHONY: help dependencies build demo test test-heavy test-asan test-tsan test-image chart-golden run image bench lint format clean

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

test-heavy: ## the same, with ten times as many kills and broken connections
	@ORCHESTRATOR_TEST_HEAVY=1 $(MAKE) --no-print-directory test

test-asan: ## the same under the address and undefined behaviour sanitizers
	@$(MAKE) --no-print-directory test PRESET=asan

test-tsan: ## the same under the thread sanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

test-image: ## build the container image from nothing and test what it promises; needs root
	@scripts/test-image

chart-golden: dependencies ## write tests/chart/golden anew, after a change of the chart
	@RENEW_GOLDEN=1 PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest --quiet -p no:cacheprovider tests/chart/test_chart_golden.py
	@git --no-pager diff --stat -- tests/chart/golden

run: build ## serve the example channels on port 9000, with the data in ./data
	@$(BINARY) serve --channel-config examples/channels.yaml --data-dir data --http-address 127.0.0.1:0

image: ## build the container image by docker, podman or buildah; IMAGE=name:tag VERSION=text
	@scripts/image

.PHONY: bench-mixed bench-growth bench-report bench-dependencies microbench
bench: bench-dependencies ## measure this machine: figures, targets, limits, plots, in build/bench (takes minutes)
	@$(PYTHON) bench/run.py --binary $(BINARY) $(BENCH)
	@$(PYTHON) bench/plots.py

bench-mixed: bench-dependencies ## measure a network at work, for ten minutes on each store
	@$(PYTHON) bench/run.py --binary $(BINARY) --part mixed --seconds 600 $(BENCH)
	@$(PYTHON) bench/plots.py

bench-growth: bench-dependencies ## measure operations up to a million tasks and ten million events
	@$(PYTHON) bench/run.py --binary $(BINARY) --part growth --scale 10 $(BENCH)
	@$(PYTHON) bench/plots.py

bench-report: bench-dependencies ## write the figures and plots of build/bench into docs/performance.md
	@$(PYTHON) bench/plots.py --output docs/performance
	@$(PYTHON) bench/report.py

bench-dependencies: build
	@scripts/install-dependencies bench

microbench: build ## measure the pure parts alone
	@build/$(PRESET)/orchestrator_micro

lint: build ## check the format and run clang-tidy
	@scripts/lint

format: dependencies ## format the C++ sources
	@git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc' 'bench/*.h' | xargs clang-format-14 -i

clean: ## remove what was built
	@rm -rf build
