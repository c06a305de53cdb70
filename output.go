package fasterapi

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
)

const jsonType = "application/json"

// response is a result of a handler that is no JSON: one of the types of this package,
// or a type that embeds one.
type response interface {
	// output is all that the type says. It is asked once for each route, of a zero value.
	output() (output, error)
}

// renderer is a response that renders itself with nothing compiled. A type that
// embeds one is a response too.
type renderer interface {
	response
	render(c *Ctx) error
}

// output is what results of a type T become.
//
// Owner: any (immutable after build).
type output struct {
	// render is a func(*Ctx, T) error, which makes the value the response. It takes the
	// value by value: through a pointer it would move to the heap.
	render any
	// answers are the responses in the document, the successful one first.
	answers []describe.Answer
	// waits: rendering waits for the client or for a disk, so it needs a goroutine.
	waits bool
}

// renders is the render of a type that renders itself.
func renders[T renderer](c *Ctx, v T) error { return v.render(c) }

// outputOf decides once what results of type Out become.
func outputOf[Out any]() (output, error) {
	if err := refuseOutput(reflect.TypeFor[Out]()); err != nil {
		return output{}, err
	}
	var zero Out
	r, ok := any(zero).(response)
	if !ok {
		return jsonOutput[Out]()
	}
	out, err := r.output()
	if _, own := out.render.(func(*Ctx, Out) error); err == nil && !own { // it is that of the response that Out embeds
		out.render = func(c *Ctx, v Out) error { return any(v).(renderer).render(c) }
	}
	return out, err
}

// renderOf is the render of outputOf[Out].
func renderOf[Out any](o output) func(*Ctx, Out) error { return o.render.(func(*Ctx, Out) error) }

// jsonOutput is the output of what is no response.
func jsonOutput[Out any]() (output, error) {
	encoder, err := codec.EncoderFor[Out]()
	if err != nil {
		return output{}, err
	}
	render := func(c *Ctx, v Out) error {
		body, err := codec.Append(encoder, c.spare(), &v)
		if err != nil {
			return err
		}
		c.stageSpare(http.StatusOK, jsonType, body)
		return nil
	}
	if reflect.TypeFor[Out]().Kind() == reflect.Interface {
		render = unlessResponse(render)
	}
	answers := []describe.Answer{{Status: http.StatusOK, ContentType: jsonType, Type: reflect.TypeFor[Out]()}}
	return output{render: render, answers: answers}, nil
}

// compileOutput decides what the results of the handler of r become.
func (t *typed[In, Out]) compileOutput(r *route) error {
	out, err := outputOf[Out]()
	if err != nil {
		return err
	}
	if r.opts.style != onGoroutine && out.waits {
		var zero Out
		return fmt.Errorf("%T waits for the client, so its route must run on goroutines", zero)
	}
	t.render, r.facts.answers = renderOf[Out](out), out.answers
	return nil
}
