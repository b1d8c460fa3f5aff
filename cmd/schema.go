package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/docs/schema"
	"github.com/crdb-init/crdb-init/generator"
)

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print a JSON Schema",
		Long:  "Print the JSON Schema of something that crdb-init prints, reads or leaves in a starter, or without a name list them.",
		Example: `  crdb-init schema
  crdb-init schema project > project.schema.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd.UseLine(), "schema: one name, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			all, err := readSchemas()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			var words []string
			for _, s := range all {
				words = append(words, s.Name+"\t"+s.Title)
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return runSchema(a, args) },
	}
}

type namedSchema struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Schema string `json:"schema"`
}

type schemaResult struct {
	Schemas []namedSchema `json:"schemas"`
}

func readSchemas() ([]namedSchema, error) {
	files, err := fs.Glob(schema.FS, "*.schema.json")
	if err != nil {
		return nil, err
	}
	var all []namedSchema
	for _, file := range files {
		data, err := fs.ReadFile(schema.FS, file)
		if err != nil {
			return nil, err
		}
		s := namedSchema{Name: strings.TrimSuffix(file, ".schema.json"), Schema: string(data)}
		var head struct {
			Title string `json:"title"`
		}
		if err := json.Unmarshal(data, &head); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s.Title = head.Title
		all = append(all, s)
	}
	return all, nil
}

func runSchema(a *app, args []string) error {
	all, err := readSchemas()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return a.print(schemaResult{all}, func(w io.Writer) {
			for _, s := range all {
				fmt.Fprintf(w, "%-12s  %s\n", s.Name, s.Title)
			}
		})
	}
	var names []string
	for _, s := range all {
		if s.Name == args[0] {
			return a.print(schemaResult{[]namedSchema{s}}, func(w io.Writer) { io.WriteString(w, s.Schema) })
		}
		names = append(names, s.Name)
	}
	hint := strings.Join(names, ", ")
	if near := generator.Nearest(args[0], names); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef(hint, "schema %q: not known", args[0])
}
