package generator

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// skeletonsOf turns a txtar archive into skeletons: tests feed the engine what users would, a tree.
func skeletonsOf(archive string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		m[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	return m
}

const smallTool = `
-- tiny/tool.json --
{
	"title": "Tiny", "language": "Go", "aliases": ["little"], "summary": "a tool for tests", "docs": "https://example.com",
	"adapter": {"name": "dep", "note": "none"}, "runtime": {"name": "Go", "minimum": "1.25"},
	"layers": ["common"], "versions": {"dep": "v1.2.3"}, "reserved": ["taken"],
	"dialect": {"syntax": "url", "scheme": "postgresql"},
	"forms": [{"name": "url", "title": "URL"}],
	"commands": {"build": [["go", "build", "-o", "bin/it is", "."]], "start": [["./bin/server"]]},
	"next": ["set up", "migrate", "start"], "database": []
}
-- tiny/main.go.tmpl --
package main

const module = {~ goquote .Module ~}
-- tiny/executable_run.sh --
#!/bin/sh
-- tiny/dot_config/dot_it.tmpl --
{~ version "dep" ~} {~ template "note" . ~}
-- _layer/common/layer.json --
{
	"local": "compose up", "versions": {"image": "v25.4.10"},
	"env": [
		{"name": "DATABASE_URL", "role": "url", "meaning": "the database"},
		{"name": "TEST_DATABASE_URL", "role": "test_url", "meaning": "the tests' database"},
		{"name": "SECRET_KEY", "role": "secret", "meaning": "signs"},
		{"name": "PORT", "role": "setting", "default": "8080", "meaning": "where"}
	]
}
-- _layer/common/dot_env.tmpl --
URL={~ dotenv .URL ~}
-- _partial/note.tmpl --
{~ template "inner" . ~} of {~ .Name ~}
-- _partial/inner.tmpl --
a note for {~ sh (command "build") ~}
-- _partial/unused.tmpl --
{~ nothing that parses
`

func planOf(t *testing.T, archive string, p Project) map[string]File {
	t.Helper()
	files, err := Plan(skeletonsOf(archive), p)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]File{}
	for _, f := range files {
		m[f.Path] = f
	}
	return m
}

func TestPlan(t *testing.T) {
	files := planOf(t, smallTool, Project{Tool: "little", Name: "my-app"})
	want := map[string]string{
		"main.go":     "package main\n\nconst module = \"my-app\"\n",
		"run.sh":      "#!/bin/sh\n",
		".config/.it": "v1.2.3 a note for go build -o 'bin/it is' .\n of my-app\n\n",
		".env":        "URL='postgresql://root@localhost:26257/my_app?sslmode=disable'\n",
	}
	for path, text := range want {
		if got := string(files[path].Data); got != text {
			t.Errorf("%s:\n%s\nwant:\n%s", path, got, text)
		}
	}
	if len(files) != len(want) {
		t.Errorf("files: %v", files)
	}
	if !files["run.sh"].Exec || files["main.go"].Exec {
		t.Error("run.sh alone is executable")
	}
	if !files[".env"].Secret || files[".config/.it"].Secret {
		t.Error(".env alone is secret")
	}
}

func TestOnlyEnvDependsOnTheConnection(t *testing.T) {
	c := conn.Config{User: "ada", Password: "s3cret/@", Host: "db.example.com", Database: "bank", Params: map[string]string{"sslmode": "verify-full"}}
	with := planOf(t, smallTool, Project{Tool: "tiny", Name: "my-app", Deployment: conn.SelfHosted, Connection: &c})
	without := planOf(t, smallTool, Project{Tool: "tiny", Name: "my-app", Deployment: conn.SelfHosted})
	for path := range with {
		if same := bytes.Equal(with[path].Data, without[path].Data); same == (path == ".env") {
			t.Errorf("%s: same with and without a URL: %v", path, same)
		}
	}
	if !strings.Contains(string(with[".env"].Data), "s3cret%2F%40") {
		t.Errorf(".env: %s", with[".env"].Data)
	}
}

