package reactor

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/goroutine"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/ring"
)

// line keeps what other cores write off the owner's cache lines.
type line [64]byte

// Reactor is the event loop of one core. It implements [async.Scheduler].
//
// Owner: reactor; fields below "shared" any (atomic).
type Reactor struct {
	core   int
	cfg    Config
	log    *slog.Logger
	poller poll.Poller
	clock  clock

	now    int64 // coarse clock
	wall   time.Time
	wallAt int64 // what the clock was when wall was read

	runq  ring.Ring[async.Task]
	wheel wheel
	table table

	events  []poll.Event
	eventAt int // events[eventAt:eventN] are still to be dispatched
	eventN  int

	units   int64       // pieces of user code begun
	label   *Label      // of the current piece; copied to shownLabel
	handed  atomic.Bool // work was given to goroutines in this turn
	yielded int64       // clock when other goroutines last had the processor
	// looks is the clock when the poller was last asked, or woke, and looked when it was
	// the time before.
	looks, looked int64
	idle          int // turns in a row without work
	counts        counts

	coroutines coroutines
	current    *Coroutine // what runs is on it; nil: on the loop's goroutine
	host       *Coroutine // dispatches the events of this turn; nil: the loop does
	reaper     Timer
	stopping   bool // the loop has seen phase leave running
	drains     int  // turns since then that left work in the queue

	// shared
	_                           line
	mailbox                     ring.Mailbox[async.Task]
	_                           line
	parked                      atomic.Bool
	phase                       atomic.Int32
	open                        atomic.Int64 // connections
	unsent                      atomic.Int64 // bytes, see Stats
	cutOff                      atomic.Int64 // connections, see Stats
	expired, useless, unsecured atomic.Int64 // connections, see Stats
	secured, streams, refused   atomic.Int64 // the same
	_                           line
	workers                     workers
	pulse                       atomic.Int64 // units<<1, +1 while not in user code
	// here is the goroutine that is the reactor at this moment: the loop's, or that
	// of the coroutine that runs. Any goroutine compares it with its own.
	here       atomic.Uintptr
	shownLabel atomic.Pointer[Label]
	public     public
	watch      *stallWatch
	watchdog   *sleeper      // of the group
	done       chan struct{} // closed when the loop has ended
	owner      invariant.Owner
}

// The life of a reactor, in Reactor.phase.
const (
	running  = iota
	draining // ends once nothing is left to do
	forced   // ends once what is queued has run
	ended
)

// eventBatch is how many events are fetched per poll; a turn handles that many
// between two looks at the run queue.
const eventBatch = 256

func newReactor(core int, cfg Config, p poll.Poller, c clock) *Reactor {
	r := &Reactor{
		core:     core,
		cfg:      cfg,
		log:      cfg.Logger.With("core", core),
		poller:   p,
		clock:    c,
		events:   make([]poll.Event, eventBatch),
		watch:    new(stallWatch),
		watchdog: newSleeper(),
		done:     make(chan struct{}),
	}
	r.wall, r.wallAt = c.wall()
	r.pulse.Store(1)
	r.wheel.init()
	r.workers.init(r)
	r.reaper.Task = async.TaskFunc(r.reap)
	return r
}

// Core returns the reactor's index in its group, from 0. Any goroutine.
func (r *Reactor) Core() int { return r.core }

// Cores returns how many reactors its group has. Any goroutine.
func (r *Reactor) Cores() int { return r.cfg.Cores }

// Schedule runs t on this reactor, after what was scheduled before.
func (r *Reactor) Schedule(t async.Task) {
	r.mine()
	r.runq.Push(t)
}

// mine panics, in the debug build, when the caller does not run on r.
func (r *Reactor) mine() {
	r.owner.Check("a method of a reactor was called by code that does not run on it; use Post")
}

