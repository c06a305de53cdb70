// Package otlp sends the requests of an app to OpenTelemetry as traces: by OTLP over HTTP, which
// collectors and most stores of traces take. It is a Go module of its own, so that apps without it carry nothing of
// OpenTelemetry.
//
//	traces, err := otlp.New(otlp.Config{Service: "shop", Ratio: 0.05})
//	...
//	app := fasterapi.New(fasterapi.Config{Observe: observe.Config{Tracer: traces}})
//	app.OnStop(traces.Close)
//
// # What is sent
//
// A span for each request that is traced, named by method and route; in it one for its handler; in those
// one for each statement of package db and for each attempt of package client. Names and attributes are those of
// OpenTelemetry's semantic conventions for HTTP and databases, 1.27 and later. Caches and policies are counted in attributes of
// the request ("fasterapi.cache.hits" and others).
//
// They are made of the record of the request (package observe) when that is over. Until then its context has the span of the
// request as OpenTelemetry's packages look for it, so that spans which handlers and other libraries make with
// [Exporter.TracerProvider] are its children.
//
// # Which requests
//
// Whoever has called decides, by the flag in the field traceparent (W3C Trace Context), and Config.Ratio for
// those who say nothing.
//
// # Who owns what
//
// An [Exporter] may be used by any goroutine. Spans wait in a queue of bounded length for a goroutine that
// sends them; what does not fit is dropped.
//
// # What it costs
//
// A request that is not traced: a look for the field traceparent, and no allocation (BenchmarkSample, TestAllocations). One
// that is: some microseconds for each span.
//
// # What it refuses
//
// Values of statements, queries of URLs, header fields and bodies are not sent.
package otlp
