package conn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dialect is how one tool spells a connection. It is data: a tool's manifest holds it.
type Dialect struct {
	// Syntax is one of
	//	url      <scheme>://user:password@host:port/database?name=value&…
	//	jdbc     jdbc:postgresql://host:port/database?user=user&password=password&name=value&…
	//	keyword  host=host port=port user=user password=password dbname=database name=value …
	Syntax string `json:"syntax"`

	// Scheme is the scheme of a url, such as postgresql or cockroachdb. The other syntaxes have none to choose.
	Scheme string `json:"scheme"`

	// Rename maps a libpq parameter to the tool's name of it.
	Rename map[string]string `json:"rename"`

	// Refuse maps a libpq parameter, or parameter=value, to the reason why the tool cannot have it.
	Refuse map[string]string `json:"refuse"`

	// PublicCA are parameters that make the tool verify the server with publicly trusted certificates.
	// They are added to sslmode=verify-full when the connection names no certificate file.
	PublicCA map[string]string `json:"public_ca"`
}

// A syntax is one way to write a connection. parse returns what it finds, decoded, in libpq's names; what it means
// is the same for all of them. format gets parameters that are in order and have the tool's names.
type syntax struct {
	name   string
	owns   func(s string) bool // whether s is of this syntax, well-formed or not
	parse  func(s string) ([]param, error)
	format func(scheme string, c Config, params []param) string
}

type param struct{ name, value string }

// The first that owns a string reads it. The last owns whatever has a = in it.
var syntaxes = []syntax{
	{"url", isURL, parseURL, formatURL},
	{"jdbc", isJDBC, parseJDBC, formatJDBC},
	{"keyword", isKeyword, parseKeyword, formatKeyword},
}

func (d Dialect) syntax() (syntax, bool) {
	for _, s := range syntaxes {
		if s.name == d.Syntax {
			return s, true
		}
	}
	return syntax{}, false
}

// Validate says what is wrong with d itself, for whoever reads a manifest.
func (d Dialect) Validate() error {
	if _, ok := d.syntax(); !ok {
		return &Error{fmt.Sprintf("syntax %q: unknown", d.Syntax), "url, jdbc or keyword"}
	}
	if d.Syntax == "url" && !scheme.MatchString(d.Scheme) {
		return &Error{fmt.Sprintf("scheme %q: unknown", d.Scheme), "postgresql, postgres or cockroachdb, with or without +driver"}
	}
	if d.Syntax != "url" && d.Scheme != "" {
		return &Error{fmt.Sprintf("scheme %q: the syntax %s has none to choose", d.Scheme, d.Syntax), "leave it out"}
	}
	names := map[string]string{}
	for _, from := range slices.Sorted(maps.Keys(d.Rename)) {
		to := d.Rename[from]
		if !paramName.MatchString(from) || isField(from) || !paramName.MatchString(to) || isField(to) {
			return &Error{fmt.Sprintf("rename %q to %q: not names of parameters", from, to), "letters, digits and _"}
		}
		if other, ok := names[to]; ok {
			return &Error{fmt.Sprintf("rename %q to %q: %q is renamed so too", from, to, other), "give each a name of its own"}
		}
		names[to] = from
	}
	for _, what := range slices.Sorted(maps.Keys(d.Refuse)) {
		name, _, _ := strings.Cut(what, "=")
		if !paramName.MatchString(name) || isField(name) {
			return &Error{fmt.Sprintf("refuse %q: not a parameter", what), "name, or name=value"}
		}
		if d.Refuse[what] == "" {
			return &Error{fmt.Sprintf("refuse %q: no reason", what), "say why: users read it"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.PublicCA)) {
		if !paramName.MatchString(name) || isField(name) || d.PublicCA[name] == "" {
			return &Error{fmt.Sprintf("public_ca %q: not a parameter with a value", name), "letters, digits and _"}
		}
	}
	return nil
}

// refused returns the first of c's parameters that the tool cannot have, as an error.
func (d Dialect) refused(c Config) error {
	for _, what := range slices.Sorted(maps.Keys(d.Refuse)) {
		name, value, one := strings.Cut(what, "=")
		if have := c.Params[name]; have != "" && (!one || have == value) {
			return &Error{what + ": " + d.Refuse[what], "leave " + what + " out of the connection string"}
		}
	}
	return nil
}
