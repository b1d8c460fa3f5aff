//go:build e2e && unix

package database

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Snapshot writes down a database's tables and every row in them, so that two
// snapshots are equal if and only if nothing changed in between.
func (s *Server) Snapshot(ctx context.Context, name string) (string, error) {
	conn, err := s.Connect(ctx, name)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var b strings.Builder
	dump := func(title, sql string) ([][]string, error) {
		// The simple protocol sends every value as text.
		rows, err := conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", title, err)
		}
		var all [][]string
		for rows.Next() {
			var row []string
			for _, value := range rows.RawValues() {
				if value == nil {
					row = append(row, "NULL")
					continue
				}
				row = append(row, fmt.Sprintf("%q", value))
			}
			all = append(all, row)
		}
		slices.SortFunc(all, slices.Compare)
		fmt.Fprintf(&b, "%s: %d\n", title, len(all))
		for _, row := range all {
			fmt.Fprintf(&b, "  %s\n", strings.Join(row, " "))
		}
		return all, rows.Err()
	}
	if _, err := dump("columns", `SELECT table_name, column_name, data_type, is_nullable, column_default
		FROM information_schema.columns WHERE table_schema = 'public'`); err != nil {
		return "", err
	}
	if _, err := dump("constraints", `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace`); err != nil {
		return "", err
	}
	if _, err := dump("indexes", `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'`); err != nil {
		return "", err
	}
	tables, err := conn.Query(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`)
	if err != nil {
		return "", err
	}
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if _, err := dump("table "+name, "SELECT * FROM "+pgx.Identifier{"public", name}.Sanitize()); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
