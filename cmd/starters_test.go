package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/imports"
	"golang.org/x/tools/txtar"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
	"github.com/crdb-init/crdb-init/skeletons"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// project is what goldens and checks are rendered for: a name that every language spells differently.
func project(tool string) generator.Project {
	return generator.Project{Tool: tool, Name: "my-app", Deployment: conn.Local}
}

// secured is the same with a cluster of one's own: a private CA, a client certificate, and a password that needs escaping everywhere.
func secured(tool string) generator.Project {
	p := project(tool)
	p.Deployment = conn.SelfHosted
	p.Connection = &conn.Config{User: "ada", Password: `p@ss/w:rd'"\%é &`, Host: "crdb.example.com", Database: "bank", Params: map[string]string{
		"sslmode": "verify-full", "sslrootcert": "/certs/ca.crt", "sslcert": "/certs/client.ada.crt", "sslkey": "/certs/client.ada.key"}}
	return p
}

func eachTool(t *testing.T, check func(t *testing.T, tool *generator.Tool)) {
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	if len(tools) == 0 {
		t.Fatal("no tools")
	}
	for _, tool := range tools {
		t.Run(tool.ID, func(t *testing.T) { check(t, tool) })
	}
}

func plan(t *testing.T, p generator.Project) []generator.File {
	t.Helper()
	files, err := generator.Plan(skeletons.FS, p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every starter, whole, as its owner gets it. Written by make golden; read the diff before you commit it.
// The second archive holds only what another deployment and a real connection change.
func TestGolden(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		local := archive(tool, plan(t, project(tool.ID)))
		golden(t, tool.ID, local)

		other := archive(tool, plan(t, secured(tool.ID)))
		other.Files = slices.DeleteFunc(other.Files, func(f txtar.File) bool {
			return slices.ContainsFunc(local.Files, func(l txtar.File) bool { return l.Name == f.Name && bytes.Equal(l.Data, f.Data) })
		})
		golden(t, tool.ID+".self-hosted", other)
	})
}

// archive writes files as one text: executables are named in the comment, lockfiles stand by their hash.
func archive(tool *generator.Tool, files []generator.File) *txtar.Archive {
	a := &txtar.Archive{}
	for _, f := range files {
		if f.Exec {
			a.Comment = fmt.Appendf(a.Comment, "executable: %s\n", f.Path)
		}
		data := f.Data
		if slices.Contains(tool.Lock.Files, f.Path) {
			data = fmt.Appendf(nil, "sha256 %x\n", sha256.Sum256(f.Data))
		}
		a.Files = append(a.Files, txtar.File{Name: f.Path, Data: data})
	}
	return a
}

func golden(t *testing.T, name string, a *txtar.Archive) {
	t.Helper()
	file := filepath.Join("..", "testdata", "golden", name+".txtar")
	have := txtar.Format(a)
	if *update {
		if err := os.WriteFile(file, have, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run make golden", err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what is rendered, first at line %d: run make golden and read the diff", file, firstDifference(have, want))
	}
}

func firstDifference(a, b []byte) int {
	line := 1
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return line
		}
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// Goldens of tools that are gone are not kept.
func TestGoldensHaveATool(t *testing.T) {
	files, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		id, _, _ := strings.Cut(filepath.Base(f), ".")
		if _, err := generator.Find(skeletons.FS, id); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestSameAnswersSameBytes(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		a, b := plan(t, project(tool.ID)), plan(t, project(tool.ID))
		if len(a) != len(b) {
			t.Fatalf("%d and %d files", len(a), len(b))
		}
		for i := range a {
			if a[i].Path != b[i].Path || !bytes.Equal(a[i].Data, b[i].Data) {
				t.Errorf("%s differs from one plan to the next", a[i].Path)
			}
		}
	})
}

// The tree is the same whoever's cluster it is.
func TestOnlyThreeFilesDependOnTheDeployment(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		a, b := plan(t, project(tool.ID)), plan(t, secured(tool.ID))
		for i := range a {
			switch a[i].Path {
			case ".env", ".env.example":
				continue
			case "README.md":
				_, a, _ := bytes.Cut(a[i].Data, []byte("\n## "))
				_, b, _ := bytes.Cut(b[i].Data, []byte("\n## "))
				_, a, _ = bytes.Cut(a, []byte("\n## "))
				_, b, _ = bytes.Cut(b, []byte("\n## "))
				if !bytes.Equal(a, b) {
					t.Error("README.md: more than the first section depends on the deployment")
				}
				continue
			}
			if !bytes.Equal(a[i].Data, b[i].Data) {
				t.Errorf("%s depends on the deployment", a[i].Path)
			}
		}
	})
}

// The password stands in .env alone, in no spelling anywhere else.
func TestSecretIsInEnvAlone(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		p := secured(tool.ID)
		p.Connection.Password = "hunter2hunter2"
		found := 0
		for _, f := range plan(t, p) {
			if bytes.Contains(f.Data, []byte("hunter2")) {
				found++
				if !f.Secret {
					t.Errorf("%s holds the password", f.Path)
				}
			}
			if f.Secret != (f.Path == ".env") {
				t.Errorf("%s: secret: %v", f.Path, f.Secret)
			}
		}
		if found != 1 {
			t.Errorf("the password is in %d files", found)
		}
	})
}

