//go:build e2e && unix

package blackbox

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// sameAnswer checks that the second answer is the first one again.
func sameAnswer(t testing.TB, first, second answer) {
	t.Helper()
	if !first.is(t, 201) || !second.is(t, 201) {
		return
	}
	if first.transfer(t) != second.transfer(t) || first.header.Get("Location") != second.header.Get("Location") {
		t.Errorf("want the first answer again\n%s\n%s", first, second)
	}
}

func idempotency(t *testing.T, c *client) {
	t.Run("the same key and body returns the first answer and moves money once", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		r := keyed(rand.Text(), transferBody(from.id, to.id, 40))
		first, second := c.must(t, r), c.must(t, r)
		sameAnswer(t, first, second)
		c.hasBalance(t, from.id, 60, second)
		c.hasBalance(t, to.id, 40, second)
	})
	t.Run("the same body is one with the same from, to and amount, however it is written", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		key := rand.Text()
		first := c.must(t, keyed(key, transferBody(from.id, to.id, 40)))
		second := c.must(t, keyed(key, fmt.Sprintf("{\n \"amount\" : 40, \"to\":%q,\n\"from\":%q }\n",
			strings.ToUpper(to.id), strings.ToUpper(from.id))))
		sameAnswer(t, first, second)
		c.hasBalance(t, to.id, 40, second)
	})
	t.Run("the same key with another body is 422", func(t *testing.T) {
		from, to, other := c.openAccount(t, 100), c.openAccount(t, 100), c.openAccount(t, 100)
		key := rand.Text()
		c.must(t, keyed(key, transferBody(from.id, to.id, 40))).is(t, 201)
		for _, changed := range []struct{ claim, body string }{
			{"another amount", transferBody(from.id, to.id, 41)},
			{"another sender", transferBody(other.id, to.id, 40)},
			{"another receiver", transferBody(from.id, other.id, 40)},
			{"the accounts swapped", transferBody(to.id, from.id, 40)},
			{"an unknown account (422 comes before 404)", transferBody(from.id, unknownID, 40)},
			{"more than there is (422 comes before 409)", transferBody(from.id, to.id, 4000)},
		} {
			t.Run(changed.claim, func(t *testing.T) {
				a := c.must(t, keyed(key, changed.body))
				a.problem(t, 422)
				c.hasBalance(t, from.id, 60, a)
				c.hasBalance(t, to.id, 140, a)
				c.hasBalance(t, other.id, 100, a)
			})
		}
	})
	t.Run("the first answer comes again though the money is gone", func(t *testing.T) {
		from, to := c.openAccount(t, 40), c.openAccount(t, 0)
		r := keyed(rand.Text(), transferBody(from.id, to.id, 40))
		first, second := c.must(t, r), c.must(t, r)
		sameAnswer(t, first, second)
	})
	t.Run("another key is another transfer, and keys are case-sensitive", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		body := transferBody(from.id, to.id, 10)
		key := rand.Text()
		first, second := c.must(t, keyed("k"+key, body)), c.must(t, keyed("K"+key, body))
		first.is(t, 201)
		second.is(t, 201)
		c.hasBalance(t, to.id, 20, second)
	})
	t.Run("a transfer that failed does not use its key up", func(t *testing.T) {
		from, to, rich := c.openAccount(t, 5), c.openAccount(t, 0), c.openAccount(t, 100)
		r := keyed(rand.Text(), transferBody(from.id, to.id, 50))
		c.must(t, r).problem(t, 409)
		c.post(t, "/transfers", transferBody(rich.id, from.id, 60)).is(t, 201)
		a := c.must(t, r)
		a.is(t, 201)
		c.hasBalance(t, to.id, 50, a)
		t.Run("nor does one of an unknown account", func(t *testing.T) {
			key := rand.Text()
			c.must(t, keyed(key, transferBody(rich.id, unknownID, 1))).problem(t, 404)
			c.must(t, keyed(key, transferBody(rich.id, to.id, 1))).is(t, 201)
		})
	})
	t.Run("a key of 255 visible characters is taken", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		visible := ""
		for r := '!'; r <= '~'; r++ {
			visible += string(r)
		}
		for _, key := range []string{strings.Repeat("k", 255-26) + rand.Text(), visible + rand.Text()} {
			r := keyed(key, transferBody(from.id, to.id, 1))
			sameAnswer(t, c.must(t, r), c.must(t, r))
		}
	})
	t.Run("a key of one character is taken", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		a := c.must(t, keyed("k", transferBody(from.id, to.id, 1)))
		if a.status != 422 { // an earlier run may have used it
			a.is(t, 201)
		}
	})
	for claim, key := range map[string]string{
		"an empty key":         "",
		"a key of 256":         strings.Repeat("k", 256),
		"a key with a space":   "two words",
		"a key with a tab":     "two\twords",
		"a key beyond ASCII":   "cl\xc3\xa9",
		"a key in Latin-1":     "cl\xe9",
		"a key of white space": "\u00a0",
	} {
		t.Run(claim+" is 400", func(t *testing.T) {
			from, to := c.openAccount(t, 100), c.openAccount(t, 0)
			a := c.must(t, keyed(key, transferBody(from.id, to.id, 1)))
			a.problem(t, 400)
			c.hasBalance(t, to.id, 0, a)
		})
	}
	t.Run("an invalid body is 400 whatever its key", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		key := rand.Text()
		c.must(t, keyed(key, transferBody(from.id, to.id, 1))).is(t, 201)
		c.must(t, keyed(key, transferBody(from.id, to.id, 0))).problem(t, 400)
	})
	t.Run("racing requests with one key move money once", func(t *testing.T) { race(t, c) })
	t.Run("racing requests with one key and different bodies: one wins, the others are 422", func(t *testing.T) {
		from, to := c.openAccount(t, 1000), c.openAccount(t, 0)
		key := rand.Text()
		answers := together(10, func(i int) answer {
			return c.send(keyed(key, transferBody(from.id, to.id, int64(i+1))))
		})
		var won int64
		for _, a := range answers {
			if a.err == nil && a.status == 201 {
				if won != 0 {
					t.Errorf("a second one won\n%s", a)
				}
				won = a.transfer(t).amount
				continue
			}
			a.problem(t, 422)
		}
		c.hasBalance(t, to.id, won, answers[0])
	})
}

// race sends the same keyed transfer many times at once, over all the clients.
func race(t *testing.T, clients ...*client) {
	c := clients[0]
	from, to := c.openAccount(t, 1000), c.openAccount(t, 0)
	r := keyed(rand.Text(), transferBody(from.id, to.id, 7))
	answers := together(20, func(i int) answer { return clients[i%len(clients)].send(r) })
	for _, a := range answers {
		sameAnswer(t, answers[0], a)
	}
	c.hasBalance(t, from.id, 993, answers[0])
	c.hasBalance(t, to.id, 7, answers[0])
}

// together calls send n times at the same moment.
func together(n int, send func(i int) answer) []answer {
	answers := make([]answer, n)
	var started, done sync.WaitGroup
	started.Add(1)
	for i := range n {
		done.Go(func() {
			started.Wait()
			answers[i] = send(i)
		})
	}
	started.Done()
	done.Wait()
	return answers
}
