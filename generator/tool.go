// Package generator turns a project, the user's answers, into the files of a starter.
//
// Goals: the same skeletons and the same project give the same bytes on every system; everything that can be refused is
// refused before anything is written; what is written appears whole or not at all.
// Non-goals: it prints nothing, asks nothing, opens no network connection and runs no program. It holds no list of tools:
// a folder of the skeletons that holds a tool.json is a tool.
package generator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Tool is the manifest of a tool, its tool.json.
type Tool struct {
	ID       string            `json:"-"` // the folder's name
	Title    string            `json:"title"`
	Language string            `json:"language"` // a key of ecosystems
	Aliases  []string          `json:"aliases,omitempty"`
	Summary  string            `json:"summary"`
	Docs     string            `json:"docs"`
	Adapter  Adapter           `json:"adapter"`
	Runtime  Runtime           `json:"runtime"`
	Layers   []string          `json:"layers"`
	Reserved []string          `json:"reserved,omitempty"` // names a project of this tool cannot have
	Versions map[string]string `json:"versions"`           // exact, of every direct dependency
	Dialect  conn.Dialect      `json:"dialect"`            // how .env writes the URL
	Forms    []Form            `json:"forms"`              // the first is the default
	Commands Commands          `json:"commands"`
	Next     []string          `json:"next"` // shell lines: set up, migrate, start
	Env      []Var             `json:"env,omitempty"`
	Database []string          `json:"database"` // the files of the database layer
	Lock     Lock              `json:"lock"`
	E2E      E2E               `json:"e2e,omitzero"`
	Renames  map[string]string `json:"renames,omitempty"` // old skeleton key to new one
	Local    string            `json:"-"`                 // the shell line that starts a local node, of a layer

	Dependencies Dependencies `json:"dependencies,omitzero"` // of the database layer alone

	// Migrations is nil where the database does not tell which of them ran.
	Migrations *Migrations `json:"migrations,omitempty"`
}

// Adapter is the dependency that makes a tool speak CockroachDB.
type Adapter struct {
	Name string `json:"name"` // a key of versions
	Note string `json:"note"`
}

// Runtime is what must be installed to run a starter.
type Runtime struct {
	Name    string `json:"name"`
	Minimum string `json:"minimum"`
}

// Commands are argument vectors, run one after the other in the starter's folder without a shell.
type Commands struct {
	Install [][]string `json:"install,omitempty"`
	Build   [][]string `json:"build,omitempty"`
	Migrate [][]string `json:"migrate,omitempty"`
	Start   [][]string `json:"start,omitempty"` // one: the process that listens
	Test    [][]string `json:"test,omitempty"`
	Lint    [][]string `json:"lint,omitempty"`
	Audit   [][]string `json:"audit,omitempty"`
}

// ByName returns the command called name, as the manifest spells it.
func (c Commands) ByName(name string) ([][]string, error) {
	switch name {
	case "install":
		return c.Install, nil
	case "build":
		return c.Build, nil
	case "migrate":
		return c.Migrate, nil
	case "start":
		return c.Start, nil
	case "test":
		return c.Test, nil
	case "lint":
		return c.Lint, nil
	case "audit":
		return c.Audit, nil
	}
	return nil, fmt.Errorf("%q: no such command (install, build, migrate, start, test, lint, audit)", name)
}

// The roles of an environment variable.
const (
	RoleURL     = "url"      // the database; its value depends on the connection
	RoleTestURL = "test_url" // the tests' database on the local node
	RoleSecret  = "secret"   // of the stack itself; never written
	RoleSetting = "setting"
)

// Var is an environment variable that a starter reads.
type Var struct {
	Name        string `json:"name"`
	Role        string `json:"role"`
	Default     string `json:"default,omitempty"`
	Development string `json:"development,omitempty"` // what .env holds, where it is not the default
	Meaning     string `json:"meaning"`
}

// Lock is how a starter's dependencies are locked.
type Lock struct {
	Files    []string   `json:"files"`    // the lockfiles' paths in the starter
	Commands [][]string `json:"commands"` // what makes them anew from the versions
}

