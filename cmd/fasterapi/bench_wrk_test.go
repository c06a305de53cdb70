package main

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/load"
	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/ports"
)

// BenchmarkBench is the CPU time of a server for each request under bench, beside that under wrk at the same rate: wrk
// has no rate, so it goes first, and bench takes its own. The route waits for a millisecond, so that the rate is that of the
// connections: one of them, or eight, which wrk sends in bunches because their answers come in bunches. "x-wrk" is the one by the other, "us-wrk" and "us-bench" are both. bench/RESULTS.md.
func BenchmarkBench(b *testing.B) {
	server := filepath.Join(b.TempDir(), "styles")
	build := exec.Command("go", "build", "-o", server, "./examples/styles")
	build.Dir = "../.."
	require.NoError(b, build.Run())
	port := strconv.Itoa(ports.Free(b))
	process := exec.Command(server)
	process.Env = append(process.Environ(), "PORT="+port, "REACTOR_CORES=1", "GOMAXPROCS=1")
	require.NoError(b, process.Start())
	defer func() { _ = process.Process.Kill(); _ = process.Wait() }()
	url := "http://127.0.0.1:" + port + "/hot/tea"
	require.Eventually(b, func() bool {
		response, err := http.Get(url)
		return err == nil && response.Body.Close() == nil
	}, 30*time.Second, 10*time.Millisecond)

	source := load.CPUSource{PID: process.Process.Pid}
	for _, connections := range []int{1, 8} {
		b.Run(strconv.Itoa(connections), func(b *testing.B) { besideWrk(b, url, source, connections) })
	}
}

func besideWrk(b *testing.B, url string, source load.CPUSource, connections int) {
	var wrk, bench float64
	for b.Loop() {
		rate, cpu := underWrk(b, url, source, connections)
		r, err := load.Run(context.Background(), load.Config{
			Target: load.Target{URL: url, Server: source}, Rate: rate, Duration: 5 * time.Second, Connections: connections,
		}, nil)
		require.NoError(b, err)
		require.Zero(b, r.Failed)
		wrk, bench = wrk+cpu, bench+r.CPU.PerRequest
	}
	b.ReportMetric(bench/wrk, "x-wrk")
	b.ReportMetric(wrk/float64(b.N)*1e6, "us-wrk")
	b.ReportMetric(bench/float64(b.N)*1e6, "us-bench")
}

var wrkRate = regexp.MustCompile(`(\d+) requests in ([\d.]+)s`)

// underWrk returns the rate, and the seconds of CPU for each request.
func underWrk(b *testing.B, url string, source load.CPUSource, connections int) (rate, cpu float64) {
	before, err := source.Read(b.Context())
	require.NoError(b, err)
	out, err := exec.Command("wrk", "-t1", "-c"+strconv.Itoa(connections), "-d5", url).Output()
	require.NoError(b, err)
	after, err := source.Read(b.Context())
	require.NoError(b, err)
	m := wrkRate.FindSubmatch(out)
	require.NotNil(b, m, string(out))
	requests, err := strconv.ParseFloat(string(m[1]), 64)
	require.NoError(b, err)
	seconds, err := strconv.ParseFloat(string(m[2]), 64)
	require.NoError(b, err)
	return requests / seconds, (after - before).Seconds() / requests
}
