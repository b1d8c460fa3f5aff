//go:build e2e && unix

package blackbox

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Database is the switch by which the test takes the service's database away.
type Database interface {
	Refuse()        // resets open connections and refuses new ones
	Reset()         // resets open connections
	Hang()          // accepts connections, never answers
	Restore() error // ends the above
}

// within checks that the answer came in time.
func (a answer) within(t testing.TB, limit time.Duration) {
	t.Helper()
	if a.took > limit {
		t.Errorf("want an answer within %v, not %v\n%s", limit, a.took.Round(time.Millisecond), a)
	}
}

// unready checks both probes while there is no database.
func (c *client) unready(t *testing.T) {
	t.Run("healthz stays 200", func(t *testing.T) {
		a := c.get(t, "/healthz")
		a.is(t, 200)
		a.within(t, time.Second)
	})
	t.Run("readyz is 503 within 2 s", func(t *testing.T) {
		a := c.get(t, "/readyz")
		a.problem(t, 503)
		a.within(t, 2*time.Second+slack/3)
	})
}

// unavailable checks that each kind of request is a 503 within 5 s. They are
// sent together, as each takes its time.
func (c *client) unavailable(t *testing.T) {
	const other = "00000000-0000-4000-8000-000000000001"
	requests := []request{
		{method: "GET", path: "/accounts"},
		{method: "GET", path: "/accounts/" + unknownID},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`},
		{method: "PATCH", path: "/accounts/" + unknownID, body: `{"owner":"Ada"}`},
		{method: "DELETE", path: "/accounts/" + unknownID},
		{method: "POST", path: "/transfers", body: transferBody(unknownID, other, 1)},
		keyed("unavailable", transferBody(unknownID, other, 1)),
		{method: "GET", path: "/transfers/" + unknownID},
	}
	for _, a := range together(len(requests), func(i int) answer { return c.send(requests[i]) }) {
		t.Run(a.method+" "+a.path+" is 503 within 5 s", func(t *testing.T) {
			a.problem(t, 503)
			a.within(t, 5*time.Second+slack/3)
		})
	}
	t.Run("what needs no database is answered as ever", func(t *testing.T) {
		c.post(t, "/accounts", `{}`).problem(t, 400)
		c.get(t, "/nope").problem(t, 404)
	})
}

// StartsWithout checks a service that was started while its database was away.
func StartsWithout(t *testing.T, base string, db Database) {
	c := newClient(base)
	c.unready(t)
	c.unavailable(t)
	t.Run("the database comes: the next request succeeds without a restart", func(t *testing.T) { c.recovers(t, db) })
}

// Unavailable takes the database away from a running service and gives it back.
func Unavailable(t *testing.T, base string, db Database) {
	c := newClient(base)
	from, to := c.openAccount(t, 100), c.openAccount(t, 0)
	// Connections in the pool are what a reset hits.
	together(20, func(int) answer { return c.send(request{method: "GET", path: "/accounts?limit=1"}) })
	t.Run("refused", func(t *testing.T) {
		db.Refuse()
		c.unready(t)
		c.unavailable(t)
		t.Run("it comes back: the next request succeeds without a restart", func(t *testing.T) { c.recovers(t, db) })
	})
	t.Run("reset", func(t *testing.T) {
		together(20, func(int) answer { return c.send(request{method: "GET", path: "/accounts?limit=1"}) })
		db.Reset()
		t.Run("the next requests succeed or are 503, and the service recovers at once", func(t *testing.T) {
			for range 20 {
				if a := c.get(t, "/accounts?limit=1"); a.status != 200 {
					a.problem(t, 503)
				}
			}
			c.get(t, "/readyz").is(t, 200)
		})
	})
	t.Run("reset under transfers, no money is lost or made", func(t *testing.T) {
		var answers []answer
		var done sync.WaitGroup
		done.Go(func() {
			answers = together(40, func(i int) answer {
				time.Sleep(time.Duration(i) * 5 * time.Millisecond)
				return c.send(request{method: "POST", path: "/transfers", body: transferBody(from.id, to.id, 1)})
			})
		})
		for range 4 {
			time.Sleep(50 * time.Millisecond)
			db.Reset()
		}
		done.Wait()
		made, unknown := int64(0), int64(0)
		for _, a := range answers {
			switch a.status {
			case 201:
				made++
			case 503:
				if a.problem(t, 503).Type == OutcomeUnknown {
					unknown++
				}
			default:
				t.Errorf("want 201 or 503\n%s", a)
			}
		}
		have := c.balance(t, to.id)
		if have < made || have > made+unknown || have+c.balance(t, from.id) != 100 {
			t.Errorf("%d transfers were answered 201 and %d of unknown outcome; the receiver holds %d", made, unknown, have)
		}
	})
}

// OutcomeUnknown is the type of a 503 for a COMMIT that may have happened.
const OutcomeUnknown = "urn:problem:outcome-unknown"

func (c *client) recovers(t *testing.T, db Database) {
	if err := db.Restore(); err != nil {
		t.Fatal(err)
	}
	c.get(t, "/readyz").is(t, 200)
	from, to := c.openAccount(t, 10), c.openAccount(t, 0)
	c.post(t, "/transfers", transferBody(from.id, to.id, 1)).is(t, 201)
}

// Hanging lets the database hang under as many requests as the pool has places.
func Hanging(t *testing.T, base string, db Database, poolMax int) {
	one.Lock()
	defer one.Unlock()
	c := newClient(base)
	c.http.Timeout = 2 * patience
	from, to := c.openAccount(t, 100), c.openAccount(t, 0)
	together(2*poolMax, func(int) answer { return c.send(request{method: "GET", path: "/accounts?limit=1"}) })

	db.Hang()
	hung := time.Now()
	ended := make(chan answer, poolMax)
	for i := range poolMax {
		go func() {
			if i%2 == 0 {
				ended <- c.send(request{method: "GET", path: "/accounts/" + from.id})
				return
			}
			ended <- c.send(request{method: "POST", path: "/transfers", body: transferBody(from.id, to.id, 1)})
		}()
	}
	time.Sleep(300 * time.Millisecond) // the requests have the pool's places
	c.unready(t)
	t.Run("many probes of readyz end within 2 s, and healthz is 200 at once all the while", func(t *testing.T) {
		probes := make(chan []answer)
		go func() {
			probes <- together(20, func(int) answer { return c.send(request{method: "GET", path: "/readyz"}) })
		}()
		for range 5 {
			time.Sleep(100 * time.Millisecond)
			a := c.get(t, "/healthz")
			a.is(t, 200)
			a.within(t, time.Second)
		}
		for _, a := range <-probes {
			a.problem(t, 503)
			a.within(t, 2*time.Second+slack/3)
		}
	})
	t.Run("a request that finds no place in the pool is 503 after 3 s at most", func(t *testing.T) {
		a := c.get(t, "/accounts/"+from.id)
		a.problem(t, 503)
		a.within(t, 3*time.Second+slack)
	})

	time.Sleep(time.Until(hung.Add(deadline + slack)))
	inTime := len(ended)
	t.Logf("%d of %d hanging requests ended at their deadline; the others wait for their driver to let go", inTime, poolMax)
	t.Run("when the database answers again so does the service", func(t *testing.T) {
		if err := db.Restore(); err != nil {
			t.Fatal(err)
		}
		limit := time.After(deadline)
		for i := range poolMax {
			select {
			case a := <-ended:
				if i < inTime || a.status != 200 && a.status != 201 {
					a.problem(t, 503)
				}
			case <-limit:
				t.Fatalf("%d requests still hang %v after the database answers again", poolMax-i, deadline)
			}
		}
		c.get(t, "/readyz").is(t, 200)
		c.get(t, "/accounts/"+from.id).is(t, 200)
		if sum := c.balance(t, from.id) + c.balance(t, to.id); sum != 100 {
			t.Errorf("the two accounts hold %d together, want 100", sum)
		}
	})
}

// InternalError asks for what the service cannot answer for a reason that no
// client is to learn.
func InternalError(t *testing.T, base, path string) {
	t.Run("a 500 says nothing of the inside", func(t *testing.T) {
		a := newClient(base).get(t, path)
		a.problem(t, 500)
		if strings.Contains(string(a.body), "transfers_") || strings.Contains(string(a.body), "relation") || strings.Contains(string(a.body), "42P01") {
			t.Errorf("the answer tells what the database said\n%s", a)
		}
	})
}

// A Process is what Shutdown ends.
type Process interface {
	Signal(syscall.Signal) error
	Wait(limit time.Duration) (exit int, err error)
}

// Shutdown sends SIGTERM to the service while a request is in flight.
func Shutdown(t *testing.T, base string, db Database, p Process) {
	c := newClient(base)
	from, to := c.openAccount(t, 100), c.openAccount(t, 0)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", u.Host) // a client that keeps a connection and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()

	db.Hang()
	inFlight := make(chan answer, 1)
	go func() {
		inFlight <- c.send(request{method: "POST", path: "/transfers", body: transferBody(from.id, to.id, 1)})
	}()
	time.Sleep(500 * time.Millisecond)
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(700 * time.Millisecond)
	t.Run("after SIGTERM no new connection is served", func(t *testing.T) {
		late := newClient(base)
		late.http.Timeout = 500 * time.Millisecond
		if a := late.send(request{method: "GET", path: "/healthz"}); a.err == nil {
			t.Errorf("want no answer\n%s", a)
		}
	})
	if err := db.Restore(); err != nil {
		t.Fatal(err)
	}
	t.Run("the request in flight finishes", func(t *testing.T) {
		a := <-inFlight
		if a.is(t, 201) {
			a.transfer(t)
		}
	})
	t.Run("the exit code is 0", func(t *testing.T) {
		switch exit, err := p.Wait(deadline + slack); {
		case err != nil:
			t.Error(err)
		case exit != 0:
			t.Errorf("want exit code 0, have %d", exit)
		}
	})
}
