//go:build e2e && unix

// Package certs makes the certificates that the end-to-end tests need, in files,
// as a cluster's owner would have them.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// An Authority signs certificates. File holds its own, which clients trust.
type Authority struct {
	File string
	Pool *x509.CertPool

	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority whose files are in dir, a folder of its own.
func New(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	a := &Authority{dir: dir, File: filepath.Join(dir, "ca.crt")}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "end-to-end tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	der, err := sign(template, template, a.key, a.key, time.Now().Add(24*time.Hour))
	if err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	a.Pool = x509.NewCertPool()
	a.Pool.AddCert(a.cert)
	return a, write(a.File, 0o644, "CERTIFICATE", der)
}

// Server makes a server's certificate for a host, valid until the given time.
func (a *Authority) Server(host string, until time.Time) (tls.Certificate, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "node"}, DNSNames: []string{host},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := sign(template, a.cert, key, a.key, until)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// Client makes the certificate of a user, as cockroach cert create-client names
// the files; the key is PKCS #8, which every driver reads.
func (a *Authority) Client(user string) (certFile, keyFile string, err error) {
	template := &x509.Certificate{
		Subject:  pkix.Name{CommonName: user},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	der, err := sign(template, a.cert, key, a.key, time.Now().Add(24*time.Hour))
	if err != nil {
		return "", "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	certFile, keyFile = filepath.Join(a.dir, "client."+user+".crt"), filepath.Join(a.dir, "client."+user+".key")
	return certFile, keyFile, errors.Join(write(certFile, 0o644, "CERTIFICATE", der), write(keyFile, 0o600, "PRIVATE KEY", private))
}

// JavaOptions makes files that a JVM reads, and the options that name them: it
// trusts the authority alone, and knows the hosts, all loopback, and no others.
func (a *Authority) JavaOptions(hosts ...string) (string, error) {
	const password = "changeit" // a store without one is read as an empty one
	store, names := filepath.Join(a.dir, "trust.p12"), filepath.Join(a.dir, "hosts")
	out, err := exec.Command("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", a.File,
		"-keystore", store, "-storetype", "PKCS12", "-storepass", password).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("keytool: %w\n%s", err, out)
	}
	options := "-Djavax.net.ssl.trustStore=" + store + " -Djavax.net.ssl.trustStorePassword=" + password + " -Djdk.net.hosts.file=" + names
	return options, os.WriteFile(names, []byte("127.0.0.1 "+strings.Join(hosts, " ")+"\n"), 0o644)
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey, until time.Time) ([]byte, error) {
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)); err != nil {
		return nil, err
	}
	template.NotBefore, template.NotAfter = until.Add(-48*time.Hour), until
	return x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
}

func write(file string, mode os.FileMode, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
