//go:build e2e && unix

// Standin starts the end-to-end tests' database, prints the lines that point a
// starter at it, and runs until it is interrupted:
//
//	make standin
//	make standin DEPLOYMENT=self-hosted
//
// The secure deployments have certificates of their own, made anew each time.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/crdb-init/crdb-init/e2e/certs"
	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/e2e/standin"
	"github.com/crdb-init/crdb-init/generator/conn"
)

const (
	host     = "localhost"
	cluster  = "funny-skunk-123"
	password = "correct horse"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run() error {
	name := flag.String("database", "my_app", "the `name` of the database to make")
	port := flag.Int("port", 26257, "the port to listen on, on loopback")
	deployment := flag.String("deployment", "local", "basic, standard, advanced, self-hosted or local")
	flag.Parse()
	d, err := conn.ParseDeployment(*deployment)
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	db, err := database.Start(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if !db.PostgreSQL {
		return fmt.Errorf("%s needs no stand-in", db.Name)
	}
	if err := db.Create(ctx, *name); err != nil {
		return err
	}
	s, err := standin.Listen(*port, true, db.Dial)
	if err != nil {
		return err
	}
	defer s.Close()

	_, n, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return err
	}
	listening, err := strconv.ParseUint(n, 10, 16)
	if err != nil {
		return err
	}
	c := conn.Config{User: db.User(), Host: host, Port: uint16(listening), Database: *name, Params: map[string]string{"sslmode": "disable"}}
	if d != conn.Local {
		files, err := os.MkdirTemp("", "crdb-init-standin-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(files)
		if err := secure(s, &c, d, files); err != nil {
			return err
		}
	}
	for _, line := range []struct {
		variable string
		dialect  conn.Dialect
	}{
		{"DATABASE_URL", conn.Dialect{Syntax: "url", Scheme: "postgresql"}},
		{"JDBC_DATABASE_URL", conn.Dialect{Syntax: "jdbc", PublicCA: map[string]string{"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"}}},
	} {
		way := c
		if d == conn.Basic && line.dialect.Syntax == "jdbc" {
			// Java sends no SNI for a name without a dot.
			if way, err = c.WithRoutingID(cluster); err != nil {
				return err
			}
		}
		url, err := conn.Format(way, line.dialect)
		if err != nil {
			return err
		}
		fmt.Printf("%s='%s'\n", line.variable, url)
	}
	fmt.Fprintf(os.Stderr, "standin: %s, %s, on %s; interrupt it to stop\n", d, db.Name, s.Addr())
	<-ctx.Done()
	return nil
}

// secure installs the door of a deployment, and completes the way in.
func secure(s *standin.StandIn, c *conn.Config, d conn.Deployment, dir string) error {
	ca, err := certs.New(dir)
	if err != nil {
		return err
	}
	cert, err := ca.Server(host, time.Now().Add(24*time.Hour))
	if err != nil {
		return err
	}
	door := standin.Door{Certificates: []tls.Certificate{cert}}
	c.Params = map[string]string{"sslmode": "verify-full"}
	switch d {
	case conn.SelfHosted:
		door.ClientCAs = ca.Pool
		c.Params["sslrootcert"] = ca.File
		if c.Params["sslcert"], c.Params["sslkey"], err = ca.Client(c.User); err != nil {
			return err
		}
	case conn.Advanced:
		door.Password, c.Password = password, password
		c.Params["sslrootcert"] = ca.File
	default:
		door.Password, c.Password = password, password
		door.Clusters = []string{host, cluster}
		if d == conn.Standard {
			c.Params["options"] = "--cluster=" + cluster
		}
		// The cloud's certificate is publicly trusted; this one is where it is named.
		fmt.Printf("SSL_CERT_FILE='%s'\nNODE_EXTRA_CA_CERTS='%s'\n", ca.File, ca.File)
		if _, err := exec.LookPath("keytool"); err == nil {
			options, err := ca.JavaOptions(host)
			if err != nil {
				return err
			}
			fmt.Printf("JDK_JAVA_OPTIONS='%s'\n", options)
		}
	}
	s.Install(door)
	return nil
}
