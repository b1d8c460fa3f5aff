//go:build e2e && unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

// databaseLayerAlone runs the manifest's check of the database layer in a folder
// that holds its files, those beside the starter's README (dependencies and
// settings of tools) and what install made, and nothing else: configuration,
// HTTP and domain are not there to be imported.
func (s *starter) databaseLayerAlone(t *testing.T) {
	if len(s.tool.E2E.Database) == 0 {
		t.Fatal("tool.json: e2e.database: missing")
	}
	dir := t.TempDir()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	project, err := generator.Resolve(s.tool, generator.Project{Name: "my-app"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := generator.Plan(skeletons.FS, project)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{} // folders that the skeleton made, unlike those of install and build
	for _, f := range plan {
		top, _, _ := strings.Cut(f.Path, "/")
		ours[top] = true
	}
	for _, e := range entries {
		from, to := filepath.Join(s.dir, e.Name()), filepath.Join(dir, e.Name())
		if e.Type().IsRegular() && e.Name() != ".env" || e.IsDir() && !ours[e.Name()] {
			if err := os.Symlink(from, to); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, path := range s.tool.DatabaseFiles(project.Package) {
		to := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, argv := range s.tool.E2E.Database {
		if err := s.exec(t.Context(), dir, nil, argv...); err != nil {
			t.Error(err)
		}
	}
}
