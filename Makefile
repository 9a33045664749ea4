# konfa. `make demo` shows it, `make test` checks it, `make build` makes bin/konfa.

TAGS    := sqlite_fts5
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := $(if $(VERSION),-X main.release=$(VERSION))
# make demo DATA=some/directory keeps the three cities there.
DATA    ?=
# How long make fuzz and make soak spend on each target.
FUZZ    ?= 60s
SOAK    ?= 10m

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build demo test check unit race browser fuzz bench soak cover clean setup

build:
	@mkdir -p bin
	$(GO) build -tags $(TAGS) -trimpath -ldflags '-s -w $(LDFLAGS)' -o bin/konfa ./cmd/konfa

demo: build
	bin/konfa demo $(if $(DATA),--data '$(DATA)')

# Everything that must hold before a change lands. The tests run once, under the
# race detector, against SQLite and a PostgreSQL of their own; then the journeys in
# a browser, alone, as a browser has no patience with a machine that is busy.
test: setup check build
	KONFA_TEST_ALL=1 KONFA_FEDIFY=$(CURDIR)/test/fedify KONFA_TEST_PROGRAM=$(CURDIR)/bin/konfa test/with-postgres.sh $(GO) test -race -tags $(TAGS) -timeout 60m $$($(GO) list -tags $(TAGS) ./... | grep -v /test/browser$$)
	KONFA_TEST_ALL=1 KONFA_TEST_PROGRAM=$(CURDIR)/bin/konfa $(GO) test -count=1 -tags $(TAGS) -timeout 60m ./test/browser
	test/fuzz.sh 500x
	KONFA_DEMO_ONCE=1 bin/konfa demo

setup:
	test/setup.sh

check:
	test/gofmt.sh
	$(GO) vet -tags $(TAGS) ./...
	GOFLAGS= $(GO) run $(STATICCHECK) -tags $(TAGS) ./...

# The tests alone, quicker: no race detector, no PostgreSQL unless
# KONFA_TEST_POSTGRES names one.
unit:
	$(GO) test -tags $(TAGS) ./...

race:
	test/with-postgres.sh $(GO) test -race -count=1 -tags $(TAGS) -timeout 60m ./...

# The journeys in a real browser alone; pictures of every page in bin/screens.
browser: setup build
	KONFA_TEST_BROWSER=1 KONFA_TEST_PROGRAM=$(CURDIR)/bin/konfa $(GO) test -count=1 -tags $(TAGS) -timeout 60m -v ./test/browser

fuzz:
	test/fuzz.sh $(FUZZ)

# What one follow, delivery, inbound activity and page costs the real program,
# against simulated peers; then the parts one by one.
bench: build
	$(GO) run ./test/bench -konfa bin/konfa
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem -timeout 30m $$(test/packages.sh '^func Benchmark')

# Property tests with a hundred thousand cases each, then long fuzzing.
soak:
	$(GO) test -race -count=1 -tags $(TAGS) -timeout 0 $$(test/packages.sh 'rapid\.Check') -rapid.checks=100000
	test/fuzz.sh $(SOAK)

cover:
	@mkdir -p bin
	test/with-postgres.sh $(GO) test -tags $(TAGS) -coverpkg=./... -coverprofile=bin/cover.out ./...
	$(GO) tool cover -html=bin/cover.out -o bin/cover.html
	$(GO) tool cover -func=bin/cover.out | tail -n 1

clean:
	rm -rf bin test/fedify/node_modules test/browser/node_modules
