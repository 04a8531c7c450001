# Everyday commands. `make` alone lists them; each installs what it misses first.

VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
export PATH := $(BIN):$(PATH)

HOST ?= 127.0.0.1
PORT ?= 4000
CONFIG ?=
RELEASE := -c release --static-swift-stdlib
OWN_SWIFT := Package.swift Sources Tests bench clients/swift/Package.swift clients/swift/Tests \
	$(wildcard clients/swift/Sources/LLMGateway/*.swift)
FUZZ_MINUTES ?= 10
FUZZ_TARGETS ?=
# Swift's backtracer hangs on a crash under the address sanitizer. Tests run one after another, since
# they are slow enough to meet each other's timeouts.
SANITIZED := SWIFT_BACKTRACE=enable=no
ASAN_OPTIONS := detect_leaks=0:detect_stack_use_after_return=1
DEBUG_BINARY := $(CURDIR)/.build/debug/llm-gateway
RELEASE_BINARY := $(CURDIR)/.build/release/llm-gateway
RELEASE_BULK_SERVER := $(CURDIR)/.build/release/bulk-server

.DEFAULT_GOAL := help
# `clients` is a folder too.
.PHONY: test-client-swift test-browser contract contract-check clients client-deps test-clients-all
.PHONY: test-client-python test-client-typescript test-client-go test-client-java test-client-cpp
.PHONY: test-client-ruby
.PHONY: test-floods test-sdks test-schema bench-connections bench-routing simulate-routing
.PHONY: help simulate run build demo test test-swift test-clients test-end-to-end test-interop \
	test-restart test-judge test-outcomes test-asan test-tsan fuzz generate generate-check format format-check lint deps \
	venv soak bench bench-accounting bench-check bench-check-short bench-footprint bench-ledger bench-smoke \
	bench-tls

help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build and serve on HOST:PORT (127.0.0.1:4000), with CONFIG=FILE or the quick start.
	$(RELEASE_BINARY) serve --host $(HOST) --port $(PORT) $(if $(CONFIG),--config $(CONFIG))

build: ## Build the release binary, with the Swift libraries inside.
	@scripts/deps.sh build
	swift build $(RELEASE) --product llm-gateway

demo: build venv ## Stream from a real model on this machine, over gRPC and by the OpenAI SDK.
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) $(BIN)/python scripts/demo.py

test: deps venv generate-check contract-check lint test-swift test-clients test-end-to-end bench-check-short ## Run every check and every test; build for release too.

test-swift: ## Run the Swift tests (debug build).
	swift build --build-tests
	swift test --skip-build

# One of clients/ against the real binary; see clients/conformance.
SHOW := LLM_GATEWAY_BIN=$(DEBUG_BINARY) $(BIN)/python clients/conformance/run.py

test-clients: test-client-python test-client-typescript test-client-swift ## Run the tests of clients/ that CI runs (debug build).

test-client-python: venv
	swift build --product llm-gateway
	$(SHOW) python $(BIN)/python -m pytest -c clients/python/pyproject.toml clients/python/tests

test-clients-all: test-clients test-client-go test-client-java test-client-cpp test-client-ruby ## Run the tests of all of clients/.

test-client-typescript: venv
	swift build --product llm-gateway
	tsc --project clients/typescript
	$(SHOW) typescript node --test clients/typescript/tests/

test-client-go test-client-java test-client-cpp test-client-ruby: test-client-%: venv client-deps
	swift build --product llm-gateway
	$(SHOW) $* clients/$*/test.sh

test-client-swift: venv
	swift build --product llm-gateway
	$(SHOW) swift clients/swift/test.sh

test-browser: venv ## Stream into a page of a headless Chromium.
	@scripts/deps.sh browser
	swift build --product llm-gateway
	tsc --project clients/typescript
	$(SHOW) browser $(BIN)/python clients/typescript/browser/show.py

client-deps:
	@scripts/deps.sh clients

SIMULATION_SEEDS ?= 20000
simulate: ## Run the simulation of limits, budgets and the ledger with SIMULATION_SEEDS seeds.
	swift build --build-tests
	SIMULATION_SEEDS=$(SIMULATION_SEEDS) swift test --skip-build --filter SimulationTests

ROUTING_CALLS ?= 4000
simulate-routing: ## Compare the routing strategies in a simulation of ROUTING_CALLS calls each.
	swift build --build-tests
	ROUTING_CALLS=$(ROUTING_CALLS) ROUTING_REPORT=$(CURDIR)/.build/routing \
		swift test --skip-build --filter RoutingSimulationTests
	@cat .build/routing.md; echo; echo "The plot: .build/routing.svg"

bench-routing: ## Measure a routing decision: nanoseconds and allocations.
	swift build $(RELEASE) --product routing-bench
	.build/release/routing-bench

test-end-to-end: venv ## Run real clients against the real binary (debug build).
	swift build --product llm-gateway
	swift build --product grpc-test-tool
	LLM_GATEWAY_BIN=$(DEBUG_BINARY) $(BIN)/python -m pytest -c Tests/EndToEnd/pytest.ini Tests/EndToEnd

# Each file of Tests/SDKs with the packages that stand beside it: they disagree about the SDKs.
SDKS := $(CURDIR)/.venv-sdks
test-sdks: NAMES := frameworks llama_index aider
test-sdks: deps ## Run frameworks and aider against models of other dialects than theirs.
	$(RUN_SDKS)

test-schema: NAMES := schema
test-schema: deps ## Hold every answer to OpenAI's published document, by schemathesis. Takes some minutes.
	$(RUN_SDKS)

define RUN_SDKS
	swift build --product llm-gateway
	[ -x $(SDKS)/bin/uv ] || { python3 -m venv $(SDKS) && $(SDKS)/bin/pip install --quiet uv==0.13.9; }
	for name in $(NAMES); do \
		$(SDKS)/bin/uv venv --quiet --allow-existing $(SDKS)/$$name && \
		$(SDKS)/bin/uv pip install --quiet --python $(SDKS)/$$name/bin/python \
			--requirement Tests/SDKs/$$name.txt && \
		LLM_GATEWAY_BIN=$(DEBUG_BINARY) $(SDKS)/$$name/bin/python -m pytest \
			-c Tests/EndToEnd/pytest.ini Tests/SDKs/test_$$name.py || exit 1; \
	done
endef

test-floods: venv ## Attack the real binary in each way for a while, and print what it cost.
	swift build --product llm-gateway
	FLOOD_SECONDS=15 LLM_GATEWAY_BIN=$(DEBUG_BINARY) \
		$(BIN)/python -m pytest -s -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/test_floods.py

test-restart: deps venv ## Restart ten times under load: no request may fail. Takes a minute.
	swift build --product llm-gateway
	RESTARTS=10 LLM_GATEWAY_BIN=$(DEBUG_BINARY) \
		$(BIN)/python -m pytest -s -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/test_restart.py

JUDGE_MINUTES ?= 60
test-judge: venv ## Have llmock judge the gateway as its client for JUDGE_MINUTES of faults.
	swift build --product llm-gateway
	JUDGE_SECONDS=$$(($(JUDGE_MINUTES) * 60)) LLM_GATEWAY_BIN=$(DEBUG_BINARY) \
		$(BIN)/python -m pytest -s -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/test_judge.py

OUTCOMES ?= 100000
SEED ?= 1
test-outcomes: venv ## End OUTCOMES calls in every way, the gateway's own ends included; check the ledger.
	swift build --product llm-gateway
	OUTCOMES=$(OUTCOMES) SEED=$(SEED) LLM_GATEWAY_BIN=$(DEBUG_BINARY) \
		$(BIN)/python -m pytest -s -c Tests/EndToEnd/pytest.ini Tests/EndToEnd/test_outcomes.py

test-asan: deps ## Run the Swift tests under the address sanitizer (in .build-asan).
	swift build --build-tests --sanitize=address --scratch-path .build-asan
	$(SANITIZED) ASAN_OPTIONS=$(ASAN_OPTIONS) swift test --no-parallel --skip-build \
		--sanitize=address --scratch-path .build-asan

test-tsan: deps ## Run the Swift tests under the thread sanitizer (in .build-tsan).
	scripts/tsan.sh

fuzz: deps ## Fuzz every parser for FUZZ_MINUTES each (10), or those of FUZZ_TARGETS; see Tests/Fuzz.
	scripts/fuzz.sh $(FUZZ_MINUTES) $(FUZZ_TARGETS)

test-interop: venv ## Run gRPC's own interoperability client (fetched once) against this wire.
	swift build --product grpc-test-tool
	Tests/Interop/run.sh

clients: generate ## The same as generate.

generate: deps venv ## Generate code from proto/ (Sources/CGatewayProto, clients/).
	proto/generate.sh

generate-check: deps venv ## Fail if generated code is not what proto/ says.
	proto/generate.sh --check

contract: venv ## Take the contract as it is now for the one that clients rely on.
	buf build proto --path proto/llmgateway --exclude-source-info -o proto/v1.binpb

contract-check: venv ## Fail if clients that were built with the contract (proto/v1.binpb) would break.
	buf breaking proto --against proto/v1.binpb

format: venv ## Format the Swift sources and the protos in place.
	swift format --in-place --recursive --parallel $(OWN_SWIFT)
	buf format --write proto

format-check: venv ## Fail if formatting would change anything, or a lint rule is broken.
	swift format lint --strict --recursive --parallel $(OWN_SWIFT)
	buf format --diff --exit-code proto

lint: format-check ## Check the protos' rules and the format of everything.
	buf lint proto

deps: ## Install the Debian packages that are missing.
	@scripts/deps.sh test
	@scripts/promtool.sh > /dev/null || echo "deps: without promtool /metrics is not judged" >&2

venv: deps ## Install the Python packages of the tests into .venv, if their list has changed.
	@scripts/venv.sh

bench-accounting: ## Compare the CPU per request by what is held and how durable rows are; rows a second.
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/accounting.py

bench-ledger: ## Measure the ledger alone: CPU of a hold and a row by calls a transaction.
	swift build $(RELEASE) --product ledger-bench
	.build/release/ledger-bench

bench-footprint: venv ## Measure the time to start, and the memory by connection and by stream.
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) $(BIN)/python bench/footprint.py

