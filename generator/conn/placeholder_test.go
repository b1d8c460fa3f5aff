package conn

import (
	"slices"
	"testing"
)

func TestPlaceholders(t *testing.T) {
	for s, want := range map[string][]string{
		"postgresql://<username>:<password>@<host>:<port>/<database>?sslmode=verify-full":         {"<username>", "<password>", "<host>", "<port>", "<database>"},
		"postgresql://ada:<ENTER-SQL-USER-PASSWORD>@db.example.com:26257/defaultdb":               {"<ENTER-SQL-USER-PASSWORD>"},
		"postgresql://{username}:{password}@{host}:26257/{database}?sslrootcert={path to the CA}": {"{username}", "{password}", "{host}", "{database}", "{path to the CA}"},
		"postgresql://<user>:x@h/d?sslcert=<cert-file>&sslkey=<key-file>&options=<user>":          {"<user>", "<cert-file>", "<key-file>"},
		"postgresql://ada:hun<ter>2@h/d": nil, // a password, of which nothing is printed
		"postgresql://ada:x@h/d":         nil,
		"jdbc:postgresql://<host>:26257/<database>?user=<username>&password=<password>&sslmode=off": {"<host>", "<database>", "<username>", "<password>"},
	} {
		if have := Placeholders(s); !slices.Equal(have, want) {
			t.Errorf("%s: have %q, want %q", s, have, want)
		}
	}
	for _, d := range Deployments() {
		s, err := Format(Example(d), Dialect{Syntax: "url", Scheme: "postgresql"})
		if err != nil {
			t.Fatal(err)
		}
		if have, want := len(Placeholders(s)), len(slices.Compact(slices.Sorted(slices.Values(anyPlaceholder.FindAllString(s, -1))))); have != want {
			t.Errorf("%s: %d of %d placeholders are known", s, have, want)
		}
	}
}
