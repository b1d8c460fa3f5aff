package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// public is an authority that the system trusts, in these tests.
var public *authority

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	home, err := os.MkdirTemp("", "doctor")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	public = newAuthority(home, "public CA", years(5))
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("HOME", home) // without .postgresql and .pgpass
	os.Setenv("SSL_CERT_FILE", public.file)
	return m.Run()
}

const (
	password = "hunter2 p@ss/wörd"
	encoded  = "hunter2%20p%40ss%2Fw%C3%B6rd"
)

// given is what examines a connection string.
func given(url string) Options {
	return Options{Source: Source{Name: "--url", Given: url}, Timeout: 10 * time.Second, Unknown: "no starter"}
}

func at(url string, port int) string { return strings.Replace(url, "PORT", fmt.Sprint(port), 1) }

// examine returns the checks by id, of which it knows what always holds.
func examine(t *testing.T, o Options) map[string]Check {
	t.Helper()
	checks := map[string]Check{}
	stopped := false
	var ids []string
	for c := range Examine(t.Context(), o) {
		t.Logf("%-8s %-15s %s | %s | %s", c.Outcome, c.ID, c.What, c.Cause, c.Remedy)
		checks[c.ID] = c
		ids = append(ids, c.ID)
		if stopped && c.Outcome != Skipped {
			t.Errorf("%s is looked at, although something that it needs failed", c.ID)
		}
		if c.Outcome == Fail && steps[len(ids)-1].needed {
			stopped = true
		}
		if c.What == "" || c.Outcome == OK && c.Cause+c.Remedy != "" || c.Outcome != OK && c.Cause == "" || (c.Outcome == Fail || c.Outcome == Warn) && c.Remedy == "" {
			t.Errorf("%+v says too little, or too much", c)
		}
		for _, text := range []string{c.What, c.Cause, c.Remedy} {
			for _, secret := range []string{password, encoded, "hunter2"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %q holds the password", c.ID, text)
				}
			}
			if strings.ContainsAny(text, "\n\r\x1b") || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is not a line", c.ID, text)
			}
		}
	}
	var all []string
	for _, s := range steps {
		all = append(all, s.id)
	}
	if !slices.Equal(ids, all) {
		t.Errorf("checks: %q, want %q", ids, all)
	}
	return checks
}

// expect wants a check to have an outcome, and its texts to hold these pieces.
func expect(t *testing.T, checks map[string]Check, id string, outcome Outcome, pieces ...string) {
	t.Helper()
	c := checks[id]
	if c.Outcome != outcome {
		t.Errorf("%s: have %+v, want %s", id, c, outcome)
	}
	text := strings.Join([]string{c.What, c.Cause, c.Remedy}, " | ")
	for _, p := range pieces {
		if !strings.Contains(text, p) {
			t.Errorf("%s: %q lacks %q", id, text, p)
		}
	}
	// Nothing but this is wrong.
	for _, other := range checks {
		if other.ID != id && other.Outcome == Fail {
			t.Errorf("%s failed too: %+v", other.ID, other)
		}
	}
}

