package fasterapi

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

// sendable is p with a status that a failure may have.
func sendable(p *problem.Problem) *problem.Problem {
	if 400 <= p.Status && p.Status <= 599 {
		return p
	}
	named := *p
	if named.Title == problem.StatusText(p.Status) {
		named.Title = ""
	}
	named.Status = http.StatusInternalServerError
	return &named
}

// mappedError is an error of a handler for which a function given to MapError has found
// the answer. Both are in its chain, the answer first.
//
// Owner: any (immutable).
type mappedError struct {
	problem *problem.Problem
	cause   error
}

func (e *mappedError) Error() string { return e.cause.Error() }

func (e *mappedError) Unwrap() []error { return []error{e.problem, e.cause} }

// mapError is what middleware sees of an error of the handler: where a function given to
// MapError takes it, its answer too.
func (c *Ctx) mapError(err error) error {
	if p := c.mapped(err); p != nil {
		return &mappedError{p, err}
	}
	return err
}

// problemFor decides what the client gets to know of an error. A method of the error may
// panic.
func (c *Ctx) problemFor(err error) (p *problem.Problem) {
	defer func() {
		if v := recover(); v != nil {
			p = c.logged(fmt.Errorf("a method of the error, a %T, failed: %w", err, c.panicError(v)), problem.Internal(""))
		}
	}()
	var m *mappedError
	if errors.As(err, &m) && errors.As(err, &p) && p == m.problem { // else middleware has said something else
		return p
	}
	if p = c.mapped(err); p != nil {
		return p
	}
	return c.problemOf(err)
}

// mappers are the functions given to MapError for the request; nil: there are none.
func (c *Ctx) mappers() *failure.Table[*Ctx] {
	return read(c, func(r *request) *failure.Table[*Ctx] {
		if r.route != nil {
			return r.route.mappers
		}
		return c.app.mappers
	})
}

// mapped is what the functions given to MapError make of an error, nil when none takes
// it. A failure that is the service's own is logged with its cause, a panic in any case.
func (c *Ctx) mapped(err error) (p *problem.Problem) {
	table := c.mappers()
	if table == nil {
		return nil
	}
	site := ""
	defer func() {
		if v := recover(); v != nil {
			p = c.logged(fmt.Errorf("the function given to MapError at %s failed for a %T: %w", site, err, c.panicError(v)), problem.Internal(""))
		}
	}()
	known := c.knownProblem(err)
	if known != nil && known.Status == statusClientGone {
		return nil
	}
	result := table.Map(c, err, known, &site)
	if result == nil {
		return nil
	}
	own := !errors.As(result, &p)
	if own {
		p = c.problemOf(result) // which logs it
	}
	_, panicked := errors.AsType[*async.PanicError](err)
	if panicked || !own && sendable(p).Status >= 500 && !isProblem(err) {
		named := *p
		p = c.logged(err, &named)
	}
	return p
}

func isProblem(err error) bool {
	_, ok := errors.AsType[*problem.Problem](err)
	return ok
}

// knownProblem is what errors of the framework stand for, nil for all others and for
// those that are problems already.
func (c *Ctx) knownProblem(err error) *problem.Problem {
	var framing *wire.Error
	switch {
	case isProblem(err):
		return nil
	case errors.As(err, &framing):
		return problem.New(framing.Status, framing.Reason)
	case errors.Is(err, exchange.ErrBodyTooLarge):
		return problem.TooLarge("the request body is too large")
	case errors.Is(err, exchange.ErrBodyBroken):
		return problem.BadRequest("the request body is not complete")
	case errors.Is(err, exchange.ErrTimeout):
		return problem.New(http.StatusRequestTimeout, "the request took too long to arrive")
	case errors.Is(err, context.Canceled) && c.Err() != nil:
		return problem.New(statusClientGone, "the client closed the connection")
	}
	return nil
}

// problemOf is what the client gets to know of an error that no function was given for.
// Failures of the service are logged.
func (c *Ctx) problemOf(err error) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p) && p != nil:
		return p
	case isProblem(err):
		return c.logged(errNilProblem, problem.Internal(""))
	}
	if p = c.knownProblem(err); p != nil {
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) { // async.ErrTimeout too
		return c.logged(err, problem.GatewayTimeout("the request took too long"))
	}
	public, _ := failure.PublicOf(err)
	p = sendable(problem.New(public.Status, public.Detail))
	if public.Retries { // the client is told when to come back
		seconds := max(1, int64(public.Retry.Round(time.Second)/time.Second))
		p.Header = map[string][]string{"Retry-After": {strconv.FormatInt(seconds, 10)}}
	}
	if _, panicked := errors.AsType[*async.PanicError](err); panicked || p.Status >= 500 {
		return c.logged(err, p)
	}
	c.Logger().Debug("request refused", slog.String("error", err.Error()), slog.Int("status", p.Status))
	return p
}

// problemForms are the forms in which problems are sent, given to ProblemsAs.
//
// Owner: any (immutable once made).
type problemForms struct {
	all, invalid *problemForm
	wrong        mistake.List
}

// problemForm is one of them; nil: the problem document.
//
// Owner: any (immutable after New).
type problemForm struct {
	place     mistake.Place
	described []describe.Answer
	// render stages the form of p and reports false where there is none.
	render func(c *Ctx, p *problem.Problem) (bool, error)
	err    error
}

