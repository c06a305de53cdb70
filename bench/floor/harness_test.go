package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/bench/contest"
)

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

// TestBarsNameWhatExists: a bar on a cell that nobody measures would never be judged.
func TestBarsNameWhatExists(t *testing.T) {
	r := &figures{}
	for _, s := range scenarios() {
		for _, c := range contestants() {
			turn := &contest.Turn{Load: contest.Load{Requests: 100, Duration: 1e6, P99: 7}, CPU: time.Millisecond, Wall: time.Second}
			r.Cells = append(r.Cells, &contest.Cell{Scenario: s.Name, Contestant: c.Name, Turns: []*contest.Turn{turn}})
		}
	}
	for _, b := range bars() {
		ratio, ok := b.Ratio(&r.Figures)
		require.True(t, ok, "%s", b)
		require.InDelta(t, 1, ratio, 1e-9, "%s", b)
	}
	r.Cell("plaintext", "floor").Failed = "ended"
	_, ok := bars()[0].Ratio(&r.Figures)
	require.False(t, ok)
	require.Len(t, r.failures(), 1)

	var text strings.Builder
	r.markdown(&text)
	require.Contains(t, text.String(), "failed: ended")
	require.Contains(t, text.String(), "**missed**", "a ratio of 1 misses the bar of 0.85")
}
