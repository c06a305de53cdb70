package async

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }

// lab is a deterministic scheduler: a manual clock, and, with a seed, tasks in
// shuffled order. The test is its owner.
//
// Owner: the test; mail and stopped: mu.
type lab struct {
	queue  []Task
	timers []*labTimer
	now    time.Time
	rng    *rand.Rand
	depth  int // of nested tasks: a continuation must never run inside a task's call
	ran    int

	mu      sync.Mutex
	mail    []Task
	stopped bool
}

func newLab(seed uint64) *lab {
	l := &lab{now: time.Unix(0, 0)}
	if seed != 0 {
		l.rng = rand.New(rand.NewPCG(seed, seed))
	}
	return l
}

func (l *lab) Schedule(t Task) { l.queue = append(l.queue, t) }
func (l *lab) Now() time.Time  { return l.now }

func (l *lab) Post(t Task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.mail = append(l.mail, t)
	return true
}

// labTimer is a timer of a lab.
//
// Owner: the test.
type labTimer struct {
	lab  *lab
	at   time.Time
	task Task
}

func (t *labTimer) Stop() bool {
	i := slices.Index(t.lab.timers, t)
	if i < 0 {
		return false
	}
	t.lab.timers = slices.Delete(t.lab.timers, i, i+1)
	return true
}

func (l *lab) After(d time.Duration, task Task) Timer {
	t := &labTimer{l, l.now.Add(d), task}
	l.timers = append(l.timers, t)
	return t
}

// step runs one task. It returns false when there is none.
func (l *lab) step() bool {
	l.mu.Lock()
	l.queue = append(l.queue, l.mail...)
	l.mail = nil
	l.mu.Unlock()
	if len(l.queue) == 0 {
		return false
	}
	i := 0
	if l.rng != nil {
		i = l.rng.IntN(len(l.queue))
	}
	t := l.queue[i]
	l.queue = slices.Delete(l.queue, i, i+1)
	if l.depth++; l.depth > 1 {
		panic("a task runs inside a task")
	}
	l.ran++
	t.Run()
	l.depth--
	return true
}

// run runs tasks until there are none.
func (l *lab) run() {
	for l.step() {
	}
}

// advance moves the clock by d, through every timer on the way.
func (l *lab) advance(d time.Duration) {
	l.run()
	end := l.now.Add(d)
	for {
		var next *labTimer
		for _, t := range l.timers {
			if !t.at.After(end) && (next == nil || t.at.Before(next.at)) {
				next = t
			}
		}
		if next == nil {
			break
		}
		l.now = next.at
		next.Stop()
		l.Schedule(next.task)
		l.run()
	}
	l.now = end
}

// ctx is the context of code that runs on the lab.
func (l *lab) ctx() context.Context {
	return WithSite(context.Background(), Site{Scheduler: l, Direct: true})
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	require.TestingT
	Helper()
}

// want checks a result that must be there.
func want[T any](t tester, f Future[T], v T) {
	t.Helper()
	got, err, ready := f.Result()
	require.True(t, ready, "the future is pending")
	require.NoError(t, err)
	require.Equal(t, v, got)
}

// wantErr checks an error that must be there.
func wantErr[T any](t tester, f Future[T], target error) {
	t.Helper()
	_, err, ready := f.Result()
	require.True(t, ready, "the future is pending")
	require.ErrorIs(t, err, target)
}

// pull is a coroutine of a lab, made of iter.Pull.
//
// Owner: the test.
type pull struct {
	Waiter
	next      func() (struct{}, bool)
	yield     func(struct{}) bool
	interrupt error
	over      bool
}

// spawn runs fn in a coroutine until it first suspends.
func (l *lab) spawn(fn func(ctx context.Context)) *pull {
	co := &pull{}
	ctx := &pullContext{context.Background(), Site{Scheduler: l, Direct: true, Coroutine: co, Bound: true}}
	co.next, _ = iter.Pull(iter.Seq[struct{}](func(yield func(struct{}) bool) {
		co.yield = yield
		fn(ctx)
		co.over = true
	}))
	co.Run()
	return co
}

func (c *pull) Run()               { c.next() }
func (c *pull) Suspend()           { c.yield(struct{}{}) }
func (c *pull) Interrupted() error { return c.interrupt }

// pullContext is the context of a coroutine of a lab.
//
// Owner: any (immutable after New).
type pullContext struct {
	context.Context
	site Site
}

func (c *pullContext) AsyncSite() Site { return c.site }
func (c *pullContext) Value(key any) any {
	if key == SiteKey() {
		return &c.site
	}
	return c.Context.Value(key)
}
