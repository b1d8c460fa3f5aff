package generator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// plan has every kind of file, and directories that an existing target has and has not.
func plan() []File {
	return []File{
		{Path: ".env", Data: []byte("DATABASE_URL='secret'\n"), Secret: true},
		{Path: ".github/workflows/ci.yml", Data: []byte("on: push\n")},
		{Path: "README.md", Data: []byte("# ours\n")},
		{Path: "bin/run.sh", Data: []byte("#!/bin/sh\n"), Exec: true},
		{Path: "db/empty.sql"},
		{Path: "src/deep/er/x.go", Data: []byte("package x\n")},
		{Path: "src/main.go", Data: []byte("package main\n")},
		{Path: "src/same.go", Data: []byte("package same\n")},
	}
}

// full is a target with two conflicts (README.md, src/main.go) and things of no concern to the plan.
func full(t testing.TB, dir string) {
	t.Helper()
	write := func(name, data string, mode fs.FileMode) {
		p := filepath.Join(dir, filepath.FromSlash(name))
		mustDo(t, os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), mode), os.Chmod(p, mode))
	}
	write("README.md", "# theirs\n", 0o640)
	write("notes.txt", "theirs\n", 0o600)
	write("src/main.go", "// theirs\n", 0o755)
	write("src/same.go", "package same\n", 0o444)
	mustDo(t, os.Mkdir(filepath.Join(dir, "db"), 0o750), os.Mkdir(filepath.Join(dir, "void"), 0o700))
}

