package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writeJSON writes v as a person can read it too. Its <, > and & are themselves: it is not for HTML.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// print writes a command's result, at once: as JSON if that is wanted, else as text.
func (a *app) print(asJSON any, text func(w io.Writer)) error {
	var b strings.Builder
	if a.json {
		if err := writeJSON(&b, asJSON); err != nil {
			return err
		}
	} else {
		text(&b)
	}
	if _, err := io.WriteString(a.out, b.String()); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// unprintable says why s must not reach a terminal, a file name or a generated file, "" if it may.
func unprintable(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "not UTF-8"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "holds a control character"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }):
		return "holds a character that turns the direction of writing"
	}
	return ""
}

// shellWord quotes a word for a POSIX shell if it needs it.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:,=%"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// count is 1 file, 2 files.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// indent writes text with every line that is not empty moved to the right.
func indent(w io.Writer, by, text string) {
	for line := range strings.Lines(strings.TrimSuffix(text, "\n") + "\n") {
		if line != "\n" {
			line = by + line
		}
		io.WriteString(w, line)
	}
}
