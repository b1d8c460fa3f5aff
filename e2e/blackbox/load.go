//go:build e2e && unix

package blackbox

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// deadline is what a request has, waiting and retries included; slack is for
// the machine that runs both sides of 200 requests.
const (
	deadline = 10 * time.Second
	slack    = 1500 * time.Millisecond
)

// one holds the load checks of several services apart: they share the cores.
var one sync.Mutex

// Load checks what must hold under 200 concurrent transfers among 10 accounts.
// With several bases, replicas of one service, the requests go to them in turn.
func Load(t *testing.T, bases ...string) {
	one.Lock()
	defer one.Unlock()
	var clients []*client
	for _, base := range bases {
		clients = append(clients, newClient(base))
	}
	t.Run("200 concurrent transfers among 10 accounts", func(t *testing.T) {
		storm(t, clients, func() {}, func() {}, deadline, 201, 409)
	})
	t.Run("racing requests with one key move money once", func(t *testing.T) { race(t, clients...) })
	t.Run("deleting and changing accounts that money moves between is never a 500", func(t *testing.T) { upheaval(t, clients) })
}

// warmUp has a service serve a while: what is promised of many requests at once is
// not promised of a runtime's first second, in which it still compiles.
func warmUp(t *testing.T, c *client) {
	a, b := c.openAccount(t, 1).id, c.openAccount(t, 0).id
	for range 100 {
		c.send(request{method: "POST", path: "/transfers", body: transferBody(a, b, 1)}).is(t, 201)
		a, b = b, a
	}
}

// storm sends 200 transfers at once, which may be answered with the statuses, and
// then accounts for every unit of money. begin makes the storm when the accounts
// have been opened: one opening in six hundred fails at all its retries. calm
// ends it before they are read.
//
// A service that serves fewer than 200 requests at once lets the others wait
// before their 10 s begin, so how long to be patient is the caller's to say.
func storm(t *testing.T, clients []*client, begin, calm func(), patient time.Duration, allowed ...int) {
	const count, each = 10, 1000
	var ids []string
	want := map[string]int64{}
	for range count {
		a := clients[0].openAccount(t, each)
		ids = append(ids, a.id)
		want[a.id] = each
	}
	for _, c := range clients {
		warmUp(t, c)
	}
	begin()
	answers := together(200, func(i int) answer {
		pair := mathrand.Perm(count)
		// Up to half an account's money, so that some transfers find too little.
		body := transferBody(ids[pair[0]], ids[pair[1]], 1+mathrand.Int64N(each/2))
		return clients[i%len(clients)].send(request{method: "POST", path: "/transfers", body: body})
	})
	calm()

	statuses := map[int]int{}
	shown := 0
	complain := func(claim string, a answer) {
		if shown++; shown <= 3 {
			t.Errorf("%s\n%s", claim, a)
		}
	}
	var slowest time.Duration
	rows := map[string]transfer{}
	t.Run(fmt.Sprintf("every answer is one of %v, in %v", allowed, patient), func(t *testing.T) {
		for _, a := range answers {
			statuses[a.status]++
			slowest = max(slowest, a.took)
			switch {
			case a.err != nil || !slices.Contains(allowed, a.status):
				complain(fmt.Sprintf("want one of %v", allowed), a)
			case a.status != 201:
				a.problem(t, a.status)
			default:
				made := a.transfer(t)
				rows[made.id] = made
				want[made.from] -= made.amount
				want[made.to] += made.amount
			}
		}
		t.Logf("answers: %v, the slowest after %v", statuses, slowest.Round(time.Millisecond))
		if slowest > patient {
			t.Errorf("want every answer within %v", patient)
		}
	})
	t.Run("each 201 has its row", func(t *testing.T) {
		if len(rows) != statuses[201] {
			t.Errorf("%d answers 201 hold %d ids", statuses[201], len(rows))
		}
		for id, row := range rows {
			a := clients[len(clients)-1].get(t, "/transfers/"+id)
			if a.is(t, 200) && a.transfer(t) != row {
				t.Errorf("want %+v\n%s", row, a)
			}
		}
	})
	t.Run("the sum is unchanged, no balance is negative, each is what its transfers make it", func(t *testing.T) {
		var sum int64
		for _, id := range ids {
			have := clients[len(clients)-1].balance(t, id)
			sum += have
			if have != want[id] || have < 0 {
				t.Errorf("account %s holds %d; the transfers answered with 201 make it %d", id, have, want[id])
			}
		}
		if sum != count*each {
			t.Errorf("the accounts hold %d together, want %d", sum, count*each)
		}
	})
}

func upheaval(t *testing.T, clients []*client) {
	c := clients[0]
	hub := c.openAccount(t, 10000)
	var ids []string
	for range 10 {
		ids = append(ids, c.openAccount(t, 10).id)
	}
	key := rand.Text()
	answers := together(60, func(i int) answer {
		c, id := clients[i%len(clients)], ids[i/6]
		switch i % 6 {
		case 0:
			return c.send(request{method: "DELETE", path: "/accounts/" + id})
		case 1:
			return c.send(request{method: "PATCH", path: "/accounts/" + hub.id, body: fmt.Sprintf(`{"owner":"owner %d"}`, i)})
		case 2:
			return c.send(request{method: "GET", path: "/accounts"})
		case 3:
			return c.send(keyed(key+id, transferBody(hub.id, id, 1)))
		case 4:
			return c.send(keyed(key+id, transferBody(hub.id, id, 1)))
		default:
			return c.send(request{method: "POST", path: "/transfers", body: transferBody(id, hub.id, 10)})
		}
	})
	for _, a := range answers {
		switch a.status {
		case 200, 201, 204:
		case 404, 409:
			a.problem(t, a.status)
		default:
			t.Errorf("want 2xx, 404 or 409\n%s", a)
		}
	}
}
