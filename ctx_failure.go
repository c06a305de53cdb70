package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/problem"
)

// statusClientGone is what access logs show for requests whose client left;
// nobody receives it (nginx's 499).
const statusClientGone = 499

// errGoexit stands for a handler that ended its goroutine.
var errGoexit = errors.New("the handler called runtime.Goexit")

// Behaviours that errors of other packages may have, so that the root need not
// know those packages.
type (
	httpStatuser interface{ HTTPStatus() int }
	retryAfterer interface{ RetryAfter() time.Duration }
)

// contain turns a panic or Goexit of a handler into a 500. panicked is what
// recover returned; nil: the goroutine is ending.
func (c *Ctx) contain(panicked any) {
	if panicked == nil {
		c.conclude(errGoexit)
		return
	}
	c.conclude(c.panicError(panicked))
}

// panicError is what recover returned, as an error with the stack of the place
// that panicked first: net/http middleware may have panicked again with it, on
// another goroutine, and an error may have been given to panic.
func (c *Ctx) panicError(panicked any) *async.PanicError {
	thrown := c.panicThrown()
	if thrown != nil && fmt.Sprint(thrown.Value) == fmt.Sprint(panicked) {
		return thrown
	}
	err, _ := panicked.(error)
	if inner, ok := errors.AsType[*async.PanicError](err); ok {
		return inner
	}
	return &async.PanicError{Value: panicked, Stack: debug.Stack()}
}

// panicThrown is the panic of the handler inside of net/http middleware, if any.
func (c *Ctx) panicThrown() *async.PanicError {
	return read(c, func(r *request) *async.PanicError { return r.thrown })
}

// fail stages the answer to an error. What the client may know of it is a
// problem document; everything else is logged under the id in it.
func (c *Ctx) fail(err error) {
	c.dropAfter()
	if c.Sent() {
		c.logBrokenOff(err)
		return
	}
	c.response().WithdrawAll()
	p := c.problemOf(err)
	if id := c.RequestID(); id != "" && p.Instance == "" {
		named := *p // p may be shared
		named.Instance = "urn:request:" + id
		p = &named
	}
	c.response().PutHeader(p.Header)
	if r := c.request.route; p.Status == http.StatusUnsupportedMediaType && r != nil && r.acceptQuery != "" {
		c.SetHeader("Accept-Query", r.acceptQuery)
	}
	if err := c.droppedReference(); err != nil {
		c.fail(err) // whose problem has no header
		return
	}
	body := p.AppendJSON(c.spare())
	status := p.Status
	if status < 400 || status > 599 {
		status = 500
	}
	c.change(func(r *request) { r.reply.RespondSpare(status, problem.ContentType, body) })
}

// droppedReference is [reply.Reply.Unsendable].
func (c *Ctx) droppedReference() error {
	return read(c, func(r *request) error { return r.reply.Unsendable() })
}

// within is the innermost handler of a route with middleware: the reply gets to know
// where it begins. One that fails takes back what it has said of its body. It is not
// called for a request that the engine refuses.
func within(call Handler) Handler {
	return func(c *Ctx) error {
		var refused *problem.Problem
		c.change(func(r *request) {
			r.reply.Within()
			refused = r.refused()
		})
		if refused != nil {
			return refused
		}
		err := call(c)
		if err != nil && !c.Sent() {
			c.change(func(r *request) { r.reply.Withdraw() })
		}
		return err
	}
}

// logBrokenOff notes a response of which the client has a part only.
func (c *Ctx) logBrokenOff(err error) {
	logBroken(c.Logger(), c.RequestID(), "response broken off", c.Err() != nil, err)
}

// brokenOff notes that the client did not take all of a staged response.
func (*dispatcher) brokenOff(x *exchange.Exchange, err error) {
	if r, ok := x.User.(*request); ok && r.ctx != nil {
		c := r.ctx
		id := r.requestID
		logBroken(c.app.logger(r.routeName(), c.Core(), id), id, "response broken off", false, err)
	}
}

// logBroken notes what happened to a response that had begun. It is an error
// unless the client has left (over) or does not read, and a panic always is.
func logBroken(log *slog.Logger, requestID, what string, over bool, err error) {
	var panicked *async.PanicError
	level := slog.LevelError
	attrs := []slog.Attr{slog.String("error", err.Error())}
	switch {
	case errors.Is(err, http.ErrAbortHandler): // net/http's way to break off on purpose
		level = slog.LevelInfo
	case errors.As(err, &panicked):
		attrs = append(attrs, slog.String("id", idOr(requestID)), slog.String("stack", string(panicked.Stack)))
	case over, errors.Is(err, stream.ErrBroken), errors.Is(err, exchange.ErrClientGone), errors.Is(err, exchange.ErrTimeout):
		level = slog.LevelInfo
	}
	log.LogAttrs(context.Background(), level, what, attrs...)
}

// failureAttrs are what a log line says of an error: a panic has a stack.
func failureAttrs(err error) []any {
	attrs := []any{slog.String("error", err.Error())}
	if panicked, ok := errors.AsType[*async.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	return attrs
}

// idOr is the id of the request, or a new one for an error.
func idOr(requestID string) string {
	if requestID != "" {
		return requestID
	}
	return fmt.Sprintf("%016x", rand.Uint64())
}

// problemOf decides what the client gets to know of an error.
func (c *Ctx) problemOf(err error) *problem.Problem {
	var p *problem.Problem
	var coded httpStatuser
	var framing *wire.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &framing):
		return problem.New(framing.Status, framing.Reason)
	case errors.Is(err, exchange.ErrBodyTooLarge):
		return problem.TooLarge("the request body is too large")
	case errors.Is(err, exchange.ErrBodyBroken):
		return problem.BadRequest("the request body is not complete")
	case errors.Is(err, exchange.ErrTimeout):
		return problem.New(http.StatusRequestTimeout, "the request took too long to arrive")
	case errors.Is(err, context.Canceled) && c.Err() != nil:
		return problem.New(statusClientGone, "the client closed the connection")
	case errors.Is(err, context.DeadlineExceeded): // async.ErrTimeout too
		return c.logged(err, problem.GatewayTimeout("the request took too long"))
	case errors.As(err, &coded):
		p = c.logged(err, problem.New(coded.HTTPStatus(), ""))
		addRetryAfter(p, err)
		return p
	}
	return c.logged(err, problem.Internal(""))
}

// addRetryAfter tells the client when to come back, if the error knows.
func addRetryAfter(p *problem.Problem, err error) {
	var retry retryAfterer
	if errors.As(err, &retry) {
		seconds := max(1, int64(retry.RetryAfter().Round(time.Second)/time.Second))
		p.Header = map[string][]string{"Retry-After": {strconv.FormatInt(seconds, 10)}}
	}
}

// logged writes the error to the log, under an id that p shows to the client.
func (c *Ctx) logged(err error, p *problem.Problem) *problem.Problem {
	requestID := c.RequestID()
	id := idOr(requestID)
	if p.Instance = "urn:error:" + id; requestID != "" {
		p.Instance = "urn:request:" + id
	}
	attrs := append(failureAttrs(err), slog.String("id", id), slog.Int("status", p.Status))
	c.Logger().Error("request failed", attrs...)
	return p
}
