//go:build e2e

package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What each system call is made to fail with, the usual reason first.
var faults = map[string][]syscall.Errno{
	"openat":     {unix.EACCES, unix.ENOSPC, unix.EIO},
	"mkdirat":    {unix.ENOSPC, unix.EIO, unix.EACCES},
	"write":      {unix.ENOSPC, unix.EIO, unix.EACCES},
	"fchmod":     {unix.ENOSPC, unix.EIO, unix.EACCES},
	"renameat":   {unix.ENOSPC, unix.EIO, unix.EACCES},
	"close":      {unix.EIO, unix.ENOSPC},   // of a network's disk
	"linkat":     {unix.ENOSPC, unix.EPERM}, // EPERM: a file system without links
	"unlinkat":   {unix.EIO, unix.EACCES},
	"read":       {unix.EIO},
	"fstat":      {unix.EIO},
	"newfstatat": {unix.EIO},
	"getdents64": {unix.EIO},
}

// Calls that cannot fail for a reason that a disk has.
var harmless = map[string]bool{"fcntl": true, "epoll_ctl": true}

// Every operation on the disk fails in turn, for every reason it can have. The directory is then byte for byte what it was,
// or, where the program could do without that operation, complete; what cannot be removed is named in the error.
func TestEveryOperationFails(t *testing.T) {
	needStrace(t)
	skeletons := library(t, t.TempDir(), 0)
	for _, tt := range []struct {
		name    string
		seed    map[string]string
		args    []string
		reasons int    // how many for each call
		uses    string // system calls that this run must be seen to make
	}{
		{"a new directory", nil, nil, 3, "openat mkdirat write fchmod close renameat"},
		{"a full directory, overwrite", full, []string{"--on-conflict", "overwrite"}, 3, "openat mkdirat write fchmod close renameat linkat unlinkat"},
		{"an update", older(t), []string{"update", "--allow-dirty", "app"}, 2, "openat mkdirat write close renameat linkat unlinkat"},
		{"a full directory, skip", kept(), []string{"--on-conflict", "skip"}, 1, "openat mkdirat write close linkat unlinkat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSweep(t, skeletons, tt.seed, tt.args)
			s.run(t, tt.reasons, []string{"app", ".crdb-init-"}, tt.uses)
		})
	}
}

// A skeleton that cannot be read is an error before anything is written.
func TestSkeletonsCannotBeRead(t *testing.T) {
	needStrace(t)
	s := newSweep(t, library(t, t.TempDir(), 0), full, []string{"--on-conflict", "overwrite"})
	s.run(t, 1, []string{"skeletons"}, "openat read fstat newfstatat close getdents64")
}

// A sweep runs the program over and over in equal worlds, each time with one fault.
type sweep struct {
	library       string
	seed          map[string]string
	args          []string
	before, after tree
	written       map[string]bool // the paths of files that are written

	mu    sync.Mutex
	count map[string]int // of the outcomes
}

func newSweep(t *testing.T, library string, seed map[string]string, args []string) *sweep {
	s := &sweep{library: library, seed: seed, args: args, written: map[string]bool{}, count: map[string]int{}}
	s.before, s.after = made(t, t.TempDir(), library, seed, args...)
	return s
}

// run makes all operations fail whose path, as trace gives it, begins with one of these.
func (s *sweep) run(t *testing.T, reasons int, begins []string, uses string) {
	_, all := s.trace(t, "%file,%desc", "")
	used := map[string]int{}
	var ops []operation
	for _, op := range all {
		if !slices.ContainsFunc(begins, func(prefix string) bool { return strings.HasPrefix(op.path, prefix) }) {
			continue
		}
		if op.call == "write" {
			s.written[op.path] = true
		}
		if used[op.call]++; faults[op.call] != nil {
			ops = append(ops, op)
		} else if !harmless[op.call] {
			t.Errorf("%s: no fault is known for this call", op.call)
		}
	}
	for call := range strings.FieldsSeq(uses) {
		if used[call] == 0 {
			t.Errorf("%s: never seen", call)
		}
	}
	t.Run("each", func(t *testing.T) {
		for call, errnos := range faults {
			for _, errno := range errnos[:min(reasons, len(errnos))] {
				if used[call] > 0 {
					t.Run(call+" "+unix.ErrnoName(errno), func(t *testing.T) {
						t.Parallel()
						s.fail(t, call, errno, ops)
					})
				}
			}
		}
	})
	t.Logf("%d operations; %v", len(ops), s.count)
}

