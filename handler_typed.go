package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/check"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/problem"
)

// None is the input of a handler that needs nothing but its Ctx, and the
// output of one that answers with 204 No Content.
type None struct{}

// output implements response. What embeds a None is none, so it has no method render.
func (None) output() (output, error) {
	render := func(c *Ctx, _ None) error {
		c.stage(http.StatusNoContent, "", nil)
		return nil
	}
	return output{render: render, answers: []describe.Answer{{Status: http.StatusNoContent}}}, nil
}

// typed is what the styles of typed handlers share: how the input is bound and the output
// rendered. There is one for each pair of types, so its methods do only what needs them.
//
// Owner: any (immutable after build).
type typed[In, Out any] struct {
	handling
	render func(*Ctx, Out) error
}

// handling is the part of typed that is the same code for all types.
//
// Owner: any (immutable after build).
type handling struct {
	plan      *bind.Plan // of the input
	injection *injection
	waits     bool // rendering begins to send the response
	leavable  bool // middleware may leave it behind on a goroutine
}

// signature is what is known of the types of a handler.
type signature struct {
	in, out reflect.Type
	output  output
	err     error // what is wrong with out
	missing bool  // there is no handler
}

func (t *typed[In, Out]) compile(env *compilation, r *route, missing bool) (needsBody bool, errs []error) {
	s := signature{in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), missing: missing}
	if s.output, s.err = outputOf[Out](); s.err == nil {
		t.render = renderOf[Out](s.output)
	}
	return t.handling.compile(env, r, &s)
}

func (h *handling) compile(env *compilation, r *route, s *signature) (needsBody bool, errs []error) {
	r.facts, h.leavable = &facts{}, len(r.middleware) > 0
	options := r.bindOptions()
	if h.plan, errs = bind.Compile(s.in, options); len(errs) > 0 {
		errs = append(errs, env.providers.missing(s.in)...)
	} else {
		h.injection, errs = env.providers.compileInjection(r, h.plan, options)
		if err := refuseBody(h.plan.BodyField()); err != nil {
			errs = append(errs, err)
		}
	}
	if err := h.compileOutput(r, s); err != nil {
		errs = append(errs, err)
	}
	if err := h.refuseOutcome(s.out); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		var err error
		if needsBody, err = r.readers(h.plan, h.injection); err != nil {
			errs = append(errs, err)
		}
		r.facts.plan, r.facts.injected = h.plan, h.injection
	}
	if s.missing {
		errs = append(errs, errors.New("the handler is nil"))
	}
	return needsBody, errs
}

// compileOutput decides what the results of the handler of r become.
func (h *handling) compileOutput(r *route, s *signature) error {
	switch out := &s.output; {
	case s.err != nil:
		return s.err
	case isFailure(s.out):
		return fmt.Errorf("the handler returns %v, which is an error and would be sent as a success: return it as the second result", s.out)
	case r.opts.style != onGoroutine && out.waits:
		return fmt.Errorf("%v waits for the client, so its route must run on goroutines", s.out)
	case r.opts.status != 0 && out.several:
		return fmt.Errorf("Status(%d): the handler has several answers, and each has its own status", r.opts.status)
	case r.opts.status != 0 && out.redirects && !isRedirect(r.opts.status):
		return fmt.Errorf("Status(%d): a Redirect has status 301, 302, 303, 307 or 308", r.opts.status)
	default:
		r.facts.answers, r.facts.former, h.waits = out.answers, formerOf(out.answers), out.waits
		return nil
	}
}

// refuseOutcome reports a value that hears of the outcome in a route whose response
// begins before there is one.
func (h *handling) refuseOutcome(out reflect.Type) error {
	if h.injection == nil || h.injection.settles == "" || !h.waits {
		return nil
	}
	return fmt.Errorf("%s is given back by the outcome of the request (ProvideWithOutcome), and a response of %v is sent before there is one: "+
		"end it in the handler, such as by Pool.Tx", h.injection.settles, out)
}

