package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is crdb-init too, for the scripts and for the tests that need a process.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"crdb-init": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/script: each is one story of the command line, told from outside.
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(out))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(testdata, "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TOYS", filepath.Join(testdata, "skeletons")) // tools with a file or two
			e.Setenv("ROOT", filepath.Dir(testdata))
			e.Setenv("MODCACHE", caches[0])
			e.Setenv("BUILDCACHE", caches[1])
			e.Setenv("ESC", "\x1b")
			e.Setenv("LATIN1", "caf\xe9")
			// git as on a new machine, whose owner has said who they are.
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(e.WorkDir, ".gitconfig"))
			return os.WriteFile(filepath.Join(e.WorkDir, ".gitconfig"), []byte("[user]\n\tname = A\n\temail = a@example.com\n"), 0o666)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"tree":   tree,
			"nobody": nobody,
		},
		Condition: func(c string) (bool, error) {
			switch c {
			case "root":
				return os.Geteuid() == 0 && runtime.GOOS == "linux", nil
			}
			return false, fmt.Errorf("%s: no such condition", c)
		},
	})
}

// exits CODE PROGRAM ARG... runs a program that ends with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	have := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		have = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(have) != args[0] {
		ts.Fatalf("exit code %d, want %s", have, args[0])
	}
}

// tree DIR lists what is in a directory, .git as itself alone: one line with mode and path each.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tree DIR")
	}
	root := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			fmt.Fprintf(ts.Stdout(), "%s/\n", rel)
			if e.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(ts.Stdout(), "%s %#o\n", rel, info.Mode().Perm())
		return nil
	}))
}
