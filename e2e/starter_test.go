//go:build e2e && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/e2e/process"
	"github.com/crdb-init/crdb-init/e2e/standin"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// A starter is one tool's starter under test: its folder, its databases, its
// stand-in and its log, none of which another starter shares.
type starter struct {
	tool     *generator.Tool
	dir      string
	database string // holds what the service stores; the tests' own has _test behind its name
	standIn  *standin.StandIn
	log      *log
	edited   map[string]bool // paths of files that an owner has changed or deleted
}

const (
	installPatience = 10 * time.Minute
	commandPatience = 3 * time.Minute
	startPatience   = 30 * time.Second
)

// prepare makes the starter ready to run. It fails the test if it cannot.
func (s *starter) prepare(t *testing.T) {
	s.database = strings.ReplaceAll("e2e_"+s.tool.ID, "-", "_")
	folder := filepath.Join(work, s.tool.ID)
	s.dir = filepath.Join(folder, "my-app")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	s.log = &log{file: file}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of %s:\n%s", file.Name(), s.log.tail())
		}
		_ = file.Close()
	})

	port, err := database.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if s.standIn, err = standin.Listen(port, db.PostgreSQL, db.Dial); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.standIn.Close)
	if err := db.Create(t.Context(), s.database); err != nil {
		t.Fatal(err)
	}
	if err := db.Drop(t.Context(), s.database+"_test"); err != nil {
		t.Fatal(err)
	}

	// A remote deployment without a URL leaves placeholders in .env. With them
	// as without the file, install, build, lint and test must work.
	if updated[s.tool.ID] {
		s.step(t, "generate, edit, update", s.update(t, folder))
	} else {
		s.step(t, "generate", func(ctx context.Context) error {
			return s.exec(ctx, folder, nil, program, "--tool", s.tool.ID, "--deployment", "basic", "--no-git", s.dir)
		})
	}
	back := s.hideDotEnv(t)
	s.step(t, "install", s.command("install", nil))
	s.step(t, "build", s.command("build", nil))
	back()
}

// quiet is held alone by the checks that load a service: what they promise is not
// to be had while another starter is built beside it on the same cores.
var (
	quiet sync.RWMutex
	loads = map[string]bool{"load": true, "two replicas": true, "storm": true}
)

// step runs what all that follows needs, and ends the starter's test if it fails.
func (s *starter) step(t *testing.T, name string, do func(context.Context) error) {
	t.Helper()
	quiet.RLock()
	defer quiet.RUnlock()
	start := time.Now()
	err := do(t.Context())
	s.record(name, start, err == nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// check runs a subtest that others do not depend on.
func (s *starter) check(t *testing.T, name string, do func(*testing.T)) {
	t.Helper()
	var start time.Time // zero if -run left the subtest out
	ok := t.Run(name, func(t *testing.T) {
		if loads[name] {
			quiet.Lock()
			defer quiet.Unlock()
		} else {
			quiet.RLock()
			defer quiet.RUnlock()
		}
		start = time.Now()
		do(t)
	})
	if !start.IsZero() {
		s.record(name, start, ok)
	}
}

func (s *starter) record(name string, start time.Time, ok bool) {
	outcome := "ok"
	if !ok {
		outcome = "FAILED"
	}
	results.add(s.tool.ID, result{check: name, start: start, took: time.Since(start), outcome: outcome})
}

// command returns a step that runs one of tool.json's commands.
func (s *starter) command(name string, env map[string]string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, argv := range s.argvs(name) {
			if err := s.exec(ctx, s.dir, env, argv...); err != nil {
				return err
			}
		}
		return nil
	}
}

// argvs are the argument vectors of a command, or what e2e has in their place.
func (s *starter) argvs(name string) [][]string {
	if instead, err := s.tool.E2E.Commands.ByName(name); err == nil && instead != nil {
		return instead
	}
	argvs, err := s.tool.Commands.ByName(name)
	if err != nil {
		panic(err) // the name is one of this file's own
	}
	return argvs
}

// exec runs a program to its end. An error ends in the last of what it printed.
func (s *starter) exec(ctx context.Context, dir string, env map[string]string, argv ...string) error {
	out, exit, err := s.output(ctx, dir, env, argv...)
	if err == nil && exit != 0 {
		err = fmt.Errorf("exit code %d", exit)
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, lastLines(out, 40))
	}
	return nil
}

func (s *starter) output(ctx context.Context, dir string, env map[string]string, argv ...string) (out []byte, exit int, err error) {
	patience := commandPatience
	if slices.ContainsFunc(s.argvs("install"), func(a []string) bool { return slices.Equal(a, argv) }) {
		patience = installPatience
	}
	cmd, both := s.cmd(dir, env, argv)
	cmd.Stderr = cmd.Stdout
	p, err := process.Start(cmd)
	if err != nil {
		return nil, 0, err
	}
	defer p.Kill()
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	exit, err = p.Wait(patience)
	return both.Bytes(), exit, err
}

