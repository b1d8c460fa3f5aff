package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/generator/conn"
)

const maxAnswers = 1 << 20

// readAnswers reads the object of --answers from a file, or from standard input for -.
func (a *app) readAnswers(ctx context.Context, file string) (generator.Project, error) {
	var data []byte
	if file == "-" {
		text, err := a.readInput(ctx, "--answers", maxAnswers)
		if err != nil {
			return generator.Project{}, err
		}
		data, file = []byte(text), "standard input"
	} else {
		if _, err := readable(file); err != nil {
			return generator.Project{}, usagef(`a file with {"tool": "…", "name": "…"}, or -`, "--answers: %s: %w", file, err)
		}
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return generator.Project{}, fmt.Errorf("--answers: %s: %w", file, cause(err))
		}
	}
	p, at, err := parseAnswers(data)
	if err != nil {
		before := data[:min(at, len(data))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return p, usagef(`{"tool": "…", "name": "…", "module": "…", "package": "…", "deployment": "…"}`,
			"--answers: %s:%d:%d: %w", file, line, column, err)
	}
	return p, nil
}

// parseAnswers reads one flat JSON object by its tokens, so that every mistake has a place: the offset of the key or
// value that is wrong.
func parseAnswers(data []byte) (p generator.Project, at int, err error) {
	var deployment string
	fields := map[string]*string{
		"tool": &p.Tool, "name": &p.Name, "module": &p.Module, "package": &p.Package, "deployment": &deployment,
	}
	if !utf8.Valid(data) {
		return p, 0, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	next := func() (json.Token, error) {
		at = int(d.InputOffset())
		at += len(data[at:]) - len(bytes.TrimLeft(data[at:], " \t\r\n,:"))
		token, err := d.Token()
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = max(at, int(e.Offset)-1)
		}
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			at, err = len(data), errors.New("ends too early")
		}
		return token, err
	}
	token, err := next()
	switch {
	case err != nil:
		return p, at, err
	case token != json.Delim('{'):
		return p, at, errors.New("not an object")
	}
	seen := map[string]bool{}
	for d.More() {
		if token, err = next(); err != nil {
			return p, at, err
		}
		key, _ := token.(string)
		field, ok := fields[key]
		switch {
		case !ok:
			return p, at, fmt.Errorf("field %q: not known", key)
		case seen[key]:
			return p, at, fmt.Errorf("field %q: is there twice", key)
		}
		seen[key] = true
		if token, err = next(); err != nil {
			return p, at, err
		}
		value, ok := token.(string)
		switch {
		case !ok:
			return p, at, fmt.Errorf("%s: not a string", key)
		case unprintable(value) != "":
			return p, at, fmt.Errorf("%s: %s", key, unprintable(value))
		case holdsConnection(value):
			return p, at, fmt.Errorf("%s: is a connection string, which answers have no place for", key)
		}
		if *field = value; key == "deployment" && value != "" {
			if p.Deployment, err = conn.ParseDeployment(value); err != nil {
				return p, at, err
			}
		}
	}
	if _, err = next(); err != nil {
		return p, at, err
	}
	rest := bytes.TrimLeft(data[d.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		return p, len(data) - len(rest), errors.New("more than one value")
	}
	return p, 0, nil
}
