# make test    Go alone, under a minute          make e2e     starters for real (TOOL=django for one)
# make lint    what the tests take for granted   make golden  rewrite testdata/golden, then read the diff
SHELL := bash
.SHELLFLAGS := -o pipefail -c
GO ?= go
TOOL ?=

staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
deadcode := golang.org/x/tools/cmd/deadcode@v0.52.0

# Stripped, and inlined only where the program spends its time: a twelfth smaller, and no slower.
hot := runtime runtime/... internal/runtime/... text/template/... strings bytes github.com/crdb-init/...
release := -trimpath -ldflags '-s -w' -gcflags all=-l $(patsubst %,-gcflags %=,$(hot))

.PHONY: build test lint e2e standin golden locks fuzz bench dist templates clean

build:
	$(GO) build $(release) -o bin/crdb-init ./cmd/crdb-init

test:
	$(GO) test ./...

# Files for other systems and behind tags are checked as well: they have no other reader here.
lint:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt -w:" $$out; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags e2e,lint,bench ./...
	GOOS=windows $(GO) vet ./cmd/... ./doctor/... ./generator/... ./skeletons/...
	GOOS=darwin $(GO) vet ./cmd/... ./doctor/... ./generator/... ./skeletons/...
	$(GO) run $(staticcheck) -tags e2e,lint,bench ./...
	@out=$$($(GO) run $(deadcode) -test -tags e2e,lint,bench ./...); test -z "$$out" || { echo "$$out"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) test -tags lint -count=1 -run Lint ./cmd

# Run in its own folder the suite prints its table; the parts come first, because they say why it could fail.
e2e:
ifeq ($(TOOL),)
	$(GO) test -tags e2e -count=1 -timeout 10m $$($(GO) list -tags e2e ./e2e/... | grep -v '/e2e$$')
endif
	cd e2e && TOOL=$(TOOL) $(GO) test -tags e2e -count=1 -timeout 80m

# A database to try a starter on: prints its DATABASE_URL and runs until interrupted.
DEPLOYMENT ?= local
standin:
	@$(GO) build -tags e2e -o bin/standin ./e2e/cmd/standin
	@exec bin/standin -deployment $(DEPLOYMENT)

golden:
	$(GO) test ./cmd -run Golden -update

locks:
	$(GO) test ./cmd -run Locks -lock '$(TOOL)' -v

# Each target for FUZZTIME; what it finds is kept under testdata/fuzz and replayed by make test.
FUZZTIME ?= 30s
fuzz:
	$(GO) test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) -fuzzminimizetime 100x ./generator/conn
	$(GO) test -run '^$$' -fuzz FuzzFormat -fuzztime $(FUZZTIME) -fuzzminimizetime 100x ./generator/conn
	$(GO) test -run '^$$' -fuzz FuzzName -fuzztime $(FUZZTIME) -fuzzminimizetime 100x ./generator
	$(GO) test -run '^$$' -fuzz FuzzMapPath -fuzztime $(FUZZTIME) -fuzzminimizetime 100x ./generator

bench: build
	$(GO) test -tags bench -count=1 -run Bench -v ./cmd | grep -v '^=== '

# What a release has: the same commit and the same Go are the same bytes.
dist:
	rm -rf dist && mkdir dist
	for os in linux darwin windows; do for arch in amd64 arm64; do \
		case $$os in windows) ext=.exe;; *) ext=;; esac; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build $(release) -o dist/crdb-init-$$os-$$arch$$ext ./cmd/crdb-init || exit; \
	done; done
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(GO) run ./cmd/internal/release docs dist/crdb-init-docs.tar.gz
	cd dist && sha256sum crdb-init-* > SHA256SUMS

# Every starter as a template repository: dist/templates/<tool>, to be pushed as it is.
templates:
	rm -rf dist/templates
	$(GO) run ./cmd/internal/release templates dist/templates

clean:
	rm -rf bin dist
