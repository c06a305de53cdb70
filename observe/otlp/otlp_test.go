package otlp_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/observe/otlp"
)

const (
	callers  = "4bf92f3577b34da6a3ce929d0e0e4736"
	calling  = "00f067aa0ba902b7"
	sampled  = "00-" + callers + "-" + calling + "-01"
	left     = "00-" + callers + "-" + calling + "-00"
	secret   = "xyzzy-s3cret"
	patience = 10 * time.Second
)

var errSpilled = errors.New("the tea was spilled")

// receiver takes traces as a collector does: OTLP over HTTP, in protocol buffers.
//
// Owner: mu.
type receiver struct {
	url      string
	mu       sync.Mutex
	spans    []*tracepb.Span
	services []string
	raw      []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var got collector.ExportTraceServiceRequest
		if err = errors.Join(err, proto.Unmarshal(body, &got)); err != nil || request.URL.Path != "/v1/traces" {
			http.Error(w, "no traces", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.raw = append(r.raw, body...)
		for _, one := range got.ResourceSpans {
			r.services = append(r.services, attributes(one.Resource.Attributes)["service.name"].GetStringValue())
			for _, scope := range one.ScopeSpans {
				r.spans = append(r.spans, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{})
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// named returns the spans of a name.
func (r *receiver) named(name string) (list []*tracepb.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if s.Name == name {
			list = append(list, s)
		}
	}
	return list
}

func attributes(list []*common.KeyValue) map[string]*common.AnyValue {
	out := map[string]*common.AnyValue{}
	for _, kv := range list {
		out[kv.Key] = kv.Value
	}
	return out
}

type in struct {
	Name     string           `path:"name"`
	DB       *db.Pool         `inject:""`
	Supplier *client.Upstream `inject:""`
}

// shop is an app whose routes ask a database and another service.
func shop(t *testing.T, cfg fasterapi.Config, tracing *otlp.Exporter, supplier string) *fasterapi.App {
	pool, err := sqlite.Open(sqlite.Memory, sqlite.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(context.Background()) })
	cfg.Observe.Tracer = tracing
	app := fasterapi.New(cfg)
	app.Provide(pool)
	app.Provide(client.New("supplier", client.Config{BaseURL: supplier}))
	const query = "SELECT length($1)"
	app.Get("/straight/{name}", func(c *fasterapi.Ctx, in in) (fasterapi.None, error) {
		_, span := tracing.TracerProvider().Tracer("shop").Start(c, "weighing")
		span.End()
		if _, err := in.DB.One[int](c, query, in.Name).Await(c); err != nil {
			return fasterapi.None{}, err
		}
		_, err := in.Supplier.Send(c, client.Request{Path: "/stock"}).Await(c)
		return fasterapi.None{}, err
	})
	app.GetFuture("/chain/{name}", func(c *fasterapi.Ctx, in in) async.Future[fasterapi.None] {
		return in.DB.One[int](c, query, in.Name).ThenFuture(func(int) async.Future[*client.Answer] {
			return in.Supplier.Send(c, client.Request{Path: "/stock"})
		}).Then(func(*client.Answer) (none fasterapi.None) { return none })
	})
	app.Get("/fails", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.None, error) { return fasterapi.None{}, errSpilled })
	app.OnStop(tracing.Close)
	return app
}

// supply is another service. It remembers the marks of traces.
func supply(t *testing.T) (url string, parents func() []string) {
	var mu sync.Mutex
	var list []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, r.Header.Get("Traceparent")+" "+r.Header.Get("Tracestate"))
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), list...)
	}
}

