//go:build e2e && unix

package blackbox

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A reference keeps the contract, in memory, but for one flaw that a test gives it.
type reference struct {
	flaw      string
	mu        sync.Mutex
	accounts  map[string]*account
	transfers map[string]transfer
	keys      map[string]transfer
}

func newReference(flaw string) *reference {
	return &reference{flaw: flaw, accounts: map[string]*account{}, transfers: map[string]transfer{}, keys: map[string]transfer{}}
}

type refusal struct {
	status int
	detail string
	field  string
}

func (r *refusal) Error() string { return r.detail }

func refuse(status int, detail string) error { return &refusal{status: status, detail: detail} }
func wrong(field, message string) error      { return &refusal{400, message, field} }

// routes are the patterns of paths and what each method does there.
var routes = []struct {
	path    *regexp.Regexp
	methods map[string]func(*reference, http.ResponseWriter, *http.Request, string) error
}{
	{regexp.MustCompile(`^/healthz$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{"GET": (*reference).health}},
	{regexp.MustCompile(`^/readyz$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{"GET": (*reference).ready}},
	{regexp.MustCompile(`^/accounts$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{"GET": (*reference).list, "POST": (*reference).open}},
	{regexp.MustCompile(`^/accounts/([^/]+)$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{
		"GET": (*reference).account, "PATCH": (*reference).rename, "DELETE": (*reference).close}},
	{regexp.MustCompile(`^/transfers$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{"POST": (*reference).transfer}},
	{regexp.MustCompile(`^/transfers/([^/]+)$`), map[string]func(*reference, http.ResponseWriter, *http.Request, string) error{"GET": (*reference).receipt}},
}

func (s *reference) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.route(w, r)
	if err == nil {
		return
	}
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{status: 500, detail: "internal error"}
	}
	if s.flaw == "html errors" {
		http.Error(w, no.detail, no.status)
		return
	}
	problem := map[string]any{"type": "about:blank", "title": http.StatusText(no.status), "status": no.status, "detail": no.detail}
	if no.status == 400 {
		problem["errors"] = []map[string]string{{"field": no.field, "message": no.detail}}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(problem)
}

func (s *reference) route(w http.ResponseWriter, r *http.Request) error {
	for _, route := range routes {
		m := route.path.FindStringSubmatch(r.URL.Path)
		if m == nil {
			continue
		}
		handle := route.methods[r.Method]
		if handle == nil {
			w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(route.methods)), ", "))
			return refuse(405, "method not allowed")
		}
		return handle(s, w, r, strings.ToLower(strings.Join(m[1:], "")))
	}
	return refuse(404, "no such path")
}

func (s *reference) health(w http.ResponseWriter, _ *http.Request, _ string) error {
	return answerJSON(w, 200, map[string]string{"status": "ok"})
}

func (s *reference) ready(w http.ResponseWriter, _ *http.Request, _ string) error {
	return answerJSON(w, 200, map[string]string{"status": "ready"})
}

func answerJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

func (a account) wire() map[string]any {
	return map[string]any{"id": a.id, "owner": a.owner, "balance": a.balance, "created_at": a.createdAt}
}

func (x transfer) wire() map[string]any {
	return map[string]any{"id": x.id, "from": x.from, "to": x.to, "amount": x.amount, "created_at": x.createdAt}
}

var bodyUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }

// read returns the fields of the request's body, as strings and raw numbers.
func (s *reference) read(r *http.Request, strs, numbers []string) (map[string]string, error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); s.flaw != "any content type" && (err != nil || mediaType != "application/json") {
		return nil, refuse(415, "send application/json")
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit && (s.flaw != "chunked bodies without a limit" || r.ContentLength >= 0) {
		return nil, refuse(413, "the body is over 1 MiB")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil || !utf8.Valid(data) {
		return nil, wrong("", "the body is not a JSON object")
	}
	if _, err := decoder.Token(); err != io.EOF && s.flaw != "text after the value" {
		return nil, wrong("", "there is something after the value")
	}
	out := map[string]string{}
	for name, value := range fields {
		switch {
		case slices.Contains(strs, name):
			text, ok := value.(string)
			// The decoder puts U+FFFD where a surrogate stands alone.
			if !ok || strings.Contains(text, "\x00") || strings.Contains(text, "\ufffd") {
				return nil, wrong(name, "must be a string")
			}
			out[name] = text
		case slices.Contains(numbers, name):
			number, ok := value.(json.Number)
			if !ok {
				return nil, wrong(name, "must be a number")
			}
			out[name] = number.String()
		case s.flaw != "unknown fields":
			return nil, wrong(name, "unknown field")
		}
	}
	return out, nil
}

func (s *reference) money(fields map[string]string, name string, least int64) (int64, error) {
	text := fields[name]
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		if _, exponent, _ := strings.Cut(strings.ToLower(text), "e"); len(exponent) > 3 || len(text) > 100 {
			return 0, wrong(name, "out of range")
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
			return 0, wrong(name, "must be an integer in range")
		}
		n = exact.Num().Int64()
	}
	if n < least || n > maxMoney {
		return 0, wrong(name, "out of range")
	}
	return n, nil
}

func owner(fields map[string]string) (string, error) {
	owner, ok := fields["owner"]
	if !ok || strings.Trim(owner, blanks) == "" || utf8.RuneCountInString(owner) > 100 {
		return "", wrong("owner", "must have 1 to 100 characters, not only white space")
	}
	return owner, nil
}

func (s *reference) open(w http.ResponseWriter, r *http.Request, _ string) error {
	fields, err := s.read(r, []string{"owner"}, []string{"balance"})
	if err != nil {
		return err
	}
	a := account{id: newID(), createdAt: now()}
	if a.owner, err = owner(fields); err != nil {
		return err
	}
	if _, given := fields["balance"]; given {
		if a.balance, err = s.money(fields, "balance", 0); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.id] = &a
	w.Header().Set("Location", "/accounts/"+a.id)
	return answerJSON(w, 201, a.wire())
}

func (s *reference) list(w http.ResponseWriter, r *http.Request, _ string) error {
	query := r.URL.Query()
	limit := 50
	if given := query.Get("limit"); query.Has("limit") {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 100 || strconv.Itoa(n) != given {
			return wrong("limit", "must be 1 to 100")
		}
		limit = n
	}
	after := query.Get("after")
	if query.Has("after") && !bodyUUID.MatchString(after) {
		return wrong("after", "must be a UUID")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, more := []map[string]any{}, false
	var next any
	for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
		if id <= strings.ToLower(after) {
			continue
		}
		if more = len(rows) == limit; more {
			break
		}
		rows = append(rows, s.accounts[id].wire())
	}
	if more {
		next = rows[len(rows)-1]["id"]
	}
	if s.flaw == "next is null too early" && len(rows) < 50 {
		next = nil
	}
	return answerJSON(w, 200, map[string]any{"accounts": rows, "next": next})
}

func (s *reference) account(w http.ResponseWriter, _ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[id]
	if a == nil {
		return refuse(404, "no such account")
	}
	return answerJSON(w, 200, a.wire())
}

func (s *reference) rename(w http.ResponseWriter, r *http.Request, id string) error {
	fields, err := s.read(r, []string{"owner"}, nil)
	if err != nil && bodyUUID.MatchString(id) {
		return err
	}
	name, err := owner(fields)
	if err != nil && bodyUUID.MatchString(id) {
		return err
	}
	s.mu.Lock()
	a := s.accounts[id]
	if a != nil {
		a.owner = name
	}
	s.mu.Unlock()
	return s.account(w, r, id)
}

func (s *reference) close(w http.ResponseWriter, _ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts[id] == nil {
		return refuse(404, "no such account")
	}
	for _, x := range s.transfers {
		if x.from == id || x.to == id {
			return refuse(409, "transfers refer to the account")
		}
	}
	delete(s.accounts, id)
	w.WriteHeader(204)
	return nil
}

func (s *reference) transfer(w http.ResponseWriter, r *http.Request, _ string) error {
	fields, err := s.read(r, []string{"from", "to"}, []string{"amount"})
	if err != nil {
		return err
	}
	for _, name := range []string{"from", "to"} {
		if !bodyUUID.MatchString(fields[name]) {
			return wrong(name, "must be a UUID")
		}
	}
	x := transfer{id: newID(), from: strings.ToLower(fields["from"]), to: strings.ToLower(fields["to"]), createdAt: now()}
	if x.amount, err = s.money(fields, "amount", 1); err != nil {
		return err
	}
	if x.from == x.to {
		return wrong("to", "must differ from from")
	}
	key, keyed := r.Header.Get("Idempotency-Key"), len(r.Header.Values("Idempotency-Key")) > 0
	if keyed && (len(key) < 1 || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' })) {
		return wrong("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.keys[key]; keyed && ok && s.flaw != "keys ignored" {
		if first.from != x.from || first.to != x.to || first.amount != x.amount {
			return refuse(422, "the key was used with another body")
		}
		x = first
		w.Header().Set("Location", "/transfers/"+x.id)
		return answerJSON(w, 201, x.wire())
	}
	from, to := s.accounts[x.from], s.accounts[x.to]
	switch {
	case from == nil || to == nil:
		return refuse(404, "no such account")
	case from.balance < x.amount:
		if s.flaw == "failed transfers use the key up" && keyed {
			s.keys[key] = transfer{}
		}
		return refuse(409, "insufficient funds")
	case to.balance+x.amount > maxMoney:
		return refuse(409, "the receiver would pass the limit")
	}
	// A lost update: the balance is written from a value read before others wrote.
	have := from.balance
	if s.flaw == "lost updates" {
		s.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		s.mu.Lock()
	}
	from.balance = have - x.amount
	to.balance += x.amount
	s.transfers[x.id] = x
	if keyed {
		s.keys[key] = x
	}
	w.Header().Set("Location", "/transfers/"+x.id)
	return answerJSON(w, 201, x.wire())
}

func (s *reference) receipt(w http.ResponseWriter, _ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.transfers[id]
	if !ok {
		return refuse(404, "no such transfer")
	}
	return answerJSON(w, 200, x.wire())
}
