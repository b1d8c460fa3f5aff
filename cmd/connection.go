package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

// connectionFlags alter a connection, or fill in a deployment's example.
type connectionFlags struct {
	routingID, caCert, clientCert, clientKey string
}

func (f *connectionFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.routingID, "routing-id", "", "cluster's `id` in CockroachDB Cloud, for clients without SNI: funny-skunk-123")
	fs.StringVar(&f.caCert, "ca-cert", "", "CA certificate `file`")
	fs.StringVar(&f.clientCert, "client-cert", "", "client certificate `file`")
	fs.StringVar(&f.clientKey, "client-key", "", "`file` with the client certificate's key")
}

// first names the first of the flags that is given.
func (f connectionFlags) first() string {
	for _, x := range []struct{ flag, value string }{
		{"--routing-id", f.routingID}, {"--ca-cert", f.caCert}, {"--client-cert", f.clientCert}, {"--client-key", f.clientKey},
	} {
		if x.value != "" {
			return x.flag
		}
	}
	return ""
}

// The files that a connection names.
var certificates = []struct {
	flag, param, noun string
	value             func(connectionFlags) string
}{
	{"--ca-cert", "sslrootcert", "CA file", func(f connectionFlags) string { return f.caCert }},
	{"--client-cert", "sslcert", "client certificate", func(f connectionFlags) string { return f.clientCert }},
	{"--client-key", "sslkey", "client key", func(f connectionFlags) string { return f.clientKey }},
}

// apply returns c as the flags want it. What c and a flag both say, they must say alike.
func (f connectionFlags) apply(c conn.Config) (conn.Config, error) {
	if f.routingID != "" {
		// Asked without c, which may take placeholders.
		if _, err := (conn.Config{}).WithRoutingID(f.routingID); err != nil {
			return c, usage(fmt.Errorf("--routing-id: %w", err))
		}
		if have := c.RoutingID(); have != "" && have != f.routingID {
			return c, usagef("leave one of them out", "--routing-id: the connection string has another one")
		}
		var err error
		if c, err = c.WithRoutingID(f.routingID); err != nil {
			return c, usage(fmt.Errorf("--routing-id: %w", err))
		}
	}
	for _, x := range certificates {
		value := x.value(f)
		if value == "" {
			continue
		}
		if have := c.Params[x.param]; have != "" && !c.Placeholders && !sameFile(have, value) {
			return c, usagef("leave one of them out", "%s: the connection string has another %s", x.flag, x.param)
		}
		c = with(c, x.param, value)
	}
	return c, nil
}

func with(c conn.Config, param, value string) conn.Config {
	c.Params = maps.Clone(c.Params)
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params[param] = value
	return c
}

func sameFile(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

// locate checks the files that c names and makes their paths absolute: a starter reads its .env in its own directory,
// the user named them in this one.
func (f connectionFlags) locate(c conn.Config) (conn.Config, error) {
	for _, x := range certificates {
		path := c.Params[x.param]
		if path == "" || x.param == "sslrootcert" && c.CA() == "" || c.Placeholders && x.value(f) == "" {
			continue
		}
		source := "--url: " + x.param
		if x.value(f) != "" {
			source = x.flag
		}
		abs, err := readable(path)
		if err != nil {
			hint := "the path of a " + x.noun + ", from the current directory"
			if strings.HasPrefix(path, "~") || strings.Contains(path, "$") {
				hint = "neither ~ nor $HOME is expanded in it: write the whole path"
			}
			return c, usagef(hint, "%s: %s: %w", source, path, err)
		}
		c = with(c, x.param, abs)
	}
	return c, nil
}

// readable returns the absolute path of a regular file that can be opened.
func readable(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("no such file")
	case err != nil:
		return "", cause(err)
	case info.IsDir():
		return "", errors.New("is a directory")
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", cause(err)
	}
	f.Close()
	return filepath.Abs(path)
}

// cause takes the operation and the path off an error of package os: ours name the path first.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// The longest connection string that is read: long enough for every one there is, short enough for a wrong file to be noticed.
const maxURL = 64 << 10

// readURL returns the connection string that word stands for: itself, a variable as env:NAME, or - for standard input.
// thing names the word in errors.
func (a *app) readURL(ctx context.Context, thing, word string) (string, error) {
	if word == "-" {
		text, err := a.readInput(ctx, thing, maxURL)
		if err != nil {
			return "", err
		}
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if text == "" {
			return "", usagef("one line with the connection string is expected", "%s: standard input is empty", thing)
		}
		return text, nil
	}
	name, ok := strings.CutPrefix(word, "env:")
	if !ok {
		return word, nil
	}
	if !variable.MatchString(name) {
		return "", usagef("env:DATABASE_URL", "%s: what follows env: is not the name of a variable", thing)
	}
	switch value, set := a.lookup(name); {
	case !set:
		return "", usagef("export "+name+", or give - and the connection string on standard input", "%s: variable %s is not set", thing, name)
	case value == "":
		return "", usagef("export "+name+", or give - and the connection string on standard input", "%s: variable %s is empty", thing, name)
	default:
		return value, nil
	}
}

// readInput reads standard input to its end, or until ctx is done.
func (a *app) readInput(ctx context.Context, thing string, limit int64) (string, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(a.in, limit+1))
		done <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		switch {
		case r.err != nil:
			return "", fmt.Errorf("%s: standard input: %w", thing, cause(r.err))
		case int64(len(r.data)) > limit:
			return "", usagef("is it the right file?", "%s: standard input: more than %d bytes", thing, limit)
		}
		return string(r.data), nil
	}
}

// secure holds c to the TLS that d needs and to what the tool's dialect can have. thing names c in errors.
func secure(thing string, t *generator.Tool, c conn.Config, d conn.Deployment) (conn.Config, error) {
	c, err := conn.Secure(c, d)
	if err == nil {
		_, err = conn.Format(c, t.Dialect)
	}
	if err != nil {
		return c, usage(fmt.Errorf("%s: %w", thing, err))
	}
	return c, nil
}
