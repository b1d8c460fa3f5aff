package generator

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Overlay lays a user's own skeletons over others: a tool, a layer or a partial that over holds stands in for the one of the
// same name, whole; what it does not hold comes from base.
func Overlay(base, over fs.FS) fs.FS { return overlay{base, over} }

type overlay struct{ base, over fs.FS }

// unit is what is replaced as a whole: a tool's folder, one layer's, one partial.
func unit(name string) string {
	first, rest, _ := strings.Cut(name, "/")
	if first != layers && first != partials {
		return first
	}
	second, _, _ := strings.Cut(rest, "/")
	return path.Join(first, second)
}

// merged says whether a folder's entries come from both sides.
func merged(name string) bool { return name == "." || name == layers || name == partials }

func (o overlay) side(name string) fs.FS {
	if _, err := fs.Stat(o.over, unit(name)); !errors.Is(err, fs.ErrNotExist) {
		return o.over
	}
	return o.base
}

func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.side(name).Open(name)
	if err != nil || !merged(name) {
		return f, err
	}
	entries, err := o.ReadDir(name)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &mergedDir{f, entries}, nil
}

// mergedDir is an open folder whose entries come from both sides.
type mergedDir struct {
	fs.File
	left []fs.DirEntry
}

func (d *mergedDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.left) {
		n = len(d.left)
	}
	entries := d.left[:n:n]
	d.left = d.left[n:]
	return entries, nil
}

func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	if !merged(name) {
		return fs.ReadDir(o.side(name), name)
	}
	over, err := fs.ReadDir(o.over, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	base, err := fs.ReadDir(o.base, name)
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && over != nil) {
		return nil, err
	}
	for _, e := range base {
		if !slices.ContainsFunc(over, func(x fs.DirEntry) bool { return x.Name() == e.Name() }) {
			over = append(over, e)
		}
	}
	slices.SortFunc(over, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return over, nil
}
