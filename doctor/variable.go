package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// A Source is where the connection string is found: given, or in one of several variables.
type Source struct {
	Given string // by the user, as Name says; the rest is then empty
	Name  string

	Variables []string // the first that is set counts
	Lookup    func(name string) (string, bool)
	File      string // the .env, which holds what the environment does not
}

// find returns the connection string. Starters read a variable that is set, if to nothing, from the environment alone.
func (x *examination) find() (string, *Check) {
	s := x.Source
	if s.Lookup == nil {
		x.source = s.Name
		return s.Given, nil
	}
	for _, name := range s.Variables {
		value, set := s.Lookup(name)
		if !set {
			continue
		}
		x.source = name + ", from the environment"
		if value == "" {
			c := fail(x.source+": empty", "it is set, to nothing, and the environment wins over "+filepath.Base(s.File), "unset "+name+", or give it a value")
			return "", &c
		}
		return value, nil
	}
	names := strings.Join(s.Variables, " or ")
	data, err := os.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		c := fail(names+": not set", "it is not in the environment, and there is no "+s.File,
			"cp .env.example .env in the starter and put the cluster's URL there, or export "+s.Variables[0])
		return "", &c
	}
	if err != nil {
		c := fail(s.File+": cannot be read", reason(err), "make it readable for the user who runs the starter: chmod 600 "+s.File)
		return "", &c
	}
	for _, name := range s.Variables {
		value, line, err := dotenv(string(data), name)
		x.source = name + ", from " + s.File
		switch {
		case err != nil:
			c := fail(x.source+": cannot be used", err.Error()+", and readers of .env files disagree about all other ways to write a value",
				"write it as "+name+"='…', with what is special in the URL percent-encoded")
			return "", &c
		case line > 0 && value == "":
			c := fail(x.source+": empty", fmt.Sprintf("line %d has no value", line), "put the cluster's URL there: "+name+"='postgresql://…'")
			return "", &c
		case line > 0:
			return value, nil
		}
	}
	c := fail(names+": not set", "neither the environment nor "+s.File+" has it", "put the cluster's URL in "+s.File+": "+s.Variables[0]+"='postgresql://…'")
	return "", &c
}

func (x *examination) variable(context.Context) Check {
	text, missing := x.find()
	if missing != nil {
		return *missing
	}
	unusable := func(cause, remedy string) Check { return fail(x.source+": cannot be used", cause, remedy) }
	refused := func(err error) Check { return unusable(err.Error(), hint(err)) }
	if words := conn.Placeholders(text); len(words) > 0 {
		return fail(x.source+": not filled in", "it still holds "+list(words), "put your cluster's own values in their place")
	}
	c, err := conn.Parse(text)
	if err != nil {
		return refused(err)
	}
	x.jdbc = strings.HasPrefix(text, "jdbc:")
	if x.Dialect != nil {
		switch jdbc := x.Dialect.Syntax == "jdbc"; {
		case jdbc && !x.jdbc:
			return unusable("the starter reads jdbc:postgresql:// alone", "jdbc:postgresql://<host>:26257/<database>?user=<username>&password=<password>&sslmode=verify-full")
		case !jdbc && !strings.HasPrefix(text, "postgresql://") && !strings.HasPrefix(text, "postgres://"):
			return unusable("the starter reads postgresql:// alone", "postgresql://<username>:<password>@<host>:26257/<database>?sslmode=verify-full")
		}
	}
	if x.Starter && c.SSLMode() == "" {
		return unusable("it states no sslmode; a driver's default may fall back to plain text, so the starter refuses it",
			"add sslmode=verify-full, or sslmode=disable for a local node")
	}
	secured, err := conn.Secure(c, conn.Infer(c))
	if err != nil && c.SSLMode() == "disable" {
		// A name without a dot, a service of the same compose file, is local too.
		if local, localErr := conn.Secure(c, conn.Local); localErr == nil {
			secured, err = local, nil
		}
	}
	if err == nil && x.Dialect != nil {
		_, err = conn.Format(secured, *x.Dialect)
	}
	if err != nil {
		return refused(err)
	}
	x.config = secured
	x.config.Port = cmp.Or(x.config.Port, defaultPort)
	x.hide(secured)
	return ok(x.source + ": " + x.config.String())
}

// CockroachDB's; a Config leaves it open.
const defaultPort = 26257

// hint is the way out that an error of package conn knows. There is no deployment to be chosen here: the host tells it.
func hint(err error) string {
	if e, ok := errors.AsType[*conn.Error](err); ok {
		return strings.Replace(e.Hint(), " and --deployment local", "", 1)
	}
	return ""
}

// hide keeps a connection's secrets out of what is quoted.
func (x *examination) hide(c conn.Config) {
	masked := c.Masked()
	if c.Password != "" {
		x.secret = append(x.secret, c.Password)
	}
	for name, value := range c.Params {
		if masked.Params[name] != value {
			x.secret = append(x.secret, value)
		}
	}
}

// path is where a file is that the connection string names.
func (x *examination) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(x.Dir, name)
}

// cannotRead is the remedy for a file that is not where the connection string says.
func (x *examination) cannotRead(param, name string) string {
	switch {
	case strings.HasPrefix(name, "~") || strings.Contains(name, "$"):
		return "neither ~ nor $HOME is expanded in " + param + ": write the whole path"
	case !filepath.IsAbs(name):
		return "relative to where the program runs, here " + cmp.Or(x.Dir, ".") + ": write the whole path in " + param
	}
	return "correct the path in " + param + ", or put the file there, readable for the user who runs the program"
}
