package fasterapi

import (
	"context"
	"errors"
	"net/http"
	"sync"

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
		wrapped := middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if inside, ok := r.Context().Value(insideKey{}).(*inside); ok && inside.enter() {
				defer inside.running.Unlock()
				inside.serve(next, w, r)
			}
		}))
		return func(c *Ctx) error {
			in := &inside{Ctx: c}
			r, err := c.httpRequest(in)
			switch {
			case err == nil:
			case c.Refused() != nil: // perhaps because of what cannot be understood
				return next(c)
			default:
				return problem.Wrap(err, http.StatusBadRequest, "the request target cannot be understood")
			}
			w := newHTTPWriter(c)
			defer w.end()
			defer removeForm(r)
			wrapped.ServeHTTP(w, r)
			in.leave()
			if thrown := c.panicThrown(); thrown != nil { // the middleware has answered, perhaps without a word of it
				c.logged(thrown, problem.Internal(""))
			}
			if in.broken {
				return errBrokenOff
			}
			return w.finish()
		}
	}
}

var errBrokenOff = errors.New("fasterapi: the response was broken off behind net/http middleware")

// inside is the handler inside of net/http middleware, as the context of its
// request. Asking it for values does not come back to what the middleware has
// added.
//
// Owner: running.
type inside struct {
	*Ctx
	running sync.Mutex
	over    bool // the middleware has returned
	broken  bool // the handler's stream was not completed
}

// insideKey is what an inside answers to with itself.
type insideKey struct{}

// Value implements context.Context.
func (in *inside) Value(key any) any {
	if key == (insideKey{}) {
		return in
	}
	return in.own(key)
}

// enter reports false when it is too late for the handler to run.
func (in *inside) enter() bool {
	in.running.Lock()
	if in.over {
		in.running.Unlock()
	}
	return !in.over
}

// leave ends the middleware's time. A handler that it has left behind is
// cancelled and waited for.
func (in *inside) leave() {
	if !in.running.TryLock() {
		in.cancel()
		in.running.Lock()
	}
	in.over = true
	in.running.Unlock()
}

// goVia sends the response through v from now on.
func (c *Ctx) goVia(v *relay, added context.Context) {
	c.change(func(r *request) { r.via, r.added = v, added })
}

// serve runs the handler and writes what it answers to w.
func (in *inside) serve(next Handler, w http.ResponseWriter, r *http.Request) {
	c := in.Ctx
	outer, added := c.via, c.added
	c.goVia(&relay{w: w}, r.Context())
	defer c.goVia(outer, added)
	header := w.Header() // not under the lock: it is the middleware's
	c.change(func(r *request) {
		r.x.Load(header) // what the middleware has set, and what was set around it
		r.x.Respond(0, r.x.ContentType, nil)
	})
	err := in.call(next)
	if err == nil {
		err = c.droppedReference()
	}
	if err != nil {
		c.fail(err)
	}
	switch {
	case c.taken(), c.via.ended:
	case c.via.opened:
		in.broken = true
	default:
		in.write(w)
	}
}

// write writes what is staged to w.
func (in *inside) write(w http.ResponseWriter) {
	status, payload := in.Status(), in.StagedBody()
	length := int64(len(payload))
	if status == http.StatusNoContent || status == http.StatusNotModified {
		length = -1
	}
	in.via.head(in.Ctx, length)
	if len(payload) > 0 {
		_, _ = w.Write(payload) // w keeps its error
	}
}

// taken tells whether the connection was taken over.
func (c *Ctx) taken() bool { return read(c, func(r *request) bool { return r.stages.taken }) }

// call runs the handler. Its panic goes on to the middleware, which may panic
// again somewhere else, or let it disappear: the stack is kept.
func (in *inside) call(next Handler) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			thrown := in.panicError(v)
			in.change(func(r *request) { r.thrown = thrown })
			panic(v)
		}
	}()
	err := next(in.Ctx)
	returned = true
	return err
}
