//go:build e2e && unix

package blackbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is longer than any answer may take (10 s), so that a late answer is
// reported as late and not as missing.
const patience = 40 * time.Second

type client struct {
	base string
	http *http.Client
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 300, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A request is sent as it stands; a body without a Content-Type among the
// headers is sent as application/json.
type request struct {
	method, path string
	header       map[string]string
	body         string
	chunked      bool
}

// An answer remembers its request, to show both when a claim fails.
type answer struct {
	request
	err    error
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

func (c *client) get(t testing.TB, path string) answer {
	return c.must(t, request{method: "GET", path: path})
}
func (c *client) delete(t testing.TB, path string) answer {
	return c.must(t, request{method: "DELETE", path: path})
}
func (c *client) post(t testing.TB, path, body string) answer {
	return c.must(t, request{method: "POST", path: path, body: body})
}
func (c *client) patch(t testing.TB, path, body string) answer {
	return c.must(t, request{method: "PATCH", path: path, body: body})
}

// must sends the request and ends the test if there is no answer.
func (c *client) must(t testing.TB, r request) answer {
	t.Helper()
	a := c.send(r)
	if a.err != nil {
		t.Fatalf("no answer\n%s", a)
	}
	return a
}

const noContentType = "-"

func (c *client) send(r request) answer {
	if len(r.body) > limit {
		return c.sendLarge(r)
	}
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	if r.chunked {
		body = io.MultiReader(body) // hides the length
	}
	a := answer{request: r}
	req, err := http.NewRequest(r.method, c.base, body)
	if err != nil {
		a.err = err
		return a
	}
	// The path goes out byte for byte, `%zz` and `{` too.
	req.URL.Opaque = r.path
	if r.header["Content-Type"] == "" && (r.body != "" || r.method == "POST" || r.method == "PATCH") {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if r.header["Content-Type"] == noContentType {
		req.Header.Del("Content-Type")
	}
	start := time.Now()
	res, err := c.http.Do(req)
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header
		a.body, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	a.took, a.err = time.Since(start), err
	return a
}

// sendLarge sends a body that the server may refuse before its end, on a
// connection of its own. It reads while it writes; net/http would give up when
// the server stops reading.
func (c *client) sendLarge(r request) answer {
	a := answer{request: r}
	u, err := url.Parse(c.base)
	if err != nil {
		a.err = err
		return a
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		a.err = err
		return a
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.path, u.Host)
	mediaType := r.header["Content-Type"]
	if mediaType == "" {
		mediaType = "application/json"
	}
	fmt.Fprintf(&text, "Content-Type: %s\r\n", mediaType)
	if r.chunked {
		text.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for chunk := range slices.Chunk([]byte(r.body), 64<<10) {
			fmt.Fprintf(&text, "%x\r\n%s\r\n", len(chunk), chunk)
		}
		text.WriteString("0\r\n\r\n")
	} else {
		fmt.Fprintf(&text, "Content-Length: %d\r\n\r\n%s", len(r.body), r.body)
	}
	go func() { _, _ = io.WriteString(conn, text.String()) }() // fails if the server has seen enough
	start := time.Now()
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.method})
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header
		a.body, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	a.took, a.err = time.Since(start), err
	return a
}

// String shows the request and the answer as they went over the wire, cut short.
func (a answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  > %s %s\n", a.method, short(a.path, 200))
	for _, name := range slices.Sorted(maps.Keys(a.request.header)) {
		fmt.Fprintf(&b, "  > %s: %s\n", name, short(a.request.header[name], 300))
	}
	if a.chunked {
		fmt.Fprintf(&b, "  > Transfer-Encoding: chunked\n")
	}
	show(&b, "  > ", []byte(a.request.body))
	if a.err != nil {
		fmt.Fprintf(&b, "  < no answer after %v: %v\n", a.took.Round(time.Millisecond), a.err)
		return b.String()
	}
	fmt.Fprintf(&b, "  < %d %s (%v)\n", a.status, http.StatusText(a.status), a.took.Round(time.Millisecond))
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		fmt.Fprintf(&b, "  < %s: %s\n", name, strings.Join(a.header[name], ", "))
	}
	show(&b, "  < ", a.body)
	return b.String()
}

func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s … %d bytes more", s[:most], len(s)-most)
}

func show(b *strings.Builder, prefix string, body []byte) {
	if len(body) == 0 {
		return
	}
	body = []byte(short(string(body), 800))
	for line := range bytes.Lines(body) {
		fmt.Fprintf(b, "%s%s", prefix, strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD"))
		if len(line) > 0 && line[len(line)-1] == '\n' {
			b.WriteByte('\n')
		}
	}
	b.WriteByte('\n')
}
