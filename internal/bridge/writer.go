package bridge

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/problem"
)

// HoldBack is how many bytes of a body a [Writer] keeps before it opens a stream: what
// ends below goes out in one piece with its length.
const HoldBack = 4 << 10

// Serve lets handler answer the exchange of h.
func Serve(h Holder, handler http.Handler, r *http.Request) error {
	w := NewWriter(h)
	defer w.End()
	in, around := r.Context().(*wrapped)
	w.around = around
	if r.MultipartForm == nil { // else it is that of a server around this one
		defer removeForm(r)
	}
	handler.ServeHTTP(w, r)
	if around {
		if in.leave(); in.broken {
			return errBrokenOff
		}
	}
	return w.Finish()
}

// removeForm removes the temporary files of a form that was parsed from r, as net/http
// does at the end of a request.
func removeForm(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // as net/http
	}
}

// Writer is a response as net/http handlers write it: what mounted
// handlers, net/http middleware and files write to. On a reactor the whole
// body is held back, because streaming waits for the client.
//
// Handlers for net/http may leave a goroutine behind that still has the writer: it
// fails with [exchange.ErrOver] once its handler has returned.
//
// Owner: mu. header: the handler; what it is told later is not looked at.
type Writer struct {
	// Problems: failures are answered with problem documents instead of the text that
	// is written. It is set before the first use.
	Problems bool

	// around: the handler is middleware around one of ours, which has said its length where one for net/http would
	// not have: middleware that changes the body may know nothing of it. It is set before the first use.
	around bool

	mu     sync.Mutex
	over   atomic.Bool // the handler has returned; stored under mu
	h      Holder
	reply  reply.Handle
	way    *reply.Way // of the middleware around this writer's owner
	header http.Header
	// onReactor: the handler must not wait for the client.
	onReactor bool
	status    int // 0: not decided
	// announced are the names of fields that the handler is going to set behind the body.
	announced []string
	// length is the declared length of the body, -1 without.
	length int64
	// written counts the bytes that the handler wanted to write.
	written int64
	held    []byte
	body    exchange.BodyWriter // nil until the stream is open
	err     error
	taken   bool // the connection was hijacked
	// switching is the header of a 101, which whoever hijacks is going to send; nil: there is none.
	switching http.Header
}

// NewWriter returns the writer of the response of h, with the header that is staged.
// The goroutine that makes it calls Finish, or End.
func NewWriter(h Holder) *Writer {
	w := &Writer{h: h, reply: reply.Handle{Holder: h}, header: make(http.Header, 8), length: -1}
	w.reply.Use(func(r *reply.Reply) {
		x := r.Exchange()
		x.Store(w.header)
		w.way, w.onReactor = r.Way(), x.OnReactor()
	})
	delete(w.header, "Connection") // it has been heard
	return w
}

// Header implements [http.ResponseWriter]. Once the handler has returned it is a header
// of nothing: to change one that is being read would end the process.
func (w *Writer) Header() http.Header {
	if w.over.Load() {
		return http.Header{}
	}
	return w.header
}

// WriteHeader implements [http.ResponseWriter]. Of informational responses 103 is sent,
// with the Link fields: the engines send 100 Continue themselves. 101 is sent when the
// connection is hijacked, as net/http does it: some hijackers count on that.
func (w *Writer) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over.Load():
	case status == http.StatusEarlyHints && w.status == 0:
		w.hint()
	case status == http.StatusSwitchingProtocols && w.status == 0:
		w.switching = w.header.Clone()
	default:
		w.decide(status)
	}
}

// hint sends the Link fields in a 103. It is a hint: nobody is told that it fails.
func (w *Writer) hint() {
	var fields []exchange.Field
	for _, link := range w.header["Link"] {
		if w.reply.Valid("Link", link) {
			fields = append(fields, exchange.Field{Name: "Link", Value: link})
		}
	}
	if len(fields) > 0 {
		_ = w.reply.Inform(func(x *exchange.Exchange) error { return x.Inform(http.StatusEarlyHints, fields) })
	}
}

// decide fixes the status, unless it is fixed.
func (w *Writer) decide(status int) {
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	w.announced = trailerNames(w.header["Trailer"])
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	}
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.closed(); err != nil {
		return 0, err
	}
	w.decide(http.StatusOK)
	if w.refused() {
		return len(p), nil
	}
	if err := w.count(len(p)); err != nil {
		return 0, err
	}
	if w.body == nil && (w.onReactor || len(w.held)+len(p) <= HoldBack) {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.open(p); err != nil {
		return 0, err
	}
	if !w.reply.WantsContent() {
		return w.discard(p)
	}
	n, err := w.body.Write(p)
	w.err = err
	return n, err
}

// count tells why n more bytes cannot be part of the response, or nil. It is as strict as net/http: what goes
// beyond the declared length is refused whole.
func (w *Writer) count(n int) error {
	if n > 0 && exchange.Bodiless(w.status) {
		return http.ErrBodyNotAllowed
	}
	if w.written += int64(n); w.beyond() && !w.around {
		return http.ErrContentLength
	}
	return nil
}

// beyond tells whether more was written than the length that was declared.
func (w *Writer) beyond() bool { return w.length >= 0 && w.written > w.length }

