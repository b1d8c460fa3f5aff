package cmd

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/crdb-init/crdb-init/skeletons"
)

const house = "github.com/crdb-init/crdb-init"

// Who may import whom. Read with go/parser: what go list says of a package can be stale.
// A row is a folder, and a file of it where that has more freedom; what is not in the row is the standard library's.
var arrows = map[string][]string{
	"cmd/crdb-init":        {house + "/cmd"},
	"cmd":                  {house + "/generator", house + "/generator/conn", house + "/doctor", house + "/skeletons", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
	"cmd/internal/release": {house + "/cmd", house + "/generator", house + "/generator/conn", house + "/skeletons", "github.com/spf13/cobra"},
	"cmd/update.go":        {"golang.org/x/mod/semver"},
	"cmd/schema.go":        {house + "/docs/schema"},
	"cmd/prompt.go":        {"github.com/AlecAivazis/survey/v2"},
	"generator":            {house + "/generator/conn", "golang.org/x/mod/module"},
	"generator/only.go":    {"golang.org/x/mod/modfile"},
	"generator/state.go":   {"golang.org/x/tools/txtar"},
	"generator/render.go":  {"github.com/Masterminds/sprig/v3"},
	"generator/conn":       {},
	"doctor":               {house + "/generator/conn", "github.com/jackc/pgx/v5"},
	"skeletons":            {},
	"docs/schema":          {},
}

func TestArrows(t *testing.T) {
	err := filepath.WalkDir("..", func(file string, e fs.DirEntry, err error) error {
		rel := filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator)))
		if err != nil {
			return err
		}
		if e.IsDir() && (strings.HasPrefix(rel, ".") && rel != ".." || rel == "e2e" || rel == "bin" || rel == "dist") {
			return fs.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		dir := rel[:strings.LastIndex(rel, "/")]
		allowed, ok := arrows[dir]
		if !ok {
			t.Errorf("%s: no row in the table for %s", rel, dir)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			ours := slices.ContainsFunc(slices.Concat(allowed, arrows[rel]), func(a string) bool {
				// A library's own subpackages come with it; ours are named one by one.
				return path == a || !strings.HasPrefix(a, house) && strings.HasPrefix(path, a+"/")
			})
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && !ours {
				t.Errorf("%s imports %s", rel, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// go install must work from a module zip: every path in it is legal, and nothing that is embedded is dropped on the way.
func TestModuleZip(t *testing.T) {
	var b bytes.Buffer
	if err := zip.CreateFromDir(&b, module.Version{Path: house, Version: "v0.0.0"}, ".."); err != nil {
		t.Fatal(err)
	}
	checked, err := zip.CheckDir("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := checked.Err(); err != nil {
		t.Error(err)
	}
	zipped := map[string]bool{}
	for _, f := range checked.Valid {
		zipped[filepath.ToSlash(f)] = true
	}
	err = fs.WalkDir(skeletons.FS, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !zipped["../skeletons/"+name] {
			return fmt.Errorf("skeletons/%s is not in the module zip", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("../skeletons/LICENSE"); err != nil {
		t.Error(err)
	}
}
