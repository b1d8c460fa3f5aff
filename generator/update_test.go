package generator

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// updateSkeletons are a tool with some files; an empty text is none.
func updateSkeletons(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile("../testdata/skeletons/toy/tool.json")
	if err != nil {
		t.Fatal(err)
	}
	lock := `"lock": {"files": ["go.sum"], "commands": [["go", "mod", "tidy"]]}, "renames": {"toy/a1": "toy/a2", "toy/a2": "toy/a3"},`
	data = bytes.Replace(data, []byte("{"), []byte("{"+lock), 1)
	library := fstest.MapFS{"toy/tool.json": {Data: data}, "toy/dot_env.tmpl": {Data: []byte("U={~ dotenv .URL ~}\n")}}
	for name, text := range files {
		if text != "" {
			library["toy/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return library
}

// joined merges without git: both sides, or a conflict where yours says so.
func joined(yours, base, theirs []byte) ([]byte, bool, error) {
	return slices.Concat(yours, theirs), bytes.Contains(yours, []byte("clash")), nil
}

// Each row is one file: as it was made, as its owner left it ("-": deleted), as it is made now ("": no more), and what becomes of it.
func TestUpdate(t *testing.T) {
	for _, row := range []struct {
		name, path          string
		base, yours, theirs string
		action              Action
		want                string
	}{
		{"nobody changed it", "f", "a\n", "a\n", "a\n", Unchanged, "a\n"},
		{"its owner changed it", "f", "a\n", "mine\n", "a\n", Unchanged, "mine\n"},
		{"the skeletons changed it", "f", "a\n", "a\n", "b\n", Replaced, "b\n"},
		{"both made the same change", "f", "a\n", "b\n", "b\n", Unchanged, "b\n"},
		{"both changed it", "f", "a\n", "mine\n", "b\n", Merged, "mine\nb\n"},
		{"both changed the same lines", "f", "a\n", "clash\n", "b\n", Conflicts, "clash\nb\n"},
		{"its owner deleted it", "f", "a\n", "-", "a\n", Unchanged, "-"},
		{"its owner deleted it, and there is a new one", "f", "a\n", "-", "b\n", Deleted, "-"},
		{"new", "f", "", "-", "b\n", Created, "b\n"},
		{"new, and its owner has the same", "f", "", "b\n", "b\n", Unchanged, "b\n"},
		{"new, and its owner has another", "f", "", "mine\n", "b\n", Merged, "mine\nb\n"},
		{"no more", "f", "a\n", "a\n", "", Removed, "-"},
		{"no more, but its owner changed it", "f", "a\n", "mine\n", "", Left, "mine\n"},
		{"no more, and its owner deleted it", "f", "a\n", "-", "", "", "-"},
		{"a checkout with CRLF is no change", "f", "a\n", "a\r\n", "b\n", Replaced, "b\n"},
		{"a lockfile", "go.sum", "a\n", "a\n", "b\n", Replaced, "b\n"},
		{"a lockfile that its owner changed", "go.sum", "a\n", "mine\n", "b\n", Left, "mine\n"},
		{"no text", "f", "a\x00\n", "mine\x00\n", "b\x00\n", Left, "mine\x00\n"},
		{"no longer text", "f", "a\n", "mine\x00\n", "b\n", Left, "mine\x00\n"},
		{"emptied", "f", "a\n", "", "b\n", Merged, "b\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, state := madeStarter(t, map[string]string{row.path: row.base, "other": "x\n"})
			place := filepath.Join(dir, row.path)
			if row.yours == "-" {
				_ = os.Remove(place)
			} else if err := os.WriteFile(place, []byte(row.yours), 0o644); err != nil {
				t.Fatal(err)
			}
			u := mustUpdate(t, dir, state, map[string]string{row.path: row.theirs, "other": "x\n"})
			var action Action
			for _, o := range u.Outcomes {
				if o.Path == row.path {
					action = o.Action
				}
			}
			if action != row.action {
				t.Errorf("%s, want %s", action, row.action)
			}
			have := "-"
			if data, err := os.ReadFile(place); err == nil {
				have = string(data)
			}
			if have != row.want {
				t.Errorf("%q, want %q", have, row.want)
			}
			again := mustUpdate(t, dir, readState(t, dir), map[string]string{row.path: row.theirs, "other": "x\n"})
			if again.Changed() {
				t.Errorf("a second update changes %v", again.Changes)
			}
			if state := readState(t, dir); state.Files[row.path].SHA256 != hashOf(row.theirs) {
				t.Errorf("the state has %+v", state.Files[row.path])
			}
		})
	}
}

func hashOf(text string) string {
	if text == "" {
		return ""
	}
	return sum([]byte(text))
}

// madeStarter writes a starter of the first skeletons.
func madeStarter(t *testing.T, files map[string]string) (string, *State) {
	t.Helper()
	library := updateSkeletons(t, files)
	tool, err := Find(library, "toy")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Resolve(tool, Project{Tool: "toy", Name: "app"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Plan(library, p)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = AddState(plan, tool, p, "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "app")
	changes, err := Compare(plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), dir, changes, Fail); err != nil {
		t.Fatal(err)
	}
	return dir, readState(t, dir)
}

func readState(t *testing.T, dir string) *State {
	t.Helper()
	state, err := ReadState(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func mustUpdate(t *testing.T, dir string, state *State, files map[string]string) *Updated {
	t.Helper()
	u, err := Update(updateSkeletons(t, files), state, state.Answers, os.DirFS(dir), "v1.1.0", joined)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), dir, u.Changes, Overwrite); err != nil {
		t.Fatal(err)
	}
	return u
}

// A file follows its source: by the renames of more than one release, or by an answer that its path depends on.
func TestUpdateFollowsRenames(t *testing.T) {
	for _, row := range []struct {
		name         string
		yours, there string // at the old path and at the new one; "-": nothing
		theirs       string
		action       Action
		old, new     string
	}{
		{"untouched", "a\n", "-", "a\n", Moved, "-", "a\n"},
		{"untouched, and new", "a\n", "-", "b\n", Moved, "-", "b\n"},
		{"edited", "mine\n", "-", "a\n", Moved, "-", "mine\n"},
		{"edited on both sides", "mine\n", "-", "b\n", Moved, "-", "mine\nb\n"},
		{"edited in the same lines", "clash\n", "-", "b\n", Conflicts, "-", "clash\nb\n"},
		{"deleted", "-", "-", "b\n", Deleted, "-", "-"},
		{"moved by its owner", "-", "mine\n", "a\n", Unchanged, "-", "mine\n"},
		{"moved by its owner, and new", "-", "mine\n", "b\n", Merged, "-", "mine\nb\n"},
		{"another file is there", "a\n", "other\n", "b\n", Left, "a\n", "other\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, state := madeStarter(t, map[string]string{"a1": "a\n"})
			old, moved := filepath.Join(dir, "a1"), filepath.Join(dir, "a3")
			for name, text := range map[string]string{old: row.yours, moved: row.there} {
				if text == "-" {
					_ = os.Remove(name)
				} else if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			u := mustUpdate(t, dir, state, map[string]string{"a3": row.theirs})
			i := slices.IndexFunc(u.Outcomes, func(o Outcome) bool { return o.Path == "a3" })
			if i < 0 || u.Outcomes[i].Action != row.action {
				t.Errorf("%+v, want %s", u.Outcomes, row.action)
			}
			for name, want := range map[string]string{old: row.old, moved: row.new} {
				have := "-"
				if data, err := os.ReadFile(name); err == nil {
					have = string(data)
				}
				if have != want {
					t.Errorf("%s: %q, want %q", filepath.Base(name), have, want)
				}
			}
		})
	}
}

// What is executable stays so, also where its owner made it so.
func TestUpdateKeepsModes(t *testing.T) {
	dir, state := madeStarter(t, map[string]string{"executable_run.sh": "a\n", "f": "a\n"})
	if err := os.Chmod(filepath.Join(dir, "f"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, dir, state, map[string]string{"executable_run.sh": "b\n", "f": "b\n"})
	for _, name := range []string{"run.sh", "f"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o111 == 0 {
			t.Errorf("%s: %v", name, info.Mode())
		}
	}
}

// Only another version of the program is no reason to write.
func TestUpdateIgnoresTheVersionAlone(t *testing.T) {
	dir, state := madeStarter(t, map[string]string{"f": "a\n"})
	if u := mustUpdate(t, dir, state, map[string]string{"f": "a\n"}); u.Changed() {
		t.Errorf("%+v", u.Changes)
	}
	mustUpdate(t, dir, state, map[string]string{"f": "b\n"})
	if state := readState(t, dir); state.Program != "v1.1.0" {
		t.Errorf("the state is of %s", state.Program)
	}
}

// An update that fails at any step leaves everything as it was, empty directories included.
func TestUpdateIsAllOrNothing(t *testing.T) {
	boom := errors.New("boom")
	for at := 0; ; at++ {
		dir, state := madeStarter(t, map[string]string{"a1": "a\n", "deep/er/f": "a\n", "g": "a\n"})
		before := treeOf(t, dir)
		u, err := Update(updateSkeletons(t, map[string]string{"a3": "b\n", "new/f": "b\n", "g": "b\n"}), state, state.Answers, os.DirFS(dir), "v1.1.0", joined)
		if err != nil {
			t.Fatal(err)
		}
		step := 0
		err = write(dir, u.Changes, Overwrite, func(string, string) error {
			if step++; step > at {
				return boom
			}
			return nil
		})
		if err == nil {
			if at < 20 {
				t.Fatalf("only %d steps", at)
			}
			if _, err := os.Stat(filepath.Join(dir, "deep")); !errors.Is(err, fs.ErrNotExist) {
				t.Error("an empty directory is left")
			}
			return
		}
		if !errors.Is(err, boom) {
			t.Fatalf("step %d: %v", at, err)
		}
		if after := treeOf(t, dir); !reflect.DeepEqual(after, before) {
			t.Fatalf("step %d: %v\nwant %v", at, slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
		}
	}
}

func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			tree[name] = "directory"
			return nil
		}
		data, err := os.ReadFile(name)
		tree[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestStateIsDeterministicAndHoldsNoSecret(t *testing.T) {
	dir, state := madeStarter(t, map[string]string{"f": "a\n", "go.sum": "locked\n"})
	a, err := state.Format()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a {
		have, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, f.Data) {
			t.Errorf("%s read and written again is another", f.Path)
		}
		for _, secret := range []string{"26257", ".env\"", "locked"} {
			if strings.Contains(string(have), secret) {
				t.Errorf("%s holds %s", f.Path, secret)
			}
		}
	}
}

func TestDamagedStates(t *testing.T) {
	for _, row := range []struct{ name, file, old, new, want string }{
		{"cut", StateFile, "}\n", "", "project.json: damaged: "},
		{"a field too many", StateFile, `"tool"`, `"tol"`, `project.json: damaged: 4: unknown field "tol"`},
		{"another version", StateFile, `"version": 1`, `"version": 0`, "version 0, not 1"},
		{"a path outside", StateFile, `"f": {`, `"../f": {`, `"../f"`},
		{"no hash", StateFile, sum([]byte("a\n")), "abc", "f: source or sha256: not one"},
		{"another hash", StateFile, sum([]byte("a\n")), sum([]byte("b\n")), "base.txtar: damaged: f: not the text that"},
		{"another text", baseFile, "\na\n", "\nb\n", "base.txtar: damaged: f: not the text that"},
		{"a text too many", baseFile, "-- f --", "-- g --\n-- f --", "base.txtar: damaged: g: not a file that"},
		{"a text too few", baseFile, "-- f --", "f", "base.txtar: damaged: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, _ := madeStarter(t, map[string]string{"f": "a\n"})
			name := filepath.Join(dir, row.file)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(data), row.old) {
				t.Fatalf("%q is not in\n%s", row.old, data)
			}
			if err := os.WriteFile(name, []byte(strings.Replace(string(data), row.old, row.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = ReadState(os.DirFS(dir))
			if e, ok := errors.AsType[*DamagedError](err); !ok || !strings.Contains(e.Error(), row.want) {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
}
