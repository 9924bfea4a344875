# GouchDB. Two commands matter to a newcomer: `make demo` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
# Packages that are compiled to WebAssembly and tested under Node, where IndexedDB is fake-indexeddb.
WASM_PACKAGES := ./core/... ./adapters/... ./wasm/... ./internal/regexps/...
FUZZTIME ?= 10s
SOAK_SECONDS ?= 300
BENCHTIME ?= 1s
# Not empty: the command and the package are built already, as make test does once for all that use them.
BUILT ?=
# How many test files of JavaScript run at a time: each keeps less than one core busy.
FILES ?= 2

# Without the paths of this clone what is compiled is the same in every clone, for one build cache.
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -trimpath)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

# ---- what a fresh machine lacks -------------------------------------------------------------------

.PHONY: packages
packages:
	@GO=$(GO) scripts/install-packages

js/node_modules/.installed: js/package-lock.json js/package.json
	cd js && npm ci --no-audit --no-fund
	@touch $@

bench/node_modules/.installed: bench/package-lock.json bench/package.json
	cd bench && npm ci --no-audit --no-fund
	@touch $@

node_test/node_modules/.installed: node_test/package-lock.json node_test/package.json
	cd node_test && npm ci --no-audit --no-fund
	@touch $@

# Not npm ci: it refuses a lock file that lacks the bundlers' native parts for other platforms, which not every registry has.
node_test/bundlers/node_modules/.installed: node_test/bundlers/package-lock.json node_test/bundlers/package.json
	cd node_test/bundlers && npm install --no-save --no-audit --no-fund
	@touch $@

.PHONY: setup
setup: packages js/node_modules/.installed node_test/node_modules/.installed node_test/bundlers/node_modules/.installed ## install npm packages and Debian's chromium and gcc

# ---- building -------------------------------------------------------------------------------------

.PHONY: build
build: ## build the gouchdb command into build/
	$(if $(BUILT),,$(GO) build -o build/gouchdb ./cmd/gouchdb)

.PHONY: js
js: js/node_modules/.installed ## build the npm package in js/ (TypeScript and wasm)
	$(if $(BUILT),,scripts/build-js)

.PHONY: demo
demo: build js ## start the example app with an embedded sync server, and print its address
	scripts/demo

# ---- testing --------------------------------------------------------------------------------------

.PHONY: test
test: setup ## everything: linters, Go, wasm in Node and Chromium, the npm package, the demo's story, size
	$(MAKE) build js
	$(MAKE) BUILT=yes lint
	$(MAKE) BUILT=yes test-go
	$(MAKE) BUILT=yes test-wasm
	$(MAKE) BUILT=yes test-node
	$(MAKE) BUILT=yes test-browser
	$(MAKE) BUILT=yes size
	@echo "all tests passed"

.PHONY: lint
lint: js/node_modules/.installed ## gofmt, go vet, staticcheck, import rules, tsc --strict, eslint
	scripts/lint

.PHONY: test-go
test-go: build packages node_test/node_modules/.installed ## Go tests, natively, with the race detector
	$(GO) test -race -shuffle=on -vet=off ./... # make lint has vetted all

.PHONY: test-wasm
test-wasm: node_test/node_modules/.installed ## Go tests compiled to wasm, in Node with a fake IndexedDB
	scripts/test-wasm $(WASM_PACKAGES)

.PHONY: test-node
test-node: build js packages node_test/node_modules/.installed node_test/bundlers/node_modules/.installed ## the npm package and the server, used from Node and through bundlers
	cd node_test && node --test --test-concurrency=$(FILES) *.test.mjs

.PHONY: test-browser
test-browser: build js packages node_test/node_modules/.installed ## real browsers: wasm suites, the package, the demo's story
	cd wasm_exec_test && node --test --test-concurrency=$(FILES) *.test.mjs

.PHONY: soak
soak: build js packages node_test/node_modules/.installed ## random scripts, several contexts, crashes and damage, for SOAK_SECONDS each; then all fuzz targets
	scripts/soak $(SOAK_SECONDS)s $(FUZZTIME)
	SOAK_SECONDS=$(SOAK_SECONDS) node --test --test-concurrency=1 --test-timeout=0 wasm_exec_test/contexts.test.mjs wasm_exec_test/crash.test.mjs node_test/crash.test.mjs

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME
	scripts/fuzz $(FUZZTIME)

# ---- measuring ------------------------------------------------------------------------------------

.PHONY: bench
bench: ## Go benchmarks of the pure packages, the storage and the document store
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./core/...

.PHONY: bench-browser
bench-browser: js packages bench/node_modules/.installed node_test/node_modules/.installed ## this project against PouchDB and Dexie in Chromium; BENCH="--rounds 1 --only get-each"
	node bench/run.mjs $(BENCH)

.PHONY: bench-replication
bench-replication: build js bench/node_modules/.installed node_test/node_modules/.installed ## replication beside PouchDB, in Node or with BENCH="--browser" in Chromium, through a proxy that counts and delays
	node bench/replication.mjs $(BENCH)

.PHONY: size
size: js ## raw, gzip and brotli size of the wasm and the JavaScript; fails above the budget
	node scripts/size.mjs
