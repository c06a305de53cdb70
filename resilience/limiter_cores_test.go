package resilience_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor/virtual"
	"github.com/fasterapi/fasterapi/resilience"
)

// coreOf is one of several cores that a virtual reactor stands for.
//
// Owner: the reactor's.
type coreOf struct {
	async.Scheduler
	n, of int
}

func (c *coreOf) Core() int  { return c.n }
func (c *coreOf) Cores() int { return c.of }

// payerKey is the context key of who pays.
type payerKey struct{}

// TestLimiterPerCore: a limiter whose buckets are per core is, for every program of calls, as many limiters as there are cores: what is
// refused, for how long, what waits and until when, and what was counted in all.
func TestLimiterPerCore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Two loops with one seed: of calls whose turn comes at the same time, chance says which is first.
		v, w := virtual.New(1), virtual.New(1)
		defer v.Close()
		defer w.Close()
		cores := rapid.IntRange(1, 3).Draw(t, "cores")
		cfg := resilience.LimiterConfig{
			Limit: resilience.Limit{Requests: 10, Window: time.Second, Burst: rapid.IntRange(1, 3).Draw(t, "burst")},
			Wait:  time.Duration(rapid.IntRange(0, 3).Draw(t, "wait")) * 110 * time.Millisecond,
			Key:   func(ctx context.Context) string { key, _ := ctx.Value(payerKey{}).(string); return key },
		}
		each := make([]*resilience.Limiter, cores)
		for i := range each {
			each[i] = resilience.NewLimiter("each", cfg)
		}
		cfg.Buckets = resilience.NewLocal(resilience.LocalConfig{PerCore: true})
		all := resilience.NewLimiter("all", cfg)
		require.NoError(t, all.Mistake())

		type pair struct{ got, want async.Future[int] }
		var pairs []pair
		began := map[string]time.Duration{}
		now := time.Duration(0)
		call := func(l *resilience.Limiter, on *virtual.Loop, core int, key, what string) async.Future[int] {
			ctx := async.WithSite(context.WithValue(context.Background(), payerKey{}, key), async.Site{Scheduler: &coreOf{on.Reactor, core, cores}, Direct: true})
			zero := on.Reactor.Now().Add(-now)
			return l.DoFuture(ctx, func(context.Context) async.Future[int] {
				began[what] = on.Reactor.Now().Sub(zero)
				return async.Ready(1)
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				core, key := rapid.IntRange(0, cores-1).Draw(t, "core"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key")
				n := len(pairs)
				pairs = append(pairs, pair{call(all, v, core, key, fmt.Sprint("got ", n)), call(each[core], w, core, key, fmt.Sprint("want ", n))})
			},
			"wait": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 8).Draw(t, "ticks")) * 25 * time.Millisecond
				v.Advance(d)
				w.Advance(d)
				now += d
			},
			"": func(t *rapid.T) {
				v.RunUntilIdle()
				w.RunUntilIdle()
				var sum resilience.LimiterStats
				for _, l := range each {
					s := l.Stats()
					sum.Passed, sum.Refused, sum.Broken = sum.Passed+s.Passed, sum.Refused+s.Refused, sum.Broken+s.Broken
				}
				sum.Name = "all"
				require.Equal(t, sum, all.Stats())
				for n, p := range pairs {
					require.Equal(t, p.want.Ready(), p.got.Ready(), "call %d", n)
					require.Equal(t, began[fmt.Sprint("want ", n)], began[fmt.Sprint("got ", n)], "call %d", n)
					if p.want.Ready() {
						_, want, _ := p.want.Result()
						_, got, _ := p.got.Result()
						require.Equal(t, refusalOf(want), refusalOf(got), "call %d", n)
					}
				}
			},
		})
	})
}

// refusalOf is what a refusal says, but for the name of its limiter.
func refusalOf(err error) string {
	if r, ok := err.(*resilience.Refusal); ok { //nolint:errorlint // the limiter's own
		return fmt.Sprint(r.Reason, r.After)
	}
	return fmt.Sprint(err)
}
