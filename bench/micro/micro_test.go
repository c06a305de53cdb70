package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseLine(t *testing.T) {
	name, o, ok := parseLine("BenchmarkHead-Small-2 \t 96315418\t        12.45 ns/op\t 80.3 MB/s\t       0 B/op\t       3 allocs/op\n")
	require.True(t, ok)
	require.Equal(t, "Head-Small", name)
	require.Equal(t, outcome{1, 12.45, 3}, o)
	for _, line := range []string{"ok  pkg 1.2s", "BenchmarkX", "BenchmarkX-2 100 many ns/op", "goos: linux", ""} {
		_, _, ok := parseLine(line)
		require.False(t, ok, line)
	}
}

func TestOutcomes(t *testing.T) {
	o := outcome{}.and(outcome{1, 20, 0}).and(outcome{1, 12, 1}).and(outcome{1, 15, 0})
	require.Equal(t, outcome{3, 12, 1}, o, "the fastest")
}

// TestWrite: a missed bar and a missing benchmark are seen.
func TestWrite(t *testing.T) {
	found := map[string]outcome{}
	for _, b := range bars() {
		for _, name := range b.benchmarks() {
			found[b.pkg+" "+name] = outcome{1, 0, 0}
		}
		found[b.pkg+" "+b.benchmark] = outcome{1, b.nanos, b.allocs}
	}
	var text strings.Builder
	require.Empty(t, write(&text, time.Now(), found))
	require.NotContains(t, text.String(), "missed")

	first := bars()[0].pkg + " " + bars()[0].benchmark
	found[first] = outcome{1, bars()[0].nanos + 1, bars()[0].allocs}
	text.Reset()
	write(&text, time.Now(), found)
	require.Contains(t, text.String(), "**missed**")

	delete(found, first)
	require.Len(t, write(&text, time.Now(), found), 1)
}

// TestJudge: the base is subtracted, and a slow machine is not held against us.
func TestJudge(t *testing.T) {
	b := bar{pkg: "p", benchmark: "X", nanos: 100, base: "Base", bare: bare{"Bare", 50}}
	found := map[string]outcome{"p X": {1, 260, 1}, "p Base": {1, 60, 1}, "p Bare": {1, 100, 0}}
	require.Equal(t, verdict{nanos: 200, scaled: 100, met: true}, b.judge(found))
	found["p X"] = outcome{1, 261, 1}
	require.False(t, b.judge(found).met)
	found["p X"] = outcome{1, 160, 1}
	found["p Bare"] = outcome{1, 25, 0}
	require.Equal(t, verdict{nanos: 100, scaled: 100, met: true}, b.judge(found), "a fast one earns nothing")
	found["p X"] = outcome{1, 150, 2}
	require.False(t, b.judge(found).met, "allocations do not scale")
}
