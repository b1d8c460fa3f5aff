//go:build e2e && unix

package standin

import (
	"regexp"

	"github.com/jackc/pgx/v5/pgproto3"
)

// answers are what the server says to one statement, without rows.
type answers []pgproto3.BackendMessage

func (a answers) last() pgproto3.BackendMessage { return a[len(a)-1] }

func (a answers) failed() bool {
	if len(a) == 0 {
		return false
	}
	_, failed := a.last().(*pgproto3.ErrorResponse)
	return failed
}

func done(tag string) answers {
	return answers{&pgproto3.CommandComplete{CommandTag: []byte(tag)}}
}

func failure(code, message string) answers {
	return answers{&pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: code, Message: message}}
}

// The texts of 40001, as CockroachDB writes them.
const (
	restart      = "restart transaction: TransactionRetryWithProtoRefreshError: "
	writeTooOld  = restart + `TransactionRetryError: retry txn (RETRY_WRITE_TOO_OLD - WriteTooOld flag converted to WriteTooOldError): "sql txn" meta={id=00000000}`
	serializable = restart + `TransactionRetryError: retry txn (RETRY_SERIALIZABLE - failed preemptive refresh): "sql txn" meta={id=00000000}`
	aborted      = restart + `TransactionAbortedError(ABORT_REASON_PUSHER_ABORTED): "sql txn" meta={id=00000000}`
	committed    = "current transaction is committed, commands ignored until end of transaction block"
	inFailed     = "current transaction is aborted, commands ignored until end of transaction block"
	ambiguous    = "result is ambiguous: error=rpc error: code = Unavailable desc = error reading from server: EOF [propagate]"
)

// A translation turns one of PostgreSQL's errors into CockroachDB's.
type translation struct {
	code    string
	match   *regexp.Regexp
	newCode string
	text    string // of $1 and so on
	why     string
}

var translations = []translation{
	{"40P01", regexp.MustCompile(`.*`), "40001", aborted, "CockroachDB aborts one of the deadlocked and asks for a retry"},
	{"40001", regexp.MustCompile(`^could not serialize access due to concurrent (?:update|delete)`), "40001", writeTooOld, "met at the statement"},
	{"40001", regexp.MustCompile(`^could not serialize access`), "40001", serializable, "met at the statement or the COMMIT"},
	{"23503", regexp.MustCompile(`^update or delete on (table .*)`), "23503", "delete on $1", "CockroachDB says which of the two it was; here it is nearly always this one"},
	{"23514", regexp.MustCompile(`^new row for relation ".*" violates check constraint ("?.*"?)`), "23514", "failed to satisfy CHECK constraint ($1)", "CockroachDB shows the expression; the stand-in has the name only"},
	{"57014", regexp.MustCompile(`^canceling statement due to statement timeout`), "57014", "query execution canceled due to statement timeout", ""},
}

// translate turns an error of PostgreSQL's into one of CockroachDB's, in place.
func translate(e *pgproto3.ErrorResponse) {
	for _, t := range translations {
		if t.code != e.Code {
			continue
		}
		if m := t.match.FindStringSubmatchIndex(e.Message); m != nil {
			e.Message = string(t.match.ExpandString(nil, t.text, e.Message, m))
			e.Code = t.newCode
			break
		}
	}
	// CockroachDB names the constraint and nothing else.
	e.SchemaName, e.TableName, e.ColumnName, e.DataTypeName = "", "", "", ""
	e.File, e.Line, e.Routine = "", 0, ""
}
