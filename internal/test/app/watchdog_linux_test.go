package app_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestWatchdogFallsSilent: while one of two reactors is held, the service manager does not hear that all is well, so that it
// kills the process; it hears so again if the reactor goes on before.
func TestWatchdogFallsSilent(t *testing.T) {
	if os.Getenv("FASTERAPI_TEST_STUCK") != "" {
		app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, DrainDelay: -1})
		app.Get("/hold", func(*fasterapi.Ctx, fasterapi.None) (string, error) {
			for {
				if _, err := os.Stat(os.Getenv("TEST_RELEASE")); err == nil {
					return "released", nil
				}
				time.Sleep(time.Millisecond)
			}
		}, fasterapi.OnReactor())
		app.Run()
		return
	}
	folder, err := os.MkdirTemp("", "watch") // short: the path of a unix socket has some 100 bytes
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: folder + "/notify", Net: "unixgram"})
	require.NoError(t, err)
	defer manager.Close()
	var fed atomic.Int64 // when, last
	go func() {
		text := make([]byte, 200)
		for {
			n, err := manager.Read(text)
			if err != nil {
				return // closed
			}
			if strings.Contains(string(text[:n]), "WATCHDOG=1") {
				fed.Store(time.Now().UnixNano())
			}
		}
	}()
	release := filepath.Join(folder, "release")
	p := startProcess(t, "held", func(command *exec.Cmd) {
		command.Env = append(command.Env, "NOTIFY_SOCKET="+folder+"/notify", "WATCHDOG_USEC=400000", "TEST_RELEASE="+release)
	})
	p.serving()
	require.Eventually(t, func() bool { return fed.Load() > 0 }, 30*time.Second, 5*time.Millisecond)
	p.ask("/hold")
	require.Eventually(t, func() bool { return time.Since(time.Unix(0, fed.Load())) > 2*time.Second }, 30*time.Second, 5*time.Millisecond,
		"five times as long as the manager waits")
	require.NoError(t, os.WriteFile(release, nil, 0o600))
	before := fed.Load()
	require.Eventually(t, func() bool { return fed.Load() > before }, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, p.command.Process.Signal(os.Interrupt))
	status, log := p.end()
	require.Zero(t, status, log)
}