// tree is everything below dir: path -> mode and content.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		if info.Mode().IsRegular() {
			if data, err = os.ReadFile(p); err != nil {
				return err
			}
		}
		all[filepath.ToSlash(rel)] = fmt.Sprintf("%v %q", info.Mode(), data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameTree(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, p := range slices.Sorted(maps.Keys(got)) {
		if w, ok := want[p]; !ok {
			t.Errorf("%s: %s is left over", p, got[p])
		} else if got[p] != w {
			t.Errorf("%s: %s, want %s", p, got[p], w)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[p]; !ok {
			t.Errorf("%s: missing", p)
		}
	}
}

// contents drops the modes, and the directories with them.
func contents(all map[string]string) map[string]string {
	files := map[string]string{}
	for p, s := range all {
		if mode, data, _ := strings.Cut(s, " "); mode[0] == '-' {
			files[p] = data
		}
	}
	return files
}

func changes(t testing.TB, dir string) []Change {
	t.Helper()
	c, err := CompareDir(plan(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrite(t *testing.T) {
	ours := map[string]string{}
	for _, f := range plan() {
		ours[f.Path] = fmt.Sprintf("%q", f.Data)
	}
	with := func(more map[string]string) map[string]string {
		m := maps.Clone(ours)
		maps.Copy(m, more)
		return m
	}
	notes := map[string]string{"notes.txt": `"theirs\n"`}
	tests := []struct {
		name  string
		setUp func(t *testing.T, dir string)
		on    OnConflict
		want  map[string]string
		err   string
	}{
		{"a new directory", func(*testing.T, string) {}, Fail, ours, ""},
		{"an empty directory", func(t *testing.T, dir string) { mustDo(t, os.Mkdir(dir, 0o755)) }, Fail, ours, ""},
		{"conflicts, fail", func(t *testing.T, dir string) { full(t, dir) }, Fail, nil,
			"README.md, src/main.go: other content is there"},
		{"conflicts, skip", func(t *testing.T, dir string) { full(t, dir) }, Skip,
			with(map[string]string{"notes.txt": `"theirs\n"`, "README.md": `"# theirs\n"`, "src/main.go": `"// theirs\n"`}), ""},
		{"conflicts, overwrite", func(t *testing.T, dir string) { full(t, dir) }, Overwrite, with(notes), ""},
		{"a secret that is there", func(t *testing.T, dir string) {
			mustDo(t, os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, ".env"), []byte("theirs\n"), 0o644))
		}, Overwrite, with(map[string]string{".env": `"theirs\n"`}), ""},
		{"a link to a directory inside", func(t *testing.T, dir string) {
			mustDo(t, os.MkdirAll(filepath.Join(dir, "lib"), 0o755))
			symlink(t, "lib", filepath.Join(dir, "src"))
		}, Fail, nil, ""},
		{"a link to a directory outside", func(t *testing.T, dir string) {
			mustDo(t, os.MkdirAll(dir, 0o755))
			symlink(t, "..", filepath.Join(dir, "src"))
		}, Fail, nil, "src: symbolic link to no directory inside this one: path escapes from parent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "app")
			tt.setUp(t, dir)
			before := tree(t, top)
			list, err := CompareDir(plan(), dir)
			if err == nil {
				err = Write(t.Context(), dir, list, tt.on)
			}
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("%v; want %s", err, tt.err)
				}
				if hint(err) == "" {
					t.Error("no hint")
				}
				sameTree(t, tree(t, top), before)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.want != nil {
				sameTree(t, contents(tree(t, dir)), tt.want)
			} else if data, err := os.ReadFile(filepath.Join(dir, "lib", "main.go")); string(data) != "package main\n" {
				t.Errorf("through the link: %q %v", data, err)
			}
			if entries, _ := os.ReadDir(top); len(entries) != 1 {
				t.Errorf("litter beside the target: %v", entries)
			}

			// Again: nothing to do, nothing done.
			after := tree(t, top)
			if err := Write(t.Context(), dir, changes(t, dir), Skip); err != nil {
				t.Error(err)
			}
			sameTree(t, tree(t, top), after)
		})
	}
}

// A secret keeps its mode as well as its content; what else is there keeps its mode even if it is in the plan.
func TestWriteKeepsModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	full(t, dir)
	env := filepath.Join(dir, ".env")
	mustDo(t, os.WriteFile(env, []byte("theirs\n"), 0o640), os.Chmod(env, 0o640))
	before := tree(t, dir)
	mustDo(t, Write(t.Context(), dir, changes(t, dir), Skip))
	after := tree(t, dir)
	for p, want := range before {
		if after[p] != want {
			t.Errorf("%s: %s, want %s", p, after[p], want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	top := t.TempDir()
	mustDo(t, os.WriteFile(filepath.Join(top, "file"), nil, 0o666), os.Mkdir(filepath.Join(top, "it's"), 0o777))
	symlink(t, "nowhere", filepath.Join(top, "dangling"))
	t.Chdir(top)
	before := tree(t, top)
	tests := []struct{ dir, want, hint string }{
		{"file", "file: file where a directory must go", inTheWay},
		{"file/", "file: file where a directory must go", inTheWay},
		{"file/app", "file/app: file is a file", "choose another directory"},
		{"no/such/app", "no/such/app: no/such does not exist", "mkdir -p no/such"},
		{"it's/no/app", "it's/no/app: it's/no does not exist", `mkdir -p 'it'\''s/no'`},
		{"dangling", "dangling: symbolic link to nothing", inTheWay},
		{"dangling/app", "dangling/app: dangling does not exist", "mkdir -p dangling"},
	}
	for _, tt := range tests {
		all, err := Compare(plan(), nil)
		mustDo(t, err)
		_, compareErr := CompareDir(plan(), tt.dir)
		writeErr := Write(t.Context(), tt.dir, all, Overwrite)
		for _, err := range []error{compareErr, writeErr} {
			if got := filepath.ToSlash(fmt.Sprint(err)); got != tt.want || filepath.ToSlash(hint(err)) != tt.hint {
				t.Errorf("%s: %s (%s); want %s (%s)", tt.dir, got, hint(err), tt.want, tt.hint)
			}
		}
	}
	sameTree(t, tree(t, top), before)
}

// The target itself may be a link, and may be the directory one stands in.
func TestWriteTarget(t *testing.T) {
	top := t.TempDir()
	mustDo(t, os.MkdirAll(filepath.Join(top, "real", "here"), 0o777))
	symlink(t, "real", filepath.Join(top, "link"))
	for _, dir := range []string{"link", "link/new", "link/new2/", "real/here/.", "real/here/../up"} {
		mustDo(t, Write(t.Context(), filepath.FromSlash(filepath.Join(top)+"/"+dir), changes(t, filepath.Join(top, dir)), Fail))
		if _, err := os.Stat(filepath.Join(top, dir, "README.md")); err != nil {
			t.Error(err)
		}
	}
	t.Chdir(t.TempDir())
	mustDo(t, Write(t.Context(), ".", changes(t, "."), Fail))
	if entries, _ := os.ReadDir("."); len(entries) != 6 {
		t.Errorf("in place: %v", entries)
	}
}

// Only what was shown may be replaced: a target that changed meanwhile is a conflict under every policy.
func TestWriteAfterChange(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"edited":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "README.md"), []byte("new\n"), 0o666) },
		"emptied": func(dir string) error { return os.Truncate(filepath.Join(dir, "README.md"), 0) },
		"removed": func(dir string) error { return os.Remove(filepath.Join(dir, "README.md")) },
		"moved":   func(dir string) error { return os.Rename(dir, dir+"2") },
	} {
		for _, on := range []OnConflict{Fail, Skip, Overwrite} {
			top := t.TempDir()
			dir := filepath.Join(top, "app")
			full(t, dir)
			list := changes(t, dir)
			mustDo(t, change(dir))
			before := tree(t, top)
			err := Write(t.Context(), dir, list, on)
			conflict, ok := errors.AsType[*ConflictError](err)
			if !ok || conflict.Paths[0] != "README.md" || hint(err) != "run it again" {
				t.Errorf("%s, %s: %v (%s)", name, on, err, hint(err))
			}
			sameTree(t, tree(t, top), before)
		}
	}
}

