package observe

import (
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// lab is a recorder whose time the test moves.
type lab struct {
	*Recorder
	mu  sync.Mutex
	now time.Time
}

func newLab(t testing.TB, cfg Config, cores int) *lab {
	cfg, err := cfg.Resolve()
	require.NoError(t, err)
	l := &lab{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	l.Recorder = New(cfg, cores, []string{"", "/users/{id}", "/events"}, l.clock)
	return l
}

func (l *lab) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *lab) pass(d time.Duration) int64 {
	l.mu.Lock()
	l.now = l.now.Add(d)
	l.mu.Unlock()
	return l.Now()
}

func TestRecordTellsWhereTheTimeWent(t *testing.T) {
	l := newLab(t, Config{}, 1)
	l.pass(time.Second)
	e := Ended{Route: 1, Status: 201, Protocol: 11, RequestID: "a", BytesIn: 3, BytesOut: 5, Began: l.Begin(0, 1)}
	require.Equal(t, []Active{{"/users/{id}", 1}}, l.Counts().Active)
	e.Started = l.pass(1 * time.Millisecond)
	e.Bound = l.pass(2 * time.Millisecond)
	e.Returned = l.pass(3 * time.Millisecond)
	e.Pending = int64(time.Millisecond)
	l.pass(4 * time.Millisecond)
	l.End(&e, []byte("POST"), func() Detail { t.Fatal("neither slow nor failed"); return Detail{} })

	want := Record{
		Route: "/users/{id}", Method: "POST", Status: 201, Protocol: 11, RequestID: "a", BytesIn: 3, BytesOut: 5,
		Start: time.Date(2026, 11, 1, 0, 0, 1, 0, time.UTC), Took: 10 * time.Millisecond, Latency: 10 * time.Millisecond,
		Queue: time.Millisecond, Input: 2 * time.Millisecond, Handler: 3 * time.Millisecond, Pending: time.Millisecond,
		Output: 4 * time.Millisecond,
	}
	require.Equal(t, []Record{want}, l.Recent(0))
	require.Equal(t, []Record{want}, l.Find("a"))
	require.Empty(t, l.Find(""))
	require.Empty(t, l.Slow(0))
	require.Empty(t, l.Failed(0))
	counts := l.Counts()
	require.Empty(t, counts.Active)
	buckets := make([]int64, 15)
	buckets[1] = 1
	require.Len(t, counts.Series[0].cells, cells)
	counts.Series[0].cells = nil
	require.Equal(t, []Series{{
		Route: "/users/{id}", Method: "POST", Status: 201, Count: 1, Sum: 10 * time.Millisecond, Buckets: buckets, BytesIn: 3, BytesOut: 5,
	}}, counts.Series)
	require.EqualValues(t, 1, counts.Cores[0].Waited)
	require.Equal(t, time.Millisecond, counts.Cores[0].WaitTime)
	require.Equal(t, "1.1", want.Protocol.String())
	require.Equal(t, "2", Protocol(20).String())
	require.Equal(t, "1.0", Protocol(10).String())
}

// What went before the handler is not told apart where nothing was noted.
func TestRecordWithoutParts(t *testing.T) {
	l := newLab(t, Config{}, 1)
	e := Ended{Began: l.Begin(0, 0)}
	l.pass(time.Millisecond)
	l.End(&e, []byte("BREW"), nil)
	got := l.Recent(1)[0]
	require.Equal(t, Record{
		Method: "_OTHER", Status: clientGone, Start: got.Start, Took: time.Millisecond, Latency: time.Millisecond,
	}, got)
}

func TestStreamsAreNotSlow(t *testing.T) {
	l := newLab(t, Config{SlowAfter: time.Second}, 1)
	e := Ended{Route: 2, Status: 200, Kind: Stream, Began: l.Begin(0, 2)}
	e.Opened = l.pass(20 * time.Millisecond)
	l.pass(time.Hour)
	l.End(&e, []byte("GET"), nil)
	require.Empty(t, l.Slow(0))
	got := l.Recent(0)[0]
	require.Equal(t, 20*time.Millisecond, got.Latency)
	require.Equal(t, time.Hour+20*time.Millisecond, got.Took)
	require.EqualValues(t, 1, l.Counts().Series[0].Buckets[2])
}

func TestSlowAndFailedKeepTheirDetail(t *testing.T) {
	l := newLab(t, Config{Recent: 4, Slow: 2, Failed: 2, SlowAfter: time.Second}, 2)
	detail := func() Detail {
		return Detail{Path: "/users/7", Error: strings.Repeat("ä", 600), Stack: strings.Repeat("s", 9000)}
	}
	run := func(core, status int, took time.Duration, broken bool) {
		e := Ended{Core: core, Route: 1, Status: status, Broken: broken, Began: l.Begin(core, 1), RequestID: strconv.Itoa(status)}
		l.pass(took)
		l.End(&e, []byte("GET"), detail)
	}
	run(0, 503, 0, false)
	run(1, 200, time.Second, false)
	run(1, 206, time.Millisecond, true)
	for range 20 {
		run(0, 404, time.Millisecond, false)
	}
	require.Len(t, l.Recent(0), 6, "four of one core, and two of the other")
	require.Len(t, l.Recent(3), 3)
	slow, failed := l.Slow(0), l.Failed(0)
	require.Len(t, slow, 1)
	require.Equal(t, 200, slow[0].Status)
	require.True(t, slow[0].Slow)
	require.Equal(t, []int{206, 503}, []int{failed[0].Status, failed[1].Status}, "the latest first")
	require.LessOrEqual(t, len(failed[0].Detail.Error), 1024)
	require.True(t, strings.HasPrefix(detail().Error, failed[0].Detail.Error))
	require.Len(t, failed[0].Detail.Stack, 8<<10)
	require.Equal(t, []Record{failed[1]}, l.Find("503"), "it is in one ring only, once")
	require.Equal(t, "/users/7", failed[0].Detail.Path)
}

// Many write at a time while others read: nothing is lost of the counts, and no record
// is a mixture of two.
func TestWritersAndReaders(t *testing.T) {
	l := newLab(t, Config{Recent: 8, Slow: 1, Failed: 1}, 2)
	const writers, each = 4, 400
	var wg, readers sync.WaitGroup
	stop := make(chan struct{})
	readers.Go(func() {
		for {
			for _, r := range l.Recent(0) {
				if r.RequestID != strconv.FormatInt(r.BytesIn, 10) || r.BytesOut != r.BytesIn {
					t.Errorf("a mixture: %+v", r)
				}
			}
			l.Counts()
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				n := int64(w*each + i)
				e := Ended{
					Core: w % 2, Route: 1, Status: 200 + i%3, Began: l.Begin(w%2, 1),
					RequestID: strconv.FormatInt(n, 10), BytesIn: n, BytesOut: n,
				}
				l.End(&e, []byte("GET"), nil)
			}
		})
	}
	wg.Wait()
	close(stop)
	readers.Wait()
	counts := l.Counts()
	require.Len(t, counts.Series, 3)
	total := int64(0)
	for _, s := range counts.Series {
		total += s.Count
	}
	require.EqualValues(t, writers*each, total)
	require.EqualValues(t, writers*each, counts.Cores[0].Requests+counts.Cores[1].Requests)
	require.Empty(t, counts.Active)
}

