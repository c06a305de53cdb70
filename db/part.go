package db

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/db/driver"
)

// part is a transaction, or a savepoint in one, as far as it matters for its end:
// whether all that its user was told is true of what would be committed.
//
// A statement that was cancelled after it had been sent may have happened or not,
// and its user was told an error. To commit it, or to commit what the user did
// instead, would be a guess: so an outcome that nobody took dooms the part. A
// doomed savepoint is undone, a doomed transaction is rolled back.
//
// Owner: mu. up: immutable.
type part struct {
	up *part // what the savepoint is in; nil: the transaction

	mu   sync.Mutex
	why  error // it is doomed
	open bool  // a savepoint in it has not ended
	left bool  // by the consumer of a statement, before its outcome
}

// doom says that the part must not be kept. The first reason stays.
func (p *part) doom(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.why == nil {
		p.why = &Error{
			Kind: Other, Retry: true, Err: why,
			Message: "the transaction is rolled back: nobody knows whether one of its statements has happened, as it was cancelled after it had been sent (" + why.Error() + ")",
		}
	}
}

// doomed returns why the part, or one that it is in, must not be kept.
func (p *part) doomed() error {
	for ; p != nil; p = p.up {
		p.mu.Lock()
		why := p.why
		p.mu.Unlock()
		if why != nil {
			return why
		}
	}
	return nil
}

// end is doomed for the end of the part: then no savepoint may be open.
func (p *part) end() error {
	if why := p.doomed(); why != nil {
		return why
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		return errOpenSavepoint
	}
	return nil
}

// unsettled tells whether a statement was left whose outcome the driver may not
// know yet. Once the session has run what comes next it does.
func (p *part) unsettled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left
}

// enter begins a savepoint in p; leave ends it.
func (p *part) enter() (*part, error) {
	if why := p.doomed(); why != nil {
		return nil, why
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		return nil, errOpenSavepoint
	}
	p.open = true
	return &part{up: p}, nil
}

func (p *part) leave() {
	p.mu.Lock()
	p.open = false
	p.mu.Unlock()
}

// errOpenSavepoint: two savepoints side by side would undo each other's
// statements, and one that is open at the end nobody has decided about.
var errOpenSavepoint = &Error{
	Kind: Invalid, Message: "a savepoint of this transaction has not ended: savepoints are nested with the Tx that the closure gets, and not run side by side",
}

// errLeft is the cause of a doom when the consumer left while the outcome was on
// its way.
var errLeft = errors.New("db: the outcome was not awaited to its end")

// taking sees to it that somebody takes the outcome of a statement of a
// transaction. It stands before the statement's own sink.
//
// Owner: any (atomic). q: until the promise is settled.
type taking struct {
	driver.Sink
	part *part
	q    *driver.Query
	sent atomic.Bool // the statement may have happened
}

// Doom is why the end of the transaction must be a rollback (driver.Query.Doom).
func (t *taking) Doom() error { return t.part.end() }

// Settle notes what the outcome means for the transaction.
func (t *taking) Settle(q *driver.Query, err error, owner bool) bool {
	if q.Sent() || q.Op == driver.OpFetch { // what a stream did it did with its start
		t.sent.Store(true)
		if err != nil && q.Cancelled() {
			t.part.doom(err) // before anybody hears of it
		}
	}
	took := t.Sink.Settle(q, err, owner)
	if !took {
		t.left(false)
	}
	return took
}

// left is called when the statement's consumer leaves. early: before the outcome;
// then the driver hears of it, and says in time whether the statement was sent.
func (t *taking) left(early bool) {
	switch {
	case early:
		t.part.mu.Lock()
		t.part.left = true
		t.part.mu.Unlock()
		t.q.Cancel()
	case t.sent.Load():
		t.part.doom(errLeft)
	}
}
