//go:build e2e && unix

package blackbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func health(t *testing.T, c *client) {
	t.Run("GET healthz is 200 and says ok", func(t *testing.T) {
		a := c.get(t, "/healthz")
		if a.is(t, 200) && a.text(t, a.fields(t, "status")["status"]) != "ok" {
			t.Errorf(`want "ok"`+"\n%s", a)
		}
	})
	t.Run("GET readyz is 200 and says ready", func(t *testing.T) {
		a := c.get(t, "/readyz")
		if a.is(t, 200) && a.text(t, a.fields(t, "status")["status"]) != "ready" {
			t.Errorf(`want "ready"`+"\n%s", a)
		}
	})
}

func accounts(t *testing.T, c *client) {
	t.Run("POST is 201 with the account and its Location", func(t *testing.T) {
		a := c.post(t, "/accounts", `{"owner":"Ada","balance":1000}`)
		if !a.is(t, 201) {
			return
		}
		made := a.account(t)
		if made.owner != "Ada" || made.balance != 1000 {
			t.Errorf("want owner Ada and balance 1000\n%s", a)
		}
		if want := "/accounts/" + made.id; a.header.Get("Location") != want {
			t.Errorf("want Location: %s\n%s", want, a)
		}
	})
	t.Run("the balance defaults to 0", func(t *testing.T) {
		a := c.post(t, "/accounts", `{"owner":"Ada"}`)
		if a.is(t, 201) && a.account(t).balance != 0 {
			t.Errorf("want balance 0\n%s", a)
		}
	})
	t.Run("each account has an id of its own", func(t *testing.T) {
		if a, b := c.openAccount(t, 1), c.openAccount(t, 1); a.id == b.id {
			t.Errorf("both are %s", a.id)
		}
	})
	t.Run("GET is 200 with the account as it was made", func(t *testing.T) {
		made := c.openAccount(t, 17)
		a := c.get(t, "/accounts/"+made.id)
		if a.is(t, 200) && a.account(t) != made {
			t.Errorf("want %+v\n%s", made, a)
		}
	})
	t.Run("ids are read in any case and written in lower case", func(t *testing.T) {
		made := c.openAccount(t, 17)
		a := c.get(t, "/accounts/"+strings.ToUpper(made.id))
		if a.is(t, 200) && a.account(t) != made {
			t.Errorf("want %+v\n%s", made, a)
		}
	})
	t.Run("GET of an unknown account is 404", func(t *testing.T) {
		c.get(t, "/accounts/"+unknownID).problem(t, 404)
	})
	t.Run("the largest balance is kept exactly", func(t *testing.T) {
		made := c.openAccount(t, maxMoney)
		if have := c.balance(t, made.id); made.balance != maxMoney || have != maxMoney {
			t.Errorf("have %d, then %d, want %d", made.balance, have, int64(maxMoney))
		}
	})

	t.Run("PATCH is 200 and changes the owner and nothing else", func(t *testing.T) {
		want := c.openAccount(t, 23)
		want.owner = "Grace"
		a := c.patch(t, "/accounts/"+want.id, `{"owner":"Grace"}`)
		if a.is(t, 200) && a.account(t) != want {
			t.Errorf("want %+v\n%s", want, a)
		}
		if a := c.get(t, "/accounts/"+want.id); a.is(t, 200) && a.account(t) != want {
			t.Errorf("want %+v\n%s", want, a)
		}
	})
	t.Run("PATCH of an unknown account is 404", func(t *testing.T) {
		c.patch(t, "/accounts/"+unknownID, `{"owner":"Grace"}`).problem(t, 404)
	})

	t.Run("DELETE is 204 without a body", func(t *testing.T) {
		id := c.openAccount(t, 5).id
		if a := c.delete(t, "/accounts/"+id); a.is(t, 204) && len(a.body) > 0 {
			t.Errorf("want no body\n%s", a)
		}
		c.get(t, "/accounts/"+id).problem(t, 404)
		t.Run("and the second time 404", func(t *testing.T) {
			c.delete(t, "/accounts/"+id).problem(t, 404)
		})
	})
	t.Run("DELETE with a JSON Content-Type and no body is 204", func(t *testing.T) {
		id := c.openAccount(t, 5).id
		c.must(t, request{method: "DELETE", path: "/accounts/" + id,
			header: map[string]string{"Content-Type": "application/json"}}).is(t, 204)
	})
	t.Run("DELETE is 409 when transfers refer to the account", func(t *testing.T) {
		from, to := c.openAccount(t, 5), c.openAccount(t, 0)
		c.post(t, "/transfers", transferBody(from.id, to.id, 5)).is(t, 201)
		for _, id := range []string{from.id, to.id} {
			c.delete(t, "/accounts/"+id).problem(t, 409)
			c.get(t, "/accounts/"+id).is(t, 200)
		}
	})
}

