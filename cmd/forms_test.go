package cmd_test

import (
	"encoding/xml"
	"testing"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
	"github.com/crdb-init/crdb-init/skeletons"
)

// The connection that the rows below are written for: CockroachDB's "Client Connection Reference" shows each form with
// <username>, <password>, <host>, <port>, <database> and <routing-id>; these are the values put in their places.
func reference(d conn.Deployment) conn.Config {
	c := conn.Config{User: "maxroach", Password: "s3cr3t", Host: "free-tier.gcp-us-central1.cockroachlabs.cloud", Port: 26257, Database: "defaultdb",
		Params: map[string]string{"sslmode": "verify-full"}}
	switch d {
	case conn.Basic:
		c.Params["options"] = "--cluster=funny-skunk-123"
	case conn.Advanced:
		c.Params["sslrootcert"] = "/certs/ca.crt"
	case conn.SelfHosted:
		c.Password = ""
		c.Params["sslrootcert"], c.Params["sslcert"], c.Params["sslkey"] = "/certs/ca.crt", "/certs/client.maxroach.crt", "/certs/client.maxroach.key"
	case conn.Local:
		c = conn.Config{User: "root", Host: "localhost", Port: 26257, Database: "defaultdb", Params: map[string]string{"sslmode": "disable"}}
	}
	return c
}

const (
	basicURL      = "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123"
	advancedURL   = "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&sslrootcert=/certs/ca.crt"
	selfHostedURL = "postgresql://maxroach@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&sslrootcert=/certs/ca.crt&sslcert=/certs/client.maxroach.crt&sslkey=/certs/client.maxroach.key"
	localURL      = "postgresql://root@localhost:26257/defaultdb?sslmode=disable"
)

