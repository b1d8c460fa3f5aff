// Command crdb-init makes a starter for CockroachDB: a repository that runs, tests and deploys.
package main

import (
	"os"

	"github.com/crdb-init/crdb-init/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