func TestHealthy(t *testing.T) {
	checks := examine(t, given(at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", cockroach().listen(t))))
	for _, c := range checks {
		if want := map[string]Outcome{"routing": Skipped, "migrations": Skipped}[c.ID]; c.Outcome != want && c.Outcome != OK {
			t.Errorf("%+v", c)
		}
	}
	expect(t, checks, "version", OK, "CockroachDB CCL v25.4.10", "supported until 2028-05-03", "as known in")
	expect(t, checks, "privilege", OK, "ada may create a table in bank.public")
}

// Each row is a fault, and the check that tells it.
func TestFaults(t *testing.T) {
	loopback := []string{"localhost", "127.0.0.1"}
	dir := t.TempDir()
	ca := newAuthority(filepath.Join(dir), "the cluster's CA", years(5))
	good := ca.server(years(-1), years(1), loopback...)
	secure := cockroach()
	secure.tls, secure.asks = good, password
	with := func(c *tls.Config) fake {
		f := secure
		f.tls = c
		return f
	}
	refusing := func(f fake, code, message string) fake {
		f.refuse = &refusal{code, message}
		return f
	}
	verify := "postgresql://ada:" + encoded + "@localhost:PORT/bank?sslmode=verify-full"
	named := verify + "&sslrootcert=" + ca.file
	const plain = "postgresql://ada:" + encoded + "@127.0.0.1:PORT/bank?sslmode=disable"
	ended := newAuthority(t.TempDir(), "ended CA", years(-0.5))
	namesake := newAuthority(t.TempDir(), "the cluster's CA", years(5))
	middle := ca.under("intermediate CA", years(3))
	endedMiddle := ca.under("ended intermediate CA", years(-0.5))
	empty := writeFile(filepath.Join(dir, "empty.crt"), 0o644, []byte("nothing\n"))
	noSuch := filepath.Join(dir, "nowhere.crt")

	for _, row := range []struct {
		claim   string
		fake    fake
		url     string // PORT is the port
		id      string
		outcome Outcome
		pieces  []string
	}{
		{"a server that is not spoken to in time", fake{raw: func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); time.Sleep(3 * time.Second) }}, plain,
			"tls", Fail, []string{"accepts connections, but does not answer", "within 1s", "--timeout"}},
		{"a server that hangs up", fake{raw: func(c net.Conn) { _, _ = c.Read(make([]byte, 100)) }}, plain,
			"tls", Fail, []string{"hangs up", "asked for TLS"}},
		{"a web server", fake{raw: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 100))
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}}, plain, "tls", Fail, []string{"not a database", "it is a web server", "26257"}},
		{"another protocol", fake{raw: func(c net.Conn) {
			_, _ = c.Write([]byte("220 mail\x1b[31m\r\n"))
			_, _ = c.Read(make([]byte, 100))
		}}, named, "tls", Fail, []string{"not a database", `it answered "220 mail [31m"`}},
		{"one that begins with the right letter", fake{raw: func(c net.Conn) {
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH_10.0\r\n"))
			_, _ = c.Read(make([]byte, 1000))
		}}, named, "tls", Fail, []string{"not a database", `it answered "SSH-2.`}},

		{"no TLS at a node here", cockroach(), named, "tls", Fail, []string{"the node does no TLS", "--insecure", "sslmode=disable"}},
		{"TLS wanted, plain text offered", refusing(secure, "08P01", "node is running secure mode, SSL connection required"), plain,
			"tls", Fail, []string{"the server wants TLS", "SSL connection required (08P01)", "sslmode=verify-full"}},
		{"plain text, which a node with TLS takes", secure, plain, "tls", OK, []string{"although the node does TLS too"}},
		{"the cluster's CA", secure, named, "tls", OK, []string{"TLS 1.3", "signed by the cluster's CA (Tests)", "trusted by " + ca.file, "valid until " + day(years(1))}},
		{"a public CA", with(public.server(years(-1), years(1), loopback...)), verify, "tls", OK, []string{"trusted by the CAs in SSL_CERT_FILE, " + public.file}},
		{"another CA, publicly", secure, verify, "tls", Fail, []string{"not trusted by the CAs in SSL_CERT_FILE", "signed by the cluster's CA (Tests)", "sslrootcert=<path of ca.crt>"}},
		{"another CA, named", with(public.server(years(-1), years(1), loopback...)), named, "tls", Fail,
			[]string{"not trusted by " + ca.file, "signed by public CA (Tests); " + ca.file + " holds the cluster's CA (Tests)", "ca.crt in the certificates' directory"}},
		{"a CA of the same name", with(namesake.server(years(-1), years(1), loopback...)), named, "tls", Fail, []string{"holds a CA of the same name, but not the same CA"}},
		{"an intermediate CA", with(middle.server(years(-1), years(1), loopback...)), named, "tls", OK, nil},
		{"an intermediate CA that ended", with(endedMiddle.server(years(-1), years(1), loopback...)), named, "tls", Fail, []string{"a CA's certificate expired on " + day(years(-0.5)), "ended intermediate CA"}},
		{"a CA that ended", with(ended.server(years(-1), years(1), loopback...)), verify + "&sslrootcert=" + ended.file, "tls", Fail, []string{"CA's certificate expired on " + day(years(-0.5)), "ended CA (Tests)"}},
		{"an expired certificate", with(ca.server(years(-1), years(-0.25), loopback...)), named, "tls", Fail, []string{"the server's certificate expired on " + day(years(-0.25)), "renew it"}},
		{"a certificate of the future", with(ca.server(years(0.5), years(1), loopback...)), named, "tls", Fail, []string{"not valid before " + day(years(0.5)), "clock says " + day(time.Now())}},
		{"an expired certificate of another CA", with(public.server(years(-1), years(-0.25), loopback...)), named, "tls", Fail, []string{"not trusted by"}},
		{"a certificate that ends soon", with(ca.server(years(-1), time.Now().Add(50*time.Hour), loopback...)), named, "tls", Warn, []string{"it ends in less than 50 hours"}},
		{"a short-lived certificate", with(ca.server(time.Now().Add(-time.Hour), time.Now().Add(23*time.Hour), loopback...)), named, "tls", OK, nil},
		{"another host's certificate", with(ca.server(years(-1), years(1), "db.example.com", "10.1.2.3")), named, "tls", Fail, []string{"not for localhost", "it is for db.example.com and 10.1.2.3"}},
		{"a certificate without a host", with(ca.server(years(-1), years(1))), named, "tls", Fail, []string{"not for localhost", "names no host; its common name, node,"}},
		{"a CA file that is not there", secure, verify + "&sslrootcert=" + noSuch, "tls", Fail, []string{"sslrootcert: " + noSuch + ": cannot be used | no such file", "correct the path"}},
		{"a CA file below ~", secure, verify + "&sslrootcert=~/ca.crt", "tls", Fail, []string{"sslrootcert: ~/ca.crt: cannot be used | no such file", "neither ~ nor $HOME is expanded"}},
		{"a CA file that is relative", secure, verify + "&sslrootcert=certs/ca.crt", "tls", Fail, []string{"certs/ca.crt: cannot be used | no such file", "relative to where the program runs"}},
		{"a CA file without a certificate", secure, verify + "&sslrootcert=" + empty, "tls", Fail, []string{empty + ": cannot be used | it holds no certificate in PEM", "BEGIN CERTIFICATE"}},
		{"a broken handshake", with(&tls.Config{Certificates: good.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}), named, "tls", Fail, []string{"the TLS handshake failed", "TLS 1.2"}},

		{"a cluster that the cloud does not know", refusing(secure, "08004", "codeParamsRoutingFailed: cluster funny-skunk-123 not found"), named + "&options=--cluster%3Dfunny-skunk-123",
			"routing", Fail, []string{"the cloud knows no cluster funny-skunk-123", "(08004)"}},
		{"no cluster", refusing(secure, "08004", "codeParamsRoutingFailed: missing cluster identifier"), named, "routing", Fail, []string{"does not know which cluster is meant", "options=--cluster%3D<routing-id>"}},
		{"an address in the cloud", refusing(secure, "08004", "codeParamsRoutingFailed: missing cluster identifier"), strings.Replace(named, "localhost", "127.0.0.1", 1), "routing", Fail, []string{"an address, in place of a name"}},
		{"too many wrong passwords", refusing(secure, "08004", "codeProxyRefusedConnection: connection attempt throttled"), named, "routing", Fail, []string{"refuses connections for a while", "wait"}},
		{"an address that is not allowed", refusing(secure, "08004", "codeProxyRefusedConnection: connection refused"), named, "routing", Fail, []string{"IP allowlist"}},
		{"a cluster that sleeps", refusing(secure, "08004", "codeUnavailable: cluster is not available"), named, "routing", Fail, []string{"does not reach the cluster"}},
		{"a cluster that is named, and known", secure, named + "&options=--cluster%3Dfunny-skunk-123", "routing", OK, []string{"funny-skunk-123"}},

		{"the password", secure, named, "authentication", OK, []string{"ada is let in, with the connection string's password"}},
		{"another password", secure, strings.Replace(named, encoded, "hunter2", 1), "authentication", Fail, []string{"the password for ada is wrong, or there is no such user", "(28P01)", "ALTER USER ada"}},
		{"root's password", secure, strings.Replace(named, "ada:"+encoded, "root:hunter2", 1), "authentication", Fail, []string{"root logs in with a client certificate"}},
		{"no password", secure, strings.Replace(named, ":"+encoded, "", 1), "authentication", Fail, []string{"wants a password for ada", "neither a password nor a client certificate"}},
		{"no certificate", refusing(secure, "28000", "no TLS peer certificates provided"), named, "authentication", Fail, []string{"ada needs a client certificate", "cockroach cert create-client ada"}},
		{"another's certificate", refusing(secure, "28000", "requested user is ada, but certificate is for [bob]"), named, "authentication", Fail, []string{"not ada's", "certificate is for [bob]"}},
		{"no login", refusing(secure, "28000", "ada does not have login privilege"), named, "authentication", Fail, []string{"ada may not log in", `ALTER USER "ada" WITH LOGIN`}},
		{"a rule against it", refusing(secure, "28000", "authentication rejected by configuration"), named, "authentication", Fail, []string{"host_based_authentication"}},
		{"no room", refusing(secure, "53300", "sorry, too many clients already"), named, "authentication", Fail, []string{"no room"}},
		{"a server that stops", refusing(secure, "57P01", "server is shutting down"), named, "authentication", Fail, []string{"starting or stopping"}},
		{"options that it does not know", refusing(secure, "42704", "unrecognized configuration parameter \"foo\""), named + "&options=-c%20foo%3Dbar", "authentication", Fail, []string{"options"}},
		{"a server that repeats the password", refusing(secure, "XX000", "bad: "+password), named, "authentication", Fail, []string{"(a text that repeats the password)"}},
		{"a server that writes to terminals", refusing(secure, "XX000", "bad\x1b[31m\nnews"), named, "authentication", Fail, []string{"bad [31m news (XX000)"}},
		{"a server that hangs up at login", fake{tls: good, raw: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 8))
			_, _ = c.Write([]byte("N"))
			_, _ = c.Read(make([]byte, 100))
		}}, plain, "authentication", Fail, []string{"hung up during the login"}},
		{"a server that hangs at login", fake{raw: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 8))
			_, _ = c.Write([]byte("N"))
			time.Sleep(3 * time.Second)
		}}, plain, "authentication", Fail, []string{"the login was not answered", "within 1s"}},
		{"a server that answers nonsense", fake{raw: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 8))
			_, _ = c.Write([]byte("N"))
			_, _ = c.Read(make([]byte, 100))
			_, _ = c.Write([]byte("R\x00\x00\x00\x08\x00\x00\x00\x63"))
		}}, plain, "authentication", Fail, []string{"the login broke off"}},

		{"PostgreSQL", fake{says: map[string]answer{"SELECT version()": row("PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc")}}, plain,
			"version", Fail, []string{"this is PostgreSQL 15.14, not CockroachDB", "26257"}},
		{"PostgreSQL without the database", fake{
			databases: map[string]*refusal{"bank": {"3D000", `database "bank" does not exist`}},
			says:      map[string]answer{"SELECT version()": row("PostgreSQL 17.0 on x86_64-pc-linux-gnu")},
		}, plain, "version", Fail, []string{"this is PostgreSQL 17.0, not CockroachDB"}},
		{"something that does not say what it is", fake{}, plain, "version", Fail, []string{"refused the question"}},
		{"an old version", fake{says: cockroach().says, status: map[string]string{"crdb_version": "CockroachDB CCL v23.1.30 (x86_64-pc-linux-gnu)"}}, plain,
			"version", Warn, []string{"v23.1 is not supported any more", "2025-11-13", "as known in " + knownIn}},

		{"no such database, found out at login", refusing(secure, "3D000", `database "bank" does not exist`), named, "database", Fail, []string{"bank: no such database", `CREATE DATABASE "bank"`}},
		{"no such database, found out later", cockroach().saying("SELECT datname", answer{refuse: &refusal{"3D000", `database "bank" does not exist`}}), plain, "database", Fail, []string{"bank: no such database"}},
		{"no such database, with another SQLSTATE", cockroach().saying("SELECT datname", answer{refuse: &refusal{"42704", "database or schema does not exist"}}), plain, "database", Fail, []string{"bank: no such database"}},
		{"no such database, in the list", cockroach().saying("SELECT datname", answer{rows: [][]string{}}), plain, "database", Fail, []string{"bank: no such database"}},
		{"a database of others", refusing(secure, "42501", "user ada does not have CONNECT privilege on database bank"), named, "database", Fail, []string{`GRANT CONNECT ON DATABASE "bank" TO "ada"`}},

		{"no right to create a table", cockroach().saying("SELECT current_schema()", row("public", "f", "off")), plain, "privilege", Fail, []string{"ada may not create a table in bank.public", `GRANT CREATE ON SCHEMA "public" TO "ada"`}},
		{"no schema", cockroach().saying("SELECT current_schema()", row("", "", "off")), plain, "privilege", Fail, []string{"no schema"}},
		{"read only", cockroach().saying("SELECT current_schema()", row("public", "t", "on")), plain, "privilege", Fail, []string{"default_transaction_read_only"}},
		{"READ COMMITTED", cockroach().saying("SHOW default", row("read committed")).saying("SHOW default_transaction_isolation", row("read committed")), plain, "isolation", Warn, []string{"READ COMMITTED", "write skew"}},
		{"a question that hangs", cockroach().saying("SHOW default_transaction_isolation", answer{silent: true}), plain, "isolation", Fail, []string{"did not answer", "within 1s"}},
		{"a connection that breaks", cockroach().saying("SHOW default_transaction_isolation", answer{hangUp: true}), plain, "isolation", Fail, []string{"the connection broke"}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			if runtime.GOOS != "linux" && strings.Contains(row.claim, "public") {
				t.Skip("SSL_CERT_FILE does not count there")
			}
			o := given(at(row.url, row.fake.listen(t)))
			if slices.Contains(row.pieces, "within 1s") {
				o.Timeout = time.Second
			}
			expect(t, examine(t, o), row.id, row.outcome, row.pieces...)
		})
	}
}

