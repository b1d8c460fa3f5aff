package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every object that is printed is as its schema in docs/schema says.
func TestSchemas(t *testing.T) {
	dir := t.TempDir()
	toys := filepath.Join("..", "testdata", "skeletons")
	foreign := filepath.Join(dir, "foreign-app")
	write(t, filepath.Join(foreign, "README.md"), "mine\n")
	used := map[string]bool{}
	for _, tt := range []struct {
		schema string
		args   []string
		exit   int
	}{
		{"generate", []string{"--tool", "toy", "--no-git", filepath.Join(dir, "app")}, 0},
		{"generate", []string{"--tool", "toyjava", "--no-git", filepath.Join(dir, "shop")}, 0},
		{"generate", []string{"--tool", "toy", filepath.Join(dir, "app")}, 0},
		{"generate", []string{"--tool", "toy", "--on-conflict", "skip", "--diff", foreign}, 0},
		{"error", []string{"--tool", "toy", foreign}, 3},
		{"generate", []string{"--tool", "toy", "--module", "example.com/m", "--only", "db.go", filepath.Join(dir, "own")}, 0},
		{"dependencies", []string{"--tool", "toy", "--print-dependencies"}, 0},
		{"error", []string{"--tool", "toy", "--nope"}, 2},
		{"error", []string{"--tool", "toy", filepath.Join(dir, "missing", "app")}, 1},
		{"update", []string{"check", filepath.Join(dir, "app")}, 0},
		{"update", []string{"update", "--set", "name=other", "--diff", filepath.Join(dir, "app")}, 0},
		{"list", []string{"list"}, 0},
		{"schema", []string{"schema"}, 0},
		{"schema", []string{"schema", "project"}, 0},
		{"show", []string{"show", "toy"}, 0},
		{"show", []string{"show", "toyjava", "--deployment", "basic"}, 0},
		{"url", []string{"url", "--tool", "toy", "--mask", "postgresql://me:secret@db.example.com/shop"}, 0},
		{"version", []string{"version"}, 0},
		{"completion", []string{"completion", "fish"}, 0},
		{"help", []string{"help"}, 0},
		{"help", []string{"list", "--help"}, 0},
	} {
		used[tt.schema] = true
		var out, errs bytes.Buffer
		a := newTestApp(&out, &errs)
		exit := a.run(t.Context(), append(tt.args, "--json", "--skeletons", toys))
		if exit != tt.exit {
			t.Errorf("%q: exit code %d, want %d\n%s", tt.args, exit, tt.exit, errs.String())
			continue
		}
		printed, silent := out.Bytes(), errs.Bytes()
		if tt.exit != 0 {
			printed, silent = silent, printed
		}
		if len(silent) > 0 {
			t.Errorf("%q also printed %s", tt.args, silent)
		}
		checkSchema(t, tt.schema, printed)
	}

	// The answers that a run prints are answers that a run reads.
	answers, err := json.Marshal(map[string]string{"tool": "toy", "name": "a", "module": "b", "package": "c", "deployment": "core"})
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, "answers", answers)
	if _, _, err := parseAnswers(answers); err != nil {
		t.Error(err)
	}
	used["answers"] = true

	project, err := os.ReadFile(filepath.Join(dir, "shop", ".crdb-init", "project.json"))
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, "project", project)
	used["project"] = true

	used["doctor"] = true // by TestDoctorJSON: it prints its result when it fails, too

	all, err := filepath.Glob("../docs/schema/*.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if name := strings.TrimSuffix(filepath.Base(file), ".schema.json"); !used[name] {
			t.Errorf("nothing is held to %s", file)
		}
	}
}

func checkSchema(t *testing.T, name string, document []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", "schema", name+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s jsonSchema
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a keyword that is not checked here would only look like a promise
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		t.Errorf("%s: %v\n%s", name, err, document)
		return
	}
	for _, problem := range s.check(name, v) {
		t.Error(problem)
	}
}

// A jsonSchema is as much of JSON Schema as ours use.
type jsonSchema struct {
	Schema      string                `json:"$schema"`
	Title       string                `json:"title"`
	Description string                `json:"description"`
	Type        string                `json:"type"`
	Properties  map[string]jsonSchema `json:"properties"`
	Required    []string              `json:"required"`
	Additional  json.RawMessage       `json:"additionalProperties"`
	Items       *jsonSchema           `json:"items"`
	Enum        []any                 `json:"enum"`
	Const       any                   `json:"const"`
}

func (s jsonSchema) check(at string, v any) (problems []string) {
	fail := func(format string, args ...any) { problems = append(problems, at+": "+fmt.Sprintf(format, args...)) }
	if s.Enum != nil && !slices.Contains(s.Enum, v) || s.Const != nil && s.Const != v {
		fail("%v is not among the values", v)
	}
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			fail("an object, not %s", s.Type)
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				fail("%s is missing", name)
			}
		}
		var rest jsonSchema
		open := json.Unmarshal(s.Additional, &rest) == nil
		for _, name := range slices.Sorted(maps.Keys(v)) {
			property, ok := s.Properties[name]
			if !ok && !open {
				fail("%s is not in the schema", name)
				continue
			}
			if !ok {
				property = rest
			}
			problems = append(problems, property.check(at+"."+name, v[name])...)
		}
	case []any:
		if s.Type != "array" || s.Items == nil {
			fail("an array, not %s", s.Type)
			return problems
		}
		for i, item := range v {
			problems = append(problems, s.Items.check(fmt.Sprintf("%s[%d]", at, i), item)...)
		}
	case string:
		if s.Type != "string" {
			fail("a string, not %s", s.Type)
		}
	case float64:
		if s.Type != "integer" || v != float64(int(v)) {
			fail("a number, not %s", s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			fail("a boolean, not %s", s.Type)
		}
	default:
		fail("null")
	}
	return problems
}
