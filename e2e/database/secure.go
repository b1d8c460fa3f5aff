//go:build e2e && unix

package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/crdb-init/crdb-init/e2e/process"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// A Way is a connection to a real cluster over its own TLS, past every proxy.
type Way struct {
	Deployment conn.Deployment
	Config     conn.Config
}

// A secureNode is CockroachDB with certificates, beside the insecure node.
type secureNode struct {
	admin *pgx.ConnConfig
	proc  *process.Process
	certs string
	port  int
}

// ledger logs in with a password at the secure node; root has a client certificate.
const ledger = "ledger"

// startSecure starts a second node, in dir, with certificates that cockroach makes.
func startSecure(ctx context.Context, bin, dir string) (*secureNode, error) {
	n := &secureNode{certs: filepath.Join(dir, "certs")}
	authority := filepath.Join(dir, "ca.key")
	for _, argv := range [][]string{
		{"cert", "create-ca"},
		{"cert", "create-node", "localhost", "127.0.0.1"},
		// pgjdbc reads PKCS #8 alone; the others read it as well.
		{"cert", "create-client", "root", "--also-generate-pkcs8-key"},
	} {
		argv = append(argv, "--certs-dir="+n.certs, "--ca-key="+authority)
		if out, err := exec.CommandContext(ctx, bin, argv...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cockroach %s: %w\n%s", strings.Join(argv[:2], " "), err, out)
		}
	}
	var err error
	if n.port, err = FreePort(); err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, "start-single-node", "--certs-dir="+n.certs, "--store=type=mem,size=1GiB",
		fmt.Sprintf("--listen-addr=127.0.0.1:%d", n.port), "--http-addr=127.0.0.1:0", "--log=file-defaults: {dir: "+n.certs+"}")
	cmd.Dir = dir
	if n.proc, err = process.Start(cmd); err != nil {
		return nil, err
	}
	url, err := conn.Format(n.root("defaultdb"), conn.Dialect{Syntax: "url", Scheme: "postgresql"})
	if err == nil {
		n.admin, err = pgx.ParseConfig(url)
	}
	if err == nil {
		err = (&Server{admin: n.admin, proc: n.proc}).ready(ctx)
	}
	if err == nil {
		err = n.exec(ctx, "CREATE USER "+ledger+" WITH PASSWORD 'p@s/s'; GRANT admin TO "+ledger)
	}
	if err != nil {
		n.proc.Kill()
		return nil, err
	}
	return n, nil
}

func (n *secureNode) exec(ctx context.Context, sql string) error {
	return (&Server{admin: n.admin}).exec(ctx, sql)
}

func (n *secureNode) root(database string) conn.Config {
	file := func(name string) string { return filepath.Join(n.certs, name) }
	return conn.Config{User: "root", Host: "localhost", Port: uint16(n.port), Database: database, Params: map[string]string{
		"sslmode": "verify-full", "sslrootcert": file("ca.crt"), "sslcert": file("client.root.crt"), "sslkey": file("client.root.key.pk8")}}
}

// Ways makes an empty database of that name where the tests have a real cluster
// with TLS, and returns how to get there: as advanced and as self-hosted at the
// second node of a cockroach binary, or as CRDB_E2E_URL says. There are none on
// PostgreSQL, and none to an insecure cluster.
func (s *Server) Ways(ctx context.Context, name string) ([]Way, error) {
	if s.secure != nil {
		if err := (&Server{admin: s.secure.admin}).Create(ctx, name); err != nil {
			return nil, err
		}
		root := s.secure.root(name)
		password := conn.Config{User: ledger, Password: "p@s/s", Host: root.Host, Port: root.Port, Database: name,
			Params: map[string]string{"sslmode": "verify-full", "sslrootcert": root.CA()}}
		return []Way{{conn.SelfHosted, root}, {conn.Advanced, password}}, nil
	}
	url := os.Getenv(URLVariable)
	if url == "" {
		return nil, nil
	}
	c, err := conn.Parse(url)
	if err != nil {
		return nil, errors.New(URLVariable + ": " + err.Error())
	}
	if c.SSLMode() != "verify-full" {
		return nil, nil
	}
	d := conn.Infer(c)
	c.Database = name
	return []Way{{d, c}}, s.Create(ctx, name)
}
