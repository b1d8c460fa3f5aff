package cmd_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
)

var lock = flag.String("lock", "", "ask the ecosystem for this tool's lockfiles, or for those of all tools")

// A lockfile locks the versions that the manifest names, and no others.
func TestLocks(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		if *lock == tool.ID || *lock == "all" {
			relock(t, tool)
			return
		}
		var locks []byte
		for _, f := range plan(t, project(tool.ID)) {
			for _, name := range tool.Lock.Files {
				if f.Path == name {
					locks = append(locks, f.Data...)
				}
			}
		}
		if !locked(locks, tool.Adapter.Name, tool.Versions[tool.Adapter.Name]) {
			t.Errorf("%s %s is not in %v", tool.Adapter.Name, tool.Versions[tool.Adapter.Name], tool.Lock.Files)
		}
		for name, version := range tool.Versions {
			if mentioned(locks, name) && !locked(locks, name, version) {
				t.Errorf("%v hold another version of %s than %s: run make locks TOOL=%s", tool.Lock.Files, name, version, tool.ID)
			}
		}
	})
}

// mentioned says whether a lockfile has an entry for a dependency: its name as a whole word.
func mentioned(lock []byte, name string) bool {
	for line := range bytes.Lines(lock) {
		if entry(line, name) {
			return true
		}
	}
	return false
}

// locked says whether the version stands on the line of the dependency's name or on the next one.
func locked(lock []byte, name, version string) bool {
	named := false
	for line := range bytes.Lines(lock) {
		here := entry(line, name)
		if (here || named) && bytes.Contains(line, []byte(version)) {
			return true
		}
		named = here
	}
	return false
}

// entry says whether a line begins with a dependency's name, as go.sum's, pip's, Bundler's, npm's and Maven's lines do.
func entry(line []byte, name string) bool {
	s := strings.ToLower(strings.Trim(strings.TrimSpace(string(line)), `"`))
	s = strings.TrimPrefix(s, "node_modules/")
	s = strings.TrimPrefix(s, `artifactid" : "`)
	if _, artifact, ok := strings.Cut(name, ":"); ok {
		name = artifact // of group:artifact, whose group stands on the line before
	}
	rest, ok := strings.CutPrefix(s, strings.ToLower(name))
	return ok && (rest == "" || strings.ContainsAny(rest[:1], ` =[":`))
}

// relock runs the manifest's lock commands in a fresh starter and takes the lockfiles back into the skeleton.
func relock(t *testing.T, tool *generator.Tool) {
	dir := filepath.Join(t.TempDir(), "my-app")
	changes, err := generator.CompareDir(plan(t, project(tool.ID)), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := generator.Write(t.Context(), dir, changes, generator.Fail); err != nil {
		t.Fatal(err)
	}
	for _, argv := range tool.Lock.Commands {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
		}
	}
	for _, c := range changes {
		for _, name := range tool.Lock.Files {
			if c.Path != name {
				continue
			}
			if strings.HasSuffix(c.Source, ".tmpl") {
				t.Fatalf("%s is a template: a lockfile is copied byte for byte", c.Source)
			}
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("..", "skeletons", filepath.FromSlash(c.Source)), data, 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Println("wrote skeletons/" + c.Source)
		}
	}
}
