package generator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// What a starter remembers of its making, for check and update. Deleting the folder turns those off and nothing else.
const (
	StateDir  = ".crdb-init"
	StateFile = StateDir + "/project.json"
	baseFile  = StateDir + "/base.txtar"

	stateVersion = 1
)

const baseComment = "What crdb-init wrote into this starter, as it wrote it. crdb-init update merges with it: leave it alone, and commit it.\n\n"

// A State is what a starter was made from: the answers, where every file came from, and its pristine text.
// It holds no secret, no time, and nothing of .env: a hash of that would let anyone try guesses of its password.
type State struct {
	Version int               `json:"version"`   // of this format
	Program string            `json:"crdb-init"` // the version that wrote it
	Tool    string            `json:"tool"`
	Answers Project           `json:"answers"`
	Env     []string          `json:"env"`   // the variables that the starter reads
	Files   map[string]Record `json:"files"` // by path

	base map[string][]byte // the text of those that are not opaque
}

// A Record is one file as it was written.
type Record struct {
	Source string `json:"source"` // its key in the skeletons
	SHA256 string `json:"sha256"`
	Opaque bool   `json:"opaque,omitempty"` // a lockfile, or no text: known by its hash alone, never merged
}

// NewState remembers a plan that Plan made for a project that Resolve made.
func NewState(t *Tool, p Project, plan []File, program string) *State {
	s := &State{
		Version: stateVersion, Program: program, Tool: t.ID, Answers: p, Env: []string{},
		Files: map[string]Record{}, base: map[string][]byte{},
	}
	for _, v := range t.Env {
		s.Env = append(s.Env, v.Name)
	}
	for _, f := range plan {
		if f.Secret {
			continue
		}
		opaque := slices.Contains(t.Lock.Files, f.Path) || !isText(f.Data)
		s.Files[f.Path] = Record{Source: f.Source, SHA256: sum(f.Data), Opaque: opaque}
		if !opaque {
			s.base[f.Path] = f.Data
		}
	}
	return s
}

// Format returns the state as the files of a starter.
func (s *State) Format() ([]File, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, err
	}
	a := &txtar.Archive{Comment: []byte(baseComment)}
	for _, name := range slices.Sorted(maps.Keys(s.base)) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: s.base[name]})
	}
	return []File{{Path: baseFile, Data: txtar.Format(a)}, {Path: StateFile, Data: b.Bytes()}}, nil
}

// AddState adds to a plan what the starter remembers of it.
func AddState(plan []File, t *Tool, p Project, program string) ([]File, error) {
	state, err := NewState(t, p, plan, program).Format()
	if err != nil {
		return nil, err
	}
	plan = append(slices.Clip(plan), state...)
	slices.SortFunc(plan, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return plan, nil
}

// A DamagedError names the part of a state that cannot be what crdb-init wrote.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string { return e.Path + ": damaged: " + e.Err.Error() }

// Hint is the way out.
func (e *DamagedError) Hint() string {
	return "git checkout HEAD -- " + StateDir + " brings it back; without the folder the starter goes on, but is never updated"
}

// ReadState reads the state of the starter in dst. A starter without one is fs.ErrNotExist.
func ReadState(dst fs.FS) (*State, error) {
	data, err := fs.ReadFile(dst, StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(dst, baseFile); err == nil {
			return nil, &DamagedError{StateFile, errors.New("it is missing")}
		}
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", StateFile, cause(err))
	}
	// A later format is said to be one, whatever its fields.
	var format struct {
		Version int    `json:"version"`
		Program string `json:"crdb-init"`
	}
	if json.Unmarshal(data, &format) == nil && format.Version > stateVersion {
		return nil, withHint(fmt.Errorf("%s: format %d, which crdb-init %s writes and this one cannot read", StateFile, format.Version, format.Program), "install that version or a newer one")
	}
	s := &State{}
	if err := readJSON(dst, StateFile, s); err != nil {
		return nil, &DamagedError{StateFile, errors.New(strings.TrimPrefix(err.Error(), StateFile+":"))}
	}
	if err := s.check(); err != nil {
		return nil, &DamagedError{StateFile, err}
	}
	if data, err = fs.ReadFile(dst, baseFile); err != nil {
		return nil, &DamagedError{baseFile, cause(err)}
	}
	if err := s.readBase(data); err != nil {
		return nil, &DamagedError{baseFile, err}
	}
	return s, nil
}

func (s *State) check() error {
	if s.Version != stateVersion {
		return fmt.Errorf("version %d, not %d", s.Version, stateVersion)
	}
	if s.Tool == "" || s.Tool != s.Answers.Tool || s.Answers.Name == "" {
		return errors.New("tool or answers: missing, or not of one tool")
	}
	for name, r := range s.Files {
		if err := checkPath(name); err != nil {
			return err
		}
		if digest, err := hex.DecodeString(r.SHA256); err != nil || len(digest) != sha256.Size || r.Source == "" {
			return fmt.Errorf("%s: source or sha256: not one", name)
		}
	}
	return nil
}

func (s *State) readBase(data []byte) error {
	s.base = map[string][]byte{}
	for _, f := range txtar.Parse(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))).Files {
		r, ok := s.Files[f.Name]
		switch _, twice := s.base[f.Name]; {
		case !ok || r.Opaque || twice:
			return fmt.Errorf("%s: not a file that %s lists", f.Name, StateFile)
		case sum(f.Data) != r.SHA256:
			return fmt.Errorf("%s: not the text that %s lists", f.Name, StateFile)
		}
		s.base[f.Name] = f.Data
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if _, ok := s.base[name]; !ok && !s.Files[name].Opaque {
			return fmt.Errorf("%s: is missing", name)
		}
	}
	return nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// isText says whether data can be merged by lines.
func isText(data []byte) bool { return bytes.IndexByte(data[:min(len(data), 8000)], 0) < 0 }