// discard takes what is not sent in answer to HEAD when its length was declared. Nothing else would end a handler
// that writes for ever.
func (w *Writer) discard(p []byte) (int, error) {
	if w.length < 0 || w.beyond() {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

// closed tells why nothing can be written, or nil.
func (w *Writer) closed() error {
	switch {
	case w.over.Load():
		return exchange.ErrOver
	case w.taken:
		return http.ErrHijacked
	}
	return w.err
}

// WriteString implements [io.StringWriter].
func (w *Writer) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// ReadFrom implements [io.ReaderFrom], with a buffer that is lent for the
// time of the copy.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	return w.h.Copy(onlyWriter{w}, r)
}

// onlyWriter hides ReadFrom.
//
// Owner: any (a value).
type onlyWriter struct{ io.Writer }

// Flush implements [http.Flusher].
func (w *Writer) Flush() { _ = w.FlushError() }

// FlushError is what [http.ResponseController] calls.
func (w *Writer) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.closed(); err != nil {
		return err
	}
	w.decide(http.StatusOK)
	if w.onReactor {
		return http.ErrNotSupported
	}
	if err := w.open(nil); err != nil {
		return err
	}
	return w.body.Flush()
}

// EnableFullDuplex is what [http.ResponseController] calls: bodies are always
// read and written at the same time.
func (w *Writer) EnableFullDuplex() error { return nil }

// open sends the head and what was held back. next is what is written next,
// for the guess of its type.
func (w *Writer) open(next []byte) error {
	if w.body != nil || w.err != nil {
		return w.err
	}
	w.guessType(next)
	w.commit(nil)
	if w.body, w.err = w.way.Open(w.reply, w.length); w.err != nil {
		return w.err
	}
	if !w.reply.WantsContent() {
		w.held = w.held[:0]
		return w.sendHead()
	}
	if len(w.held) > 0 {
		_, w.err = w.body.Write(w.held)
		w.held = w.held[:0]
	}
	return w.err
}

// sendHead sends the whole of a response without content. A handler that streams in
// answer to HEAD may wait for what it writes: the context ends, to tell it.
func (w *Writer) sendHead() error {
	if w.length >= 0 {
		return nil // it ends by itself
	}
	if w.err = w.body.Flush(); w.h.Method() == http.MethodHead {
		w.h.Cancel()
	}
	return w.err
}

// refused tells whether a problem document takes the place of the body.
func (w *Writer) refused() bool { return w.Problems && w.status >= http.StatusBadRequest }

// guessType does what net/http does for handlers that do not say what they
// write.
func (w *Writer) guessType(next []byte) {
	sample := w.held
	if len(sample) == 0 {
		sample = next
	}
	if _, said := w.header["Content-Type"]; said || len(sample) == 0 || w.header.Get("Content-Encoding") != "" {
		return
	}
	w.header.Set("Content-Type", http.DetectContentType(sample))
}

// commit hands status, header and payload to the exchange.
func (w *Writer) commit(payload []byte) {
	header := w.reply.ValidHeader(w.header)
	for _, name := range w.announced {
		delete(header, name)
	}
	w.reply.Use(func(r *reply.Reply) {
		x := r.Exchange()
		x.Load(header)
		x.Respond(w.status, x.ContentType, payload)
		x.Announce(w.announced)
	})
}

// End takes the response away from whoever has kept w. Any number of times.
func (w *Writer) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over.Store(true)
}

// Finish ends the response when its handler has returned.
func (w *Writer) Finish() error {
	w.End()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.taken:
		return nil
	case w.err != nil:
		return w.err
	case w.body != nil:
		w.trail()
		return w.way.Close(w.reply)
	}
	w.decide(http.StatusOK)
	if w.refused() {
		w.header.Del("Content-Type")
		w.header.Del("X-Content-Type-Options") // of http.Error
		w.commit(nil)
		return problem.New(w.status, "")
	}
	w.guessType(nil)
	if w.length > int64(len(w.held)) && !w.onReactor {
		// The length of an answer to HEAD, or a handler that broke its word.
		w.h.Set(field.EntireKey{}, field.Entire{
			ContentType: w.header.Get("Content-Type"), Size: w.length, Streamed: w.length > HoldBack,
		})
		if err := w.open(nil); err != nil {
			return err
		}
		return w.way.Close(w.reply)
	}
	w.commit(w.held)
	if len(w.held) == 0 && w.length < 0 {
		if w.h.Method() == http.MethodHead { // the answer to GET may be of any length
			w.h.Set(field.EntireKey{}, field.Entire{ContentType: w.header.Get("Content-Type"), Streamed: true})
		}
		w.reply.Use(func(r *reply.Reply) { r.Exchange().LeaveLength() })
	}
	w.trail()
	return nil
}

// Hijack implements [http.Hijacker].
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.closed(); err != nil {
		return nil, nil, err
	}
	if w.body != nil || w.way != nil {
		return nil, nil, http.ErrNotSupported
	}
	var conn net.Conn
	var rest []byte
	err := w.reply.TakeOver(func(x *exchange.Exchange) (err error) {
		conn, rest, err = x.Hijack()
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	w.taken = true
	if w.switching != nil {
		if _, err := conn.Write(w.switchingHead()); err != nil {
			_ = conn.Close()
			return nil, nil, err
		}
	}
	return conn, bufio.NewReadWriter(bufio.NewReader(io.MultiReader(bytes.NewReader(rest), conn)), bufio.NewWriter(conn)), nil
}

// switchingHead is the head of a 101. It says nothing of a body (RFC 9110 8.6, RFC 9112 6.1, MUST NOT), which no 1xx has.
func (w *Writer) switchingHead() []byte {
	head := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	header := w.reply.ValidHeader(w.switching)
	delete(header, "Content-Length")
	delete(header, "Transfer-Encoding")
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			head, _ = wire.AppendHeader(head, name, value)
		}
	}
	return append(head, "\r\n"...)
}
