// Package e2e holds every starter to the promises its README makes: it builds
// crdb-init, generates each tool's starter, runs the commands of its tool.json
// against a database and drives what it started from the outside.
//
//	cd e2e && go test -tags e2e -timeout 60m              every tool; ends with a table
//	TOOL=django go test -tags e2e ./e2e                   one tool
//	TOOL=pgx go test -tags e2e ./e2e -run '//^api$' -v    one check of it
//
// (go test shows the table of a run that passes only when it is given no
// package, or -v.) E2E_REQUIRED=1 makes a starter that is skipped for a missing
// runtime a failure, E2E_KEEP=1 leaves the starters and their logs in place, and
// CRDB_E2E_URL names a CockroachDB to use; see package database for what is used
// without it.
//
// Everything here stands behind the build tag e2e, so that an ordinary
// `go test ./...` needs no database and no other language's runtime.
//
// Goals: what differs between starters is read from their tool.json; a failure
// shows the request and the answer, or the end of the log, and the claim that
// broke; nothing is left running.
//
// Non-goals: measuring speed, and replacing a starter's own tests.
package e2e
