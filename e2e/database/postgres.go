//go:build e2e && unix

package database

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/crdb-init/crdb-init/e2e/process"
)

// compat is what a schema can give PostgreSQL of CockroachDB.
//
//go:embed compat.sql
var compat string

// settings make the server fast and forgetful, and as strict as CockroachDB:
// clients send a plain BEGIN and rely on SERIALIZABLE.
var settings = []string{
	"fsync=off",
	"synchronous_commit=off",
	"full_page_writes=off",
	"listen_addresses=",
	"max_connections=400",
	"default_transaction_isolation=serializable",
	"deadlock_timeout=200ms",
	"jit=off",
	"timezone=UTC",
	"log_timezone=UTC",
	"max_wal_size=2GB",
}

func startPostgres(ctx context.Context) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "crdb-e2e-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, PostgreSQL: true}
	if err := s.startPostgres(ctx, bin); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, log), s.Close())
	}
	return s, nil
}

func (s *Server) startPostgres(ctx context.Context, bin string) error {
	attr, err := unprivileged(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "root", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = s.dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", initdb.Path, err, out)
	}

	args := []string{"-D", data, "-k", s.dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	server := exec.Command(filepath.Join(bin, "postgres"), args...)
	server.Dir, server.SysProcAttr = s.dir, attr
	server.Stdout, server.Stderr = log, log
	if s.proc, err = process.Start(server); err != nil {
		return err
	}
	s.admin, err = pgx.ParseConfig("postgresql://root@/postgres?sslmode=disable&host=" + s.dir)
	if err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	// template1, because test runners create databases of their own;
	// postgres, because they connect to it first and ask for the version.
	for _, name := range []string{"template1", "postgres"} {
		conn, err := s.Connect(ctx, name)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, compat)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return fmt.Errorf("compat.sql in %s: %w", name, err)
		}
	}
	return nil
}

// postgresBin finds the directory of the server's programs. Distributions keep
// them off PATH.
func postgresBin() (string, error) {
	const pattern = "/usr/lib/postgresql/*/bin/initdb"
	found, _ := filepath.Glob(pattern)
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no database: set %s, or install cockroach or PostgreSQL's server (looked for cockroach and initdb on PATH and %s)",
			URLVariable, pattern)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivileged returns how to start a program as a user that PostgreSQL accepts,
// and gives dir to that user: the server refuses to run as root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.Join(errs...)
}