// TestLabelsAreBounded: whatever clients send, there are no more series than routes times
// methods times statuses of the service.
func TestLabelsAreBounded(t *testing.T) {
	statuses := []int{200, 404, 405, 500}
	rapid.Check(t, func(rt *rapid.T) {
		l := newLab(t, Config{}, 1)
		for range rapid.IntRange(1, 60).Draw(rt, "requests") {
			e := Ended{
				Route: rapid.IntRange(0, 2).Draw(rt, "route"), Status: rapid.SampledFrom(statuses).Draw(rt, "status"),
				RequestID: rapid.String().Draw(rt, "id"),
			}
			e.Began = l.Begin(0, e.Route)
			l.End(&e, rapid.SliceOf(rapid.Byte()).Draw(rt, "method"), nil)
		}
		list := l.Counts().Series
		require.LessOrEqual(rt, len(list), 3*len(methods)*len(statuses))
		for _, s := range list {
			require.Contains(rt, Methods(), s.Method)
			require.Contains(rt, []string{"", "/users/{id}", "/events"}, s.Route)
			require.Contains(rt, statuses, s.Status)
		}
	})
}

func TestQuantile(t *testing.T) {
	l := newLab(t, Config{}, 1)
	for i := range 100 {
		e := Ended{Route: 1, Status: 200, Began: l.Begin(0, 1)}
		l.pass(time.Duration(i+1) * time.Millisecond)
		l.End(&e, []byte("GET"), nil)
	}
	s := l.Counts().Series[0]
	require.Equal(t, 50*time.Millisecond, s.Quantile(0.5))
	require.InDelta(t, 99*time.Millisecond, s.Quantile(0.99), float64(time.Millisecond))
	require.Zero(t, (&Series{}).Quantile(0.5))
	e := Ended{Route: 2, Status: 200, Began: l.Begin(0, 2)}
	l.pass(time.Hour)
	l.End(&e, []byte("GET"), nil)
	require.Equal(t, 64*time.Second, l.Counts().Series[0].Quantile(0.5), "beyond the last bound")
	require.Len(t, Bounds(), 14)
}

