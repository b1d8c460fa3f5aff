package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newTestApp sees an empty standard input, no environment and nobody to ask.
func newTestApp(out, errs io.Writer) *app {
	return &app{
		in: strings.NewReader(""), out: out, err: errs,
		lookup:        func(string) (string, bool) { return "", false },
		asker:         func() asker { return nil },
		outIsTerminal: func() bool { return false },
	}
}

// Help cannot rot: every command says what it is and shows how it is used, every flag says what it does.
func TestEveryCommandIsExplained(t *testing.T) {
	root := newRootCmd(newTestApp(io.Discard, io.Discard))
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" {
			t.Errorf("%s: Short, Long or Example is missing", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, "crdb-init ") {
				t.Errorf("%s: %q is no example", cmd.CommandPath(), line)
			}
			if strings.Contains(line, "://") {
				t.Errorf("%s: %q holds a connection string; examples take it from env:DATABASE_URL", cmd.CommandPath(), line)
			}
		}
		flags := func(f *pflag.Flag) {
			if f.Usage == "" || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: usage %q", cmd.CommandPath(), f.Name, f.Usage)
			}
			if f.Shorthand != "" {
				t.Errorf("%s --%s: a shorthand would make -%s of other programs' habits", cmd.CommandPath(), f.Name, f.Name)
			}
		}
		cmd.LocalNonPersistentFlags().VisitAll(flags)
		cmd.PersistentFlags().VisitAll(flags)
	}
}

// Every example is a command line that parses.
func TestExamplesParse(t *testing.T) {
	root := newRootCmd(newTestApp(io.Discard, io.Discard))
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		for line := range strings.Lines(cmd.Example) {
			_, rest, _ := strings.Cut(line, "crdb-init ")
			rest, _, _ = strings.Cut(rest, "|")
			rest, _, _ = strings.Cut(rest, ">")
			words := strings.Fields(strings.Trim(strings.TrimSpace(rest), `")`))
			found, args, err := newRootCmd(newTestApp(io.Discard, io.Discard)).Find(words)
			if err == nil {
				err = found.ParseFlags(args)
			}
			if err == nil && found.Args != nil {
				err = found.ValidateArgs(found.Flags().Args())
			}
			below := cmd.HasParent() && strings.HasPrefix(found.CommandPath(), cmd.CommandPath()+" ") // an example of a group
			if err != nil || found.Name() != cmd.Name() && !below {
				t.Errorf("%q is read as %s: %v", strings.TrimSpace(line), found.Name(), err)
			}
		}
	}
}

func TestUnprintable(t *testing.T) {
	for s, want := range map[string]string{
		"my-app": "", "größe": "", "日本": "", "a b": "",
		"a\x00b": "holds a control character", "a\nb": "holds a control character", "a\u0085b": "holds a control character",
		"caf\xe9": "not UTF-8", "a\u202eb": "holds a character that turns the direction of writing",
	} {
		if have := unprintable(s); have != want {
			t.Errorf("unprintable(%q) = %q, want %q", s, have, want)
		}
	}
}

func TestIsWord(t *testing.T) {
	for s, want := range map[string]bool{
		"lst": true, "my-app": true, "": false, ".": false, "..": false, "./lst": false, "a/b": false, "/a": false, `a\b`: false,
	} {
		if have := isWord(s); have != want {
			t.Errorf("isWord(%q) = %v", s, have)
		}
	}
}

func TestFailure(t *testing.T) {
	hinted := usagef("the way", "the thing: %w", io.EOF)
	for _, tt := range []struct {
		err  error
		want failure
	}{
		{io.EOF, failure{Error: "EOF", Exit: 1}},
		{hinted, failure{Error: "the thing: EOF", Hint: "the way", Exit: 2}},
		{usage(io.EOF), failure{Error: "EOF", Exit: 2}},
		{context.Canceled, failure{Error: "cancelled: nothing was written", Exit: 130}},
		{errors.Join(context.Canceled, io.EOF), failure{Error: "context canceled\nEOF", Exit: 130}},
	} {
		have := newFailure(tt.err)
		if have.Error != tt.want.Error || have.Hint != tt.want.Hint || have.Exit != tt.want.Exit || have.Conflicts == nil {
			t.Errorf("newFailure(%v) = %+v", tt.err, have)
		}
	}
	if err := usage(nil); err != nil {
		t.Errorf("usage(nil) = %v", err)
	}
}

// A full disk or a closed pipe behind standard output is a failure, and it is told.
func TestStandardOutputFails(t *testing.T) {
	var errs bytes.Buffer
	a := newTestApp(brokenWriter{}, &errs)
	if exit := a.run(t.Context(), []string{"list"}); exit != exitFailed {
		t.Errorf("exit code %d", exit)
	}
	if want := "crdb-init: standard output: no space left\n"; errs.String() != want {
		t.Errorf("standard error: %q, want %q", errs.String(), want)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// An interrupt ends a run that waits for its input, with nothing written.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process can send another one an interrupt there")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	toys, err := filepath.Abs("../testdata/skeletons")
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := &exec.Cmd{
		Path: self, Args: []string{"crdb-init", "--skeletons", toys, "--tool", "toy", "--answers", "-", "app"},
		Dir: dir, Stderr: &errs,
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once it is written, the program is reading, and has long been listening to signals.
	if _, err := in.Write(bytes.Repeat([]byte(" "), 256<<10)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if have := cmd.ProcessState.ExitCode(); have != exitCancelled {
		t.Errorf("exit code %d", have)
	}
	if want := "crdb-init: cancelled: nothing was written\n"; errs.String() != want {
		t.Errorf("standard error: %q, want %q", errs.String(), want)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// At a terminal a password is masked unless it is wanted.
func TestURLAtATerminal(t *testing.T) {
	for flag, want := range map[string]string{"--json=false": "me:***@", "--reveal": "me:hunter2@", "--mask": "me:***@"} {
		var out, errs bytes.Buffer
		a := newTestApp(&out, &errs)
		a.outIsTerminal = func() bool { return true }
		exit := a.run(t.Context(), []string{"url", "--skeletons", "../testdata/skeletons", "--tool", "toy", flag, "postgresql://me:hunter2@db.example.com/d"})
		if exit != exitDone || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, %q lacks %q\n%s", flag, exit, out.String(), want, errs.String())
		}
	}
}
