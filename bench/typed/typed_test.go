package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/bench/contest"
	"github.com/fasterapi/fasterapi/bench/gobench"
	"github.com/fasterapi/fasterapi/internal/test/needs"
)

// TestShortRun measures every scenario once, briefly, with the real servers.
func TestShortRun(t *testing.T) {
	needs.Program(t, "wrk")
	needs.Program(t, "taskset")
	needs.That(t, runtime.NumCPU() >= 2, "two cores")
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", folder+"/", "./peers/typed/...")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	require.NoError(t, run([]string{"-bin", folder, "-check"}, nil), "all answers of all servers")
	section, turns := filepath.Join(folder, "R.md"), filepath.Join(folder, "turns.json")
	var printed strings.Builder
	require.NoError(t, run([]string{
		"-bin", folder, "-servers", "fiber,chain", "-turns", "1", "-conns", "8", "-sockets", "200", "-parts=false", "-o", section, "-json", turns,
	}, &printed))
	for _, want := range []string{
		"BENCH='-servers fiber,chain -turns 1 -conns 8 -sockets 200 -parts=false'", "### user-post", "### user-get", "### Idle WebSockets",
		"| **FasterAPI**, chain | ", "user-post: CPU per request of chain / fiber", "user-get: CPU per request of chain / fiber", "200 idle WebSockets, each",
	} {
		require.Contains(t, printed.String(), want)
	}
	text, err := os.ReadFile(section)
	require.NoError(t, err)
	require.Contains(t, string(text), strings.TrimSpace(printed.String()))

	var r figures
	data, err := os.ReadFile(turns)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &r))
	require.Len(t, r.Cells, 4)
	for _, c := range r.Cells {
		require.Len(t, c.Turns, 1)
		require.Greater(t, c.Turns[0].Requests, int64(1000), "%s %s", c.Scenario, c.Contestant)
		require.Greater(t, c.Micros(), 0.5, "a request takes the kernel that long at least")
	}
	require.Len(t, r.Sockets, 2)
}

// TestParts runs every benchmark that a bar names, once.
func TestParts(t *testing.T) {
	found := gobench.Found{}
	for _, s := range suites("../..", 1, 1) {
		require.NoError(t, found.Run(s))
	}
	require.Empty(t, missing(found))
	for _, p := range parts() {
		v, ok := p.judge(found)
		require.True(t, ok, p.what)
		require.Positive(t, v.ours.Nanos)
		require.Positive(t, v.base.Nanos)
	}
}

func TestJudge(t *testing.T) {
	found := gobench.Found{
		"p Ours": {Runs: 1, Nanos: 60, Allocs: 3}, "p Base": {Runs: 1, Nanos: 220, Allocs: 9}, "p Less": {Runs: 1, Nanos: 20, Allocs: 1},
	}
	ratio := part{pkg: "p", benchmark: "Ours", base: "Base", less: "Less", ratio: 0.3}
	v, ok := ratio.judge(found)
	require.True(t, ok)
	require.Equal(t, verdict{ours: gobench.Outcome{Runs: 1, Nanos: 60, Allocs: 3}, base: gobench.Outcome{Runs: 1, Nanos: 200, Allocs: 8}, value: 0.3, met: true}, v)
	ratio.ratio = 0.29
	v, _ = ratio.judge(found)
	require.False(t, v.met)
	require.Equal(t, []string{"", "≤ 0.29", "0.30", "**missed**"}, ratio.bar(v))

	more := part{pkg: "p", benchmark: "Ours", base: "Less", nanos: 40, allocs: 2}
	v, _ = more.judge(found)
	require.True(t, v.met)
	require.Equal(t, []string{"", "≤ 40 ns, ≤ 2 allocations", "+40 ns, +2 allocations", "met"}, more.bar(v))
	more.allocs = 1
	v, _ = more.judge(found)
	require.False(t, v.met, "an allocation too many")
	more.allocs, more.nanos = 2, 39
	v, _ = more.judge(found)
	require.False(t, v.met)
	more.base = "Gone"
	_, ok = more.judge(found)
	require.False(t, ok)
}

// TestBarsNameWhatExists: a bar on a cell that nobody measures would never be judged.
func TestBarsNameWhatExists(t *testing.T) {
	r := &figures{Sockets: []*contest.Idle{{Contestant: "events", Conns: 10, With: 10 * socketLimit}}}
	for _, s := range scenarios() {
		for _, c := range contestants() {
			turn := &contest.Turn{Load: contest.Load{Requests: 100, Duration: 1e6}, CPU: time.Millisecond, Wall: time.Second}
			r.Cells = append(r.Cells, &contest.Cell{Scenario: s.Name, Contestant: c.Name, Turns: []*contest.Turn{turn}})
		}
	}
	require.Len(t, r.Judge(bars()), len(bars()))
	var text strings.Builder
	r.markdown(&text)
	require.Contains(t, text.String(), "| user-post: CPU per request of chain / huma | ≤ 0.35 | 1.00 | **missed** |")
	require.Contains(t, text.String(), "| 10 idle WebSockets, each | ≤ 2048 bytes | 2048 | met |")

	r.Sockets[0].With++
	r.Sockets = append(r.Sockets, &contest.Idle{Contestant: "goroutine", Failed: "ended"})
	r.Parts = gobench.Found{}
	text.Reset()
	r.markdown(&text)
	require.Contains(t, text.String(), "| 10 idle WebSockets, each | ≤ 2048 bytes | 2048 | **missed** |")
	require.Contains(t, text.String(), "failed: ended")
	require.Contains(t, r.failures(), "WebSockets goroutine: ended")
	require.Contains(t, r.failures(), "no such benchmark: body BenchmarkBindFlat")
}
