package main

import (
	"testing"

	"github.com/fasterapi/fasterapi/internal/test/console"
)

func TestPage(t *testing.T) {
	console.Check(t, "docs/tutorial/09-patch.md", newApp)
}
