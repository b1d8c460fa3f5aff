//go:build e2e && unix

package standin

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A Door is how clients of a deployment get in. The zero Door is that of a local
// node: plain text, and no questions.
type Door struct {
	// Certificates are shown to clients that ask for TLS; without any, TLS is refused.
	Certificates []tls.Certificate
	// ClientCAs, if set, makes a client show a certificate that it signed, for the
	// user that it logs in as.
	ClientCAs *x509.CertPool
	// Clusters, if set, is a cloud's list: a client gets in whose options name one
	// of them, or whose SNI does.
	Clusters []string
	// Password, if set, is asked for.
	Password string
}

// A Client is what one connection showed of itself.
type Client struct {
	TLS         bool
	SNI         string
	Certificate string // its common name
	Login       bool   // it got as far as its startup message
	Parameters  map[string]string
}

// Install puts a door in place of the one that is there, for connections from now on.
func (s *StandIn) Install(d Door) { s.door.Store(&d) }

// Clients returns what connected since the last call.
func (s *StandIn) Clients() []Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	clients := s.clients
	s.clients = nil
	return clients
}

// secure answers a request for TLS, and returns the connection to go on with.
func (c *session) secure(conn net.Conn) (net.Conn, error) {
	if len(c.door.Certificates) == 0 {
		_, err := conn.Write([]byte{'N'})
		return conn, err
	}
	if _, err := conn.Write([]byte{'S'}); err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: c.door.Certificates}
	if c.door.ClientCAs != nil {
		config.ClientCAs, config.ClientAuth = c.door.ClientCAs, tls.VerifyClientCertIfGiven
	}
	secured := tls.Server(conn, config)
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	state := secured.ConnectionState()
	c.who.TLS, c.who.SNI = true, state.ServerName
	if len(state.PeerCertificates) > 0 {
		c.who.Certificate = state.PeerCertificates[0].Subject.CommonName
	}
	c.client = pgproto3.NewBackend(secured, secured)
	return secured, nil
}

// admit lets a client in, or tells it why not.
func (c *session) admit(startup *pgproto3.StartupMessage) error {
	if c.door.Clusters != nil {
		if why := c.lost(startup.Parameters["options"]); why != "" {
			return c.refuse("08004", why)
		}
	}
	user := startup.Parameters["user"]
	switch {
	case len(c.door.Certificates) > 0 && !c.who.TLS:
		return c.refuse("08004", "node is running secure mode, SSL connection required")
	case c.door.ClientCAs != nil && c.who.Certificate == "":
		return c.refuse("28000", "no TLS peer certificates provided")
	case c.door.ClientCAs != nil && c.who.Certificate != user:
		return c.refuse("28000", fmt.Sprintf("requested user is %s, but certificate is for [%s]", user, c.who.Certificate))
	case c.door.Password == "":
		return nil
	}
	c.client.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := c.client.Flush(); err != nil {
		return err
	}
	if err := c.client.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return err
	}
	msg, err := c.client.Receive()
	if err != nil {
		return err
	}
	if answer, ok := msg.(*pgproto3.PasswordMessage); !ok || answer.Password != c.door.Password {
		return c.refuse("28P01", "password authentication failed for user "+user)
	}
	return nil
}

// lost says why a client that wants to go through a cloud's door leads to no
// cluster, in the words of CockroachDB Cloud's proxy; nothing if it leads to one.
func (c *session) lost(options string) string {
	switch m := clusterOption.FindStringSubmatch(options); {
	case !c.who.TLS:
		return "server requires encryption"
	case m != nil && !slices.Contains(c.door.Clusters, m[1]):
		return fmt.Sprintf("codeParamsRoutingFailed: cluster %s not found", m[1])
	case m == nil && !slices.Contains(c.door.Clusters, c.who.SNI):
		return "codeParamsRoutingFailed: missing cluster identifier"
	}
	return ""
}

func (c *session) refuse(code, message string) error {
	c.client.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: message})
	if err := c.client.Flush(); err != nil {
		return err
	}
	return fmt.Errorf("refused: %s", message)
}
