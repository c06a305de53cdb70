package observe

import (
	"encoding/hex"
	"time"
)

// MaxSpans is how many pieces of work of one request are kept for its trace.
const MaxSpans = 128

// TraceID names a trace (W3C Trace Context). The zero TraceID is none.
type TraceID [16]byte

// String returns 32 hexadecimal digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (t TraceID) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// SpanID names a span of a trace. The zero SpanID is none.
type SpanID [8]byte

// String returns 16 hexadecimal digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (s SpanID) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Parent is what the client of a request says of its trace, in the field traceparent (W3C
// Trace Context). The zero Parent is that of a request without one that is valid.
//
// Owner: any (a plain value).
type Parent struct {
	Trace   TraceID
	Span    SpanID
	Sampled bool // whoever called keeps the trace
}

// Trace is the part of a trace that is about one request.
//
// Owner: any (immutable after its request).
type Trace struct {
	ID     TraceID
	Span   SpanID // of the request
	Within SpanID // of its handler
	Parent SpanID // zero: the trace has begun here
	State  string // tracestate of the client
	// Spans are the pieces of work, in the order in which they ended, at most [MaxSpans]; Dropped is
	// how many more there were.
	Spans   []Span
	Dropped int
}

// Span is a piece of work of a request: a statement of a database, or a call of another service.
//
// Owner: any (immutable after its request).
type Span struct {
	ID    SpanID
	Call  bool // a request to another service, else a statement
	Start time.Time
	Took  time.Duration
	// What is the statement without its values, at most 1 KiB, or the host that was called.
	What string
	// System is the database as OpenTelemetry calls it ("postgresql"), "" when that is not known.
	System string
	// Method is that of a call, and Status that of its answer, 0 for none.
	Method string
	Status int
	Error  string // "" for none, at most 1 KiB
}

// Tracer is told of requests that are traced: Config.Tracer. Package observe/otlp has one that
// sends them to OpenTelemetry's collector. Its methods are called on cores and on
// goroutines at the same time, and must not block.
type Tracer interface {
	// Sample decides whether a request is traced. It is asked at its beginning.
	Sample(parent Parent) bool
	// Value is what the context of a traced request answers for a key, nil for nothing, so that spans which a
	// handler makes by itself have the request for a parent.
	Value(t *Trace, key any) any
	// End is called with the record of a traced request. Record.Trace is not nil.
	End(r *Record)
}

// Exemplar is a traced request that stands for others.
//
// Owner: any (a plain value).
type Exemplar struct {
	Trace   TraceID
	Latency time.Duration
	At      time.Time // its end
}