func TestNoTemplateButEnvsSeesTheURL(t *testing.T) {
	_, err := Plan(skeletonsOf(smallTool+"-- tiny/leak.txt.tmpl --\n{~ .URL ~}\n"), Project{Tool: "tiny", Name: "my-app"})
	if err == nil || !strings.HasPrefix(err.Error(), "tiny/leak.txt.tmpl:1:") {
		t.Errorf("error: %v", err)
	}
}

// Each row breaks one rule of the skeletons; the error names the file, and the line where there is one.
func TestSkeletonRefused(t *testing.T) {
	for name, row := range map[string]struct{ add, want string }{
		"one path from two places":  {"-- _layer/common/run.sh --\n", "run.sh: comes from"},
		"case only":                 {"-- tiny/Run.sh --\n", "differs by case only"},
		"a folder's case only":      {"-- tiny/Dot/a --\n-- tiny/dot/b --\n", "differs by case only"},
		"a file is a folder too":    {"-- _layer/common/run.sh/x --\n", "is a folder too"},
		"vendor":                    {"-- tiny/vendor/x --\n", "below vendor"},
		"git's own":                 {"-- tiny/dot_git/config --\n", "git's own"},
		"aux":                       {"-- tiny/aux.txt --\n", `"aux.txt"`},
		"a colon":                   {"-- tiny/a:b --\n", `"a:b"`},
		"a folder that is exec":     {"-- tiny/executable_x/a --\n", "only a file is executable"},
		"a package without Java":    {"-- tiny/__package__/a --\n", "has no packages"},
		"unknown version":           {"-- tiny/x.tmpl --\n\n{~ version \"other\" ~}\n", `tiny/x.tmpl:2:`},
		"unknown partial":           {"-- tiny/x.tmpl --\n{~ template \"gone\" . ~}\n", `tiny/x.tmpl: template "gone"`},
		"unknown function":          {"-- tiny/x.tmpl --\n{~ now ~}\n", "tiny/x.tmpl:1: function \"now\" not defined"},
		"sprig's environment":       {"-- tiny/x.tmpl --\n{~ env \"HOME\" ~}\n", "function \"env\" not defined"},
		"unknown field":             {"-- tiny/x.tmpl --\n{~ .Clock ~}\n", "tiny/x.tmpl:1:"},
		"partial that calls itself": {"-- tiny/x.tmpl --\n{~ template \"loop\" . ~}\n-- _partial/loop.tmpl --\n{~ template \"loop\" . ~}\n", "calls itself"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Plan(skeletonsOf(smallTool+row.add), Project{Tool: "tiny", Name: "my-app"})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error: %v\nwant: %s", err, row.want)
			}
		})
	}
	for name, row := range map[string]struct{ data, want string }{
		"CRLF":            {"a\r\n", "carriage return"},
		"no last newline": {"a", "no newline at the end"},
		"not UTF-8":       {"\xff\n", "neither UTF-8 nor binary"},
		"a txtar marker":  {"a\n-- accounts --\n", "line 2"},
		"too large":       {strings.Repeat("a\n", maxFile), "the limit is"},
	} {
		t.Run(name, func(t *testing.T) {
			m := skeletonsOf(smallTool)
			m["tiny/x.txt"] = &fstest.MapFile{Data: []byte(row.data)}
			_, err := Plan(m, Project{Tool: "tiny", Name: "my-app"})
			if err == nil || !strings.Contains(err.Error(), "tiny/x.txt: ") || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error: %v\nwant: %s", err, row.want)
			}
		})
	}
}

