package fasterapi

import (
	"net/http"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/codec"
)

const jsonType = "application/json"

// renderer is a response type that knows how to become a response: those of
// this package.
type renderer interface{ render(c *Ctx) error }

// compileOutput decides once how values of Out become responses.
func compileOutput[Out any]() (func(*Ctx, *Out) error, error) {
	if reflect.TypeFor[Out]().Implements(reflect.TypeFor[renderer]()) {
		return func(c *Ctx, out *Out) error { return any(*out).(renderer).render(c) }, nil
	}
	if reflect.TypeFor[Out]() == reflect.TypeFor[None]() {
		return func(c *Ctx, _ *Out) error {
			c.stage(http.StatusNoContent, "", nil)
			return nil
		}, nil
	}
	if reflect.TypeFor[Out]() == reflect.TypeFor[Text]() {
		return func(c *Ctx, out *Out) error {
			// Apart from the interface above, so that no text is boxed.
			c.scratch = append(c.scratch[:0], *any(out).(*Text)...)
			c.stage(http.StatusOK, textType, c.scratch)
			return nil
		}, nil
	}
	encoder, err := codec.EncoderFor[Out]()
	if err != nil {
		return nil, err
	}
	return func(c *Ctx, out *Out) error {
		body, err := codec.Append(encoder, c.scratch[:0], out)
		if err != nil {
			return err
		}
		c.scratch = body
		c.stage(http.StatusOK, jsonType, body)
		return nil
	}, nil
}
