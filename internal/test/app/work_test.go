package app_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
)

// errSpilled is what fails in these tests.
var errSpilled = errors.New("the tea was spilled")

// workRoutes are one of each thing that a record tells of the work for a request.
func workRoutes(t *testing.T) func(*fasterapi.App) {
	names := cache.New("names", cache.Config[string, string]{TTL: time.Hour})
	retried := resilience.New("retried", resilience.Config{Retry: resilience.Retry{
		Attempts: 3, Idempotent: true, Backoff: async.Backoff{First: time.Millisecond, Jitter: -1},
	}})
	open := resilience.NewBreaker("open", resilience.BreakerConfig{})
	open.Isolate()
	limited := resilience.NewLimiter("limited", resilience.LimiterConfig{Limit: resilience.Limit{Requests: 1, Window: time.Hour}})
	supplier := client.New("supplier", client.Config{BaseURL: supply(t).URL})
	load := func(context.Context) (string, error) { return "Ada", nil }
	twice := func(c *fasterapi.Ctx) error {
		for range 2 {
			if _, err := names.GetOrLoad(c, "a", load); err != nil {
				return err
			}
		}
		_, err := names.Invalidate(c, "a").Await(c)
		return err
	}
	return func(app *fasterapi.App) {
		app.Get("/cache", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, twice(c) })
		app.Get("/retries", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			left := 2
			_, err := retried.Do(c, func(context.Context) (int, error) {
				if left--; left >= 0 {
					return 0, errSpilled
				}
				return 0, nil
			})
			return fasterapi.None{}, err
		})
		app.Get("/refused", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			_, _ = open.Do(c, func(context.Context) (int, error) { return 0, nil })
			for range 2 {
				_, _ = limited.Do(c, func(context.Context) (int, error) { return 0, nil })
			}
			return fasterapi.None{}, nil
		})
		app.Get("/calls", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			ctx, cancel := context.WithTimeout(c, time.Minute) // derived contexts belong to the request
			defer cancel()
			_, err := supplier.Get[supplied](ctx, "/ok").Await(ctx)
			return fasterapi.None{}, err
		})
		app.Get("/later", func(c *fasterapi.Ctx, _ fasterapi.None) (fasterapi.None, error) {
			return fasterapi.None{}, c.After(func(ctx context.Context) error {
				_, err := names.GetOrLoad(ctx, "later", load)
				return err
			})
		})
		app.WebSocket("/spills", func(_ *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			return errors.Join(ws.Accept(), errSpilled)
		})
		app.WebSocket("/breaks", func(c *fasterapi.Ctx, _ fasterapi.None, ws *fasterapi.Socket[string, string]) error {
			_, _ = ws.Receive(c)
			panic("a cup")
		})
	}
}

// TestWork: what is done for a request is in its record, and in Ctx.Work while it lasts.
func TestWork(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, workRoutes(t))
	s := newService(t, "http://"+start(t, app), log, false)
	n := 0
	work := func(path string) observe.Work {
		require.Equal(t, 204, s.do("GET", path, "").status, path)
		n++
		w := lastRecord(t, app, n).Work
		w.CallTime = min(w.CallTime, 1)
		return w
	}
	for range 2 {
		require.Equal(t, observe.Work{CacheHits: 1, CacheMisses: 1}, work("/cache"))
	}
	require.Equal(t, observe.Work{Retries: 2}, work("/retries"))
	require.Equal(t, observe.Work{Broken: 1, Limited: 1}, work("/refused"))
	require.Equal(t, observe.Work{Broken: 1, Limited: 2}, work("/refused"))
	require.Equal(t, observe.Work{Calls: 1, CallTime: 1}, work("/calls"))
	require.Zero(t, work("/later"), "a background task is not the request")
}

// TestWorkOff: nothing is noted where nothing is kept.
func TestWorkOff(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1, Observe: observe.Config{Off: true}}, workRoutes(t))
	s := newService(t, "http://"+start(t, app), log, false)
	for _, path := range []string{"/cache", "/retries", "/calls"} {
		require.Equal(t, 204, s.do("GET", path, "").status, path)
	}
}

