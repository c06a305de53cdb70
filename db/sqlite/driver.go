package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// database gives queries to workers: readers, which share one queue, and one
// writer with a queue of its own. A worker is a goroutine that owns a
// connection.
//
// Owner: mu. path, memory, cfg, all, the channels: any (immutable after New).
type database struct {
	path    string
	memory  bool
	cfg     Config
	workers sync.WaitGroup
	all     []*worker
	drained chan struct{} // closed: closing, and nothing is left
	kill    chan struct{} // closed: closing, and no patience left
	stop    chan struct{} // closed: workers end
	texts   texts

	mu      sync.Mutex
	read    *lane
	write   *lane // the same as read for a database in memory
	active  int   // queries and sessions that have not ended
	closing bool
	janitor *time.Timer // fails calls that wait too long; nil: nobody waits
	stats   db.Stats
}

// The states of a query, in its Hook.
const (
	stateNew     uint8 = iota
	stateQueued        // Holder is its *driver.Queue
	stateRunning       // Holder is its *conn
	stateDone
)

// lane is a queue and the workers that serve it.
//
// Owner: the driver's mu.
type lane struct {
	waiting driver.Queue
	idle    []*worker // the last one was busy last: its caches are warm
}

// System implements driver.Systemic.
func (*database) System() string { return "sqlite" }

// Start implements driver.Driver.
func (d *database) Start(q *driver.Query) {
	l := d.write
	if d.readsFirst(q) {
		l = d.read
	}
	refused := d.refused(q, false)
	d.mu.Lock()
	var err error
	switch {
	case d.closing:
		err = db.ErrClosed
	case refused != nil:
		err = refused
	case q.Cancelled():
		err = q.Cause()
	case len(l.idle) == 0 && l.waiting.Len() >= d.cfg.MaxWaiting:
		err = db.ErrPoolExhausted
	}
	if err != nil {
		d.count(q, err)
		d.mu.Unlock()
		q.Finish(err)
		return
	}
	d.active++
	d.assign(l, q)
}

// readsFirst tells whether a query goes to a reader first, as it only reads as far as
// its text goes. What else it does is found out when a reader prepares it.
func (d *database) readsFirst(q *driver.Query) bool {
	switch q.Op {
	case driver.OpBegin:
		return q.ReadOnly
	case driver.OpPing:
		return true
	case driver.OpCustom:
		return false
	case driver.OpBatch:
		for _, item := range q.Items {
			if !d.texts.of(item.SQL).Reads {
				return false
			}
		}
		return true
	default:
		return d.texts.of(q.SQL).Reads
	}
}

// assign gives q to an idle worker, or queues it. It is called with mu held and
// releases it.
func (d *database) assign(l *lane, q *driver.Query) {
	if n := len(l.idle); n > 0 {
		w := l.idle[n-1]
		l.idle = l.idle[:n-1]
		w.take(q)
		d.mu.Unlock()
		w.wake <- q
		return
	}
	q.Hook.Since = time.Now()
	enqueue(q, &l.waiting)
	if d.janitor == nil {
		d.janitor = time.AfterFunc(d.cfg.AcquireTimeout, d.expire)
	}
	d.mu.Unlock()
}

// enqueue puts q at the end of a queue: a lane's or a session's. It is called with mu held.
func enqueue(q *driver.Query, l *driver.Queue) {
	q.Hook.State, q.Hook.Holder = stateQueued, l
	l.Push(q)
}

// next returns the next query for w, waiting for one; nil when the driver
// stops. w has ended the ones it had before.
func (d *database) next(w *worker) *driver.Query {
	d.mu.Lock()
	d.leave(w.ended)
	w.ended = 0
	if q := w.lane.waiting.Pop(); q != nil {
		d.stats.Waits++
		d.stats.WaitTime += time.Since(q.Hook.Since)
		w.take(q)
		d.mu.Unlock()
		return q
	}
	w.lane.idle = append(w.lane.idle, w)
	d.mu.Unlock()
	return w.wait()
}

// leave counts n queries or sessions as gone. mu is held.
func (d *database) leave(n int) {
	d.active -= n
	if n > 0 && d.closing && d.active == 0 {
		close(d.drained)
	}
}

// expire fails the calls that have waited for AcquireTimeout.
func (d *database) expire() {
	d.mu.Lock()
	var late *driver.Query
	var soonest time.Time
	limit := time.Now().Add(-d.cfg.AcquireTimeout)
	for _, l := range d.lanes() {
		for q := l.waiting.First(); q != nil; {
			next := q.Hook.Next
			switch {
			case !q.Hook.Since.After(limit):
				l.waiting.Remove(q)
				q.Hook.State, q.Hook.Holder = stateDone, nil
				d.count(q, db.ErrPoolExhausted)
				q.Hook.Next, late = late, q
			case soonest.IsZero() || q.Hook.Since.Before(soonest):
				soonest = q.Hook.Since
			}
			q = next
		}
	}
	d.janitor = nil
	if !soonest.IsZero() {
		d.janitor = time.AfterFunc(soonest.Sub(limit), d.expire)
	}
	d.mu.Unlock()
	d.finishAll(late, db.ErrPoolExhausted)
}

