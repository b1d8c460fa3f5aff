package conn

import (
	"fmt"
	"strconv"
	"strings"
)

// Legal in every part of a URL, and the same in every decoder. The * is here to leave *** readable.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~*"

// escape percent-encodes every byte of s but the unreserved and those in keep. A space is %20, which all decode;
// libpq leaves a + alone. Placeholders stay as they are if c has any.
func (c Config) escape(s, keep string) string {
	var b strings.Builder
	for s != "" {
		if c.Placeholders {
			if at := placeholder.FindStringIndex(s); at != nil && at[0] == 0 {
				b.WriteString(s[:at[1]])
				s = s[at[1]:]
				continue
			}
		}
		if strings.IndexByte(unreserved, s[0]) >= 0 || strings.IndexByte(keep, s[0]) >= 0 {
			b.WriteByte(s[0])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[0])
		}
		s = s[1:]
	}
	return b.String()
}

// unescape decodes percent-encoding and, if form is set, + as a space. The package net/url would quote
// the part it cannot decode in its error, and that part may be the password.
func unescape(s string, form bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && form:
			b.WriteByte(' ')
		case s[i] == '%':
			if i+2 >= len(s) {
				return "", errEscape
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", errEscape
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}
