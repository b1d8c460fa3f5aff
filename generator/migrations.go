package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// Migrations say where a starter keeps its migrations, and how its database tells which of them ran.
type Migrations struct {
	Files   string `json:"files"`          // their paths in the starter; each * stands for what a name may hold there
	ID      string `json:"id,omitempty"`   // what the database has of a file: $1 is what the first * stands for; $1 if empty
	Applied string `json:"applied"`        // the SELECT of the ids of those that ran, in its first column
	Last    bool   `json:"last,omitempty"` // the database has the id of the last one that ran, and those before it ran too
}

// IDs returns what a database will have of a starter's migrations once they ran, in the order of the files' paths.
// A * that would begin with _ or . is not one: __init__.py and __pycache__ are no migrations.
func (m *Migrations) IDs(starter fs.FS) ([]string, error) {
	paths, err := fs.Glob(starter, m.Files)
	if err != nil {
		return nil, err
	}
	pattern := m.pattern()
	var ids []string
	for _, p := range paths {
		found := pattern.FindStringSubmatch(p)
		if found == nil {
			continue
		}
		var stars []string
		for i, s := range found[1:] {
			stars = append(stars, "$"+strconv.Itoa(i+1), s)
		}
		id := m.ID
		if id == "" {
			id = "$1"
		}
		ids = append(ids, strings.NewReplacer(stars...).Replace(id))
	}
	return ids, nil
}

// pattern matches the files' paths. A * takes as little as it can: of 1_a_b.sql, *_*.sql makes 1 and a_b.
func (m *Migrations) pattern() *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(m.Files), `\*`, `([^/_.][^/]*?)`) + "$")
}

// check refuses what could not tell anything.
func (m *Migrations) check() error {
	stars := strings.Count(m.Files, "*")
	if stars == 0 || stars > 9 || strings.Contains(m.Files, "**") || !fs.ValidPath(m.Files) || strings.ContainsAny(m.Files, `?[\`) {
		return fmt.Errorf("files %q: not a path in the starter with a * in it", m.Files)
	}
	for i, after := range strings.Split(m.ID, "$") {
		if i > 0 && (after == "" || after[0] < '1' || after[0] > '0'+byte(stars)) {
			return fmt.Errorf("id %q: $1 is what the first * of %s stands for, $2 the second", m.ID, m.Files)
		}
	}
	if m.ID != "" && !strings.Contains(m.ID, "$") {
		return fmt.Errorf("id %q: the same for every file", m.ID)
	}
	if !strings.HasPrefix(m.Applied, "SELECT ") || strings.Contains(m.Applied, ";") {
		return errors.New("applied: not one SELECT")
	}
	return nil
}
