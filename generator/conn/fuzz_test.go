package conn_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

var dialects = []conn.Dialect{postgresql, cockroachdb, jdbc, keyword}

// FuzzParse puts a password in the middle of anything. No error shows it, and what is read survives being written.
// Its seeds, and what it has ever failed on, are replayed from testdata/fuzz by every go test.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, before, after string) {
		const password = "hunter2qv"
		s := before + password + after
		c, err := conn.Parse(s)
		if err != nil {
			e, ok := errors.AsType[*conn.Error](err)
			if !ok || e.Hint() == "" {
				t.Fatalf("%v has no hint", err)
			}
			if strings.Contains(e.Error()+e.Hint(), password) {
				t.Fatalf("%s (%s) shows the password", e.Error(), e.Hint())
			}
			if got := conn.Mask(s); got != "***" {
				t.Fatalf("masked as %s", got)
			}
			return
		}
		if strings.Contains(c.Password, password) && strings.Count(s, password) == 1 && strings.Contains(conn.Mask(s), password) {
			t.Fatalf("masked as %s", conn.Mask(s))
		}
		roundTrip(t, c)
	})
}

// FuzzFormat writes any connection, however unlikely. It is refused, or read back as it was.
func FuzzFormat(f *testing.F) {
	f.Fuzz(func(t *testing.T, user, password, host string, port uint16, database, mode, ca, options, name, value string) {
		c := conn.Config{User: user, Password: password, Host: host, Port: port, Database: database, Params: map[string]string{
			"sslmode": mode, "sslrootcert": ca, "options": options,
		}}
		if _, ok := c.Params[name]; !ok {
			c.Params[name] = value
		}
		if _, err := conn.Format(c, postgresql); err != nil {
			return
		}
		roundTrip(t, c)
	})
}

// roundTrip writes c in every dialect and reads it again.
func roundTrip(t *testing.T, c conn.Config) {
	t.Helper()
	want := canonical(c)
	for _, d := range dialects {
		s, err := conn.Format(c, d)
		if err != nil {
			t.Fatalf("%s: %q: not written: %v", d.Syntax, c, err)
		}
		got, err := conn.Parse(s)
		if err != nil {
			t.Fatalf("%s: %q: not read: %v", d.Syntax, s, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %q: %q became %q", d.Syntax, s, fields(want), fields(got))
		}
		if again, err := conn.Format(got, d); err != nil || again != s {
			t.Fatalf("%s: %q became %q, %v", d.Syntax, s, again, err)
		}
	}
}

// canonical writes out what an absent port is and leaves out the empty parameters.
func canonical(c conn.Config) conn.Config {
	if c.Port == 0 {
		c.Port = 26257
	}
	params := c.Params
	c.Params = nil
	for name, value := range params {
		if value == "" {
			continue
		}
		if c.Params == nil {
			c.Params = map[string]string{}
		}
		c.Params[name] = value
	}
	return c
}

// fields are a Config without its String method.
func fields(c conn.Config) any {
	type plain conn.Config
	return plain(c)
}
