package conn

// Error is a connection that is refused. Neither its text nor its hint holds any part of the connection string,
// except names and values that this package, or a dialect, knows.
type Error struct {
	text, hint string
}

func (e *Error) Error() string { return e.text }

// Hint is a way out: one line, lower case.
func (e *Error) Hint() string { return e.hint }

// What Parse refuses because of how it is written.
var (
	errEmpty = &Error{"connection string: empty",
		"postgresql://<username>:<password>@<host>:26257/<database>?sslmode=verify-full"}
	errPlaceholder = &Error{"connection string: still holds a placeholder",
		"replace every <word> and {word}; in a URL, a < that belongs to a value is %3C and a { is %7B"}
	errUTF8    = &Error{"connection string: not UTF-8", "percent-encode the UTF-8 bytes of what is not ASCII"}
	errControl = &Error{"connection string: holds a NUL or another control character",
		"a line break or a tab may have been copied with it"}
	errSyntax = &Error{"connection string: neither a URL nor key=value pairs", errEmpty.hint}
	errScheme = &Error{"connection string: unknown scheme",
		"postgresql://, postgres://, cockroachdb:// and jdbc:postgresql:// are known"}
	errEscape   = &Error{"connection string: a % without two hexadecimal digits", "a % that belongs to a value is %25"}
	errAt       = &Error{"connection string: more than one @ before the database", "an @ in a user name or password is %40"}
	errFragment = &Error{"connection string: holds a #", "a # that belongs to a value is %23"}
	errPath     = &Error{"connection string: a / or @ in the database",
		"a / in a database or password is %2F, an @ is %40"}
	errJDBCUser = &Error{"connection string: a JDBC URL has no user:password@ part",
		"jdbc:postgresql://<host>:26257/<database>?user=<username>&password=<password>"}
	errQuote = &Error{"connection string: ends inside a quoted or escaped value",
		`a ' that belongs to a value is \', a \ is \\`}
	errNoValue   = &Error{"parameter: no = after its name", "an & that belongs to a value is %26, an &amp; from XML is &"}
	errParamName = &Error{"parameter: not a parameter's name",
		"names are letters, digits and _; an & that belongs to a value is %26, an &amp; from XML is &"}
)

// What any Config is refused for.
var (
	errNoHost = &Error{"host: none", "localhost, or the host that the cluster's connection page shows"}
	errHosts  = &Error{"host: several", "name one: a load balancer, or any node"}
	errSocket = &Error{"host: a Unix socket", "a starter connects by TCP: localhost"}
	errHost   = &Error{"host: not a host name or address",
		"an IPv6 address stands in [ ]; in a user name or password, : is %3A, / is %2F, ? is %3F and @ is %40"}
	errPort = &Error{"port: not a number from 1 to 65535",
		"CockroachDB's is 26257; in a user name or password, : is %3A, / is %2F, ? is %3F and @ is %40"}
	errNoDatabase = &Error{"database: none", "it follows the host, as /defaultdb, or is dbname=defaultdb"}
	errDotted     = &Error{"database: holds a dot",
		"CockroachDB Cloud takes what is in front of it for a routing id; choose a name without one"}
	errRoutingID      = &Error{"routing id: not lower-case letters, digits and dashes", "it looks like funny-skunk-123"}
	errRoutingIDTwice = &Error{"routing id: two are given", "keep one --cluster=<routing-id> in options"}
	errSSLMode        = &Error{"sslmode: unknown", "verify-full, or disable for a local deployment"}
	errSSL            = &Error{"ssl: neither true nor false", "sslmode=verify-full"}
	errSSLConflict    = &Error{"ssl: contradicts sslmode", "keep sslmode=verify-full"}
	errTrustStore     = &Error{"sslfactory: " + trustStore + " ignores sslrootcert, sslcert and sslkey",
		"leave sslfactory out if the cluster has a CA file of its own, else the files"}
	errNotLibpq = &Error{"parameter: not a libpq name", "user, password, host, port and dbname are fields, ssl is sslmode"}
)

// What Secure refuses.
var (
	errNoKey    = &Error{"sslcert: without sslkey", "add sslkey: some drivers then connect without any certificate"}
	errNoCert   = &Error{"sslkey: without sslcert", "add sslcert, or leave sslkey out"}
	errNotLocal = &Error{"host: not on this machine, so the deployment is not local", "--deployment self-hosted"}
	errFactory  = &Error{"sslfactory: may accept any certificate", "leave it out: sslmode=verify-full is enough"}
	errVerifier = &Error{"sslhostnameverifier: may accept any host", "leave it out: sslmode=verify-full is enough"}
)

// errTwice refuses a parameter that is given more than once: drivers disagree on which of them counts.
// Only a name we know can be printed, as any other may be a piece of a password.
func errTwice(name string) error {
	switch {
	case name == "password" || name == "user":
		return &Error{name + ": given twice", "keep one of them: in front of the @, or as a parameter"}
	case isField(name) || position(name) < len(order):
		return &Error{name + ": given twice", "keep one of them"}
	}
	return &Error{"parameter: one is given twice", "keep one of them"}
}
