package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

func newSkeletonCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "skeleton lint|eject",
		Short: "Work on skeletons of your own",
		Long: `Work on skeletons of your own, which --skeletons DIRECTORY lays over those of crdb-init: a tool, a layer or a partial in it
stands in for the one of the same name. They are data: nothing in them is executed. docs/skeletons.md says how they are made.`,
		Example: `  crdb-init skeleton eject pgx ./skeletons
  crdb-init skeleton lint ./skeletons`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("crdb-init skeleton lint DIRECTORY, crdb-init skeleton eject TOOL DIRECTORY", "skeleton: %q: not a command", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			return usagef("crdb-init skeleton lint DIRECTORY, crdb-init skeleton eject TOOL DIRECTORY", "skeleton: lint or eject?")
		},
	}
	cmd.AddCommand(newSkeletonLintCmd(a), newSkeletonEjectCmd(a))
	for _, c := range cmd.Commands() {
		c.DisableFlagsInUseLine = true
	}
	return cmd
}

func newSkeletonLintCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "lint DIRECTORY",
		Short: "Name every mistake in skeletons of your own",
		Long: `Name every mistake in skeletons of your own, with its file and line: manifests, templates, names, what is no plain file.
Every tool is planned with them for every deployment, and generated Go is held to gofmt. Exit code 1 if there is a mistake.`,
		Example:           "  crdb-init skeleton lint ./skeletons",
		Args:              oneArgument("directory"),
		ValidArgsFunction: completeDirectory,
		RunE:              func(_ *cobra.Command, args []string) error { return runSkeletonLint(a, args[0]) },
	}
}

type lintResult struct {
	Mistakes []string `json:"mistakes"`
}

func runSkeletonLint(a *app, dir string) error {
	own, err := openSkeletons("directory", dir)
	if err != nil {
		return err
	}
	r := lintResult{Mistakes: []string{}}
	for _, err := range generator.Lint(skeletons.FS, own) {
		r.Mistakes = append(r.Mistakes, err.Error())
	}
	err = a.print(r, func(w io.Writer) {
		for _, m := range r.Mistakes {
			fmt.Fprintln(w, m)
		}
	})
	if err == nil && len(r.Mistakes) > 0 {
		err = &hintError{fmt.Errorf("%s: %s", dir, count(len(r.Mistakes), "mistake")), "docs/skeletons.md says how skeletons are made"}
	}
	return err
}

func newSkeletonEjectCmd(a *app) *cobra.Command {
	var onConflict string
	cmd := &cobra.Command{
		Use:   "eject TOOL DIRECTORY",
		Short: "Copy a tool's skeleton into a directory of your own",
		Long: `Copy a tool's skeleton, with the layers and partials that it uses, into a directory of your own for --skeletons.
What you leave as it is, delete: it then comes from crdb-init, and goes on improving.`,
		Example: "  crdb-init skeleton eject django ./skeletons",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef(cmd.UseLine(), "eject: a tool and a directory, not %s", count(len(args), "argument"))
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeTools(a)
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSkeletonEject(cmd.Context(), a, args[0], args[1], onConflict)
		},
	}
	cmd.Flags().StringVar(&onConflict, "on-conflict", "fail", "what to do if other files are there: fail, skip or overwrite")
	return cmd
}

type ejectResult struct {
	Tool  string       `json:"tool"`
	Files []fileAction `json:"files"`
}

func runSkeletonEject(ctx context.Context, a *app, word, dir, onConflict string) error {
	on, err := generator.ParseOnConflict(onConflict)
	if err != nil {
		return usage(fmt.Errorf("--on-conflict: %w", err))
	}
	library, err := a.library()
	if err != nil {
		return err
	}
	t, err := find(library, word)
	if err != nil {
		return err
	}
	files, err := generator.Eject(library, t)
	if err != nil {
		return err
	}
	changes, err := generator.CompareDir(files, dir)
	if err != nil {
		return err
	}
	if err := generator.Write(ctx, dir, changes, on); err != nil {
		return err
	}
	r := ejectResult{Tool: t.ID, Files: []fileAction{}}
	roots := map[string]int{}
	var order []string
	for _, c := range changes {
		r.Files = append(r.Files, fileAction{Path: c.Path, Action: action(c, on)})
		root, _, _ := strings.Cut(c.Path, "/")
		if strings.HasPrefix(root, "_") {
			root = path.Join(strings.SplitN(c.Path, "/", 3)[:2]...)
		}
		if roots[root]++; roots[root] == 1 {
			order = append(order, root)
		}
	}
	return a.print(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s of the skeleton of %s\n", dir, count(len(r.Files), "file"), t.ID)
		for _, root := range order {
			fmt.Fprintf(w, "  %s: %s\n", root, count(roots[root], "file"))
		}
		fmt.Fprintf(w, "next:\n  crdb-init skeleton lint %[1]s\n  crdb-init --skeletons %[1]s --tool %[2]s ./my-app\n", shellWord(argument(dir)), t.ID)
	})
}

// openSkeletons opens a folder of the user's own skeletons, of which nothing but plain files is seen.
func openSkeletons(what, dir string) (fs.FS, error) {
	const hint = "a directory with <tool>/tool.json in it"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef(hint, "%s: %s does not exist", what, dir)
	case err == nil && !info.IsDir():
		return nil, usagef(hint, "%s: %s is not a directory", what, dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usagef(hint, "%s: %s: %w", what, dir, cause(err))
	}
	return root.FS(), nil // open as long as the program runs
}
