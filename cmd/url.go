package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator/conn"
)

type urlOptions struct {
	tool, form, deployment string
	reveal, mask           bool
	connection             connectionFlags
	url                    string // a connection string, env:NAME or -
}

func newURLCmd(a *app) *cobra.Command {
	var o urlOptions
	cmd := &cobra.Command{
		Use:   "url --tool TOOL URL|env:NAME|-",
		Short: "Write a connection string as a tool wants it",
		Long: `Write a connection string as a tool wants it, checked and with the TLS that its deployment needs.
It is read from a variable, from standard input, or from the argument, where other users of the machine can see it.
At a terminal a password is masked; anywhere else one of --reveal and --mask says what is wanted.`,
		Example: `  crdb-init url --tool hibernate env:DATABASE_URL
  export SQLALCHEMY_URL="$(crdb-init url --tool sqlalchemy --reveal env:DATABASE_URL)"
  pass show cluster | crdb-init url --tool django --mask -
  crdb-init url --tool django --form dsn --mask env:DATABASE_URL`,
		Args: oneArgument("connection string, env:NAME or -"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.url = args[0]
			return runURL(cmd.Context(), a, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.tool, "tool", "", "driver, ORM or framework; crdb-init list names them")
	f.StringVar(&o.form, "form", "", "`name` of another form than the first; crdb-init show TOOL names them")
	f.StringVar(&o.deployment, "deployment", "", "basic, standard, advanced, self-hosted or local (default: as the URL tells)")
	f.BoolVar(&o.reveal, "reveal", false, "write the password")
	f.BoolVar(&o.mask, "mask", false, "write *** for the password")
	o.connection.add(f)
	complete(cmd, "tool", func(string) ([]string, cobra.ShellCompDirective) { return completeTools(a) })
	complete(cmd, "deployment", completeDeployments)
	complete(cmd, "form", func(string) ([]string, cobra.ShellCompDirective) { return completeForms(a, o.tool) })
	return cmd
}

type urlResult struct {
	Tool       string          `json:"tool"`
	Form       string          `json:"form"`
	Deployment conn.Deployment `json:"deployment"`
	Text       string          `json:"text"`
	Masked     bool            `json:"masked"`
	File       string          `json:"file"`
	Snippet    string          `json:"snippet"`
}

func runURL(ctx context.Context, a *app, o urlOptions) error {
	switch {
	case o.tool == "":
		return usagef("crdb-init url --tool pgx env:DATABASE_URL", "--tool: missing")
	case o.reveal && o.mask:
		return usagef("leave one of them out", "--reveal and --mask: contradict each other")
	}
	library, err := a.library()
	if err != nil {
		return err
	}
	t, err := find(library, o.tool)
	if err != nil {
		return err
	}
	text, err := a.readURL(ctx, "url", o.url)
	if err != nil {
		return err
	}
	c, err := conn.Parse(text)
	if err != nil {
		return usage(fmt.Errorf("url: %w", err))
	}
	if c, err = o.connection.apply(c); err != nil {
		return err
	}
	d := conn.Infer(c)
	if o.deployment != "" {
		if d, err = parseDeployment(o.deployment); err != nil {
			return err
		}
	}
	if c, err = conn.Secure(c, d); err != nil {
		return usage(fmt.Errorf("url: %w", err))
	}
	form, err := t.Form(o.form, d)
	if err != nil {
		return usage(err)
	}
	secret := isSecret(c)
	masked := secret && !o.reveal
	switch {
	case masked && !o.mask && !a.outIsTerminal():
		return usagef("--reveal writes it, --mask writes *** instead", "url: holds a password, and standard output is not a terminal")
	case masked:
		c = c.Masked()
	}
	result, snippet, err := form.Write(t, c, d)
	if err != nil {
		return usage(fmt.Errorf("url: %w", err))
	}
	return a.print(urlResult{t.ID, form.Name, d, result, masked, form.Snippet.File, snippet}, func(w io.Writer) {
		fmt.Fprintln(w, strings.TrimSuffix(result, "\n"))
	})
}

// isSecret says whether there is anything in c to mask.
func isSecret(c conn.Config) bool {
	m := c.Masked()
	for name, value := range c.Params {
		if m.Params[name] != value {
			return true
		}
	}
	return m.Password != c.Password
}
