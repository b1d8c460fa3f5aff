package generator

import (
	"strings"
	"testing"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// formsTool has a form in each syntax, and one in each kind of quoting.
var formsTool = strings.Replace(smallTool, `[{"name": "url", "title": "URL"}]`, `[
	{"name": "url", "title": "URL", "snippet": {"file": "main.go", "text": ["open({~ goquote .Form ~})", ""]}},
	{"name": "scheme", "title": "another scheme", "dialect": {"syntax": "url", "scheme": "cockroachdb"}},
	{"name": "jdbc", "title": "JDBC", "dialect": {"syntax": "jdbc", "rename": {"application_name": "ApplicationName"},
		"public_ca": {"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"}}},
	{"name": "xml", "title": "JDBC in XML", "dialect": {"syntax": "jdbc",
		"public_ca": {"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"}}, "text": "{~ xml .URL ~}"},
	{"name": "keyword", "title": "key=value", "dialect": {"syntax": "keyword"}},
	{"name": "old", "title": "without options", "deployments": ["basic"],
		"text": "postgresql://{~ .User ~}:{~ .Password ~}@{~ .Host ~}:{~ .Port ~}/{~ .RoutingID ~}.{~ .Database ~}?ssl=true"},
	{"name": "fields", "title": "Python fields", "text": [
		"'PASSWORD': {~ python .Password ~},",
		"'PORT': {~ python .Port ~},{~ if .RoutingID ~}",
		"'options': {~ python (printf \"--cluster=%s\" .RoutingID) ~},{~ end ~}"]},
	{"name": "json", "title": "JSON fields", "text": "{\"password\": {~ json .Password ~}, \"ssl\": {~ .TLS ~}}"}
]`, 1)

// The three syntaxes and their escapes, for a connection whose every part needs them.
func TestForms(t *testing.T) {
	tool, err := Find(skeletonsOf(formsTool), "tiny")
	if err != nil {
		t.Fatal(err)
	}
	nasty := conn.Config{User: "ada", Password: `a&b'c\d"<é`, Host: "db.example.com", Database: "bank",
		Params: map[string]string{"sslmode": "verify-full", "application_name": "my app", "options": "--cluster=funny-skunk-123"}}
	for form, want := range map[string]string{
		"url":     `postgresql://ada:a%26b%27c%5Cd%22%3C%C3%A9@db.example.com:26257/bank?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123&application_name=my%20app`,
		"scheme":  `cockroachdb://ada:a%26b%27c%5Cd%22%3C%C3%A9@db.example.com:26257/bank?sslmode=verify-full&options=--cluster%3Dfunny-skunk-123&application_name=my%20app`,
		"jdbc":    `jdbc:postgresql://db.example.com:26257/bank?user=ada&password=a%26b%27c%5Cd%22%3C%C3%A9&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&options=--cluster%3Dfunny-skunk-123&ApplicationName=my%20app`,
		"keyword": `host=db.example.com port=26257 user=ada password='a&b\'c\\d"<é' dbname=bank sslmode=verify-full options=--cluster=funny-skunk-123 application_name='my app'`,
		"fields":  "'PASSWORD': 'a&b\\'c\\\\d\"<é',\n'PORT': '26257',\n'options': '--cluster=funny-skunk-123',",
		"json":    `{"password": "a&b'c\\d\"<é", "ssl": true}`,
	} {
		if text := writeForm(t, tool, form, nasty, conn.Basic); text != want {
			t.Errorf("%s:\n%s\nwant:\n%s", form, text, want)
		}
	}
}

// Placeholders stay readable in every syntax, as on CockroachDB's own client connection page.
func TestFormsWithPlaceholders(t *testing.T) {
	tool, err := Find(skeletonsOf(formsTool), "tiny")
	if err != nil {
		t.Fatal(err)
	}
	c, err := conn.Example(conn.Basic).WithRoutingID("<routing-id>")
	if err != nil {
		t.Fatal(err)
	}
	for form, want := range map[string]string{
		"url":  "postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full&options=--cluster%3D<routing-id>",
		"jdbc": "jdbc:postgresql://<host>:<port>/<database>?user=<username>&password=<password>&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory&options=--cluster%3D<routing-id>",
		"old":  "postgresql://<username>:<password>@<host>:<port>/<routing-id>.<database>?ssl=true",
	} {
		if text := writeForm(t, tool, form, c, conn.Basic); text != want {
			t.Errorf("%s:\n%s\nwant:\n%s", form, text, want)
		}
	}
	if text := writeForm(t, tool, "xml", c, conn.Basic); strings.Count(text, "&amp;") != 4 || strings.Contains(text, "&user") {
		t.Errorf("xml: %s", text)
	}
}

func TestFormSelection(t *testing.T) {
	tool, err := Find(skeletonsOf(formsTool), "tiny")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := tool.Form("", conn.Local); err != nil || f.Name != "url" {
		t.Errorf("default: %s, %v", f.Name, err)
	}
	if _, err := tool.Form("old", conn.Local); err == nil || !strings.Contains(hintOf(err), "scheme, jdbc, xml") {
		t.Errorf("a form of another deployment: %v (%s)", err, hintOf(err))
	}
	_, snippet, err := tool.Forms[0].Write(tool, conn.Example(conn.Local), conn.Local)
	if err != nil || !strings.HasPrefix(snippet, `open("postgresql://root@localhost:26257/`) {
		t.Errorf("snippet: %s, %v", snippet, err)
	}
}

func writeForm(t *testing.T, tool *Tool, form string, c conn.Config, d conn.Deployment) string {
	t.Helper()
	f, err := tool.Form(form, d)
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := f.Write(tool, c, d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
