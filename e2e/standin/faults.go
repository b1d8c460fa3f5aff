//go:build e2e && unix

package standin

import (
	"math/rand/v2"
	"sync/atomic"
)

// An Event is a statement that is about to run.
type Event struct {
	SQL           string
	Commit        bool // the COMMIT of a transaction, or the RELEASE that stands for it
	InTransaction bool // in an explicit transaction
}

// A Fault is what happens to a statement instead of, or after, its running.
type Fault int

const (
	None Fault = iota
	// Retry fails with 40001 and rolls back, as contention does. Outside a
	// transaction it does nothing, for there CockroachDB retries by itself.
	Retry
	// AmbiguousDone and AmbiguousLost fail a COMMIT with 40003 after it took
	// effect and without.
	AmbiguousDone
	AmbiguousLost
	// DropBefore and DropAfter break the connection before the statement takes
	// effect and after it did, without an answer.
	DropBefore
	DropAfter
)

// Inject decides on the fault of each statement from now on; nil ends all faults.
// decide is called by many connections at once.
func (s *StandIn) Inject(decide func(Event) Fault) {
	if decide == nil {
		s.decide.Store(nil)
		return
	}
	s.decide.Store(&decide)
}

// NthCommit strikes the nth COMMIT from now on, and only that one.
func NthCommit(n int32, f Fault) func(Event) Fault {
	var seen atomic.Int32
	return func(e Event) Fault {
		if e.Commit && seen.Add(1) == n {
			return f
		}
		return None
	}
}

// NthStatement strikes the nth statement in a transaction from now on, COMMITs not counted, and only that one.
func NthStatement(n int32, f Fault) func(Event) Fault {
	var seen atomic.Int32
	return func(e Event) Fault {
		if !e.Commit && e.InTransaction && seen.Add(1) == n {
			return f
		}
		return None
	}
}

// Sometimes strikes each statement and COMMIT in a transaction with the probability p.
func Sometimes(p float64, f Fault) func(Event) Fault {
	return func(e Event) Fault {
		if (e.InTransaction || e.Commit) && rand.Float64() < p {
			return f
		}
		return None
	}
}
