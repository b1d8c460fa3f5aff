package conn_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

func TestParse(t *testing.T) {
	bank := func(params ...string) conn.Config {
		c := example
		for i := 0; i < len(params); i += 2 {
			if c.Params == nil {
				c.Params = map[string]string{}
			}
			c.Params[params[i]] = params[i+1]
		}
		return c
	}
	edit := func(c conn.Config, change func(*conn.Config)) conn.Config {
		change(&c)
		return c
	}
	for _, test := range []struct {
		in   string
		want conn.Config
	}{
		// Schemes.
		{"postgresql://ada:secret@db.example.com:26257/bank", bank()},
		{"postgres://ada:secret@db.example.com/bank", bank()},
		{"cockroachdb://ada:secret@db.example.com:/bank?", bank()},
		{"postgresql+psycopg://ada:secret@db.example.com:26257/bank", bank()},
		{"cockroachdb+psycopg2://ada:secret@db.example.com:26257/bank", bank()},

		// Fields as parameters.
		{"postgresql://db.example.com/bank?user=ada&password=secret", bank()},
		{"postgresql:///bank?user=ada&password=secret&host=db.example.com&port=26257", bank()},
		{"postgresql://ada:secret@db.example.com?dbname=bank", bank()},
		{"postgresql://ada:@db.example.com/bank?password=secret", bank()},

		// Escapes. A + is a plus in a URL and a space in a JDBC URL.
		{"postgresql://a+b:c+%2b%20@db.example.com/d%2Fe?application_name=f+g", conn.Config{User: "a+b", Password: "c++ ",
			Host: "db.example.com", Port: 26257, Database: "d/e", Params: map[string]string{"application_name": "f+g"}}},
		{"jdbc:postgresql://db.example.com/d+e?user=a%2Bb&password=c+d&ApplicationName=f+g", conn.Config{User: "a+b", Password: "c d",
			Host: "db.example.com", Port: 26257, Database: "d e", Params: map[string]string{"application_name": "f g"}}},
		{"postgresql://ada:%3Cword%3E@db.example.com/bank", edit(bank(), func(c *conn.Config) { c.Password = "<word>" })},
		{"postgresql://ada:a:b@db.example.com/bank", edit(bank(), func(c *conn.Config) { c.Password = "a:b" })},
		{"postgresql://ada:secret@db.example.com/bank?options=--cluster=funny-skunk-123 -c a=b",
			bank("options", "--cluster=funny-skunk-123 -c a=b")},

		// Hosts.
		{"postgresql://ada:secret@[2001:db8::1]:5432/bank", edit(bank(), func(c *conn.Config) { c.Host, c.Port = "2001:db8::1", 5432 })},
		{"postgresql://[::1]/bank", conn.Config{Host: "::1", Port: 26257, Database: "bank"}},
		{"jdbc:postgresql://[::1]:26257/bank?user=root", conn.Config{User: "root", Host: "::1", Port: 26257, Database: "bank"}},
		{"postgresql://root@cockroach:26257/bank", conn.Config{User: "root", Host: "cockroach", Port: 26257, Database: "bank"}},

		// ssl, and what is dropped.
		{"postgresql://ada:secret@db.example.com/bank?ssl=true", bank("sslmode", "verify-full")},
		{"postgresql://ada:secret@db.example.com/bank?ssl=1&sslmode=require", bank("sslmode", "require")},
		{"postgresql://ada:secret@db.example.com/bank?ssl=false", bank("sslmode", "disable")},
		{"postgresql://ada:secret@db.example.com/bank?sslmode=&sslrootcert=&options=", bank()},
		{"jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory", bank("sslmode", "verify-full")},
		{"jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&sslfactory=org.postgresql.ssl.LibPQFactory", bank("sslfactory", "org.postgresql.ssl.LibPQFactory")},
		{"jdbc:postgresql://db.example.com:26257/bank?user=ada&password=secret&connectTimeout=3", bank("connect_timeout", "3")},

		// A routing id in the database.
		{"postgresql://ada:secret@db.example.com/funny-skunk-123.bank?ssl=true", bank("sslmode", "verify-full", "options", "--cluster=funny-skunk-123")},
		{"postgresql://ada:secret@db.example.com/bank?ssl=true", bank("sslmode", "verify-full")},
		{"cockroachdb://ada:secret@x.cockroachlabs.cloud/funny-skunk-123.bank?sslmode=verify-full&options=-c%20a%3Db",
			edit(bank("sslmode", "verify-full", "options", "--cluster=funny-skunk-123 -c a=b"), func(c *conn.Config) { c.Host = "x.cockroachlabs.cloud" })},
		{"postgresql://ada:secret@db.example.com/x-1.bank?ssl=true&options=-ccluster%3Dx-1", bank("sslmode", "verify-full", "options", "-ccluster=x-1")},
		{"postgresql://ada:secret@db.example.com/a.b?sslmode=verify-full", edit(bank("sslmode", "verify-full"), func(c *conn.Config) { c.Database = "a.b" })},

		// Key=value pairs.
		{"host=db.example.com user=ada password=secret dbname=bank", bank()},
		{"  host = db.example.com port='26257'user='ada' password = secret dbname=bank sslmode='' ", bank()},
		{`host=db.example.com user=ada password='it\'s \\ \x' dbname=bank`, edit(bank(), func(c *conn.Config) { c.Password = `it's \ x` })},
		{`host=db.example.com user=ada password=a\ b'c=d://% dbname=bank`, edit(bank(), func(c *conn.Config) { c.Password = `a b'c=d://%` })},
	} {
		got, err := conn.Parse(test.in)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %s %q, %v\nwant %s %q", test.in, got, got.Params, err, test.want, test.want.Params)
		}
	}
}

