package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"golang.org/x/mod/modfile"
)

// Dependencies is what an application declares that takes the database layer alone.
type Dependencies struct {
	File  string `json:"file"`  // go.mod, package.json, …: which is its owner's, and never written
	Lines Text   `json:"lines"` // what it has to say, as a template that knows the versions
}

func (d Dependencies) check() error {
	if (d.File == "") != (d.Lines == "") {
		return errors.New("file or lines: missing")
	}
	return nil
}

// DependencyLines returns what the application declares that takes the database layer of t.
func (t *Tool) DependencyLines() ([]string, error) {
	funcs := functions()
	funcs["version"] = t.version
	tmpl, err := template.New(t.ID+" dependencies").Delims(left, right).Option("missingkey=error").Funcs(funcs).Parse(string(t.Dependencies.Lines))
	if err != nil {
		return nil, templateError(err)
	}
	var b strings.Builder
	if err := tmpl.Execute(&b, nil); err != nil {
		return nil, templateError(err)
	}
	return strings.Split(b.String(), "\n"), nil
}

// version is that of a dependency, for templates.
func (t *Tool) version(dependency string) (string, error) {
	v, ok := t.Versions[dependency]
	if !ok {
		return "", fmt.Errorf("%q is not among the versions of %s", dependency, t.ID)
	}
	return v, nil
}

// DatabaseFiles are the paths of the database layer in a starter of a Java package, which has none in other languages.
func (t *Tool) DatabaseFiles(javaPackage string) []string {
	files := make([]string, len(t.Database))
	for i, name := range t.Database {
		files[i] = strings.ReplaceAll(name, attrPackage, strings.ReplaceAll(javaPackage, ".", "/"))
	}
	return files
}

// Only returns the files of the database layer that are at one of these paths or below it. The plan is of that Java package.
func Only(t *Tool, javaPackage string, plan []File, paths []string) ([]File, error) {
	layer := map[string]bool{}
	for _, name := range t.DatabaseFiles(javaPackage) {
		layer[name] = true
	}
	taken := map[string]bool{}
	for _, p := range paths {
		clean, found := path.Clean(filepath.ToSlash(p)), false
		for name := range layer {
			if clean == name || strings.HasPrefix(name, clean+"/") {
				taken[name], found = true, true
			}
		}
		if !found {
			return nil, withHint(fmt.Errorf("%s: not in the database layer of %s", p, t.ID), strings.Join(t.DatabaseFiles(javaPackage), " "))
		}
	}
	var files []File
	for _, f := range plan {
		if taken[f.Path] {
			files = append(files, f)
		}
	}
	return files, nil
}

// Adopt completes a project whose files go into an application that is there already, in dir or around it.
func Adopt(t *Tool, p Project, dir string) (Project, error) {
	if adopt := ecosystems[t.Language].adopt; adopt != nil {
		if err := adopt(t, &p, dir); err != nil {
			return p, err
		}
	}
	return Resolve(t, p)
}

// adoptModule takes the import path from the nearest go.mod.
func adoptModule(t *Tool, p *Project, dir string) error {
	if p.Module != "" {
		return nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for at := abs; ; at = filepath.Dir(at) {
		data, err := os.ReadFile(filepath.Join(at, "go.mod"))
		switch {
		case err == nil:
			if p.Module = modfile.ModulePath(data); p.Module == "" {
				return fmt.Errorf("%s: names no module", filepath.Join(at, "go.mod"))
			}
			below, err := filepath.Rel(at, abs)
			if err != nil {
				return err
			}
			p.Module = path.Join(p.Module, filepath.ToSlash(below))
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: %w", filepath.Join(at, "go.mod"), cause(err))
		case at == filepath.Dir(at):
			return withHint(fmt.Errorf("%s: no go.mod in it or above it", dir), "go mod init, or --module with the import path of "+dir)
		}
	}
}

// adoptPackage: there is no telling an application's package from its files.
func adoptPackage(t *Tool, p *Project, _ string) error {
	if p.Package == "" {
		return withHint(fmt.Errorf("%s: package: missing", t.ID), "--package com.example.shop, the application's own")
	}
	return nil
}