// Each row is one mistake in a manifest.
func TestManifestRefused(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"unknown field":       {`"title"`, `"titel"`, `tiny/tool.json:2: unknown field "titel"`},
		"syntax":              {`"Tiny",`, `"Tiny"`, "tiny/tool.json:2:"},
		"unknown language":    {`"Go", "aliases"`, `"Cobol", "aliases"`, `language "Cobol"`},
		"missing title":       {`"Tiny"`, `""`, "title: missing"},
		"unknown adapter":     {`"name": "dep"`, `"name": "other"`, `adapter "other"`},
		"unknown syntax":      {`"syntax": "url"`, `"syntax": "odbc"`, "dialect"},
		"two starts":          {`["./bin/server"]`, `["a"], ["b"]`, "start is one command"},
		"four next lines":     {`"set up",`, `"set up", "more",`, "three lines"},
		"no forms":            {`[{"name": "url", "title": "URL"}]`, `[]`, "forms: missing"},
		"a form's deployment": {`"title": "URL"`, `"title": "URL", "deployments": ["moon"]`, `"moon"`},
		"unknown layer":       {`["common"]`, `["common", "gone"]`, "layer gone"},
		"a version twice":     {`"dep": "v1.2.3"`, `"dep": "v1.2.3", "image": "x"`, `"image" is in _layer/common/layer.json too`},
		"a variable twice":    {`"database": []`, `"database": [], "env": [{"name": "PORT", "role": "setting", "meaning": "x"}]`, "PORT is there twice"},
		"unknown role":        {`"role": "secret"`, `"role": "hidden"`, `role "hidden"`},
		"no meaning":          {`"meaning": "signs"`, `"meaning": ""`, "no meaning"},
		"no url variable":     {`"role": "url"`, `"role": "setting"`, "role url"},
		"migrations":          {`"database": []`, `"database": [], "migrations": {"files": "migrations/*.sql"}`, "migrations: applied: not one SELECT"},
		"two values":          {"\"database\": []\n}", "\"database\": []\n}\n{}", "more than one value"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(smallTool, row.old) {
				t.Fatalf("%s is not in the archive", row.old)
			}
			_, err := Plan(skeletonsOf(strings.Replace(smallTool, row.old, row.new, 1)), Project{Tool: "tiny", Name: "my-app"})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error: %v\nwant: %s", err, row.want)
			}
		})
	}
}