// steps counts the operations of a run and calls at before the nth of them.
func steps(n int, at func(op, name string) error) (stepFunc, *int) {
	count := new(int)
	return func(op, name string) error {
		*count++
		if *count == n {
			return at(op, name)
		}
		return nil
	}, count
}

// Every operation fails in turn, and is interrupted in turn: the target is byte for byte what it was.
func TestWriteFailsAtEveryStep(t *testing.T) {
	injected := errors.New("no space left on device")
	targets := map[string]func(t testing.TB, dir string){
		"new":   func(testing.TB, string) {},
		"empty": func(t testing.TB, dir string) { mustDo(t, os.Mkdir(dir, 0o755)) },
		"full":  full,
	}
	for name, setUp := range targets {
		for _, want := range []error{injected, context.Canceled} {
			t.Run(name+" "+want.Error(), func(t *testing.T) {
				top := t.TempDir()
				dir := filepath.Join(top, "app")
				setUp(t, dir)
				before := tree(t, top)
				list := changes(t, dir)
				for n := 1; ; n++ {
					ctx, cancel := context.WithCancel(t.Context())
					var at string
					count, total := steps(n, func(op, name string) error {
						at = op + " " + name
						if want == injected {
							return injected
						}
						cancel()
						return nil
					})
					err := write(dir, list, Overwrite, func(op, name string) error {
						if err := count(op, name); err != nil {
							return err
						}
						return ctx.Err()
					})
					cancel()
					if at == "" { // past the last step
						if err != nil || n < 20 || *total != n-1 {
							t.Errorf("%d steps, then: %v", *total, err)
						}
						break
					}
					// A cancelled run is no failure of the disk: its error stays what it is.
					if !errors.Is(err, want) || want == context.Canceled && err != want {
						t.Errorf("step %d, %s: %v", n, at, err)
					}
					sameTree(t, tree(t, top), before)
				}
			})
		}
	}
}

// What is restored is the file that was there, not a copy of it.
func TestWriteRestoresTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	full(t, dir)
	before, err := os.Stat(filepath.Join(dir, "README.md"))
	mustDo(t, err)
	err = write(dir, changes(t, dir), Overwrite, func(op, name string) error {
		if op == "place" && name == "src/main.go" {
			return errors.ErrUnsupported
		}
		return nil
	})
	after, statErr := os.Stat(filepath.Join(dir, "README.md"))
	mustDo(t, statErr)
	if err == nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("%v; %v, was %v", err, after, before)
	}
}

