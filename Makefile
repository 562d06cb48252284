# make prints what can be made. Tools are installed at these versions, which are written here only.
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION   := v1.9.0
GOTESTSUM_VERSION     := v1.13.0

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

TOOLS         := bin/tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
GOVULNCHECK   := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)/govulncheck
GOTESTSUM     := $(TOOLS)/gotestsum-$(GOTESTSUM_VERSION)/gotestsum

# Programs that are needed besides Go, git and make, and the Debian packages they are in.
NEEDS := iptables jq

.PHONY: help
help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

.PHONY: deps
deps: ## install missing Debian packages (as root), or say which are missing
	@missing=""; \
	for program in $(NEEDS); do \
		PATH="$$PATH:/usr/sbin:/sbin" type -P "$$program" >/dev/null || missing="$$missing $$program"; \
	done; \
	packages="$${missing/ gcc/ gcc libc6-dev}"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && type -P apt-get >/dev/null; then \
		echo "deps: installing$$packages"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$packages >/dev/null; \
	else \
		echo "deps: missing$$missing; what needs them will say so; to install them: sudo apt-get install$$packages"; \
	fi

# The tag leaves out what urfave/cli would write documents with: it is not used, and costs each start 0.4 ms.
.PHONY: build
build: ## build chaosctl and ai-memory, static, into bin/
	@CGO_ENABLED=0 go build -trimpath -tags urfave_cli_no_docs -o bin/ ./cmd/...

.PHONY: run
run: deps build ## build everything and run the main job: 50 cycles of kill_primary_mid_write
	bin/chaosctl run --fault kill_primary_mid_write --cycles 50

.PHONY: mutants
mutants: ## build ai-memory-mutant, the server broken on purpose, into bin/
	@CGO_ENABLED=0 go build -trimpath -o bin/ai-memory-mutant ./server/mutant

# How long a self-test is: the table in docs/verdicts.md is of these.
SELFTEST := --cycles 20 --healthy-cycles 200

.PHONY: selftest
selftest: deps build mutants ## show that chaosctl catches servers that are broken on purpose, and no others
	@bin/chaosctl selftest $(SELFTEST)

# The race detector needs a C compiler, which a bare machine has not.
.PHONY: test
test: NEEDS += gcc python3 nodejs npm
test: deps build lint vuln $(GOTESTSUM) ## run every test: linters, unit tests with the race detector, privileged and end-to-end tests
	@race=-race; type -P gcc >/dev/null || { race=; echo "test: without the race detector: it needs gcc"; }; \
	rm -f bin/test-*.jsonl; status=0; \
	$(GOTESTSUM) --format pkgname --jsonfile bin/test-unit.jsonl -- $$race -timeout 10m $$(go list ./... | grep -v '/test/e2e$$') || status=$$?; \
	$(GOTESTSUM) --format testname --jsonfile bin/test-e2e.jsonl -- -count 1 -timeout 15m ./test/e2e || status=$$?; \
	$(MAKE) --no-print-directory test-sdk || status=$$?; \
	$(MAKE) --no-print-directory fuzz || status=$$?; \
	exit $$status

.PHONY: test-sdk
test-sdk: build ## build the TypeScript SDK and test it against a real server
	@cd sdk/typescript && npm ci --no-audit --no-fund --silent && AI_MEMORY_BIN="$(abspath bin/ai-memory)" npm --silent test

# How long each parser is fuzzed: FUZZTIME=10m for a thorough run. Minimizing is bounded, as it
# would otherwise take a minute for each input of interest. Go's fuzzer now and then takes the end of its
# time for a failure of the target, and says so; then it is asked again.
FUZZTIME := 3s
FUZZ := go test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x

.PHONY: fuzz
fuzz: ## fuzz every parser, and the command line, for FUZZTIME each (3s)
	@for target in $$(git grep -ohE '^func Fuzz[A-Za-z]+' | sed 's/^func //' | sort -u); do \
		package=$$(git grep -lE "^func $$target\(" | head -n 1 | xargs dirname); \
		tries=0; \
		until $(FUZZ) -fuzz "^$$target\$$" "./$$package" >bin/fuzz.txt 2>&1; do \
			tries=$$((tries + 1)); \
			if [ $$tries = 3 ] || grep -q 'Failing input' bin/fuzz.txt || ! grep -q 'context deadline exceeded' bin/fuzz.txt; then \
				cat bin/fuzz.txt; exit 1; \
			fi; \
		done; \
		echo "fuzz: $$target: $$(grep -oE '(execs|baseline coverage): [0-9/]+' bin/fuzz.txt | tail -n 1)"; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## check formatting and run the linters
	@unformatted="$$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted with gofmt: $$unformatted"; exit 1; fi
	@go vet ./...
	@$(GOLANGCI_LINT) run ./...

# Exit status 3 says that a vulnerability was found; others, that the database was out of reach.
.PHONY: vuln
vuln: $(GOVULNCHECK) ## look for known vulnerabilities in what is called
	@status=0; $(GOVULNCHECK) ./... >bin/vuln.txt 2>&1 || status=$$?; \
	case $$status in \
		0) ;; \
		3) cat bin/vuln.txt; exit 1;; \
		*) echo "vuln: not checked: $$(tail -n 1 bin/vuln.txt)";; \
	esac

.PHONY: bench
bench: ## run the benchmarks of all packages
	@go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-cycle
bench-cycle: NEEDS := iptables
bench-cycle: deps build ## measure what a cycle costs, stage by stage
	@go run ./test/benchcycle -chaosctl bin/chaosctl

.PHONY: generate
generate: ## make generated files anew
	@go generate ./...

.PHONY: clean
clean: ## remove what was built; campaigns in runs/ are kept
	@rm -rf bin

$(GOLANGCI_LINT):
	@GOBIN="$(abspath $(@D))" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(GOVULNCHECK):
	@GOBIN="$(abspath $(@D))" go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)

$(GOTESTSUM):
	@GOBIN="$(abspath $(@D))" go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)
