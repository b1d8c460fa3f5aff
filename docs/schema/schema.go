// Package schema holds the JSON Schemas of what crdb-init prints, reads and leaves in a starter.
package schema

import "embed"

// FS has a file NAME.schema.json for each.
//
//go:embed *.schema.json
var FS embed.FS
