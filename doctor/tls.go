package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func (x *examination) tls(ctx context.Context) Check {
	step, cancel := x.step(ctx)
	defer cancel()
	c, done, err := x.dial(step)
	if err != nil {
		return x.silent(err)
	}
	defer done()
	answer, err := ask(c)
	encrypted := x.config.SSLMode() != "disable"
	switch {
	case err != nil:
		return x.silent(err)
	case answer != 'S' && answer != 'N':
		return x.stranger(c, []byte{answer})
	case !encrypted && answer == 'N':
		return ok("plain text, as sslmode=disable says; the node does no TLS")
	case !encrypted:
		// Most nodes that do TLS want it, and say so only to who logs in.
		if x.login(ctx); x.fault != nil && x.fault.step == "tls" {
			return x.fault.check
		}
		return ok("plain text, as sslmode=disable says, although the node does TLS too")
	case answer == 'N' && x.loopback():
		return fail("the node does no TLS", "it answered the request for TLS with no: it was started with --insecure",
			"sslmode=disable, which is good enough for a node on this machine, or start it with certificates")
	case answer == 'N':
		return fail("the server does no TLS", "it answered the request for TLS with no: a node that was started with --insecure, or no CockroachDB",
			"start the nodes with certificates (cockroach cert), or correct host and port")
	}

	secured := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: x.serverName()}) // what it shows is judged below, piece by piece
	if err := secured.HandshakeContext(step); err != nil {
		if e, notTLS := errors.AsType[tls.RecordHeaderError](err); notTLS {
			return x.stranger(c, append([]byte{answer}, e.RecordHeader[:]...))
		}
		if timedOut(err) {
			return x.silent(err)
		}
		return fail("the TLS handshake failed", x.quote(reason(err)), "see whether a proxy or a firewall on the way breaks TLS; the server must do TLS 1.2 or later")
	}
	state := secured.ConnectionState()
	return x.judge(state.PeerCertificates, tls.VersionName(state.Version), time.Now())
}

// serverName is the host as certificates and SNI have it.
func (x *examination) serverName() string { return strings.TrimSuffix(x.config.Host, ".") }

// A trust is a set of CAs that drivers could trust.
type trust struct {
	name  string // as it is printed
	pool  *x509.CertPool
	certs []*x509.Certificate // of a file
}

// judge looks at what the server showed: who signed it, when it ends, whose it is.
func (x *examination) judge(shown []*x509.Certificate, version string, now time.Time) Check {
	if len(shown) == 0 {
		return fail("the server shows no certificate", "TLS was agreed on without one", "start the nodes with certificates: cockroach cert create-node")
	}
	store, bad := x.store()
	if bad != nil {
		return *bad
	}
	by, warning, bad := x.trusted(shown, store, now)
	if bad != nil {
		return *bad
	}
	x.roots = by.pool
	leaf := shown[0]
	switch {
	case now.Before(leaf.NotBefore):
		return fail("the server's certificate is not valid before "+day(leaf.NotBefore), "this machine's clock says "+day(now), "set the clock, or wait")
	case now.After(leaf.NotAfter):
		return fail("the server's certificate expired on "+day(leaf.NotAfter), "it was signed by "+x.quote(issuer(leaf)),
			"renew it on the server: cockroach cert create-node, then SIGHUP to the node")
	}
	if leaf.VerifyHostname(x.serverName()) != nil {
		return x.another(leaf)
	}
	what := version + "; the server's certificate is signed by " + x.quote(issuer(shown[len(shown)-1])) + ", trusted by " + by.name + ", valid until " + day(leaf.NotAfter)
	if warning != nil {
		warning.What = what
		return *warning
	}
	if left := leaf.NotAfter.Sub(now); left < min(soon, leaf.NotAfter.Sub(leaf.NotBefore)/10) {
		return warn(what, fmt.Sprintf("it ends in less than %d hours", 1+int(left.Hours())), "renew it on the server in time")
	}
	return ok(what)
}

