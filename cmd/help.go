package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/crdb-init/crdb-init/generator"
)

func newHelpCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long:  "Explain a command, or without one crdb-init itself.",
		Example: `  crdb-init help
  crdb-init help url`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var words []string
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					words = append(words, c.Name()+"\t"+c.Short)
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runHelp(a, cmd.Root(), args) },
	}
}

// A helpPage is what --help and help print.
type helpPage struct {
	Command  string     `json:"command"`
	Usage    string     `json:"usage"`
	Summary  string     `json:"summary"`
	Text     string     `json:"text"`
	Examples []string   `json:"examples"`
	Commands []helpLine `json:"commands"`
	Flags    []helpLine `json:"flags"`

	flags string
}

type helpLine struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Default string `json:"default,omitempty"`
}

func runHelp(a *app, root *cobra.Command, args []string) error {
	about := root
	if len(args) > 0 {
		about = nil
		for _, c := range root.Commands() {
			if c.Name() == args[0] || c.HasAlias(args[0]) {
				about = c
			}
		}
		if about == nil || len(args) > 1 {
			hint := "crdb-init help names the commands"
			if near := generator.Nearest(args[0], commandNames(root)); len(near) > 0 {
				hint = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return usagef(hint, "help: %q: not a command", strings.Join(args, " "))
		}
	}
	page := newHelpPage(about)
	return a.print(page, page.write)
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// help is --help. cobra gives it no way to fail.
func help(cmd *cobra.Command, _ []string) {
	page := newHelpPage(cmd)
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		_ = writeJSON(cmd.OutOrStdout(), page)
		return
	}
	page.write(cmd.OutOrStdout())
}

func newHelpPage(cmd *cobra.Command) helpPage {
	cmd.InitDefaultHelpFlag()
	p := helpPage{
		Command: cmd.CommandPath(), Usage: cmd.UseLine(), Summary: cmd.Short, Text: cmd.Long,
		Examples: []string{}, Commands: []helpLine{}, Flags: []helpLine{},
	}
	for line := range strings.Lines(cmd.Example) {
		p.Examples = append(p.Examples, strings.TrimSpace(line))
	}
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			p.Commands = append(p.Commands, helpLine{Name: c.Name(), Summary: c.Short})
		}
	}
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.SortFlags = false
	for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags(), cmd.InheritedFlags()} {
		all.AddFlagSet(set)
	}
	all.VisitAll(func(f *pflag.Flag) {
		_, usage := pflag.UnquoteUsage(f)
		p.Flags = append(p.Flags, helpLine{Name: "--" + f.Name, Summary: usage, Default: f.DefValue})
	})
	p.flags = all.FlagUsages()
	return p
}

func (p helpPage) write(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", p.Text, p.Usage)
	if len(p.Commands) > 0 {
		fmt.Fprint(w, "\nCommands:\n")
		for _, c := range p.Commands {
			fmt.Fprintf(w, "  %-11s  %s\n", c.Name, c.Summary)
		}
	}
	fmt.Fprint(w, "\nExamples:\n")
	for _, e := range p.Examples {
		fmt.Fprintf(w, "  %s\n", e)
	}
	fmt.Fprintf(w, "\nFlags:\n%s", p.flags)
}
