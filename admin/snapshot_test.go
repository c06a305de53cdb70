package admin

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// attached starts an app of 200 routes on two cores, each of which was asked twice.
func attached(tb testing.TB) *Listener {
	tb.Helper()
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: slog.New(slog.DiscardHandler)})
	l := Attach(app, Config{Addr: "127.0.0.1:0", Flight: FlightConfig{Off: true}})
	for i := range 200 {
		app.Get(fmt.Sprintf("/shops/{shop}/shelves/%d", i), func(*fasterapi.Ctx, struct {
			Shop int `path:"shop"`
		},
		) (fasterapi.None, error) {
			return fasterapi.None{}, nil
		}, fasterapi.OnReactor())
	}
	server, err := app.Start()
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(tb, server.Shutdown(ctx))
	})
	for i := range 400 {
		response, err := http.Get(fmt.Sprintf("http://%s/shops/%d/shelves/%d", server.Addr(), i%2, i/2))
		require.NoError(tb, err)
		response.Body.Close()
	}
	return l
}

// BenchmarkSnapshot is what a second of the dashboard costs, however many look.
func BenchmarkSnapshot(b *testing.B) {
	l := attached(b)
	s := &sampler{l: l, facts: l.factsOf()}
	now := time.Now()
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		now = now.Add(tick)
		text, err := json.Marshal(s.take(now, checkReport{Checks: []checkResult{}}), json.Deterministic(true), texts)
		require.NoError(b, err)
		size = len(text)
	}
	b.ReportMetric(float64(size), "bytes/event")
}

// TestRates: they are those of the last ten seconds, and so are percentiles.
func TestRates(t *testing.T) {
	l := attached(t)
	require.Eventually(t, func() bool { // a record is written behind the answer
		n := int64(0)
		for _, core := range l.app.Recorder().Counts().Cores {
			n += core.Requests
		}
		return n == 400
	}, 10*time.Second, time.Millisecond)
	rec := l.app.Recorder()
	for core := range 2 {
		for range 3 {
			rec.TaskQueued(core)
		}
		rec.TaskStarted(core)
		rec.TaskStarted(core)
		rec.TaskEnded(core, true)
		rec.TaskRefused(core)
	}
	now := time.Now()
	s := &sampler{l: l, facts: l.factsOf(), samples: []sample{{at: now}}}
	got := s.take(now.Add(4*time.Second), checkReport{})
	require.Equal(t, 4.0, got.Window)
	require.InDelta(t, 100, got.Totals.PerSecond, 1e-9)
	require.EqualValues(t, 400, got.Totals.Requests)
	require.EqualValues(t, []int64{4, 4}, []int64{got.Totals.Tasks, got.Totals.TasksFailed}, "two wait, two run, two failed, two had no place")
	require.Len(t, got.Routes, 200)
	require.Equal(t, 0.5, got.Routes[7].PerSecond)
	require.Positive(t, got.Routes[7].P99)
	for i := range 2 * windowTicks {
		got = s.take(now.Add(time.Duration(5+i)*time.Second), checkReport{})
	}
	require.Equal(t, float64(windowTicks), got.Window)
	require.Zero(t, got.Totals.PerSecond)
	require.Zero(t, got.Routes[7].P99)
	require.EqualValues(t, 2, got.Routes[7].Count)
	require.Equal(t, "http://HOST:PORT", s.facts.Base)
}

// TestNobodyLooks: the goroutine that makes snapshots ends with the last viewer, and begins with the next.
func TestNobodyLooks(t *testing.T) {
	l := attached(t)
	for range 2 {
		require.Nil(t, l.viewers.latest)
		first, second := l.viewers.join(), l.viewers.join()
		require.NotEmpty(t, <-first)
		require.NotEmpty(t, <-second)
		l.viewers.leave(first)
		l.viewers.leave(second)
		l.viewers.running.Wait()
	}
	for range maxViewers {
		require.NotNil(t, l.viewers.join())
	}
	require.Nil(t, l.viewers.join(), "32 are enough")
}

// TestRemedies: each kind of stack has advice.
func TestRemedies(t *testing.T) {
	for stack, want := range map[string]string{
		"":                                     "not looked up",
		"time.Sleep time/sleep.go:1 <- main.f": "async.Sleep",
		"sync.(*Mutex).Lock sync/mutex.go:1":   "a lock",
		"net.(*conn).Read net/net.go:1":        "the network",
		"os.ReadFile os/file.go:1":             "perhaps a disk",
		"regexp.(*Regexp).Match regexp.go:1":   "It computes: do that part with async.Go, in smaller pieces",
		"main.f main.go:1":                     "calls what blocks",
	} {
		require.Contains(t, stallOf(&reactor.Stall{Holder: reactor.Holder{Stack: stack}}).Remedy, want, stack)
	}
}
