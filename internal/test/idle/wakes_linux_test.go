//go:build !race && !invariants

package idle_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/observe/metrics"
)

const (
	// wakeUps is how often a process that does nothing may wake up in a second.
	wakeUps = 5
	// cpuShare is how much of a core it may take.
	cpuShare = 0.001
	// settles is how long a process may take to have come to rest, on a busy machine.
	settles = time.Minute
	// restsVariable makes this program the process that does nothing; it has the URL of its database.
	restsVariable = "IDLE_RESTS"
)

// TestIdleProcess: a service on two reactors with a Postgres pool, metrics, and a second address whose dashboard is
// closed, wakes up five times a second at most once it has nothing to do. Its flight recorder rests by then: it has a short
// memory here.
//
// IDLE_FOR=60s measures for so long, over the checks of the connections, which come each 30 s, and the share of a core.
func TestIdleProcess(t *testing.T) {
	pid := resting(t, pgtest.Start(t, pgtest.Options{}).URL())
	for end := time.Now().Add(settles); ; {
		if wakes, _ := measured(t, pid, time.Second); wakes <= wakeUps {
			break
		}
		require.True(t, time.Now().Before(end), "it does not come to rest")
	}
	if long := os.Getenv("IDLE_FOR"); long != "" {
		window, err := time.ParseDuration(long)
		require.NoError(t, err)
		wakes, share := measured(t, pid, window)
		require.LessOrEqual(t, wakes, float64(wakeUps))
		require.LessOrEqual(t, share, cpuShare)
	}
}

// resting starts a process that does nothing, once it has answered a request.
func resting(t *testing.T, url string) (pid int) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	process := exec.Command(program)
	process.Env, process.Stderr = append(os.Environ(), restsVariable+"="+url), os.Stderr
	end, err := process.StdinPipe()
	require.NoError(t, err)
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		_ = end.Close()
		_ = process.Wait()
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	resp, err := http.Get("http://" + strings.TrimSpace(addr) + "/one")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return process.Process.Pid
}

// measured is what a process does in a time: voluntary context switches of its threads a second, which is how often one woke up
// and slept again, and its share of a core.
func measured(t *testing.T, pid int, window time.Duration) (wakes, share float64) {
	t.Helper()
	switches, cpu, begun := switchesOf(t, pid), cpuOf(t, pid), time.Now()
	time.Sleep(window)
	took := time.Since(begun)
	wakes, share = float64(switchesOf(t, pid)-switches)/took.Seconds(), float64(cpuOf(t, pid)-cpu)/float64(took)
	t.Logf("%.1f wake-ups a second, %.3f %% of a core in %v", wakes, 100*share, window)
	return wakes, share
}

func switchesOf(t *testing.T, pid int) (n int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		_, after, ok := bytes.Cut(text, []byte("\nvoluntary_ctxt_switches:"))
		require.True(t, ok)
		line, _, _ := bytes.Cut(after, []byte("\n"))
		k, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		require.NoError(t, err)
		n += k
	}
	return n
}

// cpuOf is the time that a process has had of all processors: sum_exec_runtime in ns, the first field of schedstat.
func cpuOf(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		require.NoError(t, err)
		sum += time.Duration(ns)
	}
	return sum
}

// rest is the process of TestIdleProcess, until in ends.
func rest(url string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	pool, err := pg.Open(ctx, pg.Config{URL: url, MinConns: 2})
	if err != nil {
		return err
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: slog.New(slog.DiscardHandler)})
	app.Provide(pool)
	app.Get("/one", func(c *fasterapi.Ctx, _ fasterapi.None) (int, error) { return pool.One[int](c, "SELECT 1").Await(c) })
	admin.Attach(app, admin.Config{
		Addr: "127.0.0.1:0", Pages: map[string]http.Handler{"/metrics": metrics.New(app).Handler()},
		Flight: admin.FlightConfig{MinAge: time.Second},
	})
	server, err := app.Start()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, server.Addr())
	_, _ = io.Copy(io.Discard, in)
	return errors.Join(server.Shutdown(ctx), pool.Close(ctx))
}
