package generator

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestMigrationIDs(t *testing.T) {
	starter := fstest.MapFS{}
	for _, name := range []string{
		"migrations/0002_b.sql", "migrations/0001_a.sql", "migrations/migrations.go", "migrations/old/0000_x.sql", "migrations/.hidden.sql",
		"ledger/migrations/__init__.py", "ledger/migrations/0001_accounts.py", "ledger/migrations/__pycache__/0001_accounts.pyc",
		"src/migrations/1764000000001-CreateAccounts.ts",
		"prisma/migrations/0001_create/migration.sql", "prisma/migrations/migration_lock.toml",
		"db/migrate/20260101000001_create_accounts.rb",
		"src/main/resources/db/migration/V1__create_accounts.sql", "src/main/resources/db/migration/V1_1__more__of_it.sql",
	} {
		starter[name] = &fstest.MapFile{}
	}
	for _, tt := range []struct {
		files, id string
		want      []string
	}{
		{"migrations/*.sql", "", []string{"0001_a", "0002_b"}},
		{"migrations/*.sql", "$1.sql", []string{"0001_a.sql", "0002_b.sql"}},
		{"ledger/migrations/*.py", "", []string{"0001_accounts"}},
		{"src/migrations/*-*.ts", "$2$1", []string{"CreateAccounts1764000000001"}},
		{"prisma/migrations/*/migration.sql", "", []string{"0001_create"}},
		{"db/migrate/*_*.rb", "$1", []string{"20260101000001"}},
		{"src/main/resources/db/migration/V*__*.sql", "", []string{"1_1", "1"}},
		{"none/*.sql", "", nil},
	} {
		m := &Migrations{Files: tt.files, ID: tt.id, Applied: "SELECT version FROM schema_migrations"}
		if err := m.check(); err != nil {
			t.Errorf("%s: %v", tt.files, err)
		}
		have, err := m.IDs(starter)
		if err != nil || !slices.Equal(have, tt.want) {
			t.Errorf("%s %s: have %q, %v; want %q", tt.files, tt.id, have, err, tt.want)
		}
	}
}

// Each row is one mistake in a manifest's migrations.
func TestMigrationsRefused(t *testing.T) {
	const applied = "SELECT version FROM schema_migrations"
	for name, row := range map[string]struct {
		m    Migrations
		want string
	}{
		"no star":        {Migrations{Files: "migrations/1.sql", Applied: applied}, `files "migrations/1.sql"`},
		"outside":        {Migrations{Files: "../*.sql", Applied: applied}, `files "../*.sql"`},
		"two stars":      {Migrations{Files: "migrations/**/1.sql", Applied: applied}, `files "migrations/**/1.sql"`},
		"other signs":    {Migrations{Files: "migrations/[0-9]*.sql", Applied: applied}, `files "migrations/[0-9]*.sql"`},
		"unknown star":   {Migrations{Files: "migrations/*.sql", ID: "$2", Applied: applied}, `id "$2": $1 is what`},
		"a dollar":       {Migrations{Files: "migrations/*.sql", ID: "$", Applied: applied}, `id "$": $1 is what`},
		"one id":         {Migrations{Files: "migrations/*.sql", ID: "one", Applied: applied}, `id "one": the same`},
		"no query":       {Migrations{Files: "migrations/*.sql"}, "applied: not one SELECT"},
		"no SELECT":      {Migrations{Files: "migrations/*.sql", Applied: "DROP TABLE accounts"}, "applied: not one SELECT"},
		"two statements": {Migrations{Files: "migrations/*.sql", Applied: applied + "; DROP TABLE accounts"}, "applied: not one SELECT"},
	} {
		if err := row.m.check(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want %s", name, err, row.want)
		}
	}
}
