package conn

import (
	"regexp"
	"strings"
)

var (
	anyScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	scheme    = regexp.MustCompile(`^(postgresql|postgres|cockroachdb)(\+[a-z0-9]+)?$`) // +driver is SQLAlchemy's
)

func isURL(s string) bool { return anyScheme.MatchString(s) }

// parseURL follows libpq: user, password, host, port and database may be parameters as well, and + is a plus.
// Unlike net/url it refuses every character that two drivers would take for different things.
func parseURL(s string) ([]param, error) {
	name, rest, _ := strings.Cut(s, "://")
	if !scheme.MatchString(name) {
		return nil, errScheme
	}
	if strings.Contains(rest, "#") {
		return nil, errFragment
	}
	return splitURL(rest, false)
}

func formatURL(scheme string, c Config, params []param) string {
	user := c.escape(c.User, "")
	if c.Password != "" {
		user += ":" + c.escape(c.Password, "")
	}
	if user != "" {
		user += "@"
	}
	return scheme + "://" + user + c.authority() + "/" + c.escape(c.Database, "") + c.query(params)
}

// splitURL reads what follows the // of both kinds of URL. Parts are cut before they are decoded.
func splitURL(s string, jdbc bool) ([]param, error) {
	s, query, _ := strings.Cut(s, "?")
	authority, database, _ := strings.Cut(s, "/")
	if strings.ContainsAny(database, "/@") {
		return nil, errPath
	}
	if jdbc && strings.Contains(authority, "@") {
		return nil, errJDBCUser
	}
	if strings.Count(authority, "@") > 1 {
		return nil, errAt
	}
	user, host, ok := strings.Cut(authority, "@")
	if !ok {
		user, host = "", authority
	}
	host, port, err := splitHost(host)
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(user, ":")

	// A part that is empty is not there, so that the parameter of the same name may be.
	var params []param
	for _, p := range []param{{"user", user}, {"password", password}, {"host", host}, {"port", port}, {"dbname", database}} {
		if p.value != "" {
			params = append(params, p)
		}
	}
	if query != "" {
		for pair := range strings.SplitSeq(query, "&") {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				return nil, errNoValue
			}
			params = append(params, param{name, value})
		}
	}
	for i, p := range params {
		if params[i].name, err = unescape(p.name, jdbc); err != nil {
			return nil, err
		}
		if params[i].value, err = unescape(p.value, jdbc); err != nil {
			return nil, err
		}
	}
	return params, nil
}

// splitHost takes host:port or [address]:port apart.
func splitHost(s string) (host, port string, err error) {
	if strings.Contains(s, ",") {
		return "", "", errHosts
	}
	if strings.HasPrefix(s, "[") {
		address, rest, ok := strings.Cut(s[1:], "]")
		if !ok || !strings.Contains(address, ":") || rest != "" && rest[0] != ':' {
			return "", "", errHost
		}
		return address, strings.TrimPrefix(rest, ":"), nil
	}
	host, port, _ = strings.Cut(s, ":")
	if strings.Contains(port, ":") {
		return "", "", errHost
	}
	return host, port, nil
}

func (c Config) authority() string {
	host := c.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + c.port()
}

// query writes parameters behind a ?. A / is legal there, and paths are easier to read with it.
func (c Config) query(params []param) string {
	var b strings.Builder
	for i, p := range params {
		if i == 0 {
			b.WriteByte('?')
		} else {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + c.escape(p.value, "/"))
	}
	return b.String()
}
