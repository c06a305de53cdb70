package app_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
)

// TestDrainOfAThousand: 500 event streams and 500 WebSockets in both styles are all told within the deadline
// of a shutdown: streams when to come back, WebSockets that the server goes away.
func TestDrainOfAThousand(t *testing.T) {
	for name, nethttp := range map[string]bool{"reactors": false, "net http": true} {
		t.Run(name, func(t *testing.T) { drainMany(t, fasterapi.Config{Cores: 2, NetHTTP: nethttp}, 500) })
	}
}

func drainMany(t *testing.T, cfg fasterapi.Config, each int) {
	app, log := newApp(cfg, func(app *fasterapi.App) {
		socketEchoes(app)
		app.Get("/live", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.SSE[int], error) {
			return fasterapi.SSE[int]{Send: func(*fasterapi.EventSender[int]) error {
				<-c.Done()
				return c.Err()
			}}, nil
		})
	})
	server, err := app.Start()
	require.NoError(t, err)
	s := newService(t, "http://"+server.Addr().String(), log, cfg.NetHTTP)
	var streams, sockets atomic.Int64
	var clients sync.WaitGroup
	told := regexp.MustCompile(`^retry: ?[1-4]\d{3}\n\n?$`)
	for i := range each {
		response, err := s.http.Get(s.url + "/live")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
		clients.Go(func() {
			defer response.Body.Close()
			if rest, err := io.ReadAll(response.Body); assert.NoError(t, err) && assert.Regexp(t, told, string(rest)) {
				streams.Add(1)
			}
		})
		ws := dialSocket(t, s, "/"+socketStyles[i%len(socketStyles)], nil)
		clients.Go(func() {
			_, _, err := ws.Read(context.Background())
			if assert.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err) {
				sockets.Add(1)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	begun := time.Now()
	require.NoError(t, server.Shutdown(ctx))
	clients.Wait()
	require.EqualValues(t, each, streams.Load())
	require.EqualValues(t, each, sockets.Load())
	t.Logf("%d were told in %v", 2*each, time.Since(begun))
}
