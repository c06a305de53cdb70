package fasterapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/problem"
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

// within is the innermost handler of a route with middleware: package exchange gets
// to know where it begins. One that fails takes back what it has said of its body. It
// is not called for a request that the engine refuses.
func within(call Handler) Handler {
	return func(c *Ctx) error {
		var refused *problem.Problem
		c.change(func(r *request) {
			r.x.Within()
			refused = r.refused()
		})
		if refused != nil {
			return refused
		}
		err := call(c)
		if err != nil && !c.sent() {
			c.change(func(r *request) {
				r.x.DeleteFields(func(f exchange.Field, own bool) bool { return own && describesBody(f.Name) })
				r.x.Within()
			})
		}
		return err
	}
}

// dropDescription takes back what was said of an answer that then failed: a problem
// must not be cached, named or decoded like it. What net/http middleware around it
// has set is for that middleware to know (one that compresses names the coding
// before: outside), and an order of other middleware not to store anything holds for
// problems as well.
func (r *request) dropDescription(outside http.Header) {
	r.x.DeleteFields(func(f exchange.Field, own bool) bool {
		return describesBody(f.Name) && (own || !forbidsStoring(f)) && !slices.Contains(outside.Values(f.Name), f.Value)
	})
}

// describesBody tells whether a field is about the content of an answer.
func describesBody(name string) bool {
	for _, known := range [...]string{
		"Cache-Control", "CDN-Cache-Control", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language",
		"Content-Location", "Content-MD5", "Digest", "ETag", "Expires", "Last-Modified", "Location", "Repr-Digest",
	} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

func forbidsStoring(f exchange.Field) bool {
	return strings.EqualFold(f.Name, "Cache-Control") && strings.Contains(strings.ToLower(f.Value), "no-store")
}

// putHeader sets the fields of a header, see [exchange.Exchange.PutField].
func (c *Ctx) putHeader(header http.Header) {
	if len(header) == 0 {
		return
	}
	header = c.validHeader(header)
	c.change(func(r *request) {
		if r.stages.opened {
			return
		}
		for name, values := range header {
			r.x.PutField(name, values)
		}
	})
}

// validHeader returns header without what is not valid, which is logged, and without
// trailers, which are not sent.
func (c *Ctx) validHeader(header http.Header) http.Header {
	valid := make(http.Header, len(header))
	for name, values := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, value := range values {
			if value, ok := c.sendable(name, value); ok {
				valid.Add(name, value)
			}
		}
	}
	return valid
}

// setDefault sets what the framework says of a type of response, unless the handler
// has said it.
func (c *Ctx) setDefault(name, value string) {
	c.stageField(name, func(r *request) {
		if r.x.OwnField(name) == "" {
			r.x.SetField(name, value)
		}
	})
}

// ownHeader is the value of a field that the handler has set, "" without.
func (c *Ctx) ownHeader(name string) string {
	return read(c, func(r *request) string { return r.x.OwnField(name) })
}

// stageAs is stage for a value that names its media type: that goes before a field.
// otherwise is for "" and for what could end its field.
func (c *Ctx) stageAs(status int, contentType, otherwise string, body []byte) {
	if contentType == "" || !c.mayStage("Content-Type", contentType) {
		c.stage(status, otherwise, body)
		return
	}
	c.SetHeader("Content-Type", contentType)
	c.stage(status, contentType, body)
}
