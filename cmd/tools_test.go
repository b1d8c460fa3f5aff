package cmd

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
	"github.com/crdb-init/crdb-init/skeletons"
)

// Every tool there is can be made, shown and connected from the command line, for every deployment.
func TestEveryTool(t *testing.T) {
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, schema string, args ...string) string {
		var out, errs bytes.Buffer
		if exit := newTestApp(&out, &errs).run(t.Context(), append(args, "--json")); exit != exitDone {
			t.Fatalf("%q: exit code %d\n%s", args, exit, errs.String())
		}
		checkSchema(t, schema, out.Bytes())
		return out.String()
	}
	claims := map[string]int{} // how many tools a word could mean
	for _, tool := range tools {
		for _, word := range append([]string{tool.ID}, tool.Aliases...) {
			claims[word]++
		}
	}
	for _, tool := range tools {
		t.Run(tool.ID, func(t *testing.T) {
			run(t, "show", "show", tool.ID)
			for _, word := range append([]string{tool.ID}, tool.Aliases...) {
				if claims[word] > 1 {
					continue // an error that names them all
				}
				run(t, "generate", "--tool", word, "--dry-run", filepath.Join(t.TempDir(), "my-app"))
			}
			const url = "postgresql://me:s3cr%20t@funny-skunk-123.abc.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full"
			for _, d := range conn.Deployments() {
				dir := filepath.Join(t.TempDir(), "my-app")
				result := run(t, "generate", "--tool", tool.ID, "--no-git", "--deployment", string(d), dir)
				if again := run(t, "generate", "--tool", tool.ID, "--no-git", "--deployment", string(d), dir); strings.Contains(again, `"create"`) {
					t.Errorf("%s: a second run finds something to do\n%s", d, again)
				}
				if !strings.Contains(result, `"path": ".env",`) {
					t.Errorf("%s: no .env", d)
				}
				if d == conn.Local {
					continue // its host is another one
				}
				for _, form := range tool.FormsFor(d) {
					if text := run(t, "url", "url", "--tool", tool.ID, "--deployment", string(d), "--form", form.Name, "--mask", url); strings.Contains(text, "s3cr") {
						t.Errorf("%s %s: the password is not masked:\n%s", d, form.Name, text)
					}
				}
			}
		})
	}
}
