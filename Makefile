# Targets for people; `make` alone explains them. CMake does the building (CMakePresets.json).
# `make demo` and `make test` install what they miss; a second call finds everything in milliseconds.

JOBS ?= 2
PYTHON := /usr/bin/python3
DEPS := bash tests/support/deps.sh
PYTEST := $(PYTHON) -m pytest -n $(JOBS) --dist loadgroup
BASE ?=

.DEFAULT_GOAL := help
.PHONY: help deps deps-test deps-build deps-demo deps-lint build release asan tsan demo test unit functional security quick hook bench format \
	format-check tidy image release-artifacts chart chart-docs observability postgres-matrix e2e chaos \
	chaos-checker fuzz sanitize coverage soak guard clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-17s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps:  ## install what building, the demo, formatting and linting need (Debian packages; starts no service)
	@$(DEPS) build demo lint

deps-test: deps  ## install the servers and tools of the tests as well
	@$(DEPS) test container
	@tests/functional/servers/build.sh >/dev/null

deps-build:
	@$(DEPS) build

deps-demo:
	@$(DEPS) build demo

deps-lint:
	@$(DEPS) build lint

build: deps-build  ## build the dev preset (debug symbols, fault points) into build/dev
	@tests/support/build.sh dev

release: deps-build  ## build what is shipped and measured: build/release/pagehaul
	@tests/support/build.sh release

asan: deps-build  ## build with AddressSanitizer and UndefinedBehaviorSanitizer into build/asan
	@tests/support/build.sh asan

tsan: deps-build  ## build with ThreadSanitizer into build/tsan
	@tests/support/build.sh tsan

demo: deps-demo  ## watch 100,000 rows arrive from a faulty report API in a throwaway PostgreSQL
	@tests/support/build.sh dev pagehaul mockapi
	@tests/demo/demo.sh

quick: deps-test  ## before a commit: format, build, unit tests of what changed; BASE=COMMIT: changed since it
	@tests/support/quick.sh $(BASE)

hook:  ## have git check the format of what is committed (a pre-commit hook of this clone)
	@ln -s ../../tests/support/pre-commit.sh "$$(git rev-parse --git-path hooks)/pre-commit"

test: deps-test build unit functional  ## all tests: unit, then functional on real servers

unit: build deps-test  ## the unit tests (GoogleTest)
	@tests/support/unit.sh build/dev

functional: build deps-test  ## the functional tests (pytest, real servers); ARGS='-k drift' picks some
	@$(PYTEST) $(ARGS) tests/functional

# All of it is part of `functional`, `unit` and `image` as well, and so of every check.
security: deps-test  ## what nobody from outside may do: secrets, bombs, framing, redirects, TLS, injection; as root the image too
	@$(DEPS) container
	@tests/support/build.sh dev pagehaul mockapi unit_config unit_core unit_dsn unit_http unit_record
	@tests/support/unit.sh build/dev config core dsn http record
	@$(PYTEST) -m security $(ARGS) tests/functional
	@if [ "$$(id -u)" -eq 0 ]; then $(DEPS) image && tests/image/build.sh && $(PYTHON) -m pytest -m security tests/image; \
	else echo "The image is left out: only root builds and tests it here"; fi

postgres-matrix: build deps-test  ## unit tests of the ledger and functional tests of the core on PostgreSQL 13 to 18; ARGS='13 18' picks some
	@$(DEPS) postgres
	@tests/postgres/matrix.sh $(ARGS)

bench: deps-test  ## measure against a Go worker pool, dlt and plain COPY; needs Go 1.24+ and the network once
	@tests/bench/run.sh $(ARGS)

format: deps-lint  ## format the C++ sources in place
	@git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format -i

format-check: deps-lint  ## fail if a C++ source is not formatted
	@git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format --dry-run -Werror

tidy: deps-lint  ## clang-tidy on the changed files; BASE=COMMIT: changed since it, BASE=all: every file
	@tests/support/tidy.sh $(BASE)

image:  ## build the container image localhost/pagehaul:dev and test it (as root; buildah, podman, debootstrap)
	@$(DEPS) image
	@tests/image/build.sh
	@$(PYTHON) -m pytest tests/image