func TestCheckGo(t *testing.T) {
	for text, want := range map[string]string{
		"package\n":    "tiny/x.go.tmpl: as x.go: ",
		"package  x\n": "tiny/x.go.tmpl: as x.go, line 1: not as gofmt would write it",
		"package x\n":  "",
	} {
		err := CheckGo([]File{{Path: "x.go", Source: "tiny/x.go.tmpl", Data: []byte(text)}, {Path: "x.txt", Data: []byte("package\n")}})
		if want == "" != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestJavaPackageIsAPath(t *testing.T) {
	archive := strings.Replace(smallTool, `"language": "Go"`, `"language": "Java"`, 1) +
		"-- tiny/src/main/java/__package__/App.java.tmpl --\npackage {~ .Package ~};\n"
	archive = strings.Replace(archive, "goquote .Module", "goquote .Package", 1)
	files := planOf(t, archive, Project{Tool: "tiny", Name: "my-app"})
	if got := string(files["src/main/java/com/example/myapp/App.java"].Data); got != "package com.example.myapp;\n" {
		t.Errorf("App.java: %q, files: %v", got, files)
	}
}

func TestFind(t *testing.T) {
	m := skeletonsOf(smallTool)
	other := skeletonsOf(strings.ReplaceAll(smallTool, "tiny/", "teeny/"))
	maps.Copy(m, other)
	m["notes/readme.txt"] = &fstest.MapFile{Data: []byte("no tool\n")}
	for word, want := range map[string]string{
		"little":    `tool "little": could be teeny or tiny`,
		"tny":       `tool "tny": not known`,
		"notes":     `tool "notes": not known`,
		"_layer":    `tool "_layer": not known`,
		"../tiny":   `tool "../tiny": not known`,
		"tiny/../x": `tool "tiny/../x": not known`,
		"":          `tool "": not known`,
	} {
		if _, err := Find(m, word); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
	if tool, err := Find(m, "tiny"); err != nil || tool.ID != "tiny" {
		t.Errorf("tiny: %v, %v", tool, err)
	}
	// A folder that is named is all that is read: another tool's mistake is not this user's.
	m["teeny/tool.json"] = &fstest.MapFile{Data: []byte("{")}
	if _, err := Plan(m, Project{Tool: "tiny", Name: "my-app"}); err != nil {
		t.Error(err)
	}
	if tools, err := Tools(skeletonsOf(smallTool)); err != nil || len(tools) != 1 {
		t.Errorf("tools: %v, %v", tools, err)
	}
}

// faulty is an FS with one file that the disk does not give.
type faulty struct {
	fs.FS
	name string
	err  error
}

func (u faulty) Open(name string) (fs.File, error) {
	if name == u.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: u.err}
	}
	return u.FS.Open(name)
}

// A tool whose manifest cannot be read is no unknown tool.
func TestFindUnreadable(t *testing.T) {
	eio := errors.New("input/output error")
	m := faulty{skeletonsOf(smallTool), "tiny/tool.json", eio}
	if _, err := Find(m, "tiny"); !errors.Is(err, eio) {
		t.Error(err)
	}
	if _, err := Tools(m); !errors.Is(err, eio) {
		t.Error(err)
	}
	m = faulty{fstest.MapFS{"tiny": {Data: []byte("a file\n")}}, "tiny/tool.json", errors.New("not a directory")}
	if _, err := Find(m, "tiny"); err == nil || err.Error() != `tool "tiny": not known` {
		t.Error(err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"pgx", "pq", "gorm", "django", "psycopg", "psycopg2", "node-postgres", "list", "show"}
	for word, want := range map[string]string{
		"djagno": "django", "lst": "list", "psycopg22": "psycopg2", "PGX": "pgx", "nodepostgres": "node-postgres", "quarkus": "",
	} {
		if got := strings.Join(Nearest(word, words), " "); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestOverlayReplacesWholeTools(t *testing.T) {
	over := skeletonsOf("-- tiny/tool.json --\n" + string(skeletonsOf(smallTool)["tiny/tool.json"].Data) +
		"-- tiny/only.txt --\nmine\n-- _partial/own.tmpl --\nx\n")
	both := Overlay(skeletonsOf(smallTool), over)
	files, err := Plan(both, Project{Tool: "tiny", Name: "my-app"})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != ".env only.txt" {
		t.Errorf("files: %s", got)
	}
	if err := fstest.TestFS(both, "_partial/own.tmpl", "_partial/note.tmpl", "_layer/common/layer.json", "tiny/only.txt"); err != nil {
		t.Error(err)
	}
}

// FuzzMapPath holds the path mapper to its promise: what it lets through stays inside the starter and is legal everywhere.
func FuzzMapPath(f *testing.F) {
	for _, s := range []string{"dot_env.tmpl", "executable_dot_x", "a/__package__/B.java.tmpl", "../x", "a//b", "dot_./x", "dot_git/x", ".tmpl", "executable_.tmpl", "vendor/x", "CON", "a\x00b"} {
		f.Add(s, "com.example")
	}
	f.Fuzz(func(t *testing.T, name, javaPackage string) {
		if javaPackage != "" && !packageRule.MatchString(javaPackage) {
			return // refused at the door
		}
		file, err := mapPath(name, javaPackage)
		if err != nil {
			return
		}
		for e := range strings.SplitSeq(file.Path, "/") {
			if e == "" || e == "." || e == ".." || e == ".git" || strings.ContainsAny(e, "\\:*?\"<>|\x00") {
				t.Errorf("%q became %q", name, file.Path)
			}
		}
		if file.Secret != (file.Path == ".env") {
			t.Errorf("%q: secret: %v", file.Path, file.Secret)
		}
	})
}