// TestObservedSocketFails: a WebSocket whose handler fails has failed, with the error.
func TestObservedSocketFails(t *testing.T) {
	app, log := newApp(fasterapi.Config{Cores: 1}, workRoutes(t))
	s := newService(t, "http://"+start(t, app), log, false)
	conn := dialSocket(t, s, "/spills", nil)
	_, _, err := conn.Read(t.Context())
	require.Equal(t, websocket.StatusInternalError, websocket.CloseStatus(err))
	r := lastRecord(t, app, 1)
	require.True(t, r.Failed)
	require.Equal(t, 101, r.Status)
	require.Equal(t, errSpilled.Error(), r.Detail.Error)

	conn = dialSocket(t, s, "/breaks", nil)
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(`x`)))
	_, _, _ = conn.Read(t.Context())
	r = lastRecord(t, app, 2)
	require.True(t, r.Failed)
	require.Contains(t, r.Detail.Stack, "work_test.go")
}

// tracer traces what its callers do, and remembers.
//
// Owner: mu.
type tracer struct {
	mu   sync.Mutex
	list []observe.Record
}

type tracerKey struct{}

func (*tracer) Sample(p observe.Parent) bool { return p.Sampled }

func (*tracer) Value(t *observe.Trace, key any) any {
	if key == (tracerKey{}) {
		return t.ID.String()
	}
	return nil
}

func (tr *tracer) End(r *observe.Record) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.list = append(tr.list, *r)
}

func (tr *tracer) all() []observe.Record {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.list
}

// TestTracer: a request that is traced has its work in its trace, and other services are told of it.
func TestTracer(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	const parent = "00-" + trace + "-00f067aa0ba902b7-01"
	supplier := client.New("supplier", client.Config{BaseURL: supply(t).URL})
	tr := &tracer{}
	app, log := newApp(fasterapi.Config{Cores: 1, Observe: observe.Config{Tracer: tr}}, func(app *fasterapi.App) {
		app.Get("/traced", func(c *fasterapi.Ctx, _ fasterapi.None) (map[string]any, error) {
			got, err := supplier.Get[supplied](c, "/ok").Await(c)
			for range observe.MaxSpans { // one too many
				notes := note.Of(c)
				notes.End(notes.Begin(note.Query, "SELECT 1", false), note.Outcome{What: "SELECT 1", Err: errSpilled})
			}
			_ = c.After(func(ctx context.Context) error {
				note.That(ctx, note.CacheHit)
				return nil
			})
			return map[string]any{"trace": got.Trace, "state": got.State, "id": c.TraceID(), "value": c.Value(tracerKey{})}, err
		})
	})
	s := newService(t, "http://"+start(t, app), log, false)
	untraced := "00-" + trace + "-00f067aa0ba902b7-00"
	require.JSONEq(t, `{"trace":"`+untraced+`","state":"a=1","id":"`+trace+`","value":null}`,
		s.do("GET", "/traced", "", "traceparent", untraced, "tracestate", "a=1").body)
	require.JSONEq(t, `{"trace":"","state":"","id":"","value":null}`, s.do("GET", "/traced", "").body)
	require.Nil(t, lastRecord(t, app, 2).Trace)

	a := s.do("GET", "/traced", "", "traceparent", parent, "tracestate", "a=1")
	r := lastRecord(t, app, 3)
	require.Equal(t, trace, r.Trace.ID.String())
	require.Equal(t, "00f067aa0ba902b7", r.Trace.Parent.String())
	require.Len(t, r.Trace.Spans, observe.MaxSpans)
	require.Equal(t, 1, r.Trace.Dropped)
	call, query := r.Trace.Spans[0], r.Trace.Spans[1]
	require.True(t, call.Call)
	require.Equal(t, 200, call.Status)
	require.Equal(t, "GET", call.Method)
	require.Equal(t, errSpilled.Error(), query.Error)
	require.JSONEq(t, `{"trace":"00-`+trace+"-"+call.ID.String()+`-01","state":"a=1","id":"`+trace+`","value":"`+trace+`"}`, a.body)
	require.Eventually(t, func() bool { return len(tr.all()) == 1 }, 10*time.Second, time.Millisecond)
	require.Equal(t, r, tr.all()[0])
	require.Equal(t, trace, app.Recorder().Counts().Series[0].Exemplar.Trace.String())
}
