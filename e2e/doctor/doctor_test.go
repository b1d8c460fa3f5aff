//go:build e2e && unix

// Package doctor runs crdb-init doctor against the stand-in, in every failure that it can show, as a user runs it: by its
// arguments and its environment, with what it prints and its exit code.
package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/cmd"
	"github.com/crdb-init/crdb-init/doctor"
	"github.com/crdb-init/crdb-init/e2e/certs"
	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/e2e/standin"
	"github.com/crdb-init/crdb-init/generator/conn"
)

var (
	db *database.Server

	// public is an authority that the system trusts, as Let's Encrypt is; ours is a cluster's own, and theirs another's.
	public, ours, theirs *certs.Authority
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crdb-init-doctor-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for name, a := range map[string]**certs.Authority{"public": &public, "ours": &ours, "theirs": &theirs} {
		if *a, err = certs.New(filepath.Join(dir, name)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") || strings.HasSuffix(name, "DATABASE_URL") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("HOME", dir) // without .postgresql and .pgpass
	os.Setenv("SSL_CERT_FILE", public.File)

	ctx := context.Background()
	if db, err = database.Start(ctx); err == nil {
		defer db.Close()
		err = prepare(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// What the tests connect to. plain is a database as PostgreSQL makes it, without what lets it pass for CockroachDB's.
const (
	bank   = "bank"
	plain  = "plain"
	reader = "reader" // may log in, and nothing else
)

func prepare(ctx context.Context) error {
	if err := db.Create(ctx, bank); err != nil {
		return err
	}
	c, err := db.Connect(ctx, bank)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	statements := []string{"DROP USER IF EXISTS " + reader, "CREATE USER " + reader}
	if db.PostgreSQL {
		statements = append(statements, "CREATE DATABASE "+plain+" TEMPLATE template0")
	} else {
		statements = append(statements, "REVOKE CREATE ON SCHEMA public FROM public")
	}
	for _, s := range statements {
		if _, err := c.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

const (
	host    = "localhost"
	cluster = "funny-skunk-123"

	// One with what URLs, shells and .env files care about.
	password = `p@s/s:w?o#r&d='"\%20<b>$HOME é +~`
)

// A way is a stand-in of a test's own, and how to get in.
type way struct {
	standIn *standin.StandIn
	config  conn.Config
}

func listen(t *testing.T, imitate bool) *way {
	t.Helper()
	if !db.PostgreSQL {
		t.Skip("the faults are the stand-in's, which a real CockroachDB has no need of")
	}
	port, err := database.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s, err := standin.Listen(port, imitate, db.Dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &way{s, conn.Config{User: db.User(), Host: host, Port: uint16(port), Database: bank, Params: map[string]string{"sslmode": "disable"}}}
}

func (w *way) url(t *testing.T, d conn.Dialect) string {
	t.Helper()
	url, err := conn.Format(w.config, d)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var (
	url  = conn.Dialect{Syntax: "url", Scheme: "postgresql"}
	jdbc = conn.Dialect{Syntax: "jdbc"}
)

// A diagnosis is what a run printed.
type diagnosis struct {
	t      *testing.T
	exit   int
	text   string // all of both runs
	checks map[string]doctor.Check
}

// diagnose runs doctor twice, for people and with --json, and wants them to say the same.
func diagnose(t *testing.T, args ...string) diagnosis {
	t.Helper()
	run := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		exit := cmd.Main(append([]string{"doctor"}, args...), strings.NewReader(""), &out, &errs)
		return exit, out.String(), errs.String()
	}
	d := diagnosis{t: t, checks: map[string]doctor.Check{}}
	exit, out, errs := run(args...)
	t.Logf("exit code %d\n%s%s", exit, out, errs)
	d.text = out + errs
	var asJSON, errsOfJSON string
	d.exit, asJSON, errsOfJSON = run(append(args, "--json")...)
	d.text += asJSON + errsOfJSON
	if exit != d.exit {
		t.Errorf("exit code %d, with --json %d", exit, d.exit)
	}
	var r struct {
		OK     bool
		Checks []doctor.Check
	}
	if err := json.Unmarshal([]byte(asJSON), &r); err != nil {
		t.Fatalf("%v\n%s", err, asJSON)
	}
	if r.OK != (exit == 0) {
		t.Errorf("ok is %v and the exit code %d", r.OK, exit)
	}
	for _, c := range r.Checks {
		d.checks[c.ID] = c
		if !strings.Contains(out, c.ID) {
			t.Errorf("%s is not in the text", c.ID)
		}
	}
	d.silent(password)
	return d
}

// silent wants a secret, and what it is in URLs and JSON, in nothing that was printed.
func (d diagnosis) silent(secret string) {
	d.t.Helper()
	encoded, err := conn.Format(conn.Config{Password: secret, Host: "h", Database: "d", User: "u"}, url)
	if err != nil {
		d.t.Fatal(err)
	}
	encoded = strings.TrimSuffix(strings.TrimPrefix(encoded, "postgresql://u:"), "@h:26257/d")
	quoted, err := json.Marshal(secret)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, form := range []string{secret, encoded, strings.Trim(string(quoted), `"`), secret[:6], encoded[:10]} {
		if strings.Contains(d.text, form) {
			d.t.Errorf("%q of the password is printed:\n%s", form, d.text)
		}
	}
}

// says wants the outcome of one check, with these pieces in its texts, and that no other check failed.
func (d diagnosis) says(id string, outcome doctor.Outcome, pieces ...string) {
	d.t.Helper()
	c := d.checks[id]
	text := c.What + " | " + c.Cause + " | " + c.Remedy
	if c.Outcome != outcome {
		d.t.Errorf("%s: want %s, have %s: %s", id, outcome, c.Outcome, text)
	}
	for _, p := range pieces {
		if !strings.Contains(text, p) {
			d.t.Errorf("%s: want %q in %q", id, p, text)
		}
	}
	for _, other := range d.checks {
		if other.Outcome == doctor.Fail && other.ID != id {
			d.t.Errorf("%s failed: %+v", other.ID, other)
		}
	}
	want := 0
	if outcome == doctor.Fail {
		want = 1
	}
	if d.exit != want {
		d.t.Errorf("exit code: want %d, have %d", want, d.exit)
	}
}

func TestHealthy(t *testing.T) {
	w := listen(t, true)
	d := diagnose(t, "--url", w.url(t, url))
	d.says("authentication", doctor.OK, db.User()+" is let in, without a password")
	d.says("version", doctor.OK, "CockroachDB CCL v25.4.10", "supported until")
	d.says("database", doctor.OK, bank+": exists")
	d.says("privilege", doctor.OK, "may create a table in "+bank+".public")
	d.says("isolation", doctor.OK, "SERIALIZABLE")
	d.says("round-trip", doctor.OK, "for a statement")
	d.says("routing", doctor.Skipped)
	d.says("migrations", doctor.Skipped)
	for _, c := range w.standIn.Clients() {
		if c.Login && c.Parameters["application_name"] != "crdb-init doctor" {
			t.Errorf("application_name: %q", c.Parameters["application_name"])
		}
	}
}

// A real cluster is what the stand-in only imitates.
func TestRealCluster(t *testing.T) {
	ways, err := db.Ways(t.Context(), "doctor_tls")
	if err != nil {
		t.Fatal(err)
	}
	if len(ways) == 0 {
		t.Skip("no CockroachDB with TLS: neither a cockroach binary nor a verify-full " + database.URLVariable)
	}
	for _, each := range ways {
		d := diagnose(t, "--url", (&way{config: each.Config}).url(t, url))
		for _, id := range []string{"tls", "authentication", "database", "privilege", "isolation"} {
			d.says(id, doctor.OK)
		}
		each.Config.Database = "nowhere_at_all"
		diagnose(t, "--url", (&way{config: each.Config}).url(t, url)).says("database", doctor.Fail, "nowhere_at_all: no such database")
		if each.Config.Password != "" {
			each.Config.Password = "another"
			diagnose(t, "--url", (&way{config: each.Config}).url(t, url)).says("authentication", doctor.Fail, "is wrong")
		}
	}
}

// Each row is a database that is away, in one way.
func TestAway(t *testing.T) {
	for claim, row := range map[string]struct {
		take  func(*standin.StandIn)
		id    string
		piece string
	}{
		"it refuses": {(*standin.StandIn).Refuse, "port", "connection refused"},
		"it hangs":   {(*standin.StandIn).Hang, "tls", "accepts connections, but does not answer"},
	} {
		t.Run(claim, func(t *testing.T) {
			w := listen(t, true)
			row.take(w.standIn)
			diagnose(t, "--timeout", "1s", "--url", w.url(t, url)).says(row.id, doctor.Fail, row.piece)
			if err := w.standIn.Restore(); err != nil {
				t.Fatal(err)
			}
			diagnose(t, "--url", w.url(t, url)).says("round-trip", doctor.OK)
		})
	}
}

// Each row is a database that goes away between two checks.
func TestGoesAway(t *testing.T) {
	for claim, row := range map[string]struct {
		after string
		take  func(*standin.StandIn)
		id    string
		what  string
	}{
		"reset after the login":  {"authentication", (*standin.StandIn).Reset, "database", "the connection broke"},
		"hangs after the login":  {"authentication", (*standin.StandIn).Hang, "database", "the server did not answer"},
		"refuses after the port": {"port", (*standin.StandIn).Refuse, "tls", "hangs up"},
		"hangs after the port":   {"port", (*standin.StandIn).Hang, "tls", "does not answer"},
		"hangs after TLS":        {"tls", (*standin.StandIn).Hang, "authentication", "the login was not answered"},
		"reset before the table": {"database", (*standin.StandIn).Reset, "privilege", "the connection broke"},
	} {
		t.Run(claim, func(t *testing.T) {
			w := listen(t, true)
			o := doctor.Options{Source: doctor.Source{Name: "--url", Given: w.url(t, url)}, Timeout: 1500 * time.Millisecond, Unknown: "no starter"}
			for c := range doctor.Examine(t.Context(), o) {
				t.Logf("%+v", c)
				if c.ID == row.after {
					row.take(w.standIn)
				}
				if c.ID == row.id && (c.Outcome != doctor.Fail || !strings.Contains(c.What, row.what)) {
					t.Errorf("want %q to fail", row.what)
				}
				if c.ID == "migrations" && c.Outcome != doctor.Skipped {
					t.Errorf("it goes on: %+v", c)
				}
			}
		})
	}
}

// Each row is the door of a deployment and how it is tried.
func TestDoors(t *testing.T) {
	server := func(a *certs.Authority, name string, until time.Duration) []tls.Certificate {
		cert, err := a.Server(name, time.Now().Add(until))
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{cert}
	}
	client := func(a *certs.Authority, user string) map[string]string {
		certFile, keyFile, err := a.Client(user)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"sslcert": certFile, "sslkey": keyFile}
	}
	verify := func(more ...map[string]string) map[string]string {
		params := map[string]string{"sslmode": "verify-full"}
		for _, m := range more {
			for name, value := range m {
				params[name] = value
			}
		}
		return params
	}
	disable := map[string]string{"sslmode": "disable"}
	private := map[string]string{"sslrootcert": ours.File}
	routed := map[string]string{"options": "--cluster=" + cluster}
	own := client(ours, "root")

	dir := t.TempDir()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(own["sslkey"])
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, mode os.FileMode, data []byte) map[string]string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"sslkey": path}
	}
	loose := file("loose.key", 0o644, key)
	pkcs1 := file("pkcs1.key", 0o600, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}))
	locked := file("locked.key", 0o600, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))
	block, _ := pem.Decode(key)
	pk8 := file("client.root.key.pk8", 0o600, block.Bytes)

	local := standin.Door{}
	secure := standin.Door{Certificates: server(ours, host, 24*time.Hour), Password: password}
	cloud := standin.Door{Certificates: server(public, host, 24*time.Hour), Clusters: []string{host, cluster}, Password: password}
	elsewhere := standin.Door{Certificates: cloud.Certificates, Clusters: []string{"another-cluster-7"}, Password: password}
	certified := standin.Door{Certificates: secure.Certificates, ClientCAs: ours.Pool}

	for _, row := range []struct {
		claim    string
		door     standin.Door
		dialect  conn.Dialect
		password string
		params   map[string]string
		id       string
		outcome  doctor.Outcome
		pieces   []string
		change   func(*conn.Config)
	}{
		{"basic", cloud, url, password, verify(), "tls", doctor.OK, []string{"trusted by the CAs in SSL_CERT_FILE", "valid until"}, nil},
		{"basic, the password", cloud, url, password, verify(), "authentication", doctor.OK, []string{"with the connection string's password"}, nil},
		{"standard", cloud, url, password, verify(routed), "routing", doctor.OK, []string{cluster}, nil},
		{"advanced", secure, url, password, verify(private), "tls", doctor.OK, []string{"trusted by " + ours.File}, nil},
		{"self-hosted", certified, url, "", verify(private, own), "authentication", doctor.OK, []string{"with the client certificate of root"}, nil},
		{"self-hosted, as pgjdbc has it", certified, jdbc, "", verify(private, own, pk8), "authentication", doctor.OK, nil, nil},

		{"no TLS", local, url, password, verify(private), "tls", doctor.Fail, []string{"the node does no TLS", "sslmode=disable"}, nil},
		{"a secure node in plain text", secure, url, password, disable, "tls", doctor.Fail, []string{"the server wants TLS", "SSL connection required", "sslmode=verify-full"}, nil},
		{"a cloud in plain text", cloud, url, password, disable, "tls", doctor.Fail, []string{"the server wants TLS", "server requires encryption"}, nil},
		{"another CA, publicly", secure, url, password, verify(), "tls", doctor.Fail, []string{"not trusted by the CAs in SSL_CERT_FILE", "end-to-end tests"}, nil},
		{"another CA, named", standin.Door{Certificates: server(theirs, host, 24*time.Hour)}, url, password, verify(private), "tls", doctor.Fail, []string{"not trusted by " + ours.File, "a CA of the same name"}, nil},
		{"an expired certificate", standin.Door{Certificates: server(ours, host, -time.Hour)}, url, password, verify(private), "tls", doctor.Fail, []string{"expired on "}, nil},
		{"another host's", standin.Door{Certificates: server(ours, "db.example.com", 24*time.Hour)}, url, password, verify(private), "tls", doctor.Fail, []string{"not for localhost", "it is for db.example.com"}, nil},

		{"an unknown cluster", elsewhere, url, password, verify(routed), "routing", doctor.Fail, []string{"the cloud knows no cluster " + cluster, "codeParamsRoutingFailed"}, nil},
		{"no cluster", elsewhere, url, password, verify(), "routing", doctor.Fail, []string{"does not know which cluster is meant", "missing cluster identifier"}, nil},

		{"a wrong password", secure, url, "p@s/s:w?o#r&d", verify(private), "authentication", doctor.Fail, []string{"the password for root is wrong", "28P01"}, nil},
		{"a user's wrong password", secure, url, "p@s/s:w?o#r&d", verify(private), "authentication", doctor.Fail, []string{"the password for reader is wrong, or there is no such user", "ALTER USER reader"}, func(c *conn.Config) { c.User = reader }},
		{"no password", secure, url, "", verify(private), "authentication", doctor.Fail, []string{"the server wants a password for root"}, nil},
		{"no client certificate", certified, url, "", verify(private), "authentication", doctor.Fail, []string{"root needs a client certificate", "28000"}, nil},
		{"another user's certificate", certified, url, "", verify(private, client(ours, "ledger")), "authentication", doctor.Fail, []string{"the client certificate is not root's", "certificate is for [ledger]"}, nil},
		{"another CA's certificate", certified, url, "", verify(private, client(theirs, "root")), "authentication", doctor.Fail, []string{"does not accept the client certificate"}, nil},
		{"a certificate without key", certified, url, "", verify(private, map[string]string{"sslcert": own["sslcert"]}), "variable", doctor.Fail, []string{"sslcert: without sslkey"}, nil},
		{"a key that others may read", certified, url, "", verify(private, own, loose), "authentication", doctor.Fail, []string{"its mode is 0644", "chmod 600"}, nil},
		{"another certificate's key", certified, url, "", verify(private, own, pkcs1), "authentication", doctor.Fail, []string{"is not the key of"}, nil},
		{"PKCS #1 for pgjdbc", certified, jdbc, "", verify(private, own, pkcs1), "authentication", doctor.Fail, []string{"pgjdbc reads PKCS #8 alone"}, nil},
		{"DER for another driver", certified, url, "", verify(private, own, pk8), "authentication", doctor.Fail, []string{"of the drivers only pgjdbc reads that"}, nil},
		{"an encrypted key", certified, url, "", verify(private, own, locked), "authentication", doctor.Fail, []string{"is encrypted"}, nil},
	} {
		t.Run(row.claim, func(t *testing.T) {
			w := listen(t, true)
			w.standIn.Install(row.door)
			w.config.Password, w.config.Params = row.password, row.params
			if row.change != nil {
				row.change(&w.config)
			}
			text, err := conn.Format(w.config, row.dialect)
			if err != nil {
				t.Fatal(err)
			}
			d := diagnose(t, "--url", text)
			d.says(row.id, row.outcome, row.pieces...)
			if row.password != "" {
				d.silent(row.password)
			}
			if row.id == "tls" && row.outcome == doctor.Fail && row.params["sslmode"] == "verify-full" {
				for _, c := range w.standIn.Clients() {
					if c.Login {
						t.Errorf("it sent its startup message to a server that it cannot trust: %+v", c)
					}
				}
			}
		})
	}
}

// Each row is something about the database that is not as it should be.
func TestDatabase(t *testing.T) {
	for _, row := range []struct {
		claim   string
		imitate bool
		change  func(*conn.Config)
		id      string
		outcome doctor.Outcome
		pieces  []string
	}{
		{"it does not exist", true, func(c *conn.Config) { c.Database = "nowhere at all" }, "database", doctor.Fail, []string{"nowhere at all: no such database", `CREATE DATABASE "nowhere at all"`}},
		{"it is PostgreSQL", false, func(c *conn.Config) { c.Database = plain }, "version", doctor.Fail, []string{"this is " + db.Name + ", not CockroachDB"}},
		{"no table may be made", true, func(c *conn.Config) { c.User = reader }, "privilege", doctor.Fail, []string{"reader may not create a table in bank.public", `GRANT CREATE ON SCHEMA "public" TO "reader"`}},
		{"no schema", true, func(c *conn.Config) { c.Params["options"] = "-c search_path=nowhere" }, "privilege", doctor.Fail, []string{"no schema"}},
		{"read only", true, func(c *conn.Config) { c.Params["options"] = "-c default_transaction_read_only=on" }, "privilege", doctor.Fail, []string{"default_transaction_read_only is on"}},
		{"READ COMMITTED", true, func(c *conn.Config) { c.Params["options"] = `-c default_transaction_isolation=read\ committed` }, "isolation", doctor.Warn, []string{"READ COMMITTED"}},
		{"options that it does not know", true, func(c *conn.Config) { c.Params["options"] = "-c no_such_setting=1" }, "authentication", doctor.Fail, []string{"no_such_setting", "options in the connection string"}},
		{"no such user", true, func(c *conn.Config) { c.User = "nobody at all" }, "authentication", doctor.Fail, []string{"nobody at all"}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			w := listen(t, row.imitate)
			row.change(&w.config)
			diagnose(t, "--url", w.url(t, url)).says(row.id, row.outcome, row.pieces...)
		})
	}
}

