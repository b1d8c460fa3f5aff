//go:build e2e && unix

package binary

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	many    = 2000 // files in the skeleton that a run is interrupted on,
	folders = 40   // in as many folders
	rounds  = 8    // signals of a kind in a scene
)

// fullOf is full with a part of those files: every fifth is there, and half of these differ.
func fullOf(after tree) map[string]string {
	files := map[string]string{}
	for path, content := range full {
		files[path] = content
	}
	n := 0
	for path, e := range after {
		if strings.HasPrefix(path, "app/more/") && e.mode.IsRegular() && path[len(path)-5] == '5' {
			if n++; n%2 == 0 {
				files[path] = "640 theirs\n"
			} else {
				files[path] = "444 " + e.data
			}
		}
	}
	return files
}

// A scene is a large run into a directory.
type scene struct {
	name          string
	dir, library  string
	seed          map[string]string
	args          []string
	before, after tree
	steps         int // its progress at the end
}

// Signals at random moments of a large run.
func TestSignals(t *testing.T) {
	dir := memory(t)
	skeletons := library(t, dir, many)
	_, whole := made(t, dir, skeletons, nil)
	for _, s := range []*scene{
		{name: "a new directory", dir: dir, library: skeletons, steps: folders},
		{name: "a full directory", dir: dir, library: skeletons, seed: fullOf(whole), args: []string{"--on-conflict", "overwrite"}, steps: 2 * folders},
	} {
		s.before, s.after = made(t, s.dir, s.library, s.seed, s.args...)
		t.Run(s.name+", interrupted", func(t *testing.T) { t.Parallel(); s.interrupted(t) })
		t.Run(s.name+", killed", func(t *testing.T) { t.Parallel(); s.killed(t) })
	}
}

// memory is a directory that is not on a disk, if there is one: ext4 takes seconds for what was just removed to be made again.
func memory(t *testing.T) string {
	t.Helper()
	const shm = "/dev/shm"
	var stat syscall.Statfs_t
	if err := syscall.Statfs(shm, &stat); err != nil || stat.Bavail*uint64(stat.Bsize) < 512<<20 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shm, "crdb-init-e2e-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// signal sends a signal at a random moment, one time in four before anything is written.
func (s *scene) signal(t *testing.T, sig syscall.Signal) (world, result) {
	t.Helper()
	w := newWorld(t, s.dir, s.library, s.seed, s.args...)
	cmd := w.command()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	at := rand.IntN(s.steps)
	early := rand.IntN(4) == 0
	must(t, cmd.Start())
	done := make(chan struct{})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if early {
			time.Sleep(rand.N(30 * time.Millisecond))
		}
		for !early && w.progress() <= at {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Microsecond):
			}
		}
		_ = cmd.Process.Signal(sig) // it may have ended
	}()
	_ = cmd.Wait() // the exit code is read from ProcessState
	close(done)
	<-sent
	return w, result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// progress counts the folders of the large skeleton that there are in the directory and in what is to become it.
func (w world) progress() int {
	n := 0
	for _, place := range []string{"app", ".crdb-init-*", "app/.crdb-init-*/new"} {
		found, _ := filepath.Glob(filepath.Join(w.dir, place, "more", "*"))
		n += len(found)
	}
	return n
}

// An interrupt undoes what was done: exit code 130, the directory byte for byte as it was.
func (s *scene) interrupted(t *testing.T) {
	outcomes := map[string]int{}
	for i := range rounds {
		w, r := s.signal(t, []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}[i%2])
		have := treeOf(t, w.dir)
		must(t, os.RemoveAll(w.dir))
		switch {
		case r.code == 0:
			outcomes["complete"]++
			if diff := have.differs(s.after); diff != "" {
				t.Errorf("exit code 0, but not complete:\n%s", diff)
			}
			continue
		case r.code == 130:
			outcomes["cancelled"]++
			if r.stdout != "" || r.stderr != "crdb-init: cancelled: nothing was written\n" {
				t.Error(r)
			}
		case r.code == -1 && r.stderr == "":
			outcomes["ended by the signal, not yet listening"]++
		default:
			t.Error(r)
		}
		if diff := have.touched(s.before); diff != "" {
			t.Errorf("exit code %d, and not as it was:\n%s", r.code, diff)
		}
	}
	t.Log(outcomes)
}

// A kill leaves every file whole, old or new, what was replaced in a directory whose name says whose it is, and a
// place where the next run works.
func (s *scene) killed(t *testing.T) {
	outcomes := map[string]int{}
	for range rounds {
		w, r := s.signal(t, syscall.SIGKILL)
		rest, litter, names := treeOf(t, w.dir).sweep()
		switch {
		case r.code == 0:
			outcomes["complete"]++
		case rest.touched(s.before) == "" && names == nil:
			outcomes["nothing written"]++
		case rest.touched(s.before) == "":
			outcomes["a temporary directory"]++
		default:
			outcomes["midway"]++
		}
		if len(names) > 1 {
			t.Errorf("left behind: %v", names)
		}
		s.everyFileIsWhole(t, rest, litter)

		if again := w.run(t); again.code != 0 || again.stderr != "" {
			t.Errorf("the next run: %v", again)
		}
		next, stray, _ := treeOf(t, w.dir).sweep()
		if diff := next.differs(s.after); diff != "" {
			t.Errorf("the next run is not complete:\n%s", diff)
		}
		if diff := stray.touched(litter); diff != "" {
			t.Errorf("the next run changed what may be a user's only copy:\n%s", diff)
		}
		must(t, os.RemoveAll(w.dir))
	}
	t.Log(outcomes)
}

func (s *scene) everyFileIsWhole(t *testing.T, rest, litter tree) {
	t.Helper()
	if s.seed == nil && rest["app"].mode != 0 {
		if diff := rest.differs(s.after); diff != "" {
			t.Errorf("a new directory appeared, but not whole:\n%s", diff)
		}
	}
	saved := map[string]entry{}
	for path, e := range litter {
		if _, old, ok := strings.Cut(path, "/old/"); ok {
			saved[filepath.Join("app", old)] = e
		}
		if filepath.Base(path) == ".env" && e.mode != 0o600 {
			t.Errorf("%s: mode %v", path, e.mode)
		}
	}
	same := func(a, b entry) bool { return a.mode == b.mode && a.data == b.data }
	for path, e := range rest {
		if old, was := s.before[path]; !same(e, s.after[path]) && !(was && same(e, old)) {
			t.Errorf("%s: neither old nor new: %v %.60q", path, e.mode, e.data)
		}
	}
	if rest.differs(s.after) == "" {
		return // everything was replaced as it was asked for, and the old files may be on their way out
	}
	for path, old := range s.before {
		if _, there := rest[path]; !same(old, s.after[path]) && !same(old, rest[path]) && !same(old, saved[path]) {
			t.Errorf("%s: the user's file is lost (there: %t)", path, there)
		}
	}
}
