package otlp

import (
	"context"
	"math/rand/v2"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/fasterapi/fasterapi/observe"
)

// Exporter sends traces. Any goroutine may use it.
//
// Owner: any (immutable after New).
type Exporter struct {
	cfg      Config
	resource *resource.Resource
	queue    sdktrace.SpanProcessor
	provider *sdktrace.TracerProvider
	spanKey  any // under which contexts have their span
}

var _ observe.Tracer = (*Exporter)(nil)

// New returns an exporter. It connects when there is something to send, and logs nothing when that fails but through
// OpenTelemetry's own error handler. [Exporter.Close] must be called at the end.
func New(cfg Config) (*Exporter, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	var opts []otlptracehttp.Option
	if cfg.Endpoint != "" {
		opts = append(opts, otlptracehttp.WithEndpointURL(receiver(cfg.Endpoint)))
	}
	client, err := otlptracehttp.New(context.Background(), opts...)
	if err != nil {
		return nil, err
	}
	about := resource.Default()
	if cfg.Service != "" {
		if about, err = resource.Merge(about, resource.NewSchemaless(attribute.String("service.name", cfg.Service))); err != nil {
			return nil, err
		}
	}
	e := &Exporter{cfg: cfg, resource: about, spanKey: spanKey()}
	e.queue = sdktrace.NewBatchSpanProcessor(client, sdktrace.WithMaxQueueSize(cfg.Queue), sdktrace.WithBatchTimeout(cfg.Every))
	e.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(e.queue), sdktrace.WithResource(about),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.Ratio))))
	return e, nil
}

// receiver is where traces are posted.
func receiver(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Path != "" && u.Path != "/" {
		return endpoint
	}
	return u.JoinPath("v1", "traces").String()
}

// TracerProvider is what makes other spans that go the same way: those of handlers and libraries, which with the context of
// a request become children of its span. A program has one for otel.SetTracerProvider.
func (e *Exporter) TracerProvider() trace.TracerProvider { return e.provider }

// Close sends what waits and ends. It is what App.OnStop takes.
func (e *Exporter) Close(ctx context.Context) error { return e.provider.Shutdown(ctx) }

// Sample implements [observe.Tracer].
func (e *Exporter) Sample(parent observe.Parent) bool {
	if parent.Span != (observe.SpanID{}) && !(parent.Sampled && e.cfg.OwnDecision) {
		return parent.Sampled
	}
	return e.cfg.Ratio >= 1 || rand.Float64() < e.cfg.Ratio
}

// Value implements [observe.Tracer].
func (e *Exporter) Value(t *observe.Trace, key any) any {
	if key != e.spanKey {
		return nil
	}
	return trace.SpanFromContext(trace.ContextWithSpanContext(context.Background(), spanContext(t, t.Span)))
}

// End implements [observe.Tracer].
func (e *Exporter) End(r *observe.Record) {
	for _, stub := range spans(r) {
		stub.Resource = e.resource
		e.queue.OnEnd(stub.Snapshot())
	}
}

// asked is a context that remembers what it was asked for.
//
// Owner: whoever made it.
type asked struct {
	context.Context
	key any
}

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}

// spanKey is the key under which OpenTelemetry keeps spans in contexts. It is not exported, and contexts are told.
func spanKey() any {
	a := &asked{Context: context.Background()}
	trace.SpanFromContext(a)
	return a.key
}
