package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// script has wrk print its figures as JSON; times are in microseconds.
const script = `
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n@%%{"requests":%d,"duration":%d,"p50":%d,"p99":%d,"errors":%d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
`

// server is an HTTP contestant that runs.
type server struct {
	cmd     *exec.Cmd
	address string
	done    chan struct{}
}

// startServer starts a program; what it logs goes to the file log.
func startServer(program, url string, port int, log string) (*server, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &server{address: "127.0.0.1:" + strconv.Itoa(port), done: make(chan struct{})}
	s.cmd = exec.Command(program)
	s.cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "DATABASE_URL="+url)
	s.cmd.Stderr = file
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		if conn, err := net.DialTimeout("tcp", s.address, time.Second); err == nil {
			return s, conn.Close()
		}
		select {
		case <-s.done:
			text, _ := os.ReadFile(log)
			return nil, fmt.Errorf("%s ended at start: %s", program, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.stop()
	return nil, fmt.Errorf("%s does not listen", program)
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// turn loads the server for d, nothing being pinned: it shares its cores with
// Postgres and wrk.
func (s *server) turn(folder, path string, conns int, d time.Duration) (o outcome, err error) {
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	defer func() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }()
	lua := filepath.Join(folder, "wrk.lua")
	if err := os.WriteFile(lua, []byte(script), 0o644); err != nil {
		return o, err
	}
	before, err := processCPU(s.cmd.Process.Pid)
	if err != nil {
		return o, err
	}
	out, err := exec.Command("wrk", "-t1", "-c"+strconv.Itoa(conns), "-d"+strconv.Itoa(int(d.Seconds()))+"s",
		"--timeout", "10s", "-s", lua, "http://"+s.address+path).CombinedOutput()
	if err != nil {
		return o, fmt.Errorf("wrk: %w: %s", err, out)
	}
	after, err := processCPU(s.cmd.Process.Pid)
	if err != nil {
		return o, err
	}
	_, line, _ := bytes.Cut(out, []byte("\n@%"))
	var w struct{ Requests, Duration, P50, P99, Errors int64 }
	if err := json.Unmarshal(bytes.TrimSpace(line), &w); err != nil {
		return o, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if w.Errors > 0 || w.Requests == 0 {
		return o, fmt.Errorf("%d requests, %d errors", w.Requests, w.Errors)
	}
	return outcome{Answers: w.Requests, Wall: w.Duration * 1e3, CPU: int64(after - before), P50: w.P50 * 1e3, P99: w.P99 * 1e3}, nil
}
