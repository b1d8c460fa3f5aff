//go:build !unix

package doctor

// looseMode finds nothing to refuse: libpq does not look at modes there either.
func looseMode(string) (string, bool) { return "", false }
