package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
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

// sigusr2 is SIGUSR2 on Linux, which other systems do not know by name.
const sigusr2 = syscall.Signal(12)

// load is clients behind nginx.
type load struct {
	base   string
	client http.Client
	stop   atomic.Bool
	all    sync.WaitGroup

	mu       sync.Mutex
	gets     int
	orders   map[string]int64 // by key: the number that it was answered with
	failures []failure
}

// failure is a request that was not answered as it should have been.
type failure struct {
	at   time.Time
	what string
}

func (l *load) fail(begin time.Time, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, failure{begin, fmt.Sprintf(format, args...)})
}

// get asks who is there, again and again: nothing of that may fail.
func (l *load) get() {
	for !l.stop.Load() {
		begin := time.Now()
		response, err := l.client.Get(l.base + "/whoami")
		if err != nil {
			l.fail(begin, "GET: %v", err)
			continue
		}
		var who Who
		err = json.NewDecoder(response.Body).Decode(&who)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || who.Instance == "" {
			l.fail(begin, "GET: %d %v", response.StatusCode, err)
		}
		l.mu.Lock()
		l.gets++
		l.mu.Unlock()
		time.Sleep(3 * time.Millisecond)
	}
}

// order orders with one key after the other, each as often as it takes.
func (l *load) order(worker int) {
	for n := 0; !l.stop.Load(); n++ {
		key := fmt.Sprintf("%d-%d", worker, n)
		for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			tried := time.Now()
			id, err := l.try(key)
			if err == nil {
				l.mu.Lock()
				l.orders[key] = id
				l.mu.Unlock()
				break
			}
			l.fail(tried, "POST: %v", err)
			if time.Since(begin) > time.Minute {
				return
			}
		}
		time.Sleep(3 * time.Millisecond)
	}
}

func (l *load) try(key string) (int64, error) {
	request, err := http.NewRequest(http.MethodPost, l.base+"/orders", strings.NewReader(`{"item":"tea"}`))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := l.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return 0, fmt.Errorf("status %d", response.StatusCode)
	}
	var made Ordered
	return made.ID, json.NewDecoder(response.Body).Decode(&made)
}

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

// running waits until the load has had some more answers.
func (l *load) running(t *testing.T) {
	t.Helper()
	count := func() (int, int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.gets, len(l.orders)
	}
	gets, orders := count()
	require.Eventually(t, func() bool { g, o := count(); return g > gets+100 && o > orders+30 }, time.Minute, 5*time.Millisecond)
}

// TestCluster: under load one instance is killed, one is restarted and one is drained. Behind nginx nothing fails but orders that were on their way to
// the killed one, and those are made once when they are sent again.
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
	c := &cluster{dir: dir, port: l.Addr().(*net.TCPAddr).Port}
	require.NoError(t, l.Close())
	t.Cleanup(c.stop)
	require.NoError(t, c.start(t.Context()))

	w := &load{base: fmt.Sprintf("http://127.0.0.1:%d", c.port), orders: map[string]int64{}}
	w.client.Timeout = 30 * time.Second
	for range 3 {
		w.all.Go(w.get)
	}
	for i := range 2 {
		w.all.Go(func() { w.order(i) })
	}
	w.running(t)

	killed := time.Now()
	pid := c.pid(0)
	require.NoError(t, send(pid, syscall.SIGKILL))
	gone(t, pid)
	w.running(t)
	healed := time.Now()
	require.NoError(t, c.startInstance(0))

	pid = c.pid(1)
	require.NoError(t, send(pid, sigusr2))
	require.Eventually(t, func() bool { return c.pid(1) != pid && c.pid(1) != 0 }, time.Minute, 5*time.Millisecond)
	gone(t, pid)
	w.running(t)

	pid = c.pid(2)
	require.NoError(t, send(pid, syscall.SIGTERM))
	gone(t, pid)
	w.running(t)
	require.NoError(t, c.startInstance(2))
	w.running(t)
	w.stop.Store(true)
	w.all.Wait()

	inFlight := 0
	for _, f := range w.failures {
		lost := strings.HasPrefix(f.what, "POST") && f.at.After(killed.Add(-time.Second)) && f.at.Before(healed.Add(3*time.Second))
		require.True(t, lost, "%v after the kill: %s", f.at.Sub(killed), f.what)
		inFlight++
	}
	numbers := map[int64]bool{}
	for _, id := range w.orders {
		require.False(t, numbers[id], "order %d was answered to two", id)
		numbers[id] = true
	}
	response, err := w.client.Get(w.base + "/whoami")
	require.NoError(t, err)
	defer response.Body.Close()
	var who Who
	require.NoError(t, json.NewDecoder(response.Body).Decode(&who))
	require.GreaterOrEqual(t, who.Orders, int64(len(w.orders)))
	require.LessOrEqual(t, who.Orders, int64(len(w.orders)+2), "two clients can have lost one order each")
	watched(t, c, int64(len(w.orders)))
	t.Logf("%d answers to GET and %d orders, %d tries failed when an instance was killed", w.gets, len(w.orders), inFlight)
}

// watched: one instance leads, its job runs, and all count what they did; nginx shows none of it.
func watched(t *testing.T, c *cluster, orders int64) {
	t.Helper()
	var sums map[string]float64
	require.Eventually(t, func() bool {
		sums = map[string]float64{}
		for _, port := range c.ports {
			addSamples(t, sums, fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		}
		return sums[`fasterapi_leader_leads{role="ticker"}`] == 1 && sums[`fasterapi_broadcast_connected{topic="news"}`] >= 1 && sums[`fasterapi_schedule_runs_total{scheduled_job="tick"}`] > 0
	}, time.Minute, 20*time.Millisecond)
	require.Positive(t, sums[`fasterapi_broadcast_published_total{topic="news"}`])
	stored := sums[`fasterapi_idempotency_stored_total{keys="main"}`]
	require.Positive(t, stored)
	require.LessOrEqual(t, stored, float64(orders+2), "those of processes that have ended are gone")
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", c.port))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNotFound, response.StatusCode)
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
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
	require.Eventually(t, func() bool { return answers(fmt.Sprintf("http://127.0.0.1:%d/", port)) }, 2*time.Minute, 20*time.Millisecond)
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
	require.Len(t, pids, instances+2, "instances, nginx and PostgreSQL")
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
