//go:build e2e && unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

const (
	toolVariable     = "TOOL"         // test this tool only; the Makefile has the same variable
	requiredVariable = "E2E_REQUIRED" // 1: a starter that is skipped for a missing runtime is a failure
	keepVariable     = "E2E_KEEP"     // 1: leave the starters and their logs in place
)

// What all starters share.
var (
	db      *database.Server
	program string // the crdb-init under test
	work    string // a folder for each starter
	results report
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	var err error
	if work, err = os.MkdirTemp("", "crdb-init-e2e-"); err != nil {
		return fail(err)
	}
	defer func() {
		if code != 0 || os.Getenv(keepVariable) == "1" {
			fmt.Println("the starters and their logs are in", work)
			return
		}
		_ = os.RemoveAll(work)
	}()
	program = filepath.Join(work, "crdb-init")
	build := exec.Command("go", "build", "-o", program, "./cmd/crdb-init")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("go build ./cmd/crdb-init: %w\n%s", err, out))
	}
	if db, err = database.Start(context.Background()); err != nil {
		return fail(err)
	}
	defer func() {
		if err := db.Close(); err != nil && code == 0 {
			code = fail(err)
		}
	}()
	code = m.Run()
	results.print(os.Stdout, databaseName())
	return code
}

// databaseName says what the starters were tested on, and claims no more than that.
func databaseName() string {
	if db.PostgreSQL {
		return "a stand-in for CockroachDB on " + db.Name + ", not CockroachDB itself"
	}
	return db.Name
}

func TestStarters(t *testing.T) {
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	if only := os.Getenv(toolVariable); only != "" {
		tool, err := generator.Find(skeletons.FS, only)
		if err != nil {
			t.Fatal(err)
		}
		tools = []*generator.Tool{tool}
	}
	if len(tools) == 0 {
		t.Fatal("there are no tools")
	}
	tools = mixed(tools)
	// Not t.Parallel: a starter that waits for parallel checks of its own would give its place away, and soon all would run at once.
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for _, tool := range tools {
		places <- struct{}{} // here, not in the goroutine: the order counts
		all.Go(func() {
			defer func() { <-places }()
			t.Run(tool.ID, func(t *testing.T) {
				if why := missing(tool); why != "" {
					results.add(tool.ID, result{check: "skipped: " + why})
					if os.Getenv(requiredVariable) == "1" {
						t.Fatalf("%s (%s=1)", why, requiredVariable)
					}
					t.Skip(why)
				}
				starter{tool: tool}.run(t)
			})
		})
	}
	all.Wait()
}

// mixed takes a tool of each language in turn: side by side, two that build and start alike are in each other's way.
func mixed(tools []*generator.Tool) []*generator.Tool {
	nth, seen := map[*generator.Tool]int{}, map[string]int{}
	for _, tool := range tools {
		nth[tool] = seen[tool.Language]
		seen[tool.Language]++
	}
	slices.SortStableFunc(tools, func(a, b *generator.Tool) int { return nth[a] - nth[b] })
	return tools
}
