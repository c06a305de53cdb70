package fasterapi

import (
	"net/http"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/problem"
)

// WrapMiddleware makes middleware for net/http usable here, for routes of every
// style:
//
//	app.Use(fasterapi.WrapMiddleware(handlers.ProxyHeaders))
//
// It sees the request and the whole response, also one of an error, and may answer
// itself. Values that it puts into the request's context are found by c.Value;
// what else it changes in the request stays unseen by the handler. When it
// answers while the handler still runs, as [http.TimeoutHandler] does, c ends,
// and the answer waits until the handler has returned. On a reactor it must not
// block nor start goroutines, and no response can be streamed through it.
func WrapMiddleware(middleware func(http.Handler) http.Handler) Middleware {
	return func(next Handler) Handler {
		wrapped := middleware(bridge.Inner(func(h bridge.Holder) { h.(holder).answerInside(next) }))
		return func(c *Ctx) error {
			r, err := bridge.NewWrapped(holder{c})
			switch {
			case err == nil:
			case c.Refused() != nil: // perhaps because of what cannot be understood
				return next(c)
			default:
				return badTarget(err)
			}
			err = bridge.Serve(holder{c}, wrapped, r)
			if thrown := c.panicThrown(); thrown != nil { // the middleware has answered, perhaps without a word of it
				c.logged(thrown, problem.Internal(""))
			}
			return err
		}
	}
}

// answerInside stages what a handler inside of net/http middleware answers. Its panic
// goes on to the middleware, which may panic again somewhere else, or let it disappear:
// the stack is kept.
func (c *Ctx) answerInside(next Handler) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			thrown := c.panicError(v)
			c.change(func(r *request) { r.thrown = thrown })
			panic(v)
		}
	}()
	err := next(c)
	returned = true
	if err == nil {
		err = c.droppedReference()
	}
	if err != nil {
		c.fail(err)
	}
}
