//go:build e2e && unix

package binary

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A skeleton with every kind of file: secret, executable, empty, in folders that a full target has and has not.
var skeleton = map[string]string{
	"tool.json": `644 {
  "title": "Fixture", "language": "Go", "summary": "a tool that only these tests know", "docs": "https://example.com/fixture",
  "adapter": {"name": "example.com/fixture", "note": "speaks CockroachDB as it is"},
  "runtime": {"name": "Go", "minimum": "1.26"}, "layers": [], "versions": {"example.com/fixture": "v1.2.3"},
  "dialect": {"syntax": "url", "scheme": "postgresql"}, "forms": [{"name": "url", "title": "Connection string"}],
  "commands": {"start": [["./server"]]}, "next": ["go mod download", "go run ./migrate", "go run ."],
  "env": [
    {"name": "DATABASE_URL", "role": "url", "meaning": "the database"},
    {"name": "TEST_DATABASE_URL", "role": "test_url", "meaning": "the tests' database"}
  ],
  "database": ["src/main.txt"]
}
`,
	"dot_env.tmpl":          "644 DATABASE_URL={~ dotenv .URL ~}\n",
	"dot_gitignore":         "644 .env\n",
	"LICENSE":               "644 a licence\n",
	"README.md.tmpl":        "644 # {~ .Name ~}\n",
	"bin/executable_run.sh": "644 #!/bin/sh\n",
	"empty.txt":             "644 ",
	"src/deep/x.txt":        "644 deep\n",
	"src/main.txt":          "644 main\n",
	"src/same.txt":          "644 same\n",
	"zoo.txt":               "644 zoo\n",
}

// A directory with three files of that skeleton that differ, one that does not, and things of no concern to it.
var full = map[string]string{
	"app/README.md":    "640 # theirs\n",
	"app/bin/":         "750",
	"app/notes.txt":    "600 theirs\n",
	"app/src/main.txt": "755 theirs\n",
	"app/src/same.txt": "444 same\n",
	"app/void/":        "700",
	"app/zoo.txt":      "644 theirs\n",
}

// kept is full with an .env, which no run touches.
func kept() map[string]string {
	files := maps.Clone(full)
	files["app/.env"] = "640 DATABASE_URL='postgresql://theirs'\n"
	return files
}

// library makes a folder for --skeletons below dir that holds the skeleton, and as many more files as are wanted.
func library(t testing.TB, dir string, more int) string {
	t.Helper()
	files := map[string]string{}
	for path, content := range skeleton {
		files["fixture/"+path] = content
	}
	for i := range more {
		files[fmt.Sprintf("fixture/more/%02d/%04d.txt", i%folders, i)] = "644 " + strings.Repeat(fmt.Sprintf("line of file %d\n", i), 40)
	}
	dir, err := os.MkdirTemp(dir, "")
	must(t, err)
	write(t, dir, files)
	return dir
}

// A world is a directory in which crdb-init makes app.
type world struct {
	dir  string
	args []string
}

// newWorld makes one below dir, which is t.TempDir() where nothing speaks against it.
func newWorld(t testing.TB, dir, library string, seed map[string]string, args ...string) world {
	t.Helper()
	dir, err := os.MkdirTemp(dir, "")
	must(t, err, os.Chmod(dir, 0o755))
	write(t, dir, seed)
	if len(args) > 0 && args[0] == "update" {
		return world{dir, append([]string{"--skeletons", library}, args...)}
	}
	return world{dir, append([]string{"--skeletons", library, "--tool", "fixture", "--no-git", "app"}, args...)}
}

// older returns a starter as an earlier library made it: files that are no more, one that was not yet, two that said
// something else.
func older(t testing.TB) map[string]string {
	t.Helper()
	dir := library(t, t.TempDir(), 0)
	must(t, os.Remove(filepath.Join(dir, "fixture/zoo.txt")))
	write(t, dir, map[string]string{
		"fixture/LICENSE": "644 an older licence\n", "fixture/src/same.txt": "644 not the same\n",
		"fixture/gone/far/old.txt": "644 old\n", "fixture/src/old.txt": "644 old\n",
	})
	_, made := made(t, t.TempDir(), dir, nil)
	seed := map[string]string{}
	for path, e := range made {
		if e.mode.IsRegular() {
			seed[path] = fmt.Sprintf("%o %s", e.mode.Perm(), e.data)
		}
	}
	return seed
}

func (w world) command(wrapper ...string) *exec.Cmd {
	argv := append(append(wrapper, program), w.args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "LC_ALL=C"}
	return cmd
}

func (w world) run(t testing.TB, wrapper ...string) result {
	t.Helper()
	return finish(t, w.command(wrapper...))
}

// A result is how a run ended. A signal's code is -1.
type result struct {
	code           int
	stdout, stderr string
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
}

// malformed says what is wrong with what a failed run printed: one line with the cause, perhaps one with a hint, no more.
func (r result) malformed() string {
	message, hint, _ := strings.Cut(r.stderr, "\n")
	switch {
	case r.stdout != "":
		return "a failed run printed to standard output"
	case !strings.HasPrefix(message, "crdb-init: ") || strings.HasPrefix(message, "crdb-init: hint: "):
		return "the first line is no error"
	case hint != "" && (!strings.HasPrefix(hint, "crdb-init: hint: ") || strings.Count(hint, "\n") != 1):
		return "more than an error and a hint"
	}
	return ""
}

// made returns what a run that nothing befalls makes of a world, before and after.
func made(t testing.TB, dir, library string, seed map[string]string, args ...string) (before, after tree) {
	t.Helper()
	w := newWorld(t, dir, library, seed, args...)
	before = treeOf(t, w.dir)
	if r := w.run(t); r.code != 0 || r.stderr != "" {
		t.Fatal(r)
	}
	after = treeOf(t, w.dir)
	if _, litter, _ := after.sweep(); len(litter) > 0 {
		t.Fatalf("a run that went well left %v", litter)
	}
	if env := filepath.Join("app", ".env"); before[env].data == "" && after[env].mode != 0o600 {
		t.Fatalf("%s: mode %v", env, after[env].mode)
	}
	return before, after
}