// It leaves nothing behind in the database.
func TestChangesNothing(t *testing.T) {
	w := listen(t, true)
	before, err := db.Snapshot(t.Context(), bank)
	if err != nil {
		t.Fatal(err)
	}
	diagnose(t, "--url", w.url(t, url)).says("privilege", doctor.OK)
	after, err := db.Snapshot(t.Context(), bank)
	if err != nil || before != after {
		t.Errorf("%v\n%s\nwant\n%s", err, after, before)
	}
}

// A starter, from its .env alone, over TLS, and its migrations, of which first none, then some, then all ran.
func TestStarter(t *testing.T) {
	w := listen(t, true)
	cert, err := ours.Server(host, time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	w.standIn.Install(standin.Door{Certificates: []tls.Certificate{cert}, Password: password})
	w.config.Database, w.config.Password = "starter", password
	w.config.Params = map[string]string{"sslmode": "verify-full", "sslrootcert": ours.File}
	ctx := t.Context()
	if err := db.Create(ctx, w.config.Database); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "my-app")
	t.Setenv("CLUSTER", w.url(t, url))
	var out, errs bytes.Buffer
	if exit := cmd.Main([]string{"--tool", "pgx", "--no-git", "--deployment", "advanced", "--url", "env:CLUSTER", dir}, strings.NewReader(""), &out, &errs); exit != 0 {
		t.Fatal(errs.String())
	}

	d := diagnose(t, dir)
	d.says("variable", doctor.OK, "DATABASE_URL, from "+filepath.Join(dir, ".env"))
	d.says("migrations", doctor.Warn, "0 of 4 applied, pending: 0001_create_accounts, ", "none ran yet", "./bin/server migrate")
	c, err := db.Connect(ctx, w.config.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	record := func(ids ...string) {
		t.Helper()
		for _, id := range ids {
			if _, err := c.Exec(ctx, "INSERT INTO schema_migrations VALUES ($1)", id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := c.Exec(ctx, "CREATE TABLE schema_migrations (version TEXT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	diagnose(t, dir).says("migrations", doctor.Warn, "0 of 4 applied")
	record("0001_create_accounts", "0003_index_transfers_from_account")
	diagnose(t, dir).says("migrations", doctor.Warn, "2 of 4 applied, pending: 0002_create_transfers, 0004_index_transfers_to_account")
	record("0002_create_transfers", "0004_index_transfers_to_account")
	diagnose(t, dir).says("migrations", doctor.OK, "4 of 4 applied")
	record("0005_of_a_colleague")
	diagnose(t, dir).says("migrations", doctor.Warn, "4 of 4 applied", "0005_of_a_colleague")

	// The environment wins, and what it says is looked at as it is.
	t.Setenv("DATABASE_URL", "postgresql://root:<password>@localhost:26257/starter?sslmode=verify-full")
	diagnose(t, dir).says("variable", doctor.Fail, "DATABASE_URL, from the environment", "<password>")
	t.Setenv("DATABASE_URL", strings.Replace(w.url(t, url), "sslmode=verify-full&", "", 1))
	diagnose(t, dir).says("variable", doctor.Fail, "states no sslmode")
	w.config.Database = bank
	t.Setenv("DATABASE_URL", w.url(t, url))
	diagnose(t, dir).says("migrations", doctor.Warn, "0 of 4 applied")
}

// A password that is not in the connection string works with some drivers. It is a secret all the same.
func TestBorrowedPassword(t *testing.T) {
	w := listen(t, true)
	cert, err := ours.Server(host, time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	w.standIn.Install(standin.Door{Certificates: []tls.Certificate{cert}, Password: password})
	w.config.Params = map[string]string{"sslmode": "verify-full", "sslrootcert": ours.File}
	t.Setenv("PGPASSWORD", password)
	diagnose(t, "--url", w.url(t, url)).says("authentication", doctor.Warn, "with a password from PGPASSWORD")
	t.Setenv("PGPASSWORD", password+"x")
	diagnose(t, "--url", w.url(t, url)).says("authentication", doctor.Fail, "is not the connection string's")
}
