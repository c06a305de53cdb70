package nethttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Slow clients. net/http's own timeouts are for a whole request or response,
// which would end long streams; here a body and a response have to make progress.

// pieceHTTP1 and pieceHTTP2 are how many bytes of a response have to be taken
// within a WriteTimeout: what net/http is given at once gets one deadline. Those
// of HTTP/2 are as long as its frames by default (RFC 9113 6.5.2), so that they
// cost none more.
const (
	pieceHTTP1 = 64 << 10
	pieceHTTP2 = 16 << 10
)

// framing is what the shortest chunk has besides its data, in bytes: "1", two
// line breaks. net/http takes it away, and it has moved, too (RFC 9112 7.1).
const framing = 5

// incoming is what the request goroutine has to know of its body, which others may
// be reading: a handler gives it to whom it likes, and may leave them behind.
//
// Owner: mu. reading: whoever reads.
type incoming struct {
	reading sync.Mutex // one Read at a time
	mu      sync.Mutex
	// unread: some of the body may not have been read, and net/http reads it before
	// it writes, or afterwards to keep the connection.
	unread bool
	late   bool // it took too long, or nobody wants it: the deadline has passed and stays
	waits  bool // a Read does
	over   bool // the exchange has ended: neither it nor the connection may be touched
	broken bool // it could not be read, so nobody knows where the next request begins
}

// patient reads the request body of a carrier: the client has to keep up a
// rate, and errors have their names in package exchange.
//
// Owner: reading of the incoming.
type patient struct {
	body   io.Reader
	c      *carrier
	credit exchange.Credit
}

// Read implements [io.Reader]. It fails with [exchange.ErrOver] when the exchange has
// ended.
func (p *patient) Read(b []byte) (int, error) {
	in := &p.c.incoming
	in.reading.Lock()
	defer in.reading.Unlock()
	began := time.Now()
	if !p.begin(began) {
		return 0, exchange.ErrOver
	}
	n, err := p.body.Read(b)
	return p.end(n, err, began)
}

// begin gives the client its time for a Read; false: the exchange has ended.
func (p *patient) begin(now time.Time) bool {
	in := &p.c.incoming
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.over {
		return false
	}
	in.waits = true
	// Errors mean that the writer knows no deadlines, as in tests.
	_ = p.c.control.SetReadDeadline(now.Add(p.credit.Left()))
	return true
}

// end takes the result of a Read.
func (p *patient) end(n int, err error, began time.Time) (int, error) {
	in := &p.c.incoming
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.waits = false; in.over {
		return 0, exchange.ErrOver
	}
	moved := n
	p.c.x.Received.Add(int64(n))
	if n > 0 && p.c.x.Head.Chunked {
		moved += framing
	}
	p.credit.Spend(time.Since(began))
	p.credit.Earn(moved)
	if err == io.EOF {
		in.unread = false
		p.c.takeTrailers()
	}
	in.broken = in.broken || err != nil && err != io.EOF
	if err = p.c.translateRead(err); errors.Is(err, exchange.ErrTimeout) {
		in.late = true // the deadline stays
	} else {
		_ = p.c.control.SetReadDeadline(time.Time{}) // net/http watches for the client's end meanwhile
	}
	return n, err
}

// endInput ends the reading of the body. A Read that waits fails at once, and the
// connection with it. settled: there was none, or it is going to fail.
func (c *carrier) endInput() (settled bool) {
	in := &c.incoming
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case !in.broken || c.hijacked || c.r.ProtoMajor > 1: // HTTP/2 ends the stream
	case !c.x.Streamed():
		c.x.CloseAfter = true
	default:
		c.closeAfterwards()
	}
	if in.over = true; !in.waits {
		return true
	}
	in.late = true
	return c.control.SetReadDeadline(time.Unix(1, 0)) == nil // has passed
}

// closeAfterwards lets net/http close the connection behind a response that has
// begun. Left to itself it does so for a body that was not read to its end, not for
// one that cannot be read; what it understands is a body beyond a limit.
func (c *carrier) closeAfterwards() {
	beyond := http.MaxBytesReader(c.w, io.NopCloser(strings.NewReader("x")), 0)
	_, _ = beyond.Read(make([]byte, 1))
}

// resumeInput takes endInput back.
func (c *carrier) resumeInput() {
	c.incoming.mu.Lock()
	defer c.incoming.mu.Unlock()
	c.incoming.over = false
}

// takeTrailers copies what came behind the body, but for the fields that the
// other engine does not let through there either.
func (c *carrier) takeTrailers() {
	var list []wire.Header
	for name, values := range c.r.Trailer {
		for _, value := range values {
			if wire.KeepsTrailer(name) {
				list = append(list, wire.Header{Name: []byte(name), Value: []byte(value)})
			}
		}
	}
	c.x.SetTrailers(list)
}

