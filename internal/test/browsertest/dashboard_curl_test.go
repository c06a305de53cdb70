package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/ports"
	"github.com/fasterapi/fasterapi/observe"
)

// curlApp answers everything below /things, and every request of it counts as slow, so that its path is kept.
func curlApp(t *testing.T) (app *fasterapi.App, address, panel string) {
	t.Helper()
	port := ports.Free(t) // which the page has to know
	address = fmt.Sprintf("127.0.0.1:%d", port)
	app = fasterapi.New(fasterapi.Config{
		Addr: address, Cores: 1, Title: "Things", Logger: slog.New(slog.DiscardHandler), DrainDelay: -1, Observe: observe.Config{SlowAfter: 1},
	})
	side := admin.Attach(app, admin.Config{Addr: "127.0.0.1:0"})
	type thing struct {
		Name string `path:"name"`
	}
	answer := func(*fasterapi.Ctx, thing) (fasterapi.Text, error) { return "here", nil }
	app.Get("/things/{name...}", answer)
	app.Delete("/things/{name...}", answer)
	app.Put("/things/{name...}", func(_ *fasterapi.Ctx, in struct {
		Name string    `path:"name"`
		Body io.Reader `body:"raw"`
	},
	) (fasterapi.None, error) {
		_, err := io.Copy(io.Discard, in.Body)
		return fasterapi.None{}, err
	})
	app.Get("/secret/{name}", func(*fasterapi.Ctx, struct {
		Name string `path:"name" sensitive:"true"`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
	app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
		_, err := ws.Receive(c)
		return err
	})
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return app, address, "http://" + side.Addr().String()
}

// send sends a request whose target stands as it is.
func send(t *testing.T, address, method, target, body string) (status int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", method, target, address, len(body), body)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	return response.StatusCode
}

// upgrade opens a WebSocket and leaves.
func upgrade(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", address)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
}

// latest is the latest record, when there are n.
func latest(t *testing.T, app *fasterapi.App, n int) observe.Record {
	t.Helper()
	require.Eventually(t, func() bool { return len(app.Recorder().Recent(0)) >= n }, 20*time.Second, time.Millisecond)
	list := app.Recorder().Recent(0)
	require.Len(t, list, n)
	return list[0]
}

// TestDashboardCurl: the command that the page shows for a request, given to a shell as it is, sends the same one again, whatever its
// client has put into the path; and where there can be none, the page says so.
func TestDashboardCurl(t *testing.T) {
	needs.Program(t, "curl")
	app, address, panel := curlApp(t)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "body"), []byte("twelve bytes"), 0o600))
	cases := []struct{ method, target, body string }{
		{"GET", "/things/7", ""},
		{"GET", "/things/[1-3]/{a,b}", ""},
		{"GET", "/things/a'$(touch%20owned)'`touch%20owned`;touch%20owned", ""},
		{"GET", "/things/%2e%2e/x", ""},
		{"GET", "/things/a%20b%3Fc%23d", ""},
		{"HEAD", "/things/7", ""},
		{"DELETE", "/things/7", ""},
		{"PUT", "/things/7", "twelve bytes"},
		{"GET", "/things/body", "twelve bytes"},
		{"GET", "/nowhere", ""},
	}
	var want []observe.Record
	for i, c := range cases {
		send(t, address, c.method, c.target, c.body)
		want = append(want, latest(t, app, i+1))
	}
	send(t, address, "BREW", "/things/7", "")
	send(t, address, "GET", "/secret/hunter2", "")
	upgrade(t, address)
	n := len(cases) + 3
	latest(t, app, n)

	b := open(t)
	b.do(t, chromedp.Navigate(panel+"/dashboard/#requests"))
	b.waitForText(t, "#link", "Live")
	evaluate[any](t, b, "[...document.querySelectorAll('#panel-requests .seg button')].find((e) => e.innerText === 'Slow').click()")
	rows := "[...document.querySelectorAll('#panel-requests .link')].filter((e) => e.checkVisibility())"
	b.waitFor(t, fmt.Sprintf("%s.length === %d", rows, n))
	shown := func(i int) string { // of the request that was the i-th
		evaluate[any](t, b, fmt.Sprintf("%s[%d].click()", rows, n-1-i))
		b.waitForText(t, "#detail", "Where the time went")
		text := evaluate[string](t, b, "document.querySelector('#detail pre[aria-label=\"curl command\"]')?.textContent ?? document.querySelector('#detail').innerText")
		evaluate[any](t, b, "document.getElementById('detail-close').click()")
		return text
	}
	commands := make([]string, len(cases))
	for i := range cases {
		commands[i] = shown(i)
	}
	require.Contains(t, shown(len(cases)), "Its path or its method is not known.")
	require.Contains(t, shown(len(cases)+1), "/secret/***'")
	require.Contains(t, shown(len(cases)+2), "It was a WebSocket")
	for i, line := range commands {
		require.Regexp(t, "^curl ", line)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		command := exec.CommandContext(ctx, "sh", "-c", line+" --silent --show-error")
		command.Dir = folder
		out, err := command.CombinedOutput()
		cancel()
		require.NoError(t, err, "%s\n%s", line, out)
		got := latest(t, app, n+1+i)
		require.Equal(t, want[i].Method, got.Method, line)
		require.Equal(t, want[i].Status, got.Status, line)
		require.Equal(t, want[i].Detail.Path, got.Detail.Path, line)
		require.Equal(t, want[i].BytesIn, got.BytesIn, line)
	}
	_, err := os.Stat(filepath.Join(folder, "owned"))
	require.ErrorIs(t, err, os.ErrNotExist, "nothing of the path is a command")

	// All of them were slow, so that a trace was kept, and can be saved.
	evaluate[any](t, b, "document.getElementById('tab-stalls').click()")
	b.waitForText(t, "#panel-stalls", "GET /")
	evaluate[any](t, b, "(() => { const make = URL.createObjectURL; URL.createObjectURL = (blob) => { window.saved = blob.size; return make(blob); }; })()")
	evaluate[any](t, b, "document.querySelector('#panel-stalls [aria-label=\"Save trace 1\"]').click()")
	b.waitFor(t, "window.saved > 1000")
}