// cmd is a program that writes to the log and to the buffer.
func (s *starter) cmd(dir string, env map[string]string, argv []string) (*exec.Cmd, *buffer) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = s.environ(env)
	fmt.Fprintf(s.log, "\n$ %s\n", strings.Join(argv, " "))
	out := &buffer{}
	cmd.Stdout = io.MultiWriter(out, s.log)
	return cmd, out
}

// unset as a value takes a variable out of the environment.
const unset = "\x00"

// environ is this process's environment without what a starter would read from
// it, and with the given variables.
func (s *starter) environ(env map[string]string) []string {
	all := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PG") || slices.ContainsFunc(s.tool.Env, func(v generator.Var) bool { return v.Name == name }) {
			continue
		}
		all[name] = value
	}
	maps.Copy(all, s.tool.E2E.Env)
	maps.Copy(all, env)
	var list []string
	for name, value := range all {
		if value != unset {
			list = append(list, name+"="+value)
		}
	}
	slices.Sort(list)
	return list
}

// with joins sets of variables; the later win.
func with(sets ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return all
}

// urls are the variables that point at the starter's own databases.
func (s *starter) urls(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		s.tool.Var(generator.RoleURL):     s.plainURL(t, s.standIn.Addr(), s.database),
		s.tool.Var(generator.RoleTestURL): s.plainURL(t, s.standIn.Addr(), s.database+"_test"),
	}
}

// plainURL is the URL of a database at a local node.
func (s *starter) plainURL(t *testing.T, addr, name string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return s.format(t, conn.Config{User: db.User(), Password: db.Password(), Host: host, Port: uint16(n), Database: name,
		Params: map[string]string{"sslmode": "disable"}})
}

func (s *starter) format(t *testing.T, c conn.Config) string {
	t.Helper()
	url, err := conn.Format(c, s.tool.Dialect)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// A service is a started starter.
type service struct {
	*process.Process
	base           string
	port           string
	stdout, stderr *buffer
}

// launch starts the process that tool.json's start names, on a port of its own
// unless env has one, and does not wait for it.
func (s *starter) launch(t *testing.T, env map[string]string) *service {
	t.Helper()
	port := env["PORT"]
	if port == "" {
		free, err := database.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		port = strconv.Itoa(free)
	}
	return s.launchAt(t, port, with(env, map[string]string{"PORT": port}))
}

// launchAt is launch where only .env may say which port it is.
func (s *starter) launchAt(t *testing.T, port string, env map[string]string) *service {
	t.Helper()
	cmd, stdout := s.cmd(s.dir, env, s.argvs("start")[0])
	stderr := &buffer{}
	cmd.Stderr = io.MultiWriter(stderr, s.log)
	p, err := process.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return &service{Process: p, port: port, base: "http://127.0.0.1:" + port, stdout: stdout, stderr: stderr}
}

// start starts the service and waits until it listens.
func (s *starter) start(t *testing.T, env map[string]string) *service {
	t.Helper()
	return s.up(t, s.launch(t, env))
}

func (s *starter) up(t *testing.T, svc *service) *service {
	t.Helper()
	if err := svc.listens(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(s.argvs("start")[0], " "), err, lastLines(svc.stderr.Bytes(), 40))
	}
	return svc
}

func (svc *service) listens() error {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	timeout := time.After(startPatience)
	for {
		res, err := client.Get(svc.base + "/healthz")
		if err == nil {
			_ = res.Body.Close()
			return nil
		}
		select {
		case <-svc.Done():
			return errors.New("ended before it listened")
		case <-timeout:
			return fmt.Errorf("does not listen after %v: %w", startPatience, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A buffer is written by a process and read by the test.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.data.Bytes())
}

// A log keeps all that a starter's processes print.
type log struct {
	mu   sync.Mutex
	file *os.File
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(p)
}

func (l *log) tail() []byte {
	data, err := os.ReadFile(l.file.Name())
	if err != nil {
		return []byte(err.Error())
	}
	return lastLines(data, 60)
}

func lastLines(data []byte, n int) []byte {
	at := len(data)
	for ; n >= 0 && at > 0; n-- {
		at = bytes.LastIndexByte(data[:at], '\n')
	}
	return data[max(at, 0):]
}

// ready checks that the service reaches its database.
func (svc *service) ready(t *testing.T) {
	t.Helper()
	res, err := http.Get(svc.base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("GET /readyz: want 200, have %s", res.Status)
	}
}
