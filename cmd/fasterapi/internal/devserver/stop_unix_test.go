//go:build unix

package devserver

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStop: the service has ended when Run returns, and the port is free.
func TestStop(t *testing.T) {
	l := start(t, "one\n", nil)
	l.says("one\n")
	process := l.server.running.command.Process
	l.stop()
	require.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
	listener, err := net.Listen("tcp", l.server.outer.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.NoDirExists(t, l.server.folder)

	_, err = New(Config{Dir: l.folder, Address: "127.0.0.1:x"})
	require.Error(t, err)
}
