package doctor

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"time"
)

// How a private key is written in a file.
type keyFormat string

const (
	pkcs8     keyFormat = "PKCS #8"
	pkcs1     keyFormat = "PKCS #1" // cockroach cert create-client without --also-generate-pkcs8-key
	sec1      keyFormat = "SEC 1"   // openssl ecparam
	encrypted keyFormat = "encrypted"
	der       keyFormat = "PKCS #8 in DER" // pgjdbc reads it
	pkcs12    keyFormat = "PKCS #12"       // pgjdbc reads it
	notKey    keyFormat = ""
)

var pemKeys = map[string]keyFormat{
	"PRIVATE KEY": pkcs8, "RSA PRIVATE KEY": pkcs1, "EC PRIVATE KEY": sec1, "ENCRYPTED PRIVATE KEY": encrypted,
}

// formatOf tells how a key is written, and returns it in PEM if it can be used.
func formatOf(data []byte) (keyFormat, []byte) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		format := pemKeys[block.Type]
		if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			format = encrypted
		}
		if format != notKey {
			return format, pem.EncodeToMemory(block)
		}
	}
	if _, err := x509.ParsePKCS8PrivateKey(data); err == nil {
		return der, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data})
	}
	// A PFX is a sequence that begins with its version, 3.
	if len(data) > 8 && data[0] == 0x30 && bytes.Contains(data[:8], []byte{0x02, 0x01, 0x03}) {
		return pkcs12, nil
	}
	return notKey, nil
}

// clientCertificate reads the certificate and the key that the connection names. Without any it does nothing.
func (x *examination) clientCertificate(now time.Time) *fault {
	check, stop := x.readCertificate(now)
	if check == nil {
		return nil
	}
	return &fault{step: "authentication", check: *check, stop: stop}
}

func (x *examination) readCertificate(now time.Time) (_ *Check, stop string) {
	certName, keyName := x.config.Cert(), x.config.Key()
	if certName == "" {
		return nil, ""
	}
	at := func(param, name string) string { return param + ": " + x.quote(name) }
	certPEM, err := os.ReadFile(x.path(certName))
	if err != nil {
		c := fail(at("sslcert", certName)+": cannot be read", reason(err), x.cannotRead("sslcert", certName))
		return &c, ""
	}
	leaf := firstCertificate(certPEM)
	if leaf == nil {
		c := fail(at("sslcert", certName)+": holds no certificate", "there is none in PEM in it", "name the client certificate, in PEM: -----BEGIN CERTIFICATE-----")
		if format, _ := formatOf(certPEM); format != notKey {
			c.Cause, c.Remedy = "it holds a key", "sslcert names the certificate and sslkey the key: they may have changed places"
		}
		return &c, ""
	}
	keyData, err := os.ReadFile(x.path(keyName))
	if err != nil {
		c := fail(at("sslkey", keyName)+": cannot be read", reason(err), x.cannotRead("sslkey", keyName))
		return &c, ""
	}
	format, keyPEM := formatOf(keyData)
	if c, stop := x.keyFormat(at("sslkey", keyName), x.path(keyName), format, keyData); c != nil {
		return c, stop
	}
	if mode, loose := looseMode(x.path(keyName)); loose {
		c := fail(at("sslkey", keyName)+": its mode is "+mode, "others can read it, so libpq and pq refuse it", "chmod 600 "+x.quote(keyName))
		return &c, ""
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		c := fail(at("sslkey", keyName)+": is not the key of "+x.quote(certName), x.quote(strings.TrimPrefix(err.Error(), "tls: ")),
			"name the key that was made with the certificate: client.<user>.crt goes with client.<user>.key")
		return &c, ""
	}
	x.cert = &pair
	remedy := "have a new one made: cockroach cert create-client " + x.quote(x.config.User)
	switch {
	case now.After(leaf.NotAfter):
		c := fail(at("sslcert", certName)+": expired on "+day(leaf.NotAfter), "this machine's clock says "+day(now), remedy)
		return &c, ""
	case now.Before(leaf.NotBefore):
		c := fail(at("sslcert", certName)+": is not valid before "+day(leaf.NotBefore), "this machine's clock says "+day(now), "set the clock, or wait")
		return &c, ""
	}
	return nil, ""
}

// keyFormat is the fault of a key that the drivers cannot use, which are pgjdbc or all others. One that they can use and
// this program cannot stops the examination.
func (x *examination) keyFormat(what, file string, format keyFormat, data []byte) (_ *Check, stop string) {
	convert := "openssl pkcs8 -topk8 -nocrypt -inform PEM -outform DER -in " + file + " -out " + strings.TrimSuffix(file, ".key") + ".key.pk8, and name that file"
	var c Check
	switch {
	case format == notKey && firstCertificate(data) != nil:
		c = fail(what+": holds no key", "it holds a certificate", "sslcert names the certificate and sslkey the key: they may have changed places")
	case format == notKey:
		c = fail(what+": holds no key", "it is neither PEM nor a key in DER", "name the client certificate's key, in PEM: -----BEGIN PRIVATE KEY-----")
	case format == encrypted && x.config.Params["sslpassword"] != "":
		stop = "the key is encrypted"
		c = warn(what+": is encrypted, so the rest is not tried", "crdb-init opens no encrypted key, and not all drivers take sslpassword", "try it with the key as it is: openssl pkey -in "+file+" -out <new file>, with mode 600")
	case format == encrypted:
		c = fail(what+": is encrypted", "there is nobody whom a server program could ask for its passphrase", "take the passphrase off: openssl pkey -in "+file+" -out <new file>, with mode 600, and name that file")
	case format == pkcs12 && x.jdbc:
		stop = "the key is in PKCS #12"
		c = warn(what+": is PKCS #12, so the rest is not tried", "pgjdbc reads it, crdb-init does not", "try it with the key in PKCS #8: openssl pkcs12 -nodes -nocerts -in "+file)
	case format == pkcs12:
		c = fail(what+": is PKCS #12", "of the drivers only pgjdbc reads that", "take the key out: openssl pkcs12 -nodes -nocerts -in "+file+" -out <new file>, with mode 600, and name that file")
	case x.jdbc && (format == pkcs1 || format == sec1):
		c = fail(what+": is "+string(format), "pgjdbc reads PKCS #8 alone", convert)
	case !x.jdbc && format == der:
		c = fail(what+": is in DER", "of the drivers only pgjdbc reads that", "name the key in PEM, client.<user>.key, or convert it: openssl pkey -inform DER -in "+file+" -out <new file>, with mode 600")
	default:
		return nil, ""
	}
	c.Remedy = x.quote(c.Remedy)
	return &c, stop
}

func firstCertificate(data []byte) *x509.Certificate {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
				return cert
			}
		}
	}
	return nil
}
