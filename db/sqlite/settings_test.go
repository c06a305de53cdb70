package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSettle: whatever has changed a setting, the next caller finds it as Config
// says, or is told.
func TestSettle(t *testing.T) {
	cfg, err := Config{Pragmas: map[string]string{"recursive_triggers": "ON"}}.resolve(Memory)
	require.NoError(t, err)
	c, err := openConn(&database{path: Memory, memory: true, cfg: cfg}, false)
	require.NoError(t, err)
	defer c.close()
	require.True(t, c.settled())
	for _, f := range flags {
		value := "OFF"
		if c.flags&f.bit == 0 {
			value = "ON"
		}
		require.NoError(t, c.command(nil, "PRAGMA "+f.pragma+" = "+value))
		require.False(t, c.settled(), f.pragma)
		c.clean()
		require.True(t, c.settled(), f.pragma)
	}
	require.NoError(t, c.command(nil, "PRAGMA foreign_keys = OFF"))
	require.NoError(t, c.command(nil, "BEGIN"))
	require.ErrorContains(t, c.settle(), "cannot be put back", "SQLite ignores it in a transaction")
	c.clean()
	require.True(t, c.settled())
}
