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
	readPatience  = 30 * time.Second // as internal/http1's BodyTimeout
	writePatience = 30 * time.Second // and its WriteTimeout
)

// patient reads a request body: each Read has its time, and errors have their
// names in package exchange.
//
// Owner: the goroutine of the request.
type patient struct {
	body    io.Reader
	control *http.ResponseController
}

// Read implements [io.Reader].
func (p *patient) Read(b []byte) (int, error) {
	// Errors mean that the writer knows no deadlines, as in tests.
	_ = p.control.SetReadDeadline(time.Now().Add(readPatience))
	n, err := p.body.Read(b)
	_ = p.control.SetReadDeadline(time.Time{}) // net/http watches for the client's end meanwhile
	return n, translate(err)
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
	_ = c.control.SetWriteDeadline(time.Now().Add(writePatience))
	n, err := c.w.Write(p)
	_ = c.control.SetWriteDeadline(time.Time{})
	return n, translate(err)
}

// flush is write for what net/http has gathered.
func (c *carrier) flush() error {
	_ = c.control.SetWriteDeadline(time.Now().Add(writePatience))
	err := c.control.Flush()
	_ = c.control.SetWriteDeadline(time.Time{})
	return translate(err)
}