// E2E is what our end-to-end tests need and a user does not.
type E2E struct {
	Env         map[string]string `json:"env,omitempty"`
	Production  map[string]string `json:"production,omitempty"`
	Development map[string]string `json:"development,omitempty"`
	Commands    Commands          `json:"commands,omitzero"` // replacements
	Database    [][]string        `json:"database"`          // what compiles or imports the database layer where nothing else is
}

// layer is the manifest of a layer, its layer.json.
type layer struct {
	Versions map[string]string `json:"versions,omitempty"`
	Env      []Var             `json:"env,omitempty"`
	Local    string            `json:"local,omitempty"`
}

const (
	manifest      = "tool.json"
	layerManifest = "layer.json"
	layers        = "_layer"
	partials      = "_partial"
)

// Tools reads the manifest of every tool, sorted by language in the order of Languages, then by title.
func Tools(skeletons fs.FS) ([]*Tool, error) {
	entries, err := fs.ReadDir(skeletons, ".")
	if err != nil {
		return nil, err
	}
	var tools []*Tool
	for _, e := range entries {
		if !e.IsDir() || !isTool(skeletons, e.Name()) {
			continue
		}
		t, err := load(skeletons, e.Name())
		if err != nil {
			return nil, err
		}
		tools = append(tools, t)
	}
	order := Languages()
	slices.SortFunc(tools, func(a, b *Tool) int {
		if d := slices.Index(order, a.Language) - slices.Index(order, b.Language); d != 0 {
			return d
		}
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return tools, nil
}

// isTool says whether the folder dir is a tool: if and only if it holds a manifest.
func isTool(skeletons fs.FS, dir string) bool {
	if dir == layers || dir == partials {
		return false
	}
	_, err := fs.Stat(skeletons, path.Join(dir, manifest))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err == nil
	}
	// A manifest that cannot be read is one all the same: load says why. Below a file there is none.
	info, err := fs.Stat(skeletons, dir)
	return err != nil || info.IsDir()
}

// Find returns the tool that word names by its id or by an alias. The other tools are read only when no folder has that name.
func Find(skeletons fs.FS, word string) (*Tool, error) {
	if fs.ValidPath(word) && word != "." && !strings.Contains(word, "/") && isTool(skeletons, word) {
		return load(skeletons, word)
	}
	tools, err := Tools(skeletons)
	if err != nil {
		return nil, err
	}
	var found, words []string
	for _, t := range tools {
		if slices.Contains(t.Aliases, word) {
			found = append(found, t.ID)
		}
		words = append(append(words, t.ID), t.Aliases...)
	}
	switch len(found) {
	case 0:
		return nil, withHint(fmt.Errorf("tool %q: not known", word), didYouMean(word, words, "crdb-init list names them all"))
	case 1:
		return load(skeletons, found[0])
	}
	return nil, withHint(fmt.Errorf("tool %q: could be %s", word, strings.Join(found, " or ")), "--tool "+strings.Join(found, " or --tool "))
}

// load reads the manifest of one tool and merges what its layers say.
func load(skeletons fs.FS, id string) (*Tool, error) {
	t := &Tool{ID: id}
	name := path.Join(id, manifest)
	if err := readJSON(skeletons, name, t); err != nil {
		return nil, err
	}
	versions := maps.Clone(t.Versions)
	if versions == nil {
		versions = map[string]string{}
	}
	var env []Var
	for _, l := range t.Layers {
		var shared layer
		from := path.Join(layers, l, layerManifest)
		if err := readJSON(skeletons, from, &shared); err != nil {
			return nil, placed(skeletons, id, l, fmt.Errorf("layer %s: %w", l, err))
		}
		for k, v := range shared.Versions {
			if _, twice := versions[k]; twice {
				return nil, placed(skeletons, id, k, fmt.Errorf("versions: %q is in %s too", k, from))
			}
			versions[k] = v
		}
		env = append(env, shared.Env...)
		if shared.Local != "" {
			t.Local = shared.Local
		}
	}
	t.Versions = versions
	t.Env = append(env, t.Env...)
	if err := t.check(); err != nil {
		field := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" :[", r) })
		return nil, placed(skeletons, id, field[0], err)
	}
	return t, nil
}

