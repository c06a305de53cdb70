package nethttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Slow clients. net/http's own timeouts are for a whole request or response,
// which would end long streams; here each read and each write has its time.
const (
	defaultBodyTimeout  = 30 * time.Second // as in internal/http1
	defaultWriteTimeout = 30 * time.Second
)

// patient reads the request body of a carrier: each Read has its time, and
// errors have their names in package exchange.
//
// Owner: the goroutine of the request.
type patient struct {
	body io.Reader
	c    *carrier
}

// Read implements [io.Reader].
func (p *patient) Read(b []byte) (int, error) {
	// Errors mean that the writer knows no deadlines, as in tests.
	_ = p.c.control.SetReadDeadline(time.Now().Add(p.c.options.BodyTimeout))
	n, err := p.body.Read(b)
	if err == io.EOF {
		p.c.unread = false
		p.c.takeTrailers()
	}
	if err = translateRead(err); errors.Is(err, exchange.ErrTimeout) {
		p.c.late = true // the deadline stays
	} else {
		_ = p.c.control.SetReadDeadline(time.Time{}) // net/http watches for the client's end meanwhile
	}
	return n, err
}

// takeTrailers copies what came behind the body, but for the fields that the
// other engine does not let through there either.
func (c *carrier) takeTrailers() {
	c.x.Trailers = nil
	for name, values := range c.r.Trailer {
		for _, value := range values {
			if wire.KeepsTrailer(name) {
				c.x.Trailers = append(c.x.Trailers, wire.Header{Name: []byte(name), Value: []byte(value)})
			}
		}
	}
}

// meetBody prepares for a request body. HTTP/2 reads one ahead, whatever the
// handler does.
func (c *carrier) meetBody() {
	if c.r.Body == nil || c.r.ContentLength == 0 || c.r.ProtoMajor != 1 {
		return
	}
	c.unread = true
	_ = c.control.SetWriteDeadline(time.Time{}) // see leave; 100 Continue may be to be written
}

// leave gives the client its time for what net/http does after ServeHTTP: it
// writes what it has gathered, and reads on to keep the connection.
func (c *carrier) leave() {
	if c.hijacked {
		return
	}
	_ = c.control.SetWriteDeadline(time.Now().Add(c.options.WriteTimeout))
	c.letBodyCome(c.options.BodyTimeout)
}

// letBodyCome gives the rest of an unread body its time; zero: for ever.
func (c *carrier) letBodyCome(patience time.Duration) {
	if !c.unread || c.late {
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
func translateRead(err error) error {
	named := translate(err)
	if err == nil || err == io.EOF || named != err || errors.Is(err, http.ErrBodyReadAfterClose) {
		return named
	}
	return fmt.Errorf("%w (%w)", exchange.ErrBodyBroken, err)
}

// translateWrite is translate for the response: where the network fails or the
// request has ended, as when an HTTP/2 client resets its stream, the client is gone.
func (c *carrier) translateWrite(err error) error {
	var network *net.OpError
	named := translate(err)
	if err == nil || named != err || !errors.As(err, &network) && c.r.Context().Err() == nil {
		return named
	}
	return fmt.Errorf("%w (%w)", exchange.ErrClientGone, err)
}

func translate(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return exchange.ErrBodyTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return exchange.ErrTimeout
	}
	return err
}

// write writes p and lets the client take it in its time.
func (c *carrier) write(p []byte) (int, error) {
	c.beginOutput()
	n, err := c.w.Write(p)
	c.endOutput()
	return n, c.translateWrite(err)
}

// flush is write for what net/http has gathered.
func (c *carrier) flush() error {
	c.beginOutput()
	err := c.control.Flush()
	c.endOutput()
	return c.translateWrite(err)
}

func (c *carrier) beginOutput() {
	_ = c.control.SetWriteDeadline(time.Now().Add(c.options.WriteTimeout))
	c.letBodyCome(c.options.BodyTimeout)
}

func (c *carrier) endOutput() {
	_ = c.control.SetWriteDeadline(time.Time{})
	c.letBodyCome(0)
}