// TestTraces: what a receiver gets of requests that are traced, in two styles.
func TestTraces(t *testing.T) {
	for _, style := range []string{"straight", "chain"} {
		t.Run(style, func(t *testing.T) {
			got := newReceiver(t)
			traces, err := otlp.New(otlp.Config{Endpoint: got.url, Service: "shop", Ratio: -1, Every: 10 * time.Millisecond})
			require.NoError(t, err)
			url, parents := supply(t)
			app := shop(t, fasterapi.Config{Cores: 1}, traces, url)
			c := fasterapitest.New(t, app)
			path := "/" + style + "/" + secret
			c.With("Traceparent", sampled).With("Tracestate", "a=1").Get(path).Expect(204)
			require.Eventually(t, func() bool { return len(got.named("GET /"+style+"/{name}")) == 1 && len(got.named("GET")) == 1 }, patience, time.Millisecond)

			request := got.named("GET /" + style + "/{name}")[0]
			require.Equal(t, callers, hex.EncodeToString(request.TraceId))
			require.Equal(t, calling, hex.EncodeToString(request.ParentSpanId))
			require.Equal(t, tracepb.Span_SPAN_KIND_SERVER, request.Kind)
			require.Equal(t, "a=1", request.TraceState)
			a := attributes(request.Attributes)
			require.Equal(t, "/"+style+"/{name}", a["http.route"].GetStringValue())
			require.Equal(t, "GET", a["http.request.method"].GetStringValue())
			require.Equal(t, int64(204), a["http.response.status_code"].GetIntValue())

			handler := got.named("handler")[0]
			require.Equal(t, request.SpanId, handler.ParentSpanId)
			query := got.named("SELECT")[0]
			require.Equal(t, handler.SpanId, query.ParentSpanId)
			require.Equal(t, tracepb.Span_SPAN_KIND_CLIENT, query.Kind)
			a = attributes(query.Attributes)
			require.Equal(t, "SELECT length($1)", a["db.query.text"].GetStringValue())
			require.Equal(t, "sqlite", a["db.system.name"].GetStringValue())

			call := got.named("GET")[0]
			require.Equal(t, handler.SpanId, call.ParentSpanId)
			require.Equal(t, int64(404), attributes(call.Attributes)["http.response.status_code"].GetIntValue())
			require.Equal(t, []string{"00-" + callers + "-" + hex.EncodeToString(call.SpanId) + "-01 a=1"}, parents(), "the other service's spans are children of the call")
			if style == "straight" {
				require.Eventually(t, func() bool { return len(got.named("weighing")) == 1 }, patience, time.Millisecond)
				require.Equal(t, request.SpanId, got.named("weighing")[0].ParentSpanId)
			}
			for _, s := range []*tracepb.Span{handler, query, call} {
				require.Equal(t, request.TraceId, s.TraceId)
				require.GreaterOrEqual(t, s.StartTimeUnixNano, request.StartTimeUnixNano)
				require.LessOrEqual(t, s.EndTimeUnixNano, request.EndTimeUnixNano)
			}

			// Not traced: nothing is sent, and the marks are passed on as they came.
			c.With("Traceparent", left).Get(path).Expect(204)
			c.Get(path).Expect(204)
			require.Equal(t, []string{left + " ", " "}, parents()[1:])
			require.NoError(t, traces.Close(context.Background()))
			require.Len(t, got.named("handler"), 1)
			require.NotContains(t, string(got.raw), secret)
			require.Contains(t, got.services, "shop")
		})
	}
}

// TestFailures: a failed request is a failed span, of a trace that has begun here.
func TestFailures(t *testing.T) {
	got := newReceiver(t)
	traces, err := otlp.New(otlp.Config{Endpoint: got.url, Ratio: 1, OwnDecision: true})
	require.NoError(t, err)
	c := fasterapitest.New(t, shop(t, fasterapi.Config{Cores: 1, Logger: fasterapitest.Logger(t)}, traces, "http://127.0.0.1:1"))
	c.Get("/fails").Expect(500)
	c.Get("/nowhere").Expect(404)
	require.NoError(t, traces.Close(context.Background()), "what waits is sent at the end")
	failed := got.named("GET /fails")[0]
	require.Equal(t, tracepb.Status_STATUS_CODE_ERROR, failed.Status.Code)
	require.Equal(t, errSpilled.Error(), failed.Status.Message)
	require.Empty(t, failed.ParentSpanId)
	require.Equal(t, "500", attributes(failed.Attributes)["error.type"].GetStringValue())
	missed := got.named("GET")[0]
	require.NotEqual(t, tracepb.Status_STATUS_CODE_ERROR, missed.Status.Code)
	require.NotEqual(t, failed.TraceId, missed.TraceId)
}

func TestConfig(t *testing.T) {
	_, err := otlp.New(otlp.Config{Endpoint: "collector:4318", Ratio: 2, Queue: -1, Every: -1})
	for _, name := range []string{"Endpoint", "Ratio is 2", "Queue is -1", "Every is -1ns"} {
		require.ErrorContains(t, err, name)
	}
}

func TestSample(t *testing.T) {
	of := func(ratio float64, own bool) *otlp.Exporter {
		e, err := otlp.New(otlp.Config{Endpoint: "http://127.0.0.1:1", Ratio: ratio, OwnDecision: own})
		require.NoError(t, err)
		t.Cleanup(func() { _ = e.Close(context.Background()) })
		return e
	}
	yes := observe.Parent{Trace: observe.TraceID{1}, Span: observe.SpanID{1}, Sampled: true}
	no := observe.Parent{Trace: observe.TraceID{1}, Span: observe.SpanID{1}}
	all, none := of(1, false), of(-1, false)
	require.True(t, all.Sample(observe.Parent{}))
	require.False(t, all.Sample(no), "who called has decided")
	require.False(t, none.Sample(observe.Parent{}))
	require.True(t, none.Sample(yes))
	require.False(t, of(-1, true).Sample(yes))
	require.True(t, of(1, true).Sample(yes))
	require.Zero(t, testing.AllocsPerRun(1000, func() { none.Sample(no); none.Sample(observe.Parent{}) }))
}

func BenchmarkSample(b *testing.B) {
	e, err := otlp.New(otlp.Config{Endpoint: "http://127.0.0.1:1"})
	require.NoError(b, err)
	no := observe.Parent{Trace: observe.TraceID{1}, Span: observe.SpanID{1}}
	b.ReportAllocs()
	for b.Loop() {
		e.Sample(no)
	}
}
