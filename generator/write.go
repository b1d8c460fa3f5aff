package generator

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Write brings changes, which Compare returned, to the directory dir, all of them or none.
//
// A dir that does not exist appears whole: it is written beside its place and then renamed; its parent must exist.
// A dir that exists is written in place: each file is complete before it gets its name, so what a kill leaves
// behind is part of the plan and a directory .crdb-init-*, and the next run finds no conflict.
// If ctx is cancelled or anything fails, dir is as it was; an error that undoing met says where the old files are.
//
// Modes are 0666, 0777 for Exec and directories, less the umask, and 0600 for Secret. Nothing is synced to the disk:
// it would double the time, and what is written can be written again.
func Write(ctx context.Context, dir string, changes []Change, on OnConflict) error {
	return write(dir, changes, on, func(string, string) error { return ctx.Err() })
}

// A stepFunc is called before every operation that changes the disk and stops the run with its error.
// Undoing takes no steps.
type stepFunc func(op, name string) error

func write(dir string, changes []Change, on OnConflict, step stepFunc) error {
	dir = filepath.Clean(dir)
	root, err := openTarget(dir)
	if err != nil {
		return err
	}
	if root == nil {
		todo, err := decide(nil, changes, on)
		if err != nil {
			return err
		}
		if err := writeNew(dir, todo, step); err != errAppeared {
			return err
		}
		if root, err = openTarget(dir); err != nil {
			return err
		}
		if root == nil {
			return withHint(fmt.Errorf("%s: came and went meanwhile", dir), "run it again")
		}
	}
	defer root.Close()
	todo, err := decide(root.FS(), changes, on)
	if err != nil || len(todo) == 0 {
		return err
	}
	return writeInto(root, dir, todo, step)
}

// openTarget opens dir, which may be, or be reached through, a symbolic link: that is its owner's affair.
// It returns nil and no error if dir does not exist and can be made.
func openTarget(dir string) (*os.Root, error) {
	dir = filepath.Clean(dir)
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return nil, withHint(fmt.Errorf("%s: %s where a directory must go", dir, noun(info.Mode())), inTheWay)
	case err == nil:
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, withHint(fmt.Errorf("%s: %w", dir, cause(err)), "choose another directory")
		}
		return root, nil
	}
	parent := filepath.Dir(dir)
	above, parentErr := os.Stat(parent)
	switch {
	case errors.Is(parentErr, fs.ErrNotExist):
		return nil, withHint(fmt.Errorf("%s: %s does not exist", dir, parent), "mkdir -p "+shell(parent))
	case parentErr == nil && !above.IsDir():
		return nil, withHint(fmt.Errorf("%s: %s is a %s", dir, parent, noun(above.Mode())), "choose another directory")
	case !errors.Is(err, fs.ErrNotExist):
		return nil, withHint(fmt.Errorf("%s: %w", dir, cause(err)), "choose another directory")
	}
	if _, err := os.Lstat(dir); err == nil {
		return nil, withHint(fmt.Errorf("%s: symbolic link to nothing", dir), inTheWay)
	}
	return nil, nil
}

