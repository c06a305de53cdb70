package books

import _ "embed"

// Schema makes the tables.
//
//go:embed schema.sql
var Schema string
