//go:build e2e && unix

package database

import (
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	ctx := t.Context()
	s, err := Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Log(s.Name)
	if err := s.Create(ctx, "app"); err != nil {
		t.Fatal(err)
	}
	conn, err := s.Connect(ctx, "app")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for query, want := range map[string]string{
		`SELECT version()`:                                          "CockroachDB",
		`SHOW transaction_isolation`:                                "serializable",
		`SELECT (unique_rowid() > 0)::text`:                         "true",
		`SELECT current_database()`:                                 "app",
		`SELECT crdb_internal.increment_feature_counter('x')::text`: "true",
	} {
		var have string
		if err := conn.QueryRow(ctx, query).Scan(&have); err != nil || !strings.HasPrefix(have, want) {
			t.Errorf("%s: have %q, %v; want %q", query, have, err, want)
		}
	}
}