type page struct {
	accounts []account
	next     string // empty: null
}

func (a answer) page(t testing.TB) page {
	t.Helper()
	if !a.is(t, 200) {
		t.FailNow()
	}
	f := a.fields(t, "accounts", "next")
	var p page
	var rows []json.RawMessage
	if err := json.Unmarshal(f["accounts"], &rows); err != nil || f["accounts"][0] != '[' {
		t.Fatalf("want an array of accounts\n%s", a)
	}
	for _, row := range rows {
		one := answer{request: a.request, status: a.status, header: a.header, body: row, took: a.took}
		p.accounts = append(p.accounts, one.account(t))
	}
	if string(f["next"]) != "null" {
		p.next = a.uuid(t, f["next"])
	}
	return p
}

func paging(t *testing.T, c *client) {
	made := map[string]account{}
	for i := range 120 { // more than the largest page
		a := c.openAccount(t, int64(i))
		made[a.id] = a
	}
	// walk follows next to the end and checks what holds of every walk.
	walk := func(t *testing.T, limit int) []account {
		var all []account
		after := ""
		for range 10000 {
			path := fmt.Sprintf("/accounts?limit=%d", limit)
			if after != "" {
				path += "&after=" + after
			}
			a := c.get(t, path)
			p := a.page(t)
			if len(p.accounts) > limit {
				t.Fatalf("want at most %d accounts\n%s", limit, a)
			}
			all = append(all, p.accounts...)
			if p.next == "" {
				return all
			}
			if len(p.accounts) == 0 {
				t.Fatalf("want null for next on an empty page\n%s", a)
			}
			after = p.next
		}
		t.Fatal("the pages have no end")
		return nil
	}
	for _, limit := range []int{1, 7, 100} {
		if limit == 1 && testing.Short() {
			continue
		}
		t.Run(fmt.Sprintf("pages of %d hold every account once, in order of id, as it is", limit), func(t *testing.T) {
			all := walk(t, limit)
			if !slices.IsSortedFunc(all, func(a, b account) int { return strings.Compare(a.id, b.id) }) {
				t.Error("the accounts are not in order of id")
			}
			seen := map[string]int{}
			for _, a := range all {
				if seen[a.id]++; seen[a.id] > 1 {
					t.Errorf("account %s is listed twice", a.id)
				}
				if want, ok := made[a.id]; ok && a != want {
					t.Errorf("have %+v, want %+v", a, want)
				}
			}
			for id := range made {
				if seen[id] == 0 {
					t.Errorf("account %s is missing", id)
				}
			}
		})
	}
	t.Run("the limit defaults to 50", func(t *testing.T) {
		a := c.get(t, "/accounts")
		if p := a.page(t); len(p.accounts) != 50 || p.next == "" {
			t.Errorf("want 50 accounts and a next\n%s", a)
		}
	})
	t.Run("the page before the last has a next that is not null", func(t *testing.T) {
		all := walk(t, 100)
		a := c.get(t, "/accounts?limit=1&after="+all[len(all)-3].id)
		if p := a.page(t); len(p.accounts) != 1 || p.next == "" {
			t.Errorf("want one account and a next, for one more follows\n%s", a)
		}
	})
	t.Run("after the last account the page is empty and next is null", func(t *testing.T) {
		a := c.get(t, "/accounts?after=ffffffff-ffff-ffff-ffff-ffffffffffff")
		if p := a.page(t); len(p.accounts) != 0 || p.next != "" {
			t.Errorf("want no accounts and null\n%s", a)
		}
	})
	t.Run("after is read in any case", func(t *testing.T) {
		all := walk(t, 100)
		at := all[len(all)-2].id
		a := c.get(t, "/accounts?after="+strings.ToUpper(at))
		if p := a.page(t); len(p.accounts) != 1 || p.accounts[0] != all[len(all)-1] {
			t.Errorf("want the one account after %s\n%s", at, a)
		}
	})
	t.Run("after an account that is gone the list goes on", func(t *testing.T) {
		gone := c.openAccount(t, 0)
		c.delete(t, "/accounts/"+gone.id).is(t, 204)
		for _, a := range c.get(t, "/accounts?after="+gone.id).page(t).accounts {
			if a.id < gone.id {
				t.Errorf("account %s is before %s", a.id, gone.id)
			}
		}
	})
	for _, limit := range []string{"0", "101", "-1", "1.5", "ten", "99999999999999999999", "5_0", "0x10", "٥", "1\x00"} {
		t.Run(fmt.Sprintf("limit=%q is 400", limit), func(t *testing.T) {
			a := c.get(t, "/accounts?limit="+url.QueryEscape(limit))
			a.problem(t, 400).names(t, a, "limit")
		})
	}
	for _, after := range notUUIDs {
		t.Run(fmt.Sprintf("after=%q is 400", after), func(t *testing.T) {
			a := c.get(t, "/accounts?after="+url.QueryEscape(after))
			a.problem(t, 400).names(t, a, "after")
		})
	}
}

