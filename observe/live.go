package observe

import (
	"cmp"
	"slices"
	"time"
)

// Stage is how far a request has come that has not ended.
type Stage uint8

// The stages, in their order.
const (
	Queue   Stage = iota // it waits for its body or for a goroutine
	Input                // middleware before the handler, providers and binding
	Handler              // its handler runs, or a future of it is waited for
	Output               // rendering, and middleware behind the handler
	Sending              // the head of a streamed response was sent, or it is a WebSocket
)

// String returns "queue", "input", "handler", "output" or "sending".
func (s Stage) String() string {
	return [...]string{"queue", "input", "handler", "output", "sending"}[min(s, Sending)]
}

// MarshalText implements [encoding.TextMarshaler].
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Live is a request that has not ended.
//
// Owner: whoever asked for it.
type Live struct {
	Route     string // as in Record
	Method    string // as in Record
	Path      string // as it came, without the values of sensitive fields; "" while its body is awaited
	Client    string // its address, "" when there is none
	RequestID string
	Core      int
	Age       time.Duration // since its head was complete
	Stage     Stage
}

// SortLive puts the oldest first.
func SortLive(list []Live) {
	slices.SortStableFunc(list, func(a, b Live) int { return cmp.Compare(b.Age, a.Age) })
}

// MethodOf is what [Record.Method] says of a method.
func MethodOf(method []byte) string { return methods[methodIndex(method)] }
