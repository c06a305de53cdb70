package events

import (
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/examples/tickets/internal/storage"
)

// Bell wakes all who wait for events. Any goroutine may use it.
type Bell struct {
	mu   sync.Mutex
	next chan struct{} // closed by the next Ring
}

// NewBell returns a bell.
func NewBell() *Bell { return &Bell{next: make(chan struct{})} }

// Ring says that there may be something new.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// Next is closed by the next Ring. Ask for it before you look for what is new, so that nothing is missed in between.
func (b *Bell) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

// Listen rings the bell for what other processes on the same Postgres have done, while the app runs. A SQLite file has one process.
func (b *Bell) Listen(app *fasterapi.App, pool *db.Pool) {
	if !storage.IsPostgres(pool) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	app.OnStart(func(start context.Context) error {
		running.Go(func() { b.listen(ctx, app, pool) })
		return b.heard(start, pool)
	})
	app.OnStop(func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// heard waits until the bell rings for what this process says itself: from then on nothing is missed.
func (b *Bell) heard(ctx context.Context, pool *db.Pool) error {
	rung := b.Next()
	for {
		if _, err := pool.Exec(ctx, "SELECT pg_notify('events', '')").Await(ctx); err != nil {
			return err
		}
		select {
		case <-rung:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// again is how long to wait when there was no connection to listen on.
const again = 2 * time.Second

func (b *Bell) listen(ctx context.Context, app *fasterapi.App, pool *db.Pool) {
	for {
		for _, err := range pg.Listen(ctx, pool, "events") {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				app.Config().Logger.Error("events of other processes are not heard", "error", err)
				break
			}
			b.Ring() // for a gap, too: nobody knows what was missed
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
			b.Ring()
		}
	}
}
