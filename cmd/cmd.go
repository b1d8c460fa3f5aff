// Package cmd is the command line of crdb-init: it reads flags and answers, calls package generator and prints.
//
// The rules of its voice. The result, and nothing else, goes to standard output. Everything else goes to standard error:
// questions, and an error as one line that names the thing first, then the cause, with a second line for the way out,
// lower case and without a period. Only Main prints errors and picks the exit code. Nothing that is printed holds a
// password: what a user typed is echoed only where it cannot be one.
//
// Each newXxxCmd builds a command, each runXxx does its work with a struct of options, so a test can do without flags.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
	"github.com/crdb-init/crdb-init/skeletons"
)

// The exit codes. 1 is what the disk or the skeletons do not allow, 2 a flag, an argument or an answer that is refused.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitConflict  = 3
	exitOutdated  = 4
	exitCancelled = 130
)

// An app is what the commands see of the world, and the flags that all of them have.
type app struct {
	in            io.Reader
	out, err      io.Writer
	lookup        func(name string) (string, bool) // a variable of the environment
	asker         func() asker                     // nil from it is nobody to ask
	outIsTerminal func() bool

	json      bool
	skeletons string // a folder of the user's own, over ours
}

// Main runs one command and returns its exit code. An interrupt cancels it, and what is under way is undone.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	a := &app{
		in: stdin, out: stdout, err: stderr, lookup: os.LookupEnv,
		asker:         func() asker { return newSurvey(stdin, stderr, os.LookupEnv) },
		outIsTerminal: func() bool { return isTerminal(stdout) },
	}
	return a.run(ctx, args)
}

// Command is the whole command line, for those who document it. Running it is Main's.
func Command() *cobra.Command {
	return newRootCmd(&app{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
}

// Version is that of the program.
func Version() string { return readBuildVersion().Version }

func (a *app) run(ctx context.Context, args []string) int {
	err := checkArguments(args)
	if err == nil {
		root := newRootCmd(a)
		root.SetArgs(append([]string{}, args...)) // nil would be os.Args
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return exitDone
	}
	f := newFailure(err)
	if wantsJSON(args) {
		err = writeJSON(a.err, f)
	} else {
		_, err = io.WriteString(a.err, f.String())
	}
	if err != nil {
		return exitFailed // there is no one left to tell
	}
	return f.Exit
}

// wantsJSON looks for --json by itself: flags that cannot be parsed are an error that is printed as JSON too.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// A failure is an error as it is printed.
type failure struct {
	Error     string   `json:"error"`
	Hint      string   `json:"hint"`
	Exit      int      `json:"exit"`
	Conflicts []string `json:"conflicts"`
}

func newFailure(err error) failure {
	f := failure{Error: err.Error(), Exit: exitFailed, Conflicts: []string{}}
	if e, ok := errors.AsType[hinter](err); ok {
		f.Hint = e.Hint()
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		f.Exit = exitUsage
	}
	if e, ok := errors.AsType[*generator.ConflictError](err); ok {
		f.Exit, f.Conflicts = exitConflict, e.Paths
	}
	if e, ok := errors.AsType[*mergeError](err); ok {
		f.Exit, f.Conflicts = exitConflict, e.paths
	}
	if _, ok := errors.AsType[*outdatedError](err); ok {
		f.Exit = exitOutdated
	}
	if errors.Is(err, context.Canceled) {
		f.Exit = exitCancelled
		if err == context.Canceled { // otherwise undoing met something, and err says what
			f.Error = "cancelled: nothing was written"
		}
	}
	return f
}

func (f failure) String() string {
	s := "crdb-init: " + f.Error + "\n"
	if f.Hint != "" {
		s += "crdb-init: hint: " + f.Hint + "\n"
	}
	return s
}

// A hinter is an error that knows a way out.
type hinter interface {
	error
	Hint() string
}

type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }
func (e *hintError) Hint() string  { return e.hint }

// A usageError is a flag, an argument or an answer that is refused.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// usage makes err one of usage; of nil it makes nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// usagef is a usage error with its way out.
func usagef(hint, format string, args ...any) error {
	return &usageError{&hintError{fmt.Errorf(format, args...), hint}}
}

// checkArguments refuses what no flag and no argument may hold. It does not print it: a terminal would act on it.
func checkArguments(args []string) error {
	for i, arg := range args {
		if why := unprintable(arg); why != "" {
			return usagef("a line break or a stray key may have been copied with it", "argument %d: %s", i+1, why)
		}
	}
	return nil
}

// checkFlags looks at what cobra has parsed. An empty value is most likely an unset variable of a script, and a
// connection string where none belongs would end up in an error, a path or a file.
func checkFlags(cmd *cobra.Command, args []string) error {
	if strings.HasPrefix(cmd.Name(), "__") {
		return nil // a shell completes what is not yet typed
	}
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch value := f.Value.String(); {
		case err != nil || f.Value.Type() != "string":
		case value == "":
			err = usagef("leave it out, or give it a value", "--%s: empty", f.Name)
		case f.Name != "url" && holdsConnection(value):
			err = usagef("connection strings go to --url env:DATABASE_URL", "--%s: is a connection string", f.Name)
		}
	})
	if err != nil || cmd.Name() == "url" {
		return err
	}
	for i, arg := range args {
		switch {
		case arg == "":
			return usagef(cmd.UseLine(), "argument %d: empty", i+1)
		case holdsConnection(arg):
			return usagef("connection strings go to --url env:DATABASE_URL", "argument %d: is a connection string", i+1)
		}
	}
	return nil
}

