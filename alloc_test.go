//go:build !race && !invariants

package fasterapi_test

import (
	"context"
	"io"
	"math"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
)

// TestAllocations pins what a warm request allocates, from the socket to the
// socket: one is the Ctx. The client of the test allocates nothing itself.
func TestAllocations(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	text := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "Hello, World!", nil }
	app.Get("/goroutine", text)
	app.Get("/coroutine", text, fasterapi.OnReactor())
	app.GetFuture("/chain", func(*fasterapi.Ctx, fasterapi.None) async.Future[fasterapi.Text] {
		return async.Ready[fasterapi.Text]("Hello, World!")
	})
	type get struct {
		ID int64 `path:"id"`
	}
	app.Get("/user/{id}", func(_ *fasterapi.Ctx, in get) (user, error) {
		return user{ID: in.ID, Name: "Ada", Email: "ada@example.com"}, nil
	})
	noted := func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.Text, error) {
		notes := note.Of(c)
		for range 3 {
			notes.Note(note.CacheHit)
			notes.End(notes.Begin(note.Query, "SELECT 1", true), note.Outcome{What: "SELECT 1"})
		}
		return "noted", nil
	}
	app.Get("/noted", noted)
	app.Get("/reactor/noted", noted, fasterapi.OnReactor())
	addr := start(t, app)

	for path, most := range map[string]float64{"/noted": 1, "/reactor/noted": 1, "/goroutine": 1, "/coroutine": 1, "/chain": 1, "/user/7": 5} {
		t.Run(path, func(t *testing.T) {
			got := allocations(t, addr, "GET "+path+" HTTP/1.1\r\nHost: test\r\n\r\n")
			require.LessOrEqual(t, got, most, "allocations per request")
		})
	}
}

// allocations returns the mallocs of the process for each request, rounded to
// a tenth: background work of the runtime allocates now and then.
func allocations(t *testing.T, addr, request string) float64 {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	out, in := []byte(request), make([]byte, 4096)
	length := 0
	exchange := func() {
		_, err := conn.Write(out)
		require.NoError(t, err)
		if length == 0 {
			length, err = conn.Read(in)
		} else {
			_, err = io.ReadFull(conn, in[:length])
		}
		require.NoError(t, err)
	}
	const warm, runs = 200, 2000
	for range warm {
		exchange()
	}
	// The least of several: on a busy machine the process logs stalls, and collections
	// empty pools.
	least := math.Inf(1)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			exchange()
		}
		runtime.ReadMemStats(&after)
		least = min(least, float64((after.Mallocs-before.Mallocs)*10/runs)/10)
	}
	return least
}

type user struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// start serves app on a free port until the test ends.
func start(t testing.TB, app *fasterapi.App) (addr string) {
	t.Helper()
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return server.Addr().String()
}
