package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func (x *examination) version(ctx context.Context) Check {
	text, err := x.versionText(ctx)
	if err != nil && x.server == nil {
		return skipped("nobody was let in who could ask")
	}
	if err != nil {
		return x.broken(err)
	}
	name, number, isCockroach := parseVersion(text)
	if !isCockroach {
		return fail("this is "+x.quote(name)+", not CockroachDB", "the server says: "+x.quote(text), "correct host and port; CockroachDB's port is 26257, PostgreSQL's is 5432")
	}
	return supported(x.quote(name), number, time.Now())
}

// versionText is what the server says it is. CockroachDB says it unasked, at login. Where a missing database kept us
// out, as PostgreSQL does it, one that both have lets us in.
func (x *examination) versionText(ctx context.Context) (string, error) {
	if x.server == nil {
		config, err := x.driverConfig()
		if err != nil {
			return "", err
		}
		config.Database = "postgres"
		step, cancel := x.step(ctx)
		defer cancel()
		server, err := pgconn.ConnectConfig(step, config)
		if err != nil {
			return "", err
		}
		defer server.Close(step)
		y := *x
		y.server = server
		return y.versionText(ctx)
	}
	if text := x.server.ParameterStatus("crdb_version"); text != "" {
		return text, nil
	}
	row, err := x.row(ctx, "SELECT version()")
	if err != nil {
		return "", err
	}
	return row[0], nil
}

// parseVersion takes CockroachDB CCL v25.4.10 (x86_64-pc-linux-gnu, …) and PostgreSQL 15.14 on … apart.
func parseVersion(text string) (name, number string, isCockroach bool) {
	words := strings.Fields(text)
	if len(words) > 0 && words[0] == "CockroachDB" {
		for i, w := range words {
			if len(w) > 1 && w[0] == 'v' && w[1] >= '0' && w[1] <= '9' {
				return strings.Join(words[:i+1], " "), w, true
			}
		}
		return text, "", true
	}
	return strings.Join(words[:min(2, len(words))], " "), "", false
}

func (x *examination) database(ctx context.Context) Check {
	if x.fault != nil {
		return x.fault.check
	}
	// CockroachDB lets in who names a database that does not exist, and refuses this.
	rows, err := x.rows(ctx, "SELECT datname FROM pg_catalog.pg_database WHERE datname = current_database()")
	if e, refused := errors.AsType[*pgconn.PgError](err); refused && missingDatabase(e) {
		return x.noDatabase(x.said(e))
	}
	if err != nil {
		return x.broken(err)
	}
	if len(rows) == 0 {
		return x.noDatabase("the server's list of databases does not have it")
	}
	return ok(x.quote(x.config.Database) + ": exists")
}

func (x *examination) noDatabase(cause string) Check {
	return fail(x.quote(x.config.Database)+": no such database", cause, "make it, as a user who may: CREATE DATABASE "+x.quote(identifier(x.config.Database))+"; or correct the name in the connection string")
}

// missingDatabase: the SQLSTATE is 3D000 but for some functions of CockroachDB's.
func missingDatabase(e *pgconn.PgError) bool {
	return e.Code == "3D000" || strings.HasPrefix(e.Message, "database ") && strings.HasSuffix(e.Message, " does not exist")
}

// identifier quotes a name as SQL wants it.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (x *examination) privilege(ctx context.Context) Check {
	row, err := x.row(ctx, "SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE'), current_setting('default_transaction_read_only')")
	if err != nil {
		return x.broken(err)
	}
	schema, may, readOnly := row[0], row[1], row[2]
	user, where := x.quote(x.user), x.quote(x.config.Database+"."+schema)
	switch {
	case schema == "":
		return fail("a new table has no schema to go to", "none that search_path names is there", "CREATE SCHEMA public, or set a search_path that exists: ALTER ROLE "+x.quote(identifier(x.user))+" SET search_path = public")
	case may != "t" && may != "true":
		return fail(user+" may not create a table in "+where, "it has not the privilege CREATE on the schema",
			"as a user who may: GRANT CREATE ON SCHEMA "+x.quote(identifier(schema))+" TO "+x.quote(identifier(x.user))+"; or migrate as another user")
	case readOnly == "on":
		return fail(user+" may not create a table in "+where, "default_transaction_read_only is on", "ALTER ROLE "+x.quote(identifier(x.user))+" SET default_transaction_read_only = off; or take it out of the options in the connection string")
	}
	return ok(user + " may create a table in " + where)
}

func (x *examination) isolation(ctx context.Context) Check {
	row, err := x.row(ctx, "SHOW default_transaction_isolation")
	if err != nil {
		return x.broken(err)
	}
	level := strings.ToUpper(x.quote(row[0]))
	if level == "SERIALIZABLE" {
		return ok(level)
	}
	return warn(level, "transactions may see and overwrite what others do meanwhile (write skew), which SERIALIZABLE, CockroachDB's own default, prevents",
		"ALTER ROLE "+x.quote(identifier(x.user))+" SET default_transaction_isolation = 'serializable', or lock what is read: SELECT … FOR UPDATE")
}

const (
	roundTrips = 7
	far        = 100 * time.Millisecond
)

func (x *examination) roundTrip(ctx context.Context) Check {
	var times []time.Duration
	for range roundTrips {
		start := time.Now()
		if _, err := x.row(ctx, "SELECT 1"); err != nil {
			return x.broken(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	median := times[roundTrips/2]
	what := short(median) + " for a statement"
	if median >= far {
		return warn(what, "the cluster is far from here, or busy: a transaction of ten statements takes "+short(10*median), "run the program in the cluster's region, and use few statements in a transaction")
	}
	return ok(what)
}
