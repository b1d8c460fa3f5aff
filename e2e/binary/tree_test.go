//go:build e2e && unix

package binary

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A tree is everything below a directory, by path.
type tree map[string]entry

type entry struct {
	mode    fs.FileMode
	data    string    // a regular file's, a symbolic link's
	written time.Time // a regular file's
}

func treeOf(t testing.TB, dir string) tree {
	t.Helper()
	all := tree{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode()}
		switch {
		case e.mode.IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			e.data, e.written = string(data), info.ModTime()
		case e.mode.Type() == fs.ModeSymlink:
			if e.data, err = os.Readlink(path); err != nil {
				return err
			}
		}
		all[rel] = e
		return nil
	})
	must(t, err)
	return all
}

// differs says where two trees differ in names, modes and bytes, "" if nowhere.
func (have tree) differs(want tree) string { return have.compare(want, false) }

// touched is differs for a tree that nobody may have written to: it looks at the files' times too.
func (have tree) touched(want tree) string { return have.compare(want, true) }

func (have tree) compare(want tree, times bool) string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(have)) {
		h := have[path]
		switch w, ok := want[path]; {
		case !ok:
			lines = append(lines, path+": should not be there")
		case h.mode != w.mode:
			lines = append(lines, fmt.Sprintf("%s: mode %v, want %v", path, h.mode, w.mode))
		case h.data != w.data:
			lines = append(lines, fmt.Sprintf("%s: %.60q, want %.60q", path, h.data, w.data))
		case times && !h.written.Equal(w.written):
			lines = append(lines, path+": was written again")
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if _, ok := have[path]; !ok {
			lines = append(lines, path+": is missing")
		}
	}
	if n := len(lines); n > 10 {
		lines = append(lines[:10], fmt.Sprintf("and %d more", n-10))
	}
	return strings.Join(lines, "\n")
}

// temporary is the name of what a run that was killed leaves behind.
var temporary = regexp.MustCompile(`\.crdb-init-[a-z0-9]{10}`)

// sweep parts what runs left behind from the rest, and returns the directories' names too.
func (have tree) sweep() (rest, litter tree, names []string) {
	rest, litter = tree{}, tree{}
	for path, e := range have {
		if name := temporary.FindString(path); name == "" {
			rest[path] = e
		} else {
			litter[path] = e
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return rest, litter, slices.Compact(names)
}

// longAgo is when the files were written that a test finds in a directory.
var longAgo = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

// write makes files below dir, by path: the mode, a space, the content. A directory's path ends with a slash.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	paths := slices.Sorted(maps.Keys(files))
	for _, path := range paths {
		_, data, _ := strings.Cut(files[path], " ")
		full := filepath.Join(dir, path)
		must(t, os.MkdirAll(filepath.Dir(full), 0o755))
		if strings.HasSuffix(path, "/") {
			must(t, os.MkdirAll(full, 0o755))
		} else {
			must(t, os.WriteFile(full, []byte(data), 0o600), os.Chtimes(full, longAgo, longAgo))
		}
	}
	for _, path := range slices.Backward(paths) { // a directory that is closed comes after what is in it
		octal, _, _ := strings.Cut(files[path], " ")
		bits, err := strconv.ParseUint(octal, 8, 12)
		mode := fs.FileMode(bits) & fs.ModePerm
		if bits&0o1000 != 0 {
			mode |= fs.ModeSticky
		}
		must(t, err, os.Chmod(filepath.Join(dir, path), mode))
	}
}
