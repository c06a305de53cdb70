package exchange

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/reactor"
)

// Exchange is one request and its response.
//
// Owner: the reactor, or the goroutine that Serve runs on. trailers, Received, Sent: any (atomic).
type Exchange struct {
	// Head is the parsed request head; leased until Release returns.
	Head wire.Head
	// Body is the collected request body; leased until Finish. Nil when there
	// is none or when it streams (see BodyReader).
	Body []byte
	// BodyReader reads a request body that was not collected; nil otherwise. It
	// blocks, so only a goroutine may read it.
	BodyReader io.Reader
	// Filtered: Body or BodyReader is not what came, and fields that were about that are
	// gone from Head.
	Filtered bool
	// Remote is the peer of the connection; the zero value for a unix socket.
	Remote netip.AddrPort
	// Secure tells whether the request came over TLS.
	Secure bool
	// HTTP2 tells that it is a stream of HTTP/2, and Original knows nothing of it.
	HTTP2 bool
	// Tunnel tells that the client asks for a WebSocket by CONNECT (RFC 8441), whatever the
	// method in Head: no response of 200 may be sent but by TakeDescriptor.
	Tunnel bool
	// TLS knows what the handshake has found; nil: there was none, or Original knows.
	TLS Secured
	// Original is the request as a net/http server has read it, nil where none did. Its
	// body is read through Body and BodyReader only, and nothing in it may be changed.
	Original *http.Request
	// Refusal is why the engine does not let the request be served; nil: it does. See
	// Refuse.
	Refusal *wire.Error
	// CloseAfter closes the connection after the response.
	CloseAfter bool

	// Status, ContentType and Payload are the staged response, with Fields.
	// Payload must stay unchanged until the client has taken it, which may be long
	// after Release; see PayloadLeased and KeepsPayload.
	Status      int
	ContentType string
	Payload     []byte
	// PayloadLeased: somebody may use the memory of Payload again once the exchange
	// is released. What the client has not taken by then is copied.
	PayloadLeased bool

	// User is the handler's own state of this exchange. It stays when the
	// exchange is reused, so that the handler need not pool it a second time.
	User any

	// trailers: a streamed body may be read on another goroutine than they are
	// asked for.
	trailers atomic.Pointer[[]wire.Header]
	// trailing are the fields behind the body of the staged response, announced the names of
	// those that are going to be there (trailing.go).
	trailing  []Field
	announced string
	// unmeasured: see LeaveLength.
	unmeasured bool

	// Received and Sent are the bytes of bodies that were streamed, as they were
	// transferred, without framing. Any goroutine.
	Received, Sent atomic.Int64
	// opened is called when the response begins before it is complete; nil: nobody is.
	opened func(x *Exchange)

	fields []Field
	// outer is how many of fields were there when the handler began (Within);
	// typed: ContentType was set as a field since then.
	outer int
	typed bool

	carrier   Carrier
	reactor   *reactor.Reactor
	coroutine *reactor.Coroutine
	onReactor bool
	streamed  bool
	hijacked  bool
	kept      bool
}

// Carrier is the engine's side of an exchange.
type Carrier interface {
	// Finish ends an exchange that Serve left with Later. Reactor only.
	Finish(x *Exchange)
	// Open sends the staged head and returns the writer of a streamed body of
	// length bytes, or of unknown length when length is negative.
	Open(x *Exchange, length int64) (BodyWriter, error)
	// Hijack takes the connection away from the engine, with the bytes that
	// were read but not consumed.
	Hijack(x *Exchange) (net.Conn, []byte, error)
	// EndStream is called when a streamed response is complete.
	EndStream(x *Exchange) error
}

// BodyWriter writes a streamed response body. Write returns when the bytes
// were taken by the kernel or by a bounded buffer: a slow client holds the
// writer back.
type BodyWriter interface {
	io.Writer
	Flush() error
}

