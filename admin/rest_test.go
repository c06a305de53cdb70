package admin

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"runtime/trace"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
)

// TestNoRecorderBehindTheEnd: who asks for a trace of a recorder that was stopped gets none, and does not start it again.
func TestNoRecorderBehindTheEnd(t *testing.T) {
	f := &flight{end: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	defer f.rest()
	f.stop()
	_, err := f.write()
	require.ErrorIs(t, err, errNoRecorder)
	require.True(t, f.rests())
}

// TestRequestWhileLooking: a request that begins while somebody looks for one is found, or closes what they wait for.
func TestRequestWhileLooking(t *testing.T) {
	cfg, err := observe.Config{}.Resolve()
	require.NoError(t, err)
	rec := observe.New(cfg, 1, []string{""}, nil)
	w := &activity{recorder: rec}
	for i := range 5_000 {
		for w.requested() { // of the round before
		}
		var here atomic.Int32
		meet := func() {
			for here.Add(1); here.Load() < 2; {
				runtime.Gosched()
			}
		}
		begun := make(chan struct{})
		go func() {
			defer close(begun)
			meet()
			for range i % 64 { // at one moment or another of the look
				here.Load()
			}
			rec.Begin(0, 0)
		}()
		meet()
		found := w.requested()
		<-begun
		if !found {
			select {
			case <-w.next:
			default:
				t.Fatal("the request of round", i, "is lost")
			}
		}
		rec.End(&observe.Ended{Status: 200}, []byte("GET"), nil)
	}
}

// TestTakenAway: where another recorder was started while ours was at rest, requests do not try to wake it one by one.
func TestTakenAway(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", nil })
	handler := app.Handler()
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	f := &flight{cfg: FlightConfig{MinAge: time.Millisecond}, end: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	require.NoError(t, f.wake(time.Time{}))
	f.running.Go(func() { f.watch(app, heldOf(app.Reactors())) })
	defer f.stop()
	require.Eventually(t, f.rests, 30*time.Second, 10*time.Millisecond)
	other := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	require.NoError(t, other.Start())
	defer other.Stop()

	tries, latest := 0, time.Time{}
	for range 100 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		time.Sleep(2 * time.Millisecond)
		f.mu.Lock()
		if f.calm.After(latest) {
			tries, latest = tries+1, f.calm
		}
		f.mu.Unlock()
	}
	require.Positive(t, tries)
	require.Less(t, tries, 20, "of 100 requests")
}
