package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/crdb-init/crdb-init/generator"
)

type gitMode int

const (
	gitDefault gitMode = iota // a first commit where nothing speaks against it
	gitAsked                  // likewise, but say so if something does
	gitNever
)

// The usual reasons for no commit.
var (
	errNotEmpty  = errors.New("the directory was not new and empty")
	errNoGit     = errors.New("git is not installed")
	errInsideGit = errors.New("the directory is inside a repository")
)

func isUsual(err error) bool { return err == errNotEmpty || err == errNoGit || err == errInsideGit }

// firstCommit makes dir a repository with one commit of everything in it. A repository that is already there, around dir
// too, is not touched, and a secret file is not committed whatever the ignore rules are.
func firstCommit(ctx context.Context, dir, message string, changes []generator.Change) error {
	path, err := exec.LookPath("git")
	if err != nil {
		return errNoGit
	}
	g := git{ctx, path, dir}
	switch out, err := g.run("rev-parse", "--git-dir"); {
	case err == nil:
		return errInsideGit
	case !bytes.Contains(out, []byte("not a git repository")):
		return err // one that git does not trust, for example, is one as well
	}
	branch := "main"
	if out, err := g.run("config", "--get", "init.defaultBranch"); err == nil {
		branch = strings.TrimSpace(string(out))
	}
	if _, err := g.run("init", "--quiet", "--initial-branch", branch); err != nil {
		return err
	}
	for _, c := range changes {
		if !c.Secret {
			continue
		}
		if _, err := g.run("check-ignore", "--quiet", c.Path); err != nil {
			return fmt.Errorf("%s is not ignored", c.Path)
		}
	}
	if _, err := g.run("add", "--all", "."); err != nil {
		return err
	}
	if _, err := g.run("commit", "--quiet", "--message", message); err != nil {
		return err
	}
	return nil
}

type git struct {
	ctx       context.Context
	path, dir string
}

// run runs git apart from what the caller's repository and habits would add: hooks, signing, a global ignore file,
// and the variables by which git tells a hook where it is. Name and address of the author stay the user's.
func (g git) run(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(g.ctx, g.path, append([]string{
		"-c", "core.hooksPath=" + os.DevNull, "-c", "core.excludesFile=" + os.DevNull, "-c", "commit.gpgSign=false",
		"-c", "core.fsmonitor=false", "-c", "maintenance.auto=false", "-c", "gc.auto=0",
	}, args...)...)
	cmd.Dir = g.dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), isGitState), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	out, err := cmd.CombinedOutput()
	if g.ctx.Err() != nil {
		return out, errors.New("interrupted")
	}
	if err != nil {
		err = fmt.Errorf("git %s: %s", args[0], reason(out, err))
	}
	return out, err
}

// isGitState picks the variables that say where a repository is and how it is used just now.
func isGitState(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	if !strings.HasPrefix(name, "GIT_") {
		return false
	}
	for _, keep := range []string{"GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
		"GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH"} {
		if strings.HasPrefix(name, keep) {
			return false
		}
	}
	return true
}

// reason is why git says that it failed: its line that begins with fatal, else its last one, else how it ended.
func reason(out []byte, err error) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, line := range lines {
		if why, ok := strings.CutPrefix(line, "fatal: "); ok {
			return why
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return err.Error()
}
