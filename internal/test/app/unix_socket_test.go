package app_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestUnixSocketOfReactors: the reactors serve a unix socket, in every style and with one listener for all
// cores, as curl sees it; a file that a process has left is no obstacle, and one that is in use is.
func TestUnixSocketOfReactors(t *testing.T) {
	for _, cores := range []int{1, 4} {
		path := t.TempDir() + "/s"
		register := func(app *fasterapi.App) {
			inStyles(app, "/", func(c *fasterapi.Ctx) (string, error) { return c.Host(), nil })
		}
		begin := func() (*fasterapi.Server, error) {
			app, _ := newApp(fasterapi.Config{Cores: cores}, register, func(cfg *fasterapi.Config) { cfg.Addr = "unix:" + path })
			return app.Start()
		}
		for range 2 { // the second one finds the file of the first
			server, err := begin()
			require.NoError(t, err)
			require.False(t, server.Addr().IsValid())
			for _, style := range []string{"/goroutine/", "/reactor/", "/chain/"} {
				out, err := exec.Command("curl", "-sS", "--unix-socket", path, "http://shop.example"+style).CombinedOutput()
				require.NoError(t, err, string(out))
				require.Equal(t, `"shop.example"`, string(out))
			}
			_, err = begin()
			require.ErrorContains(t, err, "address already in use")
			require.NoError(t, server.Shutdown(context.Background()))
		}
	}
}

// TestUnixSocketLine: the line of a service on a unix socket says where it is.
func TestUnixSocketLine(t *testing.T) {
	path := t.TempDir() + "/s"
	app, log := newApp(fasterapi.Config{Cores: 1}, func(*fasterapi.App) {}, func(cfg *fasterapi.Config) { cfg.Addr = "unix:" + path })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx) }()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "serving") }, 20*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.Contains(t, log.String(), "address=unix:"+path)
	require.NotContains(t, log.String(), "docs=")
}

// TestUnixSocketMistakes: where a unix socket cannot be, that is said.
func TestUnixSocketMistakes(t *testing.T) {
	for addr, want := range map[string]string{
		"unix:":                               `"unix:" needs a path`,
		"unix:/" + strings.Repeat("long", 40): "at most 103 bytes",
	} {
		_, err := fasterapi.New(fasterapi.Config{Addr: addr}).Start()
		require.ErrorContains(t, err, want)
	}
	_, err := fasterapi.New(fasterapi.Config{Addr: "unix:/s", NetHTTP: true}).Start()
	require.ErrorContains(t, err, "NetHTTP does not serve unix sockets")
	_, err = fasterapi.New(fasterapi.Config{}).Listen(t.Context(), "unix:/s")
	require.ErrorContains(t, err, "App.Listen opens TCP ports")
}
