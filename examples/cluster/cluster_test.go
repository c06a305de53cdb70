package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/internal/test/ports"
)

// TestMain lets the program of the tests be an instance, and the command, too.
func TestMain(m *testing.M) {
	if os.Getenv("CLUSTER_MAIN") != "" && os.Getenv("CLUSTER_INSTANCE") == "" {
		os.Args = []string{"cluster", "--port", os.Getenv("CLUSTER_MAIN")}
		main()
		os.Exit(0)
	}
	if name := os.Getenv("CLUSTER_INSTANCE"); name != "" {
		if err := runInstance(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// SIGUSR2 and SIGSTOP on Linux, which other systems do not know by name.
const (
	sigusr2 = syscall.Signal(12)
	sigstop = syscall.Signal(19)
)

// send sends a signal to a process.
func send(pid int, signal os.Signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(signal)
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return send(pid, syscall.Signal(0)) != nil }, time.Minute, 10*time.Millisecond)
}

// TestCluster: under load one instance is killed, one is restarted and one is drained; then Redis is killed, and PostgreSQL. Each failure is one that is
// documented, and in the end exactly those orders are in the database that were answered, each with the number that its client was told.
func TestCluster(t *testing.T) {
	for _, program := range []string{"initdb", "redis-server", "nginx"} {
		if _, err := find(program); err != nil {
			needs.Program(t, program)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "cluster") // user postgres may enter it
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711)) // as runCluster does
	c := &cluster{dir: dir, port: l.Addr().(*net.TCPAddr).Port}
	require.NoError(t, l.Close())
	t.Cleanup(c.stop)
	require.NoError(t, c.start(t.Context()))

	w := startLoad(c.port)
	t.Cleanup(w.end)
	w.running(t)
	require.Empty(t, w.take())
	for _, part := range []struct {
		name string
		run  func(*testing.T, *cluster, *load)
	}{{"the production example is served", serveProduction}, {"an instance is killed", killInstance}, {"one is restarted", restartInstance}, {"one is drained", drainInstance}, {"Redis is killed", killRedis}, {"PostgreSQL is killed", killPostgres}} {
		if !t.Run(part.name, func(t *testing.T) { part.run(t, c, w) }) {
			return
		}
	}
	w.end()
	require.Empty(t, w.take())
	stored := storedOrders(t, c)
	require.Equal(t, w.orders, stored, "each that was answered is there once, and no other")
	watched(t, c, int64(len(stored)))
	t.Logf("%d answers to GET and %d orders", w.gets, len(stored))
}

// killInstance kills one that has requests in flight. Nothing fails but orders that were on their way to it, and those are made once when they are sent
// again; what nginx may ask again it does.
func killInstance(t *testing.T, c *cluster, w *load) {
	pid := c.pid(0)
	w.pause(t) // nginx asks who has the fewest requests: those who ask would take the places of those who order
	require.NoError(t, send(pid, sigstop))
	w.stuck(t, 300*time.Millisecond)
	w.resume()
	killed := time.Now()
	require.NoError(t, send(pid, syscall.SIGKILL))
	gone(t, pid)
	w.running(t)
	noticed := time.Now()
	w.healed(t)
	require.NoError(t, c.startInstance(0))

	lost, conflicts := map[string]int{}, 0
	keys := map[string]bool{}
	for _, f := range w.take() {
		if f.status == http.StatusConflict { // the killed one had begun it: its lease has to end
			require.True(t, keys[f.key], "nothing was in flight with this key: %v", f)
			conflicts++
			continue
		}
		require.Equal(t, http.StatusBadGateway, f.status, "%v", f)
		require.Contains(t, f.worker, "POST", "%v", f)
		require.True(t, f.began.Before(noticed) && f.ended.After(killed), "not in flight at the kill: %v", f)
		lost[f.worker]++
		require.Equal(t, 1, lost[f.worker], "one was in flight: %v", f)
		keys[f.key] = true
	}
	t.Logf("an instance was killed: %d orders were on their way to it, %d tries met a lease", len(lost), conflicts)
}

