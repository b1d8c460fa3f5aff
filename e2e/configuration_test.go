//go:build e2e && unix

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// password must show up nowhere. It is plain ASCII so that no quoting hides it.
const password = "hunter2-S3cret"

var stackTrace = regexp.MustCompile(`(?m)Traceback|^\s+at [\w.$<>/:]+|goroutine \d+ \[|^\s+File "|^\s+from .*:in |panic:|Exception in thread`)

// A misconfiguration is an environment that a service refuses to start in.
type misconfiguration struct {
	claim    string
	variable string
	value    string // or unset
}

func (s *starter) misconfigurations(t *testing.T) []misconfiguration {
	url := s.tool.Var(generator.RoleURL)
	config := func(host, sslmode string) conn.Config {
		return conn.Config{User: "ada", Password: password, Host: host, Port: 26257, Database: "app",
			Params: map[string]string{"sslmode": sslmode}}
	}
	good := s.format(t, config("db.example.com", "verify-full"))
	edit := func(from, to string) string {
		edited := strings.Replace(good, from, to, 1)
		if edited == good {
			t.Fatalf("%s: no %s in it", good, from)
		}
		return edited
	}
	// The URL as .env has it before the user fills it in.
	placeholders := conn.Example(conn.Basic)
	placeholders.Password = password
	list := []misconfiguration{
		{"no database URL", url, unset},
		{"an empty database URL", url, ""},
		{"a database URL that is a word", url, "hunter2"},
		{"a database URL of another database", url, edit("postgresql:", "mysql:")},
		{"a database URL in capitals", url, edit("postgresql:", "POSTGRESQL:")},
		{"a database URL with a port that is none", url, edit("26257", "port")},
		{"a database URL with a percent sign that escapes nothing", url, edit(password, "%zz"+password)},
		{"a database URL without a database", url, edit("/app", "/")},
		{"a database URL with placeholders", url, s.format(t, placeholders)},
		{"a database URL with one placeholder", url, edit("ada", "<username>")},
		{"no sslmode", url, edit("sslmode=verify-full", "application_name=x")},
		{"sslmode=disable for a host with a dot", url, s.format(t, config("db.example.com", "disable"))},
		{"sslmode=disable for an address that is not loopback", url, s.format(t, config("192.0.2.1", "disable"))},
	}
	for _, mode := range []string{"allow", "prefer", "require", "verify-ca", "verify_full", "VERIFY-FULL"} {
		list = append(list, misconfiguration{"sslmode=" + mode, url, edit("sslmode=verify-full", "sslmode="+mode)})
	}
	list = append(list,
		misconfiguration{"a HOST that is no host", "HOST", "no such host"},
		misconfiguration{"a PORT that is a word", "PORT", "http"},
		misconfiguration{"a PORT over 65535", "PORT", "65536"},
		misconfiguration{"a negative PORT", "PORT", "-1"},
		misconfiguration{"a DB_POOL_MAX that is a word", "DB_POOL_MAX", "many"},
		misconfiguration{"a DB_POOL_MAX of 0", "DB_POOL_MAX", "0"},
		misconfiguration{"a DB_MAX_RETRIES that is fractional", "DB_MAX_RETRIES", "1.5"},
		misconfiguration{"a LOG_LEVEL that is none", "LOG_LEVEL", "loud"},
		misconfiguration{"a LOG_FORMAT that is none", "LOG_FORMAT", "xml"},
	)
	for _, v := range s.tool.Env {
		if v.Role == generator.RoleSecret {
			list = append(list, misconfiguration{"no " + v.Name, v.Name, unset})
		}
	}
	return list
}

// configuration checks what the service reads at its start. The starter's .env
// is away meanwhile, so that real variables are all there is.
func (s *starter) configuration(t *testing.T, env map[string]string) {
	defer s.hideDotEnv(t)()
	url := s.tool.Var(generator.RoleURL)
	t.Run("start refuses", func(t *testing.T) {
		for _, m := range s.misconfigurations(t) {
			t.Run(m.claim, func(t *testing.T) {
				t.Parallel()
				svc := s.launch(t, with(env, map[string]string{m.variable: m.value}))
				exit, err := svc.Wait(startPatience)
				if err != nil {
					t.Fatalf("%s=%s: want an exit: %v\n%s", m.variable, m.value, err, lastLines(svc.stderr.Bytes(), 20))
				}
				refused(t, m, exit, svc.stderr.Bytes())
				if out := svc.stdout.Bytes(); len(out) > 0 {
					t.Errorf("want nothing on standard output, have\n%s", lastLines(out, 20))
				}
			})
		}
	})
	t.Run("migrate refuses", func(t *testing.T) {
		for _, m := range s.misconfigurations(t) {
			if m.variable != url {
				continue
			}
			t.Run(m.claim, func(t *testing.T) {
				t.Parallel()
				argvs := s.argvs("migrate")
				out, exit, err := s.output(t.Context(), s.dir, with(env, map[string]string{m.variable: m.value}), argvs[len(argvs)-1]...)
				if err != nil {
					t.Fatal(err)
				}
				refused(t, m, exit, out)
			})
		}
	})
	t.Run("start accepts", func(t *testing.T) {
		nowhere := func(host, sslmode string) string {
			port, err := database.FreePort()
			if err != nil {
				t.Fatal(err)
			}
			return s.format(t, conn.Config{User: "ada", Password: password, Host: host, Port: uint16(port), Database: "app",
				Params: map[string]string{"sslmode": sslmode}})
		}
		for claim, value := range map[string]string{
			"sslmode=verify-full":                      nowhere("localhost", "verify-full"),
			"sslmode=disable for localhost":            nowhere("localhost", "disable"),
			"sslmode=disable for a loopback address":   nowhere("::1", "disable"),
			"sslmode=disable for a host without a dot": nowhere("cockroach", "disable"),
		} {
			t.Run(claim, func(t *testing.T) {
				t.Parallel()
				svc := s.start(t, with(env, map[string]string{url: value}))
				if strings.Contains(string(svc.stderr.Bytes()), password) {
					t.Error("the log holds the password")
				}
			})
		}
	})
	s.listening(t, env)
	s.dotEnv(t, env, filepath.Join(s.dir, ".env"))
}

