package gobench

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseLine(t *testing.T) {
	name, o, ok := parseLine("BenchmarkHead-Small-2 \t 96315418\t        12.45 ns/op\t 80.3 MB/s\t       0 B/op\t       3 allocs/op\n")
	require.True(t, ok)
	require.Equal(t, "Head-Small", name)
	require.Equal(t, Outcome{1, 12.45, 3}, o)
	name, _, ok = parseLine("BenchmarkHead \t 96315418\t 12.45 ns/op\n")
	require.True(t, ok)
	require.Equal(t, "Head", name)
	for _, line := range []string{"ok  pkg 1.2s", "BenchmarkX", "BenchmarkX-2 100 many ns/op", "goos: linux", ""} {
		_, _, ok := parseLine(line)
		require.False(t, ok, line)
	}
}

func TestOutcomes(t *testing.T) {
	o := Outcome{}.and(Outcome{1, 20, 0}).and(Outcome{1, 12, 1}).and(Outcome{1, 15, 0})
	require.Equal(t, Outcome{3, 12, 1}, o, "the fastest")
}

func BenchmarkNothing(b *testing.B) {
	for b.Loop() {
	}
}

// TestRun runs BenchmarkNothing above.
func TestRun(t *testing.T) {
	found := Found{}
	require.NoError(t, found.Run(Suite{Module: "..", Package: "gobench", Benchmarks: []string{"Nothing", "Missing"}, Rounds: 2, Count: 3}))
	o, ok := found.Get("gobench", "Nothing")
	require.True(t, ok)
	require.Equal(t, 6, o.Runs)
	require.Positive(t, o.Nanos)
	_, ok = found.Get("gobench", "Missing")
	require.False(t, ok)
	require.Error(t, found.Run(Suite{Module: "..", Package: "nowhere", Benchmarks: []string{"Nothing"}}))
}
