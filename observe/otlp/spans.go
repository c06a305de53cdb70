package otlp

import (
	"net"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/fasterapi/fasterapi/observe"
)

// scope says who has made the spans.
var scope = instrumentation.Scope{Name: "github.com/fasterapi/fasterapi/observe/otlp"}

// spanContext is a span of t as OpenTelemetry passes it on.
func spanContext(t *observe.Trace, span observe.SpanID) trace.SpanContext {
	state, _ := trace.ParseTraceState(t.State) // one that is none is dropped (W3C Trace Context 3.3.1)
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(t.ID), SpanID: trace.SpanID(span), TraceFlags: trace.FlagsSampled, TraceState: state,
	})
}

// spans are those of a request: its own, that of its handler, and those of its work.
func spans(r *observe.Record) []tracetest.SpanStub {
	t := r.Trace
	whole := stub(t, t.Span, t.Parent, trace.SpanKindServer, r.Start, r.Took)
	if t.Parent != (observe.SpanID{}) {
		whole.Parent = whole.Parent.WithRemote(true)
	}
	whole.Name = requestName(r)
	whole.Attributes = requestAttributes(r)
	if r.Failed {
		whole.Status.Code = codes.Error
		if r.Detail != nil {
			whole.Status.Description = r.Detail.Error
		}
	}
	list := []tracetest.SpanStub{whole}
	handled := r.Start.Add(r.Queue + r.Input)
	if r.Handler > 0 {
		handler := stub(t, t.Within, t.Span, trace.SpanKindInternal, handled, r.Handler)
		handler.Name = "handler"
		list = append(list, handler)
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		parent := t.Span
		if r.Handler > 0 && !s.Start.Before(handled) && s.Start.Before(handled.Add(r.Handler)) {
			parent = t.Within
		}
		list = append(list, workSpan(t, s, parent))
	}
	list[0].ChildSpanCount = len(list) - 1 + t.Dropped
	return list
}

// stub is a span without a name.
func stub(t *observe.Trace, id, parent observe.SpanID, kind trace.SpanKind, start time.Time, took time.Duration) tracetest.SpanStub {
	s := tracetest.SpanStub{SpanContext: spanContext(t, id), SpanKind: kind, StartTime: start, EndTime: start.Add(took), InstrumentationScope: scope}
	if parent != (observe.SpanID{}) {
		s.Parent = spanContext(t, parent)
	}
	return s
}

// requestName is "GET /users/{id}" (semantic conventions for HTTP spans).
func requestName(r *observe.Record) string {
	method := r.Method
	if method == "_OTHER" {
		method = "HTTP"
	}
	return strings.TrimSpace(method + " " + r.Route)
}

// requestAttributes are those of https://opentelemetry.io/docs/specs/semconv/http/http-spans/, and our own.
func requestAttributes(r *observe.Record) []attribute.KeyValue {
	list := []attribute.KeyValue{
		attribute.String("http.request.method", r.Method),
		attribute.Int("http.response.status_code", r.Status),
		attribute.String("network.protocol.version", r.Protocol.String()),
		attribute.Int64("http.request.body.size", r.BytesIn),
		attribute.Int64("http.response.body.size", r.BytesOut),
		attribute.Int("fasterapi.core", r.Core),
	}
	texts := func(name, value string) {
		if value != "" {
			list = append(list, attribute.String(name, value))
		}
	}
	texts("http.route", r.Route)
	texts("fasterapi.request_id", r.RequestID)
	if d := r.Detail; d != nil {
		texts("url.path", d.Path)
		texts("client.address", d.Client)
	}
	if r.Status >= 500 {
		texts("error.type", strconv.Itoa(r.Status))
	} else if r.Failed {
		texts("error.type", "_OTHER")
	}
	w := &r.Work
	for _, n := range []struct {
		name  string
		count int
	}{
		{"queries", w.Queries},
		{"queries.repeated", w.Repeated.Count},
		{"cache.hits", w.CacheHits},
		{"cache.misses", w.CacheMisses},
		{"cache.stale", w.CacheStale},
		{"policy.queued", w.Queued},
		{"policy.limited", w.Limited},
		{"policy.broken", w.Broken},
		{"policy.retries", w.Retries},
	} {
		if n.count > 0 {
			list = append(list, attribute.Int("fasterapi."+n.name, n.count))
		}
	}
	texts("fasterapi.queries.repeated.site", w.Repeated.Site)
	if r.Queue > 0 {
		list = append(list, attribute.Float64("fasterapi.queue_seconds", r.Queue.Seconds()))
	}
	return list
}

// workSpan is the span of a statement or a call.
func workSpan(t *observe.Trace, s *observe.Span, parent observe.SpanID) tracetest.SpanStub {
	out := stub(t, s.ID, parent, trace.SpanKindClient, s.Start, s.Took)
	if s.Call {
		out.Name, out.Attributes = s.Method, callAttributes(s)
	} else {
		out.Name, out.Attributes = queryAttributes(s)
	}
	switch {
	case s.Error != "":
		out.Status = sdktrace.Status{Code: codes.Error, Description: s.Error}
	case s.Status >= 400: // of a client's span, other than of a server's
		out.Status.Code = codes.Error
	}
	return out
}

// queryAttributes are those of https://opentelemetry.io/docs/specs/semconv/database/database-spans/, and the name of the span.
func queryAttributes(s *observe.Span) (name string, list []attribute.KeyValue) {
	name, _, _ = strings.Cut(strings.TrimSpace(s.What), " ")
	name = strings.ToUpper(name)
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		name = "SQL" // it begins with a comment, or a parenthesis
	} else {
		list = append(list, attribute.String("db.operation.name", name))
	}
	list = append(list, attribute.String("db.query.text", s.What))
	if s.System != "" {
		list = append(list, attribute.String("db.system.name", s.System))
	}
	if s.Error != "" {
		list = append(list, attribute.String("error.type", "_OTHER"))
	}
	return name, list
}

func callAttributes(s *observe.Span) []attribute.KeyValue {
	list := []attribute.KeyValue{attribute.String("http.request.method", s.Method)}
	host, port, err := net.SplitHostPort(s.What)
	if err != nil {
		host = s.What
	}
	list = append(list, attribute.String("server.address", host))
	if n, err := strconv.Atoi(port); err == nil {
		list = append(list, attribute.Int("server.port", n))
	}
	switch {
	case s.Status >= 400:
		list = append(list, attribute.Int("http.response.status_code", s.Status), attribute.String("error.type", strconv.Itoa(s.Status)))
	case s.Status != 0:
		list = append(list, attribute.Int("http.response.status_code", s.Status))
	case s.Error != "":
		list = append(list, attribute.String("error.type", "_OTHER"))
	}
	return list
}
