//go:build e2e && unix

package binary

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534

// What the system does not permit is an error that names the thing, and changes nothing. Root may write anywhere and an
// owner may change modes, so root makes what nobody runs the program on.
func TestNotPermitted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run the program as another user")
	}
	overwrite := []string{"--on-conflict", "overwrite"}
	mine := func(paths ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, path := range paths {
				must(t, os.Chown(filepath.Join(dir, path), nobody, nobody))
			}
		}
	}
	for _, tt := range []struct {
		name  string
		seed  map[string]string // app/…; the directory around it has the mode of "./"
		given func(t *testing.T, dir string)
		args  []string
		err   string // "" is a success
		hint  string
	}{
		{
			name: "around a new directory", seed: map[string]string{"./": "555"},
			err: "app: cannot be written: permission denied", hint: "choose a directory that you may write in",
		},
		{
			name: "in the directory", seed: map[string]string{"app/": "555"},
			err: "app: cannot be written: permission denied", hint: "choose a directory that you may write in",
		},
		{
			name: "to look into the directory", seed: map[string]string{"app/": "700", "app/README.md": "644 theirs\n"},
			err: "app: permission denied", hint: "choose another directory",
		},
		{
			name: "in a folder of the directory", seed: map[string]string{"app/": "777", "app/src/": "555"},
			err: "src/deep: permission denied", hint: "nothing was changed",
		},
		{
			name: "to read a file that may differ", seed: map[string]string{"app/": "777", "app/README.md": "600 theirs\n"}, args: overwrite,
			err: "README.md: permission denied", hint: "make it readable, or choose another directory",
		},
		{
			name: "to look into a folder", seed: map[string]string{"app/": "777", "app/src/": "700"}, args: overwrite,
			err: "src/deep: permission denied", hint: "make it readable, or choose another directory",
		},
		{
			// The first files are replaced by then, and another user's file cannot be put back by a link to it.
			name: "in a folder, after a file of another user's was replaced",
			seed: map[string]string{"app/": "777", "app/README.md": "644 theirs\n", "app/LICENSE": "444 theirs\n", "app/src/": "555"}, args: overwrite,
			err: "src/deep: permission denied", hint: "nothing was changed",
		},
		{
			name: "to replace a file of another user's in a sticky directory", seed: map[string]string{"app/": "1777", "app/README.md": "666 theirs\n"}, args: overwrite,
			err: "README.md: operation not permitted", hint: "nothing was changed",
		},
		{
			name: "nothing but what is needed: a read-only file in one's own directory",
			seed: map[string]string{"app/": "755", "app/README.md": "444 mine\n"}, given: mine("app", "app/README.md"), args: overwrite,
		},
		{
			name: "nothing but what is needed: another user's file is kept",
			seed: map[string]string{"app/": "777", "app/README.md": "644 theirs\n"}, args: []string{"--on-conflict", "skip"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, t.TempDir(), library(t, t.TempDir(), 0), tt.seed, tt.args...)
			if tt.given != nil {
				tt.given(t, w.dir)
			}
			before := treeOf(t, w.dir)
			r := w.runAsNobody(t)
			after := treeOf(t, w.dir)
			if tt.err == "" {
				if r.code != 0 || len(after) <= len(before) {
					t.Error(r)
				}
				return
			}
			if want := "crdb-init: " + tt.err + "\ncrdb-init: hint: " + tt.hint + "\n"; r.code != 1 || r.stdout != "" || r.stderr != want {
				t.Errorf("%v; want\n%s", r, want)
			}
			if diff := after.touched(before); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A directory that already holds everything is not written to, so it may be closed.
func TestNothingToWriteNeedsNoPermission(t *testing.T) {
	w := newWorld(t, t.TempDir(), library(t, t.TempDir(), 0), map[string]string{"./": "777"})
	if r := w.runAsNobody(t); r.code != 0 {
		t.Fatal(r)
	}
	for path, e := range treeOf(t, w.dir) {
		if e.mode.IsDir() {
			must(t, os.Chmod(filepath.Join(w.dir, path), 0o555))
		}
	}
	before := treeOf(t, w.dir)
	r := w.runAsNobody(t)
	if r.code != 0 || !strings.Contains(r.stdout, "nothing was written") {
		t.Error(r)
	}
	if diff := treeOf(t, w.dir).touched(before); diff != "" {
		t.Error(diff)
	}
	for path, e := range before {
		must(t, os.Chmod(filepath.Join(w.dir, path), e.mode.Perm()|0o700)) // or only root could remove it
	}
}

func (w world) runAsNobody(t *testing.T) result {
	t.Helper()
	cmd := w.command()
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, dir := range []string{filepath.Dir(w.dir), filepath.Dir(filepath.Dir(w.dir)), w.args[1], filepath.Dir(w.args[1])} {
			must(t, os.Chmod(dir, 0o755))
		}
	}
	return finish(t, cmd)
}
