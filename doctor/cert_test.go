package doctor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An authority signs certificates for tests. What it cannot do panics: it has no reason to.
type authority struct {
	dir  string
	file string // its own certificate
	cert *x509.Certificate
	key  crypto.Signer
}

// years is a time so many years from now.
func years(n float64) time.Time {
	return time.Now().Add(time.Duration(n * 365 * 24 * float64(time.Hour)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newAuthority makes one that is valid until then, whose files are in dir.
func newAuthority(dir, name string, until time.Time) *authority {
	a := &authority{dir: dir, key: newKey()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"Tests"}},
		NotBefore: years(-3), NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key))
	a.cert = must(x509.ParseCertificate(der))
	a.file = a.write("ca.crt", 0o644, "CERTIFICATE", der)
	return a
}

func newKey() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// under makes an authority that a signs.
func (a *authority) under(name string, until time.Time) *authority {
	b := &authority{dir: a.dir, key: newKey()}
	der := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, b.key)
	b.cert = must(x509.ParseCertificate(der))
	return b
}

func (a *authority) sign(template *x509.Certificate, key crypto.Signer) []byte {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore = years(-2)
	}
	return must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
}

func (a *authority) write(name string, mode os.FileMode, kind string, der []byte) string {
	file := filepath.Join(a.dir, name)
	return writeFile(file, mode, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func writeFile(file string, mode os.FileMode, data []byte) string {
	if err := os.WriteFile(file, data, mode); err != nil {
		panic(err)
	}
	if err := os.Chmod(file, mode); err != nil { // whatever the umask is
		panic(err)
	}
	return file
}

// server makes a server's TLS, with a certificate that is valid from and until then, for these hosts.
func (a *authority) server(from, until time.Time, hosts ...string) *tls.Config {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "node"}, NotBefore: from, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	key := newKey()
	chain := [][]byte{a.sign(template, key)}
	if a.cert.Subject.String() != a.cert.Issuer.String() {
		chain = append(chain, a.cert.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key}}}
}

// client makes a user's certificate and key, and returns the files; the key is PKCS #8.
func (a *authority) client(user string, until time.Time) (certFile, keyFile string, key crypto.Signer) {
	key = newKey()
	der := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: user}, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key)
	private := must(x509.MarshalPKCS8PrivateKey(key))
	return a.write("client."+user+".crt", 0o644, "CERTIFICATE", der), a.write("client."+user+".key", 0o600, "PRIVATE KEY", private), key
}

func ecKey(s crypto.Signer) *ecdsa.PrivateKey { return s.(*ecdsa.PrivateKey) }
