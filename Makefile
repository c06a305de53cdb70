# Every command of the project. `make` alone lists them.

# An older Go and GOTOOLCHAIN=local in the environment would refuse our go.mod:
# what is exported here goes before the environment.
export GOTOOLCHAIN := go1.27.4

GO         ?= go
PORT       ?= 8000
# Path of the example's SQLite file; empty: under the user's cache folder.
DB         ?=
# How long `make fuzz` spends on each target.
FUZZTIME   ?= 60s
# Further options of the measuring programs, say BENCH='-turns 4 -servers floor,fasterapi'.
BENCH      ?=
# How many inputs `make check` gives to each fuzz target.
SMOKE      ?= 5000

.DEFAULT_GOAL := help
.PHONY: help run run-pg cluster test check soak soak-restart release-check ledger bench bench-floor bench-micro bench-overload bench-pg bench-resilience bench-tls bench-typed fuzz fmt \
	fmt-check vet platforms build-cross lint lint-all layers race race-invariants invariants fuzz-smoke examples generate-check readme-check bench-check browser-check clients http2-check acme-check net-faults cli-check trace-check

help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: export PORT := $(PORT)
run: ## start the production example on PORT (8000); REACTOR_CORES=n, DB=path
	$(GO) run ./examples/production $(if $(DB),--db "$(DB)") $(ARGS)

run-pg: export PORT := $(PORT)
run-pg: ## the same on a throw-away PostgreSQL of its own
	tools/pg.sh $(GO) run ./examples/production $(ARGS)

cluster: ## three instances of the production example behind nginx, with PostgreSQL and Redis, on this machine
	$(GO) run ./examples/cluster $(ARGS)

# Packages whose tests take minutes begin first, else the last one runs alone at the end. They
# may take longer than the 10 minutes that go test allows, on a machine that has more to do.
LONGEST := -timeout 40m ./internal/test/app ./db/pg ./middleware

test: ## run the tests
	$(GO) test $(LONGEST) ./...

ledger: export LEDGER := 30s
ledger: ## kill and restart PostgreSQL under load for 30 s: is a write lost or doubled?
	$(GO) test -count=1 -run '^TestLedger$$' -v ./db/pg

soak: ## the model tests for SOAK seconds each (600; of the data layer 1800), and VALUES (1000000) of all Postgres types beside pgx
	SOAK=$${SOAK:-600} $(GO) test -count=1 -timeout 0 -run '^TestKeptModel$$' -v ./internal/test/app
	SOAK=$${SOAK:-600} $(GO) test -count=1 -timeout 0 -race -run '^(TestKeptModel|TestHalfClosedPipelines)$$' -v ./internal/test/app
	SOAK=$${SOAK:-1800} $(GO) test -count=1 -timeout 0 -run '^TestModel(Killed)?$$' -v ./db/sqlite ./db/pg
	VALUES=$${VALUES:-1000000} $(GO) test -count=1 -timeout 0 -run '^TestRandomValues$$' -v ./db/pg

soak-restart: ## SIGUSR2 ten times in 30 s under 5,000 requests a second: is one lost?
	cd cmd/fasterapi && RESTART_SOAK=1 $(GO) test -count=1 -run '^TestRestartUnderLoad$$' -v .

release-check: lint-all build-cross race invariants ## before a release: API, modules, licences, SBOM, equal builds (BASE=v1.2.3 to compare with)
	@tools/release.sh "$(GO)"

# What is quick to say comes first; vet also compiles what the lanes then both use.
check: ## everything that CI runs, then in two lanes (tools/steps.sh)
	@tools/steps.sh "$(MAKE)" fmt-check platforms vet
	@tools/steps.sh "$(MAKE)" test race-invariants -- lint layers fuzz-smoke examples generate-check readme-check \
		bench-check browser-check clients http2-check acme-check net-faults cli-check trace-check

bench: ## Go benchmarks of all packages, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./... $(BENCH)

bench-floor: ## CPU per request beside a C epoll loop, fasthttp and net/http: bench/RESULTS.md
	bench/floor.sh $(BENCH)

bench-pg: ## the Postgres driver beside pgxpool and fiber: bench/RESULTS.md
	bench/pg.sh $(BENCH)

bench-tls: ## TLS beside fiber and net/http: bench/RESULTS.md
	bench/tls.sh $(BENCH)

bench-typed: ## typed routes beside fiber, gin, Huma and net/http: bench/RESULTS.md
	bench/typed.sh $(BENCH)

bench-resilience: bench-overload ## that, policies beside failsafe-go, caches beside otter: bench/RESULTS.md
	cd bench && $(GO) run ./resilience -o RESULTS.md

bench-overload: ## three times the load that one core can take, beside net/http and fiber: bench/RESULTS.md
	cd bench && $(GO) run ./overload -o RESULTS.md
	cd bench && ../tools/pg.sh sh -c '$(GO) run ./overload -database "$$DATABASE_URL" -o RESULTS.md'

bench-micro: ## the Go benchmarks that the bars name: bench/RESULTS.md
	cd bench && $(GO) run ./micro -o RESULTS.md

fuzz: ## fuzz every target for FUZZTIME (60s) each
	@tools/fuzz.sh each $(FUZZTIME)

fmt: ## format all Go files with gofumpt
	$(GO) tool -modfile=tools/tools.mod gofumpt -l -w .

fmt-check: ## fail where gofumpt would change a file
	@out=$$($(GO) tool -modfile=tools/tools.mod gofumpt -l .) || exit 1; \
	if [ -n "$$out" ]; then echo "not formatted (make fmt does it):"; echo "$$out"; exit 1; fi

