package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"
)

// An asker asks a person. Interrupted, each of its methods returns context.Canceled.
type asker interface {
	// Select returns the index of the option that was chosen; preset is where the cursor is at first.
	Select(ctx context.Context, question string, options []option, preset int) (int, error)
	// Input asks again until check has no objection.
	Input(ctx context.Context, question, preset string, check func(string) error) (string, error)
	// Secret is Input that does not show what is typed.
	Secret(ctx context.Context, question string, check func(string) error) (string, error)
	Confirm(ctx context.Context, question string) (bool, error)
}

type option struct{ name, description string }

// surveyor asks at a terminal, on standard error.
type surveyor struct{ in, err *os.File }

// newSurvey returns nil if there is nobody to ask: no terminal, one that cannot move its cursor, or a CI run.
func newSurvey(stdin io.Reader, stderr io.Writer, lookup func(string) (string, bool)) asker {
	in, inOK := stdin.(*os.File)
	err, errOK := stderr.(*os.File)
	if ci, _ := lookup("CI"); ci != "" && ci != "false" && ci != "0" {
		return nil
	}
	if t, _ := lookup("TERM"); t == "dumb" || !inOK || !errOK || !isTerminal(in) || !isTerminal(err) {
		return nil
	}
	if no, _ := lookup("NO_COLOR"); no != "" {
		core.DisableColor = true // survey lets CLICOLOR_FORCE win over NO_COLOR
	}
	return surveyor{in, err}
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (s surveyor) Select(ctx context.Context, question string, options []option, preset int) (int, error) {
	p := &survey.Select{
		Message: question, Default: preset, PageSize: 10,
		Description: func(_ string, i int) string { return options[i].description },
	}
	for _, o := range options {
		p.Options = append(p.Options, o.name)
	}
	return ask[int](ctx, s, p, nil)
}

func (s surveyor) Input(ctx context.Context, question, preset string, check func(string) error) (string, error) {
	return ask[string](ctx, s, &survey.Input{Message: question, Default: preset}, check)
}

func (s surveyor) Secret(ctx context.Context, question string, check func(string) error) (string, error) {
	return ask[string](ctx, s, &survey.Password{Message: question}, check)
}

func (s surveyor) Confirm(ctx context.Context, question string) (bool, error) {
	return ask[bool](ctx, s, &survey.Confirm{Message: question, Default: true}, nil)
}

// ask shows a prompt and waits for its answer. survey reads the terminal in raw mode and knows no context:
// when ctx ends first, the terminal is put back and the reading goroutine is left to the end of the process.
func ask[T any](ctx context.Context, s surveyor, p survey.Prompt, check func(string) error) (T, error) {
	type result struct {
		answer T
		err    error
	}
	options := []survey.AskOpt{survey.WithStdio(s.in, s.err, s.err)}
	if check != nil {
		options = append(options, survey.WithValidator(func(v any) error {
			text, _ := v.(string)
			err := check(text)
			if h, ok := errors.AsType[hinter](err); ok {
				return fmt.Errorf("%w (%s)", err, h.Hint())
			}
			return err
		}))
	}
	state, stateErr := term.GetState(int(s.in.Fd()))
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = survey.AskOne(p, &r.answer, options...)
		done <- r
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, terminal.InterruptErr) || errors.Is(r.err, io.EOF) {
			r.err = context.Canceled
		}
		return r.answer, r.err
	case <-ctx.Done():
		if stateErr == nil {
			_ = term.Restore(int(s.in.Fd()), state)
		}
		fmt.Fprint(s.err, "\x1b[?25h\n") // the cursor, which survey hides
		var none T
		return none, context.Canceled
	}
}
