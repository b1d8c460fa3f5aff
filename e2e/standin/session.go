//go:build e2e && unix

package standin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// errDropped ends a session as a fault does: without a word to the client.
var errDropped = errors.New("dropped by a fault")

// A session is one client's connection and the one to the server behind it.
//
// It handles one message of the client's at a time. What needs no attention is
// passed on and its answers are collected at the next Sync; before a statement
// that a rule answers, the session waits for all that is under way (settle), so
// that it knows the transaction's state.
type session struct {
	standIn *StandIn
	client  *pgproto3.Backend
	server  *pgproto3.Frontend

	fromClient source[pgproto3.FrontendMessage]
	fromServer source[pgproto3.BackendMessage]

	status   byte // the server's transaction state, of its last ReadyForQuery
	pretence pretence
	beginSQL string // how the transaction was begun
	lastCode string // SQLSTATE of the transaction's last error
	restarts int    // of the transaction, by savepoint

	statements map[string]*statement
	portals    map[string]*statement
	pending    int  // messages passed on whose last answer has not come
	skipping   bool // after an error in the extended protocol, until Sync

	settings map[string]string

	door  *Door
	who   Client
	spoke bool // the client sent one message of the protocol at least
}

// A statement is what a Parse message prepared.
type statement struct {
	sql   string
	rule  *rule
	match []string
}

// owned says that the session answers the statement itself.
func (st *statement) owned() bool { return st != nil && st.rule != nil && st.rule.do != nil }

func (c *session) prepare(sql string) *statement {
	r, m := find(sql)
	return &statement{sql: sql, rule: r, match: m}
}

// text is what the server gets to see of a statement that is not owned.
func (c *session) text(st *statement) string {
	if st.rule == nil {
		return st.sql
	}
	return st.rule.rewrite(c, st.match)
}

// run serves a client until either side ends the connection.
func (s *StandIn) run(client net.Conn) error {
	c := &session{
		standIn: s, client: pgproto3.NewBackend(client, client),
		statements: map[string]*statement{}, portals: map[string]*statement{}, settings: map[string]string{},
		door: s.door.Load(),
	}
	first, err := c.greet(client)
	if startup, ok := first.(*pgproto3.StartupMessage); ok {
		c.who.Login, c.who.Parameters = true, maps.Clone(startup.Parameters)
	}
	if _, ok := first.(*pgproto3.CancelRequest); !ok && c.spoke {
		s.mu.Lock()
		s.clients = append(s.clients, c.who)
		s.mu.Unlock()
	}
	if err != nil || first == nil {
		return err
	}
	s.gate()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	server, err := s.dial(ctx)
	cancel()
	if err != nil {
		return err
	}
	defer server.Close()
	if cancelRequest, ok := first.(*pgproto3.CancelRequest); ok {
		return pass(server, cancelRequest)
	}
	c.server = pgproto3.NewFrontend(server, server)
	if err := c.login(first.(*pgproto3.StartupMessage)); err != nil {
		return err
	}

	stop := make(chan struct{})
	defer close(stop)
	c.fromClient = receive(c.client.Receive, stop)
	c.fromServer = receive(c.server.Receive, stop)
	for {
		if err := c.client.Flush(); err != nil {
			return err
		}
		c.fromClient.release()
		c.fromServer.release()
		select {
		case msg, ok := <-c.fromServer.messages: // a notice, or the server's end
			if !ok {
				return nil
			}
			c.fromServer.held = true
			c.forward(msg)
		case msg, ok := <-c.fromClient.messages:
			if !ok {
				return nil
			}
			c.fromClient.held = true
			s.gate()
			if _, ok := msg.(*pgproto3.Terminate); ok {
				return nil
			}
			if err := c.handle(msg); err != nil {
				return err
			}
		}
	}
}

// greet answers what comes before a client's startup message, and returns that
// or a request to cancel.
func (c *session) greet(conn net.Conn) (pgproto3.FrontendMessage, error) {
	for {
		msg, err := c.client.ReceiveStartupMessage()
		if err != nil {
			return nil, err
		}
		c.spoke = true
		switch msg := msg.(type) {
		case *pgproto3.GSSEncRequest:
			if _, err := conn.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		case *pgproto3.SSLRequest:
			if conn, err = c.secure(conn); err != nil {
				return nil, err
			}
		case *pgproto3.CancelRequest, *pgproto3.StartupMessage:
			return msg, nil
		default:
			return nil, fmt.Errorf("%T: not expected", msg)
		}
	}
}