SOAK_MINUTES ?= 60
soak: venv ## Serve every door for SOAK_MINUTES of faults and disconnects; check memory and the ledger.
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) $(BIN)/python bench/soak.py --minutes $(SOAK_MINUTES)

BENCH ?=
bench: ## Compare CPU, memory and latency with nginx, haproxy, envoy, routers, LiteLLM (BENCH=--help).
	@scripts/deps.sh bench
	python3 -m venv bench/.build/peers
	bench/.build/peers/bin/pip install --quiet --requirement bench/requirements.txt
	python3 -m venv bench/.build/litellm
	bench/.build/litellm/bin/pip install --quiet --requirement bench/requirements-litellm.txt
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/compare.py $(BENCH)

bench-check: ## Count instructions and allocations per request and chunk; fail if they have grown by 3 %.
	@scripts/deps.sh counts
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/check.py

bench-check-short: build ## The same with a fifth of the requests, as CI runs it; more is allowed.
	@scripts/deps.sh counts
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/check.py --short

bench-smoke: ## Compare the CPU per request and per chunk with nginx. Takes some minutes.
	@scripts/deps.sh bench
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/compare.py --setting plain --rate 0 \
		--stream-rate 0 --peer relay --peer nginx --peer nginx-buffered

bench-tls: ## Compare handshakes and megabytes by CPU-second with nginx. Takes some minutes.
	@scripts/deps.sh bench
	swift build $(RELEASE) --product llm-gateway
	swift build $(RELEASE) --product bulk-server
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) BULK_SERVER_BIN=$(RELEASE_BULK_SERVER) python3 bench/tls.py

bench-connections: ## Measure the memory of 8,000 idle connections and 20,000 open streams.
	swift build $(RELEASE) --product llm-gateway
	LLM_GATEWAY_BIN=$(RELEASE_BINARY) python3 bench/connections.py
