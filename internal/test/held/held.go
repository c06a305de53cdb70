package held

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// Request is a request that is being answered.
//
// Owner: mu; X and Reply: the goroutine of the test, and whoever has locked it.
type Request struct {
	context.Context
	// Stop ends the context: the client has gone.
	Stop context.CancelFunc
	// X is the exchange.
	X *exchange.Exchange
	// Reply is what answers it.
	Reply *reply.Reply
	// Closing is what Gone says while the client is there.
	Closing error

	mu     sync.Mutex
	over   bool
	values map[any]any
	log    syncedBuffer
	sent   *Answer
}

// Answer is what the client has got of a stream.
//
// Owner: mu.
type Answer struct {
	mu      sync.Mutex
	Status  int
	Header  http.Header
	Length  int64 // -1: not declared
	body    bytes.Buffer
	flushed int
	ended   bool
}

// New returns a request that is being answered on a goroutine.
func New(t *testing.T, method, target string, header ...string) *Request {
	q := &Request{X: &exchange.Exchange{}, Reply: &reply.Reply{}, values: map[any]any{}}
	q.Context, q.Stop = context.WithCancel(t.Context())
	t.Cleanup(q.Stop)
	path, query, _ := bytes.Cut([]byte(target), []byte("?"))
	q.X.Head.Method, q.X.Head.Target, q.X.Head.Path, q.X.Head.RawQuery = []byte(method), []byte(target), path, query
	q.X.Head.Host, q.X.Head.Minor = []byte("test"), 1
	q.X.Head.Headers = append(q.X.Head.Headers, wire.Header{Name: []byte("host"), Value: []byte("test")})
	for i := 0; i < len(header); i += 2 {
		q.X.Head.Headers = append(q.X.Head.Headers, wire.Header{Name: []byte(header[i]), Value: []byte(header[i+1])})
	}
	q.X.Attach((*carrier)(q), nil, false)
	q.Reply.Begin(q.X)
	return q
}

// OnReactor moves the request to a reactor, where nobody may wait for the client.
func (q *Request) OnReactor() *Request {
	q.X.OwnerChanged(true)
	return q
}

// End ends the request: its holder reaches nothing of it any more.
func (q *Request) End() {
	q.mu.Lock()
	q.over = true
	q.mu.Unlock()
	q.Reply.Leave()
}

// Sent is the stream that was opened, nil when none was.
func (q *Request) Sent() *Answer {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent
}

// Log is what was logged.
func (q *Request) Log() string { return q.log.String() }

// Header is the staged header.
func (q *Request) Header() http.Header {
	header := http.Header{}
	q.X.Store(header)
	return header
}

// Lock implements [reply.Holder].
func (q *Request) Lock() *reply.Reply {
	q.mu.Lock()
	if q.over {
		return nil
	}
	return q.Reply
}

// Unlock implements [reply.Holder].
func (q *Request) Unlock() { q.mu.Unlock() }

// Gone implements [reply.Holder].
func (q *Request) Gone() error {
	if q.Err() != nil {
		return exchange.ErrClientGone
	}
	return q.Closing
}

// Logger implements [reply.Holder].
func (q *Request) Logger() *slog.Logger {
	q.mu.Lock() // as that of a Ctx
	defer q.mu.Unlock()
	return slog.New(slog.NewTextHandler(&q.log, nil))
}

// Value implements [context.Context].
func (q *Request) Value(key any) any { return q.Own(key) }

// Own is Value.
func (q *Request) Own(key any) any {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.values[key]
}

// Set stores a value for Value.
func (q *Request) Set(key, value any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.values[key] = value
}

// Cancel ends the context.
func (q *Request) Cancel() { q.Stop() }

// AsyncSite implements [async.SiteCarrier].
func (q *Request) AsyncSite() async.Site { return async.Site{} }

// Watch implements [async.Watchable]: with a goroutine, for what a test needs.
func (q *Request) Watch(w *async.Watcher) bool {
	if q.Err() != nil {
		return false
	}
	context.AfterFunc(q.Context, func() { w.Cancelled() })
	return true
}

// Unwatch implements [async.Watchable]. No test needs to have it back.
func (q *Request) Unwatch(*async.Watcher) {}

// AfterFunc calls f once the context has ended.
func (q *Request) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(q.Context, f) }

// Method is the method of the request.
func (q *Request) Method() string { return string(q.X.Head.Method) }

// Secure tells whether the client came over TLS.
func (q *Request) Secure() bool { return q.X.Secure }

// Body reads the request body.
func (q *Request) Body() io.Reader {
	if q.X.BodyReader != nil {
		return q.X.BodyReader
	}
	return bytes.NewReader(q.X.Body)
}

// Copy is [io.Copy].
func (q *Request) Copy(w io.Writer, r io.Reader) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

// carrier is the engine's side of a Request.
//
// Owner: as Request.
type carrier Request

// Finish implements [exchange.Carrier].
func (*carrier) Finish(*exchange.Exchange) { panic("held: there is no reactor to finish on") }

// Open implements [exchange.Carrier].
func (c *carrier) Open(x *exchange.Exchange, length int64) (exchange.BodyWriter, error) {
	a := &Answer{Status: x.Status, Header: http.Header{}, Length: length}
	x.Store(a.Header)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = a
	return a, nil
}

// EndStream implements [exchange.Carrier].
func (c *carrier) EndStream(*exchange.Exchange) error {
	a := (*Request)(c).Sent()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
	return nil
}

// Hijack implements [exchange.Carrier].
func (c *carrier) Hijack(*exchange.Exchange) (net.Conn, []byte, error) {
	ours, theirs := net.Pipe()
	_ = theirs.Close() // the client has gone; nothing else is asked of it
	return ours, []byte("rest"), nil
}

// Write implements [exchange.BodyWriter].
func (a *Answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.body.Write(p)
}

// Flush implements [exchange.BodyWriter].
func (a *Answer) Flush() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flushed++
	return nil
}

// Body is what was written.
func (a *Answer) Body() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.body.String()
}

// Flushes is how often that was sent at once.
func (a *Answer) Flushes() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flushed
}

// Complete tells whether the stream has come to its end.
func (a *Answer) Complete() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended
}

// syncedBuffer is a buffer that several goroutines write.
//
// Owner: mu.
type syncedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (b *syncedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String is what was written.
func (b *syncedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
