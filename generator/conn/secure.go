package conn

// Why a mode is not enough. The one that is enough has no reason.
var modes = map[string]string{
	"disable":     "sends everything, the password included, in plain text",
	"allow":       "uses TLS only if the server insists on it",
	"prefer":      "goes on in plain text if there is no TLS",
	"require":     "does not check who the server is",
	"verify-ca":   "does not check that the certificate is this host's",
	"verify-full": "",
}

func knownMode(mode string) bool {
	_, ok := modes[mode]
	return ok
}

// Secure returns c as it may be used with d, or an error that says what is weak about it.
//
// TLS is verify-full, which is added where there is no sslmode. Only a local deployment, which needs a loopback host or
// one without a dot, may state disable; without sslmode and certificate files it gets that.
// sslrootcert=system is dropped: verify-full without a CA file means just that, and half of the drivers
// would look for a file named system.
func Secure(c Config, d Deployment) (Config, error) {
	if c.Params["sslrootcert"] == "system" {
		c = c.with("sslrootcert", "")
	}
	switch {
	case c.Cert() != "" && c.Key() == "":
		return Config{}, errNoKey
	case c.Key() != "" && c.Cert() == "":
		return Config{}, errNoCert
	case d == Local && !isLocal(c.Host):
		return Config{}, errNotLocal
	}

	mode := c.SSLMode()
	switch {
	case mode == "" && d == Local && c.CA()+c.Cert() == "":
		return c.with("sslmode", "disable"), nil
	case mode == "":
		c = c.with("sslmode", "verify-full")
	case mode == "disable" && d == Local:
		return c, nil
	case !knownMode(mode):
		return Config{}, errSSLMode
	case mode != "verify-full":
		return Config{}, weak(mode, c.Host)
	}

	// pgjdbc lets either of these replace the checks of verify-full.
	switch c.Params["sslfactory"] {
	case "", "org.postgresql.ssl.LibPQFactory", "org.postgresql.ssl.jdbc4.LibPQFactory":
	default:
		return Config{}, errFactory
	}
	if c.Params["sslhostnameverifier"] != "" {
		return Config{}, errVerifier
	}
	return c, nil
}

func weak(mode, host string) error {
	hint := "sslmode=verify-full"
	if isLocal(host) {
		hint += ", or sslmode=disable and --deployment local for an insecure node on this machine"
	}
	return &Error{"sslmode=" + mode + ": " + modes[mode], hint}
}