// fail makes every operation of one call fail. Which thread makes it is the Go scheduler's choice and strace counts by
// thread, so it looks at what has really failed and comes back to what has not.
func (s *sweep) fail(t *testing.T, call string, errno syscall.Errno, ops []operation) {
	left := map[string]int{} // the number that strace must be told, by operation
	for _, op := range ops {
		if op.call == call {
			left[op.String()] = op.nth
		}
	}
	for round := 0; len(left) > 0; round++ {
		if round == 20 {
			t.Errorf("never made to fail: %v", left)
			return
		}
		if round > 0 {
			_, ops = s.trace(t, call, "")
			for _, op := range ops {
				if _, ok := left[op.String()]; ok {
					left[op.String()] = op.nth
				}
			}
		}
		for _, op := range ops {
			nth, ok := left[op.String()]
			if !ok {
				continue
			}
			w, all := s.trace(t, call, fmt.Sprintf("%s:error=%s:when=%d", call, unix.ErrnoName(errno), nth))
			failed := slices.DeleteFunc(all, func(op operation) bool { return !op.injected })
			if len(failed) != 1 {
				continue
			}
			if _, ok := left[failed[0].String()]; ok {
				delete(left, failed[0].String())
				s.judge(t, w, failed[0], errno)
			}
		}
	}
}

// vital says whether a run cannot go on when this fails. A file that was written may be known to be lost only when it is closed.
func (s *sweep) vital(op operation) bool {
	switch op.call {
	case "mkdirat", "write", "fchmod", "renameat":
		return true
	case "close":
		return s.written[op.path]
	}
	return false
}

func (s *sweep) judge(t *testing.T, w traced, op operation, errno syscall.Errno) {
	t.Helper()
	complain := func(format string, args ...any) {
		t.Errorf("%v, %v: %s\n%v", errno, op, fmt.Sprintf(format, args...), w.result)
	}
	rest, _, litter := w.tree.sweep()
	unchanged, complete := rest.touched(s.before), rest.differs(s.after)
	outcome := ""
	switch {
	case w.code == 0:
		outcome = "survived"
		if s.vital(op) {
			complain("exit code 0, but nobody can know that it did no harm")
		}
		if complete != "" {
			complain("exit code 0, but the starter is not complete:\n%s", complete)
		}
		if litter != nil || w.stderr != "" {
			complain("exit code 0, but %v and %q are left", litter, w.stderr)
		}
	case w.code != 1 && !(w.code == 2 && op.path == "skeletons"): // which a flag names
		complain("exit code %d", w.code)
	case !strings.Contains(w.stderr, errno.Error()):
		complain("the error does not name the cause")
	case w.malformed() != "":
		complain("%s", w.malformed())
	case litter == nil:
		if outcome = "failed"; unchanged != "" {
			complain("not as it was:\n%s", unchanged)
		}
	default:
		outcome = "failed, with a leftover"
		for _, name := range litter {
			if !strings.Contains(w.stderr, name+": cannot be removed") {
				complain("the error does not name %s", name)
			}
		}
		if unchanged != "" && complete != "" {
			complain("neither as it was nor complete:\n%s\n%s", unchanged, complete)
		}
	}
	s.mu.Lock()
	s.count[outcome]++
	s.mu.Unlock()
}

// A traced is a run under strace, and what it made of its world.
type traced struct {
	result
	tree tree
}

// trace runs the program and shows its calls of the given names, with a fault unless inject is empty. Operations in the
// world are on app/…, those in the library on skeletons/….
func (s *sweep) trace(t *testing.T, calls, inject string) (traced, []operation) {
	t.Helper()
	for range 5 {
		if w, ops := s.traceOnce(t, calls, inject); !strings.Contains(w.stderr, "strace: ") {
			return w, ops
		}
		// strace has lost a race of its own: a thread ended while it was being stopped ("ptrace(PTRACE_LISTEN): Input/output error").
	}
	t.Fatal("strace itself fails, five times over")
	panic("unreachable")
}

func (s *sweep) traceOnce(t *testing.T, calls, inject string) (traced, []operation) {
	t.Helper()
	w := newWorld(t, t.TempDir(), s.library, s.seed, s.args...)
	defer os.RemoveAll(w.dir)
	log := w.dir + ".strace"
	defer os.Remove(log)
	strace := []string{"strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "300", "-o", log, "-e", "trace=" + calls}
	if inject != "" {
		strace = append(strace, "-e", "inject="+inject)
	}
	cmd := w.command(strace...)
	// A collector's threads would only take calls away from the one that counts.
	cmd.Env = append(cmd.Env, "GOGC=off")
	r := finish(t, cmd)
	text, err := os.ReadFile(log)
	must(t, err)
	return traced{r, treeOf(t, w.dir)}, parseTrace(string(text), map[string]string{w.dir: "", s.library: "skeletons"})
}

// needStrace skips a test where strace cannot inject faults.
func needStrace(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		lacking(t, "strace is not installed")
	}
	log := filepath.Join(t.TempDir(), "log")
	out, err := exec.Command(path, "-f", "--seccomp-bpf", "-o", log, "-e", "trace=mkdir,mkdirat", "-e", "inject=mkdir,mkdirat:error=EIO",
		"mkdir", filepath.Join(t.TempDir(), "x")).CombinedOutput()
	if data, _ := os.ReadFile(log); !strings.Contains(string(data), "(INJECTED)") {
		lacking(t, fmt.Sprintf("strace cannot inject faults here: %v: %s", err, out))
	}
}
