//go:build e2e && unix

package blackbox

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/crdb-init/crdb-init/e2e/standin"
)

// A write is one of the requests that change something, and how to ask whether
// it happened.
type write struct {
	name    string
	request request
	status  int
	count   func(t testing.TB) int // how often it took effect
}

// writes makes each kind of write anew, with accounts of its own.
func (c *client) writes(t testing.TB) []write {
	t.Helper()
	from, to, renamed, deleted := c.openAccount(t, 100), c.openAccount(t, 0), c.openAccount(t, 0), c.openAccount(t, 0)
	owner := "owner " + rand.Text()
	moved := func(t testing.TB) int { return int(c.balance(t, to.id)) }
	return []write{
		{"POST /transfers", request{method: "POST", path: "/transfers", body: transferBody(from.id, to.id, 1)}, 201, moved},
		{"POST /accounts", request{method: "POST", path: "/accounts", body: fmt.Sprintf(`{"owner":%q}`, owner)}, 201,
			func(t testing.TB) int { return c.owned(t, owner) }},
		{"PATCH /accounts/{id}", request{method: "PATCH", path: "/accounts/" + renamed.id, body: fmt.Sprintf(`{"owner":%q}`, owner+"2")}, 200,
			func(t testing.TB) int { return c.owned(t, owner+"2") }},
		{"DELETE /accounts/{id}", request{method: "DELETE", path: "/accounts/" + deleted.id}, 204,
			func(t testing.TB) int {
				if c.get(t, "/accounts/"+deleted.id).status == 404 {
					return 1
				}
				return 0
			}},
	}
}

// owned counts the accounts of an owner.
func (c *client) owned(t testing.TB, owner string) int {
	t.Helper()
	n, after := 0, ""
	for {
		p := c.get(t, "/accounts?limit=100"+after).page(t)
		for _, a := range p.accounts {
			if a.owner == owner {
				n++
			}
		}
		if p.next == "" {
			return n
		}
		after = "&after=" + p.next
	}
}

// Retries checks what the service makes of SQLSTATE 40001. It was started with
// DB_MAX_RETRIES=maxRetries, a small number.
func Retries(t *testing.T, base string, db *standin.StandIn, maxRetries int) {
	c := newClient(base)
	defer db.Inject(nil)
	for i, w := range c.writes(t) {
		t.Run(w.name+" is run again when its COMMIT fails with 40001", func(t *testing.T) {
			db.Inject(standin.NthCommit(1, standin.Retry))
			a := c.must(t, w.request)
			db.Inject(nil)
			a.is(t, w.status)
			if n := w.count(t); n != 1 {
				t.Errorf("want one effect, have %d\n%s", n, a)
			}
		})
		t.Run(w.name+" is run again whichever of its statements fails with 40001", func(t *testing.T) {
			for n := int32(1); n <= 8; n++ {
				w := c.writes(t)[i]
				struck := false
				nth := standin.NthStatement(n, standin.Retry)
				db.Inject(func(e standin.Event) standin.Fault {
					f := nth(e)
					struck = struck || f != standin.None
					return f
				})
				a := c.must(t, w.request)
				db.Inject(nil)
				a.is(t, w.status)
				if have := w.count(t); have != 1 {
					t.Errorf("want one effect, have %d, after statement %d failed\n%s", have, n, a)
				}
				if !struck {
					if n == 1 {
						t.Errorf("no statement ran in an explicit transaction\n%s", a)
					}
					return // the write has fewer statements
				}
			}
		})
	}
	t.Run("a transaction is run again DB_MAX_RETRIES times at most, then 503 with Retry-After", func(t *testing.T) {
		for _, w := range c.writes(t) {
			t.Run(w.name, func(t *testing.T) {
				var commits atomic.Int32
				db.Inject(func(e standin.Event) standin.Fault {
					if !e.Commit {
						return standin.None
					}
					commits.Add(1)
					return standin.Retry
				})
				a := c.must(t, w.request)
				db.Inject(nil)
				p := a.problem(t, 503)
				if p.Type != "about:blank" || a.header.Get("Retry-After") == "" {
					t.Errorf("want about:blank and Retry-After\n%s", a)
				}
				if n := int(commits.Load()); n != 1+maxRetries {
					t.Errorf("want %d COMMITs, have %d\n%s", 1+maxRetries, n, a)
				}
				if n := w.count(t); n != 0 {
					t.Errorf("want no effect, have %d\n%s", n, a)
				}
			})
		}
	})
}