// Post runs t on this reactor. Tasks of one goroutine keep their order. False:
// the reactor has stopped and t will not run. Any goroutine.
func (r *Reactor) Post(t async.Task) bool {
	if !r.mailbox.Push(t) {
		return false
	}
	r.wake()
	return true
}

// Ended is closed when the reactor has ended: it runs nothing any more. Any goroutine.
func (r *Reactor) Ended() <-chan struct{} { return r.done }

// wake ends the reactor's park if it is parked. Any goroutine.
func (r *Reactor) wake() {
	// The reactor sets parked before its last look at the mailbox, and callers
	// push before they look at parked: one of the two sees the other.
	if r.parked.Load() && r.parked.CompareAndSwap(true, false) {
		r.poller.Wake()
	}
}

// Poller returns the reactor's poller, for its socket calls.
func (r *Reactor) Poller() Poller { return r.poller }

// Logger is where the reactor logs: Config.Logger, with its core. It implements
// [async.Logged]. Any goroutine.
func (r *Reactor) Logger() *slog.Logger { return r.log }

// Site returns what a context must carry for code that runs directly on this
// reactor, see [async.WithSite].
func (r *Reactor) Site() async.Site { return async.Site{Scheduler: r, Direct: true} }

// Here tells where the calling goroutine is, seen from r: on the reactor itself, on
// one of its coroutines, or elsewhere. Contexts that can be taken to any goroutine
// answer with it, so that nobody runs owner-only code by accident. Any goroutine.
func (r *Reactor) Here() async.Site {
	if r.here.Load() != goroutine.ID() {
		return async.Site{Scheduler: r}
	}
	if r.current == nil {
		return async.Site{Scheduler: r, Direct: true}
	}
	return async.Site{Scheduler: r, Direct: true, Coroutine: r.current}
}

// ConnOpened counts one more open connection, for [Group.LeastLoaded]. Count at
// the hand-over, so that the next choice sees it. Any goroutine.
func (r *Reactor) ConnOpened() { r.open.Add(1) }

// ConnClosed counts one connection less. Any goroutine.
func (r *Reactor) ConnClosed() { r.open.Add(-1) }

// CountUnsent changes the number of bytes that wait for clients, see [Stats]. Any
// goroutine.
func (r *Reactor) CountUnsent(change int64) { r.unsent.Add(change) }

// CountCutOff counts a response that was given up for its size. Any goroutine.
func (r *Reactor) CountCutOff() { r.cutOff.Add(1) }

// CountExpired counts a connection or stream that was given up for its slowness. Any goroutine.
func (r *Reactor) CountExpired() { r.expired.Add(1) }

// CountUseless counts a connection that was closed because it made work for nothing. Any goroutine.
func (r *Reactor) CountUseless() { r.useless.Add(1) }

// CountUnsecured counts a TLS handshake that has failed. Any goroutine.
func (r *Reactor) CountUnsecured() { r.unsecured.Add(1) }

// CountSecured counts a TLS handshake that has succeeded. Any goroutine.
func (r *Reactor) CountSecured() { r.secured.Add(1) }

// CountStreams changes the number of open streams of HTTP/2. Any goroutine.
func (r *Reactor) CountStreams(change int64) { r.streams.Add(change) }

// CountRefused counts a stream of HTTP/2 that was refused, because its connection had too many. Any goroutine.
func (r *Reactor) CountRefused() { r.refused.Add(1) }

// OpenConns returns the number of open connections. Any goroutine.
func (r *Reactor) OpenConns() int64 { return r.open.Load() }

// Woke tells the loop that the current piece of work made goroutines runnable:
// they get the processor after this turn.
func (r *Reactor) Woke() {
	if !r.handed.Load() { // a store costs ten loads
		r.handed.Store(true)
	}
}

// From returns the reactor that the work of ctx belongs to, nil if none. The
// caller runs on it only if its [async.Site] is direct.
func From(ctx context.Context) *Reactor {
	r, _ := async.SiteOf(ctx).Scheduler.(*Reactor)
	return r
}
