package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/problem"
)

// statusClientGone is what access logs show for requests whose client left;
// nobody receives it (nginx's 499).
const statusClientGone = 499

var (
	// errGoexit stands for a handler that ended its goroutine.
	errGoexit = errors.New("the handler called runtime.Goexit")
	// errNilProblem stands for a nil pointer in an error, which is not nil.
	errNilProblem = errors.New("the error is a *problem.Problem that is nil: return nil itself where all is well")
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
	c.change(func(r *request) { r.failing = true })
	c.response().WithdrawAll()
	p := sendable(c.problemFor(err))
	c.response().PutHeader(p.Header)
	if r := c.request.route; p.Status == http.StatusUnsupportedMediaType && r != nil && r.acceptQuery != "" {
		c.SetHeader("Accept-Query", r.acceptQuery)
	}
	if err := c.droppedReference(); err != nil {
		c.response().WithdrawAll()
		p = c.logged(err, problem.Internal(""))
	}
	if id := c.RequestID(); id != "" && p.Instance == "" {
		named := *p // p may be shared
		named.Instance = "urn:request:" + id
		p = &named
	}
	if !c.sendStandard(p) && !c.app.problems.send(c, p) {
		body := p.AppendJSON(c.spare())
		c.change(func(r *request) { r.reply.RespondSpare(p.Status, problem.ContentType, body) })
	}
	c.change(func(r *request) { r.failing = false })
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
			c.change(func(r *request) {
				if !r.inside.closed { // else the middleware has answered
					r.reply.Withdraw()
				}
			})
			err = c.mapError(err)
		}
		return err
	}
}

// logBrokenOff notes a response of which the client has a part only.
func (c *Ctx) logBrokenOff(err error) {
	if logBroken(c.Logger(), c.RequestID(), "response broken off", c.Err() != nil, err) {
		c.change(func(r *request) { r.seen.cause, r.seen.broken = err, true })
	}
}

// brokenOff notes that the client did not take all of a staged response.
func (*dispatcher) brokenOff(x *exchange.Exchange, err error) {
	if r, ok := x.User.(*request); ok && r.ctx != nil {
		c := r.ctx
		id := r.requestID
		if logBroken(c.app.logger(r.routeName(), c.Core(), id), id, "response broken off", false, err) {
			r.seen.cause, r.seen.broken = err, true
		}
	}
}

// logBroken notes what happened to a response that had begun. It is an error
// unless the client has left (over) or does not read, and a panic always is: it reports that.
func logBroken(log *slog.Logger, requestID, what string, over bool, err error) (failed bool) {
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
	return level == slog.LevelError
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

// logged writes the error to the log, under an id that p shows to the client.
func (c *Ctx) logged(err error, p *problem.Problem) *problem.Problem {
	requestID := c.RequestID()
	id := idOr(requestID)
	switch {
	case p.Instance != "": // of a problem that names its occurrence itself
	case requestID != "":
		p.Instance = "urn:request:" + id
	default:
		p.Instance = "urn:error:" + id
	}
	c.change(func(r *request) { r.seen.cause, r.seen.errorID = err, id })
	attrs := append(failureAttrs(err), slog.String("id", id), slog.Int("status", p.Status))
	c.Logger().Error("request failed", attrs...)
	return p
}

// What follows runs when code of others fails where no handler is around it any more: a log handler,
// a hook, the form of a problem. Each step may fail again, or end the goroutine, and the next one runs all the
// same.

var _ exchange.Failer = (*dispatcher)(nil)

// Fail implements [exchange.Failer].
func (*dispatcher) Fail(x *exchange.Exchange, panicked any) {
	if r, ok := x.User.(*request); ok && r.ctx != nil {
		r.ctx.lastResort(panicked)
	}
}

// lastResort ends a request whose conclude has not returned. panicked is what recover returned; nil: the
// goroutine is ending, and a response that was there by then stays.
func (c *Ctx) lastResort(panicked any) {
	r := c.request
	if r == nil {
		return // it is over
	}
	defer guarded(func() { c.finishUse(r) })
	defer guarded(func() { c.response().RunEnds() })
	if c.Sent() {
		defer guarded(func() { c.logBrokenOff(asError(c, panicked)) })
		return
	}
	if panicked == nil && !r.failing && r.x.Status != 0 {
		defer guarded(c.response().RunHeads)
		return
	}
	defer guarded(func() { c.failAgain(panicked) })
}

// guarded calls f and contains its panics.
func guarded(f func()) {
	defer func() { _ = recover() }()
	f()
}

func asError(c *Ctx, panicked any) error {
	if panicked == nil {
		return errGoexit
	}
	return c.panicError(panicked)
}

// failAgain stages a 500 in the form of the service, or else a problem document, and logs why.
func (c *Ctx) failAgain(panicked any) {
	p := problem.Internal("")
	p.Instance = "urn:error:" + idOr("")
	if id := c.RequestID(); id != "" {
		p.Instance = "urn:request:" + id
	}
	sent := false
	defer func() {
		if !sent {
			c.change(func(r *request) {
				r.reply.BeginFailure(p.Status)
				r.x.Respond(p.Status, problem.ContentType, p.AppendJSON(nil))
			})
		}
	}()
	defer guarded(func() {
		c.response().WithdrawAll()
		sent = c.app.problems.send(c, p)
	})
	err := asError(c, panicked)
	c.change(func(r *request) { r.seen.cause = err })
	c.Logger().Error("request failed outside of its route", append(failureAttrs(err), slog.String("instance", p.Instance))...)
}

// finishUse ends the use of c for a request whose response is decided.
func (c *Ctx) finishUse(r *request) {
	if len(r.settlers) > 0 {
		r.abandon()
	}
	r.leave()
	r.lease()
	if len(r.cleanups) == 0 { // they may still wait for something with c
		c.cancel()
	}
}

// contained calls what is not a part of the answer: tracers and the like. A panic of it is logged.
func (a *App) contained(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			guarded(func() {
				a.log.Error(what+" panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
			})
		}
	}()
	f()
}
