package logs

import (
	"hash/maphash"
	"log/slog"
	"sync/atomic"
	"time"
)

// places is how many messages a sampler tells apart, and tries how many places it looks at for one:
// when others have them, it shares the last one's count. Zap has 4,096 for seven levels.
const places, tries = 1024, 16

// every is which line is written behind the burst of a second.
const every = 100

// sampler counts lines by message and level, in seconds of their own times.
//
// Owner: any (atomic); burst and seed immutable after New.
type sampler struct {
	burst  int64
	seed   maphash.Seed
	counts [places]count
}

// count is that of one message.
//
// Owner: any (atomic).
type count struct {
	message atomic.Uint64 // its hash; 0: the place is free
	second  atomic.Int64  // which the lines are of
	lines   atomic.Int64
	leftOut atomic.Int64 // since the last one that was written
}

func newSampler(burst int) *sampler { return &sampler{burst: int64(burst), seed: maphash.MakeSeed()} }

// take tells whether r is written, and how many lines before it were not. Two goroutines at the
// turn of a second may write a few lines more than the burst.
func (s *sampler) take(r *slog.Record) (write bool, leftOut int64) {
	c := s.place(max(maphash.String(s.seed, r.Message)+uint64(r.Level), 1))
	if second := r.Time.Unix(); c.second.Swap(second) != second {
		c.lines.Store(0)
	}
	if n := c.lines.Add(1); n <= s.burst || (n-s.burst)%every == 0 || r.Time.Equal(time.Time{}) || failed(r) {
		return true, c.leftOut.Swap(0)
	}
	c.leftOut.Add(1)
	return false, 0
}

// place returns the count of the message with this hash.
func (s *sampler) place(hash uint64) (c *count) {
	for i := range uint64(tries) {
		c = &s.counts[(hash+i)%places]
		if c.message.Load() == hash || c.message.CompareAndSwap(0, hash) || c.message.Load() == hash {
			break
		}
	}
	return c
}

// failed tells whether r is about a request that failed.
func failed(r *slog.Record) (yes bool) {
	r.Attrs(func(a slog.Attr) bool {
		yes = a.Key == "status" && a.Value.Kind() == slog.KindInt64 && a.Value.Int64() >= 400
		return !yes
	})
	return yes
}