// A broken connection ends what needs it, although the step itself is not needed by the next.
func TestNothingAfterABrokenConnection(t *testing.T) {
	checks := examine(t, given(at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", cockroach().saying("SELECT current_schema()", answer{hangUp: true}).listen(t))))
	expect(t, checks, "privilege", Fail, "the connection broke")
	if c := checks["isolation"]; c.Outcome != Skipped || c.Cause != "the connection broke" {
		t.Errorf("have %+v", c)
	}
}

// A default CA file counts for some drivers and not for others: both cases work, and both are told.
func TestDefaultCAs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE does not count there")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	private := newAuthority(t.TempDir(), "private CA", years(5))
	data := must(os.ReadFile(private.file))
	if err := os.Mkdir(filepath.Join(home, ".postgresql"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := writeFile(filepath.Join(home, ".postgresql", "root.crt"), 0o644, data)
	for _, row := range []struct {
		by      *authority
		outcome Outcome
		pieces  []string
	}{
		{private, Warn, []string{"trusted by " + file, "pgx", "sslrootcert=" + file}},
		{public, Warn, []string{"trusted by the CAs in SSL_CERT_FILE", file + " does not vouch for the server", "move it away"}},
		{newAuthority(t.TempDir(), "a third", years(5)), Fail, []string{"not trusted by the CAs in SSL_CERT_FILE"}},
	} {
		f := cockroach()
		f.tls = row.by.server(years(-1), years(1), "localhost")
		expect(t, examine(t, given(at("postgresql://ada@localhost:PORT/bank?sslmode=verify-full", f.listen(t)))), "tls", row.outcome, row.pieces...)
	}
}

// Each row is a client certificate and key, and what is said of them.
func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(dir, "the cluster's CA", years(5))
	cert, key, private := ca.client("ada", years(1))
	oldCert, oldKey, _ := ca.client("old", years(-0.5))
	strange, strangeKey, _ := newAuthority(t.TempDir(), "another CA", years(5)).client("ada", years(1))
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	file := func(name string, data []byte) string { return writeFile(filepath.Join(dir, name), 0o600, data) }
	inPEM := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	pkcs8DER := must(x509.MarshalPKCS8PrivateKey(private))
	rsaCert := ca.write("client.rsa.crt", 0o644, "CERTIFICATE", ca.sign(&x509.Certificate{NotAfter: years(1), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, rsaKey))
	rsaPKCS1 := file("rsa.key", inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)))
	sec1Key := file("sec1.key", append(inPEM("EC PARAMETERS", []byte{6, 0}), inPEM("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ecKey(private))))...))
	derKey := file("client.ada.key.pk8", pkcs8DER)
	locked := file("locked.key", inPEM("ENCRYPTED PRIVATE KEY", pkcs8DER))
	lockedOld := file("locked-old.key", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}))
	p12 := file("client.p12", append([]byte{0x30, 0x82, 0x04, 0x00, 0x02, 0x01, 0x03}, make([]byte, 100)...))
	nothing := file("nothing.key", []byte("nothing\n"))
	loose := writeFile(filepath.Join(dir, "loose.key"), 0o644, must(os.ReadFile(key)))
	gone := filepath.Join(dir, "gone.key")

	f := cockroach()
	f.tls = ca.server(years(-1), years(1), "localhost")
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	f.tls.ClientCAs, f.tls.ClientAuth = roots, tls.VerifyClientCertIfGiven
	picky := f
	picky.tls = f.tls.Clone()
	picky.tls.ClientAuth = tls.RequireAndVerifyClientCert

	const url, jdbc = "postgresql://ada@localhost:PORT/bank?sslmode=verify-full", "jdbc:postgresql://localhost:PORT/bank?user=ada&sslmode=verify-full"
	for _, row := range []struct {
		claim     string
		fake      fake
		url       string
		cert, key string
		outcome   Outcome
		pieces    []string
	}{
		{"good", f, url, cert, key, OK, []string{"ada is let in, with the client certificate of ada", "valid until " + day(years(1))}},
		{"good, PKCS #1", f, url, rsaCert, rsaPKCS1, OK, nil},
		{"good, SEC 1", f, url, cert, sec1Key, OK, nil},
		{"good for pgjdbc, DER", f, jdbc, cert, derKey, OK, nil},
		{"good for pgjdbc, PEM", f, jdbc, cert, key, OK, nil},
		{"PKCS #1 for pgjdbc", f, jdbc, rsaCert, rsaPKCS1, Fail, []string{rsaPKCS1 + ": is PKCS #1", "pgjdbc reads PKCS #8 alone", "openssl pkcs8 -topk8", filepath.Join(dir, "rsa.key.pk8")}},
		{"SEC 1 for pgjdbc", f, jdbc, cert, sec1Key, Fail, []string{"is SEC 1", "openssl pkcs8"}},
		{"DER for another", f, url, cert, derKey, Fail, []string{"is in DER", "only pgjdbc"}},
		{"encrypted", f, url, cert, locked, Fail, []string{"is encrypted", "passphrase", "openssl pkey"}},
		{"encrypted as of old", f, url, cert, lockedOld, Fail, []string{"is encrypted"}},
		{"encrypted, with a passphrase", f, url + "&sslpassword=" + encoded, cert, locked, Warn, []string{"the rest is not tried"}},
		{"PKCS #12", f, url, cert, p12, Fail, []string{"is PKCS #12"}},
		{"PKCS #12 for pgjdbc", f, jdbc, cert, p12, Warn, []string{"the rest is not tried"}},
		{"no key in the file", f, url, cert, nothing, Fail, []string{nothing + ": holds no key", "neither PEM"}},
		{"a certificate for a key", f, url, cert, cert, Fail, []string{"holds no key", "it holds a certificate", "changed places"}},
		{"a key for a certificate", f, url, key, key, Fail, []string{"holds no certificate", "it holds a key", "changed places"}},
		{"no certificate in the file", f, url, nothing, key, Fail, []string{"sslcert: " + nothing + ": holds no certificate"}},
		{"no key file", f, url, cert, gone, Fail, []string{"sslkey: " + gone + ": cannot be read | no such file"}},
		{"no certificate file", f, url, gone, key, Fail, []string{"sslcert: " + gone + ": cannot be read | no such file"}},
		{"others may read it", f, url, cert, loose, Fail, []string{"its mode is 0644", "libpq", "chmod 600 " + loose}},
		{"not a pair", f, url, cert, oldKey, Fail, []string{oldKey + ": is not the key of " + cert}},
		{"expired", f, url, oldCert, oldKey, Fail, []string{"sslcert: " + oldCert + ": expired on " + day(years(-0.5)), "create-client ada"}},
		{"another CA's", f, url, strange, strangeKey, Fail, []string{"does not accept the client certificate", "ended TLS with: "}},
		{"none, where one is wanted", picky, url, "", "", Fail, []string{"wants a client certificate", "create-client ada"}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			if runtime.GOOS == "windows" && row.key == loose {
				t.Skip("there are no modes there")
			}
			u := at(row.url, row.fake.listen(t)) + "&sslrootcert=" + ca.file
			if row.cert != "" {
				u += "&sslcert=" + row.cert + "&sslkey=" + row.key
			}
			checks := examine(t, given(u))
			expect(t, checks, "authentication", row.outcome, row.pieces...)
			if row.outcome == Warn {
				expect(t, checks, "version", Skipped)
			}
		})
	}
}

// Each row is what is said of where a connection string was looked for, and of how it is written.
func TestVariable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, ".env")
	const url = "postgresql://root@localhost:1/bank?sslmode=disable"
	for _, row := range []struct {
		claim  string
		env    map[string]string
		file   string // - is none
		want   Outcome
		pieces []string
	}{
		{"the environment's", map[string]string{"DATABASE_URL": url}, "-", OK, []string{"DATABASE_URL, from the environment: " + url}},
		{"the file's", nil, "DATABASE_URL='" + url + "'\n", OK, []string{"DATABASE_URL, from " + file}},
		{"the environment wins", map[string]string{"DATABASE_URL": url}, "DATABASE_URL='postgresql://<username>@<host>/d'\n", OK, []string{"from the environment"}},
		{"the second variable", nil, "JDBC_DATABASE_URL='" + url + "'\n", OK, []string{"JDBC_DATABASE_URL, from " + file}},
		{"another tool's spelling", map[string]string{"DATABASE_URL": "jdbc:postgresql://localhost:1/bank?user=root&sslmode=disable"}, "-", Fail, []string{"the starter reads postgresql:// alone"}},
		{"nothing anywhere", nil, "-", Fail, []string{"DATABASE_URL or JDBC_DATABASE_URL: not set", "there is no " + file, "cp .env.example .env"}},
		{"not in the file", nil, "PORT='8080'\n", Fail, []string{"not set", "neither the environment nor " + file}},
		{"set to nothing", map[string]string{"DATABASE_URL": ""}, "DATABASE_URL='" + url + "'\n", Fail, []string{"DATABASE_URL, from the environment: empty", "the environment wins over .env", "unset DATABASE_URL"}},
		{"nothing in the file", nil, "DATABASE_URL=\n", Fail, []string{"from " + file + ": empty", "line 1 has no value"}},
		{"written in a way of its own", nil, "# one\nDATABASE_URL=\"postgresql://ada:" + encoded + "@h/d\"\n", Fail, []string{file + ": cannot be used | line 2 is not DATABASE_URL='…'", "readers of .env files disagree"}},
		{"placeholders", nil, "DATABASE_URL='postgresql://<username>:<password>@db.example.com:26257/<database>?sslmode=verify-full'\n", Fail,
			[]string{"not filled in | it still holds <username>, <password> and <database>", "put your cluster's own values"}},
		{"brackets in a password", map[string]string{"DATABASE_URL": "postgresql://ada:<hunter2>@h/d?sslmode=verify-full"}, "-", Fail, []string{"still holds a placeholder"}},
		{"no sslmode", map[string]string{"DATABASE_URL": "postgresql://ada:" + encoded + "@db.example.com/d"}, "-", Fail, []string{"it states no sslmode", "add sslmode=verify-full"}},
		{"a weak sslmode", map[string]string{"DATABASE_URL": "postgresql://ada:" + encoded + "@db.example.com/d?sslmode=require"}, "-", Fail, []string{"sslmode=require: does not check who the server is"}},
		{"plain text far away", map[string]string{"DATABASE_URL": "postgresql://ada:" + encoded + "@db.example.com/d?sslmode=disable"}, "-", Fail, []string{"plain text"}},
		{"plain text in a compose file", map[string]string{"DATABASE_URL": "postgresql://root@nowhere-at-all/d?sslmode=disable"}, "-", OK, []string{"nowhere-at-all:26257"}},
		{"a password that is not encoded", map[string]string{"DATABASE_URL": "postgresql://ada:" + password + "@h/d"}, "-", Fail, []string{"a / or @ in the database", "%2F"}},
		{"another scheme", map[string]string{"DATABASE_URL": "mysql://ada:" + encoded + "@h/d"}, "-", Fail, []string{"unknown scheme"}},
		{"what the tool cannot have", map[string]string{"DATABASE_URL": url + "&target_session_attrs=any"}, "-", Fail, []string{"target_session_attrs: the tool has one server"}},
		{"a certificate without its key", map[string]string{"DATABASE_URL": "postgresql://ada@h/d?sslmode=verify-full&sslcert=c.crt"}, "-", Fail, []string{"sslcert: without sslkey"}},
		{"a password", map[string]string{"DATABASE_URL": "postgresql://ada:" + encoded + "@localhost:1/d?sslmode=disable"}, "-", OK, []string{"ada:***@"}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			os.Remove(file)
			if row.file != "-" {
				writeFile(file, 0o600, []byte(row.file))
			}
			checks := examine(t, Options{
				Source: Source{Variables: []string{"DATABASE_URL", "JDBC_DATABASE_URL"}, File: file, Lookup: func(name string) (string, bool) {
					value, set := row.env[name]
					return value, set
				}},
				Starter: true, Dir: dir, Timeout: 10 * time.Second, Unknown: "no tool is known", Node: "docker compose up -d cockroach",
				Dialect: &conn.Dialect{Syntax: "url", Scheme: "postgresql", Refuse: map[string]string{"target_session_attrs": "the tool has one server"}},
			})
			c := checks["variable"]
			if row.want == Fail {
				expect(t, checks, "variable", Fail, row.pieces...)
				return
			}
			if c.Outcome != row.want || !strings.Contains(c.What, row.pieces[0]) {
				t.Errorf("have %+v, want %s with %q", c, row.want, row.pieces)
			}
			// Where nothing listens, a starter's node is to be started.
			if strings.Contains(c.What, "localhost:1/") {
				expect(t, checks, "port", Fail, "localhost:1: does not answer", "refused", "start the node: docker compose up -d cockroach")
			}
		})
	}
}