// A kill at any step leaves files that are whole and planned, so that the next run is in no conflict.
func TestWriteKilledAtEveryStep(t *testing.T) {
	for n := 1; ; n++ {
		top := t.TempDir()
		dir := filepath.Join(top, "app")
		mustDo(t, os.Mkdir(dir, 0o755))
		list := changes(t, dir)
		// Undoing reads no steps, so a copy at the step is what a kill would leave.
		dead := filepath.Join(top, "dead")
		step, _ := steps(n, func(string, string) error { return os.CopyFS(dead, os.DirFS(dir)) })
		mustDo(t, write(dir, list, Fail, step))
		if _, err := os.Stat(dead); err != nil {
			break
		}
		for _, c := range changes(t, dead) {
			if k := c.Kind(); k == Conflict {
				t.Errorf("step %d: %s is in conflict", n, c.Path)
			}
		}
		mustDo(t, Write(t.Context(), dead, changes(t, dead), Fail))
	}
}

// Others may use the target while a run is undone: what they made stays.
func TestWriteUndoSparesOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	mustDo(t, os.Mkdir(dir, 0o755))
	theirs, readme := filepath.Join(dir, ".github", "theirs"), filepath.Join(dir, "README.md")
	err := write(dir, changes(t, dir), Fail, func(op, name string) error {
		if op == "place" && name == "src/main.go" {
			// As an editor saves: another file under the same name.
			mustDo(t, os.WriteFile(readme+"~", []byte("edited\n"), 0o666), os.Rename(readme+"~", readme))
			mustDo(t, os.WriteFile(theirs, nil, 0o666), os.WriteFile(filepath.Join(dir, "src", "main.go"), []byte("late\n"), 0o666))
		}
		return nil
	})
	conflict, ok := errors.AsType[*ConflictError](err)
	if !ok || !slices.Equal(conflict.Paths, []string{"src/main.go"}) {
		t.Error(err)
	}
	want := map[string]string{".github/theirs": `""`, "README.md": `"edited\n"`, "src/main.go": `"late\n"`}
	sameTree(t, contents(tree(t, dir)), want)
}

// If undoing fails too, the only copy of what was there is not thrown away, and the error says where it is.
func TestWriteUndoFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	full(t, dir)
	readme := filepath.Join(dir, "README.md")
	var cause = errors.New("cause")
	err := write(dir, changes(t, dir), Overwrite, func(op, name string) error {
		if op == "place" && name == "src/main.go" {
			mustDo(t, os.Remove(readme), os.MkdirAll(filepath.Join(readme, "theirs"), 0o777))
			return cause
		}
		return nil
	})
	if !errors.Is(err, cause) {
		t.Fatal(err)
	}
	_, old, ok := strings.Cut(hint(err), "what was replaced is in ")
	data, readErr := os.ReadFile(filepath.Join(old, "README.md"))
	if !ok || string(data) != "# theirs\n" {
		t.Errorf("%v (%s): %q %v", err, hint(err), data, readErr)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "src", "main.go")); string(data) != "// theirs\n" {
		t.Errorf("what could be restored was not: %q %v", data, err)
	}
}

// A file system without links gets its files by renaming.
func TestPlaceByRenaming(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	mustDo(t, err)
	defer root.Close()
	mustDo(t, root.Mkdir("a", 0o777), root.Mkdir("b", 0o777)) // no file system links directories
	mustDo(t, place(root, "a", "c"))
	if err := place(root, "b", "c"); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
}

// Two runs race for one target: one of them wins all of it, the other leaves nothing.
func TestWriteRace(t *testing.T) {
	for _, existing := range []bool{false, true} {
		for range 20 {
			top := t.TempDir()
			dir := filepath.Join(top, "app")
			if existing {
				mustDo(t, os.Mkdir(dir, 0o755))
			}
			var errs [2]error
			var start, done sync.WaitGroup
			start.Add(1)
			for i := range errs {
				list := changes(t, dir)
				for j := range list {
					list[j].Data = fmt.Appendf(nil, "run %d\n", i)
				}
				done.Go(func() {
					start.Wait()
					errs[i] = Write(t.Context(), dir, list, Overwrite)
				})
			}
			start.Done()
			done.Wait()
			winner := 0
			if errs[0] != nil {
				winner = 1
			}
			if _, ok := errors.AsType[*ConflictError](errs[1-winner]); errs[winner] != nil || !ok {
				t.Fatalf("existing %t: %v; %v", existing, errs[0], errs[1])
			}
			want := map[string]string{}
			for _, f := range plan() {
				want["app/"+f.Path] = fmt.Sprintf(`"run %d\n"`, winner)
			}
			sameTree(t, contents(tree(t, top)), want)
		}
	}
}

