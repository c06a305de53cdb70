package admin

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/observe"
)

// TestOncePerMinute: of all who want a dump at a time one gets it, and the next a minute later.
func TestOncePerMinute(t *testing.T) {
	f := &flight{}
	begin := time.Now()
	for _, c := range []struct {
		after time.Duration
		want  int32
	}{{0, 1}, {time.Second, 0}, {pause - 1, 0}, {pause, 1}, {2*pause - 1, 0}, {3 * pause, 1}} {
		var got atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if f.due(begin.Add(c.after)) {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		require.Equal(t, c.want, got.Load(), c.after)
	}
}

// TestDumpsAreBounded: the latest are kept.
func TestDumpsAreBounded(t *testing.T) {
	f := &flight{end: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	defer f.rest()
	begin := time.Now()
	for i := range 5 {
		f.keep(begin.Add(time.Duration(i)*pause), fmt.Sprint(i))
	}
	list := f.dumpList()
	require.Len(t, list, maxDumps)
	require.Equal(t, "4", list[maxDumps-1].Why)
	require.Equal(t, 3, list[0].Number)
	require.Positive(t, list[0].Bytes)
}

// TestTrouble: a slow request and a panic are news once, failures without a stack are none.
func TestTrouble(t *testing.T) {
	cfg, err := observe.Config{SlowAfter: time.Second}.Resolve()
	require.NoError(t, err)
	now := time.Unix(100, 0)
	rec := observe.New(cfg, 1, []string{"", "/a"}, func() time.Time { return now })
	request := func(took time.Duration, status int, d observe.Detail) {
		began := rec.Begin(0, 1)
		now = now.Add(took)
		rec.End(&observe.Ended{Route: 1, Status: status, Began: began, Started: began, Bound: began, Returned: rec.Now()}, []byte("GET"), func() observe.Detail { return d })
	}
	news := trouble{}
	require.Empty(t, news.news(nil), "nothing is kept")
	require.Empty(t, news.news(rec))
	request(time.Millisecond, 200, observe.Detail{})
	request(time.Millisecond, 500, observe.Detail{Error: "broken"})
	require.Empty(t, news.news(rec))
	request(2*time.Second, 200, observe.Detail{})
	require.Equal(t, "GET /a took 2s", news.news(rec))
	require.Empty(t, news.news(rec))
	request(time.Millisecond, 500, observe.Detail{Error: "oops", Stack: "goroutine 1"})
	require.Equal(t, "panic in GET /a after 1ms", news.news(rec))
	require.Empty(t, news.news(rec))
}
