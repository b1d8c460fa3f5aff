//go:build e2e && unix && !linux

package process

import "syscall"

// dieWithParent does nothing: only Linux can be asked for it.
func dieWithParent(*syscall.SysProcAttr) {}
