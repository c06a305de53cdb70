package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/problem"
)

// statusClientGone is what access logs show for requests whose client left;
// nobody receives it (nginx's 499).
const statusClientGone = 499

var (
	// errGoexit stands for a handler that ended its goroutine.
	errGoexit = errors.New("the handler called runtime.Goexit")
	// errNilProblem stands for a nil pointer in an error, which is not nil.
	errNilProblem = errors.New("the error is a *problem.Problem that is nil: return nil itself where all is well")
)

// contain turns a panic or Goexit of a handler into a 500. panicked is what
// recover returned; nil: the goroutine is ending.
func (c *Ctx) contain(panicked any) {
	if panicked == nil {
		c.conclude(errGoexit)
		return
	}
	c.conclude(c.panicError(panicked))
}

// panicError is what recover returned, as an error with the stack of the place
// that panicked first: net/http middleware may have panicked again with it, on
// another goroutine, and an error may have been given to panic.
func (c *Ctx) panicError(panicked any) *async.PanicError {
	thrown := c.panicThrown()
	if thrown != nil && fmt.Sprint(thrown.Value) == fmt.Sprint(panicked) {
		return thrown
	}
	err, _ := panicked.(error)
	if inner, ok := errors.AsType[*async.PanicError](err); ok {
		return inner
	}
	return &async.PanicError{Value: panicked, Stack: debug.Stack()}
}

// panicThrown is the panic of the handler inside of net/http middleware, if any.
func (c *Ctx) panicThrown() *async.PanicError {
	return read(c, func(r *request) *async.PanicError { return r.thrown })
}

// fail stages the answer to an error. What the client may know of it is a
// problem document; everything else is logged under the id in it.
func (c *Ctx) fail(err error) {
	c.dropAfter()
	if c.Sent() {
		c.logBrokenOff(err)
		return
	}
	c.change(func(r *request) { r.failing = true })
	c.response().WithdrawAll()
	p := sendable(c.problemFor(err))
	c.response().PutHeader(p.Header)
	if r := c.request.route; p.Status == http.StatusUnsupportedMediaType && r != nil && r.acceptQuery != "" {
		c.SetHeader("Accept-Query", r.acceptQuery)
	}
	if err := c.droppedReference(); err != nil {
		c.response().WithdrawAll()
		p = c.logged(err, problem.Internal(""))
	}
	if id := c.RequestID(); id != "" && p.Instance == "" {
		named := *p // p may be shared
		named.Instance = "urn:request:" + id
		p = &named
	}
	if !c.sendStandard(p) && !c.app.problems.send(c, p) {
		body := p.AppendJSON(c.spare())
		c.change(func(r *request) { r.reply.RespondSpare(p.Status, problem.ContentType, body) })
	}
	c.change(func(r *request) { r.failing = false })
}

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

func (e *mappedError) Error() string   { return e.cause.Error() }
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
	var p *problem.Problem
	return errors.As(err, &p)
}

// droppedReference is [reply.Reply.Unsendable].
func (c *Ctx) droppedReference() error {
	return read(c, func(r *request) error { return r.reply.Unsendable() })
}

// within is the innermost handler of a route with middleware: the reply gets to know
// where it begins. One that fails takes back what it has said of its body. It is not
// called for a request that the engine refuses.
func within(call Handler) Handler {
	return func(c *Ctx) error {
		var refused *problem.Problem
		c.change(func(r *request) {
			r.reply.Within()
			refused = r.refused()
		})
		if refused != nil {
			return refused
		}
		err := call(c)
		if err != nil && !c.Sent() {
			c.change(func(r *request) { r.reply.Withdraw() })
			err = c.mapError(err)
		}
		return err
	}
}

// logBrokenOff notes a response of which the client has a part only.
func (c *Ctx) logBrokenOff(err error) {
	if logBroken(c.Logger(), c.RequestID(), "response broken off", c.Err() != nil, err) {
		c.change(func(r *request) { r.seen.cause, r.seen.broken = err, true })
	}
}

// brokenOff notes that the client did not take all of a staged response.
func (*dispatcher) brokenOff(x *exchange.Exchange, err error) {
	if r, ok := x.User.(*request); ok && r.ctx != nil {
		c := r.ctx
		id := r.requestID
		if logBroken(c.app.logger(r.routeName(), c.Core(), id), id, "response broken off", false, err) {
			r.seen.cause, r.seen.broken = err, true
		}
	}
}

// logBroken notes what happened to a response that had begun. It is an error
// unless the client has left (over) or does not read, and a panic always is: it reports that.
func logBroken(log *slog.Logger, requestID, what string, over bool, err error) (failed bool) {
	var panicked *async.PanicError
	level := slog.LevelError
	attrs := []slog.Attr{slog.String("error", err.Error())}
	switch {
	case errors.Is(err, http.ErrAbortHandler): // net/http's way to break off on purpose
		level = slog.LevelInfo
	case errors.As(err, &panicked):
		attrs = append(attrs, slog.String("id", idOr(requestID)), slog.String("stack", string(panicked.Stack)))
	case over, errors.Is(err, stream.ErrBroken), errors.Is(err, exchange.ErrClientGone), errors.Is(err, exchange.ErrTimeout):
		level = slog.LevelInfo
	}
	log.LogAttrs(context.Background(), level, what, attrs...)
	return level == slog.LevelError
}

// failureAttrs are what a log line says of an error: a panic has a stack.
func failureAttrs(err error) []any {
	attrs := []any{slog.String("error", err.Error())}
	if panicked, ok := errors.AsType[*async.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	return attrs
}

// idOr is the id of the request, or a new one for an error.
func idOr(requestID string) string {
	if requestID != "" {
		return requestID
	}
	return fmt.Sprintf("%016x", rand.Uint64())
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

// logged writes the error to the log, under an id that p shows to the client.
func (c *Ctx) logged(err error, p *problem.Problem) *problem.Problem {
	requestID := c.RequestID()
	id := idOr(requestID)
	switch {
	case p.Instance != "": // of a problem that names its occurrence itself
	case requestID != "":
		p.Instance = "urn:request:" + id
	default:
		p.Instance = "urn:error:" + id
	}
	c.change(func(r *request) { r.seen.cause, r.seen.errorID = err, id })
	attrs := append(failureAttrs(err), slog.String("id", id), slog.Int("status", p.Status))
	c.Logger().Error("request failed", attrs...)
	return p
}
