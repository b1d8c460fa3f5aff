//go:build e2e && unix

package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/e2e/certs"
	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/e2e/standin"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// clusterHost is the one name that every resolver takes for loopback.
const (
	clusterHost = "localhost"
	clusterID   = "funny-skunk-123"
)

// A public says how a language's programs are told, by variables, that the public
// trusts a CA, and by which name of loopback they find a cluster that SNI leads to.
// Where their own CA certificates are in a file of the starter, bundle is a pattern
// for it, and unset the variable that must be empty for it to count.
type public struct {
	variables     func(*certs.Authority) (map[string]string, error)
	host          string
	bundle, unset string
}

var publics = map[string]public{
	"Go":         {variables: file("SSL_CERT_FILE"), host: clusterHost},
	"TypeScript": {variables: file("NODE_EXTRA_CA_CERTS"), host: clusterHost},
	"Python": {variables: file("SSL_CERT_FILE"), host: clusterHost,
		bundle: ".venv/lib/python*/site-packages/certifi/cacert.pem", unset: "SSL_CERT_FILE"},
	"Java": {variables: jvm, host: dottedHost},
	"Ruby": {variables: file("SSL_CERT_FILE"), host: clusterHost},
}

func file(variable string) func(*certs.Authority) (map[string]string, error) {
	return func(a *certs.Authority) (map[string]string, error) {
		return map[string]string{variable: a.File}, nil
	}
}

// dottedHost is for Java, which sends no SNI for a name without a dot, and can be
// told of names that no resolver knows.
const dottedHost = clusterID + ".localhost"

func jvm(a *certs.Authority) (map[string]string, error) {
	options, err := a.JavaOptions(clusterHost, dottedHost)
	return map[string]string{"JDK_JAVA_OPTIONS": options}, err
}

// A gate is a stand-in with the door of a deployment, and the way in.
type gate struct {
	standIn *standin.StandIn
	config  conn.Config // of the URL
}

