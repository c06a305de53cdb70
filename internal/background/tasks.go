package background

import (
	"context"
	"fmt"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

const (
	// mostRunning is how many tasks of one core run at once.
	mostRunning = 64
	// mostQueued is how many more may wait.
	mostQueued = 4096
)

// Tasks are those of one core. The zero value has none.
//
// Owner: mu; names its own.
type Tasks struct {
	mu       sync.Mutex
	reserved int // tasks that have not ended
	running  int
	waiting  []task
	names    exchange.Names // of those that were started
	// idle is closed when nothing is left; nil while nobody waits.
	idle chan struct{}
}

// Reserve takes a place for a task; false: there is none.
func (t *Tasks) Reserve() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reserved >= mostRunning+mostQueued {
		return false
	}
	t.reserved++
	return true
}

// Release gives places back.
func (t *Tasks) Release(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reserved -= n
	if t.reserved == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// Start runs a task that has a place, now or when another one has ended.
func (t *Tasks) Start(route string, run func()) {
	one := task{route, run}
	t.names.Add(route)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == mostRunning {
		t.waiting = append(t.waiting, one)
		return
	}
	t.running++
	go t.run(one)
}

// task is a task of the requests of a route.
//
// Owner: any (immutable once made).
type task struct {
	route string
	run   func()
}

// run runs one; its end, be it runtime.Goexit, starts the next one.
func (t *Tasks) run(one task) {
	defer t.next(one.route)
	one.run()
}

// next follows a task of a route.
func (t *Tasks) next(route string) {
	t.names.Remove(route)
	t.Release(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.running--
		return
	}
	one := t.waiting[0]
	t.waiting[0] = task{}
	t.waiting = t.waiting[1:]
	go t.run(one)
}

// Drain waits until every task has ended, or ctx.
func (t *Tasks) Drain(ctx context.Context) error {
	t.mu.Lock()
	if t.reserved == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		t.mu.Lock()
		defer t.mu.Unlock()
		return fmt.Errorf("shutdown: %d background tasks were cut off: %w%s", t.reserved, context.Cause(ctx), t.names.String())
	}
}
