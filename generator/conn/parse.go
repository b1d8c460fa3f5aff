package conn

import (
	"strconv"
	"strings"
)

// Parse reads a connection string in any of these forms:
//
//	postgresql://user:password@host:port/database?sslmode=verify-full   also postgres:// and cockroachdb://,
//	                                                                    with SQLAlchemy's +driver or without
//	jdbc:postgresql://host:port/database?user=user&password=password
//	host=host user=user password=password dbname=database               libpq's key=value pairs
//	postgresql://user:password@host:port/routing-id.database?ssl=true   for clients that cannot send options
//
// In a URL a + is a plus, as in libpq; in a JDBC URL it is a space, as in pgjdbc. ssl=true is sslmode=verify-full,
// the routing id becomes --cluster=routing-id in options, pgjdbc's names become libpq's, and an sslfactory that only
// says that the JVM's trust store is used is dropped: that is what verify-full without a CA file means.
//
// What is ambiguous is refused, as is everything that two drivers read differently. Errors are of type *[Error].
// Whoever reads s from a terminal or a pipe takes the line break off.
func Parse(s string) (Config, error) {
	if s == "" {
		return Config{}, errEmpty
	}
	if anyPlaceholder.MatchString(s) {
		return Config{}, errPlaceholder
	}
	if err := checkText(s); err != nil {
		return Config{}, err
	}
	for _, x := range syntaxes {
		if !x.owns(s) {
			continue
		}
		params, err := x.parse(s)
		if err != nil {
			return Config{}, err
		}
		return assemble(params)
	}
	return Config{}, errSyntax
}

// assemble makes a Config of what a syntax has read.
func assemble(params []param) (Config, error) {
	all := map[string]string{}
	for _, p := range params {
		if !paramName.MatchString(p.name) {
			return Config{}, errParamName
		}
		name := libpqName(p.name)
		if _, ok := all[name]; ok {
			return Config{}, errTwice(name)
		}
		all[name] = p.value
	}
	take := func(name string) string {
		value := all[name]
		delete(all, name)
		return value
	}

	c := Config{User: take("user"), Password: take("password"), Host: take("host"), Database: take("dbname")}
	port, err := parsePort(take("port"))
	if err != nil {
		return Config{}, err
	}
	c.Port = port

	ssl := take("ssl")
	mode, err := modeOf(ssl, all["sslmode"])
	if err != nil {
		return Config{}, err
	}
	all["sslmode"] = mode

	if all["sslfactory"] == trustStore {
		delete(all, "sslfactory")
		if all["sslrootcert"]+all["sslcert"]+all["sslkey"] != "" {
			return Config{}, errTrustStore
		}
	}
	for name, value := range all {
		if value != "" {
			c = c.with(name, value)
		}
	}

	if onCloud(c.Host) || isTrue(ssl) {
		if c, err = c.splitDatabase(); err != nil {
			return Config{}, err
		}
	}
	if err := c.check(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// splitDatabase moves the routing id that stands before the database's name to options.
func (c Config) splitDatabase() (Config, error) {
	id, database, ok := strings.Cut(c.Database, ".")
	if !ok {
		return c, nil
	}
	if !routingID.MatchString(id) {
		return Config{}, errRoutingID
	}
	if other := c.RoutingID(); other == id {
		c.Database = database
		return c, nil
	} else if other != "" {
		return Config{}, errRoutingIDTwice
	}
	c.Database = database
	return c.WithRoutingID(id)
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return defaultPort, nil
	}
	if strings.Contains(s, ",") {
		return 0, errHosts
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, errPort
	}
	return uint16(n), nil
}

// modeOf reconciles the ssl parameter of pgjdbc and node-postgres with sslmode, which is the more exact of the two.
func modeOf(ssl, mode string) (string, error) {
	switch {
	case ssl == "":
		return mode, nil
	case isTrue(ssl):
		if mode == "" {
			return "verify-full", nil
		}
		if mode != "disable" {
			return mode, nil
		}
	case ssl == "false" || ssl == "0":
		if mode == "" || mode == "disable" {
			return "disable", nil
		}
	default:
		return "", errSSL
	}
	return "", errSSLConflict
}

func isTrue(ssl string) bool { return ssl == "true" || ssl == "1" }
