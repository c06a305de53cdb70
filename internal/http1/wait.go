package http1

import (
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// What a goroutine waits for. The end of a connection ends every wait.
const (
	waitInput  = poll.In | poll.Hangup | poll.Closed
	waitOutput = poll.Out | poll.Closed
)

// waiter is one of the two that may wait for the client of a connection on loan:
// what reads the body, and what writes the response. They may be two goroutines.
//
// Owner: the mu of the loan.
type waiter struct {
	// seen are the events that have come and were not taken.
	seen poll.Ready
	// wants are the events that it waits for in wake.
	wants poll.Ready
	// over: it may not wait any more.
	over bool
	wake chan struct{}
}

// signal ends the wait if ev is what it is for.
func (w *waiter) signal(ev poll.Ready) {
	if w.wants&ev != 0 {
		w.wants = 0
		w.wake <- struct{}{} // one slot, and wants is set only when it is empty
	}
}

// wait blocks w until one of the events has come, and takes the time from k. It
// fails with [exchange.ErrTimeout] when k is used up, with [ErrServerClosed] when the
// server cuts connections off, and with [exchange.ErrOver] when w is.
func (c *conn) wait(w *waiter, events poll.Ready, k *exchange.Credit) error {
	ready, err := c.await(w, events)
	if ready || err != nil {
		return err
	}
	start := time.Now()
	timer := time.NewTimer(k.Left())
	defer timer.Stop()
	select {
	case <-w.wake:
		k.Spend(time.Since(start))
	case <-timer.C:
		k.Spend(k.Left())
		if !c.gaveUp(w) {
			return exchange.ErrTimeout
		}
	}
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	return c.takeFor(w)
}

// await takes the events that have come for w. When none of the wanted ones is among
// them it asks note to signal w, and reports false.
func (c *conn) await(w *waiter, events poll.Ready) (bool, error) {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if w != &l.writing && l.reading == nil && !w.over {
		l.reading, w.seen = w, l.seen
	}
	seen := w.seen
	if err := c.takeFor(w); err != nil || seen&events != 0 {
		return err == nil, err
	}
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	w.wants = events
	return false, nil
}

// takeFor takes the events that w has seen, but for the end of the connection, which
// stays seen. What they say of the input is for what reads. Under mu of the loan.
func (c *conn) takeFor(w *waiter) error {
	l := &c.loan
	switch {
	case w.over:
		return exchange.ErrOver
	case l.cut:
		return ErrServerClosed
	}
	if w != &l.writing {
		c.take(w.seen)
		l.seen &^= poll.In
	}
	w.seen &^= poll.In | poll.Out | turnCame
	return nil
}

// gaveUp ends a wait that timed out; true: an event came at the last moment.
func (c *conn) gaveUp(w *waiter) bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.wants != 0 {
		w.wants = 0
		return false
	}
	<-w.wake
	return true
}

// flushOnLoan writes everything that is pending, waiting for the client.
func (c *conn) flushOnLoan(k *exchange.Credit) error {
	for {
		done, err := c.flushOnce(k)
		if done || err != nil {
			return err
		}
		if err := c.wait(&c.loan.writing, waitOutput, k); err != nil {
			return err
		}
	}
}

// flushOnce writes what the kernel takes, and reports whether that was everything.
func (c *conn) flushOnce(k *exchange.Credit) (done bool, err error) {
	c.loan.output.Lock()
	defer c.loan.output.Unlock()
	before := c.socket.Pending()
	if before == 0 {
		return true, nil
	}
	status := c.socket.Flush(&c.core.server.buffers)
	if status == stream.Broken {
		return false, stream.ErrBroken
	}
	k.Earn(before - c.socket.Pending())
	return status == stream.Done, nil
}
