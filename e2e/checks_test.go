//go:build e2e && unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/e2e/blackbox"
	"github.com/crdb-init/crdb-init/generator"
)

// run is the whole test of one starter.
func (s starter) run(t *testing.T) {
	s.prepare(t)
	urls := s.urls(t)
	production := with(urls, s.tool.E2E.Production)
	development := with(urls, s.tool.E2E.Development)

	s.check(t, "database layer alone", s.databaseLayerAlone)
	back := s.hideDotEnv(t)
	s.check(t, "lint", s.succeeds("lint", nil))
	s.check(t, "test", s.succeeds("test", s.testURL(t, s.standIn.Addr(), s.database+"_test")))
	s.check(t, "test refuses", s.testRefuses)
	back()
	s.check(t, "migrate where there is no database", func(t *testing.T) { s.migrateNowhere(t, production) })
	s.step(t, "migrate", s.command("migrate", production))
	s.check(t, "doctor", func(t *testing.T) { s.doctor(t, production) })
	s.check(t, "migrate twice", func(t *testing.T) { s.migrateTwice(t, production) })
	s.check(t, "schema", s.schema)
	s.check(t, "configuration", func(t *testing.T) { s.configuration(t, production) })

	s.check(t, "deployments", func(t *testing.T) { s.deployments(t, production) })
	s.check(t, "as the user has it", s.asTheUserHasIt)
	if !db.PostgreSQL {
		s.check(t, "a cluster's own TLS", func(t *testing.T) { s.realCluster(t, production) })
	}

	s.check(t, "api", func(t *testing.T) {
		svc := s.start(t, with(production, map[string]string{"LOG_FORMAT": "json"}))
		blackbox.API(t, svc.base)
		t.Run("logs", func(t *testing.T) { logs(t, svc, true) })
		t.Run("the connections carry the project's name", s.applicationName)
		s.internalError(t, svc)
	})
	s.check(t, "development", func(t *testing.T) {
		svc := s.start(t, development)
		blackbox.Errors(t, svc.base)
		t.Run("logs", func(t *testing.T) { logs(t, svc, false) })
	})
	s.check(t, "load", func(t *testing.T) {
		s.standIn.Peak()
		blackbox.Load(t, s.start(t, production).base)
		const poolMax = 10 // by default
		if peak := s.standIn.Peak(); peak > poolMax {
			t.Errorf("the service opened %d connections at once, want %d at most", peak, poolMax)
		}
	})
	s.check(t, "two replicas", func(t *testing.T) {
		blackbox.Load(t, s.start(t, production).base, s.start(t, production).base)
	})
	s.check(t, "no deadlocks", s.noDeadlocks)
	// These mostly wait: side by side, each with a stand-in of its own.
	var waits sync.WaitGroup
	wait := func(name string, do func(*testing.T)) { waits.Go(func() { s.check(t, name, do) }) }
	wait("database refuses, resets", func(t *testing.T) {
		g, env := s.plainGate(t, production)
		blackbox.Unavailable(t, s.start(t, env).base, g)
	})
	wait("database hangs", func(t *testing.T) {
		const poolMax = 4
		g, env := s.plainGate(t, production)
		blackbox.Hanging(t, s.start(t, with(env, map[string]string{"DB_POOL_MAX": strconv.Itoa(poolMax)})).base, g, poolMax)
	})
	wait("database down at start", func(t *testing.T) {
		g, env := s.plainGate(t, production)
		g.Refuse()
		blackbox.StartsWithout(t, s.start(t, env).base, g)
	})
	wait("retries end in time", func(t *testing.T) {
		g, env := s.plainGate(t, production)
		blackbox.Deadline(t, s.start(t, with(env, map[string]string{"DB_MAX_RETRIES": "1000"})).base, g)
	})
	wait("shutdown", func(t *testing.T) {
		g, env := s.plainGate(t, production)
		svc := s.start(t, env)
		blackbox.Shutdown(t, svc.base, g, svc)
	})
	waits.Wait()
	s.check(t, "retries", func(t *testing.T) {
		const maxRetries = 3
		svc := s.start(t, with(production, map[string]string{"DB_MAX_RETRIES": strconv.Itoa(maxRetries)}))
		blackbox.Retries(t, svc.base, s.standIn, maxRetries)
	})
	s.check(t, "storm", func(t *testing.T) { blackbox.Storm(t, s.start(t, production).base, s.standIn) })
	s.check(t, "unknown outcomes", func(t *testing.T) { blackbox.Outcomes(t, s.start(t, production).base, s.standIn) })
	s.check(t, "test with placeholders in .env", s.testWithPlaceholders)
	s.check(t, "shutdown at rest", func(t *testing.T) { s.shutdownAtRest(t, production) })
	s.check(t, "test leaves the user's data alone", func(t *testing.T) { s.testTouchesNothing(t, production) })
}