// Each way to be wrong has a text of its own. Every input holds the password hunter2, or a piece of it, and no text does.
func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "connection string: empty"},
		{"hunter2", "connection string: neither a URL nor key=value pairs"},
		{"postgresql:hunter2", "connection string: neither a URL nor key=value pairs"},
		{"mysql://u:hunter2@h/d", "connection string: unknown scheme"},
		{"hunter2://h/d", "connection string: unknown scheme"},
		{"postgresql+://u:hunter2@h/d", "connection string: unknown scheme"},
		{"jdbc:mysql://h/d?password=hunter2", "connection string: unknown scheme"},
		{"jdbc:postgresql:hunter2", "connection string: unknown scheme"},
		{"jdbc:cockroachdb://h/d?password=hunter2", "connection string: unknown scheme"},

		{"postgresql://u:hunter2@<host>:26257/d", "connection string: still holds a placeholder"},
		{"postgresql://{username}:hunter2@h/d", "connection string: still holds a placeholder"},
		{"postgresql://u:hunter2@h/d?sslrootcert=<path to the CA>&%zz\x00", "connection string: still holds a placeholder"},
		{"hunter2 <connection-string>", "connection string: still holds a placeholder"},
		{"host=h dbname=d password=hunter2<word>", "connection string: still holds a placeholder"},

		{"postgresql://u:hunter2\n@h/d", "connection string: holds a NUL or another control character"},
		{"postgresql://u:hunter2%00@h/d", "connection string: holds a NUL or another control character"},
		{"postgresql://u:hunter2@h/d?options=%7f", "connection string: holds a NUL or another control character"},
		{"host=h dbname=d password=hunter2\x00", "connection string: holds a NUL or another control character"},
		{"postgresql://u:hunter2\xff@h/d", "connection string: not UTF-8"},
		{"jdbc:postgresql://h/d?password=hunter2%ff", "connection string: not UTF-8"},

		{"postgresql://u:hunter2%@h/d", "connection string: a % without two hexadecimal digits"},
		{"postgresql://u:p@h/d?options=hunter2%4", "connection string: a % without two hexadecimal digits"},
		{"jdbc:postgresql://h/d?password=hunter2%zz", "connection string: a % without two hexadecimal digits"},
		{"postgresql://u:p@h/d?%zzhunter2=x", "connection string: a % without two hexadecimal digits"},
		{"postgresql://u:hunter2%+1@h/d", "connection string: a % without two hexadecimal digits"},
		{"postgresql://u:p@hunter2@h/d", "connection string: more than one @ before the database"},
		{"postgresql://u:p#hunter2@h/d", "connection string: holds a #"},
		{"postgresql://u:1/hunter2@h/d", "connection string: a / or @ in the database"},
		{"jdbc:postgresql://u:hunter2@h/d", "connection string: a JDBC URL has no user:password@ part"},
		{"host=h dbname=d password='hunter2", "connection string: ends inside a quoted or escaped value"},
		{`host=h dbname=d password=hunter2\`, "connection string: ends inside a quoted or escaped value"},
		{"postgresql://u:p@h/d?hunter2", "parameter: no = after its name"},
		{"jdbc:postgresql://h/d?password=p&hunter2", "parameter: no = after its name"},
		{"host=h dbname=d password=p hunter2", "parameter: no = after its name"},
		{"jdbc:postgresql://h/d?user=u&amp;password=hunter2", "parameter: not a parameter's name"},
		{"host=h dbname=d password=p hunter2!=x", "parameter: not a parameter's name"},

		{"postgresql://u:hunter2@/d", "host: none"},
		{"user=u password=hunter2 dbname=d", "host: none"},
		{"postgresql://u:hunter2@a:1,b:2/d", "host: several"},
		{"jdbc:postgresql://a,b/d?password=hunter2", "host: several"},
		{"host=a,b dbname=d password=hunter2", "host: several"},
		{"host=a port=1,2 dbname=d password=hunter2", "host: several"},
		{"postgresql://u:hunter2@%2Ftmp/d", "host: a Unix socket"},
		{"postgresql://u:hunter2@a!b/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@::1/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@[::1/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@[localhost]/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@[::1]1/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@[fe80::1%25eth0]/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@bücher.example/d", "host: not a host name or address"},
		{"postgresql://u:hunter2@h:0/d", "port: not a number from 1 to 65535"},
		{"postgresql://u:hunter2@h:65536/d", "port: not a number from 1 to 65535"},
		{"postgresql://u:hunter2/@h/d", "connection string: a / or @ in the database"},
		{"postgresql://h:hunter2/d", "port: not a number from 1 to 65535"},
		{"host=h port=hunter2 dbname=d", "port: not a number from 1 to 65535"},
		{"postgresql://u:hunter2@h", "database: none"},
		{"jdbc:postgresql://h/?password=hunter2", "database: none"},
		{"postgresql://u:hunter2@h.crdb.io/a.b.c", "database: holds a dot"},
		{"postgresql://u:p@h/hunter2_.d?ssl=true", "routing id: not lower-case letters, digits and dashes"},
		{"postgresql://u:p@h/d?options=--cluster%3Dhunter2_", "routing id: not lower-case letters, digits and dashes"},
		{"postgresql://u:p@h/hunter2.d?ssl=true&options=--cluster%3Dx", "routing id: two are given"},
		{"postgresql://u:p@h/d?options=--cluster%3Dhunter2%20-c%20cluster%3Dx", "routing id: two are given"},
		{"postgresql://u:p@h/d?sslmode=hunter2", "sslmode: unknown"},
		{"postgresql://u:p@h/d?ssl=hunter2", "ssl: neither true nor false"},
		{"postgresql://u:hunter2@h/d?ssl=true&sslmode=disable", "ssl: contradicts sslmode"},
		{"postgresql://u:hunter2@h/d?ssl=false&sslmode=require", "ssl: contradicts sslmode"},
		{"jdbc:postgresql://h/d?password=hunter2&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&sslrootcert=x",
			"sslfactory: org.postgresql.ssl.DefaultJavaSSLFactory ignores sslrootcert, sslcert and sslkey"},

		{"postgresql://u:hunter2@h/d?password=hunter2", "password: given twice"},
		{"postgresql://u:hunter2@h/d?user=u", "user: given twice"},
		{"jdbc:postgresql://h/d?password=hunter2&password=hunter2", "password: given twice"},
		{"postgresql://u:hunter2@h/d?host=h", "host: given twice"},
		{"postgresql://u:hunter2@h/d?dbname=d", "dbname: given twice"},
		{"postgresql://u:hunter2@h/d?sslmode=require&sslmode=verify-full", "sslmode: given twice"},
		{"postgresql://u:p@h/d?hunter2=a&hunter2=a", "parameter: one is given twice"},
		{"jdbc:postgresql://h/d?ApplicationName=hunter2&application_name=x", "parameter: one is given twice"},
	} {
		c, err := conn.Parse(test.in)
		if text(err) != test.want {
			t.Errorf("%q:\n got %v, %v\nwant %s", test.in, c, err, test.want)
			continue
		}
		e, ok := errors.AsType[*conn.Error](err)
		if !ok || e.Hint() == "" {
			t.Errorf("%q: no way out", test.in)
			continue
		}
		if strings.Contains(e.Error()+e.Hint(), "hunter") {
			t.Errorf("%q: %s (%s) shows the password", test.in, e.Error(), e.Hint())
		}
	}
}
