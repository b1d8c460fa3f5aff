//go:build e2e && unix

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/generator"
)

// hideDotEnv takes the starter's .env out of its folder until the function that
// it returns is called, at the end of the test at the latest.
func (s *starter) hideDotEnv(t *testing.T) (back func()) {
	t.Helper()
	dotEnv, away := filepath.Join(s.dir, ".env"), filepath.Join(filepath.Dir(s.dir), "dotenv")
	if err := os.Rename(dotEnv, away); err != nil {
		t.Fatal(err)
	}
	back = sync.OnceFunc(func() {
		if err := os.Rename(away, dotEnv); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(back)
	return back
}

// testURL is the variable that gives the starter's own tests a database.
func (s *starter) testURL(t *testing.T, addr, name string) map[string]string {
	t.Helper()
	return map[string]string{s.tool.Var(generator.RoleTestURL): s.plainURL(t, addr, name)}
}

// testRefuses checks where the starter's own tests do not run.
func (s *starter) testRefuses(t *testing.T) {
	variable := s.tool.Var(generator.RoleTestURL)
	run := func(t *testing.T, env map[string]string) (out []byte) {
		t.Helper()
		for _, argv := range s.argvs("test") {
			part, exit, err := s.output(t.Context(), s.dir, env, argv...)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, part...)
			if exit != 0 {
				return out
			}
		}
		t.Errorf("want an exit code other than 0\n%s", lastLines(out, 30))
		return out
	}
	side := newSideBySide(t)
	defer side.wait()
	side.run("a database whose name does not end in _test", func(t *testing.T) {
		name := s.database + "_live"
		out := run(t, s.testURL(t, s.standIn.Addr(), name))
		if !regexp.MustCompile(variable + `.*_test\b`).Match(out) {
			t.Errorf("want a line with %s and _test\n%s", variable, lastLines(out, 30))
		}
		conn, err := db.Connect(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil || n != 0 {
			t.Errorf("the database is there: %d, %v", n, err)
		}
	})
	side.run("a node that does not answer, with the line that starts one", func(t *testing.T) {
		port, err := database.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		out := run(t, s.testURL(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), s.database+"_test"))
		if !strings.Contains(string(out), s.tool.Local) {
			t.Errorf("want %s\n%s", s.tool.Local, lastLines(out, 30))
		}
	})
}

// testWithPlaceholders runs the starter's own tests beside the .env that a remote
// deployment starts with.
func (s *starter) testWithPlaceholders(t *testing.T) {
	name := s.database + "_placeholders_test"
	if err := db.Drop(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	s.succeeds("test", s.testURL(t, s.standIn.Addr(), name))(t)
}
