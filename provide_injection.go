package fasterapi

import (
	"errors"
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// step is one thing that is done for a request before its handler: a provider
// or a function given to Depends.
type step interface {
	// run does it and waits for it.
	run(c *Ctx) error
	// pending tells whether start may have to wait.
	pending() bool
	// start does it on the reactor. When it is not done yet it calls resume
	// there later.
	start(c *Ctx, resume func(error)) (done bool, err error)
	// probe only tells what is wrong with its part of the request.
	probe(c *Ctx) error
}

// injection is all that a route needs injected.
//
// Owner: any (immutable after build).
type injection struct {
	steps []step
	fills []inject.Fill // of the handler's input
	slots int
	waits bool     // a step may wait for a future
	about []string // what the steps are, for people
	// settles is the provider of a value that hears of the outcome, "" for none.
	settles string
	// reads are the inputs of the steps, and secured the schemes of what they
	// check: both for the document.
	reads   []*bind.Plan
	secured []openapi.SecurityUse
}

// invalidInput is a request that is wrong; what else is wrong with it is found
// before the client is told.
type invalidInput struct{ problem *problem.Problem }

func (e *invalidInput) Error() string { return e.problem.Error() }
func (e *invalidInput) Unwrap() error { return e.problem }

// makeRoom makes room for the values of a request.
func (j *injection) makeRoom(c *Ctx) {
	if cap(c.injected) < j.slots {
		c.injected = make([]any, j.slots)
	}
	c.injected = c.injected[:j.slots]
}

// run makes the values and waits for them.
func (j *injection) run(c *Ctx) error {
	j.makeRoom(c)
	for i, s := range j.steps {
		if err := s.run(c); err != nil {
			return j.collectFaults(c, i+1, err)
		}
	}
	return nil
}

// collectFaults adds to an invalid input what the steps from i on find wrong.
func (j *injection) collectFaults(c *Ctx, i int, err error) error {
	bad, ok := err.(*invalidInput)
	if !ok {
		return err
	}
	for ; i < len(j.steps); i++ {
		if more, ok := j.steps[i].probe(c).(*invalidInput); ok {
			bad.add(more.problem)
		}
	}
	return bad
}

// add puts the errors of another part of the request behind those of e. An
// unsupported media type stays what it is.
func (e *invalidInput) add(more *problem.Problem) {
	if more == nil {
		return
	}
	first := e.problem
	if more.Status != first.Status && first.Status == 422 {
		first, more = more, first
		first.Errors = append(more.Errors, first.Errors...)
	} else {
		first.Errors = append(first.Errors, more.Errors...)
	}
	first.Errors = first.Errors[:min(len(first.Errors), bind.MaxErrors)]
	e.problem = first
}

var errAbandoned = errors.New("fasterapi: the handler has not returned")

// settle tells the values that want to hear of it how the handler has ended, the last
// one first, and returns the error of the request. The response is staged.
func (c *Ctx) settle(err error) error {
	if err == nil {
		err = c.droppedReference()
	}
	outcome := err
	if status := c.Status(); err == nil && (status < 200 || status >= 400) {
		outcome = problem.New(status, "")
	}
	for {
		last := len(c.settlers) - 1
		if last < 0 {
			return err
		}
		settler := c.settlers[last]
		c.settlers[last] = nil
		c.settlers = c.settlers[:last]
		told := settler(outcome)
		switch {
		case outcome == nil:
			err, outcome = told, told
		case told == nil:
		case !errors.Is(told, outcome):
			c.Logger().Error("a provider could not end its value", slog.String("error", told.Error()))
		case err != nil:
			err, outcome = told, told
		}
	}
}

// abandon leaves what settle has not been called for to the cleanups: the handler has
// panicked, and somebody may have answered in its place.
func (r *request) abandon() {
	for _, settler := range r.settlers {
		log := r.ctx.Logger()
		r.cleanups = append(r.cleanups, func(outcome error) {
			if outcome == nil {
				outcome = errAbandoned
			}
			if told := settler(outcome); told != nil && !errors.Is(told, outcome) {
				log.Error("a provider could not end its value", slog.String("error", told.Error()))
			}
		})
	}
	clear(r.settlers)
	r.settlers = r.settlers[:0]
}