// placed gives an error about a field of a manifest the line where the field begins, the first if it is missing.
func placed(skeletons fs.FS, id, field string, err error) error {
	name := path.Join(id, manifest)
	data, readErr := fs.ReadFile(skeletons, name)
	if readErr != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at := max(0, bytes.Index(data, []byte(`"`+field+`"`)))
	return fmt.Errorf("%s:%d: %w", name, 1+bytes.Count(data[:at], []byte("\n")), err)
}

// check refuses what no starter could be made from.
func (t *Tool) check() error {
	if !slices.Contains(Languages(), t.Language) {
		return fmt.Errorf("language %q: not known (%s)", t.Language, strings.Join(Languages(), ", "))
	}
	for field, value := range map[string]string{"title": t.Title, "summary": t.Summary, "docs": t.Docs, "runtime": t.Runtime.Name} {
		if value == "" {
			return fmt.Errorf("%s: missing", field)
		}
	}
	if t.Versions[t.Adapter.Name] == "" {
		return fmt.Errorf("adapter %q: not among the versions", t.Adapter.Name)
	}
	if err := t.Dialect.Validate(); err != nil {
		return fmt.Errorf("dialect: %w", err)
	}
	if len(t.Commands.Start) != 1 {
		return errors.New("commands: start is one command, the process that listens")
	}
	if len(t.Next) != 3 {
		return errors.New("next: three lines: set up, migrate, start")
	}
	if len(t.Forms) == 0 {
		return errors.New("forms: missing")
	}
	for i, f := range t.Forms {
		if err := f.check(); err != nil {
			return fmt.Errorf("forms[%d]: %w", i, err)
		}
	}
	if err := t.Dependencies.check(); err != nil {
		return fmt.Errorf("dependencies: %w", err)
	}
	if t.Migrations != nil {
		if err := t.Migrations.check(); err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
	}
	seen, roles := map[string]bool{}, map[string]int{}
	for _, v := range t.Env {
		if seen[v.Name] {
			return fmt.Errorf("env: %s is there twice", v.Name)
		}
		seen[v.Name] = true
		roles[v.Role]++
		if !slices.Contains([]string{RoleURL, RoleTestURL, RoleSecret, RoleSetting}, v.Role) {
			return fmt.Errorf("env: %s: role %q: not known", v.Name, v.Role)
		}
		if v.Meaning == "" {
			return fmt.Errorf("env: %s: no meaning", v.Name)
		}
	}
	if roles[RoleURL] != 1 || roles[RoleTestURL] != 1 {
		return errors.New("env: one variable has the role url, and one test_url")
	}
	return nil
}

// Var returns the name of the variable that has the role, url or test_url.
func (t *Tool) Var(role string) string {
	for _, v := range t.Env {
		if v.Role == role {
			return v.Name
		}
	}
	return ""
}

// NextSteps returns the lines a user types first, in the starter's folder.
func (t *Tool) NextSteps(d conn.Deployment) []string {
	if d == conn.Local && t.Local != "" {
		return append([]string{t.Local}, t.Next...)
	}
	return t.Next
}

// readJSON reads one JSON object into v, whose unknown fields it refuses, and names the place of a mistake.
func readJSON(fsys fs.FS, name string, v any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err = d.Decode(v); err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = errors.New("more than one value")
		}
	}
	if err == nil {
		return nil
	}
	offset := d.InputOffset()
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	}
	if _, field, ok := strings.Cut(err.Error(), "unknown field "); ok {
		offset = int64(bytes.Index(data, []byte(field)))
	}
	line := 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
	return fmt.Errorf("%s:%d: %s", name, line, strings.TrimPrefix(err.Error(), "json: "))
}
