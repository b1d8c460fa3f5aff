package generator

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Action says what an update makes of one file.
type Action string

const (
	Unchanged Action = "unchanged" // as it should be, whoever changed it
	Created   Action = "create"    // new in the skeletons
	Replaced  Action = "replace"   // its owner had not touched it
	Moved     Action = "move"      // the skeletons have it elsewhere; what its owner changed goes along
	Merged    Action = "merge"     // both sides changed it
	Conflicts Action = "conflict"  // both sides changed the same lines: markers are in the file
	Removed   Action = "remove"    // gone from the skeletons, and its owner had not touched it
	Left      Action = "left"      // both sides changed what cannot be merged, and its owner's stays
	Deleted   Action = "deleted"   // its owner deleted it, and it stays so
)

// An Outcome is what becomes of one file of a starter.
type Outcome struct {
	Path   string
	From   string // where it was, if it moves
	Action Action
	Why    string // of Left
}

// An Updated is what an update comes to: the outcome of every file, sorted by path, and what is to be written.
type Updated struct {
	Tool     *Tool
	Project  Project
	Outcomes []Outcome
	Changes  []Change // for Write, with Overwrite
	NewEnv   []string // variables that the starter reads from now on
	OldEnv   []string // and no longer
}

// Changed says whether the update would write anything.
func (u *Updated) Changed() bool { return len(u.Changes) > 0 }

// A MergeFunc joins what two sides made of base, and says whether conflict markers were left in it.
type MergeFunc func(yours, base, theirs []byte) (merged []byte, conflict bool, err error)

