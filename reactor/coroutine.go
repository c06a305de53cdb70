package reactor

import (
	"iter"
	"runtime"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/goroutine"
)

// CoroutineJob is what a coroutine runs. Implement it on a pointer to something
// that exists already: starting a coroutine then allocates nothing.
type CoroutineJob interface {
	// RunOn does the work, on the reactor; co may suspend.
	RunOn(co *Coroutine)
	// Panicked is called in place of RunOn's return when it panicked with v.
	Panicked(v any, stack []byte)
	// Goexited is called on the reactor when RunOn called runtime.Goexit
	// (t.FailNow does so), after its deferred functions.
	Goexited()
}

// mark is what a coroutine tells its reactor when it switches back.
type mark uint8

const (
	suspended mark = iota
	finished
	exiting // in runtime.Goexit; to be resumed elsewhere
)

type coState uint8

const (
	coIdle coState = iota
	coRunning
	coSuspended
)

// Coroutine is a call that can be suspended, on a stack of its own that is
// reused. It implements [async.Coroutine]. A reference to it is good until its
// job ends; running it later is harmless, but may end a suspension of its next
// job early, which is why whoever suspends has to check what it waits for.
//
// Owner: reactor.
type Coroutine struct {
	async.Waiter
	r      *Reactor
	job    CoroutineJob
	next   func() (mark, bool)
	stop   func()
	yield  func(mark) bool
	state  coState
	woken  bool // Run was called while running
	err    error
	label  *Label
	g      uintptr // the goroutine that its body runs on
	index  int     // in live
	over   bool    // body returns as it should
	doomed bool    // Suspend does not return any more
}

// coroutines is the pool of one reactor.
//
// Owner: reactor.
type coroutines struct {
	idle []*Coroutine
	low  int // the fewest idle ones since the last trim
	live []*Coroutine
	told int // rounds of interruptions while stopping
}

// Coroutine runs job at once on a coroutine and returns when that suspends (the
// coroutine is returned) or ends (nil).
func (r *Reactor) Coroutine(job CoroutineJob) *Coroutine {
	r.mine()
	co := r.takeCoroutine()
	co.job, co.woken, co.label, co.state = job, false, r.label, coSuspended
	co.index = len(r.coroutines.live)
	r.coroutines.live = append(r.coroutines.live, co)
	co.Run()
	if co.state == coSuspended && co.job == job {
		return co
	}
	return nil
}

func (r *Reactor) takeCoroutine() *Coroutine {
	pool := &r.coroutines
	n := len(pool.idle) - 1
	if n < 0 {
		pool.low = 0
		co := &Coroutine{r: r}
		co.next, co.stop = iter.Pull(co.body)
		if !r.reaper.Armed() {
			r.Arm(&r.reaper, reapEvery)
		}
		return co
	}
	co := pool.idle[n]
	pool.idle[n] = nil
	pool.idle = pool.idle[:n]
	pool.low = min(pool.low, n)
	return co
}

// body is the coroutine's whole life.
func (co *Coroutine) body(yield func(mark) bool) {
	co.yield = yield
	co.g = goroutine.ID()
	co.r.here.Store(co.g) // Run did not know it yet
	defer co.leave()
	for {
		co.r.owner.Move()
		co.runJob()
		if !yield(finished) {
			co.over = true
			return
		}
	}
}

// runJob runs the job and reports its panic.
func (co *Coroutine) runJob() {
	defer func() {
		if v := recover(); v != nil {
			co.r.counts.panics++
			co.job.Panicked(v, debug.Stack())
		}
	}()
	co.job.RunOn(co)
}

// leave runs when body ends. If it does so by runtime.Goexit, iter.Pull would
// end the goroutine that resumes this one too: the reactor. So it says what it
// is doing, and lets itself be resumed by a goroutine that can be spared.
func (co *Coroutine) leave() {
	if co.over {
		return
	}
	if v := recover(); v != nil { // of Panicked
		co.r.panicked(v)
		return
	}
	co.yield(exiting)
}

// release takes co, whose job has ended, back into the pool.
func (r *Reactor) release(co *Coroutine) {
	r.removeLive(co)
	if len(r.coroutines.idle) >= r.cfg.MaxIdleCoroutines {
		co.stop()
		return
	}
	r.coroutines.idle = append(r.coroutines.idle, co)
}

