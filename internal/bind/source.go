package bind

import (
	"io"

	"github.com/fasterapi/fasterapi/problem"
)

// Source is the request as the engine has it. Bind calls its methods on its own
// goroutine and keeps none of the bytes: they may be leased until Bind returns.
// Absent things are empty.
type Source interface {
	// PathValue returns the raw, percent-encoded value of path parameter i, in the
	// order of Options.PathParams.
	PathValue(i int) []byte
	// Query returns the raw query, without the question mark.
	Query() []byte
	// Header returns value n (from 0) of the header with this name, without
	// surrounding blanks. The name is canonical (http.CanonicalHeaderKey) and
	// compares without case.
	Header(name string, n int) ([]byte, bool)
	// Body returns the whole body.
	Body() []byte
	// ContentType returns the Content-Type header.
	ContentType() []byte
}

// FormSource is a Source whose body may be read while it comes. It is asked for
// when a plan has uploads, or an io.Reader of the body.
type FormSource interface {
	Source
	// Stream returns the reader of a body that was not collected, or nil: then Body
	// has it.
	Stream() io.Reader
	// Reader returns a reader of the body, collected or not, that ends with the request.
	Reader() io.Reader
	// Failed says what the client gets to know of an error that a read of Stream,
	// or storing an upload, had.
	Failed(err error) *problem.Problem
	// Keep closes c when the request has been answered.
	Keep(c io.Closer)
}
