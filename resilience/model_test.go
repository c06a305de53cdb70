package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor/virtual"
	"github.com/fasterapi/fasterapi/resilience"
)

// The models are written as plainly as can be: lists of what has happened, counted anew each time.

// breakerModel is what a breaker does, told by everything that was done with it.
type breakerModel struct {
	cfg        resilience.BreakerConfig
	state      resilience.State
	since, now time.Duration
	run        int
	begin      time.Duration // of the window
	events     []event
	generation int
	won        int
	probes     []*modelPermit
}

// event is a call that was counted, in a piece of the window.
type event struct {
	piece  int
	failed bool
}

// modelPermit is a permit, real and as the model knows it.
type modelPermit struct {
	real       resilience.Permit
	generation int
	probe      bool
	since      time.Duration
	over       bool
}

func (m *breakerModel) become(s resilience.State) {
	m.state, m.since, m.run, m.events, m.won, m.probes = s, m.now, 0, nil, 0, nil
	m.generation++
}

// allow tells whether a call gets through, and with what.
func (m *breakerModel) allow() (*modelPermit, bool) {
	if m.state == resilience.Open && m.now-m.since >= m.cfg.OpenFor {
		m.become(resilience.HalfOpen)
	}
	switch m.state {
	case resilience.Closed:
		return &modelPermit{generation: m.generation}, true
	case resilience.HalfOpen:
		under := 0
		for _, p := range m.probes {
			if m.now-p.since >= m.cfg.ProbeLimit {
				p.over = true
			}
			if !p.over {
				under++
			}
		}
		if under+m.won < m.cfg.Probes {
			p := &modelPermit{generation: m.generation, probe: true, since: m.now}
			m.probes = append(m.probes, p)
			return p, true
		}
	}
	return nil, false
}

// done counts how a call ended: failed, or cancelled when neither that nor a success.
func (m *breakerModel) done(p *modelPermit, failed, cancelled bool) {
	if p.generation != m.generation || p.over {
		return
	}
	if p.probe {
		p.over = true
		switch {
		case failed:
			m.become(resilience.Open)
		case !cancelled:
			if m.won++; m.won == m.cfg.Probes {
				m.become(resilience.Closed)
			}
		}
		return
	}
	if cancelled {
		return
	}
	m.count(failed)
	m.run++
	if !failed {
		m.run = 0
		return
	}
	failures := 0
	for _, e := range m.events {
		if e.failed {
			failures++
		}
	}
	if m.cfg.Failures > 0 && m.run >= m.cfg.Failures ||
		m.cfg.Rate > 0 && len(m.events) >= m.cfg.Minimum && float64(failures) >= m.cfg.Rate*float64(len(m.events)) {
		m.become(resilience.Open)
	}
}

// count adds an event to the window, which begins anew after a time without events that is as long.
func (m *breakerModel) count(failed bool) {
	step := m.cfg.Over / 10
	if len(m.events) == 0 {
		m.begin = m.now
	} else if last := m.begin + time.Duration(m.events[len(m.events)-1].piece)*step; m.now-last >= m.cfg.Over {
		m.events, m.begin = nil, m.now
	}
	piece := int((m.now - m.begin) / step)
	var kept []event
	for _, e := range m.events {
		if e.piece > piece-10 {
			kept = append(kept, e)
		}
	}
	m.events = append(kept, event{piece, failed})
}

func TestBreakerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := virtual.New(1)
		defer v.Close()
		ctx := async.WithSite(context.Background(), v.Reactor.Site())
		cfg := resilience.BreakerConfig{
			Failures: rapid.IntRange(0, 4).Draw(t, "Failures"), Rate: rapid.SampledFrom([]float64{0, 0.3, 0.5, 1}).Draw(t, "Rate"),
			Over: time.Second, Minimum: rapid.IntRange(1, 6).Draw(t, "Minimum"), OpenFor: 2 * time.Second,
			Probes: rapid.IntRange(1, 3).Draw(t, "Probes"), ProbeLimit: 3 * time.Second,
		}
		if cfg.Failures == 0 && cfg.Rate == 0 {
			cfg.Failures = 5
		}
		b := resilience.NewBreaker("b", cfg)
		require.NoError(t, b.Mistake())
		m := &breakerModel{cfg: cfg}
		var permits []*modelPermit
		t.Repeat(map[string]func(*rapid.T){
			"allow": func(t *rapid.T) {
				want, ok := m.allow()
				got, err := b.Allow(ctx)
				require.Equal(t, ok, err == nil, "%v", err)
				if ok {
					want.real = got
					permits = append(permits, want)
				}
			},
			"done": func(t *rapid.T) { // any permit, also one that has been reported
				if len(permits) == 0 {
					t.Skip("no permits")
				}
				p := rapid.SampledFrom(permits).Draw(t, "permit")
				if !p.probe && p.over {
					t.Skip("a closed breaker does not tell the copies of a permit apart")
				}
				switch rapid.IntRange(0, 4).Draw(t, "how") {
				case 0, 1:
					m.done(p, true, false)
					p.real.Done(errBad)
				case 2:
					m.done(p, false, true)
					p.real.Done(context.Canceled)
				default:
					m.done(p, false, false)
					p.real.Done(nil)
				}
				p.over = true
			},
			"wait": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 40).Draw(t, "ticks")) * 50 * time.Millisecond
				v.Advance(d)
				m.now += d
			},
			"isolate": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
					t.Skip("seldom")
				}
				b.Isolate()
				if m.state != resilience.Isolated {
					m.become(resilience.Isolated)
				}
			},
			"reset": func(t *rapid.T) {
				if m.state != resilience.Isolated && rapid.IntRange(0, 9).Draw(t, "really") > 0 {
					t.Skip("seldom")
				}
				b.Reset()
				m.become(resilience.Closed)
			},
			"": func(t *rapid.T) { require.Equal(t, m.state, b.State()) },
		})
	})
}

