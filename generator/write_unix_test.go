//go:build unix

package generator

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Modes are what the umask makes of them, in a new directory and in an old one; only .env is above that.
func TestWriteUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	for _, umask := range []int{0, 0o002, 0o022, 0o027, 0o077} {
		for _, existing := range []bool{false, true} {
			t.Run(fmt.Sprintf("%04o existing %t", umask, existing), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "app")
				if existing {
					mustDo(t, os.Mkdir(dir, 0o755))
				}
				list := changes(t, dir)
				syscall.Umask(umask)
				err := Write(t.Context(), dir, list, Fail)
				syscall.Umask(0o022)
				mustDo(t, err)
				dirMode, fileMode, execMode := fs.FileMode(0o777&^umask), fs.FileMode(0o666&^umask), fs.FileMode(0o777&^umask)
				want := map[string]fs.FileMode{
					"src": dirMode, "src/deep/er": dirMode, "README.md": fileMode, "bin/run.sh": execMode, ".env": 0o600,
				}
				if !existing {
					want["."] = dirMode
				}
				for p, mode := range want {
					info, err := os.Stat(filepath.Join(dir, p))
					mustDo(t, err)
					if info.Mode().Perm() != mode {
						t.Errorf("%s: %v, want %v", p, info.Mode(), mode)
					}
				}
			})
		}
	}
}

// A umask may even take the owner's right to read: .env has it all the same.
func TestWriteUmaskOwner(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	mustDo(t, err)
	defer root.Close()
	defer syscall.Umask(syscall.Umask(0o777))
	mustDo(t, writeFile(root, File{Path: ".env", Secret: true}, func(string, string) error { return nil }))
	info, err := root.Stat(".env")
	mustDo(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
}

func TestCompareSpecialFile(t *testing.T) {
	dir := t.TempDir()
	mustDo(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	_, err := CompareDir([]File{{Path: "pipe"}}, dir)
	if err == nil || err.Error() != "pipe: special file where a file must go" {
		t.Error(err)
	}
	changes, err := CompareDir([]File{{Path: "pipe", Secret: true}}, dir)
	if err != nil || changes[0].Kind() != Kept {
		t.Error(changes, err)
	}
}
