package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func run1(wall, cpu time.Duration, answers int64) outcome {
	return outcome{Answers: answers, Wall: int64(wall), CPU: int64(cpu), P50: 1000, P99: 2000}
}

func TestTheBetterHalfCounts(t *testing.T) {
	c := &cell{Turns: []outcome{
		run1(time.Second, time.Second, 1000), run1(time.Second, 500*time.Millisecond, 2000), run1(time.Second, time.Second, 100),
	}}
	require.InDelta(t, (1e6/500.0+1e6/1000.0)/3, c.rate(), 400) // 1,000 to 2,000 a second: the third does not count
	require.InDelta(t, 625, c.micros(), 0.1)
	require.InDelta(t, 2, c.p99(), 0.01)
}

// TestBars: a bar is held against the best of its bases.
func TestBars(t *testing.T) {
	cell1 := func(name string, answers int64, cpu time.Duration) *cell {
		return &cell{Table: "single", Contestant: name, Turns: []outcome{run1(time.Second, cpu, answers)}}
	}
	r := &figures{Cells: []*cell{
		cell1("reactor", 4000, 800*time.Millisecond), cell1("reactor-shared", 6000, 600*time.Millisecond),
		cell1("pgxpool-4", 1000, time.Second), cell1("pgxpool-8", 2000, time.Second), cell1("pgxpool-16", 1500, time.Second),
	}}
	find := func(what, ours string) bar {
		for _, b := range bars() {
			if b.what == what && b.ours == ours {
				return b
			}
		}
		t.Fatalf("no bar for %s of %s", what, ours)
		return bar{}
	}
	ratio, met, ok := r.judge(find("rate", "reactor"))
	require.True(t, ok && met)
	require.InDelta(t, 2, ratio, 1e-9)
	ratio, met, ok = r.judge(find("cpu", "reactor-shared"))
	require.True(t, ok && met)
	require.InDelta(t, 0.2, ratio, 1e-9)
	ratio, met, ok = r.judge(find("both", "reactor"))
	require.True(t, ok && met)
	require.InDelta(t, 0.4, ratio, 1e-9)
	_, _, ok = r.judge(find("rate", "whenall"))
	require.False(t, ok)
	var text strings.Builder
	r.markdown(&text)
	require.Contains(t, text.String(), "| single: answers/s of reactor / the best of pgxpool-4, pgxpool-8, pgxpool-16 | ≥ 1.60 | 2.00 | met |")
}

func TestEveryBarNamesWhatIsMeasured(t *testing.T) {
	for _, b := range bars() {
		for _, name := range append([]string{b.ours}, b.bases...) {
			found := false
			for _, table := range tables() {
				for _, c := range table.contestants {
					found = found || table.name == b.table && c.key() == name
				}
			}
			require.True(t, found, "%s %s", b.table, name)
		}
	}
}

func TestFamilyCPU(t *testing.T) {
	own, err := processCPU(os.Getpid())
	require.NoError(t, err)
	all, err := familyCPU(os.Getpid())
	require.NoError(t, err)
	require.GreaterOrEqual(t, all, own)
	_, err = processCPU(1 << 30)
	require.Error(t, err)
}
