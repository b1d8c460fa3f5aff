package generator

import (
	"errors"
	"io/fs"
	"os"
)

// hintError is an error together with a way out of it.
type hintError struct {
	err  error
	hint string
}

// withHint gives err a way out: one line, lower case, a command or a flag where there is one.
// Who prints the error asks for it with errors.As and interface{ Hint() string }.
func withHint(err error, hint string) error { return &hintError{err, hint} }

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
func (e *hintError) Hint() string  { return e.hint }

// cause takes the operation and the path off an error of package os:
// ours name the path first, and name it as it is in the plan, not as the temporary file it was.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
