package logs_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/logs"
)

// terminal is a writer that people read, and what they would see.
type terminal struct {
	bytes.Buffer
	fd uintptr
}

func (t *terminal) Fd() uintptr { return t.fd }

// TestTextsCommandNoTerminal: nothing of what clients may have chosen moves the cursor or sets a title.
func TestTextsCommandNoTerminal(t *testing.T) {
	device, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer device.Close()
	out := &terminal{fd: device.Fd()}
	t.Setenv("NO_COLOR", "")
	log, err := logs.New(logs.Config{Writer: out, Levels: &logs.Levels{}})
	require.NoError(t, err)
	log.Info("plain")
	require.Contains(t, out.String(), "\x1b[", "this is a terminal")
	const hostile = "\x1b]0;owned\x07\x1b[2Kowned"
	log.With("a", hostile).Warn("said "+hostile, "error", errors.New(hostile), "list", []string{hostile})
	require.NotContains(t, out.String(), "\x1b]")
	require.NotContains(t, out.String(), "\x1b[2K")
	require.Contains(t, out.String(), "␛[2Kowned")
}