// readers tells whether the body is collected for the inputs of a route, and
// notes what of its path is secret. An input with uploads reads the body while it
// comes.
func (r *route) readers(own *bind.Plan, injected *injection) (needsBody bool, err error) {
	count, streams := 0, false
	for _, plan := range append([]*bind.Plan{own}, injected.reads...) {
		r.addSecrets(plan)
		if plan.NeedsBody() {
			count++
		}
		streams = streams || plan.Streams()
	}
	switch {
	case streams && count > 1:
		err = errors.New("uploads, and bodies of type io.Reader, are read once, so only one input of the route may read the body")
	case streams && r.opts.style != onGoroutine:
		err = errors.New("uploads, and bodies of type io.Reader, wait for the client, so the route must run on goroutines (a body of type []byte is collected before)")
	}
	return count > 0 && !streams, err
}

// input makes what the route needs injected and binds the request.
func (t *typed[In, Out]) input(c *Ctx) (none In, err error) {
	var visit visit
	if t.leavable {
		if visit.inside = c.enterInput(); visit.inside == nil {
			return none, ErrRequestOver
		}
		defer func() {
			if visit.leave() {
				err = ErrRequestOver
			}
		}()
	}
	if len(t.injection.steps) > 0 {
		if err := t.injection.run(c); err != nil {
			return none, t.withOwnFaults(c, err)
		}
	}
	return t.bindInput(c, &visit)
}

// bindInput binds the request when all that the route needs injected is there.
func (t *typed[In, Out]) bindInput(c *Ctx, visit *visit) (In, error) {
	if t.plan.Checked() {
		in, err := t.bindChecked(c, visit)
		return *in.(*In), err
	}
	in, bad := bind.Of[In](t.plan).Bind((*requestSource)(c.request))
	if bad = c.refuseUnknown(bad); bad != nil {
		return in, bad
	}
	inject.Into(&in, t.injection.fills, c.reactor.Core(), c.injected)
	c.markBound()
	return in, nil
}

// bindChecked is bindInput for an input with methods Check, which may keep its address, and wait.
func (h *handling) bindChecked(c *Ctx, visit *visit) (in any, err error) {
	in, bad := h.plan.BindNew((*requestSource)(c.request))
	inject.IntoPointer(in, h.injection.fills, c.reactor.Core(), c.injected)
	bad = c.refuseUnknown(bad)
	if visit.leave() {
		return in, ErrRequestOver
	}
	err = c.checkInput(h.plan, in, bad)
	c.markChecked()
	return in, err
}

// withOwnFaults adds what is wrong with the handler's own input to an invalid one of
// its providers.
func (h *handling) withOwnFaults(c *Ctx, err error) error {
	bad, ok := err.(*invalidInput)
	if !ok {
		return err
	}
	if !h.plan.Streams() { // uploads are not read for a refusal
		more, err := c.faultsOf(h.plan)
		if err != nil {
			return err
		}
		bad.add(c.refuseUnknown(more))
	}
	return bad.problem
}

// refuseUnknown adds parameters of the query that the route does not know to bad, where it is strict.
func (c *Ctx) refuseUnknown(bad *problem.Problem) *problem.Problem {
	if names := c.route.queryNames; names != nil {
		return names.Check(c.x.Head.RawQuery, bad)
	}
	return bad
}

// faultsOf is what is wrong with an input of the request of which nothing is injected. An error is that
// of a method Check.
func (c *Ctx) faultsOf(plan *bind.Plan) (*problem.Problem, error) {
	in, bad := plan.BindNew((*requestSource)(c.request))
	if !plan.Checked() {
		return bad, nil
	}
	return plan.Check(c, in, bad, false)
}

// checkInput calls the methods Check of an input, which Bind has filled and found bad of.
func (c *Ctx) checkInput(plan *bind.Plan, in any, bad *problem.Problem) error {
	bad, err := plan.Check(c, in, bad, true)
	if err == nil && bad != nil {
		err = bad
	}
	return err
}

// checkCaller says that methods Check may take a Ctx.
func checkCaller() check.Caller {
	return check.Caller{
		Context: reflect.TypeFor[*Ctx](), Name: "*fasterapi.Ctx",
		Call: func(v any, ctx context.Context, f *problem.Faults) error {
			c, _ := ctx.Value(ctxKey{}).(*Ctx)
			switch m := v.(type) {
			case interface {
				Check(c *Ctx, f *problem.Faults)
			}:
				m.Check(c, f)
			case interface {
				Check(c *Ctx, f *problem.Faults) error
			}:
				return m.Check(c, f)
			}
			return nil
		},
	}
}