// gate makes a stand-in of its own, so that deployments can be tested side by side.
func (s *starter) gate(t *testing.T, d standin.Door, params map[string]string) *gate {
	t.Helper()
	var standIn *standin.StandIn
	var port int
	var err error
	for range 5 { // someone else on this machine may be faster
		if port, err = database.FreePort(); err != nil {
			t.Fatal(err)
		}
		if standIn, err = standin.Listen(port, db.PostgreSQL, db.Dial); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{standIn: standIn, config: conn.Config{User: db.User(), Password: d.Password, Host: clusterHost, Port: uint16(port), Database: s.database, Params: params}}
	t.Cleanup(g.standIn.Close)
	g.standIn.Install(d)
	return g
}

// plainGate is a stand-in of a check's own, as plain as the starter's, and the variables that lead to it.
func (s *starter) plainGate(t *testing.T, env map[string]string) (*standin.StandIn, map[string]string) {
	t.Helper()
	g := s.gate(t, standin.Door{}, nil)
	return g.standIn, with(env, map[string]string{s.tool.Var(generator.RoleURL): s.plainURL(t, g.standIn.Addr(), s.database)})
}

// doors skips what a database behind the stand-in's door must not ask for itself.
func doors(t *testing.T) {
	if db.Password() != "" {
		t.Skip("the doors of the deployments ask for passwords of their own, and " + db.Name + " asks for another")
	}
}

// deployments starts the starter as it was installed, with the URL of each kind
// of cluster, over real TLS.
func (s *starter) deployments(t *testing.T, env map[string]string) {
	doors(t)
	ours, err := certs.New(filepath.Join(t.TempDir(), "ours"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := certs.New(filepath.Join(t.TempDir(), "theirs"))
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile, err := ours.Client(db.User())
	if err != nil {
		t.Fatal(err)
	}
	server := func(a *certs.Authority, host string, until time.Duration) []tls.Certificate {
		cert, err := a.Server(host, time.Now().Add(until))
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{cert}
	}
	language, ok := publics[s.tool.Language]
	if !ok {
		t.Fatalf("no way is known to have %s trust a CA", s.tool.Language)
	}
	public, err := language.variables(ours)
	if err != nil {
		t.Fatal(err)
	}
	good := server(ours, clusterHost, time.Hour)
	byName := standin.Door{Certificates: server(ours, language.host, time.Hour), Clusters: []string{language.host}, Password: "p"}
	verify := func(more ...string) map[string]string {
		params := map[string]string{"sslmode": "verify-full"}
		for i := 0; i < len(more); i += 2 {
			params[more[i]] = more[i+1]
		}
		return params
	}
	side := newSideBySide(t)
	defer side.wait()
	routed := verify("options", "--cluster="+clusterID)
	private := verify("sslrootcert", ours.File)
	own := verify("sslrootcert", ours.File, "sslcert", certFile, "sslkey", keyFile)

	rows := []struct {
		claim  string
		door   standin.Door
		params map[string]string
		env    map[string]string
		check  func(*testing.T, standin.Client)
	}{
		{"basic: the CA is publicly trusted and the host name leads to the cluster",
			byName, verify(), public,
			func(t *testing.T, c standin.Client) {
				if c.SNI != language.host {
					t.Errorf("SNI: want %q, have %q", language.host, c.SNI)
				}
			}},
		{"standard: the options lead to the cluster",
			standin.Door{Certificates: good, Clusters: []string{clusterID}, Password: "p"}, routed, public,
			func(t *testing.T, c standin.Client) {
				if !strings.Contains(c.Parameters["options"], "--cluster="+clusterID) {
					t.Errorf("options: want --cluster=%s in %q", clusterID, c.Parameters["options"])
				}
			}},
		{"advanced: the cluster has a CA of its own",
			standin.Door{Certificates: good, Password: "p"}, private, nil, func(*testing.T, standin.Client) {}},
		{"self-hosted: a client certificate, and no password",
			standin.Door{Certificates: good, ClientCAs: ours.Pool}, own, nil,
			func(t *testing.T, c standin.Client) {
				if c.Certificate != db.User() {
					t.Errorf("certificate: want %q, have %q", db.User(), c.Certificate)
				}
			}},
	}
	if language.bundle != "" {
		s.bundle(t, language.bundle, ours)
		row := rows[0]
		row.claim = "basic: the CA is one of those that the starter brings, and no variable names it"
		row.env = map[string]string{language.unset: ""}
		rows = append(rows, row)
	}
	for _, row := range rows {
		side.run(row.claim, func(t *testing.T) {
			g := s.gate(t, row.door, row.params)
			if slices.Contains(row.door.Clusters, language.host) {
				g.config.Host = language.host
			}
			svc := s.start(t, with(env, row.env, map[string]string{s.tool.Var(generator.RoleURL): s.format(t, g.config)}))
			svc.ready(t)
			transfer(t, svc)
			clients := g.standIn.Clients()
			if len(clients) == 0 {
				t.Fatal("nobody came")
			}
			for _, c := range clients {
				if !c.TLS || !c.Login {
					t.Errorf("want TLS and a login, have %+v", c)
				}
				if name := c.Parameters["application_name"]; name != filepath.Base(s.dir) {
					t.Errorf("application_name: want %q, have %q", filepath.Base(s.dir), name)
				}
				row.check(t, c)
			}
		})
	}

	for _, row := range []struct {
		claim  string
		door   standin.Door
		params map[string]string
		env    map[string]string
		log    string // a pattern
	}{
		{"an untrusted CA, publicly", standin.Door{Certificates: server(theirs, clusterHost, time.Hour)}, verify(), public, untrusted},
		{"an untrusted CA, where the URL names one", standin.Door{Certificates: server(theirs, clusterHost, time.Hour)}, private, nil, untrusted},
		{"an expired certificate", standin.Door{Certificates: server(ours, clusterHost, -time.Hour)}, private, nil, "(?i)expired"},
		{"an expired certificate, publicly", standin.Door{Certificates: server(ours, clusterHost, -time.Hour)}, verify(), public, "(?i)expired"},
		{"a certificate for another host", standin.Door{Certificates: server(ours, "db.example.com", time.Hour)}, private, nil, otherHost},
		{"a certificate for another host, publicly", standin.Door{Certificates: server(ours, "db.example.com", time.Hour)}, verify(), public, otherHost},
		{"a server that does not do TLS", standin.Door{}, private, nil, "(?i)SSL|TLS"},
		{"a server that does not do TLS, publicly", standin.Door{}, verify(), public, "(?i)SSL|TLS"},
	} {
		side.run("never connects to "+row.claim, func(t *testing.T) {
			g := s.gate(t, row.door, row.params)
			log := s.unready(t, g, env, row.env)
			oneLine(t, log, row.log)
			for _, c := range g.standIn.Clients() {
				if c.Login {
					t.Errorf("it sent its startup message: %+v", c)
				}
			}
		})
	}

	for _, row := range []struct {
		claim  string
		door   standin.Door
		params map[string]string
		change func(*conn.Config)
		log    string
	}{
		{"an unknown cluster", standin.Door{Certificates: good, Clusters: []string{"another-cluster"}, Password: "p"}, maps.Clone(routed), nil, "cluster " + clusterID + " not found|08004"},
		{"a wrong password", standin.Door{Certificates: good, Password: "p"}, maps.Clone(private), func(c *conn.Config) { c.Password = password }, "(?i)password|28P01"},
		{"a client without a certificate", standin.Door{Certificates: good, ClientCAs: ours.Pool}, maps.Clone(private), nil, "(?i)certificate|28000"},
	} {
		side.run("is refused with "+row.claim, func(t *testing.T) {
			g := s.gate(t, row.door, row.params)
			if row.change != nil {
				row.change(&g.config)
			}
			log := s.unready(t, g, env, public)
			oneLine(t, log, row.log)
			if strings.Contains(string(log), password) {
				t.Errorf("the log holds the password:\n%s", lastLines(log, 10))
			}
		})
	}
}

// bundle adds a CA to the starter's own until the end of the test.
func (s *starter) bundle(t *testing.T, pattern string, a *certs.Authority) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, filepath.FromSlash(pattern)))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: want one file, have %q, %v", pattern, found, err)
	}
	before, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(a.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], append(bytes.Clone(before), ca...), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(found[0], before, 0o644); err != nil {
			t.Error(err)
		}
	})
}

