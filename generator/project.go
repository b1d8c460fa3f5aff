package generator

import (
	"fmt"

	"github.com/crdb-init/crdb-init/generator/conn"
)

// Project is what the user answered. As JSON it is the answers that --answers reads: it holds no secret.
type Project struct {
	Tool       string          `json:"tool"`
	Name       string          `json:"name"`
	Module     string          `json:"module,omitempty"`  // Go's module path
	Package    string          `json:"package,omitempty"` // Java's package
	Deployment conn.Deployment `json:"deployment"`

	// Connection is apart from the answers: only .env depends on it. Nil is the deployment's example.
	Connection *conn.Config `json:"-"`
}

// Resolve fills in what p leaves open and refuses names that the tool's ecosystem refuses.
// The result is complete, and resolving it again changes nothing.
func Resolve(t *Tool, p Project) (Project, error) {
	p.Tool = t.ID
	if p.Deployment == "" {
		p.Deployment = conn.Local
	}
	eco := ecosystems[t.Language]
	for _, x := range []struct{ flag, have, wanted string }{{"module", p.Module, "Go"}, {"package", p.Package, "Java"}} {
		if x.have != "" && t.Language != x.wanted {
			return p, withHint(fmt.Errorf("%s: %s %q: only %s has one", t.ID, x.flag, x.have, x.wanted), "leave --"+x.flag+" out")
		}
	}
	if err := checkName(t, p.Name); err != nil {
		return p, err
	}
	if eco.complete != nil {
		if err := eco.complete(t, &p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// connection returns the connection that .env gets.
func (p Project) connection() (conn.Config, error) {
	if p.Connection == nil {
		return p.example(p.Deployment), nil
	}
	return conn.Secure(*p.Connection, p.Deployment)
}

// example is a connection to be filled in; the local one is to the project's own database.
func (p Project) example(d conn.Deployment) conn.Config {
	c := conn.Example(d)
	if d == conn.Local {
		c.Database = snake(p.Name)
	}
	return c
}