release-artifacts: deps-test  ## make and test what is released, in build/release-artifacts (as root): image, chart, .deb, SBOM, sums; ARCHITECTURES=amd64 leaves arm64 out
	@$(DEPS) image release
	@deploy/release.sh $(ARCHITECTURES)
	@$(PYTHON) -m pytest tests/release

chart: deps-test  ## test the Helm chart and what is made from it, without a cluster; needs Go 1.26 and the network once
	@tests/support/build.sh dev pagehaul
	@tools=$$(tests/chart/tools.sh) && tests/chart/run.sh "$$tools" build/dev/pagehaul

chart-docs: deps-test  ## make anew what is made: the dashboard, the chart's copies, README and list of changes, deploy/kubernetes and deploy/keda
	@$(PYTHON) deploy/grafana/dashboard.py
	@$(PYTHON) tests/chart/files.py
	@$(PYTHON) tests/chart/readme.py
	@$(PYTHON) tests/chart/changes.py
	@tools=$$(tests/chart/tools.sh) && $(PYTHON) tests/chart/manifests.py "$$tools/helm"

observability:  ## test dashboard and alerts on runs that a real Pushgateway and a real Prometheus watch, and, with Go 1.26 and the network once, by OTLP; ARGS='-k dashboard' picks some
	@$(DEPS) build observability
	@tests/support/build.sh dev pagehaul mockapi
	@$(PYTEST) -m 'not alone' $(ARGS) tests/observability || [ $$? -eq 5 ]  # 5: ARGS picked none of these
	@$(PYTHON) -m pytest -m alone $(ARGS) tests/observability || [ $$? -eq 5 ]

e2e: deps-test  ## run the chart and the image on a real Kubernetes (as root); ARGS=--all: what takes long too; needs Go 1.26; the first time the network and half an hour more
	@$(DEPS) image cluster
	@tests/support/build.sh dev pagehaul mockapi pagehaul_next
	@tests/image/build.sh
	@tests/e2e/run.sh $(ARGS)

chaos: deps-test  ## let processes pull while faults strike, SEEDS=25 of them; SEED=17 does one again and tells its story; ARGS="--queue rabbitmq" (kafka, sqs) over a broker
	@tests/support/build.sh dev pagehaul mockapi queue_probe
	@$(PYTHON) tests/chaos/run.py $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),25)) $(ARGS)

chaos-checker: deps-test  ## break the core on purpose, one rule at a time: chaos must notice, within 50 seeds each
	@tests/support/build.sh dev pagehaul mockapi
	@$(PYTHON) -m pytest -q -s -p no:cacheprovider tests/chaos

fuzz: deps-test  ## feed the parsers what nobody would send, SECONDS=60 each target; INPUTS=2000 the same ones each time; INPUT=FILE repeats a find
	@$(DEPS) build fuzz
	@tests/support/build.sh fuzz fuzz_targets
	@$(PYTHON) tests/fuzz/run.py $(if $(INPUT),--input $(INPUT),$(if $(INPUTS),--inputs $(INPUTS),--seconds $(or $(SECONDS),60))) $(ARGS)

sanitize: deps-test  ## all unit and functional tests under AddressSanitizer with UndefinedBehaviorSanitizer, then ThreadSanitizer; ARGS=asan: one; an hour
	@tests/support/sanitize.sh $(ARGS)

coverage: deps-test  ## which lines of the core the tests run, and why the others are not; fails under 92 %
	@$(DEPS) coverage
	@tests/coverage/run.sh

soak: deps-test  ## a run of MINUTES=10, 10,000 pages a minute, in 128 MiB among faults: is it steady? As root
	@tests/support/build.sh release pagehaul mockapi
	@$(PYTHON) tests/soak/run.py --minutes $(or $(MINUTES),10)

guard: deps-test  ## count the instructions a page takes (callgrind) and compare with tests/bench/baseline.json; ARGS=--write keeps the new ones
	@tests/support/build.sh release pagehaul mockapi
	@$(PYTHON) tests/bench/guard.py $(ARGS)

clean:  ## remove everything that was built
	rm -rf build
