package conn

const mask = "***"

// Parameters that are secrets themselves. Those that name a file are not.
var secretParams = []string{"sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}

// Masked returns c for output: its password and the parameters that are secrets are ***.
func (c Config) Masked() Config {
	if c.Password != "" && !c.isPlaceholder(c.Password) {
		c.Password = mask
	}
	for _, name := range secretParams {
		if c.Params[name] != "" {
			c = c.with(name, mask)
		}
	}
	return c
}

// Mask returns the connection string s for output: as a URL with its secrets masked, or *** if Parse refuses it,
// since nothing is then known about where its password begins and ends.
func Mask(s string) string {
	c, err := Parse(s)
	if err != nil {
		return mask
	}
	return c.String()
}

// String returns c as a URL with its secrets masked. It is for people: [Format] writes what a tool can use.
func (c Config) String() string {
	s, err := Format(c.Masked(), Dialect{Syntax: "url", Scheme: "postgresql"})
	if err != nil {
		return "(no connection)"
	}
	return s
}

// GoString keeps %#v from showing the fields.
func (c Config) GoString() string { return c.String() }

// MarshalText keeps encoding/json and log/slog from showing the fields.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
