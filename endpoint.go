package fasterapi

import (
	"fmt"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
)

// None is the input of a handler that needs nothing but its Ctx, and the
// output of one that answers with 204 No Content.
type None struct{}

// typed is what the styles of typed handlers share: how the input is bound and the output
// rendered.
//
// Owner: any (immutable after build).
type typed[In, Out any] struct {
	bind    bind.Binder[In]
	injects []injector
	render  func(*Ctx, Out) error
}

func (t *typed[In, Out]) compile(a *App, r *route) (needsBody bool, errs []error) {
	binder, errs := bind.For[In](bind.Options{PathParams: wildcards(r.pattern)})
	if len(errs) > 0 {
		return false, errs
	}
	t.bind = binder
	t.injects, errs = a.injectors(binder.Plan())
	render, err := compileOutput[Out]()
	if err != nil {
		errs = append(errs, err)
	}
	t.render = render
	var zero Out
	if _, blocks := any(zero).(blocker); blocks && r.opts.style != onGoroutine {
		errs = append(errs, fmt.Errorf("%T waits for the client, so its route must run on goroutines", zero))
	}
	return binder.Plan().BodyField() != nil, errs
}

// input binds the request.
func (t *typed[In, Out]) input(c *Ctx) (In, error) {
	in, bad := t.bind.Bind((*source)(c))
	if bad != nil {
		return in, bad
	}
	if len(t.injects) > 0 {
		inject(t.injects, &in)
	}
	return in, nil
}

// straight is a handler that returns its output.
//
// Owner: any (immutable after build).
type straight[In, Out any] struct {
	typed[In, Out]
	handle func(*Ctx, In) (Out, error)
}

func newStraight[In, Out any](h func(*Ctx, In) (Out, error)) endpoint {
	return &straight[In, Out]{handle: h}
}

func (e *straight[In, Out]) call(c *Ctx) error {
	in, err := e.input(c)
	if err != nil {
		return err
	}
	out, err := e.handle(c, in)
	if err != nil {
		return err
	}
	return e.render(c, out)
}

func (e *straight[In, Out]) start(c *Ctx) (bool, error) { return true, e.call(c) }

// chain is a handler that returns a future of its output.
//
// Owner: any (immutable after build).
type chain[In, Out any] struct {
	typed[In, Out]
	handle func(*Ctx, In) async.Future[Out]
}

func newChain[In, Out any](h func(*Ctx, In) async.Future[Out]) endpoint {
	return &chain[In, Out]{handle: h}
}

// call awaits the future: behind middleware, or after the route was moved to
// goroutines.
func (e *chain[In, Out]) call(c *Ctx) error {
	in, err := e.input(c)
	if err != nil {
		return err
	}
	out, err := e.handle(c, in).Await(c)
	if err != nil {
		return err
	}
	return e.render(c, out)
}

func (e *chain[In, Out]) start(c *Ctx) (done bool, err error) {
	in, err := e.input(c)
	if err != nil {
		return true, err
	}
	f := e.handle(c, in)
	if out, err, ready := f.Result(); ready {
		if err != nil {
			return true, err
		}
		return true, e.render(c, out)
	}
	settle(c, f, e.render)
	return false, nil
}

// source gives the binder what the exchange holds; nothing is copied here.
//
// Owner: the handler of the request.
type source Ctx

func (s *source) PathValue(i int) []byte { return s.params.Value(i) }
func (s *source) Query() []byte          { return s.x.Head.RawQuery }
func (s *source) Body() []byte           { return s.x.Body }
func (s *source) ContentType() []byte    { return s.x.Head.Get("Content-Type") }

func (s *source) Header(name string, n int) ([]byte, bool) {
	for value := range s.x.Head.Values(name) {
		if n == 0 {
			return value, true
		}
		n--
	}
	return nil, false
}
