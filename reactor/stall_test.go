package reactor

import (
	"context"
	"log/slog"
	"slices"
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

// labelled are the records of stalls under a label.
func (l *records) labelled(label string) []map[string]string {
	return slices.DeleteFunc(l.snapshot(), func(r map[string]string) bool { return r["label"] != label })
}

// slowHandler stands for a handler that blocks its reactor until it was caught.
func slowHandler(begin func(), caught <-chan time.Duration) time.Duration {
	begin()
	return <-caught
}

// busyHandler computes instead.
func busyHandler(begin func(), caught <-chan time.Duration) time.Duration {
	begin()
	for len(caught) == 0 { // it has one slot
	}
	return <-caught
}

// untilLabelled lets r run piece until its stall has been noticed under label. A busy machine may hold it up before
// it has its label: then a zero comes from caught, where else the label's OnStall sends, and piece runs once more.
func untilLabelled(t *testing.T, g *Group, r *Reactor, label *Label, caught chan<- time.Duration, piece func()) {
	t.Helper()
	for label.Stalls() == 0 {
		var look sync.WaitGroup
		over, before := make(chan struct{}), nameless(g, r)
		look.Go(func() {
			for ; ; time.Sleep(time.Millisecond) {
				select {
				case <-over:
					return
				default:
				}
				if nameless(g, r) > before {
					caught <- 0
					return
				}
			}
		})
		on(t, r, piece)
		close(over)
		look.Wait()
	}
}

// nameless is how many stalls of r were noticed before they had a label.
func nameless(g *Group, r *Reactor) int {
	return len(slices.DeleteFunc(g.Stalls(), func(s Stall) bool { return s.Core != r.core || s.Label != "" }))
}

func TestStallNamesCoreLabelAndPlace(t *testing.T) {
	for name, slow := range map[string]func(func(), <-chan time.Duration) time.Duration{
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
				body := func() { held = slow(func() { r.SetLabel(label) }, caught) }
				untilLabelled(t, g, r, label, caught, func() {
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
				all := log.labelled("GET /slow")
				require.NotEmpty(t, all)
				got := all[0]
				require.Equal(t, "reactor: stalled", got["msg"])
				require.Equal(t, "1", got["core"])
				require.Equal(t, "main.go:12", got["registered"])
				require.Regexp(t, `stall_test\.go:\d+$`, got["at"])
				require.Contains(t, got["stack"], name)
				kept := func() []Stall { return slices.DeleteFunc(g.Stalls(), func(s Stall) bool { return s.Label == "" }) }
				require.Eventually(t, func() bool { return kept()[0].Over }, patient, time.Millisecond)
				require.GreaterOrEqual(t, g.Stats()[1].Stalls.Max, int64(5*time.Millisecond))
				require.Len(t, kept(), 1)
				require.GreaterOrEqual(t, kept()[0].For, 5*time.Millisecond)
				require.Equal(t, Holder{"GET /slow", "main.go:12", got["at"], got["stack"]}, kept()[0].Holder)
				require.Equal(t, 1, kept()[0].Core)
			})
		}
	}
}

func TestStallReportsAreRateLimited(t *testing.T) {
	w := watch(t, 20*time.Millisecond)
	told := 0
	label := &Label{OnStall: func(time.Duration) { told++ }}
	for range 5 {
		w.Reactor.begin()
		w.Reactor.shownLabel.Store(label)
		w.pass(50 * time.Millisecond)
	}
	require.EqualValues(t, 5, label.Stalls())
	require.Equal(t, 5, told)
	require.Equal(t, []string{"0 reactor: stalled 20ms"}, w.messages())
}