// Errors of the streaming half of an exchange.
var (
	// ErrResponseSent is returned when a response was begun already.
	ErrResponseSent = errors.New("exchange: the response was already sent")
	// ErrOnReactor is returned by Open and Hijack on a reactor: they may wait for
	// the client, which only a goroutine can.
	ErrOnReactor = errors.New("exchange: streaming and hijacking need a handler on a goroutine")
	// ErrHijackUnsupported is returned where the connection cannot be taken,
	// as with HTTP/2.
	ErrHijackUnsupported = errors.New("exchange: this connection cannot be taken over")
	// ErrNoStatus is returned by Open when the staged status is not a final one.
	ErrNoStatus = errors.New("exchange: a response needs a status from 200 to 999")
	// ErrClientGone is the cause of cancellation when the peer closed its
	// connection before the response was complete.
	ErrClientGone = errors.New("exchange: the client closed the connection")
	// ErrTimeout is returned by reads and writes of a body that made no
	// progress for the configured time.
	ErrTimeout = errors.New("exchange: the client is too slow")
	// ErrBodyTooLarge is returned when a streamed request body is longer than
	// its limit.
	ErrBodyTooLarge = errors.New("exchange: the request body is too large")
	// ErrOver is returned by readers and writers that were kept beyond the end of
	// their exchange.
	ErrOver = fmt.Errorf("exchange: the request is over: %w", io.ErrClosedPipe)
	// ErrBodyBroken is returned when a streamed request body ends before it is
	// complete. It is an io.ErrUnexpectedEOF.
	ErrBodyBroken = fmt.Errorf("exchange: the request body broke off: %w", io.ErrUnexpectedEOF)
)

// Attach binds x to the engine that carries it. Engines call it once for each
// request, before Admit or Serve.
func (x *Exchange) Attach(c Carrier, r *reactor.Reactor, onReactor bool) {
	x.carrier, x.reactor, x.onReactor = c, r, onReactor
}

// OwnerChanged records that the exchange runs on another kind of owner now.
func (x *Exchange) OwnerChanged(onReactor bool) { x.onReactor = onReactor }

// Reset makes x ready for another request. It keeps allocated memory and User.
func (x *Exchange) Reset() {
	x.Head.Reset()
	clear(x.fields)
	x.Body, x.BodyReader, x.Payload, x.Filtered = nil, nil, nil, false
	if x.trailers.Load() != nil { // a store costs ten loads
		x.trailers.Store(nil)
	}
	x.Remote, x.Secure, x.HTTP2, x.Tunnel, x.TLS, x.Original, x.CloseAfter = netip.AddrPort{}, false, false, false, nil, nil, false
	x.Status, x.ContentType, x.fields = 0, "", x.fields[:0]
	x.Refusal, x.opened = nil, nil
	x.trailing, x.announced, x.unmeasured = nil, "", false
	if x.Received.Load() != 0 {
		x.Received.Store(0)
	}
	if x.Sent.Load() != 0 {
		x.Sent.Store(0)
	}
	x.outer, x.typed = 0, false
	x.carrier, x.reactor, x.coroutine = nil, nil, nil
	x.onReactor, x.streamed, x.hijacked = false, false, false
	x.PayloadLeased, x.kept = false, false
}

// Trailers are the fields behind a chunked body, once it was read to its end;
// leased until Finish. Any goroutine.
func (x *Exchange) Trailers() []wire.Header {
	if list := x.trailers.Load(); list != nil {
		return *list
	}
	return nil
}

// SetTrailers makes list, which must stay unchanged, the trailers. Any goroutine.
func (x *Exchange) SetTrailers(list []wire.Header) {
	if len(list) > 0 {
		x.trailers.Store(&list)
	}
}

// OnOpen lets f be called when the head of a streamed response has been sent, or the
// connection was taken over, once. It lasts until the end of the exchange.
func (x *Exchange) OnOpen(f func(x *Exchange)) { x.opened = f }

