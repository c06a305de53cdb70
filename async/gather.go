package async

import (
	"context"
	"sync"
)

// rule is what distinguishes the combinators over several futures. Its methods
// are called one at a time.
type rule[R any] interface {
	// take notes the result of input i and tells whether the rest no longer
	// matters.
	take(i int, src cell) (end bool)
	// result is asked for once: after the end, or when all inputs are there.
	result() (R, error)
	// discardValues gives back the values taken so far when nobody will get them.
	discardValues(on Scheduler)
}

// gather is a pending combinator: the origin of its result.
//
// Owner: mu. rule: whoever sets over, from then on. inputs: immutable.
type gather[R any] struct {
	root
	out    state[R]
	rule   rule[R]
	inputs []input[R]

	mu   sync.Mutex
	left int // inputs that are still pending
	over bool
}

// input is the continuation of one future that a gather waits for.
//
// Owner: any (immutable once made).
type input[R any] struct {
	g   *gather[R]
	i   int
	src cell
}

// gatherUp waits for inputs, of which there is at least one.
func gatherUp[R any](r rule[R], inputs []input[R]) Future[R] {
	g := &gather[R]{rule: r, inputs: inputs, left: len(inputs)}
	g.initRoot(&g.out.node, g, commonScheduler(inputs))
	for i := range inputs {
		inputs[i].g = g
	}
	for i := range inputs {
		in := &inputs[i]
		startUp(in.src.base().up, g.sched, false)
		if !in.src.base().attach(in) {
			in.resume()
		}
	}
	return g.out.future()
}

// commonScheduler is that of the first input that has one.
func commonScheduler[R any](inputs []input[R]) Scheduler {
	for i := range inputs {
		if s := inputs[i].src.base().up.scheduler(); s != nil {
			return s
		}
	}
	return background{}
}

func (in *input[R]) Run() { drive(in, in.src.base().up) }

func (in *input[R]) resume() continuation {
	g := in.g
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		in.src.drop()
		return nil
	}
	g.left--
	g.over = g.rule.take(in.i, in.src) || g.left == 0
	over := g.over
	g.mu.Unlock()
	if !over {
		return nil
	}
	return g.conclude(in.src.base().up.scheduler())
}

// conclude settles g on the scheduler here, after over was set by the caller.
func (g *gather[R]) conclude(here Scheduler) continuation {
	v, err := g.rule.result()
	if err != nil {
		g.rule.discardValues(g.sched)
	}
	g.cancelInputs(context.Canceled)
	if !g.out.node.claim() {
		return nil
	}
	c := g.out.settle(v, err)
	if c != nil && here != g.sched {
		post(g.sched, c)
		return nil
	}
	return c
}

func (g *gather[R]) cancelInputs(cause error) {
	for i := range g.inputs {
		if n := g.inputs[i].src.base(); !n.isSettled() {
			cancelUp(n.up, cause)
		}
	}
}

func (g *gather[R]) cancel(cause error) origin {
	g.mu.Lock()
	first := !g.over
	g.over = true
	g.mu.Unlock()
	if first {
		g.root.cancel(cause)
		g.cancelInputs(cause)
		g.rule.discardValues(g.sched)
	}
	return nil
}

// manyRule is a rule over futures of one type.
type manyRule[T, R any] interface {
	rule[R]
	note(i int, v T, err error) (end bool)
}

// gatherMany applies a rule to futures, the ready ones first.
func gatherMany[T, R any](r manyRule[T, R], fs []Future[T]) Future[R] {
	var inputs []input[R]
	for i, f := range fs {
		v, err, ready := f.Result()
		if !ready {
			if inputs == nil {
				inputs = make([]input[R], 0, len(fs)-i)
			}
			inputs = append(inputs, input[R]{i: i, src: f.state})
			continue
		}
		if r.note(i, v, err) {
			leaveAll(fs[i+1:])
			for _, in := range inputs {
				leave(in.src)
			}
			return concluded(r)
		}
	}
	if len(inputs) == 0 {
		return concluded(r)
	}
	return gatherUp(rule[R](r), inputs)
}

// concluded is the result of a rule that needs to wait for nothing.
func concluded[R any](r rule[R]) Future[R] {
	v, err := r.result()
	if err != nil {
		r.discardValues(nil)
	}
	return Of(v, err)
}

// leaveAll says that nobody will look at fs.
func leaveAll[T any](fs []Future[T]) {
	for _, f := range fs {
		if f.state != nil {
			leave(f.state)
		} else if f.err == nil {
			discard(nil, f.value)
		}
	}
}

// leave cancels a future and takes care of the result that it may still have.
func leave(src cell) {
	n := src.base()
	cancelUp(n.up, context.Canceled)
	if n.up.scheduler() == nil {
		return // deferred, and never to be started
	}
	if !n.attach(&dropper{src}) {
		src.drop()
	}
}

// dropper is the consumer of a future that nobody needs.
//
// Owner: any (immutable once made).
type dropper struct{ src cell }

func (d *dropper) Run()                 { d.resume() }
func (d *dropper) resume() continuation { d.src.drop(); return nil }