// Deadline checks that retries end with the request's time. The service was
// started with so many retries that nothing else ends them.
func Deadline(t *testing.T, base string, db *standin.StandIn) {
	c := newClient(base)
	defer db.Inject(nil)
	from, to := c.openAccount(t, 100), c.openAccount(t, 0)
	db.Inject(func(e standin.Event) standin.Fault {
		if e.Commit {
			return standin.Retry
		}
		return standin.None
	})
	a := c.post(t, "/transfers", transferBody(from.id, to.id, 1))
	db.Inject(nil)
	a.problem(t, 503)
	a.within(t, deadline+slack/3)
	c.hasBalance(t, to.id, 0, a)
}

// Storm checks the promises under load while a third of all statements and
// COMMITs fail with 40001.
func Storm(t *testing.T, base string, db *standin.StandIn) {
	one.Lock()
	defer one.Unlock()
	begin := func() { db.Inject(standin.Sometimes(1.0/3, standin.Retry)) }
	calm := func() { db.Inject(nil) }
	defer calm()
	storm(t, []*client{newClient(base)}, begin, calm, patience, 201, 409, 503)
}

// Outcomes checks COMMITs of which the service cannot know whether they took effect.
func Outcomes(t *testing.T, base string, db *standin.StandIn) {
	c := newClient(base)
	defer db.Inject(nil)
	for _, fault := range []struct {
		claim string
		fault standin.Fault
		done  int
	}{
		{"the connection breaks before the COMMIT takes effect", standin.DropBefore, 0},
		{"the connection breaks after the COMMIT took effect", standin.DropAfter, 1},
		{"a COMMIT that took effect answers 40003", standin.AmbiguousDone, 1},
		{"a COMMIT that took no effect answers 40003", standin.AmbiguousLost, 0},
	} {
		t.Run(fault.claim, func(t *testing.T) {
			for _, w := range c.writes(t) {
				t.Run(w.name+" without a key is 503, outcome unknown", func(t *testing.T) {
					db.Inject(standin.NthCommit(1, fault.fault))
					a := c.must(t, w.request)
					db.Inject(nil)
					a.unknown(t)
					if n := w.count(t); n != fault.done {
						t.Errorf("want %d effects, have %d\n%s", fault.done, n, a)
					}
				})
			}
			t.Run("POST /transfers with a key is 201 and moves money once", func(t *testing.T) {
				from, to := c.openAccount(t, 100), c.openAccount(t, 0)
				r := keyed(rand.Text(), transferBody(from.id, to.id, 1))
				db.Inject(standin.NthCommit(1, fault.fault))
				first := c.must(t, r)
				db.Inject(nil)
				sameAnswer(t, first, c.must(t, r))
				c.hasBalance(t, to.id, 1, first)
			})
			t.Run("twice in a row it is 503 or 201 with a key, and the key still decides", func(t *testing.T) {
				from, to := c.openAccount(t, 100), c.openAccount(t, 0)
				r := keyed(rand.Text(), transferBody(from.id, to.id, 1))
				var commits atomic.Int32
				db.Inject(func(e standin.Event) standin.Fault {
					if e.Commit && commits.Add(1) <= 2 {
						return fault.fault
					}
					return standin.None
				})
				a := c.must(t, r)
				db.Inject(nil)
				// The second run may find the key and answer without a COMMIT that can fail.
				if a.status != 201 {
					a.problem(t, 503)
				}
				again := c.must(t, r)
				again.is(t, 201)
				c.hasBalance(t, to.id, 1, again)
			})
		})
	}
	t.Run("a connection that breaks before the COMMIT was sent leaves no doubt", func(t *testing.T) {
		for _, w := range c.writes(t) {
			t.Run(w.name, func(t *testing.T) {
				db.Inject(standin.NthStatement(1, standin.DropBefore))
				a := c.must(t, w.request)
				db.Inject(nil)
				n := w.count(t)
				if a.status == w.status && n == 1 {
					return // it was run again
				}
				if p := a.problem(t, 503); p.Type != "about:blank" || n != 0 {
					t.Errorf("want 503 about:blank and no effect, have %d effects\n%s", n, a)
				}
			})
		}
	})
}

// unknown checks the answer to a write whose outcome nobody knows. It names no
// time to come back, for coming back could do it twice.
func (a answer) unknown(t testing.TB) {
	t.Helper()
	if p := a.problem(t, 503); p.Type != OutcomeUnknown || a.header.Get("Retry-After") != "" {
		t.Errorf("want the type %s and no Retry-After\n%s", OutcomeUnknown, a)
	}
}
