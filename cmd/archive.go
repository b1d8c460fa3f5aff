package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/crdb-init/crdb-init/generator"
)

// standardOutput is the --output that goes there: a tar archive.
const standardOutput = "-"

// archived completes what --output says: the name of the project, and in what format it is written.
func (s *starter) archived() error {
	o := s.options
	switch {
	case o.directory != "":
		return usagef("leave one of them out", "--output and %s: an archive goes into no directory", o.directory)
	case o.url != "" || o.connection.first() != "":
		return usagef("an archive holds no .env; run crdb-init --url … . where it was unpacked", "--output: writes no connection")
	case o.diff:
		return usagef("--dry-run lists what the archive would hold", "--output and --diff: contradict each other")
	}
	if o.output == standardOutput {
		switch {
		case s.app.json:
			return usagef("name a file", "--output -: standard output is where --json goes")
		case s.app.outIsTerminal() && !o.dryRun:
			return usagef("crdb-init … --output - | tar x", "--output -: standard output is a terminal")
		case s.project.Name == "":
			return usagef("--name my-app", "--output -: needs a name")
		}
		s.directory = s.project.Name
		return nil
	}
	stem, ok := generator.ArchiveStem(filepath.Base(o.output))
	if !ok {
		return usagef("a name that ends with .tar.gz, .tar or .zip, or -", "--output: %s: not the name of an archive", o.output)
	}
	s.directory = stem
	if s.project.Name != "" {
		s.directory = s.project.Name
	}
	return nil
}

// pack writes the starter as an archive. It asks nothing: what a pipe needs is given.
func (s *starter) pack(ctx context.Context, library fs.FS) error {
	if _, err := s.answer(ctx, library, nil); err != nil {
		return err
	}
	plan, err := s.plan(library)
	if err != nil {
		return err
	}
	plan = slices.DeleteFunc(plan, func(f generator.File) bool { return f.Secret })
	if s.changes, err = generator.Compare(plan, nil); err != nil {
		return err
	}
	if s.options.dryRun {
		return s.preview()
	}
	return s.archive(plan)
}

// archive writes the plan as one file, or to standard output.
func (s *starter) archive(plan []generator.File) error {
	var b bytes.Buffer
	if s.options.output == standardOutput {
		if err := generator.WriteArchive(&b, ".tar", s.project.Name, plan); err != nil {
			return err
		}
		if _, err := s.app.out.Write(b.Bytes()); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
		return nil
	}
	if err := generator.WriteArchive(&b, s.options.output, s.project.Name, plan); err != nil {
		return err
	}
	if err := s.writeArchive(b.Bytes()); err != nil {
		return err
	}
	return s.app.print(s.result(), func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %d kB (%s, %s), without .env\n",
			s.options.output, count(len(s.changes), "file"), (b.Len()+999)/1000, s.tool.ID, s.project.Deployment)
	})
}

// writeArchive puts the file in its place whole, or not at all.
func (s *starter) writeArchive(data []byte) error {
	name := s.options.output
	if _, err := os.Lstat(name); err == nil && s.on != generator.Overwrite {
		return &hintError{&generator.ConflictError{Paths: []string{name}}, "--on-conflict overwrite replaces it"}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &hintError{fmt.Errorf("%s: %w", name, cause(err)), "choose another file"}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".crdb-init-")
	if err != nil {
		return &hintError{fmt.Errorf("%s: %w", name, cause(err)), "choose another file"}
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("%s: %w", name, cause(err))
	}
	return nil
}
