// Package skeletons holds the trees that starters are made from. It has no logic: package generator reads them.
package skeletons

import "embed"

// FS holds this folder. Without all: names that begin with _ or . would be left out, Python's __init__.py among them.
//
//go:embed all:*
var FS embed.FS
