package contest

import (
	"os"
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
	after := before
	for end := time.Now().Add(20 * time.Second); after == before && time.Now().Before(end); { // work, so that the clock of the process moves
		after, err = cpuTime(os.Getpid())
		require.NoError(t, err)
	}
	require.Greater(t, after, before)
	bytes, err := Resident(os.Getpid())
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
	require.Equal(t, Load{Requests: 10, Duration: 1_000_000, Bytes: 1300, P50: 5, P99: 9, Max: 11}, *l)
	_, err = parseLoad([]byte("unable to connect"))
	require.Error(t, err)
}

func aTurn(requests int64, cpu time.Duration) *Turn {
	return &Turn{Load: Load{Requests: requests, Duration: 1e6, Bytes: 100 * requests}, CPU: cpu, Wall: time.Second}
}

func TestBetterHalf(t *testing.T) {
	c := &Cell{Turns: []*Turn{
		aTurn(100, 900*time.Microsecond), aTurn(100, 500*time.Microsecond),
		aTurn(300, 1800*time.Microsecond), aTurn(100, 5*time.Millisecond),
	}}
	require.Len(t, c.better((*Turn).micros), 2)
	require.InDelta(t, 2300.0/400, c.Micros(), 1e-9, "the turns together, not the mean of their ratios")
	require.InDelta(t, 0.2, c.spread(), 1e-9)
	require.InDelta(t, 1e6/((1e6/300.0+1e6/100)/2), c.rate(), 1e-6)
	for i, p99 := range []int64{50, 9, 11, 70} {
		c.Turns[i].P99 = p99
	}
	require.InDelta(t, 10.0, c.p99(), 1e-9, "the median of the half with the least p99")
	c.Turns = c.Turns[:1]
	require.InDelta(t, 9.0, c.Micros(), 1e-9, "one turn is its own better half")
}

func TestPlausible(t *testing.T) {
	require.NoError(t, aTurn(1000, time.Second).plausible(100))
	require.ErrorContains(t, aTurn(1000, time.Second).plausible(120), "bytes for each answer")
	require.ErrorContains(t, aTurn(0, time.Second).plausible(100), "0 requests")
	failing := aTurn(1000, time.Second)
	failing.Errors = 1
	require.ErrorContains(t, failing.plausible(100), "errors")
}

func TestChoose(t *testing.T) {
	scenarios := []*Scenario{{Name: "plaintext"}, {Name: "json"}, {Name: "user"}}
	name := func(s *Scenario) string { return s.Name }
	all, err := Choose(scenarios, "", name)
	require.NoError(t, err)
	require.Len(t, all, len(scenarios))
	two, err := Choose(scenarios, "user,plaintext", name)
	require.NoError(t, err)
	require.Len(t, two, 2)
	require.Equal(t, "plaintext", two[0].Name, "in the order of all")
	_, err = Choose(scenarios, "plaintext,nope", name)
	require.ErrorContains(t, err, "nope")
}
