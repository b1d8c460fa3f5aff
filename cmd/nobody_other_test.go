//go:build !linux

package cmd

import "github.com/rogpeppe/go-internal/testscript"

// The scripts ask for it on [root] alone, which is Linux.
func nobody(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("nobody: on Linux only") }
