package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/problem"
)

var errObserved = errors.New("the shelf has fallen")

func observedRoutes(app *fasterapi.App) {
	heldRoutes(app)
	type named struct {
		Name  string `path:"name" sensitive:"true"`
		Count int    `query:"count" minimum:"1"`
	}
	text := func(_ *fasterapi.Ctx, in named) (fasterapi.Text, error) { return fasterapi.Text(in.Name), nil }
	app.Get("/straight/{name}", text)
	app.Get("/coroutine/{name}", text, fasterapi.OnReactor())
	app.GetFuture("/chain/{name}", func(c *fasterapi.Ctx, in named) async.Future[fasterapi.Text] {
		return async.Sleep(c, time.Millisecond).Then(func(struct{}) fasterapi.Text { return fasterapi.Text(in.Name) })
	})
	type stored struct {
		Body io.Reader `body:"raw"`
	}
	app.Put("/stored", func(_ *fasterapi.Ctx, in stored) (fasterapi.None, error) {
		_, err := io.Copy(io.Discard, in.Body)
		return fasterapi.None{}, err
	})
	app.Put("/lost/{number}", func(_ *fasterapi.Ctx, in struct {
		Number int       `path:"number"`
		Body   io.Reader `body:"raw"`
	},
	) (fasterapi.None, error) {
		_, err := io.Copy(io.Discard, in.Body)
		return fasterapi.None{}, errors.Join(err, errObserved)
	})
	app.Get("/fails/{name}", func(*fasterapi.Ctx, named) (fasterapi.Text, error) { return "", errObserved })
	app.Get("/panics", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { panic("a cup has broken") })
	app.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
			_, err := io.WriteString(w, "streamed")
			return err
		}}, nil
	})
	app.Get("/breaks", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{ContentType: "text/plain", Write: func(w *fasterapi.StreamWriter) error {
			_, _ = io.WriteString(w, "half")
			_ = w.Flush()
			return errObserved
		}}, nil
	})
	app.Get("/teapot", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) {
		return "", problem.New(http.StatusTeapot, "short and stout")
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mounted") }))
	app.WebSocket("/socket", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
		_, err := ws.Receive(c)
		return err
	})
}

// TestObservedBehindABody: the head of a request whose body came later, in another buffer, is still its own when
// its record is written.
func TestObservedBehindABody(t *testing.T) {
	observedModes(t, fasterapi.Config{Cores: 1}, func(t *testing.T, app *fasterapi.App, s service) {
		body := strings.Repeat("x", 200<<10)
		for i := range 50 {
			path := fmt.Sprintf("/lost/%d", i)
			require.Equal(t, http.StatusInternalServerError, s.do(http.MethodPut, path, body).status)
			require.Eventually(t, func() bool { // it is written behind the answer
				failed := app.Recorder().Failed(1)
				return len(failed) > 0 && failed[0].Detail.Path == path && failed[0].Method == http.MethodPut
			}, 10*time.Second, time.Millisecond, path)
		}
	})
}

// TestLive: a request is listed from its head to its end, with what it does now, in every style and on both engines.
func TestLive(t *testing.T) {
	observedModes(t, fasterapi.Config{Cores: 2}, func(t *testing.T, app *fasterapi.App, s service) {
		list := func(want int) (all []observe.Live) {
			t.Helper()
			require.Eventually(t, func() bool { all = app.Live(); return len(all) == want }, 10*time.Second, time.Millisecond)
			return all
		}
		list(0)
		var asking sync.WaitGroup
		for _, path := range []string{"/held/straight/secret", "/held/chain/secret"} {
			asking.Go(func() { s.do(http.MethodGet, path, "") })
			<-heldNow
		}
		all := list(2)
		require.GreaterOrEqual(t, all[0].Age, all[1].Age, "the oldest first")
		for i, want := range []string{"/held/straight/", "/held/chain/"} {
			require.Equal(t, want+"{name}", all[i].Route)
			require.Equal(t, want+"***", all[i].Path)
			require.Equal(t, http.MethodGet, all[i].Method)
			require.Equal(t, observe.Handler, all[i].Stage)
			require.Equal(t, "127.0.0.1", all[i].Client)
		}
		heldGo <- struct{}{}
		heldGo <- struct{}{}
		asking.Wait()
		list(0)

		reader, writer := io.Pipe() // a body that does not come
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/held/body", reader)
		require.NoError(t, err)
		asking.Go(func() {
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		})
		_, err = writer.Write([]byte("{"))
		require.NoError(t, err)
		waiting := list(1)[0]
		require.Equal(t, http.MethodPost, waiting.Method)
		require.NoError(t, writer.CloseWithError(io.EOF))
		asking.Wait()
		list(0)
	})
}

