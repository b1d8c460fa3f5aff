package cmd

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator"
)

func newListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the tools",
		Long:    "List the tools: the drivers, ORMs and frameworks that there are starters for.",
		Example: `  crdb-init list
  crdb-init list --json | jq -r '.[] | select(.language == "Go").id'`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runList(a) },
	}
}

// A toolInfo is what a manifest tells about a tool, as it is printed.
type toolInfo struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Language string            `json:"language"`
	Aliases  []string          `json:"aliases"`
	Summary  string            `json:"summary"`
	Docs     string            `json:"docs"`
	Adapter  adapterInfo       `json:"adapter"`
	Runtime  generator.Runtime `json:"runtime"`
	Versions map[string]string `json:"versions"`
}

type adapterInfo struct {
	generator.Adapter
	Version string `json:"version"`
}

func newToolInfo(t *generator.Tool) toolInfo {
	return toolInfo{
		ID: t.ID, Title: t.Title, Language: t.Language, Aliases: append([]string{}, t.Aliases...), Summary: t.Summary, Docs: t.Docs,
		Adapter: adapterInfo{t.Adapter, t.Versions[t.Adapter.Name]}, Runtime: t.Runtime, Versions: t.Versions,
	}
}

func runList(a *app) error {
	library, err := a.library()
	if err != nil {
		return err
	}
	tools, err := generator.Tools(library)
	if err != nil {
		return err
	}
	infos := []toolInfo{}
	for _, t := range tools {
		infos = append(infos, newToolInfo(t))
	}
	return a.print(infos, func(w io.Writer) {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "TOOL\tLANGUAGE\tADAPTER\tSUMMARY")
		for _, t := range infos {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.ID, t.Language, t.Adapter.Name, t.Summary)
		}
		table.Flush()
	})
}
