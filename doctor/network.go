package doctor

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

func (x *examination) name(ctx context.Context) Check {
	host := x.config.Host
	if _, err := netip.ParseAddr(host); err == nil {
		return ok(host + ": an address, there is no name to resolve")
	}
	ctx, cancel := x.step(ctx)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	if err == nil {
		return ok(host + ": " + list(found))
	}
	cause := "nobody knows the name"
	if e, isDNS := errors.AsType[*net.DNSError](err); ctx.Err() != nil || isDNS && e.IsTimeout {
		return fail(host+": does not resolve", "the name server did not answer within "+short(x.Timeout), "see whether this machine has a network and a name server, or give it longer with --timeout")
	} else if !isDNS || !e.IsNotFound {
		cause = x.quote(reason(err)) // the name server's own trouble
	}
	remedy := "correct the host"
	switch {
	case x.cloud():
		remedy = "copy the host from the cluster's connection page in the console of CockroachDB Cloud; a cluster that was deleted has none"
	case !strings.Contains(host, "."):
		remedy = "a service of a compose file has its name only inside; from here it is localhost"
	}
	return fail(host+": does not resolve", cause, remedy)
}

func (x *examination) port(ctx context.Context) Check {
	address := net.JoinHostPort(x.config.Host, fmt.Sprint(x.config.Port))
	ctx, cancel := x.step(ctx)
	defer cancel()
	start := time.Now()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err == nil {
		took := time.Since(start)
		x.address = c.RemoteAddr().String()
		c.Close()
		what := address + ": answers, in " + short(took)
		if x.address != address {
			what = address + ": " + x.address + " answers, in " + short(took)
		}
		return ok(what)
	}
	switch {
	case timedOut(err) && x.cloud():
		return fail(address+": does not answer", "nobody answered within "+short(x.Timeout)+", as where this machine's address is not on the cluster's IP allowlist",
			"add the address under Networking in the console of CockroachDB Cloud; Advanced clusters let nobody in until then")
	case timedOut(err):
		return fail(address+": does not answer", "nobody answered within "+short(x.Timeout), "see whether the address is right and whether a firewall drops what comes from here, or give it longer with --timeout")
	case x.loopback():
		remedy := "start the node"
		if x.Node != "" {
			remedy += ": " + x.Node
		}
		return fail(address+": does not answer", x.quote(reason(err)), remedy+"; CockroachDB's port is 26257")
	}
	return fail(address+": does not answer", x.quote(reason(err)), "see whether a node runs there and listens on that port; CockroachDB's is 26257")
}

// dial opens a connection to the address that answered. It ends when ctx does.
func (x *examination) dial(ctx context.Context) (net.Conn, func(), error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", x.address)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return c, func() { stop(); c.Close() }, nil
}

// What a client sends to ask for TLS: its length and a number that is no version of the protocol.
var requestTLS = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), 80877103)

// ask asks for TLS. The answer is S or N from a server that speaks PostgreSQL's protocol.
func ask(c net.Conn) (byte, error) {
	answer := make([]byte, 1)
	if _, err := c.Write(requestTLS); err != nil {
		return 0, err
	}
	_, err := io.ReadFull(c, answer)
	return answer[0], err
}

// stranger is something that answers in another protocol. first is what was read of it already.
func (x *examination) stranger(c net.Conn, first []byte) Check {
	text := append(make([]byte, 0, 32), first...)
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // what it sent, it sent at once
	for len(text) < cap(text) {
		n, err := c.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if err != nil {
			break
		}
	}
	what, cause := x.address+": not a database", fmt.Sprintf("it answered %q", x.quote(string(text)))
	remedy := "correct host and port; CockroachDB's port is 26257"
	if bytes.HasPrefix(text, []byte("HTTP/")) {
		cause, remedy = "it is a web server", "correct the port: the DB Console's is 8080, the database's is 26257; or a web proxy on the way answers in its place"
	}
	return fail(what, cause, remedy)
}

// silent is a server that accepts connections and says nothing, or hangs up.
func (x *examination) silent(err error) Check {
	if timedOut(err) {
		return fail(x.address+": accepts connections, but does not answer", "no answer to a request for TLS within "+short(x.Timeout),
			"see whether the node is well, or starting still; it may be something else that listens there; or give it longer with --timeout")
	}
	remedy := "see whether it is a node of CockroachDB that listens there, and whether it accepts connections from here"
	if x.cloud() {
		remedy = "add this machine's address to the cluster's IP allowlist, under Networking in the console of CockroachDB Cloud"
	}
	cause := "it hung up when it was asked for TLS"
	if !errors.Is(err, io.EOF) {
		cause += ": " + x.quote(reason(err))
	}
	return fail(x.address+": hangs up", cause, remedy)
}
