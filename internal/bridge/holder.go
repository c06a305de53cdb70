package bridge

import (
	"context"
	"io"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// Holder is the handle of a request, which is also the context that handlers for
// net/http get: all that contexts derived from it look for is here.
//
// Owner: any.
type Holder interface {
	reply.Holder

	context.Context
	async.SiteCarrier
	async.Watchable
	AfterFunc(f func()) (stop func() bool)
	// Own is Value without what net/http middleware has added to the context.
	Own(key any) any
	// Set stores a value for Value.
	Set(key, value any)
	// Cancel ends the context.
	Cancel()

	// Method is the method of the request.
	Method() string
	// Secure tells whether the client came over TLS.
	Secure() bool
	// Body reads the request body, for as long as the request lasts.
	Body() io.Reader
	// Copy is io.Copy with a buffer that is lent for the time of the copy.
	Copy(w io.Writer, r io.Reader) (int64, error)
}
