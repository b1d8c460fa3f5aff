package cmd

import (
	"github.com/spf13/cobra"
)

// starterOptions are the flags and the argument of the command that makes a starter. An empty one was not given.
type starterOptions struct {
	tool, name, module, pkg, deployment string

	directory  string
	url        string // a connection string, env:NAME or -
	connection connectionFlags
	answers    string // a file or -

	yes, dryRun, diff bool
	onConflict        string
	git               gitMode

	only              []string // paths of the database layer, which alone is written
	printDependencies bool
	output            string // an archive, or -

	commands []string // that a directory without a slash could be mistyped from
}

func newRootCmd(a *app) *cobra.Command {
	var o starterOptions
	var git, noGit, version bool
	cmd := &cobra.Command{
		Use:   "crdb-init --tool TOOL DIRECTORY",
		Short: "Make a starter for CockroachDB: a repository that runs, tests and deploys",
		Long: `Make a starter for CockroachDB: a repository that runs, tests and deploys.

At a terminal, what no flag says is asked. Without one nothing is ever asked: only the tool and the directory have
no default. The name comes from the directory, the deployment from the connection string, and without one it is local.
Passwords go to one file, .env, which git ignores.

Exit codes: 0 done, 1 failed, 2 usage, 3 conflict, 4 out of date, 130 cancelled. After 2 and 130 nothing was
written, after 3 only by update.`,
		Example: `  crdb-init --tool django ./my-app
  crdb-init --tool hibernate --url env:DATABASE_URL --package com.example.shop ./shop
  crdb-init --tool pgx --deployment advanced --ca-cert cc-ca.crt --dry-run ./my-app
  pass show cluster | crdb-init --tool rails --url - ./my-app
  crdb-init --answers answers.json --on-conflict skip --json .
  crdb-init --tool pgx --only internal/database .`,
		Args:                  cobra.ArbitraryArgs, // else cobra takes a directory for a mistyped command
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
		PersistentPreRunE:     checkFlags,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if version {
				return runVersion(a)
			}
			if len(args) > 1 {
				return usagef(cmd.UseLine(), "one directory, not %d", len(args))
			}
			if len(args) == 1 {
				o.directory = args[0]
			}
			switch asked := cmd.Flags().Changed("git"); {
			case asked && git && noGit:
				return usagef("leave one of them out", "--git and --no-git: contradict each other")
			case noGit, !git:
				o.git = gitNever
			case asked:
				o.git = gitAsked
			}
			o.commands = commandNames(cmd)
			return runStarter(cmd.Context(), a, o)
		},
	}
	cmd.SetIn(a.in)
	cmd.SetOut(a.out)
	cmd.SetErr(a.err)
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetHelpFunc(help)
	cmd.CompletionOptions.DisableDefaultCmd = true

	all := cmd.PersistentFlags()
	all.BoolVar(&a.json, "json", false, "print the result, or the error, as JSON")
	all.StringVar(&a.skeletons, "skeletons", "", "`directory` with tools of your own, which replace those of the same name")

	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.tool, "tool", "", "driver, ORM or framework; crdb-init list names them")
	f.StringVar(&o.name, "name", "", "the project's `name` (default: the directory's)")
	f.StringVar(&o.module, "module", "", "Go's module `path` (default: the name)")
	f.StringVar(&o.pkg, "package", "", "Java's `package` (default: com.example and the name)")
	f.StringVar(&o.deployment, "deployment", "", "basic, standard, advanced, self-hosted or local (default: as the URL tells)")
	f.StringVar(&o.url, "url", "", "connection `string`, env:NAME for a variable, or - for standard input")
	o.connection.add(f)
	f.StringVar(&o.answers, "answers", "", "JSON `file` with the answers, or - for standard input; flags win over it")
	f.BoolVar(&o.yes, "yes", false, "ask nothing, at a terminal neither")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would be done, write nothing")
	f.BoolVar(&o.diff, "diff", false, "print what would be changed as a unified diff, write nothing")
	f.StringVar(&o.onConflict, "on-conflict", "fail", "what to do if other files are there: fail, skip or overwrite")
	f.StringVar(&o.output, "output", "", "write an archive instead of a directory: `file`.tar.gz or .zip, or - for a tar on standard output")
	f.StringArrayVar(&o.only, "only", nil, "write only this `path` of the database layer, into an application of your own")
	f.BoolVar(&o.printDependencies, "print-dependencies", false, "print what an application declares that takes the database layer")
	f.BoolVar(&git, "git", true, "make a repository with a first commit in a new directory that is in none")
	f.BoolVar(&noGit, "no-git", false, "leave git alone")
	f.BoolVar(&version, "version", false, "print the version")
	completeFlags(a, cmd)

	help := newHelpCmd(a)
	cmd.SetHelpCommand(help)
	cmd.AddCommand(newListCmd(a), newShowCmd(a), newURLCmd(a), newDoctorCmd(a), newUpdateCmd(a), newCheckCmd(a), newSkeletonCmd(a), newSchemaCmd(a), newCompletionCmd(a), newVersionCmd(a), help)
	for _, c := range cmd.Commands() {
		c.DisableFlagsInUseLine = true
	}
	return cmd
}