// oneLine wants one line of the log to say it, and no stack trace.
func oneLine(t *testing.T, log []byte, pattern string) {
	t.Helper()
	n := 0
	for line := range bytes.Lines(log) {
		if bytes.HasPrefix(line, []byte("NOTE: Picked up JDK_JAVA_OPTIONS: ")) {
			continue // the JVM's own, about what these tests give it
		}
		if regexp.MustCompile(pattern).Match(line) {
			n++
			t.Logf("%s", line)
		}
	}
	if n != 1 || stackTrace.Match(log) {
		t.Errorf("want %s in one line of the log, and no stack trace:\n%s", pattern, lastLines(log, 30))
	}
}

// sideBySide runs subtests that mostly wait, more at a time than there are cores.
type sideBySide struct {
	t      *testing.T
	places chan struct{}
	all    sync.WaitGroup
}

func newSideBySide(t *testing.T) *sideBySide {
	return &sideBySide{t: t, places: make(chan struct{}, 4)}
}

func (s *sideBySide) run(name string, do func(*testing.T)) {
	s.all.Go(func() {
		s.places <- struct{}{}
		defer func() { <-s.places }()
		s.t.Run(name, do)
	})
}

func (s *sideBySide) wait() { s.all.Wait() }

// realCluster uses a cluster's own TLS, where the tests have such a cluster.
func (s *starter) realCluster(t *testing.T, env map[string]string) {
	ways, err := db.Ways(t.Context(), s.database+"_tls")
	if err != nil {
		t.Fatal(err)
	}
	if len(ways) == 0 {
		t.Skip("no CockroachDB with TLS: neither a cockroach binary nor a verify-full " + database.URLVariable)
	}
	for _, way := range ways {
		t.Run(string(way.Deployment), func(t *testing.T) {
			env := with(env, map[string]string{s.tool.Var(generator.RoleURL): s.format(t, way.Config)})
			if err := s.command("migrate", env)(t.Context()); err != nil {
				t.Fatal(err)
			}
			svc := s.start(t, env)
			svc.ready(t)
			transfer(t, svc)
		})
	}
}

const (
	untrusted = "(?i)not trusted|unknown authority|untrusted|unable to (verify|get)|self.signed|certification path"
	otherHost = "(?i)another host|does not match|not valid for|is valid for|could not be verified|altnames|hostname"
)