// heldNow tells that a held handler runs, and heldGo lets one end.
var heldNow, heldGo = make(chan struct{}), make(chan struct{})

// heldRoutes have handlers that wait.
func heldRoutes(app *fasterapi.App) {
	type named struct {
		Name string `path:"name" sensitive:"true"`
	}
	app.Get("/held/straight/{name}", func(*fasterapi.Ctx, named) (fasterapi.Text, error) {
		heldNow <- struct{}{}
		<-heldGo
		return "", nil
	})
	app.GetFuture("/held/chain/{name}", func(c *fasterapi.Ctx, _ named) async.Future[fasterapi.Text] {
		return async.Go(c, func(context.Context) (fasterapi.Text, error) {
			heldNow <- struct{}{}
			<-heldGo
			return "", nil
		})
	})
	app.Post("/held/body", func(*fasterapi.Ctx, struct {
		Body map[string]int `body:""`
	},
	) (fasterapi.Text, error) {
		return "", nil
	})
}

// observedModes runs test over both engines.
func observedModes(t *testing.T, cfg fasterapi.Config, test func(*testing.T, *fasterapi.App, service)) {
	t.Run("reactor", func(t *testing.T) {
		app, log := newApp(cfg, observedRoutes)
		test(t, app, newService(t, "http://"+start(t, app), log, false))
	})
	t.Run("net/http", func(t *testing.T) {
		app, log := newApp(cfg, observedRoutes)
		server := httptest.NewServer(app.Handler())
		t.Cleanup(func() {
			server.Close()
			require.NoError(t, app.Stop(context.Background()))
		})
		test(t, app, newService(t, server.URL, log, true))
	})
}

// lastRecord waits until the app has kept n requests and returns the latest: a client may
// have its answer before.
func lastRecord(t *testing.T, app *fasterapi.App, n int) observe.Record {
	t.Helper()
	require.Eventually(t, func() bool { return len(app.Recorder().Recent(0)) >= n }, 10*time.Second, time.Millisecond)
	list := app.Recorder().Recent(0)
	require.Len(t, list, n)
	return list[0]
}

// TestObserved: everything that answers has a record, in every style and on both engines.
func TestObserved(t *testing.T) {
	type want struct {
		method, path, body  string
		route, methodLabel  string
		status              int
		kind                observe.Kind
		in, out             int64 // out -1: not compared
		failed, timed, long bool
	}
	upload := strings.Repeat("u", 300<<10) // above StreamAbove
	cases := []want{
		{method: "GET", path: "/straight/x?count=1", route: "/straight/{name}", status: 200, out: 1, timed: true},
		{method: "HEAD", path: "/straight/x?count=1", route: "/straight/{name}", status: 200, timed: true},
		{method: "GET", path: "/coroutine/x?count=1", route: "/coroutine/{name}", status: 200, out: 1, timed: true},
		{method: "GET", path: "/chain/x?count=1", route: "/chain/{name}", status: 200, out: 1, timed: true},
		{method: "GET", path: "/straight/x?count=0", route: "/straight/{name}", status: 422, out: -1},
		{method: "PUT", path: "/stored", body: upload, route: "/stored", status: 204, in: int64(len(upload)), timed: true},
		{method: "GET", path: "/fails/s3cret?count=1", route: "/fails/{name}", status: 500, out: -1, failed: true, timed: true},
		{method: "GET", path: "/panics", route: "/panics", status: 500, out: -1, failed: true},
		{method: "GET", path: "/stream", route: "/stream", status: 200, kind: observe.Stream, out: 8, timed: true},
		{method: "GET", path: "/teapot", route: "/teapot", status: 418, out: -1, timed: true},
		{method: "GET", path: "/nowhere/at/all", route: "", status: 404, out: -1},
		{method: "DELETE", path: "/teapot", route: "", status: 405, out: -1},
		{method: "BREW", path: "/teapot", methodLabel: "_OTHER", status: 405, out: -1},
		{method: "GET", path: "/mounted/deep", route: "/mounted/{path...}", status: 200, out: 7, long: true},
		{method: "GET", path: "/health", route: "/health", status: 200, out: -1},
	}
	observedModes(t, fasterapi.Config{Cores: 2}, func(t *testing.T, app *fasterapi.App, s service) {
		for i, w := range cases {
			a := s.do(w.method, w.path, w.body)
			require.Equal(t, w.status, a.status, w.path)
			r := lastRecord(t, app, i+1)
			label := w.methodLabel
			if label == "" {
				label = w.method
			}
			require.Equal(t, w.status, r.Status, w.path)
			require.Equal(t, label, r.Method, w.path)
			if !w.long { // how the route of a mount is written is its own
				require.Equal(t, w.route, r.Route, w.path)
				require.Equal(t, w.kind, r.Kind, w.path)
			}
			require.Equal(t, w.in, r.BytesIn, w.path)
			if w.out >= 0 {
				require.Equal(t, w.out, r.BytesOut, w.path)
			}
			require.Equal(t, w.failed, r.Failed, w.path)
			require.Equal(t, observe.Protocol(11), r.Protocol)
			require.LessOrEqual(t, r.Queue+r.Input+r.Handler+r.Output, r.Took, w.path)
			if w.timed {
				require.Positive(t, r.Handler, w.path)
			}
		}
		failed := app.Recorder().Failed(0)
		require.Len(t, failed, 2)
		require.Contains(t, failed[0].Detail.Error, "a cup has broken")
		require.Contains(t, failed[0].Detail.Stack, "observe_test.go")
		require.Equal(t, errObserved.Error(), failed[1].Detail.Error)
		require.Equal(t, "/fails/***", failed[1].Detail.Path)
		require.Equal(t, "127.0.0.1", failed[1].Detail.Client)
		require.NotEmpty(t, failed[1].Detail.ErrorID)
		require.Contains(t, s.log.String(), failed[1].Detail.ErrorID)
	})
}

