package reply

import (
	"errors"
	"net/http"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Responses without content: answers to HEAD, and of status 204, 205 and 304 (RFC 9110
// 6.4.1, 9.3.2, 15.3.6). Their sources are not started. What runs already, a mounted
// handler or the Close of a filter, writes to an unsentBody.

// WantsContent tells whether the content of the staged response is sent.
func (h Handle) WantsContent() bool {
	return read(h, func(r *Reply) bool { return r.x.WantsContent() })
}

// IgnoreUnsent is err, or nil when a source was only told that its content is not sent:
// a function of OnHead or net/http middleware may have made the response one without.
func IgnoreUnsent(err error) error {
	if errors.Is(err, http.ErrBodyNotAllowed) {
		return nil
	}
	return err
}

// unsentBody throws the content away while client and server are there.
//
// Owner: the handler of the request.
type unsentBody struct {
	exchange.BodyWriter
	h Handle
}

// Write implements [exchange.BodyWriter].
func (b unsentBody) Write(p []byte) (int, error) {
	if err := b.h.Gone(); err != nil {
		return 0, err
	}
	return len(p), nil
}