func TestIdleAndBusyReactorsDoNotStall(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	log := &records{}
	w := &watchdog{reactors: []*Reactor{r}, threshold: 10 * time.Millisecond, log: slog.New(log), kept: &stallLog{}}
	now := v.Now()
	look := func() { now = now.Add(time.Hour); w.look(r, 5*time.Millisecond, now) }
	for range 10 { // parked
		r.markIdle()
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
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	r.Schedule(async.TaskFunc(func() { r.SetLabel(&Label{Name: "a"}) }))
	r.Schedule(async.TaskFunc(func() { require.Nil(t, r.shownLabel.Load()) }))
	v.RunUntilIdle()
}

// blockedLogger never comes back from the first thing that it is told.
type blockedLogger struct {
	records
	once          sync.Once
	told, release chan struct{}
}

func (l *blockedLogger) Handle(context.Context, slog.Record) error {
	l.once.Do(func() { close(l.told) })
	<-l.release
	return nil
}

// watched is a virtual reactor and the looks of a watchdog at it.
type watched struct {
	*lab
	watchdog
	log *records
	now time.Time
}

func watch(t *testing.T, threshold time.Duration, more ...*Reactor) *watched {
	t.Helper()
	v := newLab(1)
	t.Cleanup(v.Close)
	log := &records{}
	w := &watched{lab: v, log: log, now: v.Now()}
	w.watchdog = watchdog{reactors: append([]*Reactor{v.Reactor}, more...), threshold: threshold, log: slog.New(log), kept: &stallLog{}}
	return w
}

// pass lets time pass, in looks of 10 ms.
func (w *watched) pass(d time.Duration) {
	const look = 10 * time.Millisecond
	for ; d > 0; d -= look {
		w.now = w.now.Add(look)
		for _, r := range w.reactors {
			w.look(r, look, w.now)
		}
	}
}

// messages are the records so far, as "core message for".
func (w *watched) messages() (all []string) {
	for _, r := range w.log.snapshot() {
		all = append(all, r["core"]+" "+r["msg"]+" "+r["for"])
	}
	return all
}

func TestStallsThatLastAreReportedAgain(t *testing.T) {
	other := newLab(2)
	defer other.Close()
	other.Reactor.core = 1
	w := watch(t, 20*time.Millisecond, other.Reactor)
	for _, r := range w.reactors {
		r.begin()
		r.shownLabel.Store(&Label{Name: "GET /loop", Site: "main.go:1"})
	}
	w.pass(10 * time.Millisecond) // the looks that see the new pulse
	w.pass(130 * time.Second)
	require.Equal(t, []string{
		"0 reactor: stalled 20ms", // that of core 1 comes too soon after it
		"0 reactor: still stalled 1s", "1 reactor: still stalled 1s",
		"0 reactor: still stalled 10s", "1 reactor: still stalled 10s",
		"0 reactor: still stalled 1m0s", "1 reactor: still stalled 1m0s",
		"0 reactor: still stalled 2m0s", "1 reactor: still stalled 2m0s",
	}, w.messages())
	for _, r := range w.log.snapshot() {
		require.Equal(t, "GET /loop", r["label"])
		require.Equal(t, "main.go:1", r["registered"])
	}
	other.Reactor.begin()
	w.pass(1100 * time.Millisecond)
	require.Equal(t, []string{"1 reactor: stalled 20ms", "1 reactor: still stalled 1s"}, w.messages()[9:], "the next stall begins anew")
}

// TestStallOf50ms: with the default threshold and the looks of the watchdog, one of 50 ms is known before it is over.
func TestStallOf50ms(t *testing.T) {
	w := watch(t, defaultStall)
	r := w.Reactor
	r.shownLabel.Store(&Label{Name: "GET /slow", Site: "main.go:1"})
	r.begin()
	look := min(stuckLook, defaultStall/2)
	lookFor := func(d time.Duration) {
		for ; d > 0; d -= look {
			w.now = w.now.Add(look)
			w.look(r, look, w.now)
		}
	}
	lookFor(50 * time.Millisecond)
	require.Len(t, w.kept.list, 1)
	s := *w.kept.list[0]
	require.Equal(t, "GET /slow", s.Label)
	require.False(t, s.Over)
	require.LessOrEqual(t, s.Noticed.Sub(w.now), time.Duration(0), "noticed within the 50 ms")
	lookFor(50 * time.Millisecond)
	r.begin()
	lookFor(look)
	require.True(t, w.kept.list[0].Over)
	require.GreaterOrEqual(t, w.kept.list[0].For, 50*time.Millisecond)
	for range maxStalls + 3 {
		w.kept.begin(Stall{Core: 1})
	}
	require.Len(t, w.kept.list, maxStalls)
}

func TestLongThresholdIsReportedOnce(t *testing.T) {
	w := watch(t, 3*time.Second)
	w.Reactor.begin()
	w.pass(5 * time.Second)
	require.Equal(t, []string{"0 reactor: stalled 3s"}, w.messages())
}

func TestStuck(t *testing.T) {
	for _, threshold := range []time.Duration{-1, 20 * time.Millisecond, time.Minute} {
		w := watch(t, threshold)
		r := w.Reactor
		var told []time.Duration
		stop := r.WhileStuck(func(held time.Duration) { told = append(told, held) })
		r.begin()
		w.pass(100 * time.Millisecond)
		require.Zero(t, r.Stuck(), "90 ms")
		w.pass(20 * time.Millisecond)
		require.Equal(t, 110*time.Millisecond, r.Stuck())
		require.Equal(t, r.Stuck(), r.Stats().Stuck)
		r.begin()
		w.pass(20 * time.Millisecond)
		require.Zero(t, r.Stuck())
		require.Equal(t, []time.Duration{100 * time.Millisecond, 110 * time.Millisecond, 0}, told)
		stop()
		w.pass(time.Second)
		require.Len(t, told, 3)
		require.Equal(t, threshold == 20*time.Millisecond, len(w.messages()) > 0)
	}
}

func TestNewWorkGoesToReactorsThatTurn(t *testing.T) {
	v, other := newLab(1), newLab(2)
	defer v.Close()
	defer other.Close()
	g := &Group{reactors: []*Reactor{v.Reactor, other.Reactor}}
	require.Same(t, v.Reactor, g.LeastLoaded())
	v.Hold(time.Second)
	other.Reactor.ConnOpened()
	require.Same(t, other.Reactor, g.LeastLoaded(), "it is not stuck")
	other.Hold(time.Second)
	require.Same(t, v.Reactor, g.LeastLoaded(), "all are: the one with the fewest connections")
	v.Hold(0)
	other.Hold(0)
	require.Same(t, v.Reactor, g.LeastLoaded())
}

// TestStopLeavesAStuckReactor: it holds whatever a task does.
func TestStopLeavesAStuckReactor(t *testing.T) {
	g, err := Start(Config{Cores: 2, StallThreshold: -1, Logger: quiet})
	require.NoError(t, err)
	began, release := make(chan struct{}), make(chan struct{})
	stuck := g.Reactor(1)
	stuck.Post(async.TaskFunc(func() {
		stuck.SetLabel(&Label{Name: "GET /stuck", Site: "main.go:7"})
		close(began)
		<-release
	}))
	<-began
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = g.Stop(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, `core 1 is still held by "GET /stuck" (registered main.go:7) at `)
	require.Regexp(t, `stall_test\.go:\d+$`, err.Error())
	<-g.Reactor(0).done
	close(release)
	require.NoError(t, g.Stop(context.Background()), "it comes to its end when it turns again")
	<-stuck.done
}

// TestWatchdogDoesNotWaitForTheLogger: a handler may be stuck in it.
func TestWatchdogDoesNotWaitForTheLogger(t *testing.T) {
	log := &blockedLogger{told: make(chan struct{}), release: make(chan struct{})}
	g, err := Start(Config{Cores: 1, StallThreshold: 2 * time.Millisecond, Logger: slog.New(log)})
	require.NoError(t, err)
	r := g.Reactor(0)
	stuck := make(chan time.Duration, 1000)
	r.WhileStuck(func(held time.Duration) {
		select {
		case stuck <- held:
		default:
		}
	})
	on(t, r, func() {
		<-log.told // the watchdog's report of this stall
		<-stuck
	})
	require.NoError(t, g.Stop(context.Background()))
	close(log.release)
}

// TestStallsInABurst: those of another label are logged as well, and each has its place as long as
// finding it is cheap.
func TestStallsInABurst(t *testing.T) {
	log := &records{}
	g := start(t, Config{Cores: 1, StallThreshold: 2 * time.Millisecond, Logger: slog.New(log)})
	r := g.Reactor(0)
	labels := []string{"GET /a", "GET /b", "GET /a", "GET /b", "GET /a"}
	named := func() (all []Stall) { // not those of a machine that is busy
		for _, s := range g.Stalls() {
			if s.Label != "" {
				all = append(all, s)
			}
		}
		return all
	}
	for i, name := range labels {
		for end := time.Now().Add(patient); len(named()) == i && time.Now().Before(end); {
			found, before := make(chan struct{}), nameless(g, r)
			go func() { // the reactor is not found in what looks for it
				defer close(found)
				for ; nameless(g, r) == before && time.Now().Before(end); time.Sleep(100 * time.Microsecond) { // beyond a percent of the time a look may wait
					if all := named(); len(all) > i && all[0].At != "" {
						return
					}
				}
			}()
			on(t, r, func() {
				r.SetLabel(&Label{Name: name})
				<-found
			})
		}
	}
	kept := named()
	require.Len(t, kept, len(labels))
	for _, s := range kept {
		require.Regexp(t, `stall_test\.go:\d+$`, s.At, s.Label)
	}
}

// TestReportsOfABurst: one a second of each label, eight labels, and the others are counted.
func TestReportsOfABurst(t *testing.T) {
	w := &watchdog{}
	now := time.Now()
	require.True(t, w.due("a", now))
	require.False(t, w.due("a", now.Add(reportEvery-1)))
	require.True(t, w.due("b", now.Add(reportEvery-1)))
	require.False(t, w.due("b", now.Add(reportEvery-1)))
	require.True(t, w.due("b", now.Add(reportEvery)))
	for i := range maxLogged - 1 {
		require.True(t, w.due(string(rune('k'+i)), now.Add(reportEvery)))
	}
	require.False(t, w.due("z", now.Add(reportEvery)))
	require.True(t, w.due("z", now.Add(2*reportEvery)))
}

// TestLookupsAreBounded: to one percent of the time.
func TestLookupsAreBounded(t *testing.T) {
	var l lookup
	now := time.Now()
	require.True(t, l.affordable(now))
	l.took.Store(int64(time.Millisecond))
	require.False(t, l.affordable(now.Add(99*time.Millisecond)))
	require.True(t, l.affordable(now.Add(100*time.Millisecond)))
	require.False(t, l.affordable(now.Add(101*time.Millisecond)))
}
