//go:build e2e && unix

package standin

import (
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A rule says how a statement that PostgreSQL refuses, or takes for something
// else, is answered in CockroachDB's way. The first rule that matches holds.
//
// Rules are matched against the statement without comments and with single
// spaces. What no rule matches is passed on as it stands.
type rule struct {
	name  string
	match *regexp.Regexp
	why   string

	// One of these. rewrite gives the statement for PostgreSQL; do answers
	// without passing the statement on, and may ask the server on the way.
	rewrite func(c *session, m []string) string
	do      func(c *session, m []string) (answers, error)
}

// in compiles a pattern for a whole statement, in any case.
func in(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?is)^` + pattern + `$`) }

// anywhere compiles a pattern for a part of a statement.
func anywhere(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + pattern) }

var rules = []rule{
	// Transactions. The session does these itself because it must know, at each
	// statement, which state the transaction is in.
	{
		name:  "begin",
		match: in(`(?:BEGIN|START TRANSACTION)\b(.*)`),
		why:   "a restart has to begin the transaction again as it was begun",
		do:    (*session).begin,
	},
	{
		name:  "commit",
		match: in(`(?:COMMIT|END)(?: TRANSACTION| WORK)?`),
		why:   "faults strike here, and after cockroach_restart was released there is nothing left to commit",
		do:    (*session).commit,
	},
	{
		name:  "rollback",
		match: in(`(?:ROLLBACK|ABORT)(?: TRANSACTION| WORK)?`),
		why:   "after a failed RELEASE the server has no transaction, but the client has",
		do:    (*session).rollback,
	},
	{
		name:  "savepoint",
		match: in(`SAVEPOINT (.+)`),
		why:   "cockroach_restart is set again after an error to restart the transaction",
		do:    (*session).savepoint,
	},
	{
		name:  "rollback to savepoint",
		match: in(`ROLLBACK(?: TRANSACTION| WORK)? TO(?: SAVEPOINT)? (.+)`),
		why:   "ROLLBACK TO cockroach_restart begins again with a new snapshot; PostgreSQL keeps the old one, with which it fails again",
		do:    (*session).rollbackTo,
	},
	{
		name:  "release savepoint",
		match: in(`RELEASE(?: SAVEPOINT)? (.+)`),
		why:   "RELEASE cockroach_restart is the commit",
		do:    (*session).release,
	},

	// What CockroachDB does not have. The texts are its own.
	{
		name:  "LISTEN",
		match: in(`(LISTEN|NOTIFY)\b.*`),
		why:   "CockroachDB's grammar does not have it",
		do: func(_ *session, m []string) (answers, error) {
			return failure("42601", fmt.Sprintf("at or near %q: syntax error", m[1])), nil
		},
	},
	{
		name:  "CREATE EXTENSION",
		match: in(`CREATE EXTENSION (?:IF NOT EXISTS )?"?([^" ]+)"?.*`),
		why:   "CockroachDB has no extensions",
		do: func(_ *session, m []string) (answers, error) {
			return failure("0A000", fmt.Sprintf("extension %q is not yet supported", m[1])), nil
		},
	},
	{
		name:  "sequences",
		match: in(`CREATE (?:TEMP(?:ORARY)? )?SEQUENCE\b.*|CREATE TABLE .*\b(?:SMALL|BIG)?SERIAL[248]?\b.*|.*\bGENERATED (?:ALWAYS|BY DEFAULT) AS IDENTITY\b.*`),
		why:   "CockroachDB has sequences, but every key taken from one goes to the same range: starters use UUIDs",
		do: func(*session, []string) (answers, error) {
			return failure("0A000", "unimplemented: the stand-in refuses sequences, serial and identity columns: use UUID keys"), nil
		},
	},

	// Settings that PostgreSQL cannot have, because their names have no dot.
	{
		name:  "SET a CockroachDB setting",
		match: in(`SET (?:SESSION |LOCAL )?"?(` + settingNames + `)"? (?:=|TO) '?"?([^'" ]*)"?'?`),
		why:   "PostgreSQL: unrecognized configuration parameter",
		do:    func(c *session, m []string) (answers, error) { return c.set(m[1], m[2], "SET") },
	},
	{
		name:  "RESET a CockroachDB setting",
		match: in(`RESET "?(` + settingNames + `)"?`),
		why:   "PostgreSQL: unrecognized configuration parameter",
		do: func(c *session, m []string) (answers, error) {
			return c.set(m[1], settings[lower(m[1])], "RESET")
		},
	},
	{
		name:  "SHOW a CockroachDB setting",
		match: in(`SHOW (?:SESSION )?"?(` + settingNames + `)"?`),
		why:   "PostgreSQL: unrecognized configuration parameter",
		rewrite: func(_ *session, m []string) string {
			name := lower(m[1])
			return fmt.Sprintf("SELECT coalesce(current_setting('%s%s', true), %s) AS %s", prefix, name, literal(settings[name]), name)
		},
	},
	{
		name:  "SET CLUSTER SETTING",
		match: in(`SET CLUSTER SETTING .*`),
		why:   "test set-ups turn off what makes a test cluster slow",
		do:    func(*session, []string) (answers, error) { return done("SET CLUSTER SETTING"), nil },
	},
	{
		name:    "SHOW CLUSTER SETTING version",
		match:   in(`SHOW CLUSTER SETTING version`),
		why:     "some tools ask for the version this way",
		rewrite: func(*session, []string) string { return "SELECT '25.4'::text AS version" },
	},

	// Syntax that only CockroachDB has.
	{
		name:  "CREATE DATABASE IF NOT EXISTS",
		match: in(`CREATE DATABASE IF NOT EXISTS ("[^"]+"|[^ ]+)(.*)`),
		why:   "PostgreSQL has no IF NOT EXISTS here",
		do: func(c *session, m []string) (answers, error) {
			got, err := c.ask("CREATE DATABASE " + m[1] + m[2])
			if got.failed() && got.last().(*pgproto3.ErrorResponse).Code == "42P04" {
				return done("CREATE DATABASE"), err
			}
			return got, err
		},
	},
	{
		name:    "DROP DATABASE … CASCADE",
		match:   in(`(DROP DATABASE .*?)(?: CASCADE| RESTRICT)`),
		why:     "PostgreSQL drops a database with all that is in it, and has no word for that",
		rewrite: func(_ *session, m []string) string { return m[1] },
	},
	{
		name:  "DROP INDEX table@index",
		match: in(`(DROP INDEX (?:IF EXISTS )?)(?:"[^"]+"|[\w.]+)@(.*)`),
		why:   "CockroachDB's index names belong to their table",
		do:    func(c *session, m []string) (answers, error) { return c.ddl(m[1] + m[2]) },
	},

	// DDL. Last of what begins with CREATE and the like.
	{
		name:  "DDL",
		match: in(`((?:CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|COMMENT ON)\b.*)`),
		why:   "autocommit_before_ddl: a schema change commits the open transaction first and runs outside it",
		do:    func(c *session, m []string) (answers, error) { return c.ddl(m[1]) },
	},

	// Parts of statements.
	{
		name:  "FROM [SHOW SESSION_USER]",
		match: anywhere(`\[SHOW SESSION_USER\]`),
		why:   "Flyway asks who it is with CockroachDB's syntax for a statement as a table",
		rewrite: replaced(anywhere(`\[SHOW SESSION_USER\]`),
			`(SELECT session_user::text AS session_user) AS s`),
	},
	{
		name:    "attishidden",
		match:   anywhere(`\battishidden\b`),
		why:     "a column of CockroachDB's pg_attribute; a view with it would be hidden by a tool's own search_path",
		rewrite: replaced(anywhere(`(?:\b\w+\.)?\battishidden\b`), `false`),
	},
	{
		name:    "AS OF SYSTEM TIME",
		match:   anywhere(`\bAS OF SYSTEM TIME '[^']*'`),
		why:     "PostgreSQL cannot read the past; a test that writes nothing meanwhile cannot tell",
		rewrite: replaced(anywhere(` ?\bAS OF SYSTEM TIME '[^']*'`), ``),
	},
	{
		name:    ":::",
		match:   anywhere(`:::`),
		why:     "CockroachDB's type annotation",
		rewrite: replaced(anywhere(`:::`), `::`),
	},
}

// replaced rewrites a part of the statement, given as the whole of m.
func replaced(part *regexp.Regexp, by string) func(*session, []string) string {
	return func(_ *session, m []string) string { return part.ReplaceAllLiteralString(m[0], by) }
}

// find returns the rule for a statement and what its pattern captured.
func find(sql string) (*rule, []string) {
	text := plain(sql)
	for i := range rules {
		r := &rules[i]
		m := r.match.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		if r.rewrite != nil && len(m) == 1 {
			m = []string{text} // a part was matched; the whole is rewritten
		}
		return r, m
	}
	return nil, nil
}
