package conn

import "strings"

const jdbcPrefix = "jdbc:postgresql://"

// trustStore is pgjdbc's way to trust what the JVM trusts. It reads none of the certificate files.
const trustStore = "org.postgresql.ssl.DefaultJavaSSLFactory"

// libpqName returns libpq's name of a parameter for which pgjdbc has another with the same values.
func libpqName(name string) string {
	switch name {
	case "ApplicationName":
		return "application_name"
	case "connectTimeout":
		return "connect_timeout"
	}
	return name
}

func isJDBC(s string) bool { return strings.HasPrefix(s, "jdbc:") }

// parseJDBC reads a URL as pgjdbc does: form-decoded, so + is a space, and without user:password@,
// which pgjdbc would take for a part of the host and print.
func parseJDBC(s string) ([]param, error) {
	rest, ok := strings.CutPrefix(s, jdbcPrefix)
	if !ok {
		return nil, errScheme
	}
	return splitURL(rest, true)
}

func formatJDBC(_ string, c Config, params []param) string {
	var user []param
	if c.User != "" {
		user = append(user, param{"user", c.User})
	}
	if c.Password != "" {
		user = append(user, param{"password", c.Password})
	}
	return jdbcPrefix + c.authority() + "/" + c.escape(c.Database, "") + c.query(append(user, params...))
}