// The reference page's forms, tool × its three filters (serverless, dedicated and self-hosted, today's basic, advanced and
// self-hosted), and the local node. The page shows the serverless form alone.
func TestConnectionReference(t *testing.T) {
	for _, row := range []struct {
		tool, form string
		deployment conn.Deployment
		want       string
	}{
		{"pgx", "", conn.Basic, basicURL},
		{"pgx", "", conn.Advanced, advancedURL},
		{"pgx", "", conn.SelfHosted, selfHostedURL},
		{"pgx", "", conn.Local, localURL},
		{"pq", "", conn.Basic, basicURL},
		{"pq", "", conn.Advanced, advancedURL},
		{"pq", "", conn.SelfHosted, selfHostedURL},
		{"pq", "", conn.Local, localURL},
		{"gorm", "", conn.Basic, basicURL},
		{"gorm", "", conn.Advanced, advancedURL},
		{"gorm", "", conn.SelfHosted, selfHostedURL},
		{"gorm", "", conn.Local, localURL},
		{"django", "", conn.Basic, `DATABASES = {
    'default': {
        'ENGINE': 'django_cockroachdb',
        'NAME': 'defaultdb',
        'USER': 'maxroach',
        'PASSWORD': 's3cr3t',
        'HOST': 'free-tier.gcp-us-central1.cockroachlabs.cloud',
        'PORT': '26257',
        'OPTIONS': {
            'sslmode': 'verify-full',
            'options': '--cluster=funny-skunk-123',
        },
    },
}`},
		{"django", "", conn.Advanced, `DATABASES = {
    'default': {
        'ENGINE': 'django_cockroachdb',
        'NAME': 'defaultdb',
        'USER': 'maxroach',
        'PASSWORD': 's3cr3t',
        'HOST': 'free-tier.gcp-us-central1.cockroachlabs.cloud',
        'PORT': '26257',
        'OPTIONS': {
            'sslmode': 'verify-full',
            'sslrootcert': '/certs/ca.crt',
        },
    },
}`},
		{"django", "", conn.SelfHosted, `DATABASES = {
    'default': {
        'ENGINE': 'django_cockroachdb',
        'NAME': 'defaultdb',
        'USER': 'maxroach',
        'HOST': 'free-tier.gcp-us-central1.cockroachlabs.cloud',
        'PORT': '26257',
        'OPTIONS': {
            'sslmode': 'verify-full',
            'sslrootcert': '/certs/ca.crt',
            'sslcert': '/certs/client.maxroach.crt',
            'sslkey': '/certs/client.maxroach.key',
        },
    },
}`},
		{"django", "", conn.Local, `DATABASES = {
    'default': {
        'ENGINE': 'django_cockroachdb',
        'NAME': 'defaultdb',
        'USER': 'root',
        'HOST': 'localhost',
        'PORT': '26257',
        'OPTIONS': {
            'sslmode': 'disable',
        },
    },
}`},
		{"node-postgres", "", conn.Basic, basicURL},
		{"node-postgres", "", conn.Advanced, advancedURL},
		{"node-postgres", "", conn.SelfHosted, selfHostedURL},
		{"node-postgres", "", conn.Local, localURL},
		{"node-postgres", "commonjs", conn.Basic, basicURL},
		{"prisma", "", conn.Basic, basicURL},
		{"prisma", "", conn.Advanced, advancedURL},
		{"prisma", "", conn.SelfHosted, selfHostedURL},
		{"prisma", "", conn.Local, localURL},
		// Prisma's engine reads the TLS parameters differently: quaint/src/connector/postgres/url.rs.
		{"prisma", "migrate", conn.Basic, "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=require&sslaccept=strict&options=--cluster%3Dfunny-skunk-123"},
		{"prisma", "migrate", conn.Advanced, "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=require&sslaccept=strict&sslcert=/certs/ca.crt"},
		{"prisma", "migrate", conn.SelfHosted, "postgresql://maxroach@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=require&sslaccept=strict&sslcert=/certs/ca.crt&sslidentity=client.p12&sslpassword=<sslpassword>"},
		{"prisma", "migrate", conn.Local, localURL},
		{"typeorm", "", conn.Basic, `{
  type: "cockroachdb",
  url: "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb",
  ssl: true,
  extra: { options: "--cluster=funny-skunk-123" },
  timeTravelQueries: false,
  maxTransactionRetries: 0,
}`},
		{"typeorm", "", conn.Advanced, `{
  type: "cockroachdb",
  url: "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb",
  ssl: {
    ca: readFileSync("/certs/ca.crt"),
  },
  timeTravelQueries: false,
  maxTransactionRetries: 0,
}`},
		{"typeorm", "", conn.SelfHosted, `{
  type: "cockroachdb",
  url: "postgresql://maxroach@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb",
  ssl: {
    ca: readFileSync("/certs/ca.crt"),
    cert: readFileSync("/certs/client.maxroach.crt"),
    key: readFileSync("/certs/client.maxroach.key"),
  },
  timeTravelQueries: false,
  maxTransactionRetries: 0,
}`},
		{"typeorm", "", conn.Local, `{
  type: "cockroachdb",
  url: "postgresql://root@localhost:26257/defaultdb",
  ssl: false,
  timeTravelQueries: false,
  maxTransactionRetries: 0,
}`},
		// The reference page's.
		{"typeorm", "ormconfig", conn.Basic, `{
  "type": "cockroachdb",
  "url": "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb",
  "ssl": true,
  "extra": {
    "options": "--cluster=funny-skunk-123"
  }
}`},
		{"typeorm", "url", conn.Basic, basicURL},
		{"sequelize", "", conn.Basic, basicURL},
		{"sequelize", "", conn.Advanced, advancedURL},
		{"sequelize", "", conn.SelfHosted, selfHostedURL},
		{"sequelize", "", conn.Local, localURL},
		{"sequelize", "sequelize-6.9", conn.Basic, "postgresql://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/funny-skunk-123.defaultdb?ssl=true"},
		{"psycopg", "", conn.Basic, basicURL},
		{"psycopg", "", conn.Advanced, advancedURL},
		{"psycopg", "", conn.SelfHosted, selfHostedURL},
		{"psycopg", "", conn.Local, localURL},
		{"psycopg2", "", conn.Basic, basicURL},
		{"psycopg2", "", conn.Advanced, advancedURL},
		{"psycopg2", "", conn.SelfHosted, selfHostedURL},
		{"psycopg2", "", conn.Local, localURL},
		{"jdbc", "", conn.Basic, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&password=s3cr3t&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&options=--cluster%3Dfunny-skunk-123"},
		{"jdbc", "", conn.Advanced, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&password=s3cr3t&sslmode=verify-full&sslrootcert=/certs/ca.crt"},
		{"jdbc", "", conn.SelfHosted, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&sslmode=verify-full&sslrootcert=/certs/ca.crt&sslcert=/certs/client.maxroach.crt&sslkey=/certs/client.maxroach.key"},
		{"jdbc", "", conn.Local, "jdbc:postgresql://localhost:26257/defaultdb?user=root&sslmode=disable"},
		{"hibernate", "", conn.Basic, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&amp;password=s3cr3t&amp;sslmode=verify-full&amp;sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&amp;options=--cluster%3Dfunny-skunk-123"},
		{"hibernate", "", conn.Advanced, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&amp;password=s3cr3t&amp;sslmode=verify-full&amp;sslrootcert=/certs/ca.crt"},
		{"hibernate", "", conn.SelfHosted, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&amp;sslmode=verify-full&amp;sslrootcert=/certs/ca.crt&amp;sslcert=/certs/client.maxroach.crt&amp;sslkey=/certs/client.maxroach.key"},
		{"hibernate", "", conn.Local, "jdbc:postgresql://localhost:26257/defaultdb?user=root&amp;sslmode=disable"},
		{"hibernate", "env", conn.Basic, "jdbc:postgresql://free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?user=maxroach&password=s3cr3t&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&options=--cluster%3Dfunny-skunk-123"},
		{"sqlalchemy", "", conn.Basic, "cockroachdb+psycopg://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123"},
		{"sqlalchemy", "", conn.Advanced, "cockroachdb+psycopg://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&sslrootcert=/certs/ca.crt"},
		{"sqlalchemy", "", conn.SelfHosted, "cockroachdb+psycopg://maxroach@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&sslrootcert=/certs/ca.crt&sslcert=/certs/client.maxroach.crt&sslkey=/certs/client.maxroach.key"},
		{"sqlalchemy", "", conn.Local, "cockroachdb+psycopg://root@localhost:26257/defaultdb?sslmode=disable"},
		// The reference page's, whose driver is psycopg2.
		{"sqlalchemy", "psycopg2", conn.Basic, "cockroachdb://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123"},
		{"sqlalchemy", "env", conn.Basic, basicURL},
		{"ruby-pg", "", conn.Basic, basicURL},
		{"ruby-pg", "", conn.Advanced, advancedURL},
		{"ruby-pg", "", conn.SelfHosted, selfHostedURL},
		{"ruby-pg", "", conn.Local, localURL},
		{"activerecord", "", conn.Basic, "default: &default\n  adapter: cockroachdb\n  url: " + basicURL},
		{"activerecord", "", conn.Advanced, "default: &default\n  adapter: cockroachdb\n  url: " + advancedURL},
		{"activerecord", "", conn.SelfHosted, "default: &default\n  adapter: cockroachdb\n  url: " + selfHostedURL},
		{"activerecord", "", conn.Local, "default: &default\n  adapter: cockroachdb\n  url: " + localURL},
		// A URL's scheme chooses the adapter: activerecord/lib/active_record/database_configurations/connection_url_resolver.rb.
		{"activerecord", "cockroachdb-url", conn.Basic, "cockroachdb://maxroach:s3cr3t@free-tier.gcp-us-central1.cockroachlabs.cloud:26257/defaultdb?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123"},
		{"activerecord", "url", conn.Local, localURL},
	} {
		t.Run(row.tool+" "+row.form+" "+string(row.deployment), func(t *testing.T) {
			tool, err := generator.Find(skeletons.FS, row.tool)
			if err != nil {
				t.Fatal(err)
			}
			form, err := tool.Form(row.form, row.deployment)
			if err != nil {
				t.Fatal(err)
			}
			text, snippet, err := form.Write(tool, reference(row.deployment), row.deployment)
			if err != nil {
				t.Fatal(err)
			}
			if text != row.want {
				t.Errorf("%s\nwant:\n%s", text, row.want)
			}
			if snippet == "" {
				t.Error("no snippet")
			}
		})
	}
}

// What goes into an XML file is XML, whatever the password holds, and says what was asked for.
func TestFormsInXML(t *testing.T) {
	tool, err := generator.Find(skeletons.FS, "hibernate")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range conn.Deployments() {
		c := reference(d)
		c.Password = `<p>&'"%+ü]]>`
		form, err := tool.Form("xml", d)
		if err != nil {
			t.Fatal(err)
		}
		_, snippet, err := form.Write(tool, c, d)
		if err != nil {
			t.Fatal(err)
		}
		want, err := conn.Format(c, tool.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:",chardata"`
			} `xml:"session-factory>property"`
		}
		if err := xml.Unmarshal([]byte(snippet), &file); err != nil {
			t.Errorf("%s: %v\n%s", d, err, snippet)
		}
		settings := map[string]string{}
		for _, p := range file.Properties {
			settings[p.Name] = p.Value
		}
		if have := settings["hibernate.connection.url"]; have != want {
			t.Errorf("%s: hibernate.connection.url is %q, want %q", d, have, want)
		}
	}
}
