package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A script answers by the questions' words. A question that is not in it fails the run, and an answer that is refused
// is followed by the next one, as at a terminal.
type script struct {
	answers  map[string][]string
	asked    []string
	refusals []string
}

func (s *script) next(question string) (string, error) {
	s.asked = append(s.asked, question)
	left := s.answers[question]
	if len(left) == 0 {
		return "", fmt.Errorf("%q: nobody expected this question", question)
	}
	s.answers[question] = left[1:]
	if left[0] == "^C" {
		return "", context.Canceled
	}
	return left[0], nil
}

func (s *script) Select(_ context.Context, question string, options []option, preset int) (int, error) {
	answer, err := s.next(question)
	if err != nil {
		return 0, err
	}
	if answer == "" {
		return preset, nil
	}
	i := slices.IndexFunc(options, func(o option) bool { return o.name == answer })
	if i < 0 {
		return 0, fmt.Errorf("%q: no option %q among %v", question, answer, options)
	}
	return i, nil
}

func (s *script) Input(_ context.Context, question, preset string, check func(string) error) (string, error) {
	for {
		answer, err := s.next(question)
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = preset
		}
		if err := check(answer); err != nil {
			s.refusals = append(s.refusals, err.Error())
			continue
		}
		return answer, nil
	}
}

func (s *script) Secret(ctx context.Context, question string, check func(string) error) (string, error) {
	return s.Input(ctx, question, "", check)
}

func (s *script) Confirm(_ context.Context, question string) (bool, error) {
	answer, err := s.next(question)
	return answer == "yes", err
}

const secretQuestion = "Connection string (nothing: fill in .env later)"

