package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/crdb-init/crdb-init/cmd"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

// The test binary is crdb-init too, for the script that uses a template.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"crdb-init": func() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

func TestDocs(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	var archives [2][]byte
	for i := range archives {
		file := filepath.Join(t.TempDir(), "docs.tar.gz")
		if err := run([]string{"docs", file}); err != nil {
			t.Fatal(err)
		}
		var err error
		if archives[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("made twice, it is another archive")
	}
	z, err := gzip.NewReader(bytes.NewReader(archives[0]))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"crdb-init/man/man1/crdb-init.1", "crdb-init/man/man1/crdb-init-skeleton-lint.1", "crdb-init/completions/crdb-init.bash",
		`.TH "CRDB-INIT" "1" "Sep 2026" "crdb-init"`, "Make a starter for CockroachDB",
	} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is not there", want)
		}
	}
}

// Every template, used by its script, is what crdb-init would have made with the other name.
func TestTemplatesAreUsed(t *testing.T) {
	crdbInit, err := exec.LookPath("crdb-init")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is not installed")
	}
	dir := filepath.Join(t.TempDir(), "templates")
	if err := run([]string{"templates", dir}); err != nil {
		t.Fatal(err)
	}
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		t.Run(tool.ID, func(t *testing.T) {
			t.Parallel()
			template := filepath.Join(dir, tool.ID)
			answers := []string{"--name", "my-shop"}
			script := exec.Command("sh", ".github/use-template.sh", "2My.Shop_")
			if tool.Language == "Go" {
				answers = append(answers, "--module", "github.com/you/my-shop")
				script.Args = append(script.Args, "module=github.com/you/my-shop")
			}
			script.Dir = template
			if out, err := script.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "remove it.\n") {
				t.Fatalf("%v\n%s", err, out)
			}
			fresh := filepath.Join(t.TempDir(), "fresh")
			if out, err := exec.Command(crdbInit, append(answers, "--tool", tool.ID, "--no-git", fresh)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			have, want := read(t, template), read(t, fresh)
			delete(have, ".github/workflows/use-template.yml")
			delete(want, ".env")
			for _, name := range slices.Concat(keys(have), keys(want)) {
				if have[name] != want[name] {
					t.Errorf("%s: not as crdb-init makes it", name)
				}
			}
		})
	}
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func keys(m map[string]string) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}
