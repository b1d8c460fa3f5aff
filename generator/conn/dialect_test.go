package conn_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// The dialects that tools have.
var (
	postgresql  = conn.Dialect{Syntax: "url", Scheme: "postgresql"}
	cockroachdb = conn.Dialect{Syntax: "url", Scheme: "cockroachdb"}
	keyword     = conn.Dialect{Syntax: "keyword"}
	jdbc        = conn.Dialect{
		Syntax:   "jdbc",
		Rename:   map[string]string{"application_name": "ApplicationName"},
		PublicCA: map[string]string{"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"},
	}
)

func TestDialectJSON(t *testing.T) {
	var d conn.Dialect
	err := json.Unmarshal([]byte(`{"syntax":"url","scheme":"cockroachdb","rename":{"a":"b"},"refuse":{"c":"d"},"public_ca":{"e":"f"}}`), &d)
	if err != nil {
		t.Fatal(err)
	}
	if d.Syntax != "url" || d.Scheme != "cockroachdb" || d.Rename["a"] != "b" || d.Refuse["c"] != "d" || d.PublicCA["e"] != "f" {
		t.Errorf("got %+v", d)
	}
}

func TestDialectValidate(t *testing.T) {
	for _, d := range []conn.Dialect{postgresql, cockroachdb, keyword, jdbc, {Syntax: "url", Scheme: "cockroachdb+psycopg"}} {
		if err := d.Validate(); err != nil {
			t.Errorf("%+v: %v", d, err)
		}
	}
	url := func(d conn.Dialect) conn.Dialect {
		d.Syntax, d.Scheme = "url", "postgresql"
		return d
	}
	for _, test := range []struct {
		d    conn.Dialect
		want string
	}{
		{conn.Dialect{}, `syntax "": unknown`},
		{conn.Dialect{Syntax: "odbc"}, `syntax "odbc": unknown`},
		{conn.Dialect{Syntax: "url"}, `scheme "": unknown`},
		{conn.Dialect{Syntax: "url", Scheme: "mysql"}, `scheme "mysql": unknown`},
		{conn.Dialect{Syntax: "jdbc", Scheme: "postgresql"}, `scheme "postgresql": the syntax jdbc has none to choose`},
		{url(conn.Dialect{Rename: map[string]string{"user": "u"}}), `rename "user" to "u": not names of parameters`},
		{url(conn.Dialect{Rename: map[string]string{"a": "b c"}}), `rename "a" to "b c": not names of parameters`},
		{url(conn.Dialect{Rename: map[string]string{"a": "x", "b": "x"}}), `rename "b" to "x": "a" is renamed so too`},
		{url(conn.Dialect{Refuse: map[string]string{"password": "no"}}), `refuse "password": not a parameter`},
		{url(conn.Dialect{Refuse: map[string]string{"sslmode=require": ""}}), `refuse "sslmode=require": no reason`},
		{url(conn.Dialect{PublicCA: map[string]string{"sslrootcert": ""}}), `public_ca "sslrootcert": not a parameter with a value`},
	} {
		err := test.d.Validate()
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %s", test.d, err, test.want)
		}
		if _, formatErr := conn.Format(example, test.d); formatErr == nil {
			t.Errorf("%+v: Format takes it", test.d)
		}
	}
}

func TestRefused(t *testing.T) {
	d := postgresql
	d.Refuse = map[string]string{
		"sslrootcert=system": "the driver opens a file of that name",
		"channel_binding":    "the driver does not know it",
	}
	for _, test := range []struct{ name, value, want string }{
		{"sslrootcert", "system", "sslrootcert=system: the driver opens a file of that name"},
		{"channel_binding", "require", "channel_binding: the driver does not know it"},
		{"sslrootcert", "ca.crt", ""},
		{"channel_binding", "", ""},
	} {
		c := example
		c.Params = map[string]string{test.name: test.value}
		_, err := conn.Format(c, d)
		if got := text(err); got != test.want {
			t.Errorf("%s=%s: got %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
