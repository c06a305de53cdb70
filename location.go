package fasterapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/field"
)

// references are fields of responses that hold a URI reference, as a set.
type references uint8

const (
	location references = 1 << iota
	contentLocation
)

var (
	errLocation        = errors.New("fasterapi: the Location of the answer has control characters")
	errContentLocation = errors.New("fasterapi: the Content-Location of the answer has control characters")
)

// referenceIn is the set of the field of this name, empty for a field without
// reference.
func referenceIn(name string) references {
	switch {
	case field.EqualFold(name, "Location"):
		return location
	case field.EqualFold(name, "Content-Location"):
		return contentLocation
	}
	return 0
}

// err says what is wrong with an answer that these cannot be sent with, nil for none.
func (r references) err() error {
	switch {
	case r&location != 0:
		return errLocation
	case r != 0:
		return errContentLocation
	}
	return nil
}

// sendable is mayStage that returns the value to be sent: references are
// percent-encoded. One with control characters is not sent, and neither is the answer
// that it belongs to, unless another takes its place: a redirect without Location tells
// nobody what went wrong.
func (c *Ctx) sendable(name, value string) (string, bool) {
	holds := referenceIn(name)
	if holds == 0 {
		return value, c.mayStage(name, value)
	}
	escaped, ok := field.Reference(value)
	c.change(func(r *request) {
		if r.stages.dropped &^= holds; !ok {
			r.stages.dropped |= holds
		}
	})
	if !ok {
		c.Logger().Error("response header dropped: a reference with control characters", slog.String("name", name))
	}
	return escaped, ok
}

// droppedReference is why the answer must not be sent; nil: it may, or is on its way.
func (c *Ctx) droppedReference() error {
	return read(c, func(r *request) error {
		if r.stages.dropped == 0 || r.sent() {
			return nil
		}
		return r.stages.dropped.err()
	})
}

// redirectSlash sends the client from one spelling of a trailing slash to the other,
// target. The reference is relative, because a proxy or a Mount may have taken a prefix
// off the path, and browsers ask again next time: they keep a 308 without Cache-Control
// for good, and the routes of the next release may be others.
func (c *Ctx) redirectSlash(target string) {
	relative := slashReference(c.Path(), target)
	if query := c.RawQuery(); query != "" {
		relative += "?" + query
	}
	c.SetHeader("Location", relative)
	c.SetHeader("Cache-Control", noCache)
	c.stage(http.StatusPermanentRedirect, "", nil)
}

// slashReference is the relative reference between two paths that differ in a slash at
// the end. It begins with a dot, so that no name in it is taken for a scheme.
func slashReference(from, to string) string {
	if strings.HasSuffix(from, "/") {
		return "../" + to[strings.LastIndexByte(to, '/')+1:]
	}
	to = strings.TrimSuffix(to, "/")
	return "./" + to[strings.LastIndexByte(to, '/')+1:] + "/"
}
