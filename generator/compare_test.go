package generator

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCompare(t *testing.T) {
	dst := fstest.MapFS{
		"same":      {Data: []byte("same\n")},
		"same_exec": {Data: []byte("same\n"), Mode: 0o644},
		"differs":   {Data: []byte("theirs\n")},
		"empty":     {},
		"both":      {},
		"src/main":  {Data: []byte("theirs\n")},
		".env":      {Data: []byte("PASSWORD=theirs\n")},
		"other":     {Data: []byte("not in the plan\n")},
	}
	tests := []struct {
		file File
		want Kind
		have []byte
	}{
		{File{Path: "absent", Data: []byte("a\n")}, Create, nil},
		{File{Path: "absent_empty"}, Create, nil},
		{File{Path: "src/absent", Data: []byte("a\n")}, Create, nil},
		{File{Path: "no/such/directory", Data: []byte("a\n")}, Create, nil},
		{File{Path: "no/such/sister", Data: []byte("a\n")}, Create, nil},
		{File{Path: "same", Data: []byte("same\n")}, Same, []byte("same\n")},
		{File{Path: "same_exec", Data: []byte("same\n"), Exec: true}, Same, []byte("same\n")},
		{File{Path: "both"}, Same, []byte{}},
		{File{Path: "differs", Data: []byte("ours\n")}, Conflict, []byte("theirs\n")},
		{File{Path: "empty", Data: []byte("ours\n")}, Conflict, []byte{}},
		{File{Path: "src/main", Data: []byte("ours\n")}, Conflict, []byte("theirs\n")},
		{File{Path: ".env", Data: []byte("ours\n"), Secret: true}, Kept, []byte{}},
		{File{Path: "src/.env", Data: []byte("ours\n"), Secret: true}, Create, nil},
	}
	var plan []File
	for _, tt := range tests {
		plan = append(plan, tt.file)
	}
	changes, err := Compare(plan, dst)
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		c := changes[i]
		if c.Path != tt.file.Path || c.Kind() != tt.want || !reflect.DeepEqual(c.Have, tt.have) {
			t.Errorf("%s: %s, have %#v; want %s, have %#v", c.Path, c.Kind(), c.Have, tt.want, tt.have)
		}
	}
}

func TestCompareWithNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	plan := []File{{Path: "a/b", Data: []byte("b\n")}, {Path: ".env", Secret: true}}
	for name, dst := range map[string]fs.FS{"nil": nil, "missing": os.DirFS(missing)} {
		changes, err := Compare(plan, dst)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, c := range changes {
			if c.Kind() != Create {
				t.Errorf("%s: %s: %s", name, c.Path, c.Kind())
			}
		}
	}
	if _, err := CompareDir(plan, missing); err != nil {
		t.Error(err)
	}
}

// What is in the way is named, and nothing is read through it.
func TestCompareInTheWay(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "app")
	mustDo(t,
		os.MkdirAll(filepath.Join(dir, "folder"), 0o777),
		os.MkdirAll(filepath.Join(dir, "real"), 0o777),
		os.MkdirAll(filepath.Join(top, "outside"), 0o777),
		os.WriteFile(filepath.Join(top, "outside", "x"), []byte("x\n"), 0o666),
		os.WriteFile(filepath.Join(dir, "file"), []byte("x\n"), 0o666),
		os.WriteFile(filepath.Join(dir, "real", "x"), []byte("x\n"), 0o666),
	)
	for link, target := range map[string]string{
		"to_file":          "file",
		"to_outside_file":  "../outside/x",
		"to_dir":           "real",
		"to_outside":       "../outside",
		"to_absolute":      filepath.Join(top, "outside"),
		"to_nothing":       "nothing",
		"to_itself":        "to_itself",
		"real/to_outside":  "../../outside",
		"to_dir_to_nobody": "real/to_outside",
	} {
		symlink(t, target, filepath.Join(dir, link))
	}
	tests := []struct{ path, want string }{
		{"folder", "folder: directory where a file must go"},
		{"to_file", "to_file: symbolic link where a file must go"},
		{"to_outside_file", "to_outside_file: symbolic link where a file must go"},
		{"to_nothing", "to_nothing: symbolic link where a file must go"},
		{"file/x", "file: file where a directory must go"},
		{"file/x/y", "file: file where a directory must go"},
		{"to_file/x", "to_file: file where a directory must go"},
		{"to_outside/x", "to_outside: symbolic link to no directory inside this one: "},
		{"to_absolute/x", "to_absolute: symbolic link to no directory inside this one: "},
		{"to_nothing/x", "to_nothing: symbolic link to no directory inside this one: "},
		{"to_itself/x", "to_itself: symbolic link to no directory inside this one: "},
		{"real/to_outside/x", "real/to_outside: symbolic link to no directory inside this one: "},
		{"to_dir_to_nobody/x", "to_dir_to_nobody: symbolic link to no directory inside this one: "},
		{"../outside/x", `"../outside/x": not a path inside a starter`},
		{"/etc/passwd", `"/etc/passwd": not a path inside a starter`},
		{"a//b", `"a//b": not a path inside a starter`},
		{".", `".": not a path inside a starter`},
		{"to_dir/x", ""},
		{"to_dir/y", ""},
	}
	for _, tt := range tests {
		_, err := CompareDir([]File{{Path: "fine"}, {Path: tt.path, Data: []byte("x\n")}}, dir)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.path, err)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s: %v; want %s…", tt.path, err, tt.want)
		}
	}

	// A secret that is shared by a link is kept like any other; a directory can be no secret.
	symlink(t, "../outside/x", filepath.Join(dir, ".env"))
	changes, err := CompareDir([]File{{Path: ".env", Secret: true}}, dir)
	if err != nil || changes[0].Kind() != Kept {
		t.Errorf("linked .env: %v %v", changes, err)
	}
	if _, err := CompareDir([]File{{Path: "folder", Secret: true}}, dir); err == nil {
		t.Error("a directory passes for .env")
	}
}

func TestParseOnConflict(t *testing.T) {
	for _, o := range []OnConflict{Fail, Skip, Overwrite} {
		if got, err := ParseOnConflict(o.String()); got != o || err != nil {
			t.Errorf("%s: %s %v", o, got, err)
		}
	}
	for _, s := range []string{"", "FAIL", "merge"} {
		_, err := ParseOnConflict(s)
		if err == nil || hint(err) != "fail, skip or overwrite" {
			t.Errorf("%q: %v (%s)", s, err, hint(err))
		}
	}
}

func hint(err error) string {
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}

func mustDo(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}
