//go:build e2e && unix

package binary

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

const modulePath = "github.com/crdb-init/crdb-init"

// go install makes the program from a module zip as from a checkout: it has the zip's version, and its starters are the same.
func TestInstalledFromModuleZip(t *testing.T) {
	version := fmt.Sprintf("v0.0.1-test.%s.%d", time.Now().UTC().Format("20060102150405"), os.Getpid())
	bin := install(t, publish(t, version), version)

	r := finish(t, exec.Command(bin, "version"))
	if want := "crdb-init " + version + ", go"; r.code != 0 || !strings.HasPrefix(r.stdout, want) {
		t.Errorf("version: %v", r)
	}
	tools, err := generator.Tools(skeletons.FS)
	must(t, err)
	for _, tool := range tools {
		var trees []tree
		for _, crdbInit := range []string{bin, program} {
			dir := t.TempDir()
			cmd := exec.Command(crdbInit, "--tool", tool.ID, "--no-git", "my-app")
			cmd.Dir = dir
			if r := finish(t, cmd); r.code != 0 {
				t.Fatalf("%s: %v", tool.ID, r)
			}
			made := treeOf(t, dir)
			delete(made, "my-app/.crdb-init/project.json") // which names the version
			trees = append(trees, made)
		}
		if diff := trees[0].differs(trees[1]); diff != "" {
			t.Errorf("%s: not as from a checkout:\n%s", tool.ID, diff)
		}
	}
}

// publish returns the URL of a module proxy, in files, that has this module in one version.
func publish(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, filepath.FromSlash(modulePath), "@v")
	must(t, os.MkdirAll(at, 0o755))
	mod, err := os.ReadFile("../../go.mod")
	must(t, err)
	for name, data := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf("{\"Version\": %q, \"Time\": %q}\n", version, time.Now().UTC().Format(time.RFC3339)),
		version + ".mod":  string(mod),
	} {
		must(t, os.WriteFile(filepath.Join(at, name), []byte(data), 0o644))
	}
	f, err := os.Create(filepath.Join(at, version+".zip"))
	must(t, err)
	must(t, zip.CreateFromDir(f, module.Version{Path: modulePath, Version: version}, "../.."), f.Close())
	return "file://" + filepath.ToSlash(dir)
}

// install returns the program that go install builds from that proxy. Dependencies come from where they always come from.
func install(t *testing.T, proxy, version string) string {
	t.Helper()
	others, cache := goEnv(t, "GOPROXY"), goEnv(t, "GOMODCACHE")
	t.Cleanup(func() { forget(t, cache, version) })
	bin := t.TempDir()
	cmd := exec.Command("go", "install", modulePath+"/cmd/crdb-init@"+version)
	cmd.Dir = t.TempDir() // outside of any module
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOPROXY="+proxy+","+others, "GONOSUMDB="+modulePath, "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	if r := finish(t, cmd); r.code != 0 {
		t.Fatalf("go install: %v", r)
	}
	return filepath.Join(bin, "crdb-init")
}

// forget takes a version of this module out of the machine's module cache.
func forget(t *testing.T, cache, version string) {
	t.Helper()
	source := filepath.Join(cache, filepath.FromSlash(modulePath)+"@"+version)
	err := filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755) // the cache is read-only
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	must(t, os.RemoveAll(source))
	download := filepath.Join(cache, "cache", "download", filepath.FromSlash(modulePath), "@v")
	files, err := filepath.Glob(filepath.Join(download, version+".*"))
	must(t, err)
	for _, file := range append(files, filepath.Join(download, "list"), filepath.Join(download, "list.lock")) {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	}
	// Folders that hold other versions stay.
	for dir := download; len(dir) > len(cache); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break
		}
	}
	for dir := filepath.Dir(source); len(dir) > len(cache); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
