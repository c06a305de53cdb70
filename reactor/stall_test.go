package reactor

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// records collects log records as attribute maps.
type records struct {
	mu  sync.Mutex
	all []map[string]string
}

func (l *records) Enabled(context.Context, slog.Level) bool { return true }
func (l *records) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *records) WithGroup(string) slog.Handler            { return l }
func (l *records) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]string{"msg": r.Message}
	r.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, attrs)
	return nil
}

func (l *records) snapshot() []map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]map[string]string(nil), l.all...)
}

// slowHandler stands for a handler that blocks its reactor until it was caught.
func slowHandler(caught <-chan time.Duration) time.Duration { return <-caught }

// busyHandler computes instead.
func busyHandler(caught <-chan time.Duration) time.Duration {
	for len(caught) == 0 { // it has one slot
	}
	return <-caught
}

func TestStallNamesCoreLabelAndPlace(t *testing.T) {
	for name, slow := range map[string]func(<-chan time.Duration) time.Duration{
		"slowHandler": slowHandler, "busyHandler": busyHandler,
	} {
		for _, where := range []string{"task", "coroutine"} {
			t.Run(name+" in a "+where, func(t *testing.T) {
				log := &records{}
				g := start(t, Config{Cores: 2, StallThreshold: 5 * time.Millisecond, Logger: slog.New(log)})
				r := g.Reactor(1)
				caught := make(chan time.Duration, 1)
				label := &Label{Name: "GET /slow", Site: "main.go:12", OnStall: func(d time.Duration) { caught <- d }}
				var held time.Duration
				body := func() { r.SetLabel(label); held = slow(caught) }
				on(t, r, func() {
					r.Coroutine(&job{run: func(*Coroutine) {}}) // its coroutine stays, and has the reactor's label
					if where == "task" {
						body()
						return
					}
					r.Coroutine(&job{run: func(*Coroutine) {}})
					idle := r.Coroutine(&job{run: func(co *Coroutine) { co.Suspend() }})
					r.Coroutine(&job{run: func(*Coroutine) { body() }})
					idle.Run()
				})
				require.GreaterOrEqual(t, held, 5*time.Millisecond)
				require.EqualValues(t, 1, label.Stalls())
				all := log.snapshot()
				require.NotEmpty(t, all)
				got := all[0]
				require.Equal(t, "reactor: stalled", got["msg"])
				require.Equal(t, "1", got["core"])
				require.Equal(t, "GET /slow", got["label"])
				require.Equal(t, "main.go:12", got["registered"])
				require.Regexp(t, `stall_test\.go:\d+$`, got["at"])
				require.Contains(t, got["stack"], name)
				recorded := func() bool { s := g.Stats()[1].Stalls; return s.Count == 1 && s.Max >= int64(5*time.Millisecond) }
				require.Eventually(t, recorded, patient, time.Millisecond)
			})
		}
	}
}

func TestStallReportsAreRateLimited(t *testing.T) {
	log := &records{}
	g := start(t, Config{Cores: 1, StallThreshold: 2 * time.Millisecond, Logger: slog.New(log)})
	r := g.Reactor(0)
	caught := make(chan time.Duration, 1)
	label := &Label{OnStall: func(d time.Duration) { caught <- d }}
	for range 5 {
		on(t, r, func() { r.SetLabel(label); slowHandler(caught) })
	}
	require.EqualValues(t, 5, label.Stalls())
	require.Less(t, len(log.snapshot()), 5)
}

func TestIdleAndBusyReactorsDoNotStall(t *testing.T) {
	v := NewVirtual(1)
	defer v.Close()
	r := v.Reactor
	log := &records{}
	w := &watchdog{reactors: []*Reactor{r}, threshold: 10 * time.Millisecond, log: slog.New(log)}
	now := v.Now()
	look := func() { now = now.Add(time.Hour); w.look(r, 5*time.Millisecond, now) }
	for range 10 { // parked
		r.resting()
		look()
	}
	for range 10 { // many short pieces of work
		r.begin()
		look()
	}
	require.Empty(t, log.snapshot())
	look()
	require.Empty(t, log.snapshot(), "5 ms")
	look()
	require.Len(t, log.snapshot(), 1, "10 ms")
	look()
	look()
	require.Len(t, log.snapshot(), 1, "once per stall")
	r.begin()
	look()
	s := r.Stats().Stalls
	require.EqualValues(t, 1, s.Count)
	require.Equal(t, 20*time.Millisecond, time.Duration(s.Max))
}

func TestLabelEndsWithItsPieceOfWork(t *testing.T) {
	v := NewVirtual(1)
	defer v.Close()
	r := v.Reactor
	r.Schedule(async.TaskFunc(func() { r.SetLabel(&Label{Name: "a"}) }))
	r.Schedule(async.TaskFunc(func() { require.Nil(t, r.shownLabel.Load()) }))
	v.RunUntilIdle()
}
