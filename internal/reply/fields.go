package reply

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Who owns a field of the response: what was set last, nearest to the content. The
// order is
//
//   - what net/http middleware around the App, then middleware of the App, sets
//     before the handler;
//   - what the framework sets for a type of response: application/json, the entity
//     tag of a file;
//   - what the handler sets with SetHeader, or in the Header of a Response;
//   - what a value says itself: Blob.ContentType, File.CacheControl;
//   - what middleware sets behind the handler.
//
// Package exchange keeps the fields, so that one which may occur once cannot occur
// twice. A mounted handler's Header is made of them and becomes them again.

// Within begins the innermost handler of a route with middleware: what is set from now
// on is its own.
func (r *Reply) Within() { r.x.Within() }

// Withdraw takes back what the innermost handler has said of its body, because it has
// failed.
func (r *Reply) Withdraw() {
	r.x.DeleteFields(func(f exchange.Field, own bool) bool { return own && field.DescribesContent(f.Name) })
	r.x.Within()
}

// WithdrawAll takes back what was said of an answer that then failed: a problem
// must not be cached, named or decoded like it. What net/http middleware around it
// has set is for that middleware to know (one that compresses names the coding
// before), and an order of other middleware not to store anything holds for
// problems as well.
func (h Handle) WithdrawAll() {
	var outside http.Header
	if v := h.Way(); v != nil {
		outside = v.w.Header()
	}
	h.Use(func(r *Reply) {
		r.x.DeleteFields(func(f exchange.Field, own bool) bool {
			return field.DescribesContent(f.Name) && (own || !f.ForbidsStoring()) && !slices.Contains(outside.Values(f.Name), f.Value)
		})
		r.dropped = 0 // they were of that answer
	})
}

// AddHeader adds a field, see [exchange.Exchange.AddField].
func (h Handle) AddHeader(name, value string) {
	if value, ok := h.sendable(name, value); ok {
		h.change(name, func(r *Reply) { r.x.AddField(name, value) })
	}
}

// SetHeader adds a field in the place of all of this name, see
// [exchange.Exchange.SetField]. One that is not valid only takes the others away.
func (h Handle) SetHeader(name, value string) {
	value, valid := h.sendable(name, value)
	h.change(name, func(r *Reply) {
		if valid {
			r.x.SetField(name, value)
		} else {
			r.x.DeleteField(name)
		}
	})
}

// DefaultHeader sets what the framework says of a type of response, unless the handler
// has said it.
func (h Handle) DefaultHeader(name, value string) {
	h.change(name, func(r *Reply) {
		if r.x.OwnField(name) == "" {
			r.x.SetField(name, value)
		}
	})
}

// DeleteHeader removes the fields of this name.
func (h Handle) DeleteHeader(name string) {
	h.change(name, func(r *Reply) {
		r.x.DeleteField(name)
		r.dropped &^= referenceIn(name)
	})
}

// PutHeader sets the fields of a header, see [exchange.Exchange.PutField].
func (h Handle) PutHeader(header http.Header) {
	if len(header) == 0 {
		return
	}
	header = h.ValidHeader(header)
	h.Use(func(r *Reply) {
		if r.progress == streaming {
			return
		}
		r.x.PutFields(header)
	})
}

// Vary adds the name of a request field to the Vary field, unless it is there.
func (h Handle) Vary(name string) {
	if !h.Valid("Vary", name) {
		return
	}
	h.change("Vary", func(r *Reply) {
		if said := r.x.FieldValue("Vary"); !field.Lists(said, "*") && !field.Lists(said, name) {
			r.x.AddField("Vary", name)
		}
	})
}

// OwnHeader is the value of a field that the handler has set, "" without.
func (h Handle) OwnHeader(name string) string {
	return read(h, func(r *Reply) string { return r.x.OwnField(name) })
}

// Valid tells whether a field is valid, and logs it when it is not.
func (h Handle) Valid(name, value string) bool {
	if wire.ValidHeader(name, value) {
		return true
	}
	h.Logger().Error("response header dropped: not a valid field", slog.String("name", name))
	return false
}

// ValidHeader returns header without what is not valid, which is logged, and without those
// that come behind the body.
func (h Handle) ValidHeader(header http.Header) http.Header {
	valid := make(http.Header, len(header))
	for name, values := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, value := range values {
			if value, ok := h.sendable(name, value); ok {
				valid.Add(name, value)
			}
		}
	}
	return valid
}

// change lets f stage a field of this name, and logs one that comes too late for any
// response.
func (h Handle) change(name string, f func(r *Reply)) {
	staging := func(r *Reply) {
		if r.progress != streaming { // else the engine may be reading them
			f(r)
		}
	}
	if !h.Use(staging) {
		h.Logger().Warn("response header dropped: the request is over", slog.String("name", name))
	}
}
