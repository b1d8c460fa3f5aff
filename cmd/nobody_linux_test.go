package cmd

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// nobody CODE ARG... runs crdb-init as a user without rights: to root, everything is writable.
func nobody(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: nobody CODE ARG...")
	}
	// That user must reach the working directory, but not the test binary: it is handed over open.
	dir := ts.MkAbs(".")
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		ts.Check(os.Chmod(d, 0o755))
	}
	self, err := os.Executable()
	ts.Check(err)
	program, err := os.Open(self)
	ts.Check(err)
	defer program.Close()
	var out, errs bytes.Buffer
	cmd := &exec.Cmd{
		Path: "/proc/self/fd/3", Args: append([]string{"crdb-init"}, args[1:]...), ExtraFiles: []*os.File{program},
		Dir: dir, Env: []string{"PATH=" + ts.Getenv("PATH"), "HOME=/nonexistent"}, Stdout: &out, Stderr: &errs,
		SysProcAttr: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}},
	}
	err = cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		ts.Check(err)
	}
	ts.Stdout().Write(out.Bytes())
	ts.Stderr().Write(errs.Bytes())
	if have := strconv.Itoa(cmd.ProcessState.ExitCode()); have != args[0] {
		ts.Fatalf("exit code %s, want %s: %s", have, args[0], errs.String())
	}
}
