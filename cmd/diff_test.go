package cmd

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
)

func TestUnifiedDiff(t *testing.T) {
	change := func(have, want string) generator.Change {
		return generator.Change{File: generator.File{Path: "f", Data: []byte(want)}, Have: []byte(have)}
	}
	for name, tt := range map[string]struct {
		c    generator.Change
		want string
	}{
		"the same":       {change("a\n", "a\n"), ""},
		"a secret":       {generator.Change{File: generator.File{Path: ".env", Data: []byte("x\n"), Secret: true}}, ""},
		"an empty file":  {generator.Change{File: generator.File{Path: "f"}}, "diff --git a/f b/f\nnew file mode 100644\n"},
		"not text":       {change("a\x00", "b\n"), "diff --git a/f b/f\nBinary files a/f and b/f differ\n"},
		"no newline":     {change("a", "b\n"), "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"},
		"from nothing":   {change("", "a\n"), "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"},
		"in the middle":  {change("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"), "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		"two far places": {change("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"), "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
	} {
		if have := unifiedDiff(tt.c); have != tt.want {
			t.Errorf("%s:\n%swant:\n%s", name, have, tt.want)
		}
	}
}

// What git makes of a diff is what was planned.
func TestUnifiedDiffApplies(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	dice := rand.New(rand.NewSource(1))
	text := func() string {
		var b strings.Builder
		for range dice.Intn(40) {
			fmt.Fprintf(&b, "%d\n", dice.Intn(6))
		}
		return strings.TrimSuffix(b.String(), strings.Repeat("\n", dice.Intn(2)))
	}
	dir := t.TempDir()
	var all strings.Builder
	want := map[string]string{}
	for i := range 100 {
		name, have := fmt.Sprintf("f%d", i), text()
		want[name] = text()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(have), 0o666); err != nil {
			t.Fatal(err)
		}
		all.WriteString(unifiedDiff(generator.Change{File: generator.File{Path: name, Data: []byte(want[name])}, Have: []byte(have)}))
	}
	cmd := exec.Command("git", "apply", "--unidiff-zero", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(all.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range want {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && (!os.IsNotExist(err) || text != "") || string(data) != text {
			t.Errorf("%s: %v\nhave %q\nwant %q", name, err, data, text)
		}
	}
}
