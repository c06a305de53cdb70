package wire

import (
	"iter"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Header is one field line, without its colon, line end and outer white space.
// Both slices alias the bytes given to [Head.Parse] (or, for trailers, the
// [Chunks]): they are leased until that buffer is reused.
//
// Owner: the owner of the buffer.
type Header struct{ Name, Value []byte }

// Limits bound a request head. A zero field means its default.
//
// Owner: any (a plain value).
type Limits struct {
	HeadBytes   int // bytes of the whole head with its empty line; default 16 KiB; more is refused with 431
	Headers     int // field lines; default 100; more is refused with 431
	TargetBytes int // bytes of the request target; default 8 KiB (RFC 9112 3 asks for 8000); more is refused with 414
}

// Defaults of [Limits].
const (
	DefaultHeadBytes   = 16 << 10
	DefaultHeaders     = 100
	DefaultTargetBytes = 8 << 10
)

func (lim Limits) resolve() Limits {
	if lim.HeadBytes <= 0 {
		lim.HeadBytes = DefaultHeadBytes
	}
	if lim.Headers <= 0 {
		lim.Headers = DefaultHeaders
	}
	if lim.TargetBytes <= 0 {
		lim.TargetBytes = DefaultTargetBytes
	}
	return lim
}

// Form is which of the four forms of RFC 9112 3.2 a request target has.
type Form uint8

const (
	Origin    Form = iota // "/path?query"
	Absolute              // "http://host/path?query"
	Asterisk              // "*", only with OPTIONS
	Authority             // "host:port", only with CONNECT
)

// Framing says how the length of a request's body is known (RFC 9112 6.3).
type Framing uint8

const (
	NoBody      Framing = iota // no body: no Content-Length and no Transfer-Encoding, or Content-Length 0
	LengthBody                 // ContentLength bytes, at least one
	ChunkedBody                // chunks, for [Chunks]
)

// Head is a parsed request head. The zero value is ready for [Head.Parse], and
// one Head serves any number of requests, one after the other.
//
// All exported fields mean something only after Parse returned n > 0, or after
// [Head.ParsePart]. All slices alias the bytes given to that call of Parse: they are leased until
// the caller reuses its buffer. Nothing is percent-decoded.
//
// Owner: the owner of the conn.
type Head struct {
	Method   []byte // a token, as sent (methods are case-sensitive)
	Target   []byte // the request target as sent
	Path     []byte // path of the target, not decoded; "*" in asterisk form, nil in authority form, never empty otherwise
	RawQuery []byte // after the first '?', without it; nil when there is none
	Host     []byte // authority of the target if it has one, else the Host field; empty when neither is given
	Headers  []Header

	ContentLength int64 // -1: no Content-Length field
	Minor         uint8 // 0 for HTTP/1.0, 1 for HTTP/1.1 and (RFC 9110 2.5) any later HTTP/1.x
	Form          Form
	Chunked       bool // Transfer-Encoding: chunked
	Close         bool // Connection lists close
	KeepAlive     bool // Connection lists keep-alive
	Expect100     bool // Expect: 100-continue, in HTTP/1.1
	Upgrade       bool // Connection lists upgrade and there is an Upgrade field, in HTTP/1.1

	state progress
}

// progress is where Parse stopped. It holds offsets only, so the caller's
// buffer may move between two calls.
//
// Owner: the owner of the conn.
type progress struct {
	stage   stage
	partly  bool  // ParsePart: fields that are well-formed are taken, whatever they say
	resumed bool  // some earlier call stopped short: the slices made so far are stale
	empty   uint8 // empty lines skipped before the request line
	seen    uint8 // classes of the bytes of the target, together
	facts   facts // what the field lines said
	pos     int   // next byte to look at
	mark    int   // start of the method, the target, the version or the field line at pos
	colon   int   // the colon of the field line at mark; 0: not reached
	method  span
	target  span
}

// span is a piece of the caller's bytes, by offsets.
//
// Owner: the owner of the conn.
type span struct{ from, to int }

func (s span) of(b []byte) []byte { return b[s.from:s.to:s.to] }

type stage uint8

const (
	atStart stage = iota // before the first byte, or in empty lines before the request line
	atMethod
	atTarget
	atVersion
	atFields
	atEnd // parsed or refused; the next Parse starts anew
)

// Reset forgets the request and any half-parsed head, and keeps the memory of
// Headers. Needed only to drop a head of which Parse wanted more: after a
// complete or a refused head Parse starts anew by itself.
func (h *Head) Reset() {
	h.Method, h.Target, h.Path = nil, nil, nil
	h.begin()
}

// begin makes ready to parse: it resets what not every parse sets.
func (h *Head) begin() {
	if h.Headers == nil {
		h.Headers = make([]Header, 0, 16) // browsers send 12 to 16 fields
	}
	h.Headers = h.Headers[:0]
	h.RawQuery, h.Host = nil, nil
	h.ContentLength, h.Form = -1, Origin
	h.Chunked, h.Close, h.KeepAlive, h.Expect100, h.Upgrade = false, false, false, false, false
	h.state = progress{}
}

// Parse reads a request head from the start of b.
//
// It returns the number of bytes of the head, its empty line included, or
// (0, nil) when b ends before the head does: call again with a longer b that
// starts with the same bytes, wherever they lie in memory by then. No byte is
// looked at more than twice over all calls (a head that came in pieces is read
// once more when it is complete). An error is always an [*Error], and is
// reported as soon as the first wrong byte is seen.
//
// What is refused is listed in the documentation of the package.
func (h *Head) Parse(b []byte, lim Limits) (n int, err error) {
	lim = lim.resolve()
	if len(b) > lim.HeadBytes {
		b = b[:lim.HeadBytes]
	}
	if !h.state.resumed {
		h.begin()
	}
	if n, err = h.advance(b, &lim); n > 0 && h.state.resumed {
		h.begin() // the slices made before point into an earlier buffer
		n, err = h.advance(b, &lim)
	}
	if n > 0 {
		return n, nil
	}
	if err == nil && len(b) == lim.HeadBytes {
		err = errHeadLong
		if h.state.stage == atTarget {
			err = errTargetLong
		}
	}
	h.state.resumed = err == nil
	return 0, err
}

// advance parses on from the state and returns the length of the head when it
// is complete.
func (h *Head) advance(b []byte, lim *Limits) (int, error) {
	if h.state.stage < atFields && !(h.state.stage == atStart && h.plainRequestLine(b, lim)) {
		if ok, err := h.requestLine(b, lim); !ok || err != nil {
			return 0, err
		}
	}
	n, err := h.fieldLines(b, lim)
	if n == 0 {
		return 0, err
	}
	if err := h.finish(); err != nil {
		return 0, err
	}
	h.state.stage = atEnd
	return n, nil
}

// Begun reports whether Parse has stopped within a head: more than an empty line
// has come of it.
func (h *Head) Begun() bool { return h.state.resumed && h.state.stage != atStart }

// Body tells how the body of the request is framed. With [LengthBody] its
// length is h.ContentLength.
func (h *Head) Body() Framing {
	switch {
	case h.Chunked:
		return ChunkedBody
	case h.ContentLength > 0:
		return LengthBody
	}
	return NoBody
}

// Persistent reports whether the client wants the connection to stay open after
// the response (RFC 9112 9.3).
func (h *Head) Persistent() bool {
	return !h.Close && (h.Minor > 0 || h.KeepAlive)
}

// Get returns the value of the first field called name, without regard to case,
// nil if there is none (an empty value is not nil). The lease is that of Headers.
func (h *Head) Get(name string) []byte {
	for i := range h.Headers {
		if f := &h.Headers[i]; field.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

// Values yields the values of all fields called name, without regard to case,
// in the order in which they came. The lease is that of Headers.
func (h *Head) Values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range h.Headers {
			if f := &h.Headers[i]; field.EqualFold(f.Name, name) && !yield(f.Value) {
				return
			}
		}
	}
}