// shell quotes a word for a shell if it needs it.
func shell(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:,"
	if strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// decide returns the changes to make. It looks again: between Compare and now a user may have read
// and answered a question, and only what was shown may be overwritten.
func decide(dst fs.FS, changes []Change, on OnConflict) ([]Change, error) {
	plan := make([]File, len(changes))
	for i, c := range changes {
		plan[i] = c.File
	}
	now, err := Compare(plan, dst)
	if err != nil {
		return nil, err
	}
	var todo []Change
	var late, conflicts []string
	for i, c := range changes {
		if (c.Have == nil) != (now[i].Have == nil) || !bytes.Equal(c.Have, now[i].Have) {
			late = append(late, c.Path)
		}
		switch c.Kind() {
		case Create:
			todo = append(todo, c)
		case Conflict, Remove:
			switch on {
			case Skip:
			case Overwrite:
				todo = append(todo, c)
			default:
				conflicts = append(conflicts, c.Path)
			}
		}
	}
	if late != nil {
		return nil, &ConflictError{Paths: late, late: true}
	}
	if conflicts != nil {
		return nil, &ConflictError{Paths: conflicts}
	}
	return todo, nil
}

// errAppeared says that someone else made the new directory first.
var errAppeared = errors.New("directory appeared")

// writeNew makes dir, or nothing.
func writeNew(dir string, todo []Change, step stepFunc) (err error) {
	stage := filepath.Join(filepath.Dir(dir), tempName())
	if err := step("mkdir", stage); err != nil {
		return err
	}
	if err := os.Mkdir(stage, 0o777); err != nil {
		return notWritable(dir, err)
	}
	defer func() {
		if err != nil {
			err = leave(err, os.RemoveAll(stage), stage)
		}
	}()
	root, err := os.OpenRoot(stage)
	if err != nil {
		return unchanged(dir, err)
	}
	err = fill(root, todo, step)
	root.Close() // before the rename: Windows renames no open directory
	if err != nil {
		return err
	}
	if err := step("rename", dir); err != nil {
		return err
	}
	err = os.Rename(stage, dir)
	if err == nil {
		return nil
	}
	if _, statErr := os.Lstat(dir); statErr == nil {
		return errAppeared
	}
	return unchanged(dir, err)
}

// writeInto writes below root, which is dir, or leaves it as it was.
// Everything is staged first: a full disk is met before anything is touched, and undoing needs no space.
func writeInto(root *os.Root, dir string, todo []Change, step stepFunc) (err error) {
	stage := tempName()
	fresh, old := path.Join(stage, "new"), path.Join(stage, "old")
	var undo []func() error
	defer func() {
		var undoErr error
		if err != nil {
			for _, f := range slices.Backward(undo) {
				undoErr = errors.Join(undoErr, f())
			}
		}
		if undoErr != nil {
			// What could not be put back has its only copy in stage, which therefore stays.
			err = withHint(fmt.Errorf("%w; undoing: %w", err, undoErr),
				"what was replaced is in "+filepath.Join(dir, filepath.FromSlash(old)))
			return
		}
		err = leave(err, root.RemoveAll(stage), filepath.Join(dir, stage))
	}()
	if err := step("mkdir", stage); err != nil {
		return err
	}
	if err := root.MkdirAll(fresh, 0o777); err != nil {
		return notWritable(dir, err)
	}
	sub, err := root.OpenRoot(fresh)
	if err != nil {
		return unchanged(dir, err)
	}
	err = fill(sub, todo, step)
	sub.Close()
	if err != nil {
		return err
	}

	made := func(dir string) {
		undo = append(undo, func() error { return remove(root, dir) })
	}
	dirs, backups := map[string]bool{".": true}, map[string]bool{stage: true}
	for _, c := range todo {
		staged := path.Join(fresh, c.Path)
		if err := mkdirAll(root, path.Dir(c.Path), dirs, step, made); err != nil {
			return err
		}
		if c.Have != nil {
			backup := path.Join(old, c.Path)
			if err := step("move", c.Path); err != nil {
				return err
			}
			if err := mkdirAll(root, path.Dir(backup), backups, step, func(string) {}); err != nil {
				return err
			}
			if err := root.Rename(c.Path, backup); err != nil {
				return unchanged(c.Path, err)
			}
			undo = append(undo, func() error { return place(root, backup, c.Path) })
		}
		if c.Remove {
			continue
		}
		if err := step("place", c.Path); err != nil {
			return err
		}
		if err := place(root, staged, c.Path); err != nil {
			if errors.Is(err, fs.ErrExist) {
				return &ConflictError{Paths: []string{c.Path}, late: true}
			}
			return unchanged(c.Path, err)
		}
		undo = append(undo, func() error {
			mine, err := root.Lstat(staged)
			if there, thereErr := root.Lstat(c.Path); err == nil && thereErr == nil && !os.SameFile(mine, there) {
				return nil // someone replaced it
			}
			return remove(root, c.Path)
		})
	}
	return removeEmpty(root, todo, step, &undo)
}

// removeEmpty removes the directories that what was removed has left empty.
func removeEmpty(root *os.Root, todo []Change, step stepFunc, undo *[]func() error) error {
	for _, c := range todo {
		if !c.Remove {
			continue
		}
		for dir := path.Dir(c.Path); dir != "."; dir = path.Dir(dir) {
			info, err := root.Lstat(dir)
			if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
				break // one that was on the way to another file too, or a link
			}
			if err != nil {
				return unchanged(dir, err)
			}
			if err := step("rmdir", dir); err != nil {
				return err
			}
			if err := root.Remove(dir); errors.Is(err, fs.ErrExist) {
				break // it holds something else
			} else if err != nil {
				return unchanged(dir, err)
			}
			*undo = append(*undo, func() error { return root.Mkdir(dir, info.Mode().Perm()) })
		}
	}
	return nil
}

