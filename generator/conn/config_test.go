package conn_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

func TestRoutingID(t *testing.T) {
	for _, test := range []struct{ options, id, want string }{
		{"", "funny-skunk-123", "--cluster=funny-skunk-123"},
		{"--cluster=old-1", "new-2", "--cluster=new-2"},
		{"-c cluster=old-1", "new-2", "--cluster=new-2"},
		{"-c statement_timeout=5 -ccluster=old-1", "new-2", "--cluster=new-2 -c statement_timeout=5"},
		{"-c statement_timeout=5", "", "-c statement_timeout=5"},
		{"--cluster=old-1", "", ""},
	} {
		c := example
		c.Params = map[string]string{"options": test.options}
		got, err := c.WithRoutingID(test.id)
		if err != nil || got.Params["options"] != test.want || got.RoutingID() != test.id {
			t.Errorf("%q with %q: got %q, %v, want %q", test.options, test.id, got.Params["options"], err, test.want)
		}
		if c.Params["options"] != test.options {
			t.Errorf("%q with %q: changed the original", test.options, test.id)
		}
	}
	for _, id := range []string{"Funny", "a_b", "a b", "-a", "a-", "a.b", "<routing-id>", "ü"} {
		if _, err := example.WithRoutingID(id); text(err) != "routing id: not lower-case letters, digits and dashes" {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

func TestAccessors(t *testing.T) {
	c, err := conn.Parse("host=h dbname=d sslmode=verify-full sslrootcert=ca.crt sslcert=c.crt sslkey=c.key")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.SSLMode(), c.CA(), c.Cert(), c.Key()}
	if want := "[verify-full ca.crt c.crt c.key]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	c.Params["sslrootcert"] = "system"
	if c.CA() != "" {
		t.Errorf("system is the file %q", c.CA())
	}
}

// However a Config is printed, its secrets are not.
func TestMasked(t *testing.T) {
	c := example
	c.Params = map[string]string{"sslpassword": "secret", "sslkey": "client.ada.key"}
	const want = "postgresql://ada:***@db.example.com:26257/bank?sslkey=client.ada.key&sslpassword=***"
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "connection", c)
	data, err := json.Marshal(struct{ C *conn.Config }{&c})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		c.String(), fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, &c, c, c, c), fmt.Sprintf("%+v", struct{ C conn.Config }{c}),
		b.String(), string(data), conn.Mask("host=db.example.com user=ada password=secret dbname=bank sslkey=client.ada.key sslpassword=secret"),
	} {
		s = strings.ReplaceAll(s, `\u0026`, "&")
		if !strings.Contains(s, want) || strings.Contains(s, "secret") {
			t.Errorf("got %s, want %s", s, want)
		}
	}
	if c.Password != "secret" || c.Params["sslpassword"] != "secret" {
		t.Error("masking changed the original")
	}
	if got := conn.Mask("postgresql://ada:sec/ret@h"); got != "***" {
		t.Errorf("unreadable: got %s", got)
	}
	if got := fmt.Sprint(conn.Config{Password: "secret"}); got != "(no connection)" {
		t.Errorf("no connection: got %s", got)
	}
	if got := conn.Example(conn.Basic).String(); !strings.Contains(got, ":<password>@") {
		t.Errorf("placeholder: got %s", got)
	}
}
