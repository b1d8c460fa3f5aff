//go:build e2e && unix

package standin

import (
	"context"
	"crypto/tls"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/crdb-init/crdb-init/e2e/certs"
)

// Each row is a door, the way a client tries it, and what comes of it.
func TestDoors(t *testing.T) {
	ca, err := certs.New(filepath.Join(t.TempDir(), "ca"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Server("localhost", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	bad := func(a *certs.Authority, host string, until time.Duration) Door {
		cert, err := a.Server(host, time.Now().Add(until))
		if err != nil {
			t.Fatal(err)
		}
		return Door{Certificates: []tls.Certificate{cert}}
	}
	other, err := certs.New(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, elsewhere, expired := bad(other, "localhost", time.Hour), bad(ca, "db.example.com", time.Hour), bad(ca, "localhost", -time.Hour)
	client := func(user string) string {
		certFile, keyFile, err := ca.Client(user)
		if err != nil {
			t.Fatal(err)
		}
		return "&sslcert=" + certFile + "&sslkey=" + keyFile
	}
	const password = `p@s/s:'"\%`
	verify := "sslmode=verify-full&sslrootcert=" + ca.File
	secure := Door{Certificates: []tls.Certificate{cert}}
	cloud := Door{Certificates: secure.Certificates, Clusters: []string{"localhost", "funny-skunk-123"}, Password: password}
	byOptions := Door{Certificates: secure.Certificates, Clusters: []string{"funny-skunk-123"}}
	own := Door{Certificates: secure.Certificates, ClientCAs: ca.Pool}

	for _, row := range []struct {
		claim    string
		door     Door
		password string
		query    string
		want     string // a part of the error, or none
		client   Client // what is seen of it
	}{
		{"a local node takes plain text", Door{}, "", "sslmode=disable", "", Client{Login: true}},
		{"a local node does no TLS", Door{}, "", verify, "refused TLS", Client{}},
		{"a secure node takes no plain text", secure, "", "sslmode=disable", "SSL connection required", Client{Login: true}},
		{"TLS is checked by the client", secure, "", verify, "", Client{TLS: true, SNI: "localhost", Login: true}},
		{"a cloud asks for the password", cloud, password, verify, "", Client{TLS: true, SNI: "localhost", Login: true}},
		{"a cloud refuses another password", cloud, "other", verify, "28P01", Client{TLS: true, SNI: "localhost", Login: true}},
		{"SNI alone may not name a cluster", byOptions, "", verify, "codeParamsRoutingFailed: missing cluster identifier (SQLSTATE 08004)", Client{TLS: true, SNI: "localhost", Login: true}},
		{"options name a cluster", byOptions, "", verify + "&options=--cluster%3Dfunny-skunk-123", "", Client{TLS: true, SNI: "localhost", Login: true}},
		{"options name no cluster that is there", cloud, password, verify + "&options=--cluster%3Dother", "codeParamsRoutingFailed: cluster other not found", Client{TLS: true, SNI: "localhost", Login: true}},
		{"a cloud takes no plain text", cloud, password, "sslmode=disable", "server requires encryption", Client{Login: true}},
		{"a client leaves a server that it does not trust", stranger, "", verify, "unknown authority", Client{}},
		{"a client leaves a server that is another", elsewhere, "", verify, "not localhost", Client{}},
		{"a client leaves an expired server", expired, "", verify, "expired", Client{}},
		{"a client certificate is the user's", own, "", verify + client("root"), "", Client{TLS: true, SNI: "localhost", Login: true, Certificate: "root"}},
		{"another user's certificate is refused", own, "", verify + client("ledger"), "certificate is for [ledger]", Client{TLS: true, SNI: "localhost", Login: true, Certificate: "ledger"}},
		{"no client certificate is refused", own, "", verify, "28000", Client{TLS: true, SNI: "localhost", Login: true}},
	} {
		t.Run(row.claim, func(t *testing.T) {
			s := listen(t)
			s.Install(row.door)
			_, port, _ := strings.Cut(s.Addr(), ":")
			u := url.URL{Scheme: "postgresql", User: url.UserPassword("root", row.password), Host: "localhost:" + port, Path: "/app", RawQuery: row.query}
			conn, err := pgx.Connect(t.Context(), u.String())
			if err == nil {
				var one int
				err = conn.QueryRow(t.Context(), "SELECT 1").Scan(&one)
				_ = conn.Close(context.Background())
			}
			switch {
			case row.want == "" && err != nil:
				t.Errorf("want a connection, have %v", err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("want an error with %s, have %v", row.want, err)
			}
			clients := s.Clients()
			for end := time.Now().Add(time.Second); len(clients) == 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
				clients = s.Clients() // it may be noticed only now that the client has hung up
			}
			if len(clients) == 0 {
				t.Fatal("nobody came")
			}
			for _, c := range clients {
				if c.TLS != row.client.TLS || c.SNI != row.client.SNI || c.Login != row.client.Login || c.Certificate != row.client.Certificate {
					t.Errorf("want %+v, have %+v", row.client, c)
				}
			}
		})
	}
}
