package fasterapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/overload"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// TestOverdueBehindAnother: nobody knows since when a request waits that came behind another one of its connection.
// It stands behind all that come while the core is overloaded, so it is refused, too, when it has waited there for
// too long.
func TestOverdueBehindAnother(t *testing.T) {
	v := virtual.New(1)
	defer v.Close()
	a := New(Config{})
	d := (*dispatcher)(a)
	a.guard.queues = []*overload.Queue{overload.NewQueue(overload.Rule{})}
	x := &exchange.Exchange{}
	x.Attach(nil, v.Reactor, true)
	r := &request{x: x, route: &route{}}
	x.User = r
	r.begin(a)

	q := a.guard.queues[0]
	order := exchange.OldestFirst
	for n := 100; order != exchange.NewestFirst; n += 50 {
		v.Advance(10 * time.Millisecond)
		order = d.Waiting(v.Reactor, n, v.Reactor.Clock()-20*time.Millisecond)
	}
	require.False(t, d.Overdue(x), "it may have come just now")
	for range 100 {
		q.Start(overload.Work{Now: v.Reactor.Clock()})
	}
	v.Advance(19 * time.Millisecond)
	require.False(t, d.Overdue(x))
	v.Advance(2 * time.Millisecond)
	require.True(t, d.Overdue(x))
	require.Same(t, exchange.Overloaded, x.Refusal)
}

// TestOvertime: stop hooks share what goes beyond the time of a shutdown, so that
// any number of them that hang cannot hold up its end.
func TestOvertime(t *testing.T) {
	const ms = time.Millisecond
	over := overtime(stopGrace)
	for _, step := range []struct{ wanted, left, used, allowed time.Duration }{
		{10 * time.Second, 30 * time.Second, 5 * time.Second, 10 * time.Second},
		{10 * time.Second, 2 * time.Second, 2200 * ms, 3 * time.Second},
		{10 * time.Second, 0, 300 * ms, 800 * ms},
		{50 * ms, 0, 50 * ms, 50 * ms},
		{10 * time.Second, 0, 450 * ms, 450 * ms},
		{10 * time.Second, 0, 100 * ms, 100 * ms},
		{10 * time.Second, 0, 100 * ms, 100 * ms},
		{10 * time.Second, time.Second, 200 * ms, 800 * ms},
	} {
		require.Equal(t, step.allowed, over.allow(step.wanted, step.left), "%v", step)
		over.use(step.used, step.left)
	}
}

type (
	leaf  struct{ n int }
	wide  struct{ a, b, c int }
	named interface{ Name() string }
	roots struct {
		Leaf  *leaf  `inject:""`
		Wide  wide   `inject:""`
		Text  string `inject:""`
		Named named  `inject:""`
		Page  int    `query:"page" default:"3"`
	}
)

func (*leaf) Name() string { return "leaf" }

// below calls f under n frames.
//
//go:noinline
func below(n int, f func()) {
	var pad [16]byte
	if n > 0 {
		below(n-1, f)
		_ = pad
		return
	}
	f()
}

// TestInjectionStackGrowth injects at every depth of a new stack, so that the
// stack moves between the values in some of them: all have to arrive.
func TestInjectionStackGrowth(t *testing.T) {
	a := New(Config{Cores: 1})
	a.Provide("text")
	a.ProvideFunc(func(*Ctx, None) (*leaf, error) { return &leaf{7}, nil })
	a.ProvideFunc(func(_ *Ctx, in struct {
		Leaf *leaf `inject:""`
	},
	) (wide, error) {
		return wide{in.Leaf.n, 2, 3}, nil
	})
	a.Get("/", func(*Ctx, roots) (Text, error) { return "", nil })
	require.NoError(t, a.start(context.Background()))
	t.Cleanup(func() { require.NoError(t, a.Stop(context.Background())) })
	e := a.routes[0].endpoint.(*straight[roots, Text])
	for n := range 500 {
		bound := make(chan roots)
		go below(n, func() {
			c := &Ctx{app: a, request: &request{x: &exchange.Exchange{}, route: a.routes[0]}, reactor: a.reactors.Reactor(0)}
			in, _ := e.input(c)
			bound <- in
		})
		leaf := &leaf{7}
		require.Equal(t, roots{leaf, wide{7, 2, 3}, "text", leaf, 3}, <-bound, "depth %d", n)
	}
}

// What is made anew for each request is small: the handle, and what only a request
// needs that is waited for.
func TestSizes(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Ctx{}), uintptr(48))
	require.LessOrEqual(t, unsafe.Sizeof(life{}), uintptr(64))
}

