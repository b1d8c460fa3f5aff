package cmd

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/crdb-init/crdb-init/generator"
)

// patch is unifiedDiff without the state, which repeats what the other files say.
func patch(c generator.Change) string {
	if strings.HasPrefix(c.Path, generator.StateDir+"/") {
		return ""
	}
	return unifiedDiff(c)
}

// unifiedDiff returns what would change in a file, as git and patch read it. Of a secret file it shows nothing.
func unifiedDiff(c generator.Change) string {
	kind := c.Kind()
	if c.Secret || kind == generator.Same {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "diff --git a/%[1]s b/%[1]s\n", c.Path)
	from, to := "a/"+c.Path, "b/"+c.Path
	mode := "100644"
	if c.Exec {
		mode = "100755"
	}
	switch kind {
	case generator.Create:
		fmt.Fprintf(&b, "new file mode %s\n", mode)
		from = "/dev/null"
	case generator.Remove:
		fmt.Fprintf(&b, "deleted file mode %s\n", mode)
		to = "/dev/null"
	}
	switch {
	case bytes.IndexByte(c.Data, 0) >= 0 || bytes.IndexByte(c.Have, 0) >= 0:
		fmt.Fprintf(&b, "Binary files %s and %s differ\n", from, to)
		return b.String()
	case len(c.Data) == 0 && len(c.Have) == 0:
		return b.String()
	}
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, to)
	hunks(&b, edits(splitLines(c.Have), splitLines(c.Data)))
	return b.String()
}

func splitLines(data []byte) []string {
	lines := strings.SplitAfter(string(data), "\n")
	return lines[:len(lines)-1+min(1, len(lines[len(lines)-1]))]
}

// An edit is one line of a diff: kept, taken out or put in.
type edit struct {
	op   byte // ' ', '-' or '+'
	line string
}

// maxTable bounds the table of common subsequences. Files of a starter are far smaller; beyond it all lines are replaced.
const maxTable = 16 << 20

// edits turns a into b, by the longest common subsequence of their lines.
func edits(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	width := len(b) + 1
	var common []int32 // of a[i:] and b[j:], at i*width+j
	if (len(a)+1)*width <= maxTable {
		common = make([]int32, (len(a)+1)*width)
		for i := len(a) - 1; i >= 0; i-- {
			for j := len(b) - 1; j >= 0; j-- {
				if a[i] == b[j] {
					common[i*width+j] = common[(i+1)*width+j+1] + 1
				} else {
					common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
				}
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && common != nil && a[i] == b[j]:
			head = append(head, edit{' ', a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common == nil || common[(i+1)*width+j] >= common[i*width+j+1]):
			head = append(head, edit{'-', a[i]})
			i++
		default:
			head = append(head, edit{'+', b[j]})
			j++
		}
	}
	for k := len(tail) - 1; k >= 0; k-- {
		head = append(head, tail[k])
	}
	return head
}

// hunks writes the changed places with three lines around each.
func hunks(w *strings.Builder, all []edit) {
	const around = 3
	oldLine, newLine := 1, 1 // of all[start]
	for start := 0; start < len(all); {
		first := start
		for first < len(all) && all[first].op == ' ' {
			first++
		}
		if first == len(all) {
			return
		}
		begin := max(start, first-around)
		oldLine, newLine = oldLine+begin-start, newLine+begin-start
		end, kept := first, 0 // end is behind the last change; kept counts the lines since
		for k := first; k < len(all) && kept <= 2*around; k++ {
			if all[k].op == ' ' {
				kept++
			} else {
				end, kept = k+1, 0
			}
		}
		end = min(len(all), end+around)
		olds, news := 0, 0
		for _, e := range all[begin:end] {
			if e.op != '+' {
				olds++
			}
			if e.op != '-' {
				news++
			}
		}
		fmt.Fprintf(w, "@@ -%s +%s @@\n", span(oldLine, olds), span(newLine, news))
		for _, e := range all[begin:end] {
			w.WriteByte(e.op)
			w.WriteString(e.line)
			if !strings.HasSuffix(e.line, "\n") {
				w.WriteString("\n\\ No newline at end of file\n")
			}
		}
		oldLine, newLine, start = oldLine+olds, newLine+news, end
	}
}

// span is a place in a file: its first line and how many; an empty one is behind the line before.
func span(line, n int) string {
	if n == 0 {
		return fmt.Sprintf("%d,0", line-1)
	}
	if n == 1 {
		return fmt.Sprint(line)
	}
	return fmt.Sprintf("%d,%d", line, n)
}
