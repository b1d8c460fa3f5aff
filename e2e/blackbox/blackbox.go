//go:build e2e && unix

// Package blackbox holds a running starter to its API, by HTTP alone: it knows
// neither the tool it was made with nor the database behind it.
//
// Each subtest's name is one claim of the contract, and a failure shows the
// request and the answer. The entry points are API (all of it), Errors (the
// shapes of errors, also for development mode) and Load; then Unavailable, Hanging,
// StartsWithout, Retries, Deadline, Storm, Outcomes and Shutdown, which are
// handed switches for the database and the process.
//
// Non-goals: what the contract leaves to the framework (trailing slashes, HEAD,
// OPTIONS), and measuring.
package blackbox

import "testing"

// API checks every sentence about a single request or a few. It needs a
// database with no accounts in it that are not its own, or as good as none.
func API(t *testing.T, base string) {
	c := newClient(base)
	t.Run("health", func(t *testing.T) { health(t, c) })
	t.Run("accounts", func(t *testing.T) { accounts(t, c) })
	t.Run("paging", func(t *testing.T) { paging(t, c) })
	t.Run("transfers", func(t *testing.T) { transfers(t, c) })
	t.Run("idempotency", func(t *testing.T) { idempotency(t, c) })
	t.Run("errors", func(t *testing.T) { Errors(t, base) })
}

// Errors checks what the service answers to requests that it refuses.
func Errors(t *testing.T, base string) {
	c := newClient(base)
	t.Run("invalid bodies", func(t *testing.T) { invalidBodies(t, c) })
	t.Run("valid bodies", func(t *testing.T) { validBodies(t, c) })
	t.Run("paths", func(t *testing.T) { paths(t, c) })
	t.Run("methods", func(t *testing.T) { methods(t, c) })
	t.Run("media types", func(t *testing.T) { mediaTypes(t, c) })
	t.Run("size", func(t *testing.T) { size(t, c) })
	t.Run("order", func(t *testing.T) { order(t, c) })
	t.Run("oddities", func(t *testing.T) { oddities(t, c) })
}