// TestMissedClass: a request that no route matches stands behind those that one does, unless it is what clients send
// before such a request, or costs no more than a refusal.
func TestMissedClass(t *testing.T) {
	t.Setenv("OVERLOAD_PROTECTION", "on") // make test has it off
	around := func(next Handler) Handler { return next }
	for _, c := range []struct {
		request    string
		middleware bool
		class      overload.Class
		lane       exchange.Lane
	}{
		{"GET /nothing", true, overload.Batch, exchange.Last},
		{"GET /%zz", true, overload.Batch, exchange.Last},
		{"DELETE /items/1", true, overload.Batch, exchange.Last},
		{"OPTIONS /items/1", true, overload.Normal, exchange.Middle},
		{"GET /items/1/", true, overload.Normal, exchange.Middle},
		{"GET /items/1", true, overload.Normal, exchange.Middle},
		{"GET /live", true, overload.Exempt, exchange.Ahead},
		{"GET /health", true, overload.Exempt, exchange.Ahead},
		{"GET /ready", true, overload.Exempt, exchange.Ahead},
		{"GET /openapi.json", true, overload.Exempt, exchange.Ahead},
		{"GET /nothing", false, overload.Exempt, exchange.Ahead},
	} {
		a := New(Config{})
		if c.middleware {
			a.Use(around)
		}
		a.Get("/items/{id}", func(*Ctx, struct {
			ID string `path:"id"`
		},
		) (None, error) {
			return None{}, nil
		})
		require.NoError(t, a.compile())
		a.guard.begin(a, 1)
		v := virtual.New(1)
		x := &exchange.Exchange{}
		x.Attach(nil, v.Reactor, true)
		method, path, _ := bytes.Cut([]byte(c.request), []byte(" "))
		x.Head.Method, x.Head.Path, x.Head.Target = method, path, path
		d := (*dispatcher)(a)
		d.Begin(x)
		require.Equal(t, c.class, d.classOf(x.User.(*request)), c.request)
		require.Equal(t, c.lane, d.Lane(x), c.request)
		v.Close()
	}
}

// TestClientLeavesServer: under a server of net/http, which is asked about the client only when
// the handler wants to know, each way to ask tells that it has left.
func TestClientLeavesServer(t *testing.T) {
	ways := map[string]func(c *Ctx){
		"Err": func(c *Ctx) {
			for c.Err() == nil {
				time.Sleep(time.Millisecond)
			}
		},
		"Done": func(c *Ctx) { <-c.Done() },
		"AfterFunc": func(c *Ctx) {
			ended := make(chan struct{})
			c.AfterFunc(func() { close(ended) })
			<-ended
		},
		"derived": func(c *Ctx) {
			ctx, cancel := context.WithTimeout(c, time.Hour)
			defer cancel()
			<-ctx.Done()
		},
		"Done after values": func(c *Ctx) {
			c.Set("key", "value")
			<-c.Done()
		},
		"Done after CancelAfter": func(c *Ctx) {
			c.CancelAfter(time.Hour)
			<-c.Done()
		},
	}
	app := New(Config{Cores: 1})
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	for name, wait := range ways {
		app.Get("/"+strings.ReplaceAll(name, " ", "-"), func(c *Ctx, _ None) (Text, error) {
			begun <- struct{}{}
			wait(c)
			ended <- c.Err()
			return "", nil
		})
	}
	handler := app.Handler()
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	for _, over2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(handler)
		server.EnableHTTP2 = over2
		server.StartTLS()
		for name := range ways {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-begun; cancel() }()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/"+strings.ReplaceAll(name, " ", "-"), nil)
			require.NoError(t, err)
			_, err = server.Client().Do(r)
			require.ErrorIs(t, err, context.Canceled, name)
			select {
			case err := <-ended:
				require.ErrorIs(t, err, context.Canceled, name)
			case <-time.After(30 * time.Second):
				t.Fatal(name, over2)
			}
		}
		server.Close()
	}
}

// slowlyChecked waits in its Check for the end of its request.
type slowlyChecked struct {
	Over *checkGate `inject:""`
	ID   string     `path:"id"`
}

// checkGate tells that a Check has begun, and when it may end.
type checkGate struct{ begun, over chan struct{} }

func (in *slowlyChecked) Check(*Ctx, *problem.Faults) {
	close(in.Over.begun)
	<-in.Over.over
}

// TestLeftBehindInCheck: middleware may leave a handler behind on a goroutine, also while its input is checked.
func TestLeftBehindInCheck(t *testing.T) {
	gate := &checkGate{make(chan struct{}), make(chan struct{})}
	ended := make(chan any, 1)
	app := New(Config{Cores: 1})
	app.Provide(gate)
	app.Use(func(next Handler) Handler {
		return func(c *Ctx) error {
			go func() {
				defer func() { ended <- recover() }()
				_ = next(c)
			}()
			<-gate.begun
			c.Respond(http.StatusAccepted, "", nil)
			return nil
		}
	})
	app.Get("/{id}", func(*Ctx, slowlyChecked) (Text, error) { return "", nil })
	handler := app.Handler()
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", nil))
	require.Equal(t, http.StatusAccepted, w.Code)
	close(gate.over)
	require.Nil(t, <-ended, "it has not panicked")
}

// TestClockAhead: being held up between the two clocks, as a busy machine does it, changes nothing for good.
func TestClockAhead(t *testing.T) {
	now, tries := int64(0), 0
	one := func() int64 { now += 10; return now + 1000 }
	other := func() time.Duration {
		if tries++; tries == 1 {
			now += int64(20 * time.Millisecond)
		}
		return time.Duration(now)
	}
	require.EqualValues(t, 1000, clockAhead(one, other))
}

