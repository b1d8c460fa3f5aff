package generator

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/module"
)

// maxFile keeps a mistake, a binary left in a skeleton, from becoming every user's.
const maxFile = 4 << 20

// checkPath refuses a path that a module zip drops or refuses, or that some system cannot have.
func checkPath(p string) error {
	if err := module.CheckFilePath(p); err != nil {
		_, why, _ := strings.Cut(err.Error(), ": ")
		return fmt.Errorf("%q: %s", p, why)
	}
	for e := range strings.SplitSeq(p, "/") {
		if e == "vendor" {
			return fmt.Errorf("%q: module zips leave out what is below vendor", p)
		}
		if e == ".git" {
			return fmt.Errorf("%q: git's own", p)
		}
	}
	return nil
}

// checkPaths refuses two sources of one path, and paths that are one where case does not count. The files are sorted.
func checkPaths(files []File) error {
	seen := map[string]File{}
	dirs := map[string]string{}
	for _, f := range files {
		key := strings.ToLower(f.Path)
		if other, twice := seen[key]; twice {
			if other.Path == f.Path {
				return fmt.Errorf("%s: comes from %s and from %s", f.Path, other.Source, f.Source)
			}
			return fmt.Errorf("%s: %s differs by case only", f.Path, other.Path)
		}
		seen[key] = f
		for d := path.Dir(f.Path); d != "."; d = path.Dir(d) {
			if other, ok := dirs[strings.ToLower(d)]; ok && other != d {
				return fmt.Errorf("%s: folder %s differs by case only", f.Path, other)
			}
			dirs[strings.ToLower(d)] = d
		}
	}
	for d, name := range dirs {
		if f, ok := seen[d]; ok {
			return fmt.Errorf("%s: from %s, is a folder too: %s", f.Path, f.Source, name)
		}
	}
	return nil
}

// checkText refuses text that a txtar archive or a checkout would change. What is not text has a NUL byte in its beginning.
func checkText(f *File) error {
	switch {
	case len(f.Data) > maxFile:
		return fmt.Errorf("%d bytes, the limit is %d", len(f.Data), maxFile)
	case bytes.IndexByte(f.Data[:min(len(f.Data), 8000)], 0) >= 0:
		return nil
	case !utf8.Valid(f.Data):
		return errors.New("neither UTF-8 nor binary")
	case bytes.IndexByte(f.Data, '\r') >= 0:
		return fmt.Errorf("line %d: a carriage return: lines end with LF", 1+bytes.Count(f.Data[:bytes.IndexByte(f.Data, '\r')], []byte("\n")))
	case len(f.Data) > 0 && f.Data[len(f.Data)-1] != '\n':
		return fmt.Errorf("line %d: no newline at the end", 1+bytes.Count(f.Data, []byte("\n")))
	}
	if at := txtarMarker(f.Data); at >= 0 {
		return fmt.Errorf("line %d: a line of the form -- x -- splits a txtar archive", 1+bytes.Count(f.Data[:at], []byte("\n")))
	}
	return nil
}

// txtarMarker returns where a line begins that begins a file in a txtar archive, which goldens and recorded bases are; -1 for none.
func txtarMarker(data []byte) int {
	for at := 0; ; {
		line := data[at:]
		if bytes.HasPrefix(line, []byte("-- ")) {
			if line, _, _ = bytes.Cut(line, []byte("\n")); bytes.HasSuffix(line, []byte(" --")) {
				return at
			}
		}
		next := bytes.Index(data[at:], []byte("\n-- "))
		if next < 0 {
			return -1
		}
		at += next + 1
	}
}
