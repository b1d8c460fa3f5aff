// Package conn reads, checks and writes connection strings.
//
// A connection is a [Config], which knows nothing of any tool. [Parse] reads every spelling that users paste,
// [Format] writes the one that a [Dialect] asks for, and what Format writes Parse reads back as the same Config.
// [Infer] and [Secure] decide where the cluster is and hold the connection to the TLS that it needs there.
//
// Errors and everything else that is meant to be printed are free of the string that was read: a password that was
// not percent-encoded can end up in any part of it, in the host, the port or a parameter's name.
//
// The package does not connect, does not look at the certificate files that a connection names and reads no environment.
package conn

import (
	"maps"
	"regexp"
	"strings"
)

// Config is one connection, independent of any tool's spelling. It has one host: a CockroachDB cluster is reached
// through a load balancer or any of its nodes.
//
// Formatting a Config by String, %v or JSON shows its secrets as ***.
type Config struct {
	User, Password string // an empty one is none
	Host           string // a name or an address; IPv6 without brackets
	Port           uint16 // 0 is 26257
	Database       string

	// Params are all others, under their libpq names: sslmode, sslrootcert, sslcert, sslkey, options,
	// application_name and so on. As in libpq, an empty value is no value. Paths of certificates are kept as given.
	Params map[string]string

	// Placeholders says that values may be, or hold, placeholders such as <host>, which are then written as they are.
	// A port of 0 is then <port>. Parse never returns such a Config.
	Placeholders bool
}

// The port a CockroachDB node listens on. libpq's own default is PostgreSQL's.
const defaultPort = 26257

// SSLMode returns the sslmode parameter, "" if there is none.
func (c Config) SSLMode() string { return c.Params["sslmode"] }

// CA returns the path of the CA file, "" if there is none. sslrootcert=system, which asks libpq 16 and later
// for the machine's own trust store, names no file.
func (c Config) CA() string {
	if ca := c.Params["sslrootcert"]; ca != "system" {
		return ca
	}
	return ""
}

// Cert returns the path of the client certificate, "" if there is none.
func (c Config) Cert() string { return c.Params["sslcert"] }

// Key returns the path of the client certificate's key, "" if there is none.
func (c Config) Key() string { return c.Params["sslkey"] }

var (
	// CockroachDB Cloud's proxy looks for the routing id with (?:-c\s*|--)cluster=([\S]*).
	clusterOption = regexp.MustCompile(`(?:^|\s)(?:-c\s*|--)cluster=(\S*)`)

	// A cluster's name, a dash and a number: funny-skunk-123.
	routingID = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// RoutingID returns the X of --cluster=X in the options parameter, "" if there is none.
// It tells CockroachDB Cloud which cluster is meant when the client does not send the host name with TLS (SNI).
func (c Config) RoutingID() string {
	if m := clusterOption.FindStringSubmatch(c.Params["options"]); m != nil {
		return m[1]
	}
	return ""
}

// WithRoutingID returns c with --cluster=id in front of its other options, or without a routing id if id is empty.
func (c Config) WithRoutingID(id string) (Config, error) {
	options := strings.TrimLeft(clusterOption.ReplaceAllString(c.Params["options"], ""), " ")
	if id != "" {
		if !routingID.MatchString(id) && !c.isPlaceholder(id) {
			return Config{}, errRoutingID
		}
		options = strings.TrimRight("--cluster="+id+" "+options, " ")
	}
	return c.with("options", options), nil
}

// with returns c with one parameter set, or removed if value is empty. c keeps its own map.
func (c Config) with(name, value string) Config {
	params := maps.Clone(c.Params)
	if value == "" {
		delete(params, name)
	} else {
		if params == nil {
			params = map[string]string{}
		}
		params[name] = value
	}
	c.Params = params
	return c
}

var (
	placeholder = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9_-]*>`)

	// What CockroachDB's documentation uses as well: <path to the CA>, {username}.
	anyPlaceholder = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9 _-]*>|\{[A-Za-z][A-Za-z0-9 _-]*\}`)
)

func (c Config) isPlaceholder(s string) bool {
	return c.Placeholders && s != "" && placeholder.FindString(s) == s
}
