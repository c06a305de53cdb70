package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMistakes: what is wrong with the settings is told without secrets, and before anything is opened.
func TestMistakes(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://app:secret@/nowhere?host=/no/such/folder&connect_timeout=1")
	t.Setenv("DRAIN_TIMEOUT", "an hour")
	require.EqualError(t, run(""), "fasterapi: the settings in the environment have mistakes:\n"+
		"  DRAIN_TIMEOUT must be a duration such as 1h30m or 250ms (for requests in flight after SIGTERM)")
}
