package fasterapi

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/problem"
)

// Refused tells why the server refuses the request by itself, nil when it does not:
// its head or body cannot be read, is larger than a limit or came too slowly
// (docs/reference/refusals.md lists the kinds). Such a request goes through the
// middleware of its route, or of the app when the path could not be read. What
// middleware calls next for then is this problem, and neither input, dependencies nor
// handler are looked at; an answer below 400 that middleware gives itself is replaced
// with it. Of the request there is what was read: Method, Path and Host may be "",
// fields may be missing, and reading the body fails.
func (c *Ctx) Refused() *problem.Problem {
	return read(c, (*request).refused)
}

func (r *request) refused() *problem.Problem {
	if why := r.x.Refusal; why != nil {
		return problem.New(why.Status, why.Reason)
	}
	return nil
}

// serveRefused answers a request that the engine refuses.
func (c *Ctx) serveRefused() exchange.Outcome {
	c.conclude(c.refused())
	return exchange.Answered
}

// keepRefusal returns what a refused request is answered with when its middleware has
// returned err: the refusal, where that says that all is well.
func (c *Ctx) keepRefusal(err error) error {
	if err == nil && c.x.Forgives() {
		return c.refused()
	}
	return err
}
