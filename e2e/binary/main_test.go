//go:build e2e && unix

// Package binary tests the real crdb-init, the process that a user runs: every
// file operation of a run made to fail in turn, the disk full, permissions
// missing, signals at random moments, a person at a terminal, and the program
// as go install makes it from a module zip.
//
//	go test -tags e2e ./e2e/binary
//
// It needs neither a database nor another language's runtime. What the machine
// cannot do (no strace, no ptrace) is skipped by name; with E2E_REQUIRED=1 it
// is a failure.
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var program string // the crdb-init under test

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "e2e/binary:", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "crdb-init-binary-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // for the tests that run it as another user
		return fail(err)
	}
	program = filepath.Join(dir, "crdb-init")
	build := exec.Command("go", "build", "-o", program, "./cmd/crdb-init")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is published: the same system calls on every machine
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("go build ./cmd/crdb-init: %w\n%s", err, out))
	}
	return m.Run()
}

// lacking ends a test that this machine cannot run.
func lacking(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("E2E_REQUIRED") == "1" {
		t.Fatalf("%s (E2E_REQUIRED=1)", why)
	}
	t.Skip(why)
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
