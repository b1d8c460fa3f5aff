package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/mod/semver"

	"github.com/crdb-init/crdb-init/generator"
)

type updateOptions struct {
	directory    string
	set          []string // key=value
	dryRun, diff bool
	allowDirty   bool
}

func newUpdateCmd(a *app) *cobra.Command {
	var o updateOptions
	cmd := &cobra.Command{
		Use:   "update [DIRECTORY]",
		Short: "Bring a starter up to date, and keep what was changed in it",
		Long: `Bring a starter up to date with this version of crdb-init, and keep what was changed in it.

The starter remembers what it was made from, in .crdb-init. What you did not touch is replaced, what you deleted stays
deleted, and where both sides changed a file git merges them; lines that both changed get conflict markers, the file is
listed and the exit code is 3. Lockfiles that you changed and .env are left alone. Nothing is asked of the network.
docs/updating.md has the details.`,
		Example: `  crdb-init update --dry-run
  crdb-init update ./my-app
  crdb-init update --set name=shop --set deployment=advanced`,
		Args:              atMostOneDirectory,
		ValidArgsFunction: completeDirectory,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.directory = directoryOf(args)
			return runUpdate(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.set, "set", nil, "change an answer: `key=value`, of name, module, package or deployment")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would be done, write nothing")
	f.BoolVar(&o.diff, "diff", false, "print what would be changed as a unified diff, write nothing")
	f.BoolVar(&o.allowDirty, "allow-dirty", false, "also where git could not bring back what is there now")
	complete(cmd, "set", func(string) ([]string, cobra.ShellCompDirective) {
		return []string{"name=", "module=", "package=", "deployment="}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// atMostOneDirectory is for commands about a starter, which is here if no directory is named.
func atMostOneDirectory(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef(cmd.UseLine(), "%s: one directory, not %d", cmd.Name(), len(args))
	}
	return nil
}

func completeDirectory(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func directoryOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// A made is a starter that is there, with its state.
type made struct {
	app       *app
	directory string
	root      *os.Root
	state     *generator.State
}

// open opens a starter. The caller closes its root.
func (a *app) open(directory string) (*made, error) {
	root, err := os.OpenRoot(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, usagef("name the directory of a starter", "%s: %w", directory, cause(err))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", directory, cause(err))
	}
	state, err := generator.ReadState(root.FS())
	if err != nil {
		root.Close()
		if errors.Is(err, fs.ErrNotExist) {
			err = &hintError{fmt.Errorf("%s: not a starter, or one that is never updated: %s is not there", directory, generator.StateDir),
				"crdb-init --tool TOOL DIRECTORY makes one"}
		}
		return nil, err
	}
	return &made{a, directory, root, state}, nil
}

// update plans an update with other answers, if set names some.
func (m *made) update(ctx context.Context, set []string) (*generator.Updated, error) {
	library, err := m.app.library()
	if err != nil {
		return nil, err
	}
	program := Version()
	if semver.Compare(m.state.Program, program) > 0 && semver.IsValid(program) {
		return nil, &hintError{fmt.Errorf("%s: made by crdb-init %s, this is %s", m.directory, m.state.Program, program), "install that version or a newer one"}
	}
	p, err := answersWith(library, m.state.Answers, set)
	if err != nil {
		return nil, err
	}
	return generator.Update(library, m.state, p, m.root.FS(), program, func(yours, base, theirs []byte) ([]byte, bool, error) {
		return merge(ctx, yours, base, theirs, "crdb-init "+program)
	})
}

// answersWith returns answers with those that set names. One that followed from another follows it again.
func answersWith(library fs.FS, p generator.Project, set []string) (generator.Project, error) {
	t, err := generator.Find(library, p.Tool)
	if err != nil {
		return p, &hintError{err, "--skeletons names the directory that it came from"}
	}
	if len(set) == 0 {
		return p, nil
	}
	derived, err := generator.Resolve(t, generator.Project{Tool: p.Tool, Name: p.Name})
	if err != nil {
		return p, err
	}
	given := map[string]bool{}
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		switch {
		case !ok || value == "":
			return p, usagef("--set name=shop", "--set %s: not key=value", s)
		case given[key]:
			return p, usagef("leave one of them out", "--set %s: is there twice", key)
		case holdsConnection(value):
			return p, usagef(".env holds the connection, and update never touches it", "--set %s: is a connection string", key)
		}
		given[key] = true
		switch key {
		case "name":
			p.Name = value
		case "module":
			p.Module = value
		case "package":
			p.Package = value
		case "deployment":
			if p.Deployment, err = parseDeployment(value); err != nil {
				return p, err
			}
		case "tool":
			return p, usagef("crdb-init --tool "+shellWord(value)+" makes another starter, in a directory of its own", "--set tool: a starter keeps its tool")
		default:
			return p, usagef("name, module, package or deployment", "--set %s: not an answer", key)
		}
	}
	if given["name"] && !given["module"] && p.Module == derived.Module {
		p.Module = ""
	}
	if given["name"] && !given["package"] && p.Package == derived.Package {
		p.Package = ""
	}
	p, err = generator.Resolve(t, p)
	return p, usage(err)
}

// merge is git merge-file, with the common ancestor between the markers.
func merge(ctx context.Context, yours, base, theirs []byte, label string) (merged []byte, conflict bool, err error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return nil, false, &hintError{errors.New("was changed on both sides, and git, which merges them, is not installed"), "install git"}
	}
	dir, err := os.MkdirTemp("", "crdb-init-")
	if err != nil {
		return nil, false, err
	}
	defer os.RemoveAll(dir)
	args := []string{"merge-file", "-p", "--diff3", "-L", "yours", "-L", "as it was made", "-L", label}
	for _, x := range []struct {
		name string
		data []byte
	}{{"yours", yours}, {"base", base}, {"new", theirs}} {
		if err := os.WriteFile(filepath.Join(dir, x.name), x.data, 0o600); err != nil {
			return nil, false, err
		}
		args = append(args, x.name)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	var errs strings.Builder
	cmd.Stderr = &errs
	merged, err = cmd.Output()
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	// The exit code is the number of conflicts, up to 127.
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.ExitCode() >= 1 && e.ExitCode() <= 127 {
		return merged, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("git merge-file: %s", reason([]byte(errs.String()), err))
	}
	return merged, false, nil
}

func runUpdate(ctx context.Context, a *app, o updateOptions) error {
	m, err := a.open(o.directory)
	if err != nil {
		return err
	}
	defer m.root.Close()
	u, err := m.update(ctx, o.set)
	if err != nil {
		return err
	}
	write := !o.dryRun && !o.diff
	if write && u.Changed() {
		if !o.allowDirty {
			if err := committed(ctx, o.directory); err != nil {
				return &hintError{fmt.Errorf("%s: %w, so nothing could bring back what is there now", o.directory, err), "commit first, or --allow-dirty"}
			}
		}
		if err := generator.Write(ctx, o.directory, u.Changes, generator.Overwrite); err != nil {
			return err
		}
	}
	r := m.result(u, o.diff)
	err = a.print(r, func(w io.Writer) {
		if o.diff {
			for _, c := range u.Changes {
				io.WriteString(w, patch(c))
			}
			return
		}
		m.summary(w, u, r, write)
	})
	if err != nil {
		return err
	}
	return conflicts(u, write)
}

// conflicts is the error of an update that left, or would leave, conflict markers.
func conflicts(u *generator.Updated, written bool) error {
	var paths []string
	for _, o := range u.Outcomes {
		if o.Action == generator.Conflicts {
			paths = append(paths, o.Path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return &mergeError{paths, written}
}

// A mergeError names the files in which both sides changed the same lines.
type mergeError struct {
	paths   []string
	written bool
}

func (e *mergeError) Error() string {
	return strings.Join(e.paths, ", ") + ": both sides changed the same lines"
}

func (e *mergeError) Hint() string {
	if e.written {
		return "look for <<<<<<< in these files, resolve and commit"
	}
	return "an update would leave conflict markers in these files, for you to resolve"
}

// An updateResult is what update and check print as JSON.
type updateResult struct {
	Version int               `json:"version"`
	Answers generator.Project `json:"answers"`
	From    string            `json:"from"` // versions of crdb-init
	To      string            `json:"to"`
	Changed bool              `json:"changed"`
	Files   []updateFile      `json:"files"`
	NewEnv  []string          `json:"new_env"`
	OldEnv  []string          `json:"old_env"`
}

type updateFile struct {
	Path   string           `json:"path"`
	From   string           `json:"from,omitempty"`
	Action generator.Action `json:"action"`
	Why    string           `json:"why,omitempty"`
	Diff   string           `json:"diff,omitempty"`
}

func (m *made) result(u *generator.Updated, diff bool) updateResult {
	r := updateResult{
		Version: 1, Answers: u.Project, From: m.state.Program, To: Version(), Changed: u.Changed(),
		Files: []updateFile{}, NewEnv: append([]string{}, u.NewEnv...), OldEnv: append([]string{}, u.OldEnv...),
	}
	diffs := map[string]string{}
	if diff {
		for _, c := range u.Changes {
			diffs[c.Path] = patch(c)
		}
	}
	for _, o := range u.Outcomes {
		r.Files = append(r.Files, updateFile{o.Path, o.From, o.Action, o.Why, diffs[o.From] + diffs[o.Path]})
	}
	return r
}

// heading is a starter's line.
func (r updateResult) heading(w io.Writer) {
	fmt.Fprintf(w, "%s: %s, %s", r.Answers.Name, r.Answers.Tool, r.From)
	if r.To != r.From {
		fmt.Fprintf(w, " -> %s", r.To)
	}
	fmt.Fprintln(w)
}

// list names the files about which there is something to say.
func (r updateResult) list(w io.Writer) {
	for _, f := range r.Files {
		if f.Action == generator.Unchanged {
			continue
		}
		fmt.Fprintf(w, "  %-8s  %s", f.Action, f.Path)
		switch {
		case f.From != "":
			fmt.Fprintf(w, " (from %s)", f.From)
		case f.Why != "":
			fmt.Fprintf(w, ": %s", f.Why)
		}
		fmt.Fprintln(w)
	}
}

func (m *made) summary(w io.Writer, u *generator.Updated, r updateResult, written bool) {
	if !u.Changed() {
		fmt.Fprintf(w, "%s: up to date (%s, %s)\n", r.Answers.Name, r.Answers.Tool, r.To)
		return
	}
	r.heading(w)
	r.list(w)
	env := secretFile(m.root)
	for _, name := range u.NewEnv {
		fmt.Fprintf(w, "  %s is read from now on: .env.example says what it is%s\n", name, env)
	}
	for _, name := range u.OldEnv {
		fmt.Fprintf(w, "  %s is no longer read\n", name)
	}
	if d := u.Project.Deployment; d != m.state.Answers.Deployment && written {
		fmt.Fprintf(w, "  .env still leads to the %s deployment: .env.example has the form for %s\n", m.state.Answers.Deployment, d)
	}
	if u.Project.Name != m.state.Answers.Name && written {
		fmt.Fprint(w, "  .env still names the old database, where it did\n")
	}
	if written {
		fmt.Fprintf(w, "next:\n")
		if filepath.Clean(m.directory) != "." {
			fmt.Fprintf(w, "  cd %s\n", shellWord(argument(m.directory)))
		}
		fmt.Fprintf(w, "  git diff\n  %s\n", u.Tool.Next[0])
	}
}

// secretFile says that .env is there and stays as it is.
func secretFile(root *os.Root) string {
	if _, err := root.Stat(generator.SecretPath); err != nil {
		return ""
	}
	return ", .env stays as it is"
}

// committed wants a directory whose every file git could bring back.
func committed(ctx context.Context, dir string) error {
	path, err := exec.LookPath("git")
	if err != nil {
		return errNoGit
	}
	out, err := git{ctx, path, dir}.run("status", "--porcelain", "--", ".")
	switch {
	case err != nil && strings.Contains(string(out), "not a git repository"):
		return errors.New("the directory is in no git repository")
	case err != nil:
		return err
	case len(strings.TrimSpace(string(out))) > 0:
		return errors.New("there are changes that are not committed")
	}
	return nil
}
