//go:build e2e && unix

// Package database starts the database that the end-to-end tests run against.
//
// In order of preference: the CockroachDB that CRDB_E2E_URL names, a cockroach
// binary on PATH, and PostgreSQL's own server, which answers as CockroachDB does
// only behind package standin. A Server says which one it is, and no result of
// the third kind may be reported as tested on CockroachDB.
package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/crdb-init/crdb-init/e2e/process"
)

// URLVariable names the variable that points the tests at a running cluster.
const URLVariable = "CRDB_E2E_URL"

// A Server is a running database and a superuser's way into it.
type Server struct {
	// Name is what a report prints, e.g. "PostgreSQL 15.20".
	Name string
	// PostgreSQL says that it needs the stand-in's rules to pass for CockroachDB.
	PostgreSQL bool

	admin  *pgx.ConnConfig // a copy of it, with another Database, opens any connection
	proc   *process.Process
	dir    string
	secure *secureNode // beside the node of a cockroach binary
}

// Start starts the best database there is. Close ends it.
func Start(ctx context.Context) (*Server, error) {
	if url := os.Getenv(URLVariable); url != "" {
		return external(ctx, url)
	}
	if bin, err := exec.LookPath("cockroach"); err == nil {
		return startCockroach(ctx, bin)
	}
	return startPostgres(ctx)
}

func external(ctx context.Context, url string) (*Server, error) {
	admin, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx masks a password only in URLs that it can parse.
		return nil, errors.New(URLVariable + ": not a connection string")
	}
	s := &Server{admin: admin}
	return s, s.ready(ctx)
}

func startCockroach(ctx context.Context, bin string) (*Server, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "crdb-e2e-")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, "start-single-node", "--insecure", "--store=type=mem,size=1GiB",
		fmt.Sprintf("--listen-addr=127.0.0.1:%d", port), "--http-addr=127.0.0.1:0", "--log=file-defaults: {dir: "+dir+"}")
	cmd.Dir = dir
	s := &Server{dir: dir}
	if s.proc, err = process.Start(cmd); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.admin, err = pgx.ParseConfig(fmt.Sprintf("postgresql://root@127.0.0.1:%d/defaultdb?sslmode=disable", port))
	if err == nil {
		err = s.ready(ctx)
	}
	if err == nil {
		s.secure, err = startSecure(ctx, bin, dir)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ready waits for the first answer and learns the server's name from it.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := s.Connect(ctx, "")
		if err == nil {
			var number, version string
			err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), version()`).Scan(&number, &version)
			s.Name = version
			if s.PostgreSQL {
				s.Name = "PostgreSQL " + strings.Fields(number)[0]
			}
			return errors.Join(err, conn.Close(ctx))
		}
		var ended <-chan struct{}
		if s.proc != nil {
			ended = s.proc.Done()
		}
		select {
		case <-ended:
			return fmt.Errorf("the database ended before its first answer: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the database does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close ends what Start started and removes its files.
func (s *Server) Close() error {
	if s.proc != nil {
		s.proc.Kill()
	}
	if s.secure != nil {
		s.secure.proc.Kill()
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// Connect opens a superuser's connection to the database called name, past every proxy.
func (s *Server) Connect(ctx context.Context, name string) (*pgx.Conn, error) {
	config := s.admin.Copy()
	if name != "" {
		config.Database = name
	}
	return pgx.ConnectConfig(ctx, config)
}

// Create makes an empty database, in place of one of that name that is there.
func (s *Server) Create(ctx context.Context, name string) error {
	if err := s.Drop(ctx, name); err != nil {
		return err
	}
	return s.exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// Drop removes a database and whoever is connected to it, if it is there.
func (s *Server) Drop(ctx context.Context, name string) error {
	how := " CASCADE"
	if s.PostgreSQL {
		how = " WITH (FORCE)"
	}
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+how)
}

func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := s.Connect(ctx, "")
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// User and Password are what a client of the server logs in with.
func (s *Server) User() string     { return s.admin.User }
func (s *Server) Password() string { return s.admin.Password }

// Dial opens a byte stream to the server, over TLS if the server wants it.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	network, address := "tcp", net.JoinHostPort(s.admin.Host, fmt.Sprint(s.admin.Port))
	if s.admin.Host[0] == '/' {
		network, address = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", s.admin.Host, s.admin.Port)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil || s.admin.TLSConfig == nil {
		return conn, err
	}
	return startTLS(ctx, conn, s.admin.TLSConfig)
}
