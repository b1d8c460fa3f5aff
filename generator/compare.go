package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// inTheWay is the way out when something other than a file or directory is where one must go.
const inTheWay = "move it away, or choose another directory"

// CompareDir compares a plan with the directory dir, which need not exist yet.
// It refuses a dir that Write would refuse: one that is a file, or whose parent does not exist.
func CompareDir(plan []File, dir string) ([]Change, error) {
	root, err := openTarget(dir)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return Compare(plan, nil)
	}
	defer root.Close()
	return Compare(plan, root.FS())
}

// Compare reads what dst holds of a plan and writes nothing. The changes are in the order of the plan.
// A dst that is nil or does not exist holds nothing.
//
// What is in the way and no file is an error. A symbolic link to a directory may be on the way if dst follows it:
// the FS of an os.Root does as long as it stays inside, os.DirFS always does.
func Compare(plan []File, dst fs.FS) ([]Change, error) {
	changes := make([]Change, len(plan))
	dirs := map[string]bool{".": dst != nil}
	for i, f := range plan {
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return nil, fmt.Errorf("%q: not a path inside a starter", f.Path)
		}
		changes[i].File = f
		there, err := lookDir(dst, path.Dir(f.Path), dirs)
		if err == nil && there {
			changes[i].Have, err = look(dst, f)
		}
		if err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// look returns what is in the place of f, and nil if nothing is.
func look(dst fs.FS, f File) ([]byte, error) {
	info, err := fs.Lstat(dst, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, unreadable(f.Path, err)
	case f.Secret && !info.IsDir():
		// Links to a file shared between projects and pipes from a password manager are kept as well.
		return []byte{}, nil
	case !info.Mode().IsRegular():
		return nil, withHint(fmt.Errorf("%s: %s where a file must go", f.Path, noun(info.Mode())), inTheWay)
	}
	have, err := fs.ReadFile(dst, f.Path)
	if err != nil {
		return nil, unreadable(f.Path, err)
	}
	if have == nil {
		have = []byte{}
	}
	return have, nil
}

// lookDir reports whether dir is there, remembering in seen what it has looked at.
func lookDir(dst fs.FS, dir string, seen map[string]bool) (bool, error) {
	if there, ok := seen[dir]; ok {
		return there, nil
	}
	there, err := lookDir(dst, path.Dir(dir), seen)
	if err != nil {
		return false, err
	}
	if there {
		info, err := fs.Lstat(dst, dir)
		if err == nil && info.Mode().Type() == fs.ModeSymlink {
			info, err = fs.Stat(dst, dir)
			if err != nil {
				return false, withHint(fmt.Errorf("%s: symbolic link to no directory inside this one: %w", dir, cause(err)), inTheWay)
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			there = false
		case err != nil:
			return false, unreadable(dir, err)
		case !info.IsDir():
			return false, withHint(fmt.Errorf("%s: %s where a directory must go", dir, noun(info.Mode())), inTheWay)
		}
	}
	seen[dir] = there
	return there, nil
}

func unreadable(name string, err error) error {
	return withHint(fmt.Errorf("%s: %w", name, cause(err)), "make it readable, or choose another directory")
}

func noun(m fs.FileMode) string {
	switch m.Type() {
	case 0:
		return "file"
	case fs.ModeDir:
		return "directory"
	case fs.ModeSymlink:
		return "symbolic link"
	}
	return "special file"
}