// A budget never pays for more than its share, and pays for that.
func TestBudgetModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := virtual.New(1)
		defer v.Close()
		ctx := async.WithSite(context.Background(), v.Reactor.Site())
		share := rapid.SampledFrom([]float64{-1, 0.1, 0.2, 1}).Draw(t, "share")
		second := rapid.SampledFrom([]float64{-1, 0.5, 3}).Draw(t, "second")
		budget := resilience.NewBudget("b", resilience.BudgetConfig{Share: share, PerSecond: second, Over: time.Second})
		p := resilience.New("p", resilience.Config{Retry: resilience.Retry{
			Attempts: 3, Idempotent: true, Budget: budget, Backoff: async.Backoff{First: -1},
		}})
		var (
			now, begin   time.Duration
			calls, spent []int // pieces of each
		)
		within := func(list []int) (n int) {
			piece := int((now - begin) / (time.Second / 10))
			for _, p := range list {
				if p > piece-10 {
					n++
				}
			}
			return n
		}
		last := time.Duration(-1)
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				step := time.Second / 10
				if last < 0 || now-(begin+(last-begin)/step*step) >= time.Second {
					begin, calls, spent = now, nil, nil
				}
				last = now
				piece := int((now - begin) / step)
				calls = append(calls, piece)
				want := 1
				for range 2 {
					if float64(within(spent)+1) > max(share, 0)*float64(within(calls))+max(second, 0) {
						break
					}
					spent = append(spent, piece)
					want++
				}
				got := 0
				_, err := p.Do(ctx, func(context.Context) (int, error) { got++; return 0, errBad })
				require.ErrorIs(t, err, errBad)
				require.Equal(t, want, got)
			},
			"wait": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 30).Draw(t, "ticks")) * 50 * time.Millisecond
				v.Advance(d)
				now += d
			},
		})
	})
}

// callModel is a call through a bulkhead.
type callModel struct {
	n      int
	work   async.Promise[int]
	future async.Future[int]
	began  time.Duration
	leave  context.CancelFunc
}

func TestBulkheadModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := virtual.New(rapid.Uint64Range(0, 8).Draw(t, "seed"))
		defer v.Close()
		site := async.WithSite(context.Background(), v.Reactor.Site())
		places, queue := rapid.IntRange(1, 3).Draw(t, "places"), rapid.IntRange(1, 3).Draw(t, "queue")
		b := resilience.NewBulkhead("b", resilience.BulkheadConfig{Concurrent: places, Queue: queue, Wait: time.Second})
		var (
			now             time.Duration
			inside, waiting []*callModel
			begun           = map[int]bool{}
			n               int
		)
		admit := func() {
			for len(waiting) > 0 && len(inside) < places {
				inside, waiting = append(inside, waiting[0]), waiting[1:]
			}
		}
		result := func(t *rapid.T, c *callModel, want error) {
			v.RunUntilIdle()
			require.True(t, v.RunUntil(c.future.Ready))
			_, err, _ := c.future.Result()
			require.ErrorIs(t, err, want)
			v.RunUntilIdle()
		}
		pick := func(t *rapid.T, list []*callModel) (*callModel, []*callModel) {
			if len(list) == 0 {
				t.Skip("none")
			}
			i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
			rest := append([]*callModel{}, list[:i]...)
			return list[i], append(rest, list[i+1:]...)
		}
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				c := &callModel{n: n, began: now}
				n++
				var f async.Future[int]
				c.work, f = async.NewPromise[int](v.Reactor)
				var ctx context.Context
				ctx, c.leave = context.WithCancel(site)
				c.future = b.DoFuture(ctx, func(context.Context) async.Future[int] { begun[c.n] = true; return f })
				switch {
				case len(inside) < places:
					inside = append(inside, c)
				case len(waiting) < queue:
					waiting = append(waiting, c)
				default:
					result(t, c, resilience.ErrFull)
				}
			},
			"end": func(t *rapid.T) {
				var c *callModel
				c, inside = pick(t, inside)
				c.work.Resolve(1)
				result(t, c, nil)
				admit()
			},
			"cancel": func(t *rapid.T) {
				var c *callModel
				c, inside = pick(t, inside)
				c.future.Cancel()
				result(t, c, context.Canceled)
				admit()
			},
			"leave": func(t *rapid.T) {
				var c *callModel
				c, waiting = pick(t, waiting)
				c.leave()
				result(t, c, context.Canceled)
				require.False(t, begun[c.n])
			},
			"wait": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 12).Draw(t, "ticks")) * 100 * time.Millisecond
				v.Advance(d)
				now += d
				for len(waiting) > 0 && now-waiting[0].began >= time.Second {
					c := waiting[0]
					waiting = waiting[1:]
					result(t, c, resilience.ErrWaited)
					require.False(t, begun[c.n])
				}
			},
			"": func(t *rapid.T) {
				v.RunUntilIdle()
				s := b.Stats()
				require.Equal(t, places-len(inside), s.Free)
				require.Equal(t, len(waiting), s.Waiting)
				for _, c := range inside {
					require.True(t, begun[c.n])
				}
			},
		})
	})
}