// begun tells whoever wants to know that the response has begun.
func (x *Exchange) begun() {
	if x.opened != nil {
		x.opened(x)
	}
}

// KeepPayload tells the handler that the engine has not sent all of Payload when it
// releases x. Engines call it before Release.
func (x *Exchange) KeepPayload() { x.kept = true }

// KeepsPayload tells whether Payload is the engine's beyond Release: its memory must
// not be used for anything else.
func (x *Exchange) KeepsPayload() bool { return x.kept }

// SetCoroutine records the coroutine that Serve runs on; nil: none.
func (x *Exchange) SetCoroutine(co *reactor.Coroutine) { x.coroutine = co }

// Coroutine is the coroutine of the reactor that Serve runs on, nil when it
// runs on none.
func (x *Exchange) Coroutine() *reactor.Coroutine { return x.coroutine }

// OnReactor tells whether the code that runs now runs on the reactor.
func (x *Exchange) OnReactor() bool { return x.onReactor }

// Reactor is the reactor that the exchange belongs to, also while a goroutine
// serves it.
func (x *Exchange) Reactor() *reactor.Reactor { return x.reactor }

// Finish sends the staged response of an exchange that Serve left with
// [Later]. Reactor only, once.
func (x *Exchange) Finish() { x.carrier.Finish(x) }

// Respond stages a complete response. payload must stay unchanged until the client
// has taken it. One of status 205 has none (RFC 9110 15.3.6): unlike those that
// end with their head, it says so with a length of 0. It has no trailer fields yet.
func (x *Exchange) Respond(status int, contentType string, payload []byte) {
	switch status {
	case resetContent:
		contentType, payload = "", nil
	case notModified:
		contentType = "" // of content that is not sent (RFC 9110 15.4.5)
	}
	x.Status, x.ContentType, x.Payload, x.unmeasured = status, contentType, payload, false
	if x.trailing != nil || x.announced != "" {
		x.trailing, x.announced = nil, ""
	}
}

// Stage is Respond with a media type that one of OwnField goes before.
func (x *Exchange) Stage(status int, otherwise string, payload []byte) {
	if x.typed {
		otherwise = x.ContentType
	}
	x.Respond(status, otherwise, payload)
}

const (
	resetContent = 205
	notModified  = 304
)

// WantsContent tells whether the response, as it is staged, has content: none that
// answers HEAD has (RFC 9110 9.3.2), nor has one of a status that is [Bodiless].
func (x *Exchange) WantsContent() bool {
	return string(x.Head.Method) != "HEAD" && !Bodiless(x.Status)
}

// LeaveLength says that nobody knows the length of the content which the staged answer to
// HEAD leaves out: Content-Length would have to be that of the answer to GET (RFC 9110
// 8.6). Respond ends it, and it means nothing for other methods.
func (x *Exchange) LeaveLength() { x.unmeasured = string(x.Head.Method) == "HEAD" }

// Unmeasured tells whether LeaveLength has been said of the staged response.
func (x *Exchange) Unmeasured() bool { return x.unmeasured && x.Status != resetContent }

// Bodiless tells whether responses of this status have no content: 1xx, 204 and 304
// (RFC 9110 6.4.1) and 205 (15.3.6). Status 0 is not decided yet.
func Bodiless(status int) bool {
	return 0 < status && status < 200 || status == 204 || status == resetContent || status == notModified
}

// Open sends the head with the staged status and fields, and returns the
// writer of the body: of exactly length bytes, or, when length is negative,
// of as many as come (chunked, or until the end of the connection for
// HTTP/1.0). Goroutines only. A refused request is not answered with a success.
func (x *Exchange) Open(length int64) (BodyWriter, error) {
	if x.onReactor {
		return nil, ErrOnReactor
	}
	if x.streamed || x.hijacked {
		return nil, ErrResponseSent
	}
	if x.Status < 200 || x.Status > 999 {
		return nil, ErrNoStatus
	}
	if x.Forgives() {
		return nil, x.Refusal
	}
	if x.Status == resetContent {
		length = 0
	}
	w, err := x.carrier.Open(x, length)
	if x.streamed = err == nil; x.streamed {
		x.begun()
	}
	return w, err
}

