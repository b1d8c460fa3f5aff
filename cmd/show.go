package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

func newShowCmd(a *app) *cobra.Command {
	var deployment string
	cmd := &cobra.Command{
		Use:   "show TOOL",
		Short: "Show a tool: versions, variables, and how it connects to each deployment",
		Long: `Show a tool: its versions, the variables its starters read, and for each deployment what a user of the tool pastes.
The connections are examples, with <placeholders> where they are yours. crdb-init url writes the real ones.`,
		Example: `  crdb-init show django
  crdb-init show pgx --deployment basic
  crdb-init show hibernate --json | jq .versions`,
		Args: oneArgument("tool"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeTools(a)
		},
		RunE: func(_ *cobra.Command, args []string) error { return runShow(a, args[0], deployment) },
	}
	cmd.Flags().StringVar(&deployment, "deployment", "", "show this deployment alone: basic, standard, advanced, self-hosted or local")
	complete(cmd, "deployment", completeDeployments)
	return cmd
}

// A toolPage is toolInfo and what only show prints.
type toolPage struct {
	toolInfo
	Env         []generator.Var  `json:"env"`
	Deployments []deploymentPage `json:"deployments"`
}

type deploymentPage struct {
	ID          conn.Deployment `json:"id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Forms       []formPage      `json:"forms"`
}

type formPage struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Text    string `json:"text"`
	File    string `json:"file"`
	Snippet string `json:"snippet"`
}

func runShow(a *app, word, deployment string) error {
	library, err := a.library()
	if err != nil {
		return err
	}
	t, err := find(library, word)
	if err != nil {
		return err
	}
	deployments := conn.Deployments()
	if deployment != "" {
		d, err := parseDeployment(deployment)
		if err != nil {
			return err
		}
		deployments = []conn.Deployment{d}
	}
	page := toolPage{toolInfo: newToolInfo(t), Env: append([]generator.Var{}, t.Env...)}
	for _, d := range deployments {
		section := deploymentPage{d, d.Title(), d.Description(), []formPage{}}
		for _, f := range t.FormsFor(d) {
			text, snippet, err := f.Write(t, conn.Example(d), d)
			if err != nil {
				return fmt.Errorf("%s: form %s: %s: %w", t.ID, f.Name, d, err)
			}
			section.Forms = append(section.Forms, formPage{f.Name, f.Title, text, f.Snippet.File, snippet})
		}
		page.Deployments = append(page.Deployments, section)
	}
	return a.print(page, page.write)
}

func (p toolPage) write(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n\n", p.Title, p.Summary)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "tool\t%s\n", p.ID)
	for _, alias := range p.Aliases {
		fmt.Fprintf(table, "also\t%s\n", alias)
	}
	fmt.Fprintf(table, "language\t%s\n", p.Language)
	fmt.Fprintf(table, "runtime\t%s %s or later\n", p.Runtime.Name, p.Runtime.Minimum)
	fmt.Fprintf(table, "adapter\t%s %s, %s\n", p.Adapter.Name, p.Adapter.Version, p.Adapter.Note)
	fmt.Fprintf(table, "docs\t%s\n", p.Docs)
	table.Flush()

	fmt.Fprint(w, "\nVersions\n")
	for _, name := range slices.Sorted(maps.Keys(p.Versions)) {
		fmt.Fprintf(table, "  %s\t%s\n", name, p.Versions[name])
	}
	table.Flush()

	fmt.Fprint(w, "\nVariables\n")
	for _, v := range p.Env {
		meaning := v.Meaning
		if v.Default != "" {
			meaning += " (default: " + v.Default + ")"
		}
		fmt.Fprintf(table, "  %s\t%s\n", v.Name, meaning)
	}
	table.Flush()

	for _, d := range p.Deployments {
		fmt.Fprintf(w, "\n%s: %s\n", d.Title, d.Description)
		for _, f := range d.Forms {
			fmt.Fprintf(w, "\n  %s (%s)\n", f.Title, f.Name)
			indent(w, "    ", f.Text)
			if f.Snippet != "" {
				fmt.Fprintf(w, "  %s\n", f.File)
				indent(w, "    ", f.Snippet)
			}
		}
	}
}
