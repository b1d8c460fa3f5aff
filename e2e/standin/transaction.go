//go:build e2e && unix

package standin

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A pretence is a transaction state that the client must believe in while the
// server's session is idle.
type pretence byte

const (
	// released: RELEASE cockroach_restart committed; only COMMIT may follow.
	released pretence = 'T'
	// restartable: RELEASE cockroach_restart failed; the client may restart.
	restartable pretence = 'E'
)

// state is the transaction state that the client sees: I, T or E.
func (c *session) state() byte {
	if c.pretence != 0 {
		return byte(c.pretence)
	}
	return c.status
}

// refusal is the answer to statements that the transaction's state forbids, or nil.
func (c *session) refusal() answers {
	switch c.pretence {
	case released:
		return failure("25000", committed)
	case restartable:
		return failure("25P02", inFailed)
	}
	return nil
}

func (c *session) begin(m []string) (answers, error) {
	if no := c.refusal(); no != nil {
		return no, nil
	}
	if c.status == 'I' {
		c.beginSQL = m[0]
		c.lastCode = ""
		c.restarts = 0
	}
	return c.ask(m[0])
}

func (c *session) commit(m []string) (answers, error) {
	switch c.pretence {
	case released:
		c.pretence = 0
		return done("COMMIT"), nil
	case restartable:
		c.pretence = 0
		return done("ROLLBACK"), nil
	}
	if c.status != 'T' {
		return c.ask(m[0]) // without a transaction a warning, after an error the tag ROLLBACK
	}
	return c.commitWork(m[0])
}

// commitWork commits the open transaction, if no fault prevents it.
func (c *session) commitWork(sql string) (answers, error) {
	switch c.fault(Event{SQL: sql, Commit: true, InTransaction: true}) {
	case Retry:
		_, err := c.ask("ROLLBACK")
		return failure("40001", serializable), err
	case AmbiguousLost:
		_, err := c.ask("ROLLBACK")
		return failure("40003", ambiguous), err
	case AmbiguousDone:
		got, err := c.ask("COMMIT")
		if got.failed() {
			return got, err
		}
		return failure("40003", ambiguous), err
	case DropBefore:
		return nil, errDropped
	case DropAfter:
		if _, err := c.ask("COMMIT"); err != nil {
			return nil, err
		}
		return nil, errDropped
	}
	return c.ask("COMMIT")
}

func (c *session) rollback(m []string) (answers, error) {
	switch c.pretence {
	case released: // too late: the transaction is committed
		c.pretence = 0
		return done("COMMIT"), nil
	case restartable:
		c.pretence = 0
		return done("ROLLBACK"), nil
	}
	return c.ask(m[0])
}

var restartName = regexp.MustCompile(`(?i)^"?cockroach_restart"?$`)

func (c *session) savepoint(m []string) (answers, error) {
	again := c.pretence == restartable || c.status == 'E'
	if restartName.MatchString(m[1]) && again {
		return c.restart("SAVEPOINT")
	}
	if no := c.refusal(); no != nil {
		return no, nil
	}
	return c.ask(m[0])
}

func (c *session) rollbackTo(m []string) (answers, error) {
	if restartName.MatchString(m[1]) && (c.pretence == restartable || c.status != 'I') {
		return c.restart("ROLLBACK")
	}
	if no := c.refusal(); no != nil {
		return no, nil
	}
	if c.status == 'E' && c.lastCode == "40001" {
		return failure("40001", restart+"cannot rollback to savepoint after a transaction restart"), nil
	}
	return c.ask(m[0])
}

// restart begins the transaction again, with a new snapshot.
func (c *session) restart(tag string) (answers, error) {
	if c.pretence != restartable {
		if got, err := c.ask("ROLLBACK"); err != nil || got.failed() {
			return got, err
		}
	}
	c.pretence = 0
	c.lastCode = ""
	c.restarts++
	for _, sql := range []string{c.beginSQL, "SAVEPOINT cockroach_restart"} {
		if got, err := c.ask(sql); err != nil || got.failed() {
			return got, err
		}
	}
	return done(tag), nil
}

func (c *session) release(m []string) (answers, error) {
	if no := c.refusal(); no != nil {
		return no, nil
	}
	if !restartName.MatchString(m[1]) || c.status != 'T' {
		return c.ask(m[0])
	}
	// PostgreSQL refuses a name that is not set, before anything is committed.
	if got, err := c.ask("RELEASE SAVEPOINT " + m[1]); err != nil || got.failed() {
		return got, err
	}
	got, err := c.commitWork("COMMIT")
	switch {
	case err != nil:
		return got, err
	case got.failed():
		c.pretence = restartable
		return got, nil
	}
	c.pretence = released
	return done("RELEASE"), nil
}

// ddl runs a schema change outside the open transaction, which it commits.
func (c *session) ddl(sql string) (answers, error) {
	if no := c.refusal(); no != nil {
		return no, nil
	}
	if c.status == 'T' && c.setting("autocommit_before_ddl") == "on" {
		if got, err := c.ask("COMMIT"); err != nil || got.failed() {
			return got, err
		}
	}
	return c.ask(sql)
}

var quiet = regexp.MustCompile(`(?i)^(SET|SHOW|RESET|DISCARD|DEALLOCATE)\b`)

// strike lets a fault befall a statement that is no transaction control. It
// reports whether the statement was answered that way.
func (c *session) strike(sql string) (answers, error) {
	if c.status != 'T' || c.pretence != 0 || quiet.MatchString(plain(sql)) {
		return nil, nil
	}
	f := c.fault(Event{SQL: sql, InTransaction: true})
	// CockroachDB's own switch for tests lets the third restart by savepoint through.
	if f == None && c.setting("inject_retry_errors_enabled") == "on" && c.restarts < 3 {
		f = Retry
	}
	switch f {
	case Retry:
		// The server itself fails, so that its transaction is what the client sees.
		return c.ask("SELECT crdb_internal.fail('40001', " + literal(writeTooOld) + ")")
	case DropBefore, DropAfter:
		return nil, errDropped
	}
	return nil, nil
}

func (c *session) fault(e Event) Fault {
	if decide := c.standIn.decide.Load(); decide != nil {
		return (*decide)(e)
	}
	return None
}

// ask runs a statement on the server and keeps what the client may see of the
// answer; rows are dropped.
func (c *session) ask(sql string) (answers, error) {
	var got answers
	err := c.query(sql, func(msg pgproto3.BackendMessage) {
		switch msg := msg.(type) {
		case *pgproto3.CommandComplete:
			got = append(got, &pgproto3.CommandComplete{CommandTag: []byte(strings.Clone(string(msg.CommandTag)))})
		case *pgproto3.EmptyQueryResponse:
			got = append(got, &pgproto3.EmptyQueryResponse{})
		case *pgproto3.ErrorResponse:
			e := *msg
			translate(&e)
			c.lastCode = e.Code
			got = append(got, &e)
		case *pgproto3.NoticeResponse:
			n := *msg
			got = append(got, &n)
		case *pgproto3.ParameterStatus:
			c.forward(msg)
		}
	})
	return got, err
}