func TestPrompts(t *testing.T) {
	toys, err := filepath.Abs("../testdata/skeletons")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		args     []string
		answers  map[string][]string
		asked    []string
		refusals []string
		exit     int
		stdout   string // the first line
		stderr   []string
		env      string // what app/.env, or another file, holds
	}{
		{
			name: "everything is asked",
			answers: map[string][]string{
				"Language": {"Go"}, "Tool": {"Toy"}, "Directory": {"app"}, "Deployment": {"Basic"},
				secretQuestion:   {"postgresql://me:hunter2@funny-skunk-1.abc.cockroachlabs.cloud/defaultdb"},
				"Write 7 files?": {"yes"},
			},
			asked:  []string{"Language", "Tool", "Directory", "Deployment", secretQuestion, "Write 7 files?"},
			stdout: "app: 7 files, 2 kB (toy, basic)",
			stderr: []string{"app: Toy, basic, in app\n", "--tool toy --deployment basic --url env:DATABASE_URL --skeletons "},
			env:    "me:hunter2@funny-skunk-1",
		},
		{
			name:   "nothing that a flag gave is asked, and then there is nothing to confirm",
			args:   []string{"--tool", "toy", "--deployment", "local", "app"},
			stdout: "app: 7 files, 2 kB (toy, local)",
			env:    "root@localhost",
		},
		{
			name:   "a connection string tells the deployment",
			args:   []string{"--tool", "toy", "--url", "postgresql://root@localhost/shop", "app"},
			stdout: "app: 7 files, 2 kB (toy, local)",
			env:    "root@localhost:26257/shop",
		},
		{
			name:    "the preset deployment is local, which has nothing to connect to yet",
			args:    []string{"--tool", "toy", "app"},
			answers: map[string][]string{"Deployment": {""}, "Write 7 files?": {"yes"}},
			asked:   []string{"Deployment", "Write 7 files?"},
			stdout:  "app: 7 files, 2 kB (toy, local)",
			env:     "root@localhost",
		},
		{
			name:    "no connection string is an answer",
			args:    []string{"--tool", "toy", "--deployment", "advanced", "app"},
			answers: map[string][]string{secretQuestion: {""}, "Write 7 files?": {"yes"}},
			asked:   []string{secretQuestion, "Write 7 files?"},
			stdout:  "app: 7 files, 2 kB (toy, advanced)",
			stderr:  []string{"crdb-init --tool toy --deployment advanced --skeletons "},
			env:     "<username>:<password>@<host>",
		},
		{
			name: "a refused answer is asked for again",
			args: []string{"--tool", "toypy"},
			answers: map[string][]string{
				"Directory": {"file", "missing/2fast", "a\x1bb", "postgresql://u:hunter2@h/d", "2fast"}, "Name": {"json", "fast"}, "Deployment": {"Self-hosted"},
				secretQuestion:   {"postgresql://me:hunter2@db.example.com/d?sslmode=require", "postgresql://me:hun@ter2@h/d", " postgresql://me:hunter2@db.example.com/d \n"},
				"Write 6 files?": {"yes"},
			},
			asked: []string{"Directory", "Directory", "Directory", "Directory", "Directory", "Name", "Name", "Deployment", secretQuestion, secretQuestion, secretQuestion, "Write 6 files?"},
			refusals: []string{
				"file: file where a directory must go", "missing/2fast: missing does not exist", "directory: holds a control character", "directory: is a connection string",
				`toypy: name "json" is not a Python module name that can be had: json is among Python's own names`,
				"--url: sslmode=require: does not check who the server is", "--url: connection string: more than one @ before the database",
			},
			stdout: "fast: 6 files, 1 kB (toypy, self-hosted)",
			stderr: []string{"crdb-init --tool toypy --name fast --deployment self-hosted --url env:DATABASE_URL "},
		},
		{
			name:    "a flag that is refused is refused before anything is asked",
			args:    []string{"--tool", "toy", "--module", "fmt/x"},
			exit:    exitUsage,
			stderr:  []string{"fmt is among the standard library"},
			answers: nil,
		},
		{
			name:   "so is a weak connection",
			args:   []string{"--tool", "toy", "--url", "postgresql://me@db.example.com/d?sslmode=require"},
			exit:   exitUsage,
			stderr: []string{"does not check who the server is"},
		},
		{
			name:   "and a target",
			args:   []string{"./file"},
			exit:   exitFailed,
			stderr: []string{"file where a directory must go"},
		},
		{
			name:    "an interrupt writes nothing",
			answers: map[string][]string{"Language": {"Python"}, "Tool": {"^C"}},
			asked:   []string{"Language", "Tool"},
			exit:    exitCancelled,
			stderr:  []string{"crdb-init: cancelled: nothing was written\n"},
		},
		{
			name:    "so does a no",
			args:    []string{"--tool", "toy", "app"},
			answers: map[string][]string{"Deployment": {""}, "Write 7 files?": {"no"}},
			asked:   []string{"Deployment", "Write 7 files?"},
			exit:    exitCancelled,
			stderr:  []string{"crdb-init: cancelled: nothing was written\n"},
		},
		{
			name:    "a conflict is told before anyone says yes",
			args:    []string{"--tool", "toy", "occupied"},
			answers: map[string][]string{"Deployment": {""}},
			asked:   []string{"Deployment"},
			exit:    exitConflict,
			stderr:  []string{"README.md: other content is there"},
		},
		{
			name:    "a preview has nothing to confirm",
			args:    []string{"--tool", "toy", "--dry-run", "app"},
			answers: map[string][]string{"Deployment": {""}},
			asked:   []string{"Deployment"},
			stdout:  "create     .crdb-init/base.txtar",
		},
		{
			name:   "--yes asks nothing",
			args:   []string{"--tool", "toy", "--yes", "app"},
			stdout: "app: 7 files, 2 kB (toy, local)",
		},
		{
			name:   "and what has no default is missing then",
			args:   []string{"--yes"},
			exit:   exitUsage,
			stderr: []string{"--tool: missing"},
		},
		{
			name:   "--json asks nothing",
			args:   []string{"--tool", "toy", "--json", "app"},
			stdout: "{",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "file", "")
			write(t, "occupied/README.md", "mine\n")
			who := &script{answers: tt.answers}
			var out, errs bytes.Buffer
			a := newTestApp(&out, &errs)
			a.asker = func() asker { return who }
			exit := a.run(t.Context(), append(tt.args, "--no-git", "--skeletons", toys))
			if exit != tt.exit {
				t.Fatalf("exit code %d, want %d\n%s", exit, tt.exit, errs.String())
			}
			if !slices.Equal(who.asked, tt.asked) {
				t.Errorf("asked %q\nwant  %q", who.asked, tt.asked)
			}
			if !slices.Equal(who.refusals, tt.refusals) {
				t.Errorf("refused %q\nwant    %q", who.refusals, tt.refusals)
			}
			if first, _, _ := strings.Cut(out.String(), "\n"); first != tt.stdout {
				t.Errorf("standard output begins with %q, want %q", first, tt.stdout)
			}
			for _, want := range tt.stderr {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("standard error lacks %q:\n%s", want, errs.String())
				}
			}
			if strings.Contains(out.String()+errs.String(), "ter2") {
				t.Errorf("the password was printed:\n%s%s", out.String(), errs.String())
			}
			if tt.env != "" {
				if data, err := os.ReadFile("app/.env"); err != nil || !strings.Contains(string(data), tt.env) {
					t.Errorf(".env lacks %q: %v\n%s", tt.env, err, data)
				}
			}
			if entries, _ := os.ReadDir("."); tt.exit != 0 && len(entries) != 2 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Standard input that holds data is nobody to ask, whatever it is connected to.
func TestNobodyIsAskedBesideData(t *testing.T) {
	for _, args := range [][]string{{"--url", "-"}, {"--answers", "-"}} {
		var errs bytes.Buffer
		a := newTestApp(io.Discard, &errs)
		a.in = strings.NewReader(`{"name": "app"}`)
		a.asker = func() asker { return &script{} }
		if exit := a.run(t.Context(), append(args, "./app")); exit != exitUsage {
			t.Errorf("%q: exit code %d\n%s", args, exit, errs.String())
		}
	}
}

func TestNewSurvey(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	none := func(string) (string, bool) { return "", false }
	if newSurvey(file, file, none) != nil || newSurvey(strings.NewReader(""), io.Discard, none) != nil {
		t.Error("what is no terminal is asked")
	}
}
