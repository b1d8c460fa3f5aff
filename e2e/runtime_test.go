//go:build e2e && unix

package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/crdb-init/crdb-init/generator"
)

// runtimes are how to ask each language for the version that is installed.
var runtimes = map[string][]string{
	"Go":         {"go", "version"},
	"TypeScript": {"node", "--version"},
	"Python":     {"python3", "--version"},
	"Java":       {"java", "-version"},
	"Ruby":       {"ruby", "--version"},
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+|\bv?\d+`)

// missing says what a starter of the tool needs and this machine does not have,
// or nothing.
func missing(tool *generator.Tool) string {
	ask := runtimes[tool.Language]
	if ask == nil {
		return "no way is known to ask for the version of " + tool.Runtime.Name
	}
	out, err := exec.Command(ask[0], ask[1:]...).CombinedOutput()
	if err != nil {
		return tool.Runtime.Name + " is not installed"
	}
	have := strings.TrimPrefix(versionNumber.FindString(string(out)), "v")
	if older(have, tool.Runtime.Minimum) {
		return fmt.Sprintf("%s %s is installed, %s is needed", tool.Runtime.Name, have, tool.Runtime.Minimum)
	}
	for _, argv := range tool.Commands.Install {
		if !strings.Contains(argv[0], "/") {
			if _, err := exec.LookPath(argv[0]); err != nil {
				return argv[0] + " is not installed"
			}
		}
	}
	return ""
}

func older(have, want string) bool {
	a, b := strings.Split(have, "."), strings.Split(want, ".")
	for i := range min(len(a), len(b)) {
		x, _ := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return false
}
