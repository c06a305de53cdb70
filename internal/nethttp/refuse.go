package nethttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/problem"
)

// What the other engine refuses by the letter, and net/http has let pass.
var (
	tooManyFields = &wire.Error{Status: http.StatusRequestHeaderFieldsTooLarge, Reason: "request head has too many fields"}
	headTooLong   = &wire.Error{Status: http.StatusRequestHeaderFieldsTooLarge, Reason: "request head is too long"}
	targetTooLong = &wire.Error{Status: http.StatusRequestURITooLong, Reason: "request target is too long"}
	expectation   = &wire.Error{Status: http.StatusExpectationFailed, Reason: "expectation is not 100-continue"}
)

// refusal is why a request is not served; nil: it is. Method, target and Host are
// held against the grammar that the other engine reads with, which is closer to
// the letter than net/http's. Requests that were made in this process may have no
// target. own: the server is that of [Start], which leaves it to the handler to refuse
// a head that is too long.
func (h *Handler) refusal(x *exchange.Exchange, r *http.Request, own bool) *wire.Error {
	target := r.RequestURI
	if target == "" {
		target = "/"
	}
	if refused, ok := errors.AsType[*wire.Error](wire.CheckRequest(r.Method, target, r.Host)); ok {
		return refused
	}
	switch {
	case own && len(target) > wire.DefaultTargetBytes:
		return targetTooLong
	case len(x.Head.Headers) > h.options.MaxHeaders:
		return tooManyFields
	case own && headBytes(x) > h.options.MaxHead:
		return headTooLong
	case expectsMore(r):
		return expectation
	}
	return nil
}

// headBytes is the length of a request head as HTTP/1 writes it, in bytes.
func headBytes(x *exchange.Exchange) int {
	n := len(x.Head.Method) + len(x.Head.Target) + len("  HTTP/1.1\r\n\r\n")
	for _, f := range x.Head.Headers {
		n += len(f.Name) + len(f.Value) + len(": \r\n")
	}
	return n
}

// expectsMore tells whether a request expects something that nobody knows. With
// HTTP/1 net/http answers it by itself.
func expectsMore(r *http.Request) bool {
	for _, value := range r.Header["Expect"] {
		if value != "" && !strings.EqualFold(value, "100-continue") {
			return true
		}
	}
	return false
}

// refuse ends the reading of a request that cannot be served. The handler answers it;
// the rest of its body is left to net/http, which closes an HTTP/1 connection behind
// the answer.
func (c *carrier) refuse(why *wire.Error) {
	c.refused = true
	c.x.Refuse(why)
}

// bodyRefusal is what the error of a body means for its request.
func bodyRefusal(err error) *wire.Error {
	var refused *wire.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, exchange.ErrBodyTooLarge):
		return exchange.TooLong
	case errors.Is(err, exchange.ErrTimeout):
		return exchange.TooSlow
	case errors.Is(err, exchange.ErrBodyBroken):
		return exchange.BrokenOff
	}
	return exchange.Unreadable
}

// answerWithRefusal sees to it that a refused request is answered with a refusal, and that
// nothing is read behind it: where the next request begins is in doubt.
func (c *carrier) answerWithRefusal() {
	x := c.x
	if x.Refusal == nil {
		return
	}
	if c.r.ProtoMajor == 1 {
		x.CloseAfter = true
	}
	if x.Forgives() {
		x.Overrule(x.Refusal.Status, problem.ContentType, problem.New(x.Refusal.Status, x.Refusal.Reason).AppendJSON(nil))
	}
}