// A starter for Java reads one spelling alone.
func TestVariableOfJava(t *testing.T) {
	o := given("postgresql://root@localhost:1/bank?sslmode=disable")
	o.Dialect = &conn.Dialect{Syntax: "jdbc"}
	expect(t, examine(t, o), "variable", Fail, "the starter reads jdbc:postgresql:// alone")
	o.Source.Given = "jdbc:postgresql://localhost:1/bank?user=root&sslmode=disable"
	expect(t, examine(t, o), "port", Fail)
}

// A name that nobody has. What is said of it beyond that depends on the name server, which may be out of reach.
func TestNoSuchName(t *testing.T) {
	checks := examine(t, given("postgresql://ada:"+encoded+"@nowhere.invalid:26257/bank?sslmode=verify-full"))
	expect(t, checks, "name", Fail, "nowhere.invalid: does not resolve")
	checks = examine(t, given("postgresql://ada:"+encoded+"@no-such-service:26257/bank?sslmode=verify-full"))
	expect(t, checks, "name", Fail)
	if c := checks["name"]; c.Cause == "nobody knows the name" && !strings.HasPrefix(c.Remedy, "a service of a compose file has its name only inside") {
		t.Errorf("have %+v", c)
	}
	checks = examine(t, given("postgresql://ada:"+encoded+"@nowhere-1.invalid.cockroachlabs.cloud:26257/bank"))
	expect(t, checks, "name", Fail)
}

