package nethttp

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
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
	if err = translate(err); errors.Is(err, exchange.ErrTimeout) {
		p.c.late = true // the deadline stays
	} else {
		_ = p.c.control.SetReadDeadline(time.Time{}) // net/http watches for the client's end meanwhile
	}
	return n, err
}

// endBody gives the client its time for the rest of a body that nobody has
// read: net/http reads on after the answer, to keep the connection.
func (c *carrier) endBody() {
	if c.r.Body != nil && c.r.ContentLength != 0 && !c.late {
		_ = c.control.SetReadDeadline(time.Now().Add(c.options.BodyTimeout))
	}
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
	_ = c.control.SetWriteDeadline(time.Now().Add(c.options.WriteTimeout))
	n, err := c.w.Write(p)
	_ = c.control.SetWriteDeadline(time.Time{})
	return n, translate(err)
}

// flush is write for what net/http has gathered.
func (c *carrier) flush() error {
	_ = c.control.SetWriteDeadline(time.Now().Add(c.options.WriteTimeout))
	err := c.control.Flush()
	_ = c.control.SetWriteDeadline(time.Time{})
	return translate(err)
}