// place gives a finished file its name, unless something else has that name.
// A link, unlike a rename, replaces nothing; where the file system has no links it has to look first.
func place(root *os.Root, from, to string) error {
	err := root.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := root.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return root.Rename(from, to)
}

// remove removes a file, or a directory that no one else has put anything in.
func remove(root *os.Root, name string) error {
	err := root.Remove(name)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// fill writes files below root, which is new and ours alone.
func fill(root *os.Root, files []Change, step stepFunc) error {
	dirs := map[string]bool{".": true}
	for _, c := range files {
		if c.Remove {
			continue
		}
		if err := mkdirAll(root, path.Dir(c.Path), dirs, step, func(string) {}); err != nil {
			return err
		}
		if err := writeFile(root, c.File, step); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(root *os.Root, f File, step stepFunc) error {
	perm := fs.FileMode(0o666)
	switch {
	case f.Secret:
		perm = 0o600
	case f.Exec:
		perm = 0o777
	}
	if err := step("open", f.Path); err != nil {
		return err
	}
	w, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return unchanged(f.Path, err)
	}
	if err := step("write", f.Path); err != nil {
		w.Close()
		return err
	}
	_, err = w.Write(f.Data)
	if err == nil && f.Secret {
		err = w.Chmod(0o600) // whatever the umask took
	}
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return unchanged(f.Path, err)
	}
	return nil
}

// mkdirAll makes dir and what leads to it, once, and tells made of each directory that was not there.
func mkdirAll(root *os.Root, dir string, done map[string]bool, step stepFunc, made func(dir string)) error {
	if done[dir] {
		return nil
	}
	if err := mkdirAll(root, path.Dir(dir), done, step, made); err != nil {
		return err
	}
	if err := step("mkdir", dir); err != nil {
		return err
	}
	switch err := root.Mkdir(dir, 0o777); {
	case err == nil:
		made(dir)
	case !errors.Is(err, fs.ErrExist):
		return unchanged(dir, err)
	}
	done[dir] = true
	return nil
}

// tempName is for a directory that a run leaves only if it is killed, so it says whose it is.
// Random, for there may be two runs at a time.
func tempName() string { return ".crdb-init-" + strings.ToLower(rand.Text()[:10]) }

// leave is the end of a run that ended with err: it adds what removing the temporary directory met.
func leave(err, removeErr error, stage string) error {
	if removeErr == nil {
		return err
	}
	removeErr = fmt.Errorf("%s: cannot be removed: %w", stage, cause(removeErr))
	if err != nil {
		removeErr = fmt.Errorf("%w; %w", err, removeErr)
	}
	return withHint(removeErr, "remove it: nobody needs it")
}

// unchanged is an error of the system, after which everything is undone.
func unchanged(name string, err error) error {
	return withHint(fmt.Errorf("%s: %w", name, cause(err)), "nothing was changed")
}

// notWritable is for the very first thing that is written.
func notWritable(dir string, err error) error {
	return withHint(fmt.Errorf("%s: cannot be written: %w", dir, cause(err)), "choose a directory that you may write in")
}
