//go:build bench

package cmd_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

// What the program may cost, whole processes, medians.
const (
	maxStart    = 4.0      // × an empty Go program
	maxGenerate = 2.0      // × cp -r of the same tree
	maxMemory   = 24 << 20 // bytes resident
	noLimit     = 1 << 40  // a plan is in memory whole
	maxBinary   = 12 << 20 // bytes, stripped
	maxUpdate   = 150 * time.Millisecond
	maxCheck    = 30 * time.Millisecond
	maxHuge     = 3.0 // × cp -r of a tree of 2,000 files
	runs        = 41
)

// TestBench measures bin/crdb-init, which make bench builds: the commands of a row take turns, so that what else the machine
// does meets them alike.
func TestBench(t *testing.T) {
	binary, err := filepath.Abs("../bin/crdb-init")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("binary           %6.1f MiB  (at most %d)\n", float64(info.Size())/(1<<20), maxBinary>>20)
	if info.Size() > maxBinary {
		t.Errorf("the binary has %d bytes", info.Size())
	}

	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty+".go", []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", empty, empty+".go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report(t, "start", maxStart, maxMemory, dir, []string{binary, "version"}, []string{empty})

	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		tree := filepath.Join(dir, tool.ID)
		if out, err := exec.Command(binary, "--tool", tool.ID, "--no-git", "--name", "my-app", tree).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		report(t, tool.ID, maxGenerate, maxMemory, dir,
			[]string{binary, "--tool", tool.ID, "--no-git", "--name", "my-app", "FRESH"}, []string{"cp", "-r", tree, "FRESH"})
	}
}

// TestBenchUpdate brings a starter up to date in which five files were changed on both sides.
func TestBenchUpdate(t *testing.T) {
	binary, err := filepath.Abs("../bin/crdb-init")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	must := func(argv ...string) string {
		t.Helper()
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
		return string(out)
	}
	app, old := filepath.Join(dir, "app"), filepath.Join(dir, "old")
	must(binary, "skeleton", "eject", "django", old)
	// What every file said before, and what its owner has made of some.
	var edited int
	err = filepath.WalkDir(filepath.Join(old, "django"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".py" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, append(data, "# as it was\n"...), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	must(binary, "--skeletons", old, "--tool", "django", "--no-git", app)
	err = filepath.WalkDir(app, func(name string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".py" || edited == 5 {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		edited++
		return os.WriteFile(name, append([]byte("# mine\n"), data...), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	pristine := filepath.Join(dir, "pristine")
	must(binary, "--tool", "django", "--no-git", "--name", "app", pristine)
	var update, check []time.Duration
	for i := range runs {
		fresh := filepath.Join(dir, fmt.Sprintf("fresh-%d", i))
		must("cp", "-r", app, fresh)
		must("git", "-C", fresh, "init", "-q")
		must("git", "-C", fresh, "add", "-A")
		must("git", "-C", fresh, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "mine")
		d, _ := run(t, dir, i, []string{binary, "update", fresh})
		update = append(update, d)
		d, _ = run(t, dir, i, []string{binary, "check", pristine})
		check = append(check, d)
		os.RemoveAll(fresh)
	}
	slices.Sort(update)
	slices.Sort(check)
	fmt.Printf("update           %6.2f ms  (at most %v)\ncheck            %6.2f ms  (at most %v)\n", ms(update[runs/2]), maxUpdate, ms(check[runs/2]), maxCheck)
	if update[runs/2] > maxUpdate || check[runs/2] > maxCheck {
		t.Errorf("update %v, check %v", update[runs/2], check[runs/2])
	}
}

// TestBenchHuge generates from a skeleton of 2,000 files.
func TestBenchHuge(t *testing.T) {
	binary, err := filepath.Abs("../bin/crdb-init")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	if out, err := exec.Command("cp", "-r", "../testdata/skeletons/.", own).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range 2000 {
		name := filepath.Join(own, "toy", fmt.Sprintf("part%d/more%d/file%d.txt.tmpl", i%20, i%7, i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat(fmt.Sprintf("line %d of {~ .Name ~}\n", i), 60)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	argv := []string{binary, "--skeletons", own, "--tool", "toy", "--no-git", "--name", "my-app"}
	tree := filepath.Join(dir, "tree")
	if out, err := exec.Command(argv[0], append(argv[1:], tree)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report(t, "2,000 files", maxHuge, noLimit, dir, append(argv, "FRESH"), []string{"cp", "-r", tree, "FRESH"})
}

// report prints the medians of two commands that take turns and their ratio. FRESH is a path where nothing is.
func report(t *testing.T, name string, limit float64, memoryLimit int64, dir string, ours, theirs []string) {
	t.Helper()
	var a, b []time.Duration
	var memory int64
	for i := range runs {
		d, rss := run(t, dir, i, ours)
		a, memory = append(a, d), max(memory, rss)
		d, _ = run(t, dir, i, theirs)
		b = append(b, d)
	}
	slices.Sort(a)
	slices.Sort(b)
	ratio := float64(a[runs/2]) / float64(b[runs/2])
	fmt.Printf("%-16s %6.2f ms   %s %.2f ms: %.2f × (at most %.0f), peak %.1f MiB\n", name,
		ms(a[runs/2]), filepath.Base(theirs[0]), ms(b[runs/2]), ratio, limit, float64(memory)/(1<<20))
	if ratio > limit {
		t.Errorf("%s: %.2f × %s", name, ratio, theirs[0])
	}
	if memory > memoryLimit {
		t.Errorf("%s: %d bytes resident", name, memory)
	}
}

// run executes one command and returns how long the whole process took and what it held in memory at most.
func run(t *testing.T, dir string, i int, argv []string) (time.Duration, int64) {
	t.Helper()
	argv = slices.Clone(argv)
	if at := slices.Index(argv, "FRESH"); at >= 0 {
		argv[at] = filepath.Join(dir, fmt.Sprintf("fresh-%d", i))
		defer os.RemoveAll(argv[at])
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	d := time.Since(start)
	return d, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
