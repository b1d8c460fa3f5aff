package generator

import (
	"errors"
	"strings"
	"testing"
)

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// Each row is one rule with a name that breaks it, and the name that is offered instead.
func TestNameRefused(t *testing.T) {
	for _, row := range []struct{ language, name, want, hint string }{
		{"Python", "2fast", `x: name "2fast" is not a Python module name: `, "--name fast2 is"},
		{"Go", "", "x: name is missing", "--name my-app is"},
		{"Go", "My App", "lower-case letters", "--name my-app is"},
		{"Go", "a--b", "lower-case letters", "--name a-b is"},
		{"Go", "-a", "lower-case letters", "--name a is"},
		{"Go", "a/b", "lower-case letters", "--name a-b is"},
		{"Go", "naïve", "lower-case letters", "--name na-ve is"},
		{"Go", strings.Repeat("a", maxName+1), "the limit is 50", "--name " + strings.Repeat("a", maxName) + " is"},
		{"Go", "fmt", "fmt is among the standard library", "--name fmt-app is"},
		{"Go", "main", "standard library", "--name main-app is"},
		{"TypeScript", "fs", "Node's own modules", "--name fs-app is"},
		{"TypeScript", "child_process", "child-process is among Node's own modules", "--name child_process-app"},
		{"TypeScript", "node_modules", "Node's own modules", "--name node_modules-app"},
		{"Python", "json", "Python's own names", "--name json-app is"},
		{"Python", "class", "Python's own names", "--name class-app is"},
		{"Java", "int", "int is among Java's keywords", "--name int-app is"},
		{"Java", "in_t", "int is among Java's keywords", "--name in_t-app is"},
		{"Ruby", "rails", "Rails is among Ruby's and Rails' own constants", "--name rails-app is"},
		{"Ruby", "active-record", "ActiveRecord is among", "--name active-record-app is"},
		{"Ruby", "string", "String is among", "--name string-app is"},
		{"Go", "table", "table is reserved in SQL", "--name table-app is"},
		{"Go", "current-user", "current_user is reserved in SQL", "--name current-user-app is"},
		{"Go", "defaultdb", "a database of CockroachDB's own", "--name defaultdb-app is"},
		{"Go", "pg-stat", "the prefix belongs to the database itself", "--name my-app is"},
		{"Go", "taken", "a package that the starter uses", "--name taken-app is"},
		{"Go", "tak-en", "a package that the starter uses", "--name tak-en-app is"},
	} {
		tool := &Tool{ID: "x", Language: row.language, Reserved: []string{"taken", "tak_en"}}
		_, err := Resolve(tool, Project{Name: row.name})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s %q: %v, want %s", row.language, row.name, err, row.want)
		}
		if hint := hintOf(err); !strings.HasPrefix(hint, row.hint) {
			t.Errorf("%s %q: hint: %s, want %s", row.language, row.name, hint, row.hint)
		}
	}
}

func TestModuleAndPackageRefused(t *testing.T) {
	for _, row := range []struct{ language, module, pkg, want string }{
		{"Go", "github.com/you/My App", "", "is not a Go module path"},
		{"Go", "example.com//x", "", "is not a Go module path"},
		{"Go", "fmt/x", "", "fmt is among the standard library"},
		{"Go", "example.com/" + strings.Repeat("a", 200), "", "the limit is 200"},
		{"Python", "example.com/x", "", "only Go has one"},
		{"Go", "", "com.example", "only Java has one"},
		{"Java", "", "com.Example", "is not a Java package name"},
		{"Java", "", "com..example", "is not a Java package name"},
		{"Java", "", "com.new.thing", "new is a keyword"},
		{"Java", "", "java.util.mine", "java belongs to the JDK"},
		{"Java", "", strings.Repeat("a.", 100) + "b", "longer than 200"},
	} {
		_, err := Resolve(&Tool{ID: "x", Language: row.language}, Project{Name: "my-app", Module: row.module, Package: row.pkg})
		if err == nil || !strings.Contains(err.Error(), row.want) || hintOf(err) == "" {
			t.Errorf("%s %q %q: %v (%s), want %s", row.language, row.module, row.pkg, err, hintOf(err), row.want)
		}
	}
}

func TestResolveFillsIn(t *testing.T) {
	for _, row := range []struct{ language, module, pkg string }{
		{"Go", "my-app", ""}, {"Java", "", "com.example.myapp"}, {"Ruby", "", ""},
	} {
		tool := &Tool{ID: "x", Language: row.language}
		p, err := Resolve(tool, Project{Name: "my-app"})
		if err != nil || p.Module != row.module || p.Package != row.pkg || p.Deployment != "local" {
			t.Errorf("%s: %+v, %v", row.language, p, err)
		}
		if again, err := Resolve(tool, p); err != nil || again != p {
			t.Errorf("%s: again: %+v, %v", row.language, again, err)
		}
	}
	if got := pascal("my-old_app2"); got != "MyOldApp2" {
		t.Errorf("pascal: %s", got)
	}
}

// FuzzName: whatever a directory is called, its slug is a name or is refused with a name that is one.
func FuzzName(f *testing.F) {
	for _, s := range []string{"My App", "2fast", "naïve", "a--b", "_x_", "class", "...", "PG_x", strings.Repeat("x-", 60), "\xff", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, dir string) {
		for language := range ecosystems {
			tool := &Tool{ID: "x", Language: language}
			err := nameProblem(tool, Slug(dir))
			if err == nil {
				continue
			}
			name, ok := strings.CutSuffix(strings.TrimPrefix(nameHint(tool, Slug(dir)), "--name "), " is")
			if !ok || nameProblem(tool, name) != nil {
				t.Errorf("%s: %q: hint offers %q", language, dir, name)
			}
		}
	})
}