// finishAll ends a list of queries that have left their queues.
func (d *database) finishAll(list *driver.Query, err error) {
	n := 0
	for q := list; q != nil; n++ {
		next := q.Hook.Next
		q.Hook.Next = nil
		q.Finish(err)
		q = next
	}
	d.mu.Lock()
	d.leave(n)
	d.mu.Unlock()
}

func (d *database) lanes() []*lane {
	if d.read == d.write {
		return []*lane{d.read}
	}
	return []*lane{d.read, d.write}
}

// Cancel implements driver.Driver.
func (d *database) Cancel(q *driver.Query) {
	d.mu.Lock()
	switch h := &q.Hook; {
	case h.State == stateQueued && !q.Op.EndsSession():
		list := h.Holder.(*driver.Queue)
		list.Remove(q)
		h.State, h.Holder = stateDone, nil
		err := q.Cause()
		d.count(q, err)
		pooled := list == &d.read.waiting || list == &d.write.waiting
		d.mu.Unlock()
		q.Unsent()
		q.Finish(err)
		if pooled { // else its session counts
			d.mu.Lock()
			d.leave(1)
			d.mu.Unlock()
		}
	case h.State == stateRunning:
		c := h.Holder.(*conn)
		d.mu.Unlock()
		d.interrupt(c, q, true)
	default:
		d.mu.Unlock()
	}
}

// interruptAgain is the pause between interrupts: SQLite forgets one that comes
// before the statement's first step.
const interruptAgain = time.Millisecond

// interrupt stops q on c, and tries again until c runs something else.
func (d *database) interrupt(c *conn, q *driver.Query, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.current != q {
		return
	}
	if first {
		d.stats.Interrupts++
	}
	interrupt(c.handle.db)
	select {
	case c.nudge <- struct{}{}:
	default:
	}
	time.AfterFunc(interruptAgain, func() { d.interrupt(c, q, false) })
}

// count enters the end of a query in the statistics. mu is held.
func (d *database) count(q *driver.Query, err error) {
	d.stats.Queries++
	switch {
	case err == nil, errors.Is(err, db.ErrNoRows):
	case q.Cancelled():
		d.stats.Cancelled++
	default:
		d.stats.Errors++
		if errors.Is(err, db.ErrPoolExhausted) {
			d.stats.Exhausted++
		}
	}
}

// Stats implements driver.Driver.
func (d *database) Stats() db.Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stats
	s.Driver = "sqlite"
	if !d.closing || d.active > 0 {
		s.Open = 1
		if d.read != d.write {
			s.Open += d.cfg.Readers
		}
		for _, l := range d.lanes() {
			s.Idle += len(l.idle)
			s.Waiting += l.waiting.Len()
		}
		s.Busy = s.Open - s.Idle
		s.InFlight = s.Busy
		s.Depth = min(1, s.Busy)
	}
	return s
}

func (d *database) killed() bool {
	select {
	case <-d.kill:
		return true
	default:
		return false
	}
}

// Close implements driver.Driver.
func (d *database) Close(ctx context.Context) error {
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return db.ErrClosed
	}
	d.closing = true
	if d.active == 0 {
		close(d.drained)
	}
	d.mu.Unlock()
	var err error
	select {
	case <-d.drained:
	case <-ctx.Done():
		err = context.Cause(ctx)
		d.abandon()
		<-d.drained
	}
	close(d.stop)
	d.workers.Wait()
	// One after the other: of two that close at once each finds the other still
	// there, and none folds the log into the database.
	for _, w := range d.all {
		w.conn.close()
	}
	d.mu.Lock()
	if d.janitor != nil {
		d.janitor.Stop()
	}
	d.mu.Unlock()
	return err
}

// abandon fails what waits and interrupts what runs.
func (d *database) abandon() {
	close(d.kill)
	d.mu.Lock()
	var waiting *driver.Query
	for _, l := range d.lanes() {
		for q := l.waiting.Pop(); q != nil; q = l.waiting.Pop() {
			q.Hook.State, q.Hook.Holder = stateDone, nil
			d.count(q, db.ErrClosed)
			q.Hook.Next, waiting = waiting, q
		}
	}
	d.mu.Unlock()
	d.finishAll(waiting, db.ErrClosed)
	d.mu.Lock()
	running := make(map[*conn]*driver.Query)
	for _, w := range d.all {
		if w.conn.current != nil {
			running[w.conn] = w.conn.current
		}
	}
	d.mu.Unlock()
	for c, q := range running {
		d.interrupt(c, q, true)
	}
}
