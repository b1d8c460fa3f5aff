package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Write a completion script for a shell",
		Long:  "Write a completion script for a shell. Commands, flags, tools, deployments and forms complete, with what they are.",
		Example: `  source <(crdb-init completion bash)
  crdb-init completion zsh > "${fpath[1]}/_crdb-init"
  crdb-init completion fish > ~/.config/fish/completions/crdb-init.fish
  crdb-init completion powershell | Out-String | Invoke-Expression`,
		Args:      oneArgument("shell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE:      func(cmd *cobra.Command, args []string) error { return runCompletion(a, cmd, args[0]) },
	}
}

type completionResult struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

func runCompletion(a *app, cmd *cobra.Command, shell string) error {
	root := cmd.Root()
	scripts := map[string]func(w io.Writer) error{
		"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": root.GenPowerShellCompletionWithDesc,
	}
	script, ok := scripts[shell]
	if !ok {
		hint := strings.Join(cmd.ValidArgs, ", ")
		if near := generator.Nearest(shell, cmd.ValidArgs); len(near) > 0 {
			hint = "did you mean " + strings.Join(near, " or ") + "?"
		}
		return usagef(hint, "shell %q: not known", shell)
	}
	var b strings.Builder
	if err := script(&b); err != nil {
		return err
	}
	return a.print(completionResult{shell, b.String()}, func(w io.Writer) { io.WriteString(w, b.String()) })
}

// complete says what the value of a flag may be. word is what is typed of it so far.
func complete(cmd *cobra.Command, flag string, values func(word string) ([]string, cobra.ShellCompDirective)) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return values(word)
	})
	if err != nil {
		panic(fmt.Sprintf("%s has no flag %s", cmd.Name(), flag))
	}
}

// completeFlags covers the root command.
func completeFlags(a *app, root *cobra.Command) {
	complete(root, "tool", func(string) ([]string, cobra.ShellCompDirective) { return completeTools(a) })
	complete(root, "deployment", completeDeployments)
	complete(root, "on-conflict", func(string) ([]string, cobra.ShellCompDirective) {
		return []string{"fail\twrite nothing", "skip\tleave the files that are there", "overwrite\treplace them"}, cobra.ShellCompDirectiveNoFileComp
	})
	complete(root, "skeletons", func(string) ([]string, cobra.ShellCompDirective) { return nil, cobra.ShellCompDirectiveFilterDirs })
	complete(root, "answers", func(string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	complete(root, "url", completeURL)
	for _, flag := range []string{"name", "module", "package", "routing-id"} {
		complete(root, flag, func(string) ([]string, cobra.ShellCompDirective) { return nil, cobra.ShellCompDirectiveNoFileComp })
	}
}

func completeURL(string) ([]string, cobra.ShellCompDirective) {
	return []string{"env:DATABASE_URL\tthe variable DATABASE_URL", "-\tstandard input"}, cobra.ShellCompDirectiveNoFileComp
}

func completeTools(a *app) ([]string, cobra.ShellCompDirective) {
	library, err := a.library()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	tools, err := generator.Tools(library)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, t := range tools {
		words = append(words, t.ID+"\t"+t.Title)
		for _, alias := range t.Aliases {
			words = append(words, alias+"\t"+t.Title)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func completeDeployments(string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, d := range conn.Deployments() {
		words = append(words, string(d)+"\t"+d.Description())
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func completeForms(a *app, tool string) ([]string, cobra.ShellCompDirective) {
	library, err := a.library()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	t, err := generator.Find(library, tool)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, f := range t.Forms {
		words = append(words, f.Name+"\t"+f.Title)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