// A password from elsewhere works with some drivers; it is not printed either.
func TestBorrowedPassword(t *testing.T) {
	f := cockroach()
	f.asks = password
	url := at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", f.listen(t))
	t.Setenv("PGPASSWORD", password)
	expect(t, examine(t, given(url)), "authentication", Warn, "with a password from PGPASSWORD")
	t.Setenv("PGPASSWORD", "hunter2")
	expect(t, examine(t, given(url)), "authentication", Fail, "is not the connection string's")
	t.Setenv("PGPASSWORD", "")
	passfile := writeFile(filepath.Join(t.TempDir(), "pgpass"), 0o600, []byte("*:*:*:ada:"+password+"\n"))
	t.Setenv("PGPASSFILE", passfile)
	expect(t, examine(t, given(url)), "authentication", Warn, "with a password from the password file")
}

// The variables of libpq change nothing else: the connection string is what is examined.
func TestEnvironmentOfLibpq(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "elsewhere.invalid", "PGPORT": "no number", "PGDATABASE": "other", "PGUSER": "bob", "PGSSLMODE": "nonsense", "PGSSLROOTCERT": "/nowhere",
		"PGCONNECT_TIMEOUT": "soon", "PGTARGETSESSIONATTRS": "nonsense", "PGOPTIONS": "-c foo=bar", "PGREQUIREAUTH": "scram-sha-256", "PGCHANNELBINDING": "require",
		"PGMINPROTOCOLVERSION": "3.2", "PGMAXPROTOCOLVERSION": "nonsense", "PGSSLCERT": "/nowhere", "PGSSLKEY": "/nowhere", "PGSSLNEGOTIATION": "direct", "PGSSLCERTMODE": "require",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			expect(t, examine(t, given(at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", cockroach().listen(t)))), "round-trip", OK)
		})
	}
	t.Setenv("PGSERVICE", "none")
	checks := examine(t, given(at("postgresql://ada:"+encoded+"@127.0.0.1:PORT/bank?sslmode=disable", cockroach().listen(t))))
	expect(t, checks, "authentication", Fail, "PG variables", "unset PGSERVICE")
}