// restartInstance: a new process takes over, and nothing fails.
func restartInstance(t *testing.T, c *cluster, w *load) {
	pid := c.pid(1)
	require.NoError(t, send(pid, sigusr2))
	require.Eventually(t, func() bool { return c.pid(1) != pid && c.pid(1) != 0 }, time.Minute, 5*time.Millisecond)
	gone(t, pid)
	w.running(t)
	require.Empty(t, w.take())
}

// drainInstance: one ends, and comes back, and nothing fails.
func drainInstance(t *testing.T, c *cluster, w *load) {
	pid := c.pid(2)
	require.NoError(t, send(pid, syscall.SIGTERM))
	gone(t, pid)
	w.running(t)
	require.NoError(t, c.startInstance(2))
	w.running(t)
	require.Empty(t, w.take())
}

// watched: one instance leads, its job runs, and all count what they did, at an address that nginx does not know.
func watched(t *testing.T, c *cluster, orders int64) {
	t.Helper()
	var sums map[string]float64
	require.Eventually(t, func() bool {
		sums = map[string]float64{}
		for _, port := range c.admin {
			addSamples(t, sums, fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		}
		return sums[`fasterapi_leader_leads{role="ticker"}`] == 1 && sums[`fasterapi_broadcast_connected{topic="news"}`] >= 1 && sums[`fasterapi_schedule_runs_total{scheduled_job="tick"}`] > 0
	}, time.Minute, 20*time.Millisecond)
	require.Positive(t, sums[`fasterapi_broadcast_published_total{topic="news"}`])
	stored := sums[`fasterapi_idempotency_stored_total{keys="main"}`]
	require.Positive(t, stored)
	require.LessOrEqual(t, stored, float64(orders), "those of processes that have ended are gone")
	var own map[string]any
	require.Equal(t, http.StatusOK, ask(t, c, http.MethodGet, "/metrics", "", &own), "those of the production example")
	require.Contains(t, own, "reactors")
}

// addSamples adds what an instance shows to sums, by names with labels.
func addSamples(t *testing.T, sums map[string]float64, url string) {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			sums[name] += n
		}
	}
	require.NoError(t, lines.Err())
}

// TestInterrupted: the command ends with everything that it has started, and leaves no file behind.
func TestInterrupted(t *testing.T) {
	for _, program := range []string{"initdb", "redis-server", "nginx"} {
		if _, err := find(program); err != nil {
			needs.Program(t, program)
		}
	}
	port := ports.Free(t)
	dir, err := os.MkdirTemp("", "interrupted")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) // user postgres may enter it
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("CLUSTER_MAIN=%d", port), "TMPDIR="+dir)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	require.Eventually(t, func() bool { return answers(fmt.Sprintf("http://127.0.0.1:%d/cluster", port)) }, 2*time.Minute, 20*time.Millisecond)
	var pids []int
	files, err := filepath.Glob(filepath.Join(dir, "cluster*", "*.pid"))
	require.NoError(t, err)
	for _, file := range append(files, filepath.Join(filepath.Dir(files[0]), "postgres", "data", "postmaster.pid")) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		line, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	require.Len(t, pids, instances+3, "instances, nginx, Redis and PostgreSQL")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, <-ended, said.String())
	for _, pid := range pids {
		gone(t, pid) // PostgreSQL tells that it has ended a moment before
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Contains(t, said.String(), fmt.Sprintf("http://127.0.0.1:%d", port))
}

// TestMissingProgram: what is not installed is named.
func TestMissingProgram(t *testing.T) {
	_, err := find("no-such-program", "nor-this-one")
	require.EqualError(t, err, "the program no-such-program or nor-this-one is not installed")
	_, err = exec.LookPath("sh")
	require.NoError(t, err)
	require.Error(t, (&cluster{dir: t.TempDir()}).postgres(context.Background(), "no-such-program"))
}
