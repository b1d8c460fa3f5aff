package generator

import (
	"errors"
	"fmt"
	"io/fs"
)

// Confine shows of a user's own skeletons only what skeletons are made of: folders and files of a sensible size. Symbolic
// links, also on the way to a file, and devices are errors that name them. fsys is best an os.Root's, which nothing leaves.
func Confine(fsys fs.FS) fs.FS { return confined{fsys} }

type confined struct{ fs.FS }

func (c confined) Open(name string) (fs.File, error) {
	if err := c.check(name); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return c.FS.Open(name)
}

func (c confined) Stat(name string) (fs.FileInfo, error) {
	if err := c.check(name); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return fs.Stat(c.FS, name)
}

func (c confined) check(name string) error {
	if !fs.ValidPath(name) {
		return fs.ErrInvalid
	}
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := fs.Lstat(c.FS, name[:i])
		if errors.Is(err, fs.ErrNotExist) {
			return fs.ErrNotExist
		}
		if err != nil {
			return cause(err)
		}
		if why := unfit(info); why != "" {
			if i < len(name) {
				why = name[:i] + " is " + why
			}
			return errors.New(why)
		}
	}
	return nil
}

// unfit says why something is no part of a skeleton, "" if it is.
func unfit(info fs.FileInfo) string {
	switch {
	case info.IsDir():
		return ""
	case !info.Mode().IsRegular():
		return "a " + noun(info.Mode()) + ", not a file"
	case info.Size() > maxFile:
		return fmt.Sprintf("%d bytes large, the limit is %d", info.Size(), maxFile)
	}
	return ""
}
