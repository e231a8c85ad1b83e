# Each of these is the one command to type; each installs what it needs first (Scripts/setup.sh).
.PHONY: help demo build run test check check-deploy bench screenshots soak fuzz end-to-end
.DEFAULT_GOAL := help

# Debug builds carry the failpoints that the crash tests need; release builds never do.
DEBUG := TOKENAUDIT_FAILPOINTS=1
BUILD_TESTS := $(DEBUG) swift build --build-tests --explicit-target-dependency-import-check error
# One binary that needs no Swift to be installed. Exclusive access is proven by every test of a debug build, not at run time.
RELEASE := swift build -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
# What the gateway shows in a browser, built before it.
CONSOLE := Scripts/console.py
PYTEST := .venv/bin/python -m pytest Tests/EndToEnd --color=auto
# Private PostgreSQL and MariaDB servers, from before the command to after it.
WITH_DATABASES := Scripts/databases.py run
# Suites that wait for database servers, and would keep the threads that others have deadlines on.
SERVER_SUITES := DatabaseContract|Migrations|SchemaColumns|Applier|AccountStore|SessionTable|CatalogStore|KeyStore|PlaygroundKey|MasterKeyRotation|Quota[A-Za-z]*|Alert[A-Za-z]*|JournalContract|AuditVerifier|LedgerVerifier|CallStore|IdempotencyRows|PeriodFold[A-Za-z]*|StorageDirectory|Partition|UsageRetention|PostgresListener|ReplicaRows|BodyArchive|RollupDelta|StatisticsSimulation
DATABASE ?= sqlite
FUZZ_SECONDS ?= 600
SOAK_KILLS ?= 300
BENCH ?=

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: ## a real model behind the gateway, one streamed call, its bill; the server stays up. DATABASE=postgres, mysql: two gateways
	@Scripts/setup.sh demo $(filter postgres mysql,$(DATABASE))
	@.venv/bin/python Scripts/demo.py $(DATABASE)

build: ## the gateway alone, release build: .build/release/tokenaudit
	@Scripts/setup.sh build
	$(CONSOLE)
	$(RELEASE) --product tokenaudit

run: build ## the gateway, 127.0.0.1:8080 unless TOKENAUDIT_LISTEN says otherwise
	.build/release/tokenaudit serve

test: ## every test: Swift's with each parser fuzzed for 60 s, then the end-to-end tests with real clients and a real model
	@Scripts/setup.sh test
	$(CONSOLE)
	$(BUILD_TESTS)
	@$(WITH_DATABASES) $(MAKE) --no-print-directory every-test

.PHONY: every-test
every-test:
	# One after the other: what computes would take the few threads from what has deadlines.
	$(DEBUG) swift test --skip-build --filter GatewayTests --skip Fuzz
	$(DEBUG) swift test --skip-build --filter StorageTests --skip "Fuzz|($(SERVER_SUITES))Tests"
	$(DEBUG) swift test --skip-build --filter "StorageTests.($(SERVER_SUITES))Tests"
	$(DEBUG) swift test --skip-build --skip "GatewayTests|StorageTests|Fuzz"
	$(DEBUG) TOKENAUDIT_FUZZ_SECONDS=60 swift test --skip-build --filter Fuzz
	$(PYTEST)

end-to-end: ## the end-to-end tests alone
	@Scripts/setup.sh test
	$(CONSOLE)
	$(BUILD_TESTS)
	$(WITH_DATABASES) $(PYTEST)

check: ## the console's types and size, the build with its arrows checked, the formatter in strict mode, versions with known holes refused
	@Scripts/setup.sh build
	$(CONSOLE) --check
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks
	$(BUILD_TESTS)
	python3 Scripts/check_versions.py

check-deploy: build ## Deploy/ as far as it can be tried here: Helm's own rendering, compose, systemd, the release in a bare Debian
	@Scripts/setup.sh deploy
	.venv/bin/python -m pytest Tests/Deployment --color=auto

bench: ## the gateway beside nginx and the bare upstream in one run; BENCH="--quick --with-envoy"
	@Scripts/setup.sh bench
	$(CONSOLE)
	$(RELEASE) --product tokenaudit
	$(RELEASE) --product fake-upstream
	python3 Benchmarks/bench.py $(BENCH)

screenshots: ## the console's pages over a made-up history, in both themes: Docs/console/
	@Scripts/setup.sh test
	$(CONSOLE)
	$(BUILD_TESTS)
	TOKENAUDIT_SCREENSHOTS=$(CURDIR)/Docs/console $(PYTEST) -k screenshots

soak: ## SOAK_KILLS=300 kills at random under load, the books proved after each
	@Scripts/setup.sh test
	$(CONSOLE)
	$(BUILD_TESTS)
	TOKENAUDIT_SOAK_KILLS=$(SOAK_KILLS) $(WITH_DATABASES) $(PYTEST) -k "crash" -s

fuzz: ## every parser for FUZZ_SECONDS=600
	@Scripts/setup.sh test
	$(CONSOLE)
	$(BUILD_TESTS)
	$(DEBUG) TOKENAUDIT_FUZZ_SECONDS=$(FUZZ_SECONDS) swift test --skip-build --filter Fuzz