// removeLive takes co, whose job has ended, off the list of the live ones.
func (r *Reactor) removeLive(co *Coroutine) {
	live := r.coroutines.live
	last := len(live) - 1
	live[co.index] = live[last]
	live[co.index].index = co.index
	live[last] = nil
	r.coroutines.live = live[:last]
	co.state, co.job, co.label, co.err = coIdle, nil, nil, nil
}

// finishGoexit lets co finish its runtime.Goexit on a goroutine of its own.
func (r *Reactor) finishGoexit(co *Coroutine) {
	job := co.job
	r.removeLive(co)
	r.lost("a coroutine's job called runtime.Goexit")
	if r.cfg.Pin {
		// Its thread is the reactor's, so no other goroutine may resume it: the
		// loop takes the Goexit itself and recovers.
		r.Schedule(async.TaskFunc(func() { co.next() }))
	} else {
		go co.next()
	}
	job.Goexited()
}

// Run resumes the coroutine if it is suspended and returns when it switches
// back. On a running one it makes the next Suspend return at once. It leaves alone
// one whose job has ended: tasks that the reactor has refused run on any goroutine,
// after its end.
func (co *Coroutine) Run() {
	if co.state != coSuspended {
		if co.state == coRunning {
			co.woken = true
		}
		return
	}
	r := co.r
	outer, host := r.label, r.host
	r.SetLabel(co.label)
	r.host = nil // what runs on co is not on the host
	co.state = coRunning
	below, here := r.current, r.here.Load()
	r.current = co
	r.here.Store(co.g)
	m, ok := co.next()
	r.current = below
	r.here.Store(here)
	r.owner.Move()
	r.host = host
	co.label = r.label
	r.SetLabel(outer)
	switch {
	case !ok:
		r.removeLive(co)
	case m == finished:
		r.release(co)
	case m == exiting:
		r.finishGoexit(co)
	default:
		co.state = coSuspended
	}
}

// Suspend switches back to the reactor, from inside. It returns when Run is
// called, possibly for no reason. On another goroutine than its own it panics
// before anything has happened: switching stacks there would let two goroutines be
// the reactor at the same time.
func (co *Coroutine) Suspend() {
	if co.g != goroutine.ID() {
		panic("reactor: a coroutine was suspended by a goroutine that it does not run on")
	}
	if co.woken {
		co.woken = false
		return
	}
	if co.r.host == co {
		co.r.host = nil // the reactor's goroutine goes on without it
	}
	if co.doomed || !co.yield(suspended) || co.doomed {
		co.r.owner.Move()
		runtime.Goexit() // run the deferred functions and be gone
	}
	co.r.owner.Move()
}

// Interrupt tells the job to give up because of err, see [Coroutine.Interrupted],
// and resumes it if it is suspended.
func (co *Coroutine) Interrupt(err error) {
	if co.state == coIdle {
		return
	}
	co.err = err
	if co.state == coSuspended {
		co.Run()
	}
}

// Interrupted returns why the job should give up, or nil.
func (co *Coroutine) Interrupted() error { return co.err }

// Site returns what the context of the coroutine's job must carry.
func (co *Coroutine) Site() async.Site {
	return async.Site{Scheduler: co.r, Direct: true, Coroutine: co, Bound: true}
}

// Reactor returns the coroutine's reactor.
func (co *Coroutine) Reactor() *Reactor { return co.r }

// trim ends the idle coroutines that were not needed since the last call, but
// keeps some; 0: keeps none.
func (p *coroutines) trim(keep int) {
	n := len(p.idle)
	if keep > 0 {
		n = max(0, min(p.low, n-keep))
	}
	for _, co := range p.idle[:n] {
		co.stop()
	}
	rest := copy(p.idle, p.idle[n:])
	clear(p.idle[rest:])
	p.idle = p.idle[:rest]
	p.low = rest
}

// abandonCoroutines ends what did not end when it was interrupted: Suspend
// turns into a runtime.Goexit there.
func (r *Reactor) abandonCoroutines() {
	for len(r.coroutines.live) > 0 {
		co := r.coroutines.live[0]
		co.doomed = true
		co.Run()
	}
}
