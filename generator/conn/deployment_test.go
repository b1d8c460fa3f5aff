package conn_test

import (
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

func TestParseDeployment(t *testing.T) {
	for _, d := range conn.Deployments() {
		if got, err := conn.ParseDeployment(string(d)); got != d || err != nil {
			t.Errorf("%s: got %q, %v", d, got, err)
		}
		if d.Title() == "" || d.Description() == "" {
			t.Errorf("%s: title %q, description %q", d, d.Title(), d.Description())
		}
	}
	for alias, want := range map[string]conn.Deployment{"serverless": conn.Basic, "dedicated": conn.Advanced, "core": conn.SelfHosted} {
		if got, err := conn.ParseDeployment(alias); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %s", alias, got, err, want)
		}
	}
	for _, s := range []string{"", "Basic", "cloud"} {
		if got, err := conn.ParseDeployment(s); err == nil {
			t.Errorf("%q: got %q", s, got)
		}
	}
}

func TestInfer(t *testing.T) {
	for _, test := range []struct {
		in   string
		want conn.Deployment
	}{
		{"postgresql://root@localhost:26257/d", conn.Local},
		{"postgresql://root@LocalHost./d?sslmode=disable", conn.Local},
		{"postgresql://root@127.0.0.2/d?sslmode=disable", conn.Local},
		{"postgresql://root@[::1]/d", conn.Local},
		{"postgresql://root@[::ffff:127.0.0.1]/d", conn.Local},
		{"postgresql://root@localhost/d?sslmode=verify-full", conn.SelfHosted},
		{"postgresql://root@localhost/d?sslmode=require", conn.SelfHosted},
		{"postgresql://u@a-1.b2c.gcp-us-east1.cockroachlabs.cloud/d", conn.Basic},
		{"postgresql://u@A-1.b2c.GCP-us-east1.CockroachLabs.Cloud./d?sslmode=require", conn.Basic},
		{"postgresql://u@a-1.b2c.gcp-us-east1.cockroachlabs.cloud/d?sslrootcert=system", conn.Basic},
		{"postgresql://u@a-1.gcp-us-east1.crdb.io/d?sslrootcert=ca.crt", conn.Advanced},
		{"postgresql://u@cockroachlabs.cloud.example.com/d", conn.SelfHosted},
		{"postgresql://u@notcrdb.io/d", conn.SelfHosted},
		{"postgresql://u@cockroach/d?sslmode=disable", conn.SelfHosted},
		{"postgresql://u@10.0.0.1/d", conn.SelfHosted},
	} {
		c, err := conn.Parse(test.in)
		if got := conn.Infer(c); err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.in, got, err, test.want)
		}
	}
}

func TestExample(t *testing.T) {
	want := map[conn.Deployment]string{
		conn.Basic:      "postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full",
		conn.Standard:   "postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full",
		conn.Advanced:   "postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full&sslrootcert=<ca-file>",
		conn.SelfHosted: "postgresql://<username>@<host>:<port>/<database>?sslmode=verify-full&sslrootcert=<ca-file>&sslcert=<cert-file>&sslkey=<key-file>",
		conn.Local:      "postgresql://root@localhost:26257/defaultdb?sslmode=disable",
	}
	for _, d := range conn.Deployments() {
		c, err := conn.Secure(conn.Example(d), d)
		if err != nil {
			t.Errorf("%s: %v", d, err)
		}
		if got, err := conn.Format(c, postgresql); err != nil || got != want[d] {
			t.Errorf("%s:\n got %s, %v\nwant %s", d, got, err, want[d])
		}
	}
}

func TestExampleOfTwoWordsInOneValue(t *testing.T) {
	c := conn.Example(conn.Basic)
	c.Params["options"] = "--cluster=<routing-id> -c a='b'"
	for d, want := range map[*conn.Dialect]string{
		&keyword:    `host=<host> port=<port> user=<username> password=<password> dbname=<database> sslmode=verify-full options='--cluster=<routing-id> -c a=\'b\''`,
		&postgresql: `postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full&options=--cluster%3D<routing-id>%20-c%20a%3D%27b%27`,
	} {
		if got, err := conn.Format(c, *d); err != nil || got != want {
			t.Errorf("\n got %s, %v\nwant %s", got, err, want)
		}
	}
}