// leftBehind is middleware that returns while the handler runs: once begun says that it does.
func leftBehind(begun <-chan struct{}, ended chan<- any) Middleware {
	return func(next Handler) Handler {
		return func(c *Ctx) error {
			go func() {
				defer func() { ended <- recover() }()
				_ = next(c)
			}()
			<-begun
			c.SetHeader("Content-Language", "eo")
			c.Respond(http.StatusAccepted, "text/plain", []byte("left"))
			return nil
		}
	}
}

// served starts app and returns its address.
func served(t *testing.T, app *App) string {
	t.Helper()
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	return "http://" + server.Addr().String()
}

// ticket is what a provider makes for a request, after its end.
type ticket struct{ of string }

type words struct {
	Text string `json:"text"`
}

type askTicket struct {
	ID     string  `path:"id"`
	Body   words   `body:""`
	Ticket *ticket `inject:""`
}

// TestLeftBehindInProvider: a handler that middleware has left behind while one of its providers works does not begin, whatever
// other requests come meanwhile, nor does it end the process or change the answer.
func TestLeftBehindInProvider(t *testing.T) {
	for _, netHTTP := range []bool{false, true} {
		t.Run(fmt.Sprint("net/http ", netHTTP), func(t *testing.T) {
			begun, ended := make(chan struct{}), make(chan any, 1)
			called := make(chan askTicket, 100)
			app := New(Config{Addr: "127.0.0.1:0", Cores: 1, NetHTTP: netHTTP, Logger: slog.New(slog.DiscardHandler)})
			app.ProvideFunc(func(c *Ctx, in struct {
				ID string `path:"id"`
			},
			) (*ticket, error) {
				begun <- struct{}{}
				<-c.Done()
				time.Sleep(time.Millisecond) // the middleware has returned for a while
				return &ticket{in.ID}, nil
			})
			app.Post("/{id}", func(c *Ctx, in askTicket) (Text, error) {
				called <- in
				return "", nil
			}, Use(leftBehind(begun, ended)))
			app.Post("/others/{id}", func(_ *Ctx, in struct {
				Body words `body:""`
			},
			) (Text, error) {
				return Text(in.Body.Text), nil
			})
			url := served(t, app)
			post := func(path, text string) (answer string) {
				resp, err := http.Post(url+path, "application/json", strings.NewReader(`{"text": "`+text+`"}`))
				if err != nil {
					return err.Error()
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				return fmt.Sprint(resp.StatusCode, resp.Header["Content-Language"], string(body), err)
			}
			var others sync.WaitGroup
			var stop atomic.Bool
			defer others.Wait()
			defer stop.Store(true)
			for range 4 {
				others.Go(func() {
					for !stop.Load() {
						assert.Equal(t, "200 []other<nil>", post("/others/other", "other"))
					}
				})
			}
			for i := range 50 {
				name := fmt.Sprint("own", i)
				require.Equal(t, "202 [eo]left<nil>", post("/"+name, name))
				require.Nil(t, <-ended, "it has not panicked")
				require.Empty(t, called, "whoever waited for it has gone")
			}
		})
	}
}

// TestLeftBehindBeforeInput: a handler that middleware calls when the request is over is not called.
func TestLeftBehindBeforeInput(t *testing.T) {
	over, ended := make(chan struct{}), make(chan error, 1)
	app := New(Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.Get("/{id}", func(*Ctx, struct {
		ID string `path:"id"`
	},
	) (Text, error) {
		return "", fmt.Errorf("it was called")
	}, Use(func(next Handler) Handler {
		return func(c *Ctx) error {
			go func() { <-over; ended <- next(c) }()
			c.Respond(http.StatusAccepted, "", nil)
			return nil
		}
	}))
	resp, err := http.Get(served(t, app) + "/x")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	close(over)
	require.ErrorIs(t, <-ended, ErrRequestOver)
}

// TestLeftBehindWithOutcome: a value that hears of the outcome is told once, that its handler has not returned.
func TestLeftBehindWithOutcome(t *testing.T) {
	begun, over, ended := make(chan struct{}), make(chan struct{}), make(chan any, 1)
	told := make(chan error, 2)
	app := New(Config{Addr: "127.0.0.1:0", Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	app.ProvideWithOutcome(func(*Ctx, None) (*ticket, func(error) error, error) {
		return &ticket{}, func(outcome error) error { told <- outcome; return nil }, nil
	})
	app.Get("/", func(_ *Ctx, in struct {
		Ticket *ticket `inject:""`
	},
	) (Text, error) {
		begun <- struct{}{}
		<-over
		return "", nil
	}, Use(leftBehind(begun, ended)))
	resp, err := http.Get(served(t, app) + "/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	require.ErrorIs(t, <-told, errAbandoned)
	close(over)
	require.Nil(t, <-ended, "it has not panicked")
	require.Empty(t, told)
}