func transfers(t *testing.T, c *client) {
	t.Run("POST is 201 with the transfer and its Location, and moves the money", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 1)
		a := c.post(t, "/transfers", transferBody(from.id, to.id, 30))
		if !a.is(t, 201) {
			return
		}
		made := a.transfer(t)
		if made.from != from.id || made.to != to.id || made.amount != 30 {
			t.Errorf("want 30 from %s to %s\n%s", from.id, to.id, a)
		}
		if want := "/transfers/" + made.id; a.header.Get("Location") != want {
			t.Errorf("want Location: %s\n%s", want, a)
		}
		c.hasBalance(t, from.id, 70, a)
		c.hasBalance(t, to.id, 31, a)
		t.Run("and GET is 200 with the same", func(t *testing.T) {
			for _, id := range []string{made.id, strings.ToUpper(made.id)} {
				if a := c.get(t, "/transfers/"+id); a.is(t, 200) && a.transfer(t) != made {
					t.Errorf("want %+v\n%s", made, a)
				}
			}
		})
	})
	t.Run("a whole balance can be moved", func(t *testing.T) {
		from, to := c.openAccount(t, maxMoney), c.openAccount(t, 0)
		a := c.post(t, "/transfers", transferBody(from.id, to.id, maxMoney))
		a.is(t, 201)
		c.hasBalance(t, from.id, 0, a)
		c.hasBalance(t, to.id, maxMoney, a)
	})
	t.Run("ids in the body are read in any case and written in lower case", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		a := c.post(t, "/transfers", transferBody(strings.ToUpper(from.id), strings.ToUpper(to.id), 1))
		if !a.is(t, 201) {
			return
		}
		if made := a.transfer(t); made.from != from.id || made.to != to.id {
			t.Errorf("want the ids %s and %s\n%s", from.id, to.id, a)
		}
	})
	t.Run("two equal requests without a key are two transfers", func(t *testing.T) {
		from, to := c.openAccount(t, 100), c.openAccount(t, 0)
		body := transferBody(from.id, to.id, 10)
		first, second := c.post(t, "/transfers", body), c.post(t, "/transfers", body)
		if first.is(t, 201) && second.is(t, 201) && first.transfer(t).id == second.transfer(t).id {
			t.Errorf("want another id than\n%s", second)
		}
		c.hasBalance(t, to.id, 20, second)
	})
	t.Run("an unknown sender is 404", func(t *testing.T) {
		to := c.openAccount(t, 0)
		a := c.post(t, "/transfers", transferBody(unknownID, to.id, 1))
		a.problem(t, 404)
		c.hasBalance(t, to.id, 0, a)
	})
	t.Run("an unknown receiver is 404", func(t *testing.T) {
		from := c.openAccount(t, 10)
		a := c.post(t, "/transfers", transferBody(from.id, unknownID, 1))
		a.problem(t, 404)
		c.hasBalance(t, from.id, 10, a)
	})
	t.Run("insufficient funds are 409 and move nothing", func(t *testing.T) {
		from, to := c.openAccount(t, 10), c.openAccount(t, 0)
		a := c.post(t, "/transfers", transferBody(from.id, to.id, 11))
		a.problem(t, 409)
		c.hasBalance(t, from.id, 10, a)
		c.hasBalance(t, to.id, 0, a)
	})
	t.Run("a receiver that would pass the limit is 409 and nothing moves", func(t *testing.T) {
		from, to := c.openAccount(t, 10), c.openAccount(t, maxMoney-5)
		a := c.post(t, "/transfers", transferBody(from.id, to.id, 6))
		a.problem(t, 409)
		c.hasBalance(t, from.id, 10, a)
		c.hasBalance(t, to.id, maxMoney-5, a)
		c.post(t, "/transfers", transferBody(from.id, to.id, 5)).is(t, 201)
	})
	t.Run("GET of an unknown transfer is 404", func(t *testing.T) {
		c.get(t, "/transfers/"+unknownID).problem(t, 404)
	})
}