// unjoined lists the errors that errors.Join has put together.
func unjoined(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
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

func (e *straight[In, Out]) compile(env *compilation, r *route) (needsBody bool, errs []error) {
	return e.typed.compile(env, r, e.handle == nil)
}

func (e *straight[In, Out]) function() uintptr { return reflect.ValueOf(e.handle).Pointer() }

func (e *straight[In, Out]) call(c *Ctx) error {
	err := e.run(c)
	if e.injection.settles != "" {
		err = c.settle(err)
	}
	return err
}

func (e *straight[In, Out]) run(c *Ctx) error {
	in, err := e.input(c)
	if err != nil {
		return err
	}
	out, err := e.handle(c, in)
	c.markReturned(0)
	if err != nil {
		return err
	}
	return e.render(c, out)
}

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

func (e *chain[In, Out]) compile(env *compilation, r *route) (needsBody bool, errs []error) {
	return e.typed.compile(env, r, e.handle == nil)
}

func (e *chain[In, Out]) function() uintptr { return reflect.ValueOf(e.handle).Pointer() }

// call awaits the future: behind middleware, with a value that hears of the outcome, or
// after the route was moved to goroutines.
func (e *chain[In, Out]) call(c *Ctx) error {
	err := e.run(c)
	if e.injection.settles != "" {
		err = c.settle(err)
	}
	return err
}

func (e *chain[In, Out]) run(c *Ctx) error {
	in, err := e.input(c)
	if err != nil {
		return err
	}
	f := e.handle(c, in)
	since := c.recorded()
	out, err := f.Await(c)
	c.markReturned(since)
	if err != nil {
		return err
	}
	return e.render(c, out)
}

func (e *chain[In, Out]) start(c *Ctx) (done bool, err error) {
	if e.injection.waits {
		e.injection.makeRoom(c)
		return e.resume(c, 0)
	}
	in, err := e.input(c)
	if err != nil {
		return true, err
	}
	return e.launch(c, in)
}

// launch calls the handler.
func (e *chain[In, Out]) launch(c *Ctx, in In) (done bool, err error) {
	f := e.handle(c, in)
	if out, err, ready := f.Result(); ready {
		c.markReturned(0)
		if err != nil {
			return true, err
		}
		return true, e.render(c, out)
	}
	settle(c, f, e.render)
	return false, nil
}

// resume goes on with the steps from i on, and calls the handler behind the last.
func (e *chain[In, Out]) resume(c *Ctx, i int) (done bool, err error) {
	for ; i < len(e.injection.steps); i++ {
		next := i + 1
		done, err := e.injection.steps[i].start(c, func(err error) { e.resumeLater(c, next, err) })
		if !done {
			return false, nil
		}
		if err != nil {
			return true, e.withOwnFaults(c, e.injection.collectFaults(c, next, err))
		}
	}
	in, err := e.bindInput(c, new(visit))
	if err != nil {
		return true, err
	}
	return e.launch(c, in)
}

// resumeLater is resume for a step that had to wait. Nothing above it contains a panic.
func (e *chain[In, Out]) resumeLater(c *Ctx, i int, err error) {
	x := c.x // conclude takes it from c
	done, returned := true, false
	defer func() {
		if !returned {
			c.contain(recover())
		}
		if done {
			x.Finish()
		}
	}()
	if err == nil {
		done, err = e.resume(c, i)
	}
	if done {
		c.conclude(err)
	}
	returned = true
}

// requestSource gives the binder what the exchange holds; nothing is copied here.
//
// Owner: the handler of the request.
type requestSource request

func (s *requestSource) PathValue(i int) []byte { return s.params.Value(i) }
func (s *requestSource) Query() []byte          { return s.x.Head.RawQuery }
func (s *requestSource) Body() []byte           { return s.x.Body }
func (s *requestSource) ContentType() []byte    { return s.x.Head.Get("Content-Type") }

func (s *requestSource) Header(name string, n int) ([]byte, bool) {
	for value := range s.x.Head.Values(name) {
		if n == 0 {
			return value, true
		}
		n--
	}
	return nil, false
}
