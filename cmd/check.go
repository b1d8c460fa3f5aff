package cmd

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator"
)

func newCheckCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check [DIRECTORY]",
		Short: "Say whether an update would change a starter",
		Long: `Say whether crdb-init update would change a starter; for CI.

Exit codes: 0 it would change nothing, 4 it would, and the files are listed, 1 what the starter remembers is damaged.`,
		Example: `  crdb-init check
  crdb-init check --json ./my-app`,
		Args:              atMostOneDirectory,
		ValidArgsFunction: completeDirectory,
		RunE:              func(cmd *cobra.Command, args []string) error { return runCheck(cmd.Context(), a, directoryOf(args)) },
	}
}

func runCheck(ctx context.Context, a *app, directory string) error {
	m, err := a.open(directory)
	if err != nil {
		return err
	}
	defer m.root.Close()
	u, err := m.update(ctx, nil)
	if err != nil {
		return err
	}
	r := m.result(u, false)
	err = a.print(r, func(w io.Writer) { m.summary(w, u, r, false) })
	if err != nil || !u.Changed() {
		return err
	}
	n := 0
	for _, o := range u.Outcomes {
		if o.Action != generator.Unchanged && o.Action != generator.Deleted && o.Action != generator.Left {
			n++
		}
	}
	return &outdatedError{directory, n}
}

// An outdatedError is a starter that an update would change.
type outdatedError struct {
	directory string
	files     int
}

func (e *outdatedError) Error() string {
	return fmt.Sprintf("%s: out of date: an update would change %s", e.directory, count(e.files, "file"))
}

func (e *outdatedError) Hint() string { return "crdb-init update " + shellWord(argument(e.directory)) }
