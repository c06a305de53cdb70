//go:build unix

package main

import (
	"bufio"
	"cmp"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cmd/fasterapi/internal/load"
)

var (
	handedOver = regexp.MustCompile(`handed over.*pid=(\d+)`)
	servingAt  = regexp.MustCompile(` serving .*address=\S*:(\d+)`)
)

// TestRestartUnderLoad: a service that SIGUSR2 replaces again and again answers every request, at a rate that does not
// wait for it. `make soak-restart` does so ten times at 5,000 requests a second for 30 s (RESTART_SOAK), and
// holds the 99th percentile of the seconds with a restart against those before the first.
func TestRestartUnderLoad(t *testing.T) {
	rate, length, restarts := 300.0, 2*time.Second, 2
	soak := os.Getenv("RESTART_SOAK") != ""
	if soak {
		rate, length, restarts = 5000, 30*time.Second, 10
	}
	service := exec.Command(program)
	service.Env = append(os.Environ(), "PORT=0", "OVERLOAD_PROTECTION=off") // no request may fail because the machine is busy
	service.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}               // with all that it starts
	log, err := service.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, service.Start())
	t.Cleanup(func() { _ = syscall.Kill(-service.Process.Pid, syscall.SIGKILL); _ = service.Wait() })
	next, port := make(chan int, 1), make(chan string, 1+restarts)
	go watch(log, next, port)
	url := "http://127.0.0.1:" + <-port + "/hello/you"
	require.Eventually(t, func() bool {
		response, err := http.Get(url)
		return err == nil && response.Body.Close() == nil && response.StatusCode == 200
	}, 30*time.Second, 5*time.Millisecond)

	begin := time.Now()
	var moments []float64
	replaced := make(chan bool)
	go func() {
		defer close(replaced)
		pid, pause := service.Process.Pid, length/time.Duration(restarts+2)
		for range restarts {
			time.Sleep(pause)
			moments = append(moments, time.Since(begin).Seconds())
			if syscall.Kill(pid, syscall.SIGUSR2) != nil {
				return
			}
			select {
			case pid = <-next:
			case <-time.After(time.Minute):
				return
			}
		}
		replaced <- true
	}()
	r, err := load.Run(t.Context(), load.Config{Target: load.Target{URL: url}, Rate: rate, Duration: length}, nil)
	require.NoError(t, err)
	require.True(t, <-replaced, "a restart did not come to its end")
	require.Zero(t, r.Failed, "%v", r.Failures)
	require.Equal(t, map[int]int64{200: int64(rate * length.Seconds())}, r.Statuses)
	if soak {
		usual, restarting := worst(r, moments)
		t.Logf("%d requests, %d restarts, %d failed, %d sent again; p99 of a second: usual %.2f ms, with a restart at most %.2f ms (x%.1f); longest %.1f ms",
			r.Answered, restarts, r.Failed, r.Resent, usual*1000, restarting*1000, restarting/usual, r.Latency.Max*1000)
		require.LessOrEqual(t, restarting, 5*usual)
	}
}

// watch hands on the port of each process that serves, and the processes that take over.
func watch(log io.Reader, next chan<- int, port chan<- string) {
	defer close(port)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if m := handedOver.FindStringSubmatch(lines.Text()); m != nil {
			pid, _ := strconv.Atoi(m[1]) // digits
			next <- pid
		}
		if m := servingAt.FindStringSubmatch(lines.Text()); m != nil {
			port <- m[1]
		}
	}
}

// worst returns the median of the 99th percentiles of the seconds before the first restart, and the largest one of those with one.
func worst(r *load.Result, moments []float64) (usual, restarting float64) {
	var before, during []float64
	for _, s := range r.Timeline {
		switch {
		case slices.ContainsFunc(moments, func(m float64) bool { return m > s.At-1 && m <= s.At }):
			during = append(during, s.P99)
		case s.At <= moments[0]:
			before = append(before, s.P99)
		}
	}
	slices.Sort(before)
	return cmp.Or(before[len(before)/2], 1e-6), slices.Max(during)
}