// Update plans project p with the skeletons of today and merges that with dst, whose state is s. It writes nothing.
// The files of the state are among the changes if anything but the program's version is new in them.
func Update(skeletons fs.FS, s *State, p Project, dst fs.FS, program string, merge MergeFunc) (*Updated, error) {
	t, err := Find(skeletons, p.Tool)
	if err != nil {
		return nil, err
	}
	if p, err = Resolve(t, p); err != nil {
		return nil, err
	}
	p.Connection = nil // .env is its owner's
	plan, err := Plan(skeletons, p)
	if err != nil {
		return nil, err
	}
	next := NewState(t, p, plan, program)
	u := &updater{dst: dst, old: s, next: next, merge: merge, out: &Updated{Tool: t, Project: p}, dirs: map[string]bool{".": true}}
	from := u.match(t, plan)
	for _, f := range plan {
		if f.Secret {
			continue
		}
		if err := u.file(f, from[f.Path]); err != nil {
			return nil, err
		}
		delete(u.gone, from[f.Path])
	}
	for _, name := range slices.Sorted(maps.Keys(u.gone)) {
		if err := u.remove(name); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(u.out.Outcomes, func(a, b Outcome) int { return strings.Compare(a.Path, b.Path) })
	u.out.NewEnv, u.out.OldEnv = minus(next.Env, s.Env), minus(s.Env, next.Env)
	return u.out, u.state()
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

type updater struct {
	dst       fs.FS
	old, next *State
	merge     MergeFunc
	gone      map[string]bool // paths of the old state that no file of the plan continues
	dirs      map[string]bool
	out       *Updated
}

// match finds, for each file of the plan, the path that it had: the one whose source it shares, else the same path.
func (u *updater) match(t *Tool, plan []File) map[string]string {
	bySource := map[string]string{}
	u.gone = map[string]bool{}
	for name, r := range u.old.Files {
		source := r.Source
		for range len(t.Renames) { // a file may have been renamed in more than one release
			to, ok := t.Renames[source]
			if !ok {
				break
			}
			source = to
		}
		bySource[source] = name
		u.gone[name] = true
	}
	from, taken := map[string]string{}, map[string]bool{}
	for _, f := range plan {
		if name, ok := bySource[f.Source]; ok {
			from[f.Path], taken[name] = name, true
		}
	}
	for _, f := range plan {
		if _, ok := u.old.Files[f.Path]; ok && from[f.Path] == "" && !taken[f.Path] {
			from[f.Path] = f.Path
		}
	}
	return from
}

// file decides about one file of the plan, which was at from; an empty from is a new file.
func (u *updater) file(f File, from string) error {
	record, base := u.old.Files[from], u.old.base[from]
	if from == "" {
		from, record.Opaque = f.Path, u.next.Files[f.Path].Opaque
	} else if record.SHA256 == u.next.Files[f.Path].SHA256 && from == f.Path {
		u.add(Outcome{Path: f.Path, Action: Unchanged})
		return nil
	}
	have, err := u.read(from)
	if err != nil {
		return err
	}
	there, err := u.read(f.Path)
	if err != nil {
		return err
	}
	if from != f.Path && have == nil {
		from, have = f.Path, there // its owner has moved it already
	}
	o := Outcome{Path: f.Path, Action: Unchanged}
	if from != f.Path {
		if there != nil && !bytes.Equal(there.Data, f.Data) {
			u.add(Outcome{Path: f.Path, Action: Left, Why: "it should come from " + from + ", but another file is there"})
			return nil
		}
		o.From, o.Action = from, Moved
		u.change(File{Path: from}, have, true)
	}
	switch {
	case have == nil && record.Source != "":
		o.Action = Deleted
	case have == nil:
		o.Action = Created
		u.change(f, nil, false)
	case sum(have.Data) == record.SHA256:
		if o.Action == Unchanged && !bytes.Equal(have.Data, f.Data) {
			o.Action = Replaced
		}
		u.put(f, there)
	case bytes.Equal(have.Data, f.Data):
		u.put(f, there)
	case record.SHA256 == u.next.Files[f.Path].SHA256: // only moved
		f.Data = have.Data
		u.put(f, there)
	case record.Opaque || !isText(have.Data) || !isText(f.Data):
		o.Why = "it is not text"
		if u.next.Files[f.Path].Opaque && isText(f.Data) {
			again, _ := shellLine(u.out.Tool.Lock.Commands)
			o.Why = "you have changed the lockfile: " + again
		}
		if o.Action == Unchanged {
			o.Action = Left
		}
		f.Data = have.Data
		u.put(f, there)
	default:
		merged, conflict, err := u.merge(have.Data, base, f.Data)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		switch {
		case conflict:
			o.Action = Conflicts
		case o.Action == Unchanged && !bytes.Equal(merged, have.Data):
			o.Action = Merged
		}
		f.Data = merged
		u.put(f, there)
	}
	u.add(o)
	return nil
}

// remove decides about a file that the skeletons no longer have.
func (u *updater) remove(name string) error {
	have, err := u.read(name)
	switch {
	case err != nil:
		return err
	case have == nil:
	case sum(have.Data) == u.old.Files[name].SHA256:
		u.change(File{Path: name}, have, true)
		u.add(Outcome{Path: name, Action: Removed})
	default:
		u.add(Outcome{Path: name, Action: Left, Why: "crdb-init no longer has it, and you have changed it"})
	}
	return nil
}

func (u *updater) add(o Outcome) { u.out.Outcomes = append(u.out.Outcomes, o) }

// put writes a file over what is in its place, where that differs.
func (u *updater) put(f File, there *held) {
	if there == nil || !bytes.Equal(f.Data, there.Data) {
		u.change(f, there, false)
	}
}

func (u *updater) change(f File, have *held, remove bool) {
	c := Change{File: f, Remove: remove}
	if have != nil {
		c.Have = have.raw
		c.Exec = c.Exec || have.Exec
	}
	u.out.Changes = append(u.out.Changes, c)
}

// A held is a file as the starter holds it.
type held struct {
	raw  []byte
	Data []byte // of text, with LF, whatever a checkout made of it
	Exec bool
}

// read returns what the starter holds at a path, nil if nothing.
func (u *updater) read(name string) (*held, error) {
	there, err := lookDir(u.dst, path.Dir(name), u.dirs)
	if err != nil || !there {
		return nil, err
	}
	f := &held{}
	if f.raw, err = look(u.dst, File{Path: name}); err != nil || f.raw == nil {
		return nil, err
	}
	info, err := fs.Lstat(u.dst, name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	f.Exec = info.Mode()&0o111 != 0
	f.Data = f.raw
	if isText(f.raw) {
		f.Data = bytes.ReplaceAll(f.raw, []byte("\r\n"), []byte("\n"))
	}
	return f, nil
}

// state adds the files of the new state, if there is more that is new in them than the program's version.
func (u *updater) state() error {
	same := *u.next
	same.Program = u.old.Program
	before, err := u.old.Format()
	if err != nil {
		return err
	}
	after, err := same.Format()
	if err != nil {
		return err
	}
	if bytes.Equal(before[0].Data, after[0].Data) && bytes.Equal(before[1].Data, after[1].Data) {
		return nil
	}
	if after, err = u.next.Format(); err != nil {
		return err
	}
	for _, f := range after {
		have, err := u.read(f.Path)
		if err != nil {
			return err
		}
		if have == nil || !bytes.Equal(have.Data, f.Data) {
			u.change(f, have, false)
		}
	}
	return nil
}
