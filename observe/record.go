package observe

import (
	"strconv"
	"time"
)

// Kind is what sort of response a request got.
type Kind uint8

// The kinds of responses.
const (
	Whole  Kind = iota // made, then sent
	Stream             // sent while it was made: streams, events, files, mounted handlers that flush
	Socket             // a WebSocket, or a connection that was taken over
)

// String returns "whole", "stream" or "socket".
func (k Kind) String() string { return [...]string{"whole", "stream", "socket"}[min(k, Socket)] }

// MarshalText implements [encoding.TextMarshaler].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Protocol is the version of HTTP, ten times: 10, 11 or 20.
type Protocol uint8

// String returns "1.0", "1.1" or "2".
func (p Protocol) String() string {
	if p%10 == 0 && p > 10 {
		return strconv.Itoa(int(p / 10))
	}
	return strconv.Itoa(int(p/10)) + "." + strconv.Itoa(int(p%10))
}

// MarshalText implements [encoding.TextMarshaler].
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Record is what one request did. Its times follow each other: Queue, Input, Handler, Output
// are parts of Took, and those that were not told apart are 0.
//
// Owner: whoever asked for it.
type Record struct {
	// Route is the pattern of the route, "/users/{id}"; "": none matched, or the
	// request could not be read.
	Route string
	// Method is one of a closed list, and "_OTHER" for all others.
	Method string
	// Status is that of the response. 499: nobody was there to take one.
	Status   int
	Kind     Kind
	Protocol Protocol
	Core     int
	// RequestID is what Ctx.SetRequestID has set, or "".
	RequestID string

	// Start is when the head of the request was complete.
	Start time.Time
	// Took is the time from there until the response was made, and for streams and
	// sockets until they ended.
	Took time.Duration
	// Latency is Took, and for streams and sockets the time until the head of the
	// response was sent.
	Latency time.Duration
	// Queue is how long the request waited for its body and for a goroutine or
	// coroutine.
	Queue time.Duration
	// Input is the time of middleware before the handler, providers and binding.
	Input time.Duration
	// Handler is the time of the handler. Pending is the part of it in which a chain waited
	// for its future. A handler in straight-line style waits inside of Handler.
	Handler, Pending time.Duration
	// Output is the time of rendering, of middleware behind the handler and of staging the response.
	Output time.Duration

	// BytesIn and BytesOut are those of the bodies as they were transferred, without
	// heads and framing. Those of a socket are not counted.
	BytesIn, BytesOut int64

	// Work is what databases, caches, policies and other services did for it.
	Work Work `json:",omitzero"`
	// Trace is there for requests that are traced, else nil. It must not be changed.
	Trace *Trace `json:",omitzero"`

	// Slow: Latency is at least Config.SlowAfter. Failed: the service failed. Refused: the
	// server has refused the request by itself, such as one that it could not read, or for which it had
	// too much to do; that is no failure.
	Slow, Failed, Refused bool
	// Detail is there for slow and failed requests, else nil. It must not be changed.
	Detail *Detail
}

// Detail is what is kept of slow and failed requests beyond the rest. It is immutable.
//
// Owner: any (a plain value).
type Detail struct {
	// Path is the path of the request without its query; "***" stands for what is sensitive.
	Path string
	// Client is the address of the client, "" where there is none.
	Client string
	// Error is why the request failed, "" when it did not, at most 1 KiB; ErrorID is its id in
	// the log and in the problem document.
	Error, ErrorID string
	// Stack is that of a panic, at most 8 KiB.
	Stack string
}

// methods are those that are told apart, OpenTelemetry's list; the last stands for all others.
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "CONNECT", "TRACE", "_OTHER"}

// otherMethod is the place of all others in methods.
const otherMethod = uint8(len(methods) - 1)

func methodIndex(m []byte) uint8 {
	for i, name := range methods {
		if string(m) == name && i < int(otherMethod) {
			return uint8(i)
		}
	}
	return otherMethod
}

// Methods returns the names that [Record.Method] may be.
func Methods() []string { return append([]string(nil), methods[:]...) }
