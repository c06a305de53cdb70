package bridge

import (
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/fasterapi/fasterapi/internal/reply"
)

// errBrokenOff is the error of a stream that was not completed behind net/http
// middleware.
var errBrokenOff = errors.New("fasterapi: the response was broken off behind net/http middleware")

// NewWrapped is [NewRequest] for middleware around the handler of h.
func NewWrapped(h Holder) (*http.Request, error) {
	in := &wrapped{Holder: h}
	r, err := NewRequest(in, h, 0)
	if err == nil {
		in.body = r.Body
	}
	return r, err
}

// Inner is the handler that middleware for net/http wraps: it lets answer answer the
// exchange of a request that [NewWrapped] has made, while [Serve] serves it. replaced is
// the request if the middleware has given it another body, else nil.
func Inner(answer func(h Holder, replaced *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in, ok := r.Context().Value(wrappedKey{}).(*wrapped); ok && in.enter() {
			defer in.running.Unlock()
			in.serve(answer, w, r)
		}
	})
}

// wrapped is the handler inside of net/http middleware, as the context of its
// request. Asking it for values does not come back to what the middleware has
// added.
//
// Owner: running.
type wrapped struct {
	Holder
	body    io.ReadCloser // as the middleware got it
	running sync.Mutex
	over    bool // the middleware has returned
	broken  bool // the handler's stream was not completed
}

// wrappedKey is what a wrapped answers to with itself.
type wrappedKey struct{}

// Value implements [context.Context].
func (in *wrapped) Value(key any) any {
	if key == (wrappedKey{}) {
		return in
	}
	return in.Own(key)
}

// enter reports false when it is too late for the handler to run.
func (in *wrapped) enter() bool {
	in.running.Lock()
	if in.over {
		in.running.Unlock()
	}
	return !in.over
}

// leave ends the middleware's time. A handler that it has left behind is
// cancelled and waited for.
func (in *wrapped) leave() {
	if !in.running.TryLock() {
		in.Cancel()
		in.running.Lock()
	}
	in.over = true
	in.running.Unlock()
}

// serve runs the handler and writes what it answers to w.
func (in *wrapped) serve(answer func(h Holder, replaced *http.Request), w http.ResponseWriter, r *http.Request) {
	h := reply.Handle{Holder: in.Holder}
	way, outer := reply.Enter(h, w, r.Context())
	defer way.Leave(h, outer)
	var replaced *http.Request
	if r.Body != in.body && r.Body != nil {
		replaced = r
	}
	answer(in.Holder, replaced)
	in.broken = !way.Finish(h)
}