// EndStream completes a response that Open began.
func (x *Exchange) EndStream() error { return x.carrier.EndStream(x) }

// Streamed tells whether Open has sent the head.
func (x *Exchange) Streamed() bool { return x.streamed }

// Hijack takes the connection from the engine; the engine sends nothing more.
// It returns the bytes that were read after this request. Goroutines only, and not
// for a refused request.
func (x *Exchange) Hijack() (net.Conn, []byte, error) {
	if x.onReactor {
		return nil, nil, ErrOnReactor
	}
	if x.streamed || x.hijacked {
		return nil, nil, ErrResponseSent
	}
	if x.Refusal != nil {
		return nil, nil, x.Refusal
	}
	conn, rest, err := x.carrier.Hijack(x)
	if x.hijacked = err == nil; x.hijacked {
		x.begun()
	}
	return conn, rest, err
}

// Informer is a [Carrier] that sends interim responses (RFC 9110 15.2).
type Informer interface {
	// Inform sends one, with these fields only, before the head of x. It may wait for the
	// client on a goroutine, never on the reactor.
	Inform(x *Exchange, status int, fields []Field) error
}

// Inform sends an interim response. It does nothing for HTTP/1.0, which has none (RFC 9110
// 15.2), for a refused request, and where the engine cannot; it fails once the response has begun.
func (x *Exchange) Inform(status int, fields []Field) error {
	informer, ok := x.carrier.(Informer)
	switch {
	case x.streamed || x.hijacked:
		return ErrResponseSent
	case !ok || x.Head.Minor == 0 || x.Refusal != nil:
		return nil
	}
	return informer.Inform(x, status, fields)
}

// Secured is a connection over TLS.
type Secured interface {
	// State is what the handshake has found. Any goroutine.
	State() tls.ConnectionState
}

// DescriptorTaker is a [Carrier] that can give up its connection and go on counting it.
type DescriptorTaker interface {
	// TakeDescriptor is Hijack for code that tells when the connection has ended, and
	// registers its descriptor with the reactor again, if it has one. For a Tunnel it sends
	// the staged fields first.
	TakeDescriptor(x *Exchange) (Descriptor, error)
}

// Descriptor is a connection that was taken from the engine, which still counts it.
//
// Owner: any (a plain value).
type Descriptor struct {
	FD   int      // non-blocking
	Conn net.Conn // in place of FD, where no reactor can poll it; else nil
	Rest []byte   // what was read after the request
	// TLS is what encrypts on FD: the *stream.Session of its socket; nil: nothing does.
	TLS Secured
	// Closed tells the engine that the connection counts no more. It must be called
	// once; any goroutine may.
	Closed func()
}

// TakeDescriptor takes the connection from the engine, which counts it until Closed is
// called. It fails as Hijack does. Goroutines only.
func (x *Exchange) TakeDescriptor() (Descriptor, error) {
	taker, ok := x.carrier.(DescriptorTaker)
	switch {
	case x.onReactor:
		return Descriptor{}, ErrOnReactor
	case x.streamed || x.hijacked:
		return Descriptor{}, ErrResponseSent
	case x.Refusal != nil:
		return Descriptor{}, x.Refusal
	case !ok:
		return Descriptor{}, ErrHijackUnsupported
	}
	d, err := taker.TakeDescriptor(x)
	if x.hijacked = err == nil; x.hijacked {
		x.begun()
	}
	return d, err
}

// Hijacked tells whether the connection was taken over.
func (x *Exchange) Hijacked() bool { return x.hijacked }
