package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// fate is what has become of a call at the door of a bulkhead.
//
// Owner: any (atomic).
type fate struct{ at atomic.Pointer[string] }

func (f *fate) become(what string) { f.at.Store(&what) }

func (f *fate) String() string {
	if what := f.at.Load(); what != nil {
		return *what
	}
	return "waits"
}

// guest is one call, at the door of ours and of theirs.
type guest struct {
	ours, theirs fate
	leave        context.CancelFunc
	out          chan struct{}
}

// doors are a bulkhead of ours, and the same of failsafe-go, in one bubble of synctest.
//
// Theirs has no bound of its queue, and says ErrFull to those who have waited for too long. Ours is given a queue that nobody fills, or,
// for calls that do not wait, none.
type doors struct {
	ours   *resilience.Bulkhead
	theirs bulkhead.Bulkhead[int]
	wait   time.Duration // 0: nobody waits
}

func newDoors(rng *rand.Rand) *doors {
	places, wait, queue := 1+rng.IntN(3), time.Duration(rng.IntN(4))*time.Second, 1000
	if wait == 0 {
		queue = -1
	}
	cfg := resilience.BulkheadConfig{Concurrent: places, Queue: queue, Wait: wait}
	return &doors{resilience.NewBulkhead("b", cfg), bulkhead.New[int](uint(places)), wait}
}

// come brings a guest to both doors, on goroutines that stay inside until it goes out.
func (d *doors) come() *guest {
	ctx, leave := context.WithCancel(context.Background())
	g := &guest{leave: leave, out: make(chan struct{})}
	// No Await here: what goroutines wait on is kept for the next one, and may not go from bubble to bubble.
	d.ours.Enter(ctx).OnDone(func(p async.Permit, err error) {
		switch {
		case errors.Is(err, resilience.ErrFull), errors.Is(err, resilience.ErrWaited):
			g.ours.become("refused")
		case err != nil:
			g.ours.become(err.Error())
		default:
			g.ours.become("inside")
			go func() {
				<-g.out
				p.Release()
				g.ours.become("gone")
			}()
		}
	})
	go func() {
		if err := d.theirs.AcquirePermitWithMaxWait(ctx, d.wait); errors.Is(err, bulkhead.ErrFull) {
			g.theirs.become("refused")
		} else if err != nil {
			g.theirs.become(err.Error())
		} else {
			g.theirs.become("inside")
			<-g.out
			d.theirs.ReleasePermit()
			g.theirs.become("gone")
		}
	}()
	return g
}

// TestBulkheadAgrees: who gets in, in which order, who waits for too long and who leaves is the same as with failsafe-go.
func TestBulkheadAgrees(t *testing.T) {
	seen := map[string]int{}
	run := func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 3))
		d := newDoors(rng)
		var guests []*guest
		some := func(where string) *guest {
			var list []*guest
			for _, g := range guests {
				if g.ours.String() == where {
					list = append(list, g)
				}
			}
			if len(list) == 0 {
				return nil
			}
			return list[rng.IntN(len(list))]
		}
		check := func(step int) {
			synctest.Wait()
			for i, g := range guests {
				require.Equal(t, g.theirs.String(), g.ours.String(), "seed %d, step %d: guest %d", seed, step, i)
			}
		}
		for step := range 60 {
			switch rng.IntN(5) {
			case 0, 1:
				guests = append(guests, d.come())
			case 2:
				if g := some("inside"); g != nil {
					close(g.out)
				}
			case 3:
				if g := some("waits"); g != nil {
					g.leave()
				}
			case 4:
				// Nobody comes at the moment at which another's time is over: 170 ms divide no second.
				time.Sleep(time.Duration(1+rng.IntN(9)) * 170 * time.Millisecond)
			}
			check(step)
		}
		for _, g := range guests {
			seen[g.ours.String()]++
			if g.ours.String() == "waits" {
				g.leave()
			}
		}
		synctest.Wait()
		for g := some("inside"); g != nil; g = some("inside") {
			close(g.out)
			synctest.Wait()
		}
		for _, g := range guests {
			g.leave()
		}
		require.Equal(t, d.ours.Stats().Units, d.ours.Stats().Free)
	}
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) { run(t, seed) })
	}
	for _, what := range []string{"gone", "refused", "inside", context.Canceled.Error()} {
		require.Greater(t, seen[what], 50, "%s: %v", what, seen)
	}
}
