//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
)

// updated are the starters that go through all checks as somebody has them who made them with an older crdb-init, worked
// on them, and then updated. The others are as they are made.
var updated = map[string]bool{"pgx": true, "activerecord": true}

// The lines that an older skeleton and an owner have in a source file, by what begins a comment there.
var comments = map[string]string{".go": "//", ".rb": "#", ".py": "#", ".ts": "//", ".java": "//"}

const (
	aged  = " as it was once"
	owned = " by its owner"

	deleted = "AGENTS.md"
)

// previous builds the crdb-init of the previous commit, where there is one that can make and update starters.
var previous = sync.OnceValues(func() (program string, err error) {
	dir := filepath.Join(work, "previous")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	git := exec.Command("git", "archive", "HEAD~1")
	git.Dir = ".."
	archive, err := git.Output()
	if err != nil {
		return "", fmt.Errorf("no previous commit is at hand: %w", err)
	}
	tar := exec.Command("tar", "-x", "-C", dir)
	tar.Stdin = bytes.NewReader(archive)
	if out, err := tar.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	program = filepath.Join(dir, "crdb-init")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd/crdb-init")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if err := exec.Command(program, "schema", "project").Run(); err != nil {
		return "", fmt.Errorf("the previous commit's starters remember nothing: %w", err)
	}
	return program, nil
})

// update makes the starter as an older crdb-init did, from skeletons that said something else, lets an owner work on it,
// and updates it. It ends where making it anew would, but for what the owner did.
func (s *starter) update(t *testing.T, folder string) func(context.Context) error {
	return func(ctx context.Context) error {
		old, err := previous()
		if err == nil {
			err = exec.Command(old, "show", s.tool.ID).Run()
		}
		if err != nil {
			t.Logf("the older starter is made by this program: %v", err)
			old = program
		}
		skeletons := filepath.Join(folder, "older")
		if err := s.exec(ctx, folder, nil, old, "skeleton", "eject", s.tool.ID, skeletons); err != nil {
			return err
		}
		if err := age(skeletons, s.tool.ID); err != nil {
			return err
		}
		if err := s.exec(ctx, folder, nil, old, "--skeletons", skeletons, "--tool", s.tool.ID, "--deployment", "basic", "--no-git", s.dir); err != nil {
			return err
		}
		if s.edited, err = own(s.dir, s.tool); err != nil {
			return err
		}
		for _, args := range [][]string{
			{"git", "init", "--quiet"}, {"git", "add", "--all"},
			{"git", "-c", "user.name=Owner", "-c", "user.email=owner@example.com", "commit", "--quiet", "--message", "mine"},
		} {
			if err := s.exec(ctx, s.dir, nil, args...); err != nil {
				return err
			}
		}
		out, exit, err := s.output(ctx, s.dir, nil, program, "update", "--json")
		if err != nil || exit != 0 {
			return fmt.Errorf("update: exit code %d, %v\n%s", exit, err, out)
		}
		if err := s.judgeUpdate(out); err != nil {
			return err
		}
		if err := s.exec(ctx, s.dir, nil, program, "check"); err != nil {
			return err
		}
		// The checks of a starter compare its folder with others'.
		return os.RemoveAll(filepath.Join(s.dir, ".git"))
	}
}

// age gives skeletons another past: a line on top of every source file, a file that is no more, and one that was not yet.
func age(skeletons, tool string) error {
	err := filepath.WalkDir(skeletons, func(name string, e fs.DirEntry, err error) error {
		comment := comments[filepath.Ext(strings.TrimSuffix(name, ".tmpl"))]
		if err != nil || e.IsDir() || comment == "" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, append([]byte(comment+aged+"\n\n"), data...), 0o644)
	})
	return errors.Join(err,
		os.Remove(filepath.Join(skeletons, "_layer", "common", "dot_editorconfig.tmpl")),
		os.WriteFile(filepath.Join(skeletons, tool, "OLD.md"), []byte("# Old\n"), 0o644))
}

// own lets an owner work: a line at the end of some files, a file of their own, one deleted. It returns the paths of what they touched.
func own(dir string, tool *generator.Tool) (map[string]bool, error) {
	edited := map[string]bool{}
	for _, name := range append([]string{"README.md"}, tool.Database...) {
		comment, ok := comments[filepath.Ext(name)]
		if !ok && name != "README.md" {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		_, err = f.WriteString("\n" + comment + owned + "\n")
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		edited[name] = true
	}
	edited[deleted] = true
	return edited, errors.Join(
		os.WriteFile(filepath.Join(dir, "NOTES.md"), []byte("# Notes\n"), 0o644),
		os.Remove(filepath.Join(dir, deleted)))
}

// judgeUpdate looks at what an update said and at what it left.
func (s *starter) judgeUpdate(out []byte) error {
	var said struct {
		Files []struct{ Path, Action string }
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return err
	}
	actions := map[string]string{}
	merged := 0
	for _, f := range said.Files {
		actions[f.Path] = f.Action
		if f.Action == "merge" {
			merged++
		}
	}
	var errs []error
	if merged < len(s.edited)-2 { // the README has no line on top
		errs = append(errs, fmt.Errorf("%d files are merged, want %d at least", merged, len(s.edited)-2))
	}
	for name, want := range map[string]string{".editorconfig": "create", "OLD.md": "remove"} {
		if actions[name] != want {
			errs = append(errs, fmt.Errorf("%s: %q, want %s", name, actions[name], want))
		}
	}
	for name, there := range map[string]bool{"OLD.md": false, deleted: false, "NOTES.md": true, ".editorconfig": true} {
		if _, err := os.Stat(filepath.Join(s.dir, name)); (err == nil) != there {
			errs = append(errs, fmt.Errorf("%s is there: %t", name, !there))
		}
	}
	err := filepath.WalkDir(s.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.dir, name)
		if bytes.Contains(data, []byte(aged)) {
			errs = append(errs, fmt.Errorf("%s is as it was once", rel))
		}
		if s.edited[filepath.ToSlash(rel)] && !bytes.Contains(data, []byte(owned)) {
			errs = append(errs, fmt.Errorf("%s is no longer its owner's", rel))
		}
		return err
	})
	return errors.Join(append(errs, err)...)
}
