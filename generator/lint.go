package generator

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Lint returns what is wrong with a user's own skeletons, which lie over base: every mistake with its file, and its line where
// there is one. It plans every tool, as each may use a layer or a partial of own.
func Lint(base, own fs.FS) []error {
	var l linter
	l.walk(own)
	entries, err := fs.ReadDir(own, ".")
	if err != nil {
		return []error{err}
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() && name != layers && name != partials && !strings.HasPrefix(name, ".") && !isTool(own, name) {
			l.add(fmt.Errorf("%s: no %s in it, so it is no tool", name, manifest))
		}
	}
	library := Overlay(base, Confine(own))
	all, err := fs.ReadDir(library, ".")
	if err != nil {
		return append(l.errs, err)
	}
	for _, e := range all {
		if e.IsDir() && isTool(library, e.Name()) {
			l.tool(library, e.Name())
		}
	}
	return l.errs
}

type linter struct {
	errs []error
	seen map[string]bool
}

func (l *linter) add(err error) {
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if err != nil && !l.seen[err.Error()] {
		l.seen[err.Error()] = true
		l.errs = append(l.errs, err)
	}
}

// walk looks at everything that is there, also at what no tool uses.
func (l *linter) walk(own fs.FS) {
	names := map[string]string{}
	err := fs.WalkDir(own, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.add(fmt.Errorf("%s: %w", name, cause(err)))
			return fs.SkipDir
		case name == ".":
			return nil
		}
		if other, twice := names[strings.ToLower(name)]; twice {
			l.add(fmt.Errorf("%s: %s differs by case only", name, other))
		}
		names[strings.ToLower(name)] = name
		info, err := e.Info()
		if err != nil {
			l.add(fmt.Errorf("%s: %w", name, cause(err)))
			return nil
		}
		if why := unfit(info); why != "" {
			l.add(fmt.Errorf("%s: %s", name, why))
		}
		return nil
	})
	l.add(err)
}

// tool plans one tool for every deployment, with a name that every language spells in its own way.
func (l *linter) tool(library fs.FS, id string) {
	t, err := load(library, id)
	if err != nil {
		l.add(err)
		return
	}
	var plan []File
	for _, d := range conn.Deployments() {
		if plan, err = Plan(library, Project{Tool: id, Name: "my-app", Deployment: d}); err != nil {
			l.add(err)
			return
		}
		l.add(CheckGo(plan))
	}
	there, sources := map[string]bool{}, map[string]bool{}
	for _, f := range plan {
		there[f.Path], sources[f.Source] = true, true
	}
	missing := func(field, name string, ok bool) {
		if !ok {
			l.add(placed(library, t.ID, field, fmt.Errorf("%s: %s is not in the starter", field, name)))
		}
	}
	p, err := Resolve(t, Project{Name: "my-app"})
	l.add(err)
	for _, name := range t.DatabaseFiles(p.Package) {
		missing("database", name, there[name])
	}
	for _, name := range t.Lock.Files {
		missing("lock", name, there[name])
	}
	if name := t.Dependencies.File; name != "" {
		missing("dependencies", name, there[name])
		if _, err := t.DependencyLines(); err != nil {
			l.add(placed(library, t.ID, "dependencies", err))
		}
	}
	for old, name := range t.Renames {
		_, again := t.Renames[name]
		missing("renames", name, sources[name] || again)
		if sources[old] {
			l.add(placed(library, t.ID, "renames", fmt.Errorf("renames: %s is still there", old)))
		}
	}
	for _, f := range t.Forms {
		for _, d := range conn.Deployments() {
			if len(f.Deployments) > 0 && !slices.Contains(f.Deployments, d) {
				continue
			}
			if _, _, err := f.Write(t, (Project{Name: "my-app"}).example(d), d); err != nil {
				l.add(placed(library, t.ID, "forms", fmt.Errorf("forms: %w", err)))
			}
		}
	}
	l.add(l.ignored(t, plan))
}

// ignored wants .env, if there is one, to be ignored by git: it is where the password goes.
func (l *linter) ignored(t *Tool, plan []File) error {
	secret, ignored := false, false
	for _, f := range plan {
		secret = secret || f.Secret
		if f.Path == ".gitignore" {
			for line := range strings.Lines(string(f.Data)) {
				line = strings.TrimSpace(line)
				ignored = ignored || line == ".env" || line == "/.env" || line == ".env*"
			}
		}
	}
	if secret && !ignored {
		return fmt.Errorf("%s: .env is not in .gitignore", t.ID)
	}
	return nil
}
