package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Migrations are those of a starter.
type Migrations struct {
	IDs     []string // of all that there are, in order, as the database has them once they ran
	Applied string   // the SELECT of those that ran
	Last    bool     // it selects the last alone, and those before it ran too
	Command string   // the shell line that runs what is pending
}

func (x *examination) migrations(ctx context.Context) Check {
	m := x.Migrations
	if m == nil {
		return skipped(x.Unknown)
	}
	rows, err := x.rows(ctx, m.Applied)
	cause := "they did not run on this database"
	if e, refused := errors.AsType[*pgconn.PgError](err); refused && e.Code == "42P01" {
		rows, err, cause = nil, nil, "the table that records them is not there: none ran yet"
	}
	if err != nil {
		return x.broken(err)
	}
	var recorded []string
	for _, r := range rows {
		if len(r) > 0 && r[0] != nil {
			recorded = append(recorded, string(r[0]))
		}
	}
	pending, strange := compare(m.IDs, recorded, m.Last)
	applied := fmt.Sprintf("%d of %d applied", len(m.IDs)-len(pending), len(m.IDs))
	switch {
	case len(pending) > 0:
		return warn(applied+", pending: "+x.quote(strings.Join(pending, ", ")), cause, m.Command)
	case len(strange) > 0:
		return warn(applied, "the database has "+x.quote(strings.Join(strange, ", "))+" too, of which no file is here: it is another version's, or another program's",
			"bring the starter up to date with what the database was migrated from, or use another database")
	}
	return ok(applied)
}

// compare returns which of ids are not recorded, and which are recorded and not among them.
func compare(ids, recorded []string, last bool) (pending, strange []string) {
	done := recorded
	for _, r := range recorded {
		i := slices.Index(ids, r)
		if i < 0 {
			strange = append(strange, r)
		} else if last {
			done = ids[:i+1]
		}
	}
	for _, id := range ids {
		if !slices.Contains(done, id) {
			pending = append(pending, id)
		}
	}
	return pending, strange
}
