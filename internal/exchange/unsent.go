package exchange

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

// ErrUnsent is the cause of cancellation when a connection is cut off because too
// much waits for clients that do not read.
var ErrUnsent = errors.New("exchange: cut off: too many bytes wait for clients that do not read")

// unsentLogEvery is how often the log tells of what was cut off.
const unsentLogEvery = time.Second

// Unsent is what one core has staged and clients have not taken: the kernel's buffers
// are full. It has a bound. Above it those are cut off whose clients have taken
// nothing for the longest time, until what is left fits: refusing new responses would
// let clients that do not read keep out those that do. The newest one always may
// wait, however long it is.
//
// Memory that several responses share counts once. Any goroutine may use it.
//
// Owner: mu.
type Unsent struct {
	reactor *reactor.Reactor
	most    int64
	log     *slog.Logger
	now     func() time.Time

	mu sync.Mutex
	// bytes is all that waits, but for what is being cut off.
	bytes int64
	// shared are the bodies by their last byte, which slices of one array share.
	shared map[*byte]*sharedBody
	// waiting is a ring, with this sentinel; what has moved last stands last.
	waiting Waiting
	// logged is when the log told last; unlogged is how many were cut off since.
	logged   time.Time
	unlogged int
}

// sharedBody is a body that responses wait with.
//
// Owner: mu of the Unsent.
type sharedBody struct {
	bytes     int64
	responses int
}

// Waiting is a response that waits for its client. Cut is told once that it is to be
// given up, under the lock of its Unsent: it must not call that, nor block.
//
// Owner: mu of the Unsent.
type Waiting struct {
	Cut        func()
	prev, next *Waiting // nil: it does not wait
	bytes      int64    // of its own
	body       *byte    // key of shared; nil: none
	cut        bool
}

// NewUnsent returns the Unsent of a core, bounded to most bytes. now
// is the clock of its log lines.
func NewUnsent(r *reactor.Reactor, most int64, log *slog.Logger, now func() time.Time) *Unsent {
	u := &Unsent{reactor: r, most: most, log: log, now: now, shared: map[*byte]*sharedBody{}}
	u.waiting.prev, u.waiting.next = &u.waiting, &u.waiting
	return u
}

// Wait counts w with own bytes of buffers and with body, which may be shared. It may
// be called again while w waits: moved tells that the client has taken something.
func (u *Unsent) Wait(w *Waiting, own int, body []byte, moved bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if w.cut {
		return
	}
	before := u.bytes
	if w.next == nil || moved {
		u.unlink(w)
		w.prev, w.next = u.waiting.prev, &u.waiting
		w.prev.next, w.next.prev = w, w
	}
	u.bytes += int64(own) - w.bytes
	w.bytes = int64(own)
	u.hold(w, body)
	for u.bytes > u.most && u.waiting.next != u.waiting.prev && u.waiting.next != w {
		oldest := u.waiting.next
		oldest.cut = true
		u.remove(oldest)
		oldest.Cut()
	}
	u.reactor.CountUnsent(u.bytes - before)
}

// Leave ends the waiting of w: its client has taken everything, or the connection has
// ended.
func (u *Unsent) Leave(w *Waiting) {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.bytes
	u.remove(w)
	u.reactor.CountUnsent(u.bytes - before)
}

// WasCut tells whether w is to be given up.
func (u *Unsent) WasCut(w *Waiting) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return w.cut
}

// CutOff notes that a response was given up, for the statistics and the log.
func (u *Unsent) CutOff() {
	u.reactor.CountCutOff()
	u.mu.Lock()
	u.unlogged++
	now, n, waits := u.now(), u.unlogged, u.bytes
	silent := now.Sub(u.logged) < unsentLogEvery
	if !silent {
		u.logged, u.unlogged = now, 0
	}
	u.mu.Unlock()
	if !silent {
		u.log.Warn("responses cut off: too many bytes wait for clients that do not read",
			slog.Int("core", u.reactor.Core()), slog.Int("responses", n), slog.Int64("waiting", waits), slog.Int64("bound", u.most))
	}
}

// hold makes body the one that w waits with.
func (u *Unsent) hold(w *Waiting, body []byte) {
	var key *byte
	if cap(body) > 0 {
		key = &body[:cap(body)][cap(body)-1]
	}
	if key == w.body {
		return
	}
	u.letGo(w)
	if w.body = key; key == nil {
		return
	}
	s := u.shared[key]
	if s == nil {
		s = &sharedBody{}
		u.shared[key] = s
	}
	s.responses++
	if size := int64(cap(body)); size > s.bytes {
		u.bytes += size - s.bytes
		s.bytes = size
	}
}

// letGo ends the use of the body that w waits with.
func (u *Unsent) letGo(w *Waiting) {
	s := u.shared[w.body]
	if s == nil {
		return
	}
	if s.responses--; s.responses == 0 {
		u.bytes -= s.bytes
		delete(u.shared, w.body)
	}
	w.body = nil
}

func (u *Unsent) remove(w *Waiting) {
	u.unlink(w)
	u.letGo(w)
	u.bytes -= w.bytes
	w.bytes = 0
}

func (u *Unsent) unlink(w *Waiting) {
	if w.next != nil {
		w.prev.next, w.next.prev = w.next, w.prev
		w.prev, w.next = nil, nil
	}
}