// The directory of another run, made at the last moment, is neither replaced nor removed; an empty one is used.
func TestWriteAppeared(t *testing.T) {
	for _, at := range []string{"mkdir", "rename"} {
		for _, other := range []string{"", "notes.txt", "README.md"} {
			top := t.TempDir()
			dir := filepath.Join(top, "app")
			var once sync.Once
			err := write(dir, changes(t, dir), Fail, func(op, name string) error {
				if op == at {
					once.Do(func() {
						mustDo(t, os.Mkdir(dir, 0o755))
						if other != "" {
							mustDo(t, os.WriteFile(filepath.Join(dir, other), []byte("theirs\n"), 0o666))
						}
					})
				}
				return nil
			})
			if conflict, ok := errors.AsType[*ConflictError](err); other == "README.md" {
				if !ok || !slices.Equal(conflict.Paths, []string{"README.md"}) {
					t.Errorf("%s, %q: %v", at, other, err)
				}
				sameTree(t, contents(tree(t, top)), map[string]string{"app/README.md": `"theirs\n"`})
			} else if err != nil {
				t.Errorf("%s, %q: %v", at, other, err)
			}
			if entries, _ := os.ReadDir(top); len(entries) != 1 {
				t.Errorf("%s, %q: %v", at, other, entries)
			}
		}
	}
}

// One open, one write and one directory each, in the order of the plan: a new tree costs no more.
func TestWriteSteps(t *testing.T) {
	var got []string
	dir := filepath.Join(t.TempDir(), "app")
	mustDo(t, write(dir, changes(t, dir), Fail, func(op, name string) error {
		got = append(got, op+" "+filepath.Base(name))
		return nil
	}))
	want := []string{
		"open .env", "write .env", "mkdir .github", "mkdir workflows", "open ci.yml", "write ci.yml",
		"open README.md", "write README.md", "mkdir bin", "open run.sh", "write run.sh", "mkdir db", "open empty.sql", "write empty.sql",
		"mkdir src", "mkdir deep", "mkdir er", "open x.go", "write x.go", "open main.go", "write main.go", "open same.go", "write same.go",
		"rename app",
	}
	if !strings.HasPrefix(got[0], "mkdir .crdb-init-") || !reflect.DeepEqual(got[1:], want) {
		t.Errorf("got  %q\nwant %q", got[1:], want)
	}
}

func TestWriteCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	top := t.TempDir()
	if err := Write(ctx, filepath.Join(top, "app"), changes(t, filepath.Join(top, "app")), Fail); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(top); len(entries) != 0 {
		t.Error(entries)
	}
}

// BenchmarkWrite makes 2000 files, and copies the same files as cp -r would, to compare with.
func BenchmarkWrite(b *testing.B) {
	var files []File
	for i := range 2000 {
		files = append(files, File{Path: fmt.Sprintf("a%d/b%d/c%d/f%d.go", i/500, i/100, i/20, i), Data: make([]byte, 2000)})
	}
	list, err := Compare(files, nil)
	mustDo(b, err)
	from := filepath.Join(b.TempDir(), "from")
	mustDo(b, Write(b.Context(), from, list, Fail))

	run := func(name string, f func(dir string) error) {
		b.Run(name, func(b *testing.B) {
			top := b.TempDir()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				dir := filepath.Join(top, fmt.Sprint(i))
				mustDo(b, f(dir))
				b.StopTimer()
				mustDo(b, os.RemoveAll(dir))
				runtime.GC()
				b.StartTimer()
			}
		})
	}
	run("new", func(dir string) error { return Write(b.Context(), dir, list, Fail) })
	run("in_place", func(dir string) error {
		if err := os.Mkdir(dir, 0o777); err != nil {
			return err
		}
		return Write(b.Context(), dir, list, Fail)
	})
	run("copy", func(dir string) error { return copyAll(from, dir) })
}

// copyAll does what cp -r does.
func copyAll(from, to string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dst := path.Join(to, strings.TrimPrefix(p, from))
		if d.IsDir() {
			return os.Mkdir(dst, 0o777)
		}
		r, err := os.Open(p)
		if err != nil {
			return err
		}
		defer r.Close()
		w, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			return err
		}
		return w.Close()
	})
}
