// Package doctor finds out whether a connection to CockroachDB is going to work, and if not, at which step and why.
//
// Goals: every step from the variable to the migrations is looked at by itself and in order, so that a fault is told by
// its own name, with its cause and a way out. Nothing is changed in the database. No secret is in any result: neither the
// password, nor what a server or a file says where that could repeat it.
// Non-goals: it prints nothing and asks nothing. It does not connect as any one driver would: where drivers differ, the
// result says for which of them it holds.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"iter"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Outcome is what came of a check.
type Outcome string

const (
	OK      Outcome = "ok"
	Warn    Outcome = "warn"    // it works, but not as it should
	Fail    Outcome = "fail"    // it does not work
	Skipped Outcome = "skipped" // not looked at
)

// A Check is one step and what came of it. The texts are lines for people, without a period at the end.
type Check struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	What    string  `json:"what"`
	Cause   string  `json:"cause"`  // of what is not ok
	Remedy  string  `json:"remedy"` // of what fails or is warned of
}

// Options say what to look at.
type Options struct {
	Source  Source
	Starter bool          // it is a starter's own connection, which must be as starters want it
	Dialect *conn.Dialect // of the starter's tool, if that is known
	Dir     string        // what relative paths in the connection string are relative to
	Timeout time.Duration // of each step that waits for the network

	Node       string      // the line that starts a local node, to be recommended
	Migrations *Migrations // of the starter; nil if there are none to look at
	Unknown    string      // why there are none
}

// An examination is what the steps know of each other.
type examination struct {
	Options
	stop string // why the steps that are left make no sense

	source string      // where the connection string was found
	jdbc   bool        // it was written for pgjdbc
	config conn.Config // held to the TLS that it needs

	address string           // host and port that answered
	roots   *x509.CertPool   // that the server's certificate was found good by; nil is the system's
	cert    *tls.Certificate // the client's, or none

	tried    bool // to log in
	server   *pgconn.PgConn
	fault    *fault   // why there is no server
	user     string   // that logged in
	borrowed bool     // its password comes from the environment or the password file
	secret   []string // what no text may repeat
}

// A step is one check. Where it fails, those behind it make no sense if it is needed by all of them.
type step struct {
	id     string
	needed bool
	run    func(*examination, context.Context) Check
}

// The ids are public: --json has them.
var steps = []step{
	{"variable", true, (*examination).variable},
	{"name", true, (*examination).name},
	{"port", true, (*examination).port},
	{"tls", true, (*examination).tls},
	{"routing", true, (*examination).routing},
	{"authentication", true, (*examination).authentication},
	{"version", true, (*examination).version},
	{"database", true, (*examination).database},
	{"privilege", false, (*examination).privilege},
	{"isolation", false, (*examination).isolation},
	{"round-trip", false, (*examination).roundTrip},
	{"migrations", false, (*examination).migrations},
}

// Examine yields every check in order, each as soon as it is done. When ctx is cancelled the sequence ends early.
func Examine(ctx context.Context, o Options) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		x := &examination{Options: o}
		defer x.close()
		for _, s := range steps {
			c := Check{Outcome: Skipped, What: "not looked at", Cause: x.stop}
			if x.stop == "" {
				c = s.run(x, ctx)
				if ctx.Err() != nil {
					return
				}
			}
			c.ID = s.id
			if c.Outcome == Fail && s.needed {
				x.stop = s.id + " failed"
			}
			if !yield(c) {
				return
			}
		}
	}
}

func (x *examination) close() {
	if x.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = x.server.Close(ctx) // nothing is under way in it
	}
}

// step bounds one wait for the network.
func (x *examination) step(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, x.Timeout)
}

func ok(what string) Check { return Check{Outcome: OK, What: what} }
func warn(what, cause, remedy string) Check {
	return Check{Outcome: Warn, What: what, Cause: cause, Remedy: remedy}
}
func fail(what, cause, remedy string) Check {
	return Check{Outcome: Fail, What: what, Cause: cause, Remedy: remedy}
}

// skipped is a step that has nothing to look at.
func skipped(cause string) Check { return Check{Outcome: Skipped, What: "not looked at", Cause: cause} }

// loopback says whether the host is this machine.
func (x *examination) loopback() bool {
	addr, err := netip.ParseAddr(x.config.Host)
	return x.config.Host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// cloud says whether the host is CockroachDB Cloud's.
func (x *examination) cloud() bool {
	d := conn.Infer(x.config)
	return d == conn.Basic || d == conn.Advanced
}
