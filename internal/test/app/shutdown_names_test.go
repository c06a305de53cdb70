package app_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
)

// waits has a route of each style whose handler says that it has begun and waits
// for the end of its request.
func waits(app *fasterapi.App, began chan<- struct{}) {
	wait := func(c *fasterapi.Ctx) error {
		began <- struct{}{}
		_, err := async.Sleep(c, time.Hour).Await(c)
		return err
	}
	app.Get("/goroutine/{id}", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		return fasterapi.None{}, wait(c)
	})
	app.Get("/coroutine", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
		return fasterapi.None{}, wait(c)
	}, fasterapi.OnReactor())
	app.GetFuture("/chain", func(c *fasterapi.Ctx, _ fasterapi.None) async.Future[fasterapi.None] {
		began <- struct{}{}
		return async.Sleep(c, time.Hour).Then(func(struct{}) fasterapi.None { return fasterapi.None{} })
	})
	app.Get("/stream", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Stream, error) {
		return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
			if _, err := w.WriteString("begun"); err != nil {
				return err
			}
			return wait(c)
		}}, nil
	})
	app.Get("/done", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "done", nil })
}

// TestShutdownOutOfTimeNamesRoutes: whoever operates the service has to know what
// it waited for.
func TestShutdownOutOfTimeNamesRoutes(t *testing.T) {
	for name, cfg := range map[string]fasterapi.Config{"one core": {Cores: 1}, "four cores": {Cores: 4}, "net/http": {Cores: 2, NetHTTP: true}} {
		t.Run(name, func(t *testing.T) {
			began := make(chan struct{}, 8)
			app, log := newApp(cfg, func(app *fasterapi.App) { waits(app, began) })
			server, err := app.Start()
			require.NoError(t, err)
			s := newService(t, "http://"+server.Addr().String(), log, cfg.NetHTTP)
			require.Equal(t, "done", s.get("/done").body) // its connection is idle
			for _, path := range []string{"/goroutine/1", "/goroutine/2", "/coroutine", "/chain", "/stream"} {
				_, err := fmt.Fprintf(dial(t, s), "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path)
				require.NoError(t, err)
				<-began
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			err = server.Shutdown(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorContains(t, err, ": GET /chain, GET /coroutine, GET /goroutine/{id} (2), GET /stream")
		})
	}
}

// TestShutdownOutOfTimeNamesWhatOutlivesRequests: background tasks and cleanups.
func TestShutdownOutOfTimeNamesWhatOutlivesRequests(t *testing.T) {
	type lock struct{}
	began, release := make(chan struct{}, 2), make(chan struct{})
	defer close(release)
	app, log := newApp(fasterapi.Config{Cores: 1}, func(app *fasterapi.App) {
		app.ProvideWithCleanup(func(*fasterapi.Ctx, fasterapi.None) (lock, func(error), error) {
			return lock{}, func(error) { began <- struct{}{}; <-release }, nil
		})
		app.Get("/lock", func(*fasterapi.Ctx, struct {
			Lock lock `inject:""`
		},
		) (fasterapi.None, error) {
			return fasterapi.None{}, nil
		})
		app.Get("/mail", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			return fasterapi.None{}, c.After(func(context.Context) error { began <- struct{}{}; <-release; return nil })
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), log, false)
	s.get("/lock")
	s.get("/mail")
	<-began
	<-began
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = server.Shutdown(ctx)
	require.ErrorContains(t, err, "1 background tasks were cut off: context canceled: GET /mail")
	require.ErrorContains(t, err, "cleanups of requests are still running: context canceled: GET /lock")
}

func TestWebSocketsCutOffAreNamed(t *testing.T) {
	app, buffer := newApp(fasterapi.Config{Cores: 1}, socketRoutes(&rooms{}))
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), buffer, false)
	conn := dial(t, s)
	upgrade(t, conn, s, "/events/tea", "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorContains(t, server.Shutdown(ctx), ": GET /events/{room}")
	_, err = io.ReadAll(conn)
	require.NoError(t, err)
}
