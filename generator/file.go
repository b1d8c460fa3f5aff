package generator

import (
	"fmt"
	"strings"
)

// File is one file of a starter, as planned.
type File struct {
	Path   string // slash-separated, relative to the starter
	Source string // its key in the skeletons
	Data   []byte
	Exec   bool // for everyone whom the umask lets
	Secret bool // .env: written once with mode 0600; never read, compared or replaced
}

// Change is a File beside what the disk holds in its place.
type Change struct {
	File
	Have []byte // nil if there is no such file; empty if there is one that is empty, or secret

	Remove bool // the file goes; Compare never asks for it
}

// Kind says what a Change comes to.
type Kind string

const (
	Create   Kind = "create"   // nothing is there
	Same     Kind = "same"     // the same bytes are there; the mode is not compared
	Conflict Kind = "conflict" // other bytes are there
	Kept     Kind = "kept"     // a secret file is there, and stays whatever it holds
	Remove   Kind = "remove"   // a file is there that is to go
)

// Kind compares what is planned with what is there.
func (c Change) Kind() Kind {
	switch {
	case c.Remove && c.Have == nil:
		return Same
	case c.Remove:
		return Remove
	case c.Have == nil:
		return Create
	case c.Secret:
		return Kept
	case string(c.Have) == string(c.Data):
		return Same
	}
	return Conflict
}

// OnConflict says what Write does about files that exist and differ.
type OnConflict int

const (
	Fail      OnConflict = iota // write nothing and return a *ConflictError
	Skip                        // leave them, write the others
	Overwrite                   // replace them
)

var onConflict = [...]string{Fail: "fail", Skip: "skip", Overwrite: "overwrite"}

func (o OnConflict) String() string { return onConflict[o] }

// ParseOnConflict reads what String writes.
func ParseOnConflict(s string) (OnConflict, error) {
	for o, name := range onConflict {
		if s == name {
			return OnConflict(o), nil
		}
	}
	return Fail, withHint(fmt.Errorf("%q: no way to treat a conflict", s), "fail, skip or overwrite")
}

// ConflictError names every file that stands in the way, in the order of the plan. Nothing was written.
type ConflictError struct {
	Paths []string

	late bool // they were made, changed or removed after Compare had looked
}

func (e *ConflictError) Error() string {
	reason := "other content is there"
	if e.late {
		reason = "changed after the comparison"
	}
	return strings.Join(e.Paths, ", ") + ": " + reason
}

// Hint is the way out.
func (e *ConflictError) Hint() string {
	if e.late {
		return "run it again"
	}
	return "--diff shows the differences, --on-conflict skip keeps these files, --on-conflict overwrite replaces them"
}
