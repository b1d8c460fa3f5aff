//go:build e2e && unix

package blackbox

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// notUUIDs are what some reader of UUIDs takes for one, and what none does.
var notUUIDs = []string{
	"nope",
	"1",
	"00000000000040008000000000000000",
	"{00000000-0000-4000-8000-000000000000}",
	"urn:uuid:00000000-0000-4000-8000-000000000000",
	"00000000-0000-4000-8000-00000000000",
	"00000000-0000-4000-8000-0000000000000",
	"00000000-0000-4000-8000-00000000000g",
	"0000-00000000-4000-8000-000000000000",
	"00000000-0000-4000-8000-000000000000\n",
	"00000000-0000-4000-8000-00000000000\u0660",
}

// blanks are the characters with Unicode's property White_Space.
const blanks = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// notBlank are characters that some trim functions take for white space.
var notBlank = []string{"\u200b", "\ufeff", "\u001c", "\u001f", "\u180e", "\u2060"}

// An invalid body and the field that its error must name, if that is clear.
type invalid struct{ claim, body, field string }

// broken bodies are refused by every route that reads one.
var broken = []invalid{
	{"an empty body", "", ""},
	{"only white space", " \n", ""},
	{"a word", "hello", ""},
	{"an object that does not end", `{"owner":"Ada"`, ""},
	{"a string that does not end", `{"owner":"Ada`, ""},
	{"a comma too many", `{"owner":"Ada",}`, ""},
	{"single quotes", `{'owner':'Ada'}`, ""},
	{"a comment", `{"owner":"Ada"/* x */}`, ""},
	{"NaN", `{"owner":"Ada","balance":NaN}`, ""},
	{"Infinity", `{"owner":"Ada","balance":Infinity}`, ""},
	{"a number with leading zeros", `{"owner":"Ada","balance":007}`, ""},
	{"a line feed in a string", "{\"owner\":\"A\nda\"}", ""},
	{"bytes that are not UTF-8", "{\"owner\":\"Ad\xff\"}", ""},
	{"an overlong encoding", "{\"owner\":\"Ad\xc0\xaf\"}", ""},
	{"a word after the value", `{"owner":"Ada"} x`, ""},
	{"a second value", `{"owner":"Ada"}{"owner":"Bob"}`, ""},
	{"a bracket after the value", `{"owner":"Ada"}]`, ""},
	{"an array", `[{"owner":"Ada"}]`, ""},
	{"a string", `"Ada"`, ""},
	{"a number", `5`, ""},
	{"null", `null`, ""},
	{"true", `true`, ""},
	{"arrays 100,000 deep", strings.Repeat("[", 100000) + strings.Repeat("]", 100000), ""},
	{"objects 100,000 deep", strings.Repeat(`{"owner":`, 100000) + "1" + strings.Repeat("}", 100000), ""},
}

// badOwners are refused by both routes that take an owner.
var badOwners = func() []invalid {
	bad := []invalid{
		{"a missing owner", `{}`, "owner"},
		{"an owner that is null", `{"owner":null}`, "owner"},
		{"an owner that is a number", `{"owner":5}`, "owner"},
		{"an owner that is a boolean", `{"owner":true}`, "owner"},
		{"an owner that is an array", `{"owner":["Ada"]}`, "owner"},
		{"an owner that is an object", `{"owner":{}}`, "owner"},
		{"an empty owner", `{"owner":""}`, "owner"},
		{"an owner of 101 characters", `{"owner":"` + strings.Repeat("a", 101) + `"}`, "owner"},
		{"an owner of 101 characters beyond ASCII", `{"owner":"` + strings.Repeat("é", 101) + `"}`, "owner"},
		{"an owner of 101 characters beyond the BMP", `{"owner":"` + strings.Repeat("😀", 101) + `"}`, "owner"},
		{"NUL in the owner", `{"owner":"A\u0000da"}`, "owner"},
		{"a lone high surrogate", `{"owner":"A\ud83d"}`, ""},
		{"a lone low surrogate", `{"owner":"\ude00da"}`, ""},
		{"surrogates the wrong way round", `{"owner":"\ude00\ud83d"}`, ""},
		{"an unknown field", `{"owner":"Ada","colour":"red"}`, "colour"},
		{"a field in another case", `{"OWNER":"Ada"}`, ""},
		{"a field in both cases", `{"owner":"Ada","Owner":"Bob"}`, "Owner"},
		{"the field id", `{"owner":"Ada","id":"` + unknownID + `"}`, "id"},
		{"the field created_at", `{"owner":"Ada","created_at":"2020-01-01T00:00:00Z"}`, "created_at"},
		{"__proto__", `{"owner":"Ada","__proto__":{"x":1}}`, ""},
		{"constructor", `{"owner":"Ada","constructor":{"prototype":1}}`, ""},
		{"NUL in a field's name", `{"owner":"Ada","x\u0000":1}`, ""},
		{"a lone surrogate in a field's name", `{"owner":"Ada","x\ud800":1}`, ""},
	}
	for _, blank := range blanks {
		bad = append(bad, invalid{fmt.Sprintf("an owner of %U only", blank), fmt.Sprintf(`{"owner":"\u%04x"}`, blank), "owner"})
	}
	return append(bad, invalid{"an owner of all white space", `{"owner":` + quote(blanks) + `}`, "owner"})
}()

