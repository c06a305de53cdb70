package server

import (
	"testing"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

// TestReadme types the commands of README.md.
func TestReadme(t *testing.T) {
	console.Check(t, "examples/tickets/README.md", func(cfg fasterapi.Config) *fasterapi.App { return newApp(t, cfg, settings(onSQLite(t))) })
}
