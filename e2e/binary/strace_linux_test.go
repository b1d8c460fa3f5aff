//go:build e2e

package binary

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An operation is one system call on a path.
type operation struct {
	call     string
	path     string // what it is about, where it is in the world: app/README.md, .crdb-init-*/new/README.md
	again    int    // how often the same was done before
	nth      int    // the how-manieth of its name in its thread, as strace counts
	injected bool   // it was made to fail
}

func (o operation) String() string { return fmt.Sprintf("%s %s (%d)", o.call, o.path, o.again) }

var (
	callLine    = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumedLine = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	// What a call is about is an open descriptor's path or, in calls called …at, an argument, relative to the descriptor before it.
	descriptor = regexp.MustCompile(`^\d+<([^>]*)>`)
	argument   = regexp.MustCompile(`(?:AT_FDCWD|\b\d+)<([^>]*)>, "([^"]*)"`)
)

// parseTrace reads a log of strace -f -y. The paths below one of the roots are shown with the name that it has there;
// of operations elsewhere only those are returned that were made to fail.
func parseTrace(log string, roots map[string]string) []operation {
	var all []operation
	waiting := map[string]string{} // a thread's call that is not finished in its line
	counted := map[string]int{}
	seen := map[string]int{}
	add := func(thread, call, rest string) {
		counted[thread+call]++
		path, ok := below(subject(call, rest), roots)
		injected := strings.HasSuffix(rest, "(INJECTED)")
		// The runtime looks at a few things of the kernel's, and does without.
		if !ok && (!injected || strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/sys/")) {
			return
		}
		op := operation{call: call, path: path, nth: counted[thread+call], injected: injected}
		op.again = seen[op.String()]
		seen[op.String()]++
		all = append(all, op)
	}
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if m := callLine.FindStringSubmatch(line); m != nil {
			if start, ok := strings.CutSuffix(m[3], "<unfinished ...>"); ok {
				waiting[m[1]+m[2]] = start
			} else {
				add(m[1], m[2], m[3])
			}
		} else if m := resumedLine.FindStringSubmatch(line); m != nil {
			add(m[1], m[2], waiting[m[1]+m[2]]+m[3])
		}
	}
	return all
}

// subject is what a call is about, of two paths the last one.
func subject(call, arguments string) string {
	if strings.HasSuffix(call, "at") {
		if m := argument.FindAllStringSubmatch(arguments, -1); m != nil {
			dir, path := m[len(m)-1][1], m[len(m)-1][2]
			if filepath.IsAbs(path) {
				return path
			}
			return filepath.Join(dir, path)
		}
	}
	if m := descriptor.FindStringSubmatch(arguments); m != nil {
		return m[1]
	}
	return ""
}

func below(path string, roots map[string]string) (string, bool) {
	for root, name := range roots {
		rel, err := filepath.Rel(root, path)
		if err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return temporary.ReplaceAllString(filepath.Join(name, rel), ".crdb-init-*"), true
		}
	}
	return path, false
}

func TestParseTrace(t *testing.T) {
	const log = `
10  openat(AT_FDCWD</w>, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3</etc/ld.so.cache>
10  openat(AT_FDCWD</w>, "app", O_RDONLY|O_CLOEXEC) = 3</w/app>
11  openat(3</w/app>, "x, y", O_RDONLY|O_CLOEXEC <unfinished ...>
10  write(7<anon_inode:[eventfd]>, "\1", 8) = 8
11  <... openat resumed>) = -1 ENOSPC (No space left on device) (INJECTED)
10  --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=2964, si_uid=0} ---
10  write(4</w/.crdb-init-abcdefghij/new/x>, "DATABASE_URL='postgresql://root@5</w/b>"..., 67) = 67
10  write(2<pipe:[12]>, "crdb-init: ", 11) = -1 ENOSPC (No space left on device) (INJECTED)
12  openat(AT_FDCWD</w>, "/sys/kernel/mm", O_RDONLY) = -1 ENOSPC (No space left on device) (INJECTED)
10  renameat(AT_FDCWD</w>, "/w/.crdb-init-abcdefghij", AT_FDCWD</w>, "/w/app") = 0
10  renameat(3</w/app>, "a", 4</w/.crdb-init-abcdefghij/old>, "b") = 0
10  renameat(3</w/app>, "a", 4</w/.crdb-init-abcdefghij/old>, "b") = 0
10  +++ exited with 0 +++
`
	var have []string
	for _, op := range parseTrace(log, map[string]string{"/w": ""}) {
		have = append(have, fmt.Sprintf("%v %d %t", op, op.nth, op.injected))
	}
	want := []string{
		"openat app (0) 2 false",
		"openat app/x, y (0) 1 true",
		"write .crdb-init-*/new/x (0) 2 false",
		"write pipe:[12] (0) 3 true",
		"renameat app (0) 1 false",
		"renameat .crdb-init-*/old/b (0) 2 false",
		"renameat .crdb-init-*/old/b (1) 3 false",
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}
