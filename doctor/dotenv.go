package doctor

import (
	"errors"
	"strconv"
	"strings"
)

// dotenv returns the value of a variable in the text of a .env file and the line it is in, 0 if it is in none. The last
// line counts.
//
// It reads NAME='value', which is what crdb-init writes, and NAME=word. Node, python-dotenv, dotenv for Ruby and shells
// read these two alike, and disagree about quotes, escapes and expansion in everything else, so a value that is written
// in any other way is an error. Lines about other variables are not looked at: they are not what is examined.
func dotenv(text, name string) (value string, line int, err error) {
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		export, isExport := strings.CutPrefix(l, "export ")
		if isExport {
			l = strings.TrimLeft(export, " ")
		}
		key, rest, found := strings.Cut(l, "=")
		if !found || strings.TrimRight(key, " ") != name {
			continue
		}
		line = i + 1
		var good bool
		if value, good = dotenvValue(rest); !good || isExport || key != name {
			return "", line, errors.New("line " + strconv.Itoa(line) + " is not " + name + "='…'")
		}
	}
	return value, line, nil
}

func dotenvValue(s string) (string, bool) {
	if quoted, ok := strings.CutPrefix(s, "'"); ok {
		value, rest, ended := strings.Cut(quoted, "'")
		return value, ended && isComment(rest)
	}
	word, rest := s, ""
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		word, rest = s[:i], s[i:]
	}
	return word, !strings.ContainsAny(word, "'\"\\$`#") && isComment(rest)
}

// isComment says whether what follows a value is nothing, or a comment behind a space.
func isComment(s string) bool {
	trimmed := strings.TrimLeft(s, " \t")
	return trimmed == "" || trimmed != s && trimmed[0] == '#'
}
