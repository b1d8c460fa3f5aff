//go:build e2e && unix

package standin

import (
	"regexp"
	"strings"
)

// split cuts a query string into its statements, as the server's scanner would:
// quotes, dollar quotes and comments hide semicolons. Empty statements are left out.
func split(sql string) []string {
	var parts []string
	start := 0
	add := func(end int) {
		if part := strings.TrimSpace(sql[start:end]); plain(part) != "" {
			parts = append(parts, part)
		}
	}
	for i := 0; i < len(sql); {
		if sql[i] == ';' {
			add(i)
			i++
			start = i
			continue
		}
		i += token(sql[i:])
	}
	add(len(sql))
	return parts
}

var dollarQuote = regexp.MustCompile(`^\$([A-Za-z_][A-Za-z_0-9]*)?\$`)

// token returns the length of what sql begins with: a quoted part or comment as a whole, else one byte.
func token(sql string) int {
	until := func(from int, end string) int {
		if i := strings.Index(sql[from:], end); i >= 0 {
			return from + i + len(end)
		}
		return len(sql)
	}
	switch {
	case strings.HasPrefix(sql, "--"):
		return until(2, "\n")
	case strings.HasPrefix(sql, "/*"):
		depth := 0
		for i := 0; i+1 < len(sql); i++ {
			switch sql[i : i+2] {
			case "/*":
				depth++
				i++
			case "*/":
				depth--
				i++
			}
			if depth == 0 {
				return i + 1
			}
		}
		return len(sql)
	case (sql[0] == 'E' || sql[0] == 'e') && strings.HasPrefix(sql[1:], "'"):
		for i := 2; i < len(sql); i++ {
			switch sql[i] {
			case '\\':
				i++
			case '\'':
				return i + 1
			}
		}
		return len(sql)
	case sql[0] == '\'' || sql[0] == '"': // a doubled quote is two quoted parts in a row
		return until(1, sql[:1])
	case sql[0] == '$':
		if tag := dollarQuote.FindString(sql); tag != "" {
			return until(len(tag), tag)
		}
	case isWord(sql[0]): // an E or $ inside a word starts no quote
		n := 1
		for n < len(sql) && (isWord(sql[n]) || sql[n] == '$') {
			n++
		}
		return n
	}
	return 1
}

func isWord(b byte) bool {
	return b == '_' || b >= 0x80 || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// plain is a statement without comments and with single spaces, which is what
// rules are matched against. What is quoted stays as it is.
func plain(sql string) string {
	var b strings.Builder
	space := false
	for i := 0; i < len(sql); {
		n := token(sql[i:])
		part := sql[i : i+n]
		i += n
		switch {
		case strings.HasPrefix(part, "--") || strings.HasPrefix(part, "/*") || strings.TrimSpace(part) == "":
			space = true
			continue
		case space && b.Len() > 0:
			b.WriteByte(' ')
		}
		space = false
		b.WriteString(part)
	}
	return strings.TrimRight(b.String(), "; ")
}
