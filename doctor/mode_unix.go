//go:build unix

package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// looseMode returns a key file's mode and whether libpq would refuse it: it belongs to its owner alone, but one of root's
// may be read by its group.
func looseMode(file string) (string, bool) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	forbidden := fs.FileMode(0o077)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 {
		forbidden = 0o037
	}
	return fmt.Sprintf("%04o", info.Mode().Perm()), info.Mode()&forbidden != 0
}
