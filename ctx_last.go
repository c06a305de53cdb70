package fasterapi

import (
	"log/slog"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/problem"
)

// What is in this file runs when code of others fails where no handler is around it any more: a log handler,
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