vet: ## go vet, and with the invariants tag where files have it
	$(GO) vet ./...
	$(GO) vet -tags invariants $$(grep -rl '^//go:build.*invariants' --include='*.go' . | grep -v testdata | xargs -n1 dirname | sort -u)

PLATFORMS := darwin/arm64,windows/amd64
comma := ,

platforms: ## type-check all packages, with their tests, for the platforms that CI does not run on
	@mkdir -p bin
	$(GO) build -modfile=tools/tools.mod -o bin/platforms tools/platforms.go
	bin/platforms $(PLATFORMS) ./...
	cd cmd/fasterapi && ../../bin/platforms $(PLATFORMS) ./...

# Of the packages with files for one platform, go vet reads those files too. SQLite takes minutes
# to compile for each platform, and is made for those by its own project: packages that need it
# are left out.
build-cross: ## build for the platforms that CI does not run on, and go vet of what depends on them
	@packages=$$($(GO) list ./... | grep -vE '/(examples(/|$$)|db/sqlite$$|internal/test/)'); \
	for platform in $(subst $(comma), ,$(PLATFORMS)); do \
		echo "build and vet for $$platform"; \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		$(GO) build $$packages && $(GO) vet ./health ./reactor ./internal/goroutine ./internal/http1 \
			./internal/poll ./internal/process ./internal/restart ./internal/webfile || exit 1; \
	done
	cd cmd/fasterapi && GOOS=windows GOARCH=amd64 $(GO) vet . ./internal/devserver

# staticcheck reads all that a package imports, and SQLite, translated from C, is nine tenths of
# that: eight minutes of a processor where nothing is kept from an earlier run. What needs it is
# left to lint-all; of a package that only its tests need it for, the tests are (and U1000, which
# counts what tests use).
SQLITE := modernc.org/\|/db/sqlite

lint: ## staticcheck, but for what needs SQLite
	$(GO) tool -modfile=tools/tools.mod staticcheck \
		$$($(GO) list -f '{{.ImportPath}} {{.Deps}} {{.TestImports}} {{.XTestImports}}' ./... | grep -v '$(SQLITE)' | cut -d' ' -f1)
	$(GO) tool -modfile=tools/tools.mod staticcheck -tests=false -checks inherit,-U1000 \
		$$($(GO) list -f '{{.ImportPath}} {{.Deps}}' ./... | grep -v '$(SQLITE)' | cut -d' ' -f1)

lint-all: ## staticcheck of every package
	$(GO) tool -modfile=tools/tools.mod staticcheck ./...

layers: ## the import graph, sizes, owner lines and the code in README.md
	$(GO) test -count=1 ./internal/test/layers

# A machine that is busy with tests must not decide how one ends; those of overload turn it on.
test race invariants race-invariants: export OVERLOAD_PROTECTION := off

# Three packages at a time: their tests wait for half of their time.
race: ## the tests under the race detector
	$(GO) test -p 3 -race $(LONGEST) ./...

# One run has both: what the debug build writes over buffers that were given back, the detector sees. What
# vet says it has said to test.
race-invariants: ## the tests under the race detector, with the checks of the debug build and positions of release builds
	$(GO) test -p 3 -vet=off -race -tags invariants -trimpath $(LONGEST) ./...

invariants: ## the tests with the checks of the debug build, and positions as release builds have them
	$(GO) test -tags invariants -trimpath $(LONGEST) ./...

fuzz-smoke: ## SMOKE (5000) inputs for every fuzz target
	@tools/fuzz.sh all $(SMOKE)

examples: ## build every example and command
	@mkdir -p bin
	$(GO) build -o bin/ ./examples/...

generate-check: ## go generate must leave the tree as it was
	@tools/generated.sh "$(GO)"

readme-check: ## README.md's two commands and its curl lines, as a new user types them
	@tools/readme.sh "$(MAKE)"

bench-check: ## vet and test the measuring programs
	cd bench && $(GO) vet ./... && $(GO) tool -modfile=../tools/tools.mod staticcheck ./... && $(GO) test ./...

browser-check: ## the tests in a real Chromium: the docs page, the dashboard (SCREENSHOTS=folder keeps pictures)
	cd internal/test/browsertest && $(GO) vet ./... && $(GO) tool -modfile=../../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...

clients: ## clients that oapi-codegen and openapi-typescript make of a document talk to its service
	@tools/clients.sh "$(GO)"

http2-check: ## the HTTP/2 of the reactors against h2spec, and with connect-go (Go modules of their own)
	cd internal/test/h2spectest && $(GO) vet ./... && $(GO) tool -modfile=../../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...
	cd internal/test/connecttest && $(GO) vet ./... && $(GO) tool -modfile=../../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...

acme-check: ## an app that gets its certificates itself (a Go module of its own), from Let's Encrypt's test server
	cd examples/acme && $(GO) vet ./... && $(GO) tool -modfile=../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...

net-faults: ## the Postgres driver and package client on a bad network (toxiproxy, a Go module of its own)
	cd internal/test/faultstest && $(GO) vet ./... && $(GO) tool -modfile=../../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...

trace-check: ## traces for OpenTelemetry (a Go module of its own), with a receiver
	cd observe/otlp && $(GO) vet ./... && $(GO) tool -modfile=../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...

cli-check: ## the command fasterapi (a Go module of its own), and its files as Kubernetes and BuildKit read them
	cd cmd/fasterapi && $(GO) vet ./... && $(GO) tool -modfile=../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...
	cd cmd/fasterapi/deploytest && $(GO) vet ./... && $(GO) tool -modfile=../../../tools/tools.mod staticcheck ./... && $(GO) test -count=1 ./...
