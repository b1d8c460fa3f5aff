package doctor

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A fake is a server that says what a test wants to hear.
type fake struct {
	raw    func(net.Conn)    // instead of everything below
	tls    *tls.Config       // nil: it does no TLS
	refuse *refusal          // what it answers to whoever logs in
	asks   string            // for this password, in plain
	status map[string]string // what it says of itself at login
	says   map[string]answer // to a statement that begins like this; the longest counts

	databases map[string]*refusal // what it says to who logs in to one of these
}

type refusal struct{ code, message string }

// An answer is rows, or a refusal, or neither: silence.
type answer struct {
	rows   [][]string
	refuse *refusal
	hangUp bool
	silent bool
}

func row(values ...string) answer { return answer{rows: [][]string{values}} }

// A healthy cluster.
func cockroach() fake {
	return fake{
		status: map[string]string{"crdb_version": "CockroachDB CCL v25.4.10 (x86_64-pc-linux-gnu, built 2026/01/01 00:00:00, go1.25.5)"},
		says: map[string]answer{
			"SELECT datname":                     row("bank"),
			"SELECT current_schema()":            row("public", "t", "off"),
			"SHOW default_transaction_isolation": row("serializable"),
			"SELECT 1":                           row("1"),
		},
	}
}

func (f fake) saying(sql string, a answer) fake {
	says := map[string]answer{sql: a}
	for k, v := range f.says {
		if k != sql {
			says[k] = v
		}
	}
	f.says = says
	return f
}

// listen returns the port on loopback where f is served until the test ends.
func (f fake) listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); close(done) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if f.raw != nil {
					f.raw(c)
					return
				}
				f.serve(c, done)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func (f fake) serve(c net.Conn, done chan struct{}) {
	b := pgproto3.NewBackend(c, c)
	for {
		msg, err := b.ReceiveStartupMessage()
		if err != nil {
			return
		}
		startup, isStartup := msg.(*pgproto3.StartupMessage)
		if isStartup {
			if f.login(b, startup) {
				f.talk(b, done)
			}
			return
		}
		if f.tls == nil {
			_, err = c.Write([]byte{'N'})
		} else if _, err = c.Write([]byte{'S'}); err == nil {
			c = tls.Server(c, f.tls)
			b = pgproto3.NewBackend(c, c)
		}
		if err != nil {
			return
		}
	}
}

func (r *refusal) send(b *pgproto3.Backend, severity string) {
	b.Send(&pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: r.code, Message: r.message})
}

func (f fake) login(b *pgproto3.Backend, startup *pgproto3.StartupMessage) bool {
	if r := f.databases[startup.Parameters["database"]]; r != nil {
		f.refuse = r
	}
	if f.asks != "" && f.refuse == nil {
		b.Send(&pgproto3.AuthenticationCleartextPassword{})
		_ = b.SetAuthType(pgproto3.AuthTypeCleartextPassword)
		if b.Flush() != nil {
			return false
		}
		msg, err := b.Receive()
		if err != nil {
			return false
		}
		if p, ok := msg.(*pgproto3.PasswordMessage); !ok || p.Password != f.asks {
			// One that is as careless as can be.
			f.refuse = &refusal{"28P01", fmt.Sprintf("password authentication failed for user %s", startup.Parameters["user"])}
		}
	}
	if f.refuse != nil {
		f.refuse.send(b, "FATAL")
		_ = b.Flush()
		return false
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for name, value := range f.status {
		b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return b.Flush() == nil
}

func (f fake) talk(b *pgproto3.Backend, done chan struct{}) {
	for {
		msg, err := b.Receive()
		if err != nil {
			return
		}
		q, isQuery := msg.(*pgproto3.Query)
		if !isQuery {
			return
		}
		a, best := answer{refuse: &refusal{"42601", "the fake knows no answer to " + q.String}}, ""
		for sql, said := range f.says {
			if strings.HasPrefix(q.String, sql) && len(sql) > len(best) {
				a, best = said, sql
			}
		}
		switch {
		case a.silent:
			<-done
			return
		case a.hangUp:
			return
		case a.refuse != nil:
			a.refuse.send(b, "ERROR")
		default:
			n := 0
			if len(a.rows) > 0 {
				n = len(a.rows[0])
			}
			b.Send(&pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, n)})
			for _, r := range a.rows {
				var values [][]byte
				for _, v := range r {
					values = append(values, []byte(v))
				}
				b.Send(&pgproto3.DataRow{Values: values})
			}
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT")})
		}
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
	}
}
