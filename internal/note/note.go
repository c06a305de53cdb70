package note

import "context"

// Event is something that happened while a request was served, and is counted.
type Event uint8

// The events.
const (
	CacheHit   Event = iota // a cache had a fresh value
	CacheMiss               // it had none
	CacheStale              // it had an old one, which was returned
	Queued                  // a limiter or a bulkhead let the request wait
	Limited                 // one refused it
	Broken                  // an open breaker refused it
	Retried                 // a policy made another attempt
	Events                  // how many events there are
)

// Kind is what sort of work is done for a request.
type Kind uint8

// The kinds of work.
const (
	Query Kind = iota // a statement of a database
	Call              // a request to another service
)

// Mark is the beginning of a piece of work.
//
// Owner: any (a plain value).
type Mark struct {
	Began int64  // by the clock of the record
	Span  uint64 // of the trace; 0: the request is not traced
}

// Outcome is how a piece of work has ended.
//
// Owner: any (a plain value).
type Outcome struct {
	Kind   Kind
	What   string // the statement without values, or the host of a call
	Method string // of a call
	System string // of a query: "postgresql"; "": not known
	Status int    // of the answer to a call; 0: none came
	Err    error
}

// Taker takes the notes of one request, until it is over: later ones are dropped. Any
// goroutine may call it.
type Taker interface {
	// Note counts an event.
	Note(e Event)
	// Begin says that work begins. It must be called where the user's code asks for the work:
	// that place is kept when the same statement is repeated too often. repeats tells that
	// repeating it says something.
	Begin(k Kind, what string, repeats bool) Mark
	// End says that it has ended.
	End(m Mark, o Outcome)
	// TraceContext returns the header fields traceparent and tracestate for the work of m; "" when the
	// request is not traced.
	TraceContext(m Mark) (parent, state string)
}

// Key is the key under which contexts have their [Taker].
//
// Owner: any (a plain value).
type Key struct{}

// Of returns what takes the notes of ctx, nil for nothing.
func Of(ctx context.Context) Taker {
	t, _ := ctx.Value(Key{}).(Taker)
	return t
}

// That counts an event of the request that ctx belongs to, if any.
func That(ctx context.Context, e Event) {
	if t := Of(ctx); t != nil {
		t.Note(e)
	}
}
