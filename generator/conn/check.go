package conn

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`) // _ as in the names of compose services
	paramName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`)      // a dot as in CockroachDB's own settings
)

// maxHost is the length of the longest name of the DNS. In the expression above, as {0,252}, it would cost
// a millisecond at each start of the program.
const maxHost = 253

// check refuses what no connection can be. It holds for everything that Parse returns, and Format asks it first,
// so that nothing is written that could not be read again.
func (c Config) check() error {
	for _, s := range []string{c.User, c.Password, c.Host, c.Database} {
		if err := checkText(s); err != nil {
			return err
		}
	}
	if err := c.checkHost(); err != nil {
		return err
	}
	if c.Database == "" {
		return errNoDatabase
	}
	if onCloud(c.Host) && strings.Contains(c.Database, ".") {
		return errDotted
	}
	return c.checkParams()
}

func (c Config) checkHost() error {
	switch {
	case c.Host == "":
		return errNoHost
	case c.isPlaceholder(c.Host):
		return nil
	case strings.Contains(c.Host, ","):
		return errHosts
	case strings.HasPrefix(c.Host, "/"), strings.HasPrefix(c.Host, "@"):
		return errSocket
	}
	if addr, err := netip.ParseAddr(c.Host); err == nil && addr.Zone() == "" {
		return nil
	}
	if len(c.Host) > maxHost || !hostName.MatchString(c.Host) {
		return errHost
	}
	return nil
}

func (c Config) checkParams() error {
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		value := c.Params[name]
		if !paramName.MatchString(name) {
			return errParamName
		}
		if isField(name) || name == "ssl" || libpqName(name) != name || name == "sslfactory" && value == trustStore {
			return errNotLibpq
		}
		if err := checkText(value); err != nil {
			return err
		}
	}
	if mode := c.SSLMode(); mode != "" && !knownMode(mode) && !c.isPlaceholder(mode) {
		return errSSLMode
	}
	ids := clusterOption.FindAllStringSubmatch(c.Params["options"], -1)
	if len(ids) > 1 {
		return errRoutingIDTwice
	}
	if len(ids) == 1 && !routingID.MatchString(ids[0][1]) && !c.isPlaceholder(ids[0][1]) {
		return errRoutingID
	}
	return nil
}

// checkText refuses what no driver passes on, and what would end a line of a file or of a terminal.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errUTF8
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errControl
	}
	return nil
}

// isField tells the libpq parameters that are fields of a Config.
func isField(name string) bool {
	switch name {
	case "user", "password", "host", "port", "dbname":
		return true
	}
	return false
}
