package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/doctor"
	"github.com/crdb-init/crdb-init/generator"
)

type doctorOptions struct {
	directory string // of a starter, if url is empty
	url       string // a connection string, env:NAME or -
	timeout   time.Duration
}

func newDoctorCmd(a *app) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [DIRECTORY | --url URL|env:NAME|-]",
		Short: "Find out whether a connection is going to work",
		Long: `Find out whether the connection of a starter, or any other, is going to work, and if not, why and what to do.

In order: the variable (a starter's, from the environment or its .env), the name, the port, TLS, the way to a cluster in
the cloud, the login, the version and its support, the database, the right to create a table, the isolation level, the
time of a round trip, and the starter's migrations. Nothing is changed, and no secret is printed.

Exit codes: 0 all is well, warnings included, 1 a check failed.`,
		Example: `  crdb-init doctor
  crdb-init doctor ./my-app
  crdb-init doctor --url env:DATABASE_URL --timeout 30s
  crdb-init doctor --json | jq -r '.checks[] | select(.outcome == "fail").remedy'`,
		Args:              atMostOneDirectory,
		ValidArgsFunction: completeDirectory,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.url != "" && len(args) > 0 {
				return usagef("leave one of them out", "doctor: a directory and --url: contradict each other")
			}
			o.directory = directoryOf(args)
			return runDoctor(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.url, "url", "", "connection `string`, env:NAME for a variable, or - for standard input, in place of a starter's")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "`time` that each step may wait for the network")
	complete(cmd, "url", completeURL)
	complete(cmd, "timeout", func(string) ([]string, cobra.ShellCompDirective) { return nil, cobra.ShellCompDirectiveNoFileComp })
	return cmd
}

type doctorResult struct {
	OK     bool           `json:"ok"` // nothing failed
	Checks []doctor.Check `json:"checks"`
}

func runDoctor(ctx context.Context, a *app, o doctorOptions) error {
	if o.timeout <= 0 {
		return usagef("--timeout 10s", "--timeout: %s: no time to wait", o.timeout)
	}
	examined, err := a.patient(ctx, o)
	if err != nil {
		return err
	}
	examined.Timeout = o.timeout
	r := doctorResult{OK: true, Checks: []doctor.Check{}}
	var failed []string
	for c := range doctor.Examine(ctx, examined) {
		r.Checks = append(r.Checks, c)
		if c.Outcome == doctor.Fail {
			r.OK = false
			failed = append(failed, c.ID)
		}
		if !a.json { // each as it comes: a step may wait
			if err := a.print(nil, func(w io.Writer) { writeCheck(w, c) }); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.json {
		if err := a.print(r, nil); err != nil {
			return err
		}
	}
	if !r.OK {
		return fmt.Errorf("doctor: failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

func writeCheck(w io.Writer, c doctor.Check) {
	if c.Outcome == doctor.Skipped {
		c.What, c.Cause = c.What+": "+c.Cause, ""
	}
	fmt.Fprintf(w, "%-7s  %-14s  %s\n", c.Outcome, c.ID, c.What)
	for _, line := range []struct{ name, text string }{{"cause", c.Cause}, {"remedy", c.Remedy}} {
		if line.text != "" {
			fmt.Fprintf(w, "%25s%s: %s\n", "", line.name, line.text)
		}
	}
}

// patient says what is to be examined: a connection string, or what the starter in a directory uses.
func (a *app) patient(ctx context.Context, o doctorOptions) (doctor.Options, error) {
	if o.url != "" {
		text, err := a.readURL(ctx, "--url", o.url)
		return doctor.Options{Source: doctor.Source{Name: "--url", Given: text}, Unknown: "no starter is named, whose they would be"}, err
	}
	if info, err := os.Stat(o.directory); err != nil || !info.IsDir() {
		if err == nil {
			err = errors.New("not a directory")
		} else if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("no such directory")
		}
		return doctor.Options{}, usagef("name the directory of a starter, or give --url", "%s: %w", o.directory, cause(err))
	}
	library, err := a.library()
	if err != nil {
		return doctor.Options{}, err
	}
	p := doctor.Options{
		Source:  doctor.Source{Lookup: a.lookup, File: filepath.Join(o.directory, generator.SecretPath)},
		Starter: true, Dir: o.directory,
	}
	t, err := toolOf(library, o.directory)
	if err != nil {
		// Whichever tool it is, its variable is one of few.
		p.Unknown = err.Error()
		tools, err := generator.Tools(library)
		if err != nil {
			return p, err
		}
		for _, t := range tools {
			if v := t.Var(generator.RoleURL); !slices.Contains(p.Source.Variables, v) {
				p.Source.Variables = append(p.Source.Variables, v)
			}
		}
		return p, nil
	}
	p.Source.Variables = []string{t.Var(generator.RoleURL)}
	p.Dialect, p.Node = &t.Dialect, t.Local
	p.Migrations, p.Unknown = migrationsOf(t, o.directory)
	return p, nil
}

// toolOf returns the tool that a starter was made for, or why it is not known. What else the starter remembers of its
// making may be damaged: that is not what is examined here.
func toolOf(library fs.FS, directory string) (*generator.Tool, error) {
	file := filepath.Join(directory, filepath.FromSlash(generator.StateFile))
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there, which says what the starter was made for", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, cause(err))
	}
	var state struct {
		Tool string `json:"tool"`
	}
	if err := json.Unmarshal(data, &state); err != nil || state.Tool == "" {
		return nil, fmt.Errorf("%s does not say what the starter was made for", file)
	}
	t, err := generator.Find(library, state.Tool)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// migrationsOf returns a starter's migrations, or why there are none to look at.
func migrationsOf(t *generator.Tool, directory string) (*doctor.Migrations, string) {
	m := t.Migrations
	if m == nil {
		return nil, "crdb-init does not know how " + t.Title + " records them"
	}
	ids, err := m.IDs(os.DirFS(directory))
	if err != nil {
		return nil, cause(err).Error()
	}
	if len(ids) == 0 {
		return nil, "there is no " + m.Files
	}
	return &doctor.Migrations{IDs: ids, Applied: m.Applied, Last: m.Last, Command: t.Next[1]}, ""
}
