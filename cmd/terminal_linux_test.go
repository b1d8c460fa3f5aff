package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A console is a pseudo-terminal with crdb-init at it: standard input and error are the terminal, standard output is not.
type console struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	stdout bytes.Buffer

	mu     sync.Mutex
	screen string // everything that was written to the terminal
	seen   int    // as far as expect has read
}

func startConsole(t *testing.T, dir string, env []string, args ...string) *console {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 200}); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer tty.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	toys, err := filepath.Abs("../testdata/skeletons")
	if err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, master: master}
	c.cmd = &exec.Cmd{
		Path: self, Args: append([]string{"crdb-init", "--skeletons", toys, "--no-git"}, args...), Dir: dir,
		Env:   append([]string{"TERM=xterm", "HOME=" + dir}, env...),
		Stdin: tty, Stdout: &c.stdout, Stderr: tty,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.read()
	t.Cleanup(func() { c.cmd.Process.Kill(); c.cmd.Wait(); master.Close() })
	return c
}

const (
	whereIsIt = "\x1b[6n"
	itIsHere  = "\x1b[1;1R"
	patience  = 20 * time.Second // far more than any step takes
)

// read keeps what is written.
func (c *console) read() {
	buf := make([]byte, 4096)
	for {
		n, err := c.master.Read(buf)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.screen += string(buf[:n])
		c.mu.Unlock()
	}
}

// expect waits for text to be written after what was expected before, and types keys.
func (c *console) expect(text, keys string) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		c.mu.Lock()
		i := strings.Index(c.screen[c.seen:], text)
		if i >= 0 {
			c.seen += i + len(text)
		}
		c.mu.Unlock()
		if i >= 0 {
			c.master.WriteString(keys)
			return
		}
	}
	c.t.Fatalf("%q was never written; the terminal shows %q", text, c.shows())
}

// fill types keys into a field. survey asks the terminal twice where its cursor is, and keeps what is typed before an answer,
// but not what it reads together with one: the keys go first.
func (c *console) fill(question, keys string) {
	c.t.Helper()
	c.expect(question, "")
	c.expect(whereIsIt, itIsHere)
	c.expect(whereIsIt, keys+itIsHere)
}

// shows returns everything that was written so far.
func (c *console) shows() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen
}

// exit waits for the end.
func (c *console) exit(want int) {
	c.t.Helper()
	late := time.AfterFunc(patience, func() { c.cmd.Process.Kill() })
	defer late.Stop()
	_ = c.cmd.Wait()
	if have := c.cmd.ProcessState.ExitCode(); have != want {
		c.t.Fatalf("exit code %d, want %d: %q", have, want, c.shows())
	}
}

func TestTerminal(t *testing.T) {
	dir := t.TempDir()
	c := startConsole(t, dir, nil)
	c.expect("Language", "Python\r") // typing filters the options
	c.expect("Tool", "Toy\r")
	c.fill("Directory", "app\r")
	c.expect("Deployment", "basic\r")
	c.fill("Connection string", "postgresql://me:hunter2@db.example.com/d?sslmode=require\r")
	c.fill("does not check who the server is", "postgresql://me:hunter2@h.cockroachlabs.cloud/d\r")
	c.expect("crdb-init --tool toypy --deployment basic --url env:DATABASE_URL", "")
	c.fill("Write 6 files?", "\r")
	c.exit(exitDone)
	if !strings.HasPrefix(c.stdout.String(), "app: 6 files, 1 kB (toypy, basic)\n") {
		t.Errorf("standard output: %q", c.stdout.String())
	}
	if strings.Contains(c.shows(), "ter2") {
		t.Errorf("the password was shown: %q", c.shows())
	}
	if data, err := os.ReadFile(filepath.Join(dir, "app", ".env")); err != nil || !strings.Contains(string(data), "me:hunter2@h.cockroachlabs.cloud") {
		t.Errorf(".env: %v %s", err, data)
	}
	if !strings.Contains(c.shows(), "\x1b[36m") {
		t.Errorf("no colours, and nobody asked for none: %q", c.shows())
	}
}

func TestTerminalInterrupts(t *testing.T) {
	for name, keys := range map[string]string{"Ctrl-C": "\x03", "a signal": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := startConsole(t, dir, nil, "--tool", "toy")
			c.fill("Directory", "app\r")
			c.expect("Deployment", "self\r")
			c.fill("Connection string", "postgresql://me:hunter2")
			c.expect("***", keys)
			if keys == "" {
				if err := c.cmd.Process.Signal(unix.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			c.expect("crdb-init: cancelled: nothing was written", "")
			c.exit(exitCancelled)
			if entries, _ := os.ReadDir(dir); len(entries) > 0 {
				t.Errorf("left behind: %v", entries)
			}
			state, err := unix.IoctlGetTermios(int(c.master.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			if state.Lflag&unix.ECHO == 0 || state.Lflag&unix.ICANON == 0 {
				t.Error("the terminal is left in raw mode")
			}
		})
	}
}

// A terminal that cannot move its cursor, and a CI run, are asked nothing; NO_COLOR is heeded.
func TestTerminalVariables(t *testing.T) {
	for _, env := range []string{"TERM=dumb", "CI=true"} {
		c := startConsole(t, t.TempDir(), []string{env})
		c.expect("--tool: missing", "")
		c.exit(exitUsage)
	}
	c := startConsole(t, t.TempDir(), []string{"NO_COLOR=1", "CLICOLOR_FORCE=1"})
	c.expect("Language", "\x03")
	c.exit(exitCancelled)
	if strings.Contains(c.shows(), "\x1b[36m") || strings.Contains(c.shows(), "\x1b[1;") {
		t.Errorf("colours: %q", c.shows())
	}
}
