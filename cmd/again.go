package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/crdb-init/crdb-init/generator"
)

// remembered returns the starter that is already in the directory, nil if there is none, or one that is to be overwritten.
func (s *starter) remembered() (*made, error) {
	if s.directory == "" || s.on == generator.Overwrite {
		return nil, nil
	}
	root, err := os.OpenRoot(s.directory)
	if err != nil {
		return nil, nil // whether it can become a starter is asked later
	}
	state, err := generator.ReadState(root.FS())
	if err != nil {
		root.Close()
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	return &made{s.app, s.directory, root, state}, nil
}

// again is a run on a starter that is there: a go:generate line, or a fresh clone. What its owner made of it stays; only
// .env, which no clone has, is written if it is missing.
func (s *starter) again(ctx context.Context, library fs.FS, m *made) (err error) {
	if s.project.Tool == "" {
		s.project.Tool = m.state.Tool
	}
	if s.tool, err = find(library, s.project.Tool); err != nil {
		return err
	}
	was := m.state.Answers
	if s.tool.ID != was.Tool {
		return usagef("choose another directory", "%s: is a %s starter already", s.directory, was.Tool)
	}
	for _, x := range []struct{ flag, have, was string }{
		{"name", s.project.Name, was.Name}, {"module", s.project.Module, was.Module}, {"package", s.project.Package, was.Package},
		{"deployment", string(s.project.Deployment), string(was.Deployment)},
	} {
		if x.have != "" && x.have != x.was {
			return usagef("crdb-init update --set "+x.flag+"="+shellWord(x.have)+" "+shellWord(argument(s.directory)),
				"%s: its %s is %s", s.directory, x.flag, x.was)
		}
	}
	s.project = was
	if s.options.url != "" {
		given, err := s.parseURL(ctx)
		if err != nil {
			return err
		}
		s.project.Deployment = "" // one's own cluster may be elsewhere
		if err := s.connect(given); err != nil {
			return err
		}
	} else if err := s.connect(nil); err != nil {
		return err
	}
	if s.changes, err = s.missingSecret(library, m); err != nil {
		return err
	}
	s.project.Deployment = was.Deployment
	if s.options.dryRun || s.options.diff {
		return s.preview()
	}
	if err := generator.Write(ctx, s.directory, s.changes, generator.Fail); err != nil {
		return err
	}
	return s.app.print(s.result(), func(w io.Writer) {
		what := "nothing was written"
		if created := s.having(string(generator.Create)); len(created) > 0 {
			what = created[0] + " was written"
		}
		fmt.Fprintf(w, "%s: is a %s starter already, %s; crdb-init update brings it up to date\n", s.directory, s.tool.ID, what)
	})
}

// missingSecret compares .env, which is only rendered if it is not there.
func (s *starter) missingSecret(library fs.FS, m *made) ([]generator.Change, error) {
	if _, err := m.root.Lstat(generator.SecretPath); err == nil {
		return nil, nil
	}
	plan, err := generator.Plan(library, s.project)
	if err != nil {
		return nil, err
	}
	for _, f := range plan {
		if f.Secret {
			return generator.Compare([]generator.File{f}, m.root.FS())
		}
	}
	return nil, nil
}