func TestMigrations(t *testing.T) {
	const applied = "SELECT version FROM schema_migrations"
	recorded := func(ids ...string) answer {
		a := answer{rows: [][]string{}}
		for _, id := range ids {
			a.rows = append(a.rows, []string{id})
		}
		return a
	}
	for _, row := range []struct {
		claim  string
		says   answer
		last   bool
		want   Outcome
		pieces []string
	}{
		{"all", recorded("2", "1", "3"), false, OK, []string{"3 of 3 applied"}},
		{"none", recorded(), false, Warn, []string{"0 of 3 applied, pending: 1, 2, 3", "make migrate"}},
		{"no table", answer{refuse: &refusal{"42P01", `relation "schema_migrations" does not exist`}}, false, Warn, []string{"pending: 1, 2, 3", "none ran yet", "make migrate"}},
		{"some", recorded("1", "3"), false, Warn, []string{"2 of 3 applied, pending: 2"}},
		{"more", recorded("1", "2", "3", "4"), false, Warn, []string{"3 of 3 applied", "the database has 4 too"}},
		{"the last", recorded("2"), true, Warn, []string{"2 of 3 applied, pending: 3"}},
		{"the very last", recorded("3"), true, OK, []string{"3 of 3 applied"}},
		{"a last that is not here", recorded("9"), true, Warn, []string{"0 of 3 applied"}},
		{"a table that is another's", answer{refuse: &refusal{"42703", `column "version" does not exist`}}, false, Fail, []string{"refused the question", "42703"}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			o := given(at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", cockroach().saying(applied, row.says).listen(t)))
			o.Migrations = &Migrations{IDs: []string{"1", "2", "3"}, Applied: applied, Last: row.last, Command: "make migrate"}
			expect(t, examine(t, o), "migrations", row.want, row.pieces...)
		})
	}
}

