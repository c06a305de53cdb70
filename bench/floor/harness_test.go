package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte("123 (a (b) c d) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 7 8 20 0 1 0 9 10 11\n"))
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, got)
	for _, bad := range []string{"", "123 (x", "123 (x) S 1 2", "123 (x) S 1 1 1 0 -1 4194560 100 0 0 0 many 50 7 8"} {
		_, err := parseStat([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestCPUTimeOfThisProcess(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	for begin := time.Now(); time.Since(begin) < 80*time.Millisecond; { // work, so that the clock of the process moves
	}
	after, err := cpuTime(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, after, before)
	bytes, err := resident(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, bytes, int64(1<<20))
}

func TestParseMachine(t *testing.T) {
	busy, stolen, err := parseMachine([]byte("cpu  100 10 20 1000 500 3 7 30 0 0\ncpu0 1 1\n"))
	require.NoError(t, err)
	require.Equal(t, 1400*time.Millisecond, busy)
	require.Equal(t, 300*time.Millisecond, stolen)
	_, _, err = parseMachine([]byte("intr 1 2\n"))
	require.Error(t, err)
}

func TestParseLoad(t *testing.T) {
	l, err := parseLoad([]byte("Running 1s test\n  some text\n\n@%{\"requests\":10,\"duration\":1000000,\"bytes\":1300,\"p50\":5,\"p99\":9,\"max\":11,\"errors\":0}\n"))
	require.NoError(t, err)
	require.Equal(t, load{Requests: 10, Duration: 1_000_000, Bytes: 1300, P50: 5, P99: 9, Max: 11}, *l)
	_, err = parseLoad([]byte("unable to connect"))
	require.Error(t, err)
}

func aTurn(requests int64, cpu time.Duration) *turn {
	return &turn{load: load{Requests: requests, Duration: 1e6, Bytes: 100 * requests}, CPU: cpu, Wall: time.Second}
}

func TestBetterHalf(t *testing.T) {
	c := &cell{Turns: []*turn{
		aTurn(100, 900*time.Microsecond), aTurn(100, 500*time.Microsecond),
		aTurn(300, 1800*time.Microsecond), aTurn(100, 5*time.Millisecond),
	}}
	require.Len(t, c.better((*turn).micros), 2)
	require.InDelta(t, 2300.0/400, c.micros(), 1e-9, "the turns together, not the mean of their ratios")
	require.InDelta(t, 0.2, c.spread(), 1e-9)
	require.InDelta(t, 1e6/((1e6/300.0+1e6/100)/2), c.rate(), 1e-6)
	for i, p99 := range []int64{50, 9, 11, 70} {
		c.Turns[i].P99 = p99
	}
	require.InDelta(t, 10.0, c.p99(), 1e-9, "the median of the half with the least p99")
	c.Turns = c.Turns[:1]
	require.InDelta(t, 9.0, c.micros(), 1e-9, "one turn is its own better half")
}

func TestPlausible(t *testing.T) {
	require.NoError(t, aTurn(1000, time.Second).plausible(100))
	require.ErrorContains(t, aTurn(1000, time.Second).plausible(120), "bytes for each answer")
	require.ErrorContains(t, aTurn(0, time.Second).plausible(100), "0 requests")
	failing := aTurn(1000, time.Second)
	failing.Errors = 1
	require.ErrorContains(t, failing.plausible(100), "errors")
}

func TestGrown(t *testing.T) {
	base := holding{Descriptors: 10, Goroutines: 5, Heap: 1 << 20, Resident: 10 << 20}
	require.Empty(t, (&cycleResult{Before: base, After: base}).grown())
	for what, change := range map[string]func(*holding){
		"descriptors": func(h *holding) { h.Descriptors++ },
		"goroutines":  func(h *holding) { h.Goroutines += goroutineSlack + 1 },
		"heap":        func(h *holding) { h.Heap += heapSlack + 1 },
		"resident":    func(h *holding) { h.Resident += residentSlack + 1 },
	} {
		after := base
		change(&after)
		require.Contains(t, (&cycleResult{Before: base, After: after}).grown(), what)
	}
}

func TestChoose(t *testing.T) {
	name := func(s *scenario) string { return s.name }
	all, err := choose(scenarios(), "", name)
	require.NoError(t, err)
	require.Len(t, all, len(scenarios()))
	two, err := choose(scenarios(), "user,plaintext", name)
	require.NoError(t, err)
	require.Len(t, two, 2)
	_, err = choose(scenarios(), "plaintext,nope", name)
	require.ErrorContains(t, err, "nope")
}

// TestBarsNameWhatExists: a bar on a cell that nobody measures would never be judged.
func TestBarsNameWhatExists(t *testing.T) {
	r := &figures{}
	for _, s := range scenarios() {
		for _, c := range contestants() {
			r.Cells = append(r.Cells, &cell{Scenario: s.name, Contestant: c.name, Turns: []*turn{aTurn(100, time.Millisecond)}})
		}
	}
	for _, c := range r.Cells {
		c.Turns[0].P99 = 7
	}
	for _, b := range bars() {
		ratio, ok := b.ratio(r)
		require.True(t, ok, "%s", b)
		require.InDelta(t, 1, ratio, 1e-9, "%s", b)
	}
	r.cell("plaintext", "floor").Failed = "ended"
	_, ok := bars()[0].ratio(r)
	require.False(t, ok)
	require.Len(t, r.failures(), 1)

	var text strings.Builder
	r.markdown(&text)
	require.Contains(t, text.String(), "failed: ended")
	require.Contains(t, text.String(), "**missed**", "a ratio of 1 misses the bar of 0.85")
}