func holdsConnection(s string) bool {
	return strings.Contains(s, "://") || strings.Contains(strings.ToLower(s), "password=")
}

// flagError says in our words what pflag could not parse. Its own words repeat the value, which may be a secret.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help"
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := e.GetSpecifiedName()
		if short := e.GetSpecifiedShortnames(); short != "" {
			// -tool is how other programs spell --tool.
			name, _, _ = strings.Cut(short, "=")
		}
		if !flagName(name) {
			return usagef(help, "unknown flag")
		}
		dashes := "--"
		if e.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		if cmd.HasParent() && cmd.Root().Flags().Lookup(name) != nil {
			return usagef("a directory called "+cmd.Name()+" is ./"+cmd.Name(), "%s: has no flag %s%s", cmd.Name(), dashes, name)
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		hint := help
		if near := generator.Nearest(name, names); len(near) > 0 {
			hint = "did you mean --" + strings.Join(near, " or --") + "?"
		}
		return usagef(hint, "unknown flag: %s%s", dashes, name)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usagef(help, "--%s: no value", e.GetFlag().Name)
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if e.GetFlag().Value.Type() == "duration" {
			return usagef(help, "--%s: not a time such as 500ms, 10s or 2m", e.GetFlag().Name)
		}
		return usagef(help, "--%s: neither true nor false", e.GetFlag().Name)
	}
	return usagef(help, "a flag that cannot be read")
}

func flagName(s string) bool {
	return s != "" && len(s) <= 30 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// noArguments is for commands that take none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd.CommandPath()+" --help", "%s: takes no arguments", cmd.Name())
	}
	return nil
}

// oneArgument is for commands that take one, which is called what.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usagef(cmd.UseLine(), "%s: %s is missing", cmd.Name(), what)
		case 1:
			return nil
		}
		return usagef(cmd.UseLine(), "%s: one %s, not %d", cmd.Name(), what, len(args))
	}
}

// library returns the skeletons: ours, with the user's own over them.
func (a *app) library() (fs.FS, error) {
	if a.skeletons == "" {
		return skeletons.FS, nil
	}
	own, err := openSkeletons("--skeletons", a.skeletons)
	if err != nil {
		return nil, err
	}
	return generator.Overlay(skeletons.FS, generator.Confine(own)), nil
}

// find returns the tool that word names. A broken manifest is not the user's mistake; such errors come without a hint.
func find(library fs.FS, word string) (*generator.Tool, error) {
	t, err := generator.Find(library, word)
	if _, ok := errors.AsType[hinter](err); ok {
		return nil, usage(err)
	}
	return t, err
}

// parseDeployment reads --deployment, for which the nearest names are offered.
func parseDeployment(s string) (conn.Deployment, error) {
	d, err := conn.ParseDeployment(s)
	if err == nil {
		return d, nil
	}
	var names []string
	for _, d := range conn.Deployments() {
		names = append(names, string(d))
	}
	hint := strings.Join(names, ", ")
	if near := generator.Nearest(s, names); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return "", usagef(hint, "deployment %q: not known", s)
}
