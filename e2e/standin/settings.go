//go:build e2e && unix

package standin

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const version = "CockroachDB CCL v25.4.10 (x86_64-pc-linux-gnu, built 2026/01/01 00:00:00, go1.25.5)"

// settings are session variables of CockroachDB's that tools set or read, with
// their defaults. Only autocommit_before_ddl and inject_retry_errors_enabled do
// something here.
var settings = map[string]string{
	"crdb_version":                                     version,
	"autocommit_before_ddl":                            "on",
	"create_table_with_schema_locked":                  "on",
	"default_transaction_use_follower_reads":           "off",
	"enable_experimental_alter_column_type_general":    "off",
	"enable_implicit_transaction_for_batch_statements": "on",
	"experimental_enable_temp_tables":                  "off",
	"inject_retry_errors_enabled":                      "off",
	"inject_retry_errors_on_commit_enabled":            "off",
	"serial_normalization":                             "rowid",
	"sql_safe_updates":                                 "off",
	"transaction_rows_written_err":                     "0",
	"use_declarative_schema_changer":                   "on",
}

var settingNames = strings.Join(slices.Sorted(maps.Keys(settings)), "|")

func lower(s string) string { return strings.ToLower(s) }

// literal writes s as an SQL string.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// prefix makes a name that PostgreSQL lets a session keep a value under, so that
// a statement prepared once shows what was set since.
const prefix = "crdb_internal."

func (c *session) setting(name string) string {
	if value, ok := c.settings[lower(name)]; ok {
		return value
	}
	return settings[lower(name)]
}

func (c *session) set(name, value, tag string) (answers, error) {
	got, err := c.ask("SET " + prefix + lower(name) + " = " + literal(c.note(name, value)))
	if err != nil || got.failed() {
		return got, err
	}
	return done(tag), nil
}

// note keeps the value of a setting, and returns it as CockroachDB shows it.
func (c *session) note(name, value string) string {
	value = lower(value)
	switch value {
	case "true", "yes", "1":
		value = "on"
	case "false", "no":
		value = "off"
	}
	c.settings[lower(name)] = value
	return value
}

var (
	clusterOption = regexp.MustCompile(`(?:-c\s*|--)cluster=(\S*)\s*`)
	settingOption = regexp.MustCompile(`(?i)(?:-c\s*|--)(` + settingNames + `)=(\S*)\s*`)
)

// startup takes out of a client's startup parameters what PostgreSQL refuses.
func (c *session) startup(parameters map[string]string) {
	for name, value := range maps.Clone(parameters) {
		if _, ok := settings[lower(name)]; ok {
			parameters[prefix+lower(name)] = c.note(name, value)
			delete(parameters, name)
		}
	}
	options, ok := parameters["options"]
	if !ok {
		return
	}
	for _, m := range settingOption.FindAllStringSubmatch(options, -1) {
		parameters[prefix+lower(m[1])] = c.note(m[1], m[2])
	}
	options = settingOption.ReplaceAllString(clusterOption.ReplaceAllString(options, ""), "")
	if parameters["options"] = strings.TrimSpace(options); parameters["options"] == "" {
		delete(parameters, "options")
	}
}