// meetBody prepares for a request body. HTTP/2 reads one ahead, whatever the
// handler does.
func (c *carrier) meetBody() {
	if c.r.Body == nil || c.r.ContentLength == 0 || c.r.ProtoMajor != 1 {
		return
	}
	c.incoming.unread = true
	_ = c.control.SetWriteDeadline(time.Time{}) // see leave; 100 Continue may be to be written
}

// leave gives the client its time for what net/http does after ServeHTTP: it
// writes what it has gathered, and reads on to keep the connection.
func (c *carrier) leave() {
	if c.hijacked {
		return
	}
	if !c.gathered {
		_ = c.control.SetWriteDeadline(time.Now().Add(c.options.WriteTimeout))
	}
	patience := c.options.BodyTimeout
	if c.refused {
		patience = min(patience, refusedRest)
	}
	c.letBodyCome(patience)
}

// refusedRest is how long net/http may read on from a client that was refused, so
// that the answer is not lost: what internal/http1 takes.
const refusedRest = 2 * time.Second

// letBodyCome gives the rest of an unread body its time; zero: for ever. A Read that
// waits has a time of its own.
func (c *carrier) letBodyCome(patience time.Duration) {
	in := &c.incoming
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.unread || in.late || in.waits {
		return
	}
	deadline := time.Time{}
	if patience > 0 {
		deadline = time.Now().Add(patience)
	}
	_ = c.control.SetReadDeadline(deadline)
}

// translateRead is translate for the request body, whose other errors are the
// client's: it left, or its chunks cannot be read.
func (c *carrier) translateRead(err error) error {
	_, network := errors.AsType[net.Error](err)
	named := translate(err)
	switch {
	case err == nil || err == io.EOF || named != err || errors.Is(err, http.ErrBodyReadAfterClose):
		return named
	case c.x.Head.Chunked && c.r.ProtoMajor == 1 && !errors.Is(err, io.ErrUnexpectedEOF) && !network:
		return fmt.Errorf("%w (%w)", exchange.Unreadable, err)
	}
	return fmt.Errorf("%w (%w)", exchange.ErrBodyBroken, err)
}

// translateWrite is translate for the response: where the network fails or the
// request has ended, as when an HTTP/2 client resets its stream, the client is gone.
func (c *carrier) translateWrite(err error) error {
	_, network := errors.AsType[*net.OpError](err)
	named := translate(err)
	if err == nil || named != err || !network && c.r.Context().Err() == nil {
		return named
	}
	return fmt.Errorf("%w (%w)", exchange.ErrClientGone, err)
}

func translate(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return exchange.ErrBodyTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return exchange.ErrTimeout
	}
	return err
}

// write writes p in pieces, each of which the client may take in its time.
func (c *carrier) write(p []byte) (int, error) {
	c.letBodyCome(c.options.BodyTimeout)
	defer c.endOutput()
	written := 0
	for piece := range slices.Chunk(p, c.piece()) {
		n, err := c.output(func() (int, error) { return c.w.Write(piece) })
		if written += n; err != nil {
			return written, err
		}
		if c.waiting != nil {
			c.unsent.Wait(c.waiting, 0, p, true)
		}
	}
	return written, nil
}

// gathered is the size in bytes up to which net/http keeps a response for the end of the handler:
// 2048 of HTTP/1, 4096 of HTTP/2.
const gathered = 2 << 10

// writeGathered writes a whole response of less than that: the deadline that it has is that of leave
// already. Over HTTP/2 each deadline costs a message to the goroutine of the connection.
func (c *carrier) writeGathered(p []byte) (int, error) {
	c.letBodyCome(c.options.BodyTimeout)
	c.gathered = true
	return c.output(func() (int, error) { return c.w.Write(p) })
}

func (c *carrier) piece() int {
	if c.r.ProtoMajor >= 2 {
		return pieceHTTP2
	}
	return pieceHTTP1
}

// flush is write for what net/http has gathered.
func (c *carrier) flush() error {
	c.letBodyCome(c.options.BodyTimeout)
	defer c.endOutput()
	_, err := c.output(func() (int, error) { return 0, c.control.Flush() })
	return err
}

// output gives the client its time for what send sends; it returns how many
// bytes that were.
func (c *carrier) output(send func() (int, error)) (int, error) {
	began := time.Now()
	deadline := began.Add(c.sending.Left())
	_ = c.control.SetWriteDeadline(deadline)
	if c.wasCut() {
		return 0, exchange.ErrUnsent
	}
	n, err := send()
	c.sending.Spend(time.Since(began))
	c.sending.Earn(n)
	if err != nil && c.wasCut() {
		return n, exchange.ErrUnsent
	}
	if err != nil && !time.Now().Before(deadline) {
		// HTTP/2 only says that the stream was closed.
		return n, fmt.Errorf("%w (%w)", exchange.ErrTimeout, err)
	}
	return n, c.translateWrite(err)
}

// endOutput takes the deadlines of the response away.
func (c *carrier) endOutput() {
	c.gathered = false
	_ = c.control.SetWriteDeadline(time.Time{})
	c.letBodyCome(0)
}
