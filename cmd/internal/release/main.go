// Command release makes what a release has besides the programs: man pages and completions, and every starter as a
// template repository. It is run by make, and is not part of crdb-init.
package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/crdb-init/crdb-init/cmd"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
	"github.com/crdb-init/crdb-init/skeletons"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 {
		switch args[0] {
		case "docs":
			return docs(args[1])
		case "templates":
			return templates(args[1])
		}
	}
	return fmt.Errorf("usage: release docs FILE.tar.gz | release templates DIRECTORY")
}

// docs writes an archive with a man page for every command and a completion script for every shell.
func docs(file string) error {
	root := cmd.Command()
	var files []generator.File
	if err := man(root, &files); err != nil {
		return err
	}
	for _, shell := range []struct {
		name  string
		write func(w *bytes.Buffer) error
	}{
		{"crdb-init.bash", func(w *bytes.Buffer) error { return root.GenBashCompletionV2(w, true) }},
		{"_crdb-init", func(w *bytes.Buffer) error { return root.GenZshCompletion(w) }},
		{"crdb-init.fish", func(w *bytes.Buffer) error { return root.GenFishCompletion(w, true) }},
		{"crdb-init.ps1", func(w *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(w) }},
	} {
		var b bytes.Buffer
		if err := shell.write(&b); err != nil {
			return err
		}
		files = append(files, generator.File{Path: "completions/" + shell.name, Data: b.Bytes()})
	}
	var b bytes.Buffer
	if err := generator.WriteArchive(&b, file, "crdb-init", files); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// man adds the pages of a command and of those below it. Their date is SOURCE_DATE_EPOCH's, which make sets to the commit's.
func man(c *cobra.Command, files *[]generator.File) error {
	c.DisableAutoGenTag = true
	var b bytes.Buffer
	if err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "crdb-init"}, &b); err != nil {
		return err
	}
	name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
	*files = append(*files, generator.File{Path: "man/man1/" + name, Data: b.Bytes()})
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" {
			continue
		}
		if err := man(sub, files); err != nil {
			return err
		}
	}
	return nil
}

// placeholder is what every template's project is called until it is used.
const placeholder = "my-app"

//go:embed template
var extras embed.FS

// templates writes every starter as a template repository, below dir.
func templates(dir string) error {
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, t := range tools {
		changes, err := template(t)
		if err == nil {
			err = generator.Write(context.Background(), filepath.Join(dir, t.ID), changes, generator.Fail)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.ID, err)
		}
	}
	return nil
}

// template returns a starter without .env, and what makes it its user's.
func template(t *generator.Tool) ([]generator.Change, error) {
	p, err := generator.Resolve(t, generator.Project{Tool: t.ID, Name: placeholder, Deployment: conn.Local})
	if err != nil {
		return nil, err
	}
	plan, err := generator.Plan(skeletons.FS, p)
	if err != nil {
		return nil, err
	}
	version := cmd.Version()
	if plan, err = generator.AddState(plan, t, p, version); err != nil {
		return nil, err
	}
	if strings.HasPrefix(version, "(") || strings.Contains(version, "+") {
		version = "latest" // not a release
	}
	further := "" // answers that follow from where the repository is
	if p.Module != "" {
		further = ` "module=github.com/$GITHUB_REPOSITORY"`
	}
	fill := strings.NewReplacer("@TITLE@", t.Title, "@VERSION@", version, "@FURTHER@", further, "@NAME@", placeholder)
	for _, x := range []struct {
		from, to string
		exec     bool
	}{
		{"README.md", ".github/README.md", false}, // which a host shows in place of the other
		{"use-template.sh", ".github/use-template.sh", true},
		{"use-template.yml", ".github/workflows/use-template.yml", false},
	} {
		data, err := extras.ReadFile(path.Join("template", x.from))
		if err != nil {
			return nil, err
		}
		plan = append(plan, generator.File{Path: x.to, Data: []byte(fill.Replace(string(data))), Exec: x.exec})
	}
	var changes []generator.Change
	for _, f := range plan {
		if !f.Secret {
			changes = append(changes, generator.Change{File: f})
		}
	}
	return changes, nil
}
