package reply

import (
	"errors"
	"log/slog"

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

// sendable is Valid that returns the value to be sent: references are
// percent-encoded. One with control characters is not sent, and neither is the answer
// that it belongs to, unless another takes its place: a redirect without Location tells
// nobody what went wrong.
func (h Handle) sendable(name, value string) (string, bool) {
	holds := referenceIn(name)
	if holds == 0 {
		return value, h.Valid(name, value)
	}
	escaped, ok := field.Reference(value)
	h.Use(func(r *Reply) {
		if r.dropped &^= holds; !ok {
			r.dropped |= holds
		}
	})
	if !ok {
		h.Logger().Error("response header dropped: a reference with control characters", slog.String("name", name))
	}
	return escaped, ok
}

// Unsendable is why the answer must not be sent, because of a reference that was
// dropped; nil: it may, or is on its way.
func (r *Reply) Unsendable() error {
	if r.dropped == 0 || r.Sent() {
		return nil
	}
	return r.dropped.err()
}

// Unsendable is [Reply.Unsendable].
func (h Handle) Unsendable() error { return read(h, (*Reply).Unsendable) }
