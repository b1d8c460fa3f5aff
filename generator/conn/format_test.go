package conn_test

import (
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

var example = conn.Config{User: "ada", Password: "secret", Host: "db.example.com", Port: 26257, Database: "bank"}

// The connection strings of CockroachDB's client connection reference for a Serverless cluster, now Basic.
// Django has fields and TypeORM options beside the URL: what they take is here, how they are laid out is not.
func TestReference(t *testing.T) {
	const (
		url        = "postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full&options=--cluster%3D<routing-id>"
		sqlalchemy = "cockroachdb://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full&options=--cluster%3D<routing-id>"
		java       = "jdbc:postgresql://<host>:<port>/<database>?user=<username>&password=<password>&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&options=--cluster%3D<routing-id>"
		fields     = "host=<host> port=<port> user=<username> password=<password> dbname=<database> sslmode=verify-full options=--cluster=<routing-id>"
		bare       = "postgresql://<username>:<password>@<host>:<port>/<database>"
	)
	c, err := conn.Example(conn.Basic).WithRoutingID("<routing-id>")
	if err != nil {
		t.Fatal(err)
	}
	plain := c
	plain.Params = nil
	for _, test := range []struct {
		tool string
		c    conn.Config
		d    conn.Dialect
		want string
	}{
		{"node-postgres", c, postgresql, url},
		{"sequelize", c, postgresql, url},
		{"typeorm", plain, postgresql, bare},
		{"prisma", c, postgresql, url},
		{"psycopg2", c, postgresql, url},
		{"psycopg", c, postgresql, url},
		{"sqlalchemy", c, cockroachdb, sqlalchemy},
		{"django", c, keyword, fields},
		{"pgx", c, postgresql, url},
		{"pq", c, postgresql, url},
		{"gorm", c, postgresql, url},
		{"jdbc", c, jdbc, java},
		{"hibernate", c, jdbc, java},
		{"ruby-pg", c, postgresql, url},
		{"activerecord", c, postgresql, url},
	} {
		got, err := conn.Format(test.c, test.d)
		if err != nil || got != test.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", test.tool, got, err, test.want)
		}
		if _, err := conn.Parse(got); text(err) != "connection string: still holds a placeholder" {
			t.Errorf("%s: Parse says %v", test.tool, err)
		}
	}
}

// The same page's form for Sequelize 6.9 and earlier is read, and written as what it means.
func TestReferenceOldSequelize(t *testing.T) {
	c, err := conn.Parse("postgresql://ada:s%40crdb@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/funny-skunk-123.bank?ssl=true")
	if err != nil {
		t.Fatal(err)
	}
	got, err := conn.Format(c, postgresql)
	want := "postgresql://ada:s%40crdb@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/bank?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123"
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if c.RoutingID() != "funny-skunk-123" || conn.Infer(c) != conn.Basic {
		t.Errorf("routing id %q, deployment %s", c.RoutingID(), conn.Infer(c))
	}
}