// When it is cancelled, the sequence ends.
func TestCancel(t *testing.T) {
	port := fake{raw: func(c net.Conn) { time.Sleep(9 * time.Second) }}.listen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	start := time.Now()
	last := ""
	for c := range Examine(ctx, given(at("postgresql://ada@127.0.0.1:PORT/bank?sslmode=disable", port))) {
		last = c.ID
	}
	if last != "port" || time.Since(start) > 5*time.Second {
		t.Errorf("it ended after %s, in %s", last, time.Since(start))
	}
}

func TestDotenv(t *testing.T) {
	for text, want := range map[string]string{
		"A='b'":                         "b",
		"A=b":                           "b",
		"# A='c'\nB='d'\nA='b'":         "b",
		"A='a'\nA='b'\n":                "b",
		"  A='b'  \r\n":                 "b",
		"A='b' # c":                     "b",
		"A=b\t# c":                      "b",
		"A='#$\"`\\ x'":                 "#$\"`\\ x",
		"A=":                            "",
		"A=''":                          "",
		"AA='c'\nA='b'\nexport B=\"c\"": "b",
	} {
		if have, line, err := dotenv(text, "A"); have != want || line == 0 || err != nil {
			t.Errorf("%q: have %q in line %d, %v; want %q", text, have, line, err, want)
		}
	}
	for _, text := range []string{"A=\"hush\"", "A='hush", "A='hu'sh'", "A=hu sh", "A=$HUSH", "A='hush'#c", "A=hush#c", "export A='hush'", "A = 'hush'", "A='a'\nA=\"hush\"", "A=hu\\sh", "A=`hush`"} {
		if _, line, err := dotenv(text, "A"); err == nil || line == 0 || strings.Contains(strings.ToLower(err.Error()), "hush") {
			t.Errorf("%q: line %d, %v", text, line, err)
		}
	}
	if _, line, err := dotenv("B='A=c'\n#A='b'\n", "A"); line != 0 || err != nil {
		t.Errorf("found in line %d, %v", line, err)
	}
}