// unready starts the starter, wants its /readyz to be 503 and returns its log.
func (s *starter) unready(t *testing.T, g *gate, env ...map[string]string) []byte {
	t.Helper()
	all := with(env...)
	all[s.tool.Var(generator.RoleURL)] = s.format(t, g.config)
	svc := s.start(t, all)
	res, err := http.Get(svc.base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz: want 503, have %s", res.Status)
	}
	time.Sleep(50 * time.Millisecond) // the log line may come after the answer
	return svc.stderr.Bytes()
}

// transfer moves money between two new accounts.
func transfer(t *testing.T, svc *service) {
	t.Helper()
	post := func(path, body string) string {
		t.Helper()
		res, err := http.Post(svc.base+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body)
		var created struct{ ID string }
		if res.StatusCode != http.StatusCreated || json.Unmarshal(answer, &created) != nil {
			t.Fatalf("POST %s %s: want 201, have %s\n%s\n%s", path, body, res.Status, answer, lastLines(svc.stderr.Bytes(), 5))
		}
		return created.ID
	}
	from, to := post("/accounts", `{"owner":"Ada","balance":10}`), post("/accounts", `{"owner":"Grace"}`)
	post("/transfers", fmt.Sprintf(`{"from":%q,"to":%q,"amount":7}`, from, to))
}

// nasty is a password of the characters that URLs, shells and .env files care about.
const nasty = `p@s/s:w?o#r&d='"\%20%<b>$HOME` + "`é +~"

// asTheUserHasIt generates with a URL from the environment, and starts from .env
// alone: the tree of another deployment is the one that was installed.
func (s *starter) asTheUserHasIt(t *testing.T) {
	doors(t)
	ours, err := certs.New(filepath.Join(t.TempDir(), "ours"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ours.Server(clusterHost, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	g := s.gate(t, standin.Door{Certificates: []tls.Certificate{cert}, Password: nasty},
		map[string]string{"sslmode": "verify-full", "sslrootcert": ours.File})

	dir := filepath.Join(t.TempDir(), filepath.Base(s.dir))
	err = s.exec(t.Context(), filepath.Dir(dir), map[string]string{"CLUSTER": s.format(t, g.config)},
		program, "--tool", s.tool.ID, "--deployment", "advanced", "--url", "env:CLUSTER", "--no-git", dir)
	if err != nil {
		t.Fatal(err)
	}
	s.sameTree(t, dir)

	env, err := os.ReadFile(filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	port, err := database.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	// The one thing that two starters on one machine cannot share.
	env = regexp.MustCompile(`(?m)^PORT=.*$`).ReplaceAll(env, []byte("PORT='"+strconv.Itoa(port)+"'"))
	installed := filepath.Join(s.dir, ".env")
	placeholders, err := os.ReadFile(installed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(installed, env, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(installed, placeholders, 0o600); err != nil {
			t.Error(err)
		}
	})
	bare := s.bare()
	if err := s.command("migrate", bare)(t.Context()); err != nil {
		t.Fatal(err)
	}
	svc := s.up(t, s.launchAt(t, strconv.Itoa(port), bare))
	svc.ready(t)
	transfer(t, svc)
	if strings.Contains(string(svc.stderr.Bytes()), "p@s/s") {
		t.Errorf("the log holds the password:\n%s", lastLines(svc.stderr.Bytes(), 10))
	}
}

// bare takes out of the environment what a login shell would not have there.
func (s *starter) bare() map[string]string {
	env := map[string]string{}
	for name := range s.tool.E2E.Env {
		env[name] = unset
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.Contains([]string{"PATH", "HOME", "USER", "LANG", "TMPDIR"}, name) {
			env[name] = unset
		}
	}
	return env
}

// sameTree wants a starter of another deployment to differ from the installed one
// in the files that may: three, and what the starter remembers of them.
func (s *starter) sameTree(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || slices.Contains([]string{".env", ".env.example", "README.md", ".crdb-init/base.txtar", ".crdb-init/project.json"}, filepath.ToSlash(name)) || s.edited[filepath.ToSlash(name)] {
			return err
		}
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(s.dir, name))
		if err == nil && string(a) != string(b) {
			t.Errorf("%s depends on the deployment", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