func pass(server net.Conn, msg pgproto3.FrontendMessage) error {
	data, err := msg.Encode(nil)
	if err != nil {
		return err
	}
	_, err = server.Write(data)
	return err
}

// login passes on the startup message and the talk about passwords, until the
// server is ready or refuses.
func (c *session) login(startup *pgproto3.StartupMessage) error {
	if err := c.admit(startup); err != nil {
		return err
	}
	if c.standIn.imitate {
		c.startup(startup.Parameters)
	}
	c.server.Send(startup)
	if err := c.server.Flush(); err != nil {
		return err
	}
	for {
		msg, err := c.server.Receive()
		if err != nil {
			return errors.Join(err, c.client.Flush())
		}
		c.forward(msg)
		reply := false
		switch msg := msg.(type) {
		case *pgproto3.AuthenticationOk:
			if c.standIn.imitate {
				c.client.Send(&pgproto3.ParameterStatus{Name: "crdb_version", Value: version})
			}
		case *pgproto3.AuthenticationCleartextPassword:
			reply, err = true, c.client.SetAuthType(pgproto3.AuthTypeCleartextPassword)
		case *pgproto3.AuthenticationMD5Password:
			reply, err = true, c.client.SetAuthType(pgproto3.AuthTypeMD5Password)
		case *pgproto3.AuthenticationSASL:
			reply, err = true, c.client.SetAuthType(pgproto3.AuthTypeSASL)
		case *pgproto3.AuthenticationSASLContinue:
			reply, err = true, c.client.SetAuthType(pgproto3.AuthTypeSASLContinue)
		case *pgproto3.ReadyForQuery:
			c.status = msg.TxStatus
			return nil
		}
		if err != nil {
			return err
		}
		if !reply {
			continue
		}
		if err := c.client.Flush(); err != nil {
			return err
		}
		answer, err := c.client.Receive()
		if err != nil {
			return err
		}
		c.server.Send(answer)
		if err := c.server.Flush(); err != nil {
			return err
		}
	}
}

// forward hands one of the server's messages to the client, in CockroachDB's words.
func (c *session) forward(msg pgproto3.BackendMessage) {
	if c.standIn.imitate {
		switch m := msg.(type) {
		case *pgproto3.ErrorResponse:
			e := *m
			translate(&e)
			c.lastCode = e.Code
			msg = &e
		case *pgproto3.ParameterStatus:
			if m.Name == "server_version" {
				msg = &pgproto3.ParameterStatus{Name: m.Name, Value: "13.0.0"}
			}
		}
	}
	c.client.Send(msg)
}

// next is the server's next message, valid until the following call.
func (c *session) next() (pgproto3.BackendMessage, error) {
	c.fromServer.release()
	msg, ok := <-c.fromServer.messages
	if !ok {
		return nil, errors.Join(errors.New("the server has gone"), c.client.Flush())
	}
	c.fromServer.held = true
	c.standIn.gate()
	return msg, nil
}

// query runs a simple query on the server and hands over every answer but the
// last, ReadyForQuery.
func (c *session) query(sql string, each func(pgproto3.BackendMessage)) error {
	c.server.Send(&pgproto3.Query{String: sql})
	if err := c.server.Flush(); err != nil {
		return err
	}
	return c.untilReady(each)
}

func (c *session) untilReady(each func(pgproto3.BackendMessage)) error {
	for n := 1; ; n++ {
		msg, err := c.next()
		if err != nil {
			return err
		}
		switch msg := msg.(type) {
		case *pgproto3.ReadyForQuery:
			c.status = msg.TxStatus
			return nil
		case *pgproto3.CopyInResponse:
			each(msg)
			if err := c.copyIn(); err != nil {
				return err
			}
		default:
			each(msg)
		}
		if n%500 == 0 { // a long result must not pile up here
			if err := c.client.Flush(); err != nil {
				return err
			}
		}
	}
}