// soon is when what is renewed by itself should have been: months before its end, or a tenth of its life if that is short.
const soon = 7 * 24 * time.Hour

// another is the fault of a certificate that is not for the host.
func (x *examination) another(leaf *x509.Certificate) Check {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	cause := "it is for " + x.quote(list(names))
	remedy := "use one of these names as the host, or have a certificate made for " + x.config.Host + ": cockroach cert create-node " + x.config.Host + " …"
	if len(names) == 0 {
		cause = "it names no host; its common name, " + x.quote(leaf.Subject.CommonName) + ", does not count"
		remedy = "have a certificate made for " + x.config.Host + ": cockroach cert create-node " + x.config.Host + " …"
	}
	return fail("the server's certificate is not for "+x.config.Host, cause, remedy)
}

// store is the CA file of the connection, or the system's CAs.
func (x *examination) store() (trust, *Check) {
	if name := x.config.CA(); name != "" {
		t, err := readCAs(x.path(name))
		if err != nil {
			c := fail("sslrootcert: "+x.quote(name)+": cannot be used", reason(err), x.cannotRead("sslrootcert", name))
			if errors.Is(err, errNoCA) {
				c.Remedy = "name the cluster's CA file, in PEM: -----BEGIN CERTIFICATE-----"
			}
			return trust{}, &c
		}
		t.name = x.quote(name)
		return t, nil
	}
	t := trust{name: "the system's CAs"}
	for _, variable := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value := os.Getenv(variable); value != "" && runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
			t.name = "the CAs in " + variable + ", " + x.quote(value)
			break
		}
	}
	return t, nil
}

var errNoCA = errors.New("it holds no certificate in PEM")

func readCAs(file string) (trust, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return trust{}, err
	}
	t := trust{name: file, pool: x509.NewCertPool()}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			t.certs = append(t.certs, cert)
			t.pool.AddCert(cert)
		}
	}
	if len(t.certs) == 0 {
		return trust{}, errNoCA
	}
	return t, nil
}

// defaultCAs is the file that some drivers use in place of the system's CAs, if it is there.
func defaultCAs() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("APPDATA"), "postgresql", "root.crt")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".postgresql", "root.crt")
}

// trusted says who trusts the chain. A connection that names no CA file gets the system's CAs, but where there is a
// default file, drivers differ: they are warned of if that matters.
func (x *examination) trusted(shown []*x509.Certificate, store trust, now time.Time) (trust, *Check, *Check) {
	bad := x.chain(shown, store, now)
	if x.config.CA() != "" {
		return store, nil, bad
	}
	file, err := readCAs(defaultCAs())
	if err != nil {
		return store, nil, bad
	}
	file.name = x.quote(file.name)
	const which = "libpq, pgx, pq and pgjdbc use that file in place of the system's CAs, because the connection names no sslrootcert; other drivers do not look at it"
	switch ofFile := x.chain(shown, file, now); {
	case bad == nil && ofFile != nil:
		c := warn("", file.name+" does not vouch for the server, and is perhaps another cluster's. "+which, "move it away, or name the CA file in sslrootcert")
		return store, &c, nil
	case bad != nil && ofFile == nil:
		c := warn("", which, "name it in the connection string: sslrootcert="+file.name)
		return file, &c, nil
	}
	return store, nil, bad
}

