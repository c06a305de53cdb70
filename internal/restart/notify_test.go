package restart

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	require.NoError(t, Notify("READY=1"), "nobody listens")
	folder, err := os.MkdirTemp("", "sd") // the path of a socket is short
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	require.NoError(t, Notify(Reloading()))
	text := make([]byte, 200)
	n, err := conn.Read(text)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text[:n]), "RELOADING=1\nMONOTONIC_USEC="), string(text[:n]))
	for err == nil { // nobody reads: its queue becomes full
		err = Notify("WATCHDOG=1")
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	t.Setenv("NOTIFY_SOCKET", filepath.Join(folder, "none"))
	require.ErrorContains(t, Notify("READY=1"), "restart: notify the service manager")
}

func TestWatchdog(t *testing.T) {
	for _, test := range []struct {
		us, pid string
		want    time.Duration
	}{
		{"", "", 0},
		{"soon", "", 0},
		{"-1", "", 0},
		{"30000000", "", 30 * time.Second},
		{"30000000", fmt.Sprint(os.Getpid()), 30 * time.Second},
		{"30000000", "1", 0},
	} {
		t.Setenv("WATCHDOG_USEC", test.us)
		t.Setenv("WATCHDOG_PID", test.pid)
		require.Equal(t, test.want, Watchdog(), test)
	}
}