func TestFormat(t *testing.T) {
	with := func(params ...string) conn.Config {
		c := example
		c.Params = map[string]string{}
		for _, p := range params {
			name, value, _ := strings.Cut(p, "=")
			c.Params[name] = value
		}
		return c
	}
	nasty := example
	nasty.User, nasty.Password, nasty.Database = "a+b", `%@/:#?&'\ ü`, "a b"
	v6 := example
	v6.Host, v6.Port, v6.Password = "::1", 0, ""

	for _, test := range []struct {
		name string
		c    conn.Config
		d    conn.Dialect
		want string
	}{
		{"nasty url", nasty, postgresql, `postgresql://a%2Bb:%25%40%2F%3A%23%3F%26%27%5C%20%C3%BC@db.example.com:26257/a%20b`},
		{"nasty jdbc", nasty, jdbc, `jdbc:postgresql://db.example.com:26257/a%20b?user=a%2Bb&password=%25%40/%3A%23%3F%26%27%5C%20%C3%BC`},
		{"nasty keyword", nasty, keyword, `host=db.example.com port=26257 user=a+b password='%@/:#?&\'\\ ü' dbname='a b'`},
		{"ipv6 url", v6, postgresql, "postgresql://ada@[::1]:26257/bank"},
		{"ipv6 jdbc", v6, jdbc, "jdbc:postgresql://[::1]:26257/bank?user=ada"},
		{"ipv6 keyword", v6, keyword, "host=::1 port=26257 user=ada dbname=bank"},
		{"order", with("connect_timeout=3", "application_name=x", "options=-c a=b", "sslkey=k", "sslcert=c", "sslrootcert=/a/b.crt", "sslmode=verify-full"), postgresql,
			"postgresql://ada:secret@db.example.com:26257/bank?sslmode=verify-full&sslrootcert=/a/b.crt&sslcert=c&sslkey=k&options=-c%20a%3Db&application_name=x&connect_timeout=3"},
		{"empty is none", with("sslmode=", "options="), postgresql, "postgresql://ada:secret@db.example.com:26257/bank"},
		{"rename", with("application_name=x y"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&ApplicationName=x%20y"},
		{"public ca", with("sslmode=verify-full"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"},
		{"own ca", with("sslmode=verify-full", "sslrootcert=ca.crt"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=verify-full&sslrootcert=ca.crt"},
		{"own certificate", with("sslmode=verify-full", "sslcert=c", "sslkey=k"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=verify-full&sslcert=c&sslkey=k"},
		{"own factory", with("sslmode=verify-full", "sslfactory=org.postgresql.ssl.LibPQFactory"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=verify-full&sslfactory=org.postgresql.ssl.LibPQFactory"},
		{"no tls", with("sslmode=disable"), jdbc, "jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=disable"},
		{"angle brackets", with("application_name=<word>"), keyword, `host=db.example.com port=26257 user=ada password=secret dbname=bank application_name='<word\>'`},
	} {
		got, err := conn.Format(test.c, test.d)
		if err != nil || got != test.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", test.name, got, err, test.want)
		}
	}
}

// A Config that Parse could not have returned is not written.
func TestFormatRefuses(t *testing.T) {
	for _, test := range []struct {
		change func(*conn.Config)
		want   string
	}{
		{func(c *conn.Config) { c.Host = "" }, "host: none"},
		{func(c *conn.Config) { c.Host = "<host>" }, "host: not a host name or address"},
		{func(c *conn.Config) { c.Host = "fe80::1%eth0" }, "host: not a host name or address"},
		{func(c *conn.Config) { c.Database = "" }, "database: none"},
		{func(c *conn.Config) { c.Password = "a\x00" }, "connection string: holds a NUL or another control character"},
		{func(c *conn.Config) { c.User = "a\xff" }, "connection string: not UTF-8"},
		{func(c *conn.Config) { c.Host = "a-b.cockroachlabs.cloud"; c.Database = "a.b" }, "database: holds a dot"},
		{func(c *conn.Config) { c.Params = map[string]string{"user": "x"} }, "parameter: not a libpq name"},
		{func(c *conn.Config) { c.Params = map[string]string{"ssl": "true"} }, "parameter: not a libpq name"},
		{func(c *conn.Config) { c.Params = map[string]string{"ApplicationName": "x"} }, "parameter: not a libpq name"},
		{func(c *conn.Config) { c.Params = map[string]string{"a b": "x"} }, "parameter: not a parameter's name"},
		{func(c *conn.Config) { c.Params = map[string]string{"sslmode": "full"} }, "sslmode: unknown"},
	} {
		c := example
		test.change(&c)
		for _, d := range []conn.Dialect{postgresql, jdbc, keyword} {
			if s, err := conn.Format(c, d); text(err) != test.want {
				t.Errorf("got %q, %v, want %s", s, err, test.want)
			}
		}
	}

	c := example
	c.Params = map[string]string{"a": "1", "b": "2"}
	d := postgresql
	d.Rename = map[string]string{"a": "b"}
	if s, err := conn.Format(c, d); text(err) != "parameter: one is given twice" {
		t.Errorf("renamed to a name that is taken: got %q, %v", s, err)
	}
}