// chain is nil if the CAs vouch for the chain that the server showed, whenever its own certificate ends.
func (x *examination) chain(shown []*x509.Certificate, by trust, now time.Time) *Check {
	leaf := shown[0]
	at := now
	if now.After(leaf.NotAfter) {
		at = leaf.NotAfter.Add(-time.Second)
	} else if now.Before(leaf.NotBefore) {
		at = leaf.NotBefore.Add(time.Second)
	}
	options := x509.VerifyOptions{Roots: by.pool, Intermediates: x509.NewCertPool(), CurrentTime: at}
	for _, cert := range shown[1:] {
		options.Intermediates.AddCert(cert)
	}
	_, err := leaf.Verify(options)
	if err == nil {
		return nil
	}
	var c Check
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case isInvalid && invalid.Reason == x509.Expired && invalid.Cert != nil && now.After(invalid.Cert.NotAfter):
		c = fail("a CA's certificate expired on "+day(invalid.Cert.NotAfter), "it is "+x.quote(subject(invalid.Cert))+", which stands between the server's and "+by.name,
			"get the cluster's new CA file, or have the server's certificate signed by a CA that is valid")
	case unknown && x.expired(by, shown, now) != nil:
		c = *x.expired(by, shown, now)
	case unknown:
		c = fail("the server's certificate is not trusted by "+by.name, x.why(shown, by), x.whichCA())
	default:
		c = fail("the server's certificate is not good", x.quote(strings.TrimPrefix(err.Error(), "x509: ")), "have a server certificate made: cockroach cert create-node")
	}
	return &c
}

// expired is the fault of a CA that vouched for the server and has ended itself.
func (x *examination) expired(by trust, shown []*x509.Certificate, now time.Time) *Check {
	last := shown[len(shown)-1]
	for _, ca := range by.certs {
		if now.After(ca.NotAfter) && last.CheckSignatureFrom(ca) == nil {
			c := fail("the CA's certificate expired on "+day(ca.NotAfter), "it is "+x.quote(subject(ca))+", in "+by.name,
				"get the cluster's new CA file, after the nodes got certificates that it signed")
			return &c
		}
	}
	return nil
}

// why says who signed the certificate that is not trusted.
func (x *examination) why(shown []*x509.Certificate, by trust) string {
	last := shown[len(shown)-1]
	if last.Subject.String() == last.Issuer.String() && len(shown) == 1 {
		return "it is signed by itself"
	}
	cause := "it is signed by " + x.quote(issuer(last))
	var names []string
	for _, ca := range by.certs {
		if ca.Subject.String() == last.Issuer.String() {
			return cause + "; " + by.name + " holds a CA of the same name, but not the same CA"
		}
		if len(names) < 5 {
			names = append(names, subject(ca))
		}
	}
	if len(names) > 0 {
		cause += "; " + by.name + " holds " + x.quote(list(names))
	}
	return cause
}

// whichCA is the remedy for a certificate that is not trusted.
func (x *examination) whichCA() string {
	switch {
	case x.config.CA() != "" && x.cloud():
		return "download the cluster's own CA file from its connection page in the console of CockroachDB Cloud, or, for Basic and Standard, leave sslrootcert out"
	case x.config.CA() != "":
		return "name the CA file of this cluster in sslrootcert: ca.crt in the certificates' directory of its nodes"
	case x.cloud():
		return "for Advanced, download the CA file from the cluster's connection page and name it in sslrootcert; for Basic and Standard, see whether a proxy on the way answers in the cluster's place"
	}
	return "name the cluster's CA file in the connection string: sslrootcert=<path of ca.crt>"
}

func subject(c *x509.Certificate) string { return title(c.Subject.CommonName, c.Subject.Organization) }
func issuer(c *x509.Certificate) string  { return title(c.Issuer.CommonName, c.Issuer.Organization) }

// title is how a CA is known: R11 (Let's Encrypt).
func title(name string, organization []string) string {
	switch {
	case name == "" && len(organization) == 0:
		return "a CA without a name"
	case name == "":
		return organization[0]
	case len(organization) == 0:
		return name
	}
	return name + " (" + organization[0] + ")"
}

// remote says whether the other side ended TLS with an alert, and which.
func remote(err error) (string, bool) {
	e, is := errors.AsType[*net.OpError](err)
	if !is || e.Op != "remote error" {
		return "", false
	}
	return strings.TrimPrefix(e.Err.Error(), "tls: "), true
}

// sni is whether the host is a name, which TLS tells the server.
func (x *examination) sni() bool {
	_, err := netip.ParseAddr(x.config.Host)
	return err != nil
}
