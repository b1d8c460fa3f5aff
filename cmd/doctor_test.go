package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/crdb-init/crdb-init/doctor"
	"github.com/crdb-init/crdb-init/generator"
	"github.com/crdb-init/crdb-init/skeletons"
)

// What doctor prints as JSON is as its schema says, and comes with exit code 1 where something failed.
func TestDoctorJSON(t *testing.T) {
	var out, errs bytes.Buffer
	exit := newTestApp(&out, &errs).run(t.Context(), []string{"doctor", "--json", "--url", "postgresql://ada@127.0.0.1:1/bank?sslmode=disable"})
	if exit != exitFailed {
		t.Errorf("exit code %d\n%s", exit, errs.String())
	}
	checkSchema(t, "doctor", out.Bytes())
	checkSchema(t, "error", errs.Bytes())
	var r doctorResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.OK || len(r.Checks) < 10 || r.Checks[2].Outcome != doctor.Fail {
		t.Errorf("%v: %+v", err, r)
	}
}

// An interrupt ends the wait for a server that does not answer.
func TestDoctorInterrupted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	interrupted, stop := context.WithCancel(context.Background())
	context.AfterFunc(ctx, stop)
	start := time.Now()
	var out, errs bytes.Buffer
	exit := newTestApp(&out, &errs).run(interrupted, []string{"doctor", "--url", fmt.Sprintf("postgresql://ada@%s/bank?sslmode=disable", l.Addr())})
	if exit != exitCancelled || time.Since(start) > 5*time.Second {
		t.Errorf("exit code %d after %s\n%s%s", exit, time.Since(start), out.String(), errs.String())
	}
}

// A starter remembers its tool; what it remembers may be missing or damaged.
func TestToolOfAStarter(t *testing.T) {
	for state, want := range map[string]string{
		`{"version": 1, "tool": "pgx"}`: "",
		"":                              "PATH is not there, which says what the starter was made for",
		"{":                             "PATH does not say what the starter was made for",
		"{}":                            "PATH does not say what the starter was made for",
		`{"tool": "gone"}`:              `PATH: tool "gone": not known`,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, ".crdb-init", "project.json")
		if state != "" {
			write(t, path, state)
		}
		tool, err := toolOf(skeletons.FS, dir)
		if want == "" {
			if err != nil || tool.ID != "pgx" {
				t.Errorf("%s: %v", state, err)
			}
			continue
		}
		if have := fmt.Sprint(err); have != path+want[len("PATH"):] {
			t.Errorf("%s: %s, want %s", state, have, want)
		}
	}
}

// Every tool's manifest finds the migrations in what is made from it, each of them, and only once.
func TestMigrationsOfEveryTool(t *testing.T) {
	tools, err := generator.Tools(skeletons.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if tool.Migrations == nil {
			continue
		}
		t.Run(tool.ID, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "my-app")
			var out, errs bytes.Buffer
			if exit := newTestApp(&out, &errs).run(t.Context(), []string{"--tool", tool.ID, "--no-git", dir}); exit != exitDone {
				t.Fatal(errs.String())
			}
			m, unknown := migrationsOf(tool, dir)
			if m == nil {
				t.Fatal(unknown)
			}
			seen := map[string]bool{}
			for _, id := range m.IDs {
				if id == "" || seen[id] {
					t.Errorf("%q: empty, or there twice", id)
				}
				seen[id] = true
			}
			// accounts, transfers and an index for each of its two accounts
			if len(m.IDs) < 4 || m.Command == "" {
				t.Errorf("%q, %s", m.IDs, m.Command)
			}
		})
	}
}