// badNumbers stand for a balance or an amount.
var badNumbers = []struct{ claim, number string }{
	{"null", `null`},
	{"a string", `"5"`},
	{"an empty string", `""`},
	{"a boolean", `true`},
	{"an array", `[5]`},
	{"an object", `{}`},
	{"negative", `-1`},
	{"fractional", `1.5`},
	{"a small fraction", `1e-3`},
	{"one over the limit", `9007199254740992`},
	{"one over the limit, as the next double", `9007199254740993`},
	{"over the limit with an exponent", `1e16`},
	{"over 64 bits", `18446744073709551617`},
	{"over every double", `1e400`},
	{"a huge exponent", `1e999999999`},
	{"a fraction that a double rounds off", `5.00000000000000000001`},
}

func quote(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return `"` + b.String() + `"`
}

func (c *client) refuses(t *testing.T, method, path string, cases []invalid) {
	for _, i := range cases {
		t.Run(i.claim+" is 400", func(t *testing.T) {
			a := c.must(t, request{method: method, path: path, body: i.body})
			p := a.problem(t, 400)
			if i.field != "" {
				p.names(t, a, i.field)
			}
		})
	}
}

func invalidBodies(t *testing.T, c *client) {
	one, other := c.openAccount(t, 100), c.openAccount(t, 100)
	var badBalances, badTransfers []invalid
	for _, n := range badNumbers {
		badBalances = append(badBalances, invalid{"a balance that is " + n.claim, `{"owner":"Ada","balance":` + n.number + `}`, "balance"})
		badTransfers = append(badTransfers, invalid{"an amount that is " + n.claim,
			fmt.Sprintf(`{"from":%q,"to":%q,"amount":%s}`, one.id, other.id, n.number), "amount"})
	}
	// Some readers refuse this as a number, some as JSON, so no field is wanted.
	digits := strings.Repeat("9", 5000)
	badBalances = append(badBalances, invalid{"a balance of 5,000 digits", `{"owner":"Ada","balance":` + digits + `}`, ""})
	badTransfers = append(badTransfers, invalid{"an amount of 5,000 digits",
		fmt.Sprintf(`{"from":%q,"to":%q,"amount":%s}`, one.id, other.id, digits), ""})
	badBalances = append(badBalances, invalid{"Balance with a capital", `{"owner":"Ada","Balance":1}`, "Balance"})
	badTransfers = append(badTransfers,
		invalid{"an amount of 0", transferBody(one.id, other.id, 0), "amount"},
		invalid{"no field at all", `{}`, "from"},
		invalid{"a missing from", fmt.Sprintf(`{"to":%q,"amount":1}`, other.id), "from"},
		invalid{"a missing to", fmt.Sprintf(`{"from":%q,"amount":1}`, one.id), "to"},
		invalid{"a missing amount", fmt.Sprintf(`{"from":%q,"to":%q}`, one.id, other.id), "amount"},
		invalid{"a from that is null", fmt.Sprintf(`{"from":null,"to":%q,"amount":1}`, other.id), "from"},
		invalid{"a to that is a number", fmt.Sprintf(`{"from":%q,"to":7,"amount":1}`, one.id), "to"},
		invalid{"a to that is an array", fmt.Sprintf(`{"from":%q,"to":[%q],"amount":1}`, one.id, other.id), "to"},
		invalid{"from equal to to", transferBody(one.id, one.id, 1), ""},
		invalid{"from equal to to in another case", transferBody(one.id, strings.ToUpper(one.id), 1), ""},
		invalid{"an unknown field", fmt.Sprintf(`{"from":%q,"to":%q,"amount":1,"note":"x"}`, one.id, other.id), "note"},
		invalid{"a field in another case", fmt.Sprintf(`{"From":%q,"to":%q,"amount":1}`, one.id, other.id), ""},
		invalid{"a field that is NUL in an id", fmt.Sprintf(`{"from":"%s\u0000","to":%q,"amount":1}`, one.id, other.id), "from"},
	)
	for _, id := range notUUIDs {
		badTransfers = append(badTransfers,
			invalid{fmt.Sprintf("the from %q", id), transferBody(id, other.id, 1), "from"},
			invalid{fmt.Sprintf("the to %q", id), transferBody(one.id, id, 1), "to"})
	}

	t.Run("POST accounts", func(t *testing.T) { c.refuses(t, "POST", "/accounts", slices.Concat(broken, badOwners, badBalances)) })
	t.Run("PATCH accounts", func(t *testing.T) {
		c.refuses(t, "PATCH", "/accounts/"+one.id, slices.Concat(broken, badOwners,
			[]invalid{{"the field balance", `{"owner":"Ada","balance":5}`, "balance"}}))
		if a := c.get(t, "/accounts/"+one.id); a.is(t, 200) && a.account(t) != one {
			t.Errorf("a refused PATCH changed the account %+v\n%s", one, a)
		}
	})
	t.Run("POST transfers", func(t *testing.T) {
		c.refuses(t, "POST", "/transfers", slices.Concat(broken, badTransfers))
		for _, id := range []string{one.id, other.id} {
			if have := c.balance(t, id); have != 100 {
				t.Errorf("a refused transfer moved money: %s holds %d", id, have)
			}
		}
	})
}

