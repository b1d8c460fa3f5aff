package cmd

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/crdb-init/crdb-init/generator"
)

// printDependencies prints what an application declares that takes the database layer alone.
func (s *starter) printDependencies(library fs.FS) error {
	if s.project.Tool == "" {
		return usagef("crdb-init --tool pgx --print-dependencies", "--tool: missing")
	}
	t, err := find(library, s.project.Tool)
	if err != nil {
		return err
	}
	d, err := dependenciesOf(t)
	if err != nil {
		return err
	}
	return s.app.print(d, func(w io.Writer) {
		for _, line := range d.Lines {
			fmt.Fprintln(w, line)
		}
	})
}

// A dependenciesResult is what an application has to declare, and where.
type dependenciesResult struct {
	File  string   `json:"file"`
	Lines []string `json:"lines"`
}

func dependenciesOf(t *generator.Tool) (*dependenciesResult, error) {
	if t.Dependencies.File == "" {
		return nil, fmt.Errorf("%s: its manifest does not say what the database layer depends on", t.ID)
	}
	lines, err := t.DependencyLines()
	if err != nil {
		return nil, fmt.Errorf("%s/tool.json: %w", t.ID, err)
	}
	return &dependenciesResult{t.Dependencies.File, lines}, nil
}

// addLayer writes files of the database layer, and nothing else, into an application that is there already.
func (s *starter) addLayer(ctx context.Context, library fs.FS) (err error) {
	o, p := s.options, &s.project
	switch {
	case p.Tool == "":
		return usagef("crdb-init --tool pgx --only internal/database .", "--tool: missing")
	case s.directory == "":
		return usagef("crdb-init --tool "+shellWord(p.Tool)+" --only "+shellWord(o.only[0])+" .", "directory: missing")
	case o.url != "" || o.connection.first() != "":
		return usagef("the database layer takes the connection as an argument", "--only: writes no connection")
	}
	if s.tool, err = find(library, p.Tool); err != nil {
		return err
	}
	if err := checkTarget(s.directory); err != nil {
		return err
	}
	if p.Name == "" {
		// The files of the layer do not hold it.
		p.Name = "my-app"
	}
	if *p, err = generator.Adopt(s.tool, *p, s.directory); err != nil {
		return usage(err)
	}
	plan, err := generator.Plan(library, *p)
	if err != nil {
		return err
	}
	if plan, err = generator.Only(s.tool, p.Package, plan, o.only); err != nil {
		return usage(fmt.Errorf("--only: %w", err))
	}
	if s.app.skeletons != "" {
		if err := generator.CheckGo(plan); err != nil {
			return err
		}
	}
	if s.dependencies, err = dependenciesOf(s.tool); err != nil {
		return err
	}
	if s.changes, err = generator.CompareDir(plan, s.directory); err != nil {
		return err
	}
	if o.dryRun || o.diff {
		return s.preview()
	}
	if err := generator.Write(ctx, s.directory, s.changes, s.on); err != nil {
		return err
	}
	return s.app.print(s.result(), func(w io.Writer) {
		same := len(s.having(string(generator.Same)))
		if same == len(s.changes) {
			fmt.Fprintf(w, "%s: %s of the database layer, unchanged\n", s.directory, count(same, "file"))
			return
		}
		fmt.Fprintf(w, "%s: %s of the database layer (%s)\n", s.directory, count(len(s.changes), "file"), s.tool.ID)
		if left := s.having(generator.Skip.String()); len(left) > 0 {
			fmt.Fprintf(w, "  left as they were: %s\n", strings.Join(left, ", "))
		}
		fmt.Fprintf(w, "to be added to %s, which is yours:\n", s.dependencies.File)
		for _, line := range s.dependencies.Lines {
			fmt.Fprintf(w, "  %s\n", line)
		}
	})
}

// foreign is the error of a directory that holds an application which crdb-init did not make: a starter is no
// neighbour for it.
func (s *starter) foreign() error {
	if s.on == generator.Overwrite {
		return nil
	}
	file := s.tool.Dependencies.File
	for _, c := range s.changes {
		if c.Path == file && c.Kind() == generator.Conflict {
			dir := path.Dir(s.tool.DatabaseFiles(s.project.Package)[0])
			return &hintError{&generator.ConflictError{Paths: []string{file}}, fmt.Sprintf(
				"this is an application of your own: crdb-init --tool %s --only %s %s adds the database layer alone", s.tool.ID, dir,
				shellWord(argument(filepath.ToSlash(s.directory))))}
		}
	}
	return nil
}
