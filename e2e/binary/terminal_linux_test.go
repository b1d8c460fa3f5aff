//go:build e2e

package binary

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A console is a pseudo-terminal with a process at it.
type console struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	read   chan struct{} // closed when nobody has the terminal open any more

	mu     sync.Mutex
	screen string // everything that was written to the terminal
	seen   int    // how far expect has read
}

// console runs the program in a terminal of its own: what is typed there goes to it, Ctrl-C too.
func (w world) console(t *testing.T) *console {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		lacking(t, "no pseudo-terminals here: "+err.Error())
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	must(t, err,
		unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0),
		unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 250}))
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	defer tty.Close()
	c := &console{t: t, master: master, cmd: w.command(), read: make(chan struct{})}
	c.cmd.Env = append(c.cmd.Env, "TERM=xterm-256color")
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = tty, tty, tty
	c.cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	must(t, c.cmd.Start())
	go c.show()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		_ = master.Close()
		<-c.read
	})
	return c
}

// show keeps what is written, and answers as a terminal does when it is asked where its cursor is.
func (c *console) show() {
	defer close(c.read)
	buf := make([]byte, 4096)
	for {
		n, err := c.master.Read(buf)
		c.mu.Lock()
		c.screen += string(buf[:n])
		c.mu.Unlock()
		for range bytes.Count(buf[:n], []byte("\x1b[6n")) {
			_, _ = c.master.WriteString("\x1b[1;1R")
		}
		if err != nil {
			return
		}
	}
}

func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen
}

const (
	patience = 20 * time.Second
	reading  = 50 * time.Millisecond // that a person needs before the first key, at least
)

// answer waits for a question after what was waited for before, and types. It types when nothing moves any more: a key
// that comes before the terminal has said where its cursor is is lost in survey.
func (c *console) answer(question, keys string) {
	c.t.Helper()
	asked, length, still := false, 0, time.Now()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		c.mu.Lock()
		if i := strings.Index(c.screen[c.seen:], question); i >= 0 && !asked {
			c.seen += i + len(question)
			asked = true
		}
		if len(c.screen) != length {
			length, still = len(c.screen), time.Now()
		}
		c.mu.Unlock()
		if asked && time.Since(still) > reading {
			_, err := c.master.WriteString(keys)
			must(c.t, err)
			return
		}
	}
	c.t.Fatalf("%q was never asked:\n%q", question, c.text())
}

// end waits for the process and looks at the state in which it leaves the terminal.
func (c *console) end(code int) {
	c.t.Helper()
	stuck := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer stuck.Stop()
	_ = c.cmd.Wait() // the exit code is read from ProcessState
	<-c.read
	if have := c.cmd.ProcessState.ExitCode(); have != code {
		c.t.Fatalf("exit code %d, want %d:\n%q", have, code, c.text())
	}
	if hidden, shown := strings.LastIndex(c.text(), "\x1b[?25l"), strings.LastIndex(c.text(), "\x1b[?25h"); hidden > shown {
		c.t.Error("the cursor is left hidden")
	}
	state, err := unix.IoctlGetTermios(int(c.master.Fd()), unix.TCGETS)
	must(c.t, err)
	if state.Lflag&unix.ECHO == 0 || state.Lflag&unix.ICANON == 0 {
		c.t.Error("the terminal is left in raw mode")
	}
}

// atTerminal is a world where nothing is said on the command line, so that everything is asked.
func atTerminal(t *testing.T) world {
	w := newWorld(t, t.TempDir(), library(t, t.TempDir(), 0), nil)
	w.args = []string{"--skeletons", w.args[1], "--no-git"}
	return w
}

const up = "\x1b[A"

// The questions, and what a person types: chosen by typing and by the arrows, a default, a pasted connection string.
var dialogue = []struct{ question, keys string }{
	{"Language", "Go\r"},
	{"Tool", "Fixture\r"},
	{"Directory", "\r"},
	{"Deployment", up + up + up + up + "\r"},
	{"Connection string", "postgresql://me:correct%20horse@funny-skunk-123.abc.cockroachlabs.cloud:26257/shop\r"},
	{"Write 12 files?", "\r"},
}

func TestPersonAtTerminal(t *testing.T) {
	w := atTerminal(t)
	c := w.console(t)
	for _, d := range dialogue {
		c.answer(d.question, d.keys)
	}
	c.end(0)
	if !strings.Contains(c.text(), "my-app: 12 files, 3 kB (fixture, basic)") {
		t.Errorf("no summary:\n%q", c.text())
	}
	if strings.Contains(c.text(), "horse") {
		t.Errorf("the password was shown:\n%q", c.text())
	}
	have := treeOf(t, w.dir)
	if env := have["my-app/.env"]; env.mode != 0o600 || !strings.Contains(env.data, "me:correct%20horse@funny-skunk-123") {
		t.Errorf(".env: %v %s", env.mode, env.data)
	}

	// The line that is shown makes the same without a question.
	line := regexp.MustCompile(`crdb-init --tool [^\r\n]*`).FindString(c.text())
	same := atTerminal(t)
	shell := exec.Command("sh", "-c", line)
	shell.Dir = same.dir
	shell.Env = []string{
		"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"),
		"DATABASE_URL=postgresql://me:correct%20horse@funny-skunk-123.abc.cockroachlabs.cloud:26257/shop",
	}
	if r := finish(t, shell); r.code != 0 {
		t.Fatalf("%s\n%v", line, r)
	}
	if diff := treeOf(t, same.dir).differs(have); diff != "" {
		t.Errorf("%s\nmakes something else:\n%s", line, diff)
	}
}

// Ctrl-C at any question goes back to the shell: exit code 130, nothing written.
func TestCtrlCAtEveryQuestion(t *testing.T) {
	for i, last := range dialogue {
		t.Run(last.question, func(t *testing.T) {
			t.Parallel()
			w := atTerminal(t)
			c := w.console(t)
			for _, d := range dialogue[:i] {
				c.answer(d.question, d.keys)
			}
			half := strings.TrimSuffix(last.keys, "\r")
			c.answer(last.question, half[:len(half)/2]+"\x03")
			c.end(130)
			if !strings.Contains(c.text(), "crdb-init: cancelled: nothing was written") || strings.Contains(c.text(), "horse") {
				t.Errorf("%q", c.text())
			}
			if have := treeOf(t, w.dir); len(have) != 1 {
				t.Errorf("left behind: %v", have)
			}
		})
	}
}