// newProblemForm compiles what was given to ProblemsAs or ValidationProblemsAs.
func newProblemForm[E any](place mistake.Place, mediaType string, form func(*Ctx, *problem.Problem) E) *problemForm {
	f := &problemForm{place: place}
	out, err := outputOf[E]()
	switch {
	case form == nil:
		f.err = errors.New("the function is nil")
		return f
	case err != nil:
		f.err = err
		return f
	case out.waits || len(out.answers) == 0 || out.answers[0].ContentType == "":
		f.err = fmt.Errorf("%v is no form of a problem: it waits for the client or a disk, or has no content", reflect.TypeFor[E]())
		return f
	case mediaType != "" && !wire.ValidHeader("Content-Type", mediaType):
		f.err = fmt.Errorf("the media type %q cannot be sent", mediaType)
		return f
	}
	mediaType = cmp.Or(mediaType, jsonType)
	if _, _, ok := field.CutMedia(mediaType); !ok {
		f.err = fmt.Errorf("%q is no media type such as \"application/json\"", mediaType)
		return f
	}
	for _, a := range out.answers {
		if a.ContentType == jsonType {
			a.ContentType = mediaType
		}
		f.described = append(f.described, a)
	}
	render := renderOf[E](out)
	f.render = func(c *Ctx, p *problem.Problem) (bool, error) {
		value := form(c, p)
		if isNil(value) {
			return false, nil
		}
		c.change(func(r *request) { r.reply.BeginFailure(p.Status) })
		if err := render(c, value); err != nil {
			return false, err
		}
		return true, c.endForm(p.Status, mediaType)
	}
	return f
}

// endForm fixes the status of the form that is staged, and its media type where that is JSON.
func (c *Ctx) endForm(status int, mediaType string) error {
	if err := c.droppedReference(); err != nil {
		return err
	}
	c.change(func(r *request) {
		contentType := r.x.ContentType
		if contentType == jsonType {
			contentType = mediaType
		}
		r.x.Respond(status, contentType, r.x.Payload)
	})
	return nil
}

// set makes f the form at place, once.
func (s *problemForms) set(place **problemForm, f *problemForm) {
	switch {
	case f.err != nil:
		s.wrong = append(s.wrong, mistake.New(f.place, f.err.Error()))
	case *place != nil:
		s.wrong = append(s.wrong, mistake.New(f.place, "it was called already ("+(*place).place.Site+"): the service has one form"))
	default:
		*place = f
	}
}

// of is the form of problems with this status, nil for the problem document.
func (s *problemForms) of(status int) *problemForm {
	if s.invalid != nil && status == http.StatusUnprocessableEntity {
		return s.invalid
	}
	return s.all
}

// send stages the form of p and reports false where the problem document is to be sent.
func (s *problemForms) send(c *Ctx, p *problem.Problem) (sent bool) {
	f := s.of(p.Status)
	if f == nil {
		return false
	}
	var err error
	defer func() {
		if v := recover(); v != nil {
			sent, err = false, c.panicError(v)
		}
		if err != nil {
			sent = false
			c.logged(fmt.Errorf("the form of problems (%s, %s) failed: %w", f.place.Call, f.place.Site, err), problem.Internal(""))
			c.response().WithdrawAll()
		}
	}()
	if p.Title == "" { // as in the problem document
		titled := *p // p may be shared
		titled.Title = problem.StatusText(p.Status)
		p = &titled
	}
	sent, err = f.render(c, p)
	return sent
}

// form is what the document says of f.
func (f *problemForm) form() describe.Form {
	if f == nil {
		return describe.Form{}
	}
	return describe.Form{Answers: f.described, Where: f.place.Call + " (" + f.place.Site + ")"}
}

// has tells whether values of t are what f makes.
func (f *problemForm) has(t reflect.Type) bool {
	return f != nil && slices.ContainsFunc(f.described, func(a describe.Answer) bool { return a.Type == t })
}

// formerOf is what tells of refusals where these are the answers of a route, nil: the service as ever.
func formerOf(answers []describe.Answer) failure.Former {
	for _, a := range answers {
		if a.Type == nil || a.Type.Kind() != reflect.Struct {
			continue
		}
		if f, ok := reflect.Zero(a.Type).Interface().(failure.Former); ok {
			return f
		}
	}
	return nil
}

// standardAnswer is what the document says of the refusals of a route with f.
func standardAnswer(f failure.Former) describe.Answer {
	status, body := f.ProblemForm(nil)
	return describe.Answer{Status: status, ContentType: jsonType, Type: reflect.TypeOf(body)}
}

// sendStandard stages p as a standard says that the route must, and reports false where none does. The
// header fields of p are staged.
func (c *Ctx) sendStandard(p *problem.Problem) bool {
	former := read(c, func(r *request) failure.Former {
		if r.route == nil || r.route.facts == nil {
			return nil
		}
		return r.route.facts.former
	})
	if former == nil {
		return false
	}
	status, value := former.ProblemForm(p)
	if value == nil {
		return false
	}
	body, err := json.Marshal(value)
	if err != nil {
		c.logged(fmt.Errorf("the form of a refusal, a %T, failed: %w", value, err), problem.Internal(""))
		return false
	}
	c.SetHeader("Cache-Control", "no-store")
	c.change(func(r *request) {
		r.reply.BeginFailure(status)
		r.x.Respond(status, jsonType, body)
	})
	return true
}
