//go:build e2e && unix

// Standin starts the end-to-end tests' database, prints the lines that point a
// starter at it, and runs until it is interrupted:
//
//	go run -tags e2e ./e2e/cmd/standin
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/crdb-init/crdb-init/e2e/database"
	"github.com/crdb-init/crdb-init/e2e/standin"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run() error {
	name := flag.String("database", "app", "the `name` of the database to make")
	port := flag.Int("port", 26257, "the port to listen on, on loopback")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	db, err := database.Start(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Create(ctx, *name); err != nil {
		return err
	}
	s, err := standin.Listen(*port, db.PostgreSQL, db.Dial)
	if err != nil {
		return err
	}
	defer s.Close()
	for variable, suffix := range map[string]string{"DATABASE_URL": "", "TEST_DATABASE_URL": "_test"} {
		fmt.Printf("%s='postgresql://%s@%s/%s%s?sslmode=disable'\n", variable, db.User(), s.Addr(), *name, suffix)
	}
	fmt.Fprintln(os.Stderr, "standin:", db.Name)
	<-ctx.Done()
	return nil
}