func validBodies(t *testing.T, c *client) {
	owners := []struct{ claim, owner string }{
		{"an owner is stored as sent, with the spaces around it", "  Ada  Lovelace\t"},
		{"an owner of 100 characters is taken", strings.Repeat("a", 100)},
		{"an owner of 100 characters beyond the BMP is taken", strings.Repeat("😀", 100)},
		{"an owner is not normalized", "e\u0301 \u00e9 ﬁ"},
		{"an owner may hold quotes, SQL, HTML and a percent sign", `O'Hara"; DROP TABLE accounts; -- <b>%s %d\`},
		{"an owner may hold control characters but NUL", "A\u0001\u001b\u007fb"},
	}
	for _, s := range notBlank {
		owners = append(owners, struct{ claim, owner string }{fmt.Sprintf("%+q is no white space to Unicode, so an owner", s), s})
	}
	for _, o := range owners {
		t.Run(o.claim, func(t *testing.T) {
			body := `{"owner":` + quoteUTF16(o.owner) + `}`
			a := c.post(t, "/accounts", body)
			if !a.is(t, 201) {
				return
			}
			made := a.account(t)
			if made.owner != o.owner {
				t.Errorf("want %q\n%s", o.owner, a)
			}
			if a := c.get(t, "/accounts/"+made.id); a.is(t, 200) && a.account(t) != made {
				t.Errorf("want %+v\n%s", made, a)
			}
			if a := c.patch(t, "/accounts/"+made.id, body); a.is(t, 200) && a.account(t) != made {
				t.Errorf("want %+v\n%s", made, a)
			}
		})
	}
	t.Run("characters may stand in the body as UTF-8", func(t *testing.T) {
		a := c.post(t, "/accounts", `{"owner":"Ærø 😀 日本"}`)
		if a.is(t, 201) && a.account(t).owner != "Ærø 😀 日本" {
			t.Errorf("want the owner as sent\n%s", a)
		}
	})
	t.Run("white space around the value is no second value", func(t *testing.T) {
		c.post(t, "/accounts", "\r\n\t {\"owner\" :\"Ada\"} \n\n").is(t, 201)
	})
	t.Run("a balance of 0 is taken", func(t *testing.T) {
		c.post(t, "/accounts", `{"owner":"Ada","balance":0}`).is(t, 201)
	})
	t.Run("the largest amount is in range, so it is 409 and not 400", func(t *testing.T) {
		from, to := c.openAccount(t, 1), c.openAccount(t, 0)
		c.post(t, "/transfers", transferBody(from.id, to.id, maxMoney)).problem(t, 409)
	})
	for _, n := range []struct {
		number string
		want   int64
	}{{"5.0", 5}, {"1e3", 1000}, {"-0", 0}} {
		t.Run(fmt.Sprintf("the balance %s is %d or 400", n.number, n.want), func(t *testing.T) {
			a := c.post(t, "/accounts", `{"owner":"Ada","balance":`+n.number+`}`)
			if a.status != 201 {
				a.problem(t, 400)
			} else if a.account(t).balance != n.want {
				t.Errorf("want %d\n%s", n.want, a)
			}
		})
	}
	t.Run("a key given twice is taken or 400", func(t *testing.T) {
		a := c.post(t, "/accounts", `{"owner":"Ada","owner":"Bob"}`)
		if a.status != 201 {
			a.problem(t, 400)
		}
	})
	t.Run("a chunked body is a body", func(t *testing.T) {
		a := c.must(t, request{method: "POST", path: "/accounts", body: `{"owner":"Ada","balance":3}`, chunked: true})
		if a.is(t, 201) && a.account(t).balance != 3 {
			t.Errorf("want balance 3\n%s", a)
		}
	})
}

// quoteUTF16 writes s as a JSON string of ASCII, surrogate pairs and all.
func quoteUTF16(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return `"` + b.String() + `"`
}

func paths(t *testing.T, c *client) {
	for _, path := range []string{"/nope", "/", "/accounts/" + unknownID + "/transfers", "/account", "/Accounts", "/transfers/" + unknownID + "/x"} {
		t.Run("the unknown path "+path+" is 404", func(t *testing.T) {
			c.get(t, path).problem(t, 404)
			c.must(t, request{method: "POST", path: path, body: `{}`}).problem(t, 404)
		})
	}
	for _, id := range notUUIDs {
		t.Run(fmt.Sprintf("the path id %q is 404", id), func(t *testing.T) {
			id := url.PathEscape(id)
			c.get(t, "/accounts/"+id).problem(t, 404)
			c.get(t, "/transfers/"+id).problem(t, 404)
			c.delete(t, "/accounts/"+id).problem(t, 404)
			c.patch(t, "/accounts/"+id, `{"owner":"Ada"}`).problem(t, 404)
		})
	}
	t.Run("a path id with %00 is 404 or 400", func(t *testing.T) {
		for _, path := range []string{"/accounts/%00", "/accounts/" + unknownID + "%00", "/transfers/a%00b"} {
			c.get(t, path).problem(t, 404, 400)
		}
	})
}

func methods(t *testing.T, c *client) {
	all := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	for _, route := range []struct {
		path  string
		allow []string
	}{
		{"/healthz", []string{"GET"}},
		{"/readyz", []string{"GET"}},
		{"/accounts", []string{"GET", "POST"}},
		{"/accounts/" + unknownID, []string{"GET", "PATCH", "DELETE"}},
		{"/transfers", []string{"POST"}},
		{"/transfers/" + unknownID, []string{"GET"}},
	} {
		for _, method := range all {
			if slices.Contains(route.allow, method) {
				continue
			}
			t.Run(fmt.Sprintf("%s %s is 405 and Allow names %s", method, route.path, strings.Join(route.allow, ", ")), func(t *testing.T) {
				a := c.must(t, request{method: method, path: route.path})
				a.problem(t, 405)
				var allow []string
				for _, line := range a.header.Values("Allow") {
					for method := range strings.SplitSeq(line, ",") {
						allow = append(allow, strings.TrimSpace(method))
					}
				}
				for _, m := range all {
					if slices.Contains(route.allow, m) != slices.Contains(allow, m) {
						t.Errorf("want Allow: %s (HEAD and OPTIONS are free)\n%s", strings.Join(route.allow, ", "), a)
						break
					}
				}
			})
		}
	}
}

func mediaTypes(t *testing.T, c *client) {
	id := c.openAccount(t, 0).id
	const body = `{"owner":"Ada"}`
	for _, route := range []request{
		{method: "POST", path: "/accounts"},
		{method: "PATCH", path: "/accounts/" + id},
		{method: "POST", path: "/transfers"},
	} {
		for _, mediaType := range []string{noContentType, "text/plain", "application/x-www-form-urlencoded",
			"multipart/form-data; boundary=x", "application/jsonlines", "text/json", "application", "application/json-patch+json"} {
			claim := "Content-Type " + mediaType
			if mediaType == noContentType {
				claim = "no Content-Type"
			}
			t.Run(fmt.Sprintf("%s %s with %s is 415", route.method, route.path, claim), func(t *testing.T) {
				r := route
				r.body, r.header = body, map[string]string{"Content-Type": mediaType}
				c.must(t, r).problem(t, 415)
			})
		}
	}
	for _, mediaType := range []string{"application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"} {
		t.Run("Content-Type "+mediaType+" is JSON", func(t *testing.T) {
			c.must(t, request{method: "POST", path: "/accounts", body: body,
				header: map[string]string{"Content-Type": mediaType}}).is(t, 201)
		})
	}
}

// limit is the largest body, in bytes.
const limit = 1 << 20

func padded(n int) string {
	const body = `{"owner":"Ada"}`
	return body + strings.Repeat(" ", n-len(body))
}

func size(t *testing.T, c *client) {
	id := c.openAccount(t, 0).id
	for _, chunked := range []bool{false, true} {
		how := map[bool]string{false: "", true: ", chunked"}[chunked]
		t.Run("a body of 1 MiB is taken"+how, func(t *testing.T) {
			c.must(t, request{method: "POST", path: "/accounts", body: padded(limit), chunked: chunked}).is(t, 201)
		})
		for _, route := range []request{
			{method: "POST", path: "/accounts"}, {method: "PATCH", path: "/accounts/" + id}, {method: "POST", path: "/transfers"},
		} {
			t.Run(fmt.Sprintf("%s %s with a body of 1 MiB and one byte is 413%s", route.method, route.path, how), func(t *testing.T) {
				r := route
				r.body, r.chunked = padded(limit+1), chunked
				c.must(t, r).problem(t, 413)
			})
		}
		t.Run("a body of 3 MiB is 413"+how, func(t *testing.T) {
			c.must(t, request{method: "POST", path: "/accounts", body: padded(3 * limit), chunked: chunked}).problem(t, 413)
		})
	}
	t.Run("after a 413 the connection goes on, or was said to close", func(t *testing.T) { c.goesOn(t) })
}

// goesOn sends a second request on the connection whose first one was refused. A
// client with a pool does the same, and loses that request if the connection
// closes without notice.
func (c *client) goesOn(t *testing.T) {
	u, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	reader := bufio.NewReader(conn)
	exchange := func(text string) (*http.Response, error) {
		if _, err := io.WriteString(conn, text); err != nil {
			return nil, err
		}
		res, err := http.ReadResponse(reader, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
		}
		return res, err
	}
	refused, err := exchange(fmt.Sprintf("POST /accounts HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		u.Host, limit+1, padded(limit+1)))
	if err != nil || refused.StatusCode != 413 {
		t.Fatalf("want 413, have %v, %v", refused, err)
	}
	if refused.Close {
		return
	}
	time.Sleep(100 * time.Millisecond) // a close is on its way
	if res, err := exchange("GET /healthz HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n"); err != nil || res.StatusCode != 200 {
		t.Errorf("the 413 did not say Connection: close, but the next request on its connection came to %v, %v", res, err)
	}
}

func order(t *testing.T, c *client) {
	from, to := c.openAccount(t, 0), c.openAccount(t, 0)
	text := map[string]string{"Content-Type": "text/plain"}
	for _, o := range []struct {
		claim  string
		status int
		request
	}{
		{"404 for the path comes before 415", 404, request{method: "POST", path: "/nope", body: "x", header: text}},
		{"405 comes before 415", 405, request{method: "PUT", path: "/accounts", body: "x", header: text}},
		{"405 comes before 413", 405, request{method: "PUT", path: "/accounts", body: padded(limit + 1)}},
		{"415 comes before 413", 415, request{method: "POST", path: "/accounts", body: padded(limit + 1), header: text}},
		{"415 comes before 400", 415, request{method: "POST", path: "/accounts", body: "{", header: text}},
		{"415 comes before 404 for the account", 415, request{method: "PATCH", path: "/accounts/" + unknownID, body: "{", header: text}},
		{"413 comes before 400", 413, request{method: "POST", path: "/accounts", body: "{" + strings.Repeat(" ", limit)}},
		{"413 comes before 404 for the account", 413, request{method: "PATCH", path: "/accounts/" + unknownID, body: padded(limit + 1)}},
		{"400 comes before 404 for the account", 400, request{method: "PATCH", path: "/accounts/" + unknownID, body: `{}`}},
		{"400 comes before 404 for the sender", 400, request{method: "POST", path: "/transfers", body: transferBody(unknownID, to.id, 0)}},
		{"400 for the key comes before 404", 400, keyed("two words", transferBody(unknownID, to.id, 1))},
		{"404 for the receiver comes before 409", 404, request{method: "POST", path: "/transfers", body: transferBody(from.id, unknownID, 1)}},
	} {
		t.Run(o.claim, func(t *testing.T) { c.must(t, o.request).problem(t, o.status) })
	}
}

// oddities are requests that no rule names: they get any answer but a 5xx, and
// an error that the service answers itself is a problem.
func oddities(t *testing.T, c *client) {
	for _, o := range []request{
		{method: "GET", path: "/accounts?limit=5&limit=6"},
		{method: "GET", path: "/accounts?limit="},
		{method: "GET", path: "/accounts?after="},
		{method: "GET", path: "/accounts?limit=%zz"},
		{method: "GET", path: "/accounts?limit[]=5"},
		{method: "GET", path: "/accounts?after=%ff%fe"},
		{method: "GET", path: "/accounts?colour=red"},
		{method: "GET", path: "/accounts?" + strings.Repeat("a=b&", 1500)},
		{method: "GET", path: "/accounts/%zz"},
		{method: "GET", path: "/accounts/%ff"},
		{method: "GET", path: "/accounts/%2e%2e%2fhealthz"},
		{method: "GET", path: "/accounts/" + strings.Repeat("a", 4000)},
		{method: "GET", path: "//accounts"},
		{method: "GET", path: "/accounts/../healthz"},
		{method: "GET", path: "/accounts", body: `{"owner":"Ada"}`},
		{method: "DELETE", path: "/accounts/" + unknownID, body: `{"owner":"Ada"}`},
		{method: "DELETE", path: "/accounts/" + unknownID, body: `{`},
		{method: "BREW", path: "/accounts"},
		{method: "OPTIONS", path: "/accounts"},
		{method: "HEAD", path: "/accounts"},
		{method: "GET", path: "/accounts", header: map[string]string{"Accept": "text/html"}},
		{method: "GET", path: "/accounts/" + unknownID, header: map[string]string{"Accept": "text/html"}},
		{method: "GET", path: "/nope", header: map[string]string{"Accept": "image/png;q=0"}},
		{method: "POST", path: "/accounts", body: "\ufeff{\"owner\":\"Ada\"}"},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"Content-Encoding": "gzip"}},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"Content-Type": "application/json; charset=utf-16"}},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"Content-Type": "application/json; charset=\xff"}},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"X-Long": strings.Repeat("a", 3000)}},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"X-HTTP-Method-Override": "DELETE"}},
		{method: "POST", path: "/accounts", body: `{"owner":"Ada"}`, header: map[string]string{"Cookie": "a=\xff; b"}},
	} {
		path := o.path
		if len(path) > 60 {
			path = path[:60] + "…"
		}
		t.Run(fmt.Sprintf("%s %s%s%.40s is no 500", o.method, path, describe(o.header), o.body), func(t *testing.T) {
			a := c.must(t, o)
			switch {
			case a.status == http.StatusNotImplemented: // of a method
			case a.status >= 500:
				t.Errorf("want no 5xx\n%s", a)
			case o.method == "HEAD" || a.status < 400:
			case a.status == 400 || a.status == 414 || a.status == 431: // perhaps not parsed
			default:
				a.problem(t, a.status)
			}
			a.tellsNothing(t)
		})
	}
	t.Run("after all that the service answers", func(t *testing.T) {
		c.get(t, "/healthz").is(t, 200)
		c.get(t, "/readyz").is(t, 200)
	})
}

func describe(header map[string]string) string {
	for name, value := range header {
		return fmt.Sprintf(" with %s: %.30q", name, value)
	}
	return " "
}
