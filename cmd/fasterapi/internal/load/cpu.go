package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// CPUSource is where the CPU time of the server is read.
type CPUSource struct {
	PID     int    // of the process on this machine (Linux): /proc, in steps of 10 ms
	Metrics string // or the URL of its metrics for Prometheus: process_cpu_seconds_total
}

func (s CPUSource) known() bool { return s.PID > 0 || s.Metrics != "" }

// Read returns what the server has used since it began.
func (s CPUSource) Read(ctx context.Context) (time.Duration, error) {
	switch {
	case s.PID > 0:
		return processCPU(s.PID)
	case s.Metrics != "":
		return metricsCPU(ctx, s.Metrics)
	}
	return 0, nil
}

// tick is a unit of /proc/PID/stat: sysconf(_SC_CLK_TCK) is 100 on every platform of Linux that Go runs on.
const tick = 10 * time.Millisecond

// processCPU reads utime and stime, fields 14 and 15 of proc_pid_stat(5), of all threads.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	_, rest, ok := strings.Cut(string(text[max(0, strings.LastIndexByte(string(text), ')')):]), ") ") // the name may have anything in it
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, fmt.Errorf("read the CPU time of process %d: /proc has something else", pid)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// metricsCPU reads process_cpu_seconds_total.
func metricsCPU(ctx context.Context, url string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of the server: %w", err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(io.LimitReader(response.Body, 64<<20))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "process_cpu_seconds_total "); ok {
			seconds, err := strconv.ParseFloat(strings.Fields(text)[0], 64)
			return time.Duration(seconds * float64(time.Second)), err
		}
	}
	return 0, errors.Join(fmt.Errorf("%s (status %d) has no process_cpu_seconds_total", url, response.StatusCode), lines.Err())
}
