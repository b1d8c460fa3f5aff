//go:build e2e

package binary

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// onDisk runs a command in a copy of $PWD/seed on a disk of its own, and copies what became of it to $PWD/after.
// The disk is gone with the process.
const onDisk = `
mount -t tmpfs -o "$1" none disk && shift && cp -a seed/. disk || exit 99
(cd disk && exec "$@")
code=$?
cp -a disk/. after || exit 99
exit $code
`

// A disk that fills up stays full, unlike one operation that fails: undoing has to do with what there is.
func TestDiskIsFull(t *testing.T) {
	unshare := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	if out, err := exec.Command(unshare[0], append(unshare[1:], "sh", "-c", "mount -t tmpfs none /mnt")...).CombinedOutput(); err != nil {
		t.Skipf("no disk of one's own here: %v: %s", err, out)
	}
	skeletons := library(t, t.TempDir(), 0)
	for _, tt := range []struct {
		name string
		seed map[string]string
		args []string
	}{
		{"a new directory", nil, nil},
		{"a full directory", full, []string{"--on-conflict", "overwrite"}},
	} {
		before, after := made(t, t.TempDir(), skeletons, tt.seed, tt.args...)
		blocks := 0
		for _, e := range before {
			if e.mode.IsRegular() {
				blocks++ // all are smaller than one
			}
		}
		for _, disk := range []struct {
			name   string
			least  int
			option func(n int) string
		}{
			{"blocks", max(blocks, 1), func(n int) string { return "mode=755,nr_inodes=1000,nr_blocks=" + strconv.Itoa(n) }},
			{"inodes", len(before), func(n int) string { return "mode=755,size=1m,nr_inodes=" + strconv.Itoa(n) }},
		} {
			t.Run(tt.name+", "+disk.name, func(t *testing.T) {
				t.Parallel()
				for n := disk.least; ; n++ {
					w := newWorld(t, t.TempDir(), skeletons, nil, tt.args...)
					write(t, w.dir, map[string]string{"seed/": "755", "disk/": "755", "after/": "755"})
					write(t, filepath.Join(w.dir, "seed"), tt.seed)
					r := w.run(t, append(unshare, "sh", "-c", onDisk, "sh", disk.option(n))...)
					have := treeOf(t, filepath.Join(w.dir, "after"))
					switch {
					case r.code == 0 && n < disk.least+5:
						t.Fatalf("%d %s are enough: is there a limit?", n, disk.name)
					case r.code == 0:
						if diff := have.differs(after); diff != "" {
							t.Errorf("%d %s: exit code 0, but not complete:\n%s", n, disk.name, diff)
						}
						t.Logf("%d to %d %s are too few", disk.least, n-1, disk.name)
						return
					case r.code != 1 || r.malformed() != "" || !strings.Contains(r.stderr, "no space left on device"):
						t.Fatalf("%d %s: %s\n%v", n, disk.name, r.malformed(), r)
					}
					if diff := have.touched(before); diff != "" {
						t.Errorf("%d %s: not as it was:\n%s\n%v", n, disk.name, diff, r)
					}
				}
			})
		}
	}
}
