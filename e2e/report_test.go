//go:build e2e && unix

package e2e

import (
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"
)

// A report is what the run ends with: starter, check, seconds.
type report struct {
	mu       sync.Mutex
	starters []string
	results  map[string][]result
}

type result struct {
	check   string
	start   time.Time
	took    time.Duration
	outcome string // empty: the starter was skipped
}

func (r *report) add(starter string, res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.results == nil {
		r.results = map[string][]result{}
	}
	if r.results[starter] == nil {
		r.starters = append(r.starters, starter)
	}
	r.results[starter] = append(r.results[starter], res)
}

func (r *report) print(out io.Writer, database string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.starters) == 0 {
		return
	}
	fmt.Fprintf(out, "\nTested on %s.\n\n", database)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "starter\tcheck\tseconds\tresult")
	for _, starter := range r.starters {
		var first, last time.Time // checks may run side by side
		for _, res := range r.results[starter] {
			if res.outcome == "" {
				fmt.Fprintf(w, "%s\t%s\t\t\n", starter, res.check)
				continue
			}
			if first.IsZero() || res.start.Before(first) {
				first = res.start
			}
			if end := res.start.Add(res.took); end.After(last) {
				last = end
			}
			fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", starter, res.check, res.took.Seconds(), res.outcome)
		}
		fmt.Fprintf(w, "%s\tall\t%.1f\t\n", starter, last.Sub(first).Seconds())
	}
	_ = w.Flush()
}
