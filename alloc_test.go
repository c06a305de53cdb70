//go:build !race && !invariants

package fasterapi

import (
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/note"
)

// TestAllocations pins what a warm request allocates, from the socket to the
// socket: one is the Ctx. The client of the test allocates nothing itself.
func TestAllocations(t *testing.T) {
	app := New(Config{Addr: "127.0.0.1:0", Cores: 1})
	text := func(*Ctx, None) (Text, error) { return "Hello, World!", nil }
	app.Get("/goroutine", text)
	app.Get("/coroutine", text, OnReactor())
	app.GetFuture("/chain", func(*Ctx, None) async.Future[Text] {
		return async.Ready[Text]("Hello, World!")
	})
	type get struct {
		ID int64 `path:"id"`
	}
	app.Get("/user/{id}", func(_ *Ctx, in get) (user, error) {
		return user{ID: in.ID, Name: "Ada", Email: "ada@example.com"}, nil
	})
	noted := func(c *Ctx, _ None) (Text, error) {
		notes := note.Of(c)
		for range 3 {
			notes.Note(note.CacheHit)
			notes.End(notes.Begin(note.Query, "SELECT 1", true), note.Outcome{What: "SELECT 1"})
		}
		return "noted", nil
	}
	app.Get("/noted", noted)
	app.Get("/reactor/noted", noted, OnReactor())
	addr := start(t, app)

	for path, most := range map[string]float64{"/noted": 1, "/reactor/noted": 1, "/goroutine": 1, "/coroutine": 1, "/chain": 1, "/user/7": 5} {
		t.Run(path, func(t *testing.T) {
			got := allocations(t, addr, "GET "+path+" HTTP/1.1\r\nHost: test\r\n\r\n")
			require.LessOrEqual(t, got, most, "allocations per request")
		})
	}
}

// TestHandlerAllocations pins what [App.Handler] adds to a request of a server of net/http: the Ctx, and the values of
// the two fields of its answer.
func TestHandlerAllocations(t *testing.T) {
	app := New(Config{Cores: 1})
	app.Get("/", func(*Ctx, None) (Text, error) { return "Hello, World!", nil })
	handler := app.Handler()
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Body = http.NoBody
	r.Header.Set("User-Agent", "test")
	w := discarded{}
	got := testing.AllocsPerRun(1000, func() {
		clear(w)
		handler.ServeHTTP(w, r)
	})
	require.LessOrEqual(t, got, 3.0, "allocations per request")
}

// discarded is an answer of which nothing is kept but its fields.
type discarded http.Header

func (d discarded) Header() http.Header       { return http.Header(d) }
func (discarded) WriteHeader(int)             {}
func (discarded) Write(p []byte) (int, error) { return len(p), nil }

// SetWriteDeadline is what [http.ResponseController] calls.
func (discarded) SetWriteDeadline(time.Time) error { return nil }

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
func start(t testing.TB, app *App) (addr string) {
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

type (
	first  struct{ n int }
	second struct{ first *first }
	third  struct{ a, b int }
	global struct{ n int }

	asksNothing struct {
		Page int `query:"page" default:"1"`
	}
	asksApp struct {
		Page   int              `query:"page" default:"1"`
		Global *global          `inject:""`
		Number interface{ N() } `inject:""`
	}
	asksThree struct {
		Page   int     `query:"page" default:"1"`
		First  *first  `inject:""`
		Second *second `inject:""`
		Third  third   `inject:""`
	}
)

func (*global) N() {}

// inputOf returns what a request does before its handler.
func inputOf[In any](tb testing.TB) func() {
	a := New(Config{Cores: 1})
	a.Provide(&global{7})
	a.ProvideFunc(func(*Ctx, None) (*first, error) { return &first{1}, nil })
	a.ProvideFunc(func(_ *Ctx, in struct {
		First *first `inject:""`
	},
	) (*second, error) {
		return &second{in.First}, nil
	})
	a.ProvideFunc(func(*Ctx, None) (third, error) { return third{1, 2}, nil })
	a.Get("/", func(*Ctx, In) (Text, error) { return "", nil })
	require.NoError(tb, a.start(context.Background()))
	tb.Cleanup(func() { require.NoError(tb, a.Stop(context.Background())) })
	e := a.routes[0].endpoint.(*straight[In, Text])
	c := &Ctx{app: a, request: &request{x: &exchange.Exchange{}, route: a.routes[0]}, reactor: a.reactors.Reactor(0)}
	return func() {
		if _, err := e.input(c); err != nil {
			tb.Fatal(err)
		}
	}
}

func benchmarkInput[In any](b *testing.B) {
	input := inputOf[In](b)
	b.ReportAllocs()
	for b.Loop() {
		input()
	}
}

func BenchmarkInjectNothing(b *testing.B) { benchmarkInput[asksNothing](b) }
func BenchmarkInjectApp(b *testing.B)     { benchmarkInput[asksApp](b) }
func BenchmarkInjectThree(b *testing.B)   { benchmarkInput[asksThree](b) }

func TestInjectionAllocations(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, inputOf[asksNothing](t)))
	require.Zero(t, testing.AllocsPerRun(100, inputOf[asksApp](t)))
	require.LessOrEqual(t, testing.AllocsPerRun(100, inputOf[asksThree](t)), 3.0, "one for each value")
}
