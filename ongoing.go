package fasterapi

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/reply"
	"github.com/fasterapi/fasterapi/internal/websocket"
)

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
	copies   reply.Copier
	// sockets are the open WebSockets of each core.
	sockets []websocket.Set
	pools   websocket.Pools
}

func (l *ongoing) begin(cores int) {
	l.ctx, l.end = context.WithCancelCause(context.Background())
	l.background = make([]background, cores)
	l.sockets = make([]websocket.Set, cores)
}

// announce tells everything without an end of its own that the app shuts down.
func (l *ongoing) announce() {
	l.ending.Store(true)
	l.draining.CancelAll()
	for i := range l.sockets {
		l.sockets[i].CloseAll()
	}
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
		errs = append(errs, l.sockets[i].Drain(ctx))
	}
	for i := range l.background {
		errs = append(errs, l.background[i].drain(ctx))
	}
	l.end(errDrained)
	return errors.Join(errs...)
}