// copyIn passes on what the client copies in, to its end.
func (c *session) copyIn() error {
	if err := c.client.Flush(); err != nil {
		return err
	}
	for {
		c.fromClient.release()
		msg, ok := <-c.fromClient.messages
		if !ok {
			return errors.New("the client has gone")
		}
		c.fromClient.held = true
		c.server.Send(msg)
		switch msg.(type) {
		case *pgproto3.CopyDone, *pgproto3.CopyFail:
			if c.pending > 0 { // the extended protocol answers at a Flush or Sync
				c.server.Send(&pgproto3.Flush{})
			}
			return c.server.Flush()
		}
	}
}

func (c *session) handle(msg pgproto3.FrontendMessage) error {
	if query, ok := msg.(*pgproto3.Query); ok {
		return c.simple(query.String)
	}
	if _, ok := msg.(*pgproto3.Sync); ok {
		return c.sync()
	}
	if c.skipping {
		return nil
	}
	switch msg := msg.(type) {
	case *pgproto3.Parse:
		return c.parse(msg)
	case *pgproto3.Bind:
		st := c.statements[msg.PreparedStatement]
		c.portals[msg.DestinationPortal] = st
		if st.owned() {
			return c.answer(&pgproto3.BindComplete{})
		}
		return c.passOn(msg)
	case *pgproto3.Describe:
		st := c.portals[msg.Name]
		if msg.ObjectType == 'S' {
			st = c.statements[msg.Name]
		}
		switch {
		case !st.owned():
			return c.passOn(msg)
		case msg.ObjectType == 'S':
			return c.answer(&pgproto3.ParameterDescription{}, &pgproto3.NoData{})
		default:
			return c.answer(&pgproto3.NoData{})
		}
	case *pgproto3.Execute:
		return c.execute(msg)
	case *pgproto3.Close:
		named := c.portals
		if msg.ObjectType == 'S' {
			named = c.statements
		}
		st := named[msg.Name]
		delete(named, msg.Name)
		if st.owned() {
			return c.answer(&pgproto3.CloseComplete{})
		}
		return c.passOn(msg)
	case *pgproto3.Flush:
		return c.settle()
	}
	return fmt.Errorf("%T: not expected", msg)
}

func (c *session) parse(msg *pgproto3.Parse) error {
	st := &statement{sql: msg.Query}
	if c.standIn.imitate {
		st = c.prepare(msg.Query)
	}
	c.statements[msg.Name] = st
	if st.owned() {
		return c.answer(&pgproto3.ParseComplete{})
	}
	return c.passOn(&pgproto3.Parse{Name: msg.Name, Query: c.text(st), ParameterOIDs: msg.ParameterOIDs})
}

// execute runs a portal. Its statement is the one that Parse named, perhaps long ago.
func (c *session) execute(msg *pgproto3.Execute) error {
	st := c.portals[msg.Portal]
	if !c.standIn.imitate || st == nil {
		return c.passOn(msg)
	}
	if !st.owned() && !c.attentive() {
		return c.passOn(msg)
	}
	if err := c.settle(); err != nil || c.skipping {
		return err
	}
	var got answers
	var err error
	if st.owned() {
		got, err = st.rule.do(c, st.match)
	} else {
		got, err = c.refusalOrStrike(st.sql)
		if got == nil && err == nil {
			return c.passOn(msg)
		}
	}
	if err != nil {
		return err
	}
	return c.answer(got...)
}

// attentive says that a statement that is no rule's may still not be passed on.
func (c *session) attentive() bool {
	return c.pretence != 0 || c.standIn.decide.Load() != nil || c.setting("inject_retry_errors_enabled") == "on"
}

func (c *session) refusalOrStrike(sql string) (answers, error) {
	if no := c.refusal(); no != nil {
		return no, nil
	}
	return c.strike(sql)
}

// simple answers a query string, which may hold several statements.
func (c *session) simple(sql string) error {
	if err := c.settle(); err != nil {
		return err
	}
	c.skipping = false
	if err := c.statementsOf(sql); err != nil {
		return err
	}
	c.client.Send(&pgproto3.ReadyForQuery{TxStatus: c.state()})
	return nil
}

