//go:build e2e && unix

// Package process runs the programs that the end-to-end tests start, so that
// none of them outlives the tests.
package process

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A Process is a started program and all that it started itself.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts cmd in a process group of its own, which Kill ends as a whole.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithParent(cmd.SysProcAttr)
	// A child that closes its output late (a grandchild holds it) must not keep Wait.
	cmd.WaitDelay = 2 * time.Second
	if err := start(cmd); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the exit code is read from ProcessState
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the process to end and returns its exit code, -1 if a signal
// ended it; it is an error if that takes longer than limit.
func (p *Process) Wait(limit time.Duration) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("%s: still running after %v", p.cmd.Args[0], limit)
	}
}

// Signal sends sig to the process itself, not to its group, as an init system does.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Kill ends the whole group and waits for it.
func (p *Process) Kill() {
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.cmd.Process.Kill()
	}
	<-p.done
}

var (
	starter     sync.Once
	starts      = make(chan *exec.Cmd)
	startErrors = make(chan error)
)

// start starts every process from one thread that never ends: the kernel's
// "die with the parent" means the parent's thread.
func start(cmd *exec.Cmd) error {
	starter.Do(func() {
		go func() {
			runtime.LockOSThread()
			for cmd := range starts {
				startErrors <- cmd.Start()
			}
		}()
	})
	starts <- cmd
	return <-startErrors
}