// refused checks the end of a process that did not like its environment.
func refused(t *testing.T, m misconfiguration, exit int, stderr []byte) {
	t.Helper()
	text := string(stderr)
	complain := func(claim string) {
		t.Helper()
		t.Errorf("%s=%q: %s; exit code %d and\n%s", m.variable, m.value, claim, exit, lastLines(stderr, 20))
	}
	if exit != 1 {
		complain("want exit code 1")
	}
	if lines := strings.Count(strings.TrimSpace(text), "\n") + 1; lines != 1 || strings.TrimSpace(text) == "" {
		complain(fmt.Sprintf("want one line, not %d", lines))
	}
	if !strings.Contains(text, m.variable) {
		complain("want the variable's name")
	}
	if strings.Contains(text, "hunter2") {
		complain("want no secret")
	}
	if stackTrace.MatchString(text) {
		complain("want no stack trace")
	}
}

// defaultPort is one service's at a time.
var defaultPort sync.Mutex

// listening checks what HOST and PORT do.
func (s *starter) listening(t *testing.T, env map[string]string) {
	t.Run("HOST and PORT are where the service listens", func(t *testing.T) {
		const other = "127.0.0.2" // loopback is a whole network on Linux only
		probe, err := net.Listen("tcp", other+":0")
		if err != nil {
			t.Skipf("%s: %v", other, err)
		}
		_ = probe.Close()
		port, err := database.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		svc := s.launch(t, with(env, map[string]string{"HOST": other, "PORT": strconv.Itoa(port)}))
		svc.base = fmt.Sprintf("http://%s:%d", other, port)
		if err := svc.listens(); err != nil {
			t.Fatalf("%v\n%s", err, lastLines(svc.stderr.Bytes(), 20))
		}
		if conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second); err == nil {
			_ = conn.Close()
			t.Error("the service listens on 127.0.0.1 too")
		}
	})
	t.Run("HOST is 127.0.0.1 and PORT is 8080 by default", func(t *testing.T) {
		defaultPort.Lock()
		defer defaultPort.Unlock()
		probe, err := net.Listen("tcp", "127.0.0.1:8080")
		if err != nil {
			t.Skip(err)
		}
		_ = probe.Close()
		svc := s.launch(t, with(env, map[string]string{"HOST": unset, "PORT": unset}))
		svc.base = "http://127.0.0.1:8080"
		defer svc.Kill()
		if err := svc.listens(); err != nil {
			t.Fatalf("%v\n%s", err, lastLines(svc.stderr.Bytes(), 20))
		}
	})
}

// dotEnv checks that .env is read from the working directory, after real variables.
func (s *starter) dotEnv(t *testing.T, env map[string]string, path string) {
	url := s.tool.Var(generator.RoleURL)
	port, err := database.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	write := func(t *testing.T, url string) {
		text := fmt.Sprintf("# a comment\n%s='%s'\nPORT='%d'\n", s.tool.Var(generator.RoleURL), url, port)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(path) })
	}
	t.Run(".env is read from the working directory", func(t *testing.T) {
		write(t, env[url])
		svc := s.launch(t, with(env, map[string]string{url: unset, "PORT": unset}))
		svc.base = fmt.Sprintf("http://127.0.0.1:%d", port)
		if err := svc.listens(); err != nil {
			t.Fatalf("%v\n%s", err, lastLines(svc.stderr.Bytes(), 20))
		}
		svc.ready(t)
	})
	t.Run("real variables win over .env", func(t *testing.T) {
		write(t, "postgresql://<username>:<password>@<host>:26257/app?sslmode=verify-full")
		s.start(t, env).ready(t)
	})
	t.Run("placeholders in .env are refused", func(t *testing.T) {
		write(t, strings.Replace(s.format(t, conn.Example(conn.Basic)), "<password>", password, 1))
		svc := s.launch(t, with(env, map[string]string{url: unset}))
		exit, err := svc.Wait(startPatience)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, misconfiguration{variable: url, value: "(placeholders in .env)"}, exit, svc.stderr.Bytes())
	})
}