func TestSecure(t *testing.T) {
	const (
		weak = "sslmode=verify-full"
		here = "sslmode=verify-full, or sslmode=disable and --deployment local for an insecure node on this machine"
	)
	for _, test := range []struct {
		d          conn.Deployment
		in         string
		want, hint string // want: the parameters that the result has, or the error
	}{
		{conn.Basic, "postgresql://db.example.com/d", "?sslmode=verify-full", ""},
		{conn.Basic, "postgresql://db.example.com/d?sslmode=verify-full&sslrootcert=system", "?sslmode=verify-full", ""},
		{conn.Advanced, "postgresql://db.example.com/d?sslrootcert=/a/ca.crt", "?sslmode=verify-full&sslrootcert=/a/ca.crt", ""},
		{conn.SelfHosted, "postgresql://localhost/d?sslcert=c&sslkey=k", "?sslmode=verify-full&sslcert=c&sslkey=k", ""},
		{conn.Local, "postgresql://localhost/d", "?sslmode=disable", ""},
		{conn.Local, "postgresql://[::1]/d?sslmode=disable", "?sslmode=disable", ""},
		{conn.Local, "postgresql://cockroach/d", "?sslmode=disable", ""},
		{conn.Local, "postgresql://localhost/d?sslmode=verify-full&sslrootcert=ca.crt", "?sslmode=verify-full&sslrootcert=ca.crt", ""},
		{conn.Local, "postgresql://localhost/d?sslrootcert=ca.crt", "?sslmode=verify-full&sslrootcert=ca.crt", ""},
		{conn.SelfHosted, "jdbc:postgresql://db.example.com/d?sslfactory=org.postgresql.ssl.LibPQFactory", "?sslmode=verify-full&sslfactory=org.postgresql.ssl.LibPQFactory", ""},

		{conn.Basic, "postgresql://db.example.com/d?sslmode=disable", "sslmode=disable: sends everything, the password included, in plain text", weak},
		{conn.Basic, "postgresql://db.example.com/d?sslmode=allow", "sslmode=allow: uses TLS only if the server insists on it", weak},
		{conn.Basic, "postgresql://db.example.com/d?sslmode=prefer", "sslmode=prefer: goes on in plain text if there is no TLS", weak},
		{conn.Basic, "postgresql://db.example.com/d?sslmode=require", "sslmode=require: does not check who the server is", weak},
		{conn.Basic, "postgresql://db.example.com/d?sslmode=verify-ca", "sslmode=verify-ca: does not check that the certificate is this host's", weak},
		{conn.SelfHosted, "postgresql://cockroach/d?sslmode=disable", "sslmode=disable: sends everything, the password included, in plain text", here},
		{conn.Local, "postgresql://localhost/d?sslmode=require", "sslmode=require: does not check who the server is", here},
		{conn.Local, "postgresql://db.example.com/d", "host: not on this machine, so the deployment is not local", "--deployment self-hosted"},
		{conn.Local, "postgresql://[2001:db8::1]/d", "host: not on this machine, so the deployment is not local", "--deployment self-hosted"},
		{conn.SelfHosted, "postgresql://db.example.com/d?sslcert=c", "sslcert: without sslkey", "add sslkey: some drivers then connect without any certificate"},
		{conn.SelfHosted, "postgresql://db.example.com/d?sslkey=k", "sslkey: without sslcert", "add sslcert, or leave sslkey out"},
		{conn.SelfHosted, "jdbc:postgresql://db.example.com/d?sslfactory=org.postgresql.ssl.NonValidatingFactory", "sslfactory: may accept any certificate", "leave it out: sslmode=verify-full is enough"},
		{conn.SelfHosted, "jdbc:postgresql://db.example.com/d?sslhostnameverifier=a.B", "sslhostnameverifier: may accept any host", "leave it out: sslmode=verify-full is enough"},
	} {
		c, err := conn.Parse(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		c, err = conn.Secure(c, test.d)
		if test.hint != "" {
			e, ok := err.(*conn.Error)
			if !ok || e.Error() != test.want || e.Hint() != test.hint {
				t.Errorf("%s, %s: got %v, want %s (%s)", test.in, test.d, err, test.want, test.hint)
			}
			continue
		}
		got := c.String()
		if err != nil || got[len(got)-len(test.want):] != test.want {
			t.Errorf("%s, %s: got %s, %v, want %s", test.in, test.d, got, err, test.want)
		}
	}

	c := example
	c.Params = map[string]string{"sslmode": "strict"}
	if _, err := conn.Secure(c, conn.Basic); text(err) != "sslmode: unknown" {
		t.Errorf("unknown mode: got %v", err)
	}
}
