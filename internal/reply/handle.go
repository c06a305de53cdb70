package reply

import (
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Holder is what users have of a request, the Ctx. It has the lock that the end of
// the request takes.
//
// Owner: any.
type Holder interface {
	// Lock locks the holder. It returns the reply, nil once the request is over. Unlock
	// follows either way.
	Lock() *Reply
	// Unlock ends Lock.
	Unlock()
	// Gone tells why nobody waits for the response any more, nil while client and
	// server are there.
	Gone() error
	// Logger is the log of the request. It must not be called between Lock and Unlock.
	Logger() *slog.Logger
}

// Handle reaches the reply of a request for as long as that lasts, and changes
// nothing once it is over.
//
// Owner: any (its Holder has a lock).
type Handle struct{ Holder }

// Use calls f with the reply, locked, and reports false, without a call, once the
// request is over. f must not come back to the Holder.
func (h Handle) Use(f func(r *Reply)) bool {
	r := h.Lock()
	defer h.Unlock()
	if r == nil {
		return false
	}
	f(r)
	return true
}

// read returns what f finds, and the zero value once the request is over.
func read[T any](h Handle, f func(r *Reply) T) (v T) {
	h.Use(func(r *Reply) { v = f(r) })
	return v
}

// Exchange is the exchange of the request, nil once that is over. It is for its owner.
func (h Handle) Exchange() *exchange.Exchange { return read(h, (*Reply).Exchange) }

// Way is [Reply.Way].
func (h Handle) Way() *Way { return read(h, (*Reply).Way) }

// Sent is [Reply.Sent], and true once the request is over.
func (h Handle) Sent() bool { return !read(h, func(r *Reply) bool { return !r.Sent() }) }

// Taken tells whether the connection was taken over.
func (h Handle) Taken() bool { return read(h, func(r *Reply) bool { return r.progress == taken }) }

// Respond stages a response in the place of what was staged, unless that is sent. A
// content type that is not valid, and "", stand for that of the fields.
func (h Handle) Respond(status int, contentType string, body []byte) {
	if contentType != "" && !h.Valid("Content-Type", contentType) {
		contentType = ""
	}
	h.Use(func(r *Reply) {
		if contentType == "" && len(body) > 0 {
			contentType = r.x.OwnField("Content-Type")
		}
		if !r.Sent() {
			r.x.Respond(status, contentType, body)
		}
	})
}

// StageAs is Stage for a value that names its media type: that goes before a field.
// otherwise is for "" and for what could end its field.
func (h Handle) StageAs(status int, contentType, otherwise string, body []byte) {
	if contentType == "" || !h.Valid("Content-Type", contentType) {
		h.Use(func(r *Reply) { r.Stage(status, otherwise, body) })
		return
	}
	h.SetHeader("Content-Type", contentType)
	h.Use(func(r *Reply) { r.Stage(status, contentType, body) })
}

// TakeOver lets take have the connection, which may take its time, so that the lock is
// not for it: the end of the request waits. One at a time, and none beside a response
// that is sent, or whose source is at work.
func (h Handle) TakeOver(take func(x *exchange.Exchange) error) error { return h.borrow(take, taken) }

// Inform lets send send an interim response, which may take its time, too. One at a time,
// and none beside a response that is sent.
func (h Handle) Inform(send func(x *exchange.Exchange) error) error { return h.borrow(send, staged) }

// borrow lets f have the exchange without the lock. behind is how far the response is
// when f has returned without an error.
func (h Handle) borrow(f func(x *exchange.Exchange) error, behind progress) error {
	var r *Reply
	sent := false
	h.Use(func(reply *Reply) {
		if sent = reply.progress != staged || reply.Sent() || reply.sourced && behind == taken; !sent {
			r, reply.progress = reply, taking
			r.uses.Add(1)
		}
	})
	switch {
	case sent:
		return exchange.ErrResponseSent
	case r == nil:
		return exchange.ErrOver
	}
	defer r.uses.Done()
	err := f(r.x)
	h.Lock() // not Use: the request may be over, but is waiting
	defer h.Unlock()
	if r.progress = staged; err == nil {
		r.progress = behind
	}
	return err
}
