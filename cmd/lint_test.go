//go:build lint

package cmd_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"

	"github.com/crdb-init/crdb-init/generator"
)

// parsers say whether a file is what its name says it is. A file whose ending is not here is the starter's own linter's.
var parsers = map[string]func([]byte) error{
	".yaml": parseYAML,
	".yml":  parseYAML,
	".json": func(b []byte) error { return json.Unmarshal(b, new(any)) },
	".toml": func(b []byte) error { return toml.Unmarshal(b, new(map[string]any)) },
	".xml":  parseXML,
}

func parseYAML(b []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	for {
		if err := d.Decode(new(any)); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func parseXML(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func TestLintFilesParse(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		for _, p := range []generator.Project{project(tool.ID), secured(tool.ID)} {
			for _, f := range plan(t, p) {
				if parse := parsers[path.Ext(f.Path)]; parse != nil {
					if err := parse(f.Data); err != nil {
						t.Errorf("%s: %v", f.Path, err)
					}
				}
			}
		}
	})
}

// Every generated workflow, and this repository's own.
func TestLintWorkflows(t *testing.T) {
	own, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(own) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, name := range own {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lintWorkflow(t, name, data)
	}
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		for _, f := range plan(t, project(tool.ID)) {
			if strings.HasPrefix(f.Path, ".github/workflows/") {
				lintWorkflow(t, f.Path, f.Data)
			}
		}
	})
}

func lintWorkflow(t *testing.T, name string, data []byte) {
	t.Helper()
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.Lint(name, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%v", p)
	}
}

// A Dockerfile parses, pins its images, does not run as root, has a health check, and its CMD is the manifest's start.
func TestLintDockerfiles(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		for _, f := range plan(t, project(tool.ID)) {
			if f.Path != "Dockerfile" {
				continue
			}
			result, err := parser.Parse(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range result.Warnings {
				t.Error(w.Short)
			}
			last := map[string]*parser.Node{}
			stages := []string{"scratch"}
			for _, n := range result.AST.Children {
				name := strings.ToUpper(n.Value)
				last[name] = n
				if name != "FROM" {
					continue
				}
				words := arguments(n)
				if image := words[0]; !slices.Contains(stages, image) && !pinned(image) {
					t.Errorf("line %d: %s: no exact tag", n.StartLine, image)
				}
				if len(words) == 3 {
					stages = append(stages, words[2])
				}
			}
			if len(stages) < 2 {
				t.Error("one stage: build tools would be shipped")
			}
			for _, name := range []string{"USER", "HEALTHCHECK", "CMD"} {
				if last[name] == nil {
					t.Fatalf("no %s", name)
				}
			}
			if user := arguments(last["USER"])[0]; user == "root" || strings.HasPrefix(user, "0") {
				t.Error("runs as root")
			}
			if cmd := arguments(last["CMD"]); !last["CMD"].Attributes["json"] || !slices.Equal(cmd, tool.Commands.Start[0]) {
				t.Errorf("CMD %q, start is %q", cmd, tool.Commands.Start[0])
			}
			if last["ENTRYPOINT"] != nil {
				t.Error("an ENTRYPOINT: CMD would not be what starts")
			}
		}
	})
}

// arguments returns what follows an instruction's name.
func arguments(n *parser.Node) []string {
	var words []string
	for n = n.Next; n != nil; n = n.Next {
		words = append(words, n.Value)
	}
	return words
}

// pinned says whether an image has a tag with a number in it: neither none nor latest.
func pinned(image string) bool {
	_, tag, ok := strings.Cut(path.Base(image), ":")
	return ok && strings.ContainsAny(tag, "0123456789") || strings.Contains(image, "${") || strings.Contains(image, "@sha256:")
}

// compose.yaml runs the manifest's migrate, publishes ports to this machine alone and names no variable that .env sets.
func TestLintCompose(t *testing.T) {
	eachTool(t, func(t *testing.T, tool *generator.Tool) {
		for _, f := range plan(t, project(tool.ID)) {
			if f.Path != "compose.yaml" {
				continue
			}
			var compose struct {
				Services map[string]struct {
					Image       string
					Command     any
					Ports       []string
					Environment map[string]string
				}
			}
			if err := yaml.Unmarshal(f.Data, &compose); err != nil {
				t.Fatal(err)
			}
			for name, s := range compose.Services {
				for _, p := range s.Ports {
					if !strings.HasPrefix(p, "127.0.0.1:") {
						t.Errorf("%s: port %s is open to the network", name, p)
					}
				}
				for k, v := range s.Environment {
					if strings.Contains(v, "${"+tool.Var(generator.RoleURL)) {
						t.Errorf("%s: %s: compose reads .env and would use the user's cluster", name, k)
					}
				}
			}
			migrate := compose.Services["migrate"].Command
			var argv []string
			if list, ok := migrate.([]any); ok {
				for _, a := range list {
					argv = append(argv, fmt.Sprint(a))
				}
			}
			if !slices.Equal(argv, tool.Commands.Migrate[0]) {
				t.Errorf("migrate runs %q", migrate)
			}
		}
	})
}
