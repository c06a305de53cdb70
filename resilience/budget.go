package resilience

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/metric"
)

// BudgetConfig configures [NewBudget]. The zero value allows retries for 20 % of the calls, and
// 10 more in each second.
//
// Owner: any (a plain value).
type BudgetConfig struct {
	// Share is how many retries there may be for each call, 0 to 1. Default 0.2; below 0: none.
	Share float64
	// PerSecond is how many there may be besides, for services with few calls. Default 10; below 0:
	// none.
	PerSecond float64
	// Over is how far back calls and retries are counted; default 10 s. It moves in steps of a
	// tenth.
	Over time.Duration
}

func (c BudgetConfig) resolve(name string) (BudgetConfig, mistaken) {
	wrong := checkOf("budget", name)
	c.Share, c.PerSecond = max(0, cmp.Or(c.Share, 0.2)), max(0, cmp.Or(c.PerSecond, 10))
	c.Over = cmp.Or(c.Over, 10*time.Second)
	wrong.share("Share", c.Share)
	wrong.unless(c.PerSecond <= manyCalls, "PerSecond must be at most %d, it is %v", manyCalls, c.PerSecond)
	wrong.duration("Over", c.Over, false)
	wrong.unless(c.Over < 0 || c.Over >= 10*time.Millisecond, "Over must be at least 10ms, it is %v", c.Over)
	return c, mistaken{wrong.wrong}
}

// Budget bounds the retries and hedges of all who share it, so that they do not multiply the
// load of what is failing already: in that time there are at most Share of its calls, and
// PerSecond times its seconds. Any goroutine may use it.
//
// Owner: mu. mistaken, cfg, name: immutable. fresh and the counters: any (atomic).
type Budget struct {
	mistaken
	name string
	cfg  BudgetConfig

	fresh  atomic.Int64 // calls of the piece that is being counted
	ends   atomic.Int64 // of that piece, ns of the epoch
	mu     sync.Mutex
	begin  int64
	at     int
	calls  [steps]int64
	spent  [steps]int64
	denied metric.Shared
	used   metric.Shared
}

// NewBudget returns a budget for the policies that share it, see [Retry].Budget.
func NewBudget(name string, cfg BudgetConfig) *Budget {
	b := &Budget{name: name}
	b.cfg, b.mistaken = cfg.resolve(name)
	return b
}

// Name returns the name of the budget.
func (b *Budget) Name() string { return b.name }

// deposit counts a call.
func (b *Budget) deposit(now time.Time) {
	at := now.UnixNano()
	if end := b.ends.Load(); at >= end || at < end-int64(b.cfg.Over/steps) {
		b.mu.Lock()
		b.move(at)
		b.mu.Unlock()
	}
	b.fresh.Add(1)
}

// withdraw asks for one retry.
func (b *Budget) withdraw(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.move(now.UnixNano())
	calls, spent := b.fresh.Load(), int64(0)
	for i := range steps {
		calls += b.calls[i]
		spent += b.spent[i]
	}
	if float64(spent+1) > b.cfg.Share*float64(calls)+b.cfg.PerSecond*b.cfg.Over.Seconds() {
		b.denied.Add(1)
		return false
	}
	b.spent[b.at]++
	b.used.Add(1)
	return true
}

// move makes the piece of the time now the one that is counted. Under mu.
func (b *Budget) move(now int64) {
	step := int64(b.cfg.Over / steps)
	b.calls[b.at] += b.fresh.Swap(0)
	past := now - b.begin
	switch {
	case past >= 0 && past < step:
		return
	case past < 0 || past >= steps*step: // the clock was set, or nothing has happened for long
		b.calls, b.spent, b.begin = [steps]int64{}, [steps]int64{}, now
	default:
		for ; past >= step; past -= step {
			b.at = (b.at + 1) % steps
			b.calls[b.at], b.spent[b.at] = 0, 0
			b.begin += step
		}
	}
	b.ends.Store(b.begin + step)
}
