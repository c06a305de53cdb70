package flood_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// waitingFlood floods an app of one core whose requests wait for goroutines: who is served takes the core for 2 ms and makes so many
// others, of which one of 16 is for other and the rest for path. It returns the answers, and how many goroutines the reactor has had at most.
func waitingFlood(t *testing.T, over protocol, path, other string, conns, others int) (*fasterapi.App, []answerOfFlood, int64) {
	t.Setenv("OVERLOAD_PROTECTION", "on")
	f := &flood{answers: make(chan answerOfFlood, conns)}
	var most atomic.Int64
	served, ended := make(chan struct{}, conns), make(chan struct{}) // who is served does not wait for the lock of f
	defer close(ended)                                               // not served, which handlers know
	go func() {
		for {
			select {
			case <-served:
				f.send(others, path, other)
			case <-ended:
				return
			}
		}
	}()
	app := fasterapi.New(fasterapi.Config{
		Addr: "127.0.0.1:0", Cores: 1, H2C: true, StallThreshold: -1, Logger: slog.New(slog.DiscardHandler),
	})
	app.Use(
		middleware.AccessLog(middleware.AccessLogConfig{}),
		middleware.RequestID(middleware.RequestIDConfig{}),
		middleware.SecureHeaders(middleware.SecureHeadersConfig{}),
		middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example"}}),
		func(next fasterapi.Handler) fasterapi.Handler {
			return func(c *fasterapi.Ctx) error {
				s := app.Reactors().Reactor(0).Stats()
				for n := s.Workers + s.IdleWorkers; ; {
					if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
						break
					}
				}
				if c.Refused() == nil && c.Path() == path {
					served <- struct{}{}
					spin(2 * time.Millisecond)
				}
				return next(c)
			}
		})
	nothing := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, nil }
	app.Get("/work", nothing)
	app.Get("/other", nothing)
	app.Get("/batch", nothing, fasterapi.Priority("batch"))
	app.Get("/critical", nothing, fasterapi.Priority("critical"))
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	f.connect(t, server.Addr().String(), over, conns)
	f.send(1, path, other)
	return app, f.all(t, path, other), most.Load()
}

// asAll holds a refusal against what all answers of the app have.
func asAll(t *testing.T, a answerOfFlood) {
	t.Helper()
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	require.Contains(t, []string{"1", "2"}, a.header.Get("Retry-After"))
	require.Equal(t, "https://app.example", a.header.Get("Access-Control-Allow-Origin"))
	require.NotEmpty(t, a.header.Get("X-Request-Id"))
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
}

// untilRefused repeats a flood until it is one, in which each served request makes so many others: where other processes
// have most of the processors, few are served in an interval, and few others of each are no overload.
func untilRefused(t *testing.T, try func(t *testing.T, others int) (refused int)) {
	t.Helper()
	for _, others := range []int{3, 6, 12, 3, 6, 12, 24, 6, 12, 24} { // again: it may have stood still meanwhile
		if try(t, others) > 0 {
			return
		}
	}
	t.Error("no flood was an overload")
}

// TestRefusalsShareTheRoom: refused requests of a route with middleware go through that, in few more goroutines than
// there are for requests anyway (TestRefusedTakeAShare counts them).
func TestRefusalsShareTheRoom(t *testing.T) {
	for _, over := range []protocol{http1Reactors, http2Reactors} {
		t.Run(string(over), func(t *testing.T) {
			untilRefused(t, func(t *testing.T, others int) (refused int) {
				_, answers, most := waitingFlood(t, over, "/work", "/other", 700, others)
				for _, a := range answers {
					if a.status == http.StatusServiceUnavailable {
						asAll(t, a)
						refused++
						continue
					}
					require.Equal(t, http.StatusNoContent, a.status)
				}
				t.Logf("%d goroutines at most, %d refused", most, refused)
				// 64 wait for a processor at most; those that have one and lost it to another process are not
				// among them. One goroutine for each refusal would be more than this.
				require.LessOrEqual(t, most, int64(64+max(64, refused/2)), "%d were refused", refused)
				return refused
			})
		})
	}
}

// TestMissesGoBehind: who asks for paths that do not exist, and has middleware work for it, is refused as batch.
func TestMissesGoBehind(t *testing.T) {
	for _, over := range []protocol{http1Reactors, http2Reactors} {
		t.Run(string(over), func(t *testing.T) {
			untilRefused(t, func(t *testing.T, others int) int {
				app, answers, _ := waitingFlood(t, over, "/nothing", "/other", 500, others)
				var refused [2]int // of those who ask for something, and of the others
				for _, a := range answers {
					at := 0
					if a.path == "/nothing" {
						at = 1
					}
					if a.status == http.StatusServiceUnavailable {
						asAll(t, a)
						refused[at]++
					} else {
						require.Equal(t, []int{http.StatusNoContent, http.StatusNotFound}[at], a.status)
					}
				}
				stats := app.Overload()[0]
				require.EqualValues(t, refused[1], stats.Batch)
				require.EqualValues(t, refused[0], stats.Normal+stats.Limited)
				return refused[1]
			})
		})
	}
}

// TestBatchGoesFirst: in a flood of requests of the class batch, those of the class critical pass them, and fewer of a
// hundred are refused.
func TestBatchGoesFirst(t *testing.T) {
	for _, over := range []protocol{http1Reactors, http2Reactors} {
		t.Run(string(over), func(t *testing.T) {
			untilRefused(t, func(t *testing.T, others int) int {
				app, answers, _ := waitingFlood(t, over, "/batch", "/critical", 500, others)
				sent, refused := map[string]int{}, map[string]int{}
				for _, a := range answers {
					sent[a.path]++
					if a.status == http.StatusServiceUnavailable {
						asAll(t, a)
						refused[a.path]++
					}
				}
				stats := app.Overload()[0]
				require.LessOrEqual(t, stats.Critical, uint64(refused["/critical"]))
				t.Logf("refused: %d of %d batch, %d of %d critical", refused["/batch"], sent["/batch"], refused["/critical"], sent["/critical"])
				if refused["/batch"] > 0 {
					require.Less(t, refused["/critical"]*sent["/batch"], refused["/batch"]*sent["/critical"])
				}
				return refused["/batch"]
			})
		})
	}
}
