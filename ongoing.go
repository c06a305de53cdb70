package fasterapi

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/websocket"
)

// copyBuffer is how many bytes a copy into a response moves at once.
const copyBuffer = 32 << 10

// ongoing is what outlives single requests: what has to end when the app
// does.
//
// Owner: any (atomic), background after begin.
type ongoing struct {
	// ctx is the context of background tasks; end ends it.
	ctx        context.Context
	end        context.CancelCauseFunc
	background []background // one for each core
	// draining holds who wants to hear that the app shuts down; ending: it does.
	draining async.Watchers
	ending   atomic.Bool
	// copies lends buffers of copyBuffer bytes.
	copies sync.Pool
	// sockets are the open WebSockets of each core.
	sockets []socketSet
	pools   websocket.Pools
}

func (l *ongoing) begin(cores int) {
	l.ctx, l.end = context.WithCancelCause(context.Background())
	l.background = make([]background, cores)
	l.sockets = make([]socketSet, cores)
}

// announce tells everything without an end of its own that the app shuts down.
func (l *ongoing) announce() {
	l.ending.Store(true)
	l.draining.CancelAll()
	for i := range l.sockets {
		l.sockets[i].closeAll()
	}
}

// copy is io.Copy with a buffer that is lent for the time of the copy.
func (l *ongoing) copy(w io.Writer, r io.Reader) (int64, error) {
	buf, _ := l.copies.Get().(*[copyBuffer]byte)
	if buf == nil {
		buf = new([copyBuffer]byte)
	}
	defer l.copies.Put(buf)
	return io.CopyBuffer(w, struct{ io.Reader }{r}, buf[:])
}

// drain waits for background tasks, when it has announced the end; when ctx ends
// first it cuts them off and says so.
func (l *ongoing) drain(ctx context.Context) error {
	if l.ctx == nil {
		return nil // never began
	}
	l.announce()
	var errs []error
	for i := range l.sockets {
		errs = append(errs, l.sockets[i].drain(ctx))
	}
	for i := range l.background {
		errs = append(errs, l.background[i].drain(ctx))
	}
	l.end(errDrained)
	return errors.Join(errs...)
}