func (c *session) statementsOf(sql string) error {
	forward := func(msg pgproto3.BackendMessage) { c.forward(msg) }
	if !c.standIn.imitate {
		return c.query(sql, forward)
	}
	var list []*statement
	special := c.attentive()
	var texts []string
	for _, part := range split(sql) {
		st := c.prepare(part)
		list = append(list, st)
		special = special || st.owned()
		if !st.owned() {
			texts = append(texts, c.text(st))
		}
	}
	if len(list) == 0 { // empty, which has an answer too
		return c.query(sql, forward)
	}
	if !special { // one query, and so one implicit transaction
		return c.query(strings.Join(texts, "; "), forward)
	}
	for _, st := range list {
		var got answers
		var err error
		if st.owned() {
			got, err = st.rule.do(c, st.match)
		} else {
			got, err = c.refusalOrStrike(st.sql)
			if got == nil && err == nil {
				failed := false
				err = c.query(c.text(st), func(msg pgproto3.BackendMessage) {
					_, isError := msg.(*pgproto3.ErrorResponse)
					failed = failed || isError
					c.forward(msg)
				})
				if failed {
					return err
				}
			}
		}
		if err != nil {
			return err
		}
		for _, msg := range got {
			c.client.Send(msg)
		}
		if got.failed() {
			return nil
		}
	}
	return nil
}

// passOn sends a message of the extended protocol to the server, whose answer
// is waited for later.
func (c *session) passOn(msg pgproto3.FrontendMessage) error {
	c.server.Send(msg)
	c.pending++
	return nil
}

// answer sends the session's own answers, after those that are under way.
func (c *session) answer(own ...pgproto3.BackendMessage) error {
	if err := c.settle(); err != nil || c.skipping {
		return err
	}
	for _, msg := range own {
		c.client.Send(msg)
	}
	c.skipping = answers(own).failed()
	return nil
}

// settle waits for the answers to all that was passed on.
func (c *session) settle() error {
	if c.pending == 0 {
		return nil
	}
	c.server.Send(&pgproto3.Flush{})
	if err := c.server.Flush(); err != nil {
		return err
	}
	for c.pending > 0 {
		msg, err := c.next()
		if err != nil {
			return err
		}
		c.forward(msg)
		c.count(msg)
		if _, ok := msg.(*pgproto3.CopyInResponse); ok {
			if err := c.copyIn(); err != nil {
				return err
			}
		}
	}
	return nil
}

// count notes that a message was the last answer to one that was passed on.
func (c *session) count(msg pgproto3.BackendMessage) {
	switch msg.(type) {
	case *pgproto3.ParseComplete, *pgproto3.BindComplete, *pgproto3.CloseComplete, *pgproto3.RowDescription, *pgproto3.NoData,
		*pgproto3.CommandComplete, *pgproto3.EmptyQueryResponse, *pgproto3.PortalSuspended:
		c.pending--
	case *pgproto3.ErrorResponse:
		c.pending, c.skipping = 0, true
	}
}

func (c *session) sync() error {
	c.server.Send(&pgproto3.Sync{})
	if err := c.server.Flush(); err != nil {
		return err
	}
	if err := c.untilReady(func(msg pgproto3.BackendMessage) { c.forward(msg) }); err != nil {
		return err
	}
	c.pending, c.skipping = 0, false
	c.client.Send(&pgproto3.ReadyForQuery{TxStatus: c.state()})
	return nil
}

// A source hands over one side's messages, one at a time: the next is read when
// the last is released, for both share memory.
type source[M any] struct {
	messages chan M
	released chan struct{}
	held     bool
}

func (s *source[M]) release() {
	if s.held {
		s.released <- struct{}{}
		s.held = false
	}
}

// receive reads messages until it cannot or stop is closed.
func receive[M any](next func() (M, error), stop chan struct{}) source[M] {
	s := source[M]{messages: make(chan M), released: make(chan struct{})}
	go func() {
		defer close(s.messages)
		for {
			msg, err := next()
			if err != nil {
				return
			}
			select {
			case s.messages <- msg:
			case <-stop:
				return
			}
			select {
			case <-s.released:
			case <-stop:
				return
			}
		}
	}()
	return s
}
