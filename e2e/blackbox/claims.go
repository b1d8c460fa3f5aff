//go:build e2e && unix

package blackbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// maxMoney is the largest amount and balance.
const maxMoney = 9007199254740991

const unknownID = "00000000-0000-4000-8000-000000000000"

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
)

type account struct {
	id, owner string
	balance   int64
	createdAt string
}

type transfer struct {
	id, from, to string
	amount       int64
	createdAt    string
}

// is reports whether the status is as wanted, and fails the test if not.
func (a answer) is(t testing.TB, status int) bool {
	t.Helper()
	if a.err != nil || a.status != status {
		t.Errorf("want %d %s\n%s", status, http.StatusText(status), a)
		return false
	}
	return true
}

// fields reads a JSON object with exactly the given keys.
func (a answer) fields(t testing.TB, keys ...string) map[string]json.RawMessage {
	t.Helper()
	a.isJSON(t, "application/json")
	object := object(a.body)
	have := slices.Sorted(maps.Keys(object))
	slices.Sort(keys)
	if !slices.Equal(have, keys) {
		t.Fatalf("want a JSON object with the keys %q, have %q\n%s", keys, have, a)
	}
	return object
}

func (a answer) isJSON(t testing.TB, mediaType string) {
	t.Helper()
	have, parameters, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || have != mediaType {
		t.Errorf("want Content-Type: %s\n%s", mediaType, a)
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		t.Errorf("want UTF-8, not %s\n%s", charset, a)
	}
	if !utf8.Valid(a.body) {
		t.Errorf("the body is not UTF-8\n%s", a)
	}
}

// object is nil if data is not one JSON object.
func object(data []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil
	}
	return m
}

func (a answer) account(t testing.TB) account {
	t.Helper()
	return readAccount(t, a, a.fields(t, "id", "owner", "balance", "created_at"))
}

func readAccount(t testing.TB, a answer, f map[string]json.RawMessage) account {
	t.Helper()
	return account{
		id:        a.uuid(t, f["id"]),
		owner:     a.text(t, f["owner"]),
		balance:   a.money(t, f["balance"]),
		createdAt: a.time(t, f["created_at"]),
	}
}

func (a answer) transfer(t testing.TB) transfer {
	t.Helper()
	f := a.fields(t, "id", "from", "to", "amount", "created_at")
	return transfer{
		id:        a.uuid(t, f["id"]),
		from:      a.uuid(t, f["from"]),
		to:        a.uuid(t, f["to"]),
		amount:    a.money(t, f["amount"]),
		createdAt: a.time(t, f["created_at"]),
	}
}

func (a answer) text(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || raw[0] != '"' {
		t.Fatalf("%s is not a string\n%s", raw, a)
	}
	return s
}

func (a answer) uuid(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	s := a.text(t, raw)
	if !uuidForm.MatchString(s) {
		t.Errorf("%q is not a UUID in lower case\n%s", s, a)
	}
	return s
}

// money wants digits: 1000.0 and 1e3 are JSON numbers but not integers to every reader.
func (a answer) money(t testing.TB, raw json.RawMessage) int64 {
	t.Helper()
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 0 || n > maxMoney {
		t.Errorf("%s is not an integer from 0 to %d\n%s", raw, maxMoney, a)
	}
	return n
}

func (a answer) time(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	s := a.text(t, raw)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !timeForm.MatchString(s) {
		t.Errorf("%q is not an RFC 3339 time in UTC with Z\n%s", s, a)
	} else if age := time.Since(at); age < -time.Minute || age > time.Hour {
		t.Errorf("%q is not the time of its making\n%s", s, a)
	}
	return s
}

// A Problem is an error as RFC 9457 has it.
type problem struct {
	Type, Title, Detail string
	Status              int
	Errors              []struct{ Field, Message *string }
}

// problem checks the status and the shape of an error.
func (a answer) problem(t testing.TB, statuses ...int) problem {
	t.Helper()
	if !slices.Contains(statuses, a.status) {
		want := make([]string, len(statuses))
		for i, s := range statuses {
			want[i] = fmt.Sprintf("%d %s", s, http.StatusText(s))
		}
		t.Fatalf("want %s\n%s", strings.Join(want, " or "), a)
	}
	a.isJSON(t, "application/problem+json")
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("not a problem: %v\n%s", err, a)
	}
	for name, ok := range map[string]bool{
		`"type":"about:blank"`:               p.Type == "about:blank" || a.status == http.StatusServiceUnavailable,
		`a "title"`:                          p.Title != "",
		fmt.Sprintf(`"status":%d`, a.status): p.Status == a.status,
		`a "detail"`:                         p.Detail != "",
	} {
		if !ok {
			t.Errorf("want %s in the problem\n%s", name, a)
		}
	}
	if a.status == http.StatusBadRequest {
		if len(p.Errors) == 0 {
			t.Errorf("want at least one of \"errors\" in a 400\n%s", a)
		}
		for _, e := range p.Errors {
			if e.Field == nil || e.Message == nil || *e.Message == "" {
				t.Errorf("want \"field\" and \"message\" in each of \"errors\"\n%s", a)
			}
		}
	}
	a.tellsNothing(t)
	return p
}

// names checks that a 400 names the field.
func (p problem) names(t testing.TB, a answer, field string) {
	t.Helper()
	for _, e := range p.Errors {
		if e.Field != nil && *e.Field == field {
			return
		}
	}
	t.Errorf("want an error of the field %q\n%s", field, a)
}

// inside are words that an answer holds only if the program's inside shows:
// stack traces, SQL, drivers' messages.
var inside = regexp.MustCompile(`(?i)traceback|stack ?trace|goroutine \d|\bat [\w.$/<>]+ ?\(|\.(py|go|java|rb|ts|js):\d+|SQLSTATE|\bSELECT\b.*\bFROM\b|INSERT INTO|pgconn|psycopg|PG::|org\.postgresql`)

func (a answer) tellsNothing(t testing.TB) {
	t.Helper()
	if found := inside.Find(a.body); found != nil {
		t.Errorf("the answer shows the program's inside: %q\n%s", found, a)
	}
}

// openAccount makes an account for a check that needs one.
func (c *client) openAccount(t testing.TB, balance int64) account {
	t.Helper()
	a := c.post(t, "/accounts", fmt.Sprintf(`{"owner":"Ada","balance":%d}`, balance))
	if !a.is(t, 201) {
		t.FailNow()
	}
	return a.account(t)
}

func (c *client) balance(t testing.TB, id string) int64 {
	t.Helper()
	a := c.get(t, "/accounts/"+id)
	if !a.is(t, 200) {
		t.FailNow()
	}
	return a.account(t).balance
}

// hasBalance checks what an account holds after the answer why.
func (c *client) hasBalance(t testing.TB, id string, want int64, why answer) {
	t.Helper()
	if have := c.balance(t, id); have != want {
		t.Errorf("account %s holds %d, want %d, after\n%s", id, have, want, why)
	}
}

func transferBody(from, to string, amount int64) string {
	return fmt.Sprintf(`{"from":%q,"to":%q,"amount":%d}`, from, to, amount)
}

func keyed(key, body string) request {
	return request{method: "POST", path: "/transfers", body: body, header: map[string]string{"Idempotency-Key": key}}
}
