package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/bench/gobench"
)

// TestWrite: a missed bar and a missing benchmark are seen.
func TestWrite(t *testing.T) {
	found := gobench.Found{}
	for _, b := range bars() {
		for _, name := range b.benchmarks() {
			found[b.pkg+" "+name] = gobench.Outcome{Runs: 1, Nanos: 0, Allocs: 0}
		}
		found[b.pkg+" "+b.benchmark] = gobench.Outcome{Runs: 1, Nanos: b.nanos, Allocs: b.allocs}
	}
	var text strings.Builder
	require.Empty(t, write(&text, time.Now(), found))
	require.NotContains(t, text.String(), "missed")

	first := bars()[0].pkg + " " + bars()[0].benchmark
	found[first] = gobench.Outcome{Runs: 1, Nanos: bars()[0].nanos + 1, Allocs: bars()[0].allocs}
	text.Reset()
	write(&text, time.Now(), found)
	require.Contains(t, text.String(), "**missed**")

	delete(found, first)
	require.Len(t, write(&text, time.Now(), found), 1)
}

// TestJudge: the base is subtracted, and a slow machine is not held against us.
func TestJudge(t *testing.T) {
	b := bar{pkg: "p", benchmark: "X", nanos: 100, base: "Base", bare: bare{"Bare", 50}}
	found := gobench.Found{"p X": {Runs: 1, Nanos: 260, Allocs: 1}, "p Base": {Runs: 1, Nanos: 60, Allocs: 1}, "p Bare": {Runs: 1, Nanos: 100}}
	require.Equal(t, verdict{nanos: 200, scaled: 100, met: true}, b.judge(found))
	found["p X"] = gobench.Outcome{Runs: 1, Nanos: 261, Allocs: 1}
	require.False(t, b.judge(found).met)
	found["p X"] = gobench.Outcome{Runs: 1, Nanos: 160, Allocs: 1}
	found["p Bare"] = gobench.Outcome{Runs: 1, Nanos: 25, Allocs: 0}
	require.Equal(t, verdict{nanos: 100, scaled: 100, met: true}, b.judge(found), "a fast one earns nothing")
	found["p X"] = gobench.Outcome{Runs: 1, Nanos: 150, Allocs: 2}
	require.False(t, b.judge(found).met, "allocations do not scale")
}