// TestQuantileOfFastRequests: below the first bound of metrics they are told apart, too.
func TestQuantileOfFastRequests(t *testing.T) {
	l := newLab(t, Config{}, 1)
	request := func(took time.Duration) {
		e := Ended{Route: 1, Status: 200, Began: l.Begin(0, 1)}
		l.pass(took)
		l.End(&e, []byte("GET"), nil)
	}
	for range 100 {
		request(200 * time.Microsecond)
	}
	before := l.Counts().Series[0]
	require.InDelta(t, 200*time.Microsecond, before.Quantile(0.5), float64(20*time.Microsecond))
	require.EqualValues(t, 100, before.Buckets[0])
	for range 50 {
		request(2 * time.Millisecond)
	}
	request(time.Hour)
	after := l.Counts().Series[0]
	since := after.Since(&before)
	require.EqualValues(t, 51, since.Count)
	require.EqualValues(t, 50, since.Buckets[0])
	require.EqualValues(t, 1, since.Buckets[len(Bounds())])
	require.Equal(t, 64*time.Second, since.Quantile(1))
	require.InDelta(t, 2*time.Millisecond, since.Quantile(0.5), float64(200*time.Microsecond))
	var sum Series
	sum.Merge(&before)
	sum.Merge(&since)
	require.Equal(t, after.Buckets, sum.Buckets)
	require.Equal(t, after.Quantile(0.9), sum.Quantile(0.9))
	require.EqualValues(t, 151, sum.Count)
}

// TestNative: a time is in the native bucket and in the classic one whose bounds are around
// it, both with the bound itself in the lower one, as Prometheus has it.
func TestNative(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLab(t, Config{}, 1)
		near := rapid.SampledFrom(grid[:cells-1]).Draw(rt, "bound").upTo + rapid.Int64Range(-1, 1).Draw(rt, "beside")
		ns := rapid.OneOf(rapid.Just(near), rapid.Int64Range(0, int64(2*time.Minute))).Draw(rt, "ns")
		e := Ended{Route: 1, Status: 200, Began: l.Begin(0, 1)}
		l.pass(time.Duration(ns))
		l.End(&e, []byte("GET"), nil)
		s := l.Counts().Series[0]
		for i, n := range s.Buckets {
			inside := (i == 0 || ns > int64(Bounds()[i-1])) && (i == len(Bounds()) || ns <= int64(Bounds()[i]))
			require.Equal(rt, inside, n == 1, "%d ns, bucket %d", ns, i)
		}
		zero, buckets := s.Native()
		native := maps.Collect(buckets)
		if ns <= int64(NativeZero) {
			require.EqualValues(rt, 1, zero)
			require.Empty(rt, native)
			return
		}
		require.Zero(rt, zero)
		index := int(math.Ceil(4 * math.Log2(float64(ns)/1e9)))
		require.Equal(rt, map[int]int64{min(index, 6*4+1): 1}, native, "%d ns", ns)
	})
}

func TestBadConfig(t *testing.T) {
	_, err := Config{Recent: -1, Slow: 1 << 20, Failed: -2, SlowAfter: -time.Second}.Resolve()
	for _, name := range []string{"Recent is -1", "Slow is 1048576", "Failed is -2", "SlowAfter is -1s"} {
		require.ErrorContains(t, err, "Config.Observe."+name)
	}
	cfg, err := Config{}.Resolve()
	require.NoError(t, err)
	require.Equal(t, Config{Recent: 256, Slow: 32, Failed: 32, SlowAfter: 500 * time.Millisecond, Repeats: 10}, cfg)
}

func BenchmarkRequest(b *testing.B) {
	cfg, _ := Config{}.Resolve()
	r := New(cfg, 1, []string{"", "/"}, nil)
	method := []byte("GET")
	b.ReportAllocs()
	for b.Loop() {
		e := Ended{Route: 1, Status: 200, Began: r.Begin(0, 1), BytesOut: 13}
		e.Returned = r.Now()
		r.End(&e, method, nil)
	}
}

func BenchmarkCounts200Routes(b *testing.B) {
	cfg, _ := Config{}.Resolve()
	routes := []string{""}
	for i := range 200 {
		routes = append(routes, "/route/"+strconv.Itoa(i))
	}
	r := New(cfg, 2, routes, nil)
	for range 5000 {
		route, core := rand.IntN(201), rand.IntN(2)
		e := Ended{Core: core, Route: route, Status: 200 + rand.IntN(3), Began: r.Begin(core, route)}
		r.End(&e, []byte("GET"), nil)
	}
	for b.Loop() {
		r.Counts()
	}
}
