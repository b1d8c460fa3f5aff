package conn

import (
	"fmt"
	"net/netip"
	"strings"
)

// Deployment is where the cluster is.
type Deployment string

const (
	Basic      Deployment = "basic"       // CockroachDB Cloud, formerly Serverless
	Standard   Deployment = "standard"    // CockroachDB Cloud
	Advanced   Deployment = "advanced"    // CockroachDB Cloud, formerly Dedicated
	SelfHosted Deployment = "self-hosted" // formerly Core
	Local      Deployment = "local"       // an insecure node on this machine, or in its compose network
)

var deployments = []struct {
	id                        Deployment
	alias, title, description string
}{
	{Basic, "serverless", "Basic", "CockroachDB Cloud, shared, paid by use"},
	{Standard, "", "Standard", "CockroachDB Cloud, shared, paid by capacity"},
	{Advanced, "dedicated", "Advanced", "CockroachDB Cloud, a cluster of your own with a CA file"},
	{SelfHosted, "core", "Self-hosted", "your own nodes, with a CA file and client certificates"},
	{Local, "", "Local", "an insecure node on this machine"},
}

// Deployments returns all, in the order in which people are offered them.
func Deployments() []Deployment {
	all := make([]Deployment, len(deployments))
	for i, d := range deployments {
		all[i] = d.id
	}
	return all
}

// ParseDeployment reads a name, also the older serverless, dedicated and core.
func ParseDeployment(s string) (Deployment, error) {
	for _, d := range deployments {
		if s != "" && (s == string(d.id) || s == d.alias) {
			return d.id, nil
		}
	}
	return "", &Error{fmt.Sprintf("deployment %q: unknown", s), "basic, standard, advanced, self-hosted or local"}
}

// Title is the name as people write it.
func (d Deployment) Title() string {
	for _, row := range deployments {
		if row.id == d {
			return row.title
		}
	}
	return ""
}

// Description says in a few words what the deployment is.
func (d Deployment) Description() string {
	for _, row := range deployments {
		if row.id == d {
			return row.description
		}
	}
	return ""
}

// Infer tells the deployment from the connection: a loopback host with sslmode=disable or none is local;
// a host of CockroachDB Cloud is advanced with a CA file and basic without one; all else is self-hosted.
// Standard cannot be told from basic, and connects alike.
func Infer(c Config) Deployment {
	switch {
	case isLoopback(c.Host) && (c.SSLMode() == "" || c.SSLMode() == "disable"):
		return Local
	case onCloud(c.Host) && c.CA() != "":
		return Advanced
	case onCloud(c.Host):
		return Basic
	}
	return SelfHosted
}

// Example returns a connection to d to be filled in. That to Local is real: root at an insecure node.
// It has no routing id, which only clients without SNI need: see [Config.WithRoutingID].
func Example(d Deployment) Config {
	if d == Local {
		return Config{User: "root", Host: "localhost", Port: defaultPort, Database: "defaultdb",
			Params: map[string]string{"sslmode": "disable"}}
	}
	c := Config{User: "<username>", Password: "<password>", Host: "<host>", Database: "<database>",
		Params: map[string]string{"sslmode": "verify-full"}, Placeholders: true}
	switch d {
	case Advanced:
		c.Params["sslrootcert"] = "<ca-file>"
	case SelfHosted:
		c.Password = "" // the client certificate is enough
		c.Params["sslrootcert"] = "<ca-file>"
		c.Params["sslcert"] = "<cert-file>"
		c.Params["sslkey"] = "<key-file>"
	}
	return c
}

func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// isLocal also takes a name without a dot for local: a service of the same compose file.
func isLocal(host string) bool {
	_, err := netip.ParseAddr(host)
	return isLoopback(host) || err != nil && !strings.Contains(host, ".")
}

func onCloud(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return strings.HasSuffix(host, ".cockroachlabs.cloud") || strings.HasSuffix(host, ".crdb.io")
}