func (s *starter) succeeds(command string, env map[string]string) func(*testing.T) {
	return func(t *testing.T) {
		if err := s.command(command, env)(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// doctor has crdb-init say that the starter is going to work, and that all its migrations ran.
func (s *starter) doctor(t *testing.T, env map[string]string) {
	out, exit, err := s.output(t.Context(), s.dir, env, program, "doctor", ".")
	if err != nil || exit != 0 || !regexp.MustCompile(`(?m)^ok\s+migrations\s`).Match(out) {
		t.Errorf("exit code %d, %v; want ok of the migrations\n%s", exit, err, out)
	}
}

func (s *starter) migrateTwice(t *testing.T, env map[string]string) {
	before, err := db.Snapshot(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command("migrate", env)(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := db.Snapshot(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	if before != after {
		t.Errorf("the second run changed the database\nbefore:\n%s\nafter:\n%s", before, after)
	}
}

// migrateNowhere wants the database's name and the SQL that makes it.
func (s *starter) migrateNowhere(t *testing.T, env map[string]string) {
	const nowhere = "e2e_nowhere"
	name := s.tool.Var(generator.RoleURL)
	env = with(env, map[string]string{name: strings.Replace(env[name], "/"+s.database+"?", "/"+nowhere+"?", 1)})
	for _, argv := range s.argvs("migrate") {
		out, exit, err := s.output(t.Context(), s.dir, env, argv...)
		if err != nil {
			t.Fatal(err)
		}
		if exit == 0 {
			continue
		}
		if !regexp.MustCompile(`CREATE DATABASE .?` + nowhere).Match(out) {
			t.Errorf("want the SQL that makes the database, CREATE DATABASE %s\n%s", nowhere, lastLines(out, 30))
		}
		if stackTrace.Match(out) {
			t.Errorf("want no stack trace\n%s", lastLines(out, 30))
		}
		return
	}
	t.Error("migrate ended with exit code 0 without a database")
}

// testTouchesNothing runs the starter's own tests while DATABASE_URL names a
// database with rows in it.
func (s *starter) testTouchesNothing(t *testing.T, env map[string]string) {
	conn, err := db.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `INSERT INTO accounts (owner, balance) VALUES ('the user''s own', 42)`); err != nil {
		t.Fatal(err)
	}
	before, err := db.Snapshot(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command("test", env)(t.Context()); err != nil {
		t.Error(err)
	}
	after, err := db.Snapshot(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	if before != after {
		t.Error("the starter's own tests changed the database of DATABASE_URL")
	}
}

func (s *starter) shutdownAtRest(t *testing.T, env map[string]string) {
	svc := s.start(t, env)
	if err := svc.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	switch exit, err := svc.Wait(5 * time.Second); {
	case err != nil:
		t.Errorf("want an exit at once when nothing is in flight: %v", err)
	case exit != 0:
		t.Errorf("want exit code 0, have %d\n%s", exit, lastLines(svc.stderr.Bytes(), 30))
	}
}

// logs checks the lines that the service wrote to standard error.
func logs(t *testing.T, svc *service, inJSON bool) {
	const path = "/accounts/00000000-0000-4000-8000-0000000010c5"
	res, err := http.Get(svc.base + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	var line string
	for deadline := time.Now().Add(2 * time.Second); line == "" && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for l := range strings.Lines(string(svc.stderr.Bytes())) {
			if strings.Contains(l, path) {
				line = l
			}
		}
	}
	t.Run("a request is one line with method, path, status and milliseconds", func(t *testing.T) {
		for _, want := range []string{`\bGET\b`, regexp.QuoteMeta(path), `\b404\b`, `\d(\.\d+)?\b.*`} {
			if !regexp.MustCompile(want).MatchString(line) {
				t.Errorf("want %s in the line %q", want, line)
			}
		}
		if n := strings.Count(string(svc.stderr.Bytes()), path); n != 1 {
			t.Errorf("want one line, have %d", n)
		}
	})
	t.Run("nothing goes to standard output", func(t *testing.T) {
		if out := svc.stdout.Bytes(); len(out) > 0 {
			t.Errorf("have %q", lastLines(out, 10))
		}
	})
	if !inJSON {
		return
	}
	t.Run("with LOG_FORMAT=json every line is a JSON object", func(t *testing.T) {
		for l := range strings.Lines(string(svc.stderr.Bytes())) {
			var object map[string]any
			if err := json.Unmarshal([]byte(l), &object); err != nil {
				t.Fatalf("%v: %q", err, l)
			}
		}
	})
}

// applicationName looks at the service's connections from the inside.
func (s *starter) applicationName(t *testing.T) {
	if !db.PostgreSQL {
		t.Skip("CockroachDB shows a session's name in another way")
	}
	conn, err := db.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var names string
	err = conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(DISTINCT application_name, ', '), '') FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`).Scan(&names)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Base(s.dir); names != want {
		t.Errorf("want application_name %q, have %q", want, names)
	}
}

// internalError takes a table away, as no contract foresees.
func (s *starter) internalError(t *testing.T, svc *service) {
	conn, err := db.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "ALTER TABLE transfers RENAME TO transfers_away"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := conn.Exec(context.Background(), "ALTER TABLE transfers_away RENAME TO transfers"); err != nil {
			t.Error(err)
		}
	}()
	seen := len(svc.stderr.Bytes())
	blackbox.InternalError(t, svc.base, "/transfers/00000000-0000-4000-8000-000000000500")
	t.Run("the log says what a 500 does not, SQLSTATE included", func(t *testing.T) {
		time.Sleep(100 * time.Millisecond)
		if text := svc.stderr.Bytes()[seen:]; !strings.Contains(string(text), "42P01") {
			t.Errorf("want 42P01 in\n%s", text)
		}
	})
}

// noDeadlocks checks that transfers lock their two accounts in one order: after
// the load, PostgreSQL has counted no deadlock.
func (s *starter) noDeadlocks(t *testing.T) {
	if !db.PostgreSQL {
		t.Skip("CockroachDB does not count them")
	}
	conn, err := db.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var n int
	err = conn.QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("want no deadlock, have %d, %v", n, err)
	}
}

// schema checks the tables by what they do, not by how they were made.
func (s *starter) schema(t *testing.T) {
	ctx := t.Context()
	conn, err := db.Connect(ctx, s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	const columns = `SELECT string_agg(column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN ' NULL' ELSE '' END, ', ' ORDER BY column_name)
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`
	for table, want := range map[string]string{
		"accounts":  "balance bigint, created_at timestamp with time zone, id uuid, owner text",
		"transfers": "amount bigint, created_at timestamp with time zone, from_account uuid, id uuid, idempotency_key text NULL, to_account uuid",
	} {
		var have string
		if err := conn.QueryRow(ctx, columns, table).Scan(&have); err != nil {
			t.Fatalf("table %s: %v", table, err)
		}
		if have != want {
			t.Errorf("table %s: want the columns %s, have %s", table, want, have)
		}
	}

	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	var a, b string
	const insert = `INSERT INTO accounts (owner) VALUES ($1) RETURNING id::text`
	if err := tx.QueryRow(ctx, insert, "Ada").Scan(&a); err != nil {
		t.Fatalf("the database makes id, balance and created_at: %v", err)
	}
	if err := tx.QueryRow(ctx, insert, "Bob").Scan(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO transfers (from_account, to_account, amount, idempotency_key) VALUES ($1, $2, 1, 'k')`, a, b); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []struct{ claim, state, sql string }{
		{"a balance below 0", "23514", `UPDATE accounts SET balance = -1`},
		{"a balance over the limit", "23514", `UPDATE accounts SET balance = 9007199254740992`},
		{"an amount of 0", "23514", `UPDATE transfers SET amount = 0`},
		{"an owner that is NULL", "23502", `UPDATE accounts SET owner = NULL`},
		{"a key used twice", "23505", `INSERT INTO transfers (from_account, to_account, amount, idempotency_key) SELECT from_account, to_account, 1, 'k' FROM transfers`},
		{"a sender that does not exist", "23503", `UPDATE transfers SET from_account = gen_random_uuid()`},
		{"a receiver that does not exist", "23503", `UPDATE transfers SET to_account = gen_random_uuid()`},
		{"deleting an account with transfers", "23503", `DELETE FROM accounts`},
	} {
		t.Run("the database refuses "+refused.claim, func(t *testing.T) {
			if _, err := tx.Exec(ctx, "SAVEPOINT s"); err != nil {
				t.Fatal(err)
			}
			_, err := tx.Exec(ctx, refused.sql)
			if err == nil { // some frameworks defer a constraint to the COMMIT
				_, err = tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
			}
			if state := sqlState(err); state != refused.state {
				t.Errorf("%s: want SQLSTATE %s, have %v", refused.sql, refused.state, err)
			}
			if _, err := tx.Exec(ctx, "ROLLBACK TO s"); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, column := range []string{"from_account", "to_account"} {
		t.Run("transfers has an index on "+column, func(t *testing.T) {
			var n int
			err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_indexes WHERE tablename = 'transfers' AND indexdef LIKE '%(' || $1::text || '%'`, column).Scan(&n)
			if err != nil || n == 0 {
				t.Errorf("have %d, %v", n, err)
			}
		})
	}
	t.Run("there is no sequence", func(t *testing.T) {
		var n int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM information_schema.sequences WHERE sequence_schema = 'public'`).Scan(&n)
		if err != nil || n != 0 {
			t.Errorf("have %d, %v", n, err)
		}
	})
}

func sqlState(err error) string {
	if state, ok := err.(interface{ SQLState() string }); ok {
		return state.SQLState()
	}
	return fmt.Sprint(err)
}
