//go:build e2e

package process

import "syscall"

// dieWithParent has the kernel end the process when the tests are killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
