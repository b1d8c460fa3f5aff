//go:build e2e && unix

// Package standin stands between a starter and its database. Each starter has
// one of its own, so what a test does to one starter's database no other
// starter sees.
//
// It can take the database away (Refuse, Reset, Hang, Restore), whatever the
// database is. In front of PostgreSQL it also answers as CockroachDB does where
// drivers and ORMs look: rules.go is the list.
//
// Non-goals: being CockroachDB. What it does not imitate it passes on.
package standin

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A StandIn listens on a loopback port and passes on to a database.
type StandIn struct {
	dial    func(context.Context) (net.Conn, error)
	addr    string
	imitate bool
	decide  atomic.Pointer[func(Event) Fault]
	door    atomic.Pointer[Door]

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	conns    map[*net.TCPConn]time.Time
	hanging  chan struct{} // closed: not hanging
	peak     int
	clients  []Client // since the last call of Clients
	handlers sync.WaitGroup
}

// Listen starts a stand-in on the port. dial opens a connection to the database;
// imitate says that this is PostgreSQL, which needs the rules to pass for CockroachDB.
func Listen(port int, imitate bool, dial func(context.Context) (net.Conn, error)) (*StandIn, error) {
	s := &StandIn{
		imitate: imitate,
		dial:    dial,
		addr:    fmt.Sprintf("127.0.0.1:%d", port),
		conns:   map[*net.TCPConn]time.Time{},
		hanging: make(chan struct{}),
	}
	close(s.hanging)
	s.Install(Door{})
	return s, s.listen()
}

// Addr is the address to connect to, as host:port.
func (s *StandIn) Addr() string { return s.addr }

// Close refuses for good and waits for what is under way to end.
func (s *StandIn) Close() {
	s.thaw()
	s.Refuse()
	s.handlers.Wait()
}

// Refuse takes the database away: open connections are reset, new ones refused.
func (s *StandIn) Refuse() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	s.mu.Unlock()
	s.Reset()
}

// Reset resets every open connection; new ones are served.
func (s *StandIn) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.SetLinger(0) // a close is then a reset
		_ = conn.Close()
	}
}

// Hang lets the database accept connections and never answer, on open ones too.
func (s *StandIn) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.hanging:
		s.hanging = make(chan struct{})
	default:
	}
}

// Restore ends Refuse and Hang. What hung meanwhile is then answered.
func (s *StandIn) Restore() error {
	s.thaw()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	return s.listen()
}

func (s *StandIn) thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.hanging:
	default:
		close(s.hanging)
	}
}

func (s *StandIn) listen() error {
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.listener = listener
	s.handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.handlers.Go(func() { s.serve(conn.(*net.TCPConn)) })
		}
	})
	return nil
}

func (s *StandIn) serve(client *net.TCPConn) {
	s.mu.Lock()
	s.conns[client] = time.Now()
	s.mu.Unlock()
	settling := time.AfterFunc(settled, s.count)
	defer settling.Stop()
	defer func() {
		s.mu.Lock()
		delete(s.conns, client)
		s.mu.Unlock()
		_ = client.Close()
	}()
	s.gate()
	_ = s.run(client) // whichever side ended it, the client sees the connection's end
}

// A connection counts once it is that old: the end of the one that it replaces may be noticed later than its beginning.
const settled = 500 * time.Millisecond

func (s *StandIn) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, since := range s.conns {
		if time.Since(since) >= settled {
			n++
		}
	}
	s.peak = max(s.peak, n)
}

// Peak is the most connections that were open at once since the last call, as far as they lasted.
func (s *StandIn) Peak() int {
	s.count()
	s.mu.Lock()
	defer s.mu.Unlock()
	peak := s.peak
	s.peak = 0
	return peak
}

// gate returns at once, or when the hanging ends.
func (s *StandIn) gate() {
	s.mu.Lock()
	hanging := s.hanging
	s.mu.Unlock()
	<-hanging
}
