package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
)

// observedFiles are observedRoutes with files beside them.
func observedFiles(app *fasterapi.App) {
	observedRoutes(app)
	app.Static("/files", fstest.MapFS{"tea.txt": {Data: []byte("green tea")}})
}

// TestObservedFiles: files are in the record as everything else, with what was sent of them.
func TestObservedFiles(t *testing.T) {
	run := func(t *testing.T, app *fasterapi.App, s service) {
		for i, c := range []struct {
			path   string
			status int
			out    int64
		}{{"/files/tea.txt", 200, 9}, {"/files/none.txt", 404, -1}} {
			require.Equal(t, c.status, s.do("GET", c.path, "").status)
			r := lastRecord(t, app, i+1)
			require.Equal(t, c.status, r.Status)
			require.Equal(t, "/files/{path...}", r.Route)
			require.False(t, r.Slow || r.Failed)
			if c.out >= 0 {
				require.Equal(t, c.out, r.BytesOut)
			}
		}
	}
	app, log := newApp(fasterapi.Config{Cores: 1}, observedFiles)
	run(t, app, newService(t, "http://"+start(t, app), log, false))
}

// TestObservedOverHTTP2: a request that is a stream of HTTP/2 has the record of one of HTTP/1.1, but for its version: of each style, of
// files, mounted handlers, streams and sockets, and of what is refused.
func TestObservedOverHTTP2(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 2, H2C: true}, observedFiles)
	s := newService(t, "http://"+start(t, app), log, false)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: transport, Timeout: time.Minute}
	upload := strings.Repeat("u", 300<<10)
	n := 0
	for _, c := range []struct {
		method, path, body, route string
		status                    int
		kind                      observe.Kind
		in, out                   int64 // out -1: not compared
		failed                    bool
	}{
		{method: "GET", path: "/straight/x?count=1", route: "/straight/{name}", status: 200, out: 1},
		{method: "GET", path: "/coroutine/x?count=1", route: "/coroutine/{name}", status: 200, out: 1},
		{method: "GET", path: "/chain/x?count=1", route: "/chain/{name}", status: 200, out: 1},
		{method: "HEAD", path: "/straight/x?count=1", route: "/straight/{name}", status: 200},
		{method: "PUT", path: "/stored", body: upload, route: "/stored", status: 204, in: int64(len(upload))},
		{method: "GET", path: "/fails/s3cret?count=1", route: "/fails/{name}", status: 500, out: -1, failed: true},
		{method: "GET", path: "/panics", route: "/panics", status: 500, out: -1, failed: true},
		{method: "GET", path: "/stream", route: "/stream", status: 200, kind: observe.Stream, out: 8},
		{method: "GET", path: "/mounted/deep", route: "/mounted/{path...}", status: 200, out: 7},
		{method: "GET", path: "/files/tea.txt", route: "/files/{path...}", status: 200, out: 9},
		{method: "GET", path: "/nowhere", status: 404, out: -1},
		{method: "BREW", path: "/teapot", status: 405, out: -1},
		{method: "GET", path: "/health", route: "/health", status: 200, out: -1},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		response, err := s.http.Do(request)
		require.NoError(t, err, c.path)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err, c.path)
		_ = response.Body.Close()
		require.Equal(t, 2, response.ProtoMajor)
		n++
		r := lastRecord(t, app, n)
		require.Equal(t, observe.Protocol(20), r.Protocol, c.path)
		require.Equal(t, c.status, r.Status, c.path)
		require.Equal(t, c.route, r.Route, c.path)
		if c.method == "BREW" {
			c.method = "_OTHER"
		}
		require.Equal(t, c.method, r.Method, c.path)
		if c.kind == observe.Stream {
			require.Equal(t, c.kind, r.Kind, c.path)
		}
		require.Equal(t, c.in, r.BytesIn, c.path)
		if c.out >= 0 {
			require.Equal(t, c.out, r.BytesOut, c.path)
		}
		require.Equal(t, c.failed, r.Failed, c.path)
		require.LessOrEqual(t, r.Queue+r.Input+r.Handler+r.Output, r.Took, c.path)
	}
	require.Equal(t, "/fails/***", app.Recorder().Failed(0)[1].Detail.Path)
}

// TestObservedTunnel: a WebSocket over HTTP/2 (RFC 8441) is one in the record, and no request that takes as long as it lasts.
func TestObservedTunnel(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1, H2C: true}, func(app *fasterapi.App) {
		app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			_, err := ws.Receive(c)
			return err
		})
	})
	s := newService(t, "http://"+start(t, app), log, false)
	s.tunnels = newTunnels(t, s.host())
	ws, _, err := websocket.Dial(t.Context(), s.url+"/socket", &websocket.DialOptions{HTTPClient: s.tunnels.client()})
	require.NoError(t, err)
	require.Equal(t, []observe.Active{{Route: "/socket", Count: 1}}, app.Recorder().Counts().Active)
	require.NoError(t, ws.Close(websocket.StatusNormalClosure, ""))
	r := lastRecord(t, app, 1)
	require.Equal(t, observe.Socket, r.Kind)
	require.Equal(t, observe.Protocol(20), r.Protocol)
	require.Equal(t, "/socket", r.Route)
	require.False(t, r.Failed)
	require.LessOrEqual(t, r.Latency, r.Took)
}
