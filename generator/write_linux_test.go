package generator

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// Root may write everywhere, so the permissions are met as nobody, on a thread of their own.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mustDo(t, syscall.Setfsuid(65534))
	defer func() { mustDo(t, syscall.Setfsuid(0)) }()
	f()
}

func TestWriteNotPermitted(t *testing.T) {
	top := t.TempDir()
	for d := top; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		mustDo(t, os.Chmod(d, 0o755))
	}
	mkdir := func(name string, mode os.FileMode) {
		name = filepath.Join(top, name)
		mustDo(t, os.Mkdir(name, 0o777), os.Chmod(name, mode))
	}
	mkdir("closed", 0o555)
	mkdir("hidden", 0)
	mkdir("open", 0o777)
	mkdir("open/src", 0o555)
	mkdir("unread", 0o777)
	mustDo(t, os.WriteFile(filepath.Join(top, "unread", "README.md"), nil, 0o666), os.Chmod(filepath.Join(top, "unread", "README.md"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(top, "hidden"), 0o755) })
	snapshot := func() map[string]string {
		for _, name := range []string{"hidden", "unread/README.md"} {
			name = filepath.Join(top, name)
			mustDo(t, os.Chmod(name, 0o755))
			defer os.Chmod(name, 0)
		}
		return tree(t, top)
	}
	before := snapshot()
	const elsewhere = "choose a directory that you may write in"
	tests := []struct{ dir, err, hint string }{
		{"closed", "$DIR: cannot be written: permission denied", elsewhere},
		{"closed/app", "$DIR: cannot be written: permission denied", elsewhere},
		{"hidden", "$DIR: permission denied", "choose another directory"},
		{"hidden/app", "$DIR: permission denied", "choose another directory"},
		{"open", "src/deep: permission denied", "nothing was changed"},
		{"unread", "README.md: permission denied", "make it readable, or choose another directory"},
	}
	for _, tt := range tests {
		dir := filepath.Join(top, tt.dir)
		var err error
		asNobody(t, func() {
			var list []Change
			if list, err = CompareDir(plan(), dir); err == nil {
				err = Write(t.Context(), dir, list, Fail)
			}
		})
		if want := strings.Replace(tt.err, "$DIR", dir, 1); err == nil || err.Error() != want || hint(err) != tt.hint {
			t.Errorf("%v (%s); want %s (%s)", err, hint(err), want, tt.hint)
		}
	}
	sameTree(t, snapshot(), before)
}
