package conn

import (
	"slices"
	"strings"
)

// What people are given to replace: by [Example], by CockroachDB's documentation and by the console of CockroachDB Cloud.
var placeholderWords = []string{
	"username", "user", "sql user", "password", "enter sql user password", "enter password", "sql user password",
	"host", "hostname", "cluster host", "port", "database", "database name", "dbname", "routing id", "cluster", "cluster name",
	"ca file", "cert file", "key file", "path to the ca", "path to ca", "path to the ca certificate", "certs dir", "your certs dir",
}

var plainWord = strings.NewReplacer("-", " ", "_", " ")

// Placeholders returns the placeholders that Parse refuses s for, each once. Only words that people are given to
// replace are among them: brackets around anything else may be a part of a password, which must not be printed.
func Placeholders(s string) []string {
	var found []string
	for _, p := range anyPlaceholder.FindAllString(s, -1) {
		word := strings.ToLower(plainWord.Replace(p[1 : len(p)-1]))
		if slices.Contains(placeholderWords, word) && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found
}
