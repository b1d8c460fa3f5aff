package conn

import (
	"regexp"
	"strings"
)

var (
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=~*-]+$`)
	quoteValue = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

	// libpq does not ask for these, but a value that holds <word> must not be taken for a placeholder.
	quoteWord = strings.NewReplacer(`>`, `\>`, `}`, `\}`)
)

func isKeyword(s string) bool { return strings.Contains(s, "=") }

// parseKeyword follows libpq's conninfo_parse: name = value, spaces around the = or not, the value quoted or not,
// and a backslash before a character that stands for itself.
func parseKeyword(s string) ([]param, error) {
	var params []param
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		name, rest, ok := strings.Cut(s, "=")
		name = strings.TrimRight(name, " ")
		if !ok || strings.Contains(name, " ") {
			return nil, errNoValue
		}
		value, rest, ok := cutValue(strings.TrimLeft(rest, " "))
		if !ok {
			return nil, errQuote
		}
		params = append(params, param{name, value})
		s = rest
	}
	return params, nil
}

// cutValue takes the first value off s; ok is false if it has no end.
func cutValue(s string) (value, rest string, ok bool) {
	end := byte(' ')
	if strings.HasPrefix(s, "'") {
		end, s = '\'', s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case end:
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", end == ' '
}

func formatKeyword(_ string, c Config, params []param) string {
	fields := []param{{"host", c.Host}, {"port", c.port()}, {"user", c.User}, {"password", c.Password}, {"dbname", c.Database}}
	var words []string
	for _, p := range append(fields, params...) {
		if p.value != "" {
			words = append(words, p.name+"="+c.quote(p.value))
		}
	}
	return strings.Join(words, " ")
}

func (c Config) quote(s string) string {
	if plainValue.MatchString(s) || c.Placeholders && plainValue.MatchString(placeholder.ReplaceAllString(s, "x")) {
		return s
	}
	s = quoteValue.Replace(s)
	if !c.Placeholders {
		s = quoteWord.Replace(s)
	}
	return "'" + s + "'"
}
