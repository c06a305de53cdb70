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

// blocker is a response type whose rendering waits for the client.
type blocker interface{ blocks() }

// compiler is a response type whose renderer is compiled from its parts.
type compiler[Out any] interface {
	compileRender() (func(*Ctx, Out) error, error)
}

// compileOutput decides once how values of Out become responses. The renderer
// takes its value by value: through a pointer it would move to the heap.
func compileOutput[Out any]() (func(*Ctx, Out) error, error) {
	if err := refuseOutput(reflect.TypeFor[Out]()); err != nil {
		return nil, err
	}
	var zero Out
	if parts, ok := any(zero).(compiler[Out]); ok {
		return parts.compileRender()
	}
	if reflect.TypeFor[Out]().Implements(reflect.TypeFor[renderer]()) {
		return func(c *Ctx, out Out) error { return any(out).(renderer).render(c) }, nil
	}
	if reflect.TypeFor[Out]() == reflect.TypeFor[None]() {
		return func(c *Ctx, _ Out) error {
			c.stage(http.StatusNoContent, "", nil)
			return nil
		}, nil
	}
	if reflect.TypeFor[Out]() == reflect.TypeFor[Text]() {
		return func(c *Ctx, out Out) error {
			// Apart from the interface above, so that no text is boxed.
			c.stageText(textType, string(*any(&out).(*Text)))
			return nil
		}, nil
	}
	encoder, err := codec.EncoderFor[Out]()
	if err != nil {
		return nil, err
	}
	render := func(c *Ctx, out Out) error {
		body, err := codec.Append(encoder, c.spare(), &out)
		if err != nil {
			return err
		}
		c.stageSpare(http.StatusOK, jsonType, body)
		return nil
	}
	if reflect.TypeFor[Out]().Kind() == reflect.Interface {
		render = unlessResponse(render)
	}
	return render, nil
}