func TestSupported(t *testing.T) {
	on := func(s string) time.Time { return must(time.Parse(time.DateOnly, s)) }
	for _, row := range []struct {
		version, on string
		want        Outcome
		piece       string
	}{
		{"v25.4.10", "2026-11-24", OK, "v25.4 is supported until 2028-05-03, as known in"},
		{"v25.4.10", "2027-05-04", Warn, "maintenance ended on 2027-05-03; assistance ends on 2028-05-03"},
		{"v25.4.10", "2028-05-04", Warn, "went out of support on 2028-05-03"},
		{"v26.1.2", "2026-08-02", OK, "until 2026-08-02"},
		{"v26.1.2", "2026-08-03", Warn, "went out of support on 2026-08-02"},
		{"v21.1.7", "2026-11-24", Warn, "went out of support before v22.1"},
		{"v27.1.0", "2027-03-01", OK, "newer than what crdb-init knows"},
		{"v26.4.1", "2027-03-01", OK, "newer than what crdb-init knows"},
		{"v25.9.1", "2027-03-01", Warn, "no such release is known"},
		{"v26.3.0-alpha.2", "2026-07-01", Warn, "pre-release"},
		{"", "2026-07-01", Warn, "cannot read"},
	} {
		c := supported("CockroachDB CCL "+row.version, row.version, on(row.on))
		if text := c.What + " | " + c.Cause; c.Outcome != row.want || !strings.Contains(text, row.piece) {
			t.Errorf("%s on %s: have %s %q, want %s with %q", row.version, row.on, c.Outcome, text, row.want, row.piece)
		}
	}
	if !slices.IsSortedFunc(releases, func(a, b release) int { return 10*(a.year-b.year) + a.number - b.number }) {
		t.Error("the releases are out of order")
	}
	for _, r := range releases {
		on(r.maintenance)
		if r.assistance != "" && on(r.assistance).Before(on(r.maintenance)) {
			t.Errorf("%s: assistance ends before maintenance", r.line())
		}
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"CockroachDB CCL v25.4.10 (x86_64-pc-linux-gnu, built 2026/01/01 00:00:00, go1.25.5)": "CockroachDB CCL v25.4.10, v25.4.10",
		"CockroachDB OSS v21.1.0-alpha.1 (x86_64)":                                            "CockroachDB OSS v21.1.0-alpha.1, v21.1.0-alpha.1",
		"CockroachDB": "CockroachDB, ",
		"PostgreSQL 15.14 (Debian 15.14) on x86_64": "PostgreSQL 15.14, not",
		"PostgreSQL 11.2-YB-2.20.0.0-b0 on x86_64":  "PostgreSQL 11.2-YB-2.20.0.0-b0, not",
		"": ", not",
	} {
		name, number, is := parseVersion(text)
		if !is {
			number = "not"
		}
		if have := name + ", " + number; have != want {
			t.Errorf("%q: have %q, want %q", text, have, want)
		}
	}
}

func TestQuote(t *testing.T) {
	x := &examination{secret: []string{password}}
	for s, want := range map[string]string{
		"plain":                   "plain",
		"a\nb\x1b[1mc\u202ed":     "a b [1mc d",
		"caf\xe9":                 "caf\uFFFD",
		"it is " + password + "!": "(a text that repeats the password)",
		strings.Repeat("ä", 200):  strings.Repeat("ä", 150) + "…",
	} {
		if have := x.quote(s); have != want {
			t.Errorf("%q: have %q, want %q", s, have, want)
		}
	}
}

func TestLooseMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes there")
	}
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: os.Getuid() != 0, 0o644: true, 0o604: true, 0o660: true, 0o700: false} {
		file := writeFile(filepath.Join(t.TempDir(), "key"), mode, nil)
		if text, have := looseMode(file); have != want || text != fmt.Sprintf("%04o", mode) {
			t.Errorf("%04o: have %s, %v; want %v", mode, text, have, want)
		}
	}
}

func TestFormatOf(t *testing.T) {
	if format, _ := formatOf(bytes.Repeat([]byte("x"), 100)); format != notKey {
		t.Errorf("have %q", format)
	}
}