// What every starter holds, whatever its tool.
func TestContents(t *testing.T) {
	always := []string{".dockerignore", ".editorconfig", ".env", ".env.example", ".gitattributes", ".github/dependabot.yml", ".github/workflows/ci.yml",
		".gitignore", "AGENTS.md", "Dockerfile", "README.md", "compose.yaml", "openapi.yaml"}
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		p, err := generator.Resolve(tool, project(tool.ID))
		if err != nil {
			t.Fatal(err)
		}
		have := map[string][]byte{}
		for _, f := range plan(t, p) {
			have[f.Path] = f.Data
		}
		for _, path := range slices.Concat(always, tool.DatabaseFiles(p.Package), tool.Lock.Files) {
			if _, ok := have[path]; !ok {
				t.Errorf("%s is missing", path)
			}
		}
		if len(tool.Database) == 0 || len(tool.Lock.Files) == 0 {
			t.Error("the manifest names no database layer or no lockfile")
		}
		for _, v := range tool.Env {
			for _, doc := range []string{"README.md", ".env.example"} {
				if !bytes.Contains(have[doc], []byte(v.Name)) {
					t.Errorf("%s does not name %s", doc, v.Name)
				}
			}
		}
		if !slices.Contains(strings.Split(string(have[".gitignore"]), "\n"), ".env") && !slices.Contains(strings.Split(string(have[".gitignore"]), "\n"), "/.env") {
			t.Error(".gitignore does not ignore .env")
		}
	})
}

// An application takes the database layer alone and is told what to declare: what the layer's files import, no less.
func TestDatabaseLayerAlone(t *testing.T) {
	imported := map[string]*regexp.Regexp{
		"Go":         regexp.MustCompile(`(?m)^\s*(?:import )?(?:\w+ )?"([a-z0-9-]+\.[a-z]+/[^"]+)"$`),
		"TypeScript": regexp.MustCompile(`from "((?:@[^/"]+/)?[a-z][^/":]*)(?:/[^"]*)?"`),
	}
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		lines, err := tool.DependencyLines()
		if err != nil || tool.Dependencies.File == "" {
			t.Fatalf("the manifest does not say what the database layer depends on: %v", err)
		}
		p, err := generator.Resolve(tool, project(tool.ID))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(lines, "\n")
		whole := plan(t, p)
		var paths []string
		for _, name := range tool.DatabaseFiles(p.Package) {
			paths = append(paths, path.Dir(name))
		}
		files, err := generator.Only(tool, p.Package, whole, paths)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != len(tool.Database) {
			t.Errorf("%d files, the manifest names %d", len(files), len(tool.Database))
		}
		if tool.Migrations == nil {
			t.Error("the manifest does not say which migrations ran")
		}
		if !slices.ContainsFunc(whole, func(f generator.File) bool { return f.Path == tool.Dependencies.File }) {
			t.Errorf("%s is no file of the starter", tool.Dependencies.File)
		}
		for _, f := range files {
			if bytes.Contains(f.Data, []byte("my-app")) || bytes.Contains(f.Data, []byte("MyApp")) {
				t.Errorf("%s holds the project's name", f.Path)
			}
			re := imported[tool.Language]
			if re == nil {
				continue
			}
			for _, m := range re.FindAllStringSubmatch(string(f.Data), -1) {
				dependency := m[1]
				if tool.Language == "Go" {
					dependency = moduleOf(tool, dependency)
				}
				if !strings.Contains(text, dependency) {
					t.Errorf("%s imports %s, which the dependencies lack:\n%s", f.Path, dependency, text)
				}
			}
		}
	})
}

// moduleOf is the module among the versions that a package belongs to.
func moduleOf(tool *generator.Tool, pkg string) string {
	best := pkg
	for module := range tool.Versions {
		if (pkg == module || strings.HasPrefix(pkg, module+"/")) && (best == pkg || len(module) > len(best)) {
			best = module
		}
	}
	return best
}

// Generated Go is as goimports would write it, also under a module path with dots in it.
func TestGoImports(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		if tool.Language != "Go" {
			return
		}
		for _, module := range []string{"my-app", "github.com/you/my-app", "a.example/zzz"} {
			p := project(tool.ID)
			p.Module = module
			for _, f := range plan(t, p) {
				if !strings.HasSuffix(f.Path, ".go") {
					continue
				}
				// FormatOnly: what is missing among the imports is the compiler's to say, not to be looked up on this machine.
				want, err := imports.Process(f.Path, f.Data, &imports.Options{Comments: true, TabIndent: true, TabWidth: 8, FormatOnly: true})
				if err != nil || !bytes.Equal(want, f.Data) {
					t.Errorf("%s, module %s: not as goimports would write it: %v", f.Path, module, err)
				}
			}
		}
	})
}

// No package registry is named in a starter, except by a Gemfile's source, without which the format cannot do.
func TestNoRegistryHost(t *testing.T) {
	hosts := []string{"registry.npmjs.org", "pypi.org/simple", "files.pythonhosted.org", "repo.maven.apache.org", "repo1.maven.org", "proxy.golang.org", "registry.yarnpkg.com"}
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		for _, f := range plan(t, project(tool.ID)) {
			for _, h := range hosts {
				if bytes.Contains(f.Data, []byte(h)) {
					t.Errorf("%s names %s", f.Path, h)
				}
			}
		}
	})
}
