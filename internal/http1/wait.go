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

// credit is how long a streaming goroutine may still wait for its client; see
// patience.go. Time that the handler takes itself is not counted.
//
// Owner: the goroutine that has the connection on loan.
type credit struct{ left, full time.Duration }

func newCredit(full time.Duration) credit { return credit{full, full} }

// earn adds what n bytes are worth.
func (k *credit) earn(n int) { k.left = min(k.left+time.Duration(n)*perByte, k.full) }

// wait blocks the goroutine until one of the events has come, and takes the
// time from k. It fails with [exchange.ErrTimeout] when k is used up, and with
// [ErrServerClosed] when the server cuts connections off.
func (c *conn) wait(events poll.Ready, k *credit) error {
	ready, err := c.ask(events)
	if ready || err != nil {
		return err
	}
	start := time.Now()
	timer := time.NewTimer(k.left)
	defer timer.Stop()
	select {
	case <-c.loan.wake:
		k.left = max(k.left-time.Since(start), 0)
	case <-timer.C:
		k.left = 0
		if !c.gaveUp() {
			return exchange.ErrTimeout
		}
	}
	l := &c.loan
	l.mu.Lock()
	seen, cut := l.seen, l.cut
	l.seen &^= poll.In | poll.Out
	l.mu.Unlock()
	c.take(seen)
	if cut {
		return ErrServerClosed
	}
	return nil
}

// ask takes the events that have come. When none of the wanted ones is among
// them it asks note to signal wake, and reports false.
func (c *conn) ask(events poll.Ready) (bool, error) {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return false, ErrServerClosed
	}
	seen := l.seen
	l.seen &^= poll.In | poll.Out // the end of a connection stays seen
	c.take(seen)
	if seen&events != 0 {
		return true, nil
	}
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
	}
	l.wants = events
	return false, nil
}

// gaveUp ends a wait that timed out; true: an event came at the last moment.
func (c *conn) gaveUp() bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wants != 0 {
		l.wants = 0
		return false
	}
	<-l.wake
	return true
}

// flushOnLoan writes everything that is pending, waiting for the client.
func (c *conn) flushOnLoan(k *credit) error {
	for c.socket.Pending() > 0 {
		before := c.socket.Pending()
		switch c.socket.Flush(&c.core.server.buffers) {
		case stream.Done:
			k.earn(before)
			return nil
		case stream.Broken:
			return stream.ErrBroken
		}
		k.earn(before - c.socket.Pending())
		if err := c.wait(waitOutput, k); err != nil {
			return err
		}
	}
	return nil
}