// A stream that fails half way has failed, whatever its status says.
func TestObservedBrokenStream(t *testing.T) {
	observedModes(t, fasterapi.Config{Cores: 1}, func(t *testing.T, app *fasterapi.App, s service) {
		response, err := s.http.Get(s.url + "/breaks")
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		require.Error(t, err)
		_ = response.Body.Close()
		r := lastRecord(t, app, 1)
		require.True(t, r.Failed)
		require.Equal(t, 200, r.Status)
		require.Equal(t, errObserved.Error(), r.Detail.Error)
	})
}

// A WebSocket is active while it lasts, and not slow when it has lasted.
func TestObservedSocket(t *testing.T) {
	cfg := fasterapi.Config{Cores: 1}
	observedModes(t, cfg, func(t *testing.T, app *fasterapi.App, s service) {
		conn := dialSocket(t, s, "/socket", nil)
		require.Equal(t, []observe.Active{{Route: "/socket", Count: 1}}, app.Recorder().Counts().Active)
		require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(`x`)))
		_, _, _ = conn.Read(t.Context())
		r := lastRecord(t, app, 1)
		require.Equal(t, observe.Socket, r.Kind)
		require.Equal(t, http.StatusSwitchingProtocols, r.Status)
		require.LessOrEqual(t, r.Latency, r.Took)
		require.Empty(t, app.Recorder().Counts().Active)
	})
}

// What the engine refuses by itself is in the record.
func TestObservedRefusals(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, observedRoutes)
	s := newService(t, "http://"+start(t, app), log, false)
	for i, request := range []string{
		"GET /teapot HTTP/1.1\r\n\r\n", // without Host
		"GET /teapot HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", // two lengths
		"\x00\x01\x02 / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		conn := dial(t, s)
		_, err := fmt.Fprint(conn, request)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		_ = answer.Body.Close()
		r := lastRecord(t, app, i+1)
		require.Equal(t, answer.StatusCode, r.Status, "%q", request)
		require.Equal(t, 400, r.Status, "%q", request)
		require.True(t, r.Refused, "%q", request)
		require.False(t, r.Failed, "%q", request)
	}
}

// Switched off, nothing is kept, and everything answers as ever.
func TestObserveOff(t *testing.T) {
	observedModes(t, fasterapi.Config{Cores: 1, Observe: observe.Config{Off: true}}, func(t *testing.T, app *fasterapi.App, s service) {
		for path, status := range map[string]int{"/straight/x?count=1": 200, "/chain/x?count=1": 200, "/stream": 200, "/panics": 500, "/nowhere": 404} {
			require.Equal(t, status, s.do("GET", path, "").status, path)
		}
		require.Nil(t, app.Recorder())
	})
}

func TestBadObserveConfig(t *testing.T) {
	_, err := fasterapi.New(fasterapi.Config{Observe: observe.Config{Recent: -1}}).Start()
	require.ErrorContains(t, err, "Config.Observe.Recent is -1")
}
