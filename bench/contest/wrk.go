package contest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// script has wrk send DEPTH requests at once, POSTs where BODY is set, and print
// its figures as JSON.
// Times are in microseconds. It changes wrk.format, not the global request: wrk
// then composes the text once and calls no Lua while it measures.
const script = `
local depth = tonumber(os.getenv("DEPTH"))
local body = os.getenv("BODY")
function init()
  local one = wrk.format("GET")
  if body ~= "" then
    wrk.headers["Content-Type"] = "application/json"
    one = wrk.format("POST", nil, nil, body)
  end
  local all = string.rep(one, depth)
  wrk.format = function() return all end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n@%%{"requests":%d,"duration":%d,"bytes":%d,"p50":%d,"p99":%d,"max":%d,"errors":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), latency.max,
    e.status + e.connect + e.read + e.write + e.timeout))
end
`

// Load is what wrk counted.
type Load struct {
	Requests int64 `json:"requests"`
	Duration int64 `json:"duration"` // microseconds
	Bytes    int64 `json:"bytes"`
	P50      int64 `json:"p50"` // microseconds
	P99      int64 `json:"p99"`
	Max      int64 `json:"max"`
	Errors   int64 `json:"errors"`
	cpu      time.Duration
}

// Wrk is the load generator and what it is told.
type Wrk struct {
	program string
	script  string
	conns   int
	turn    time.Duration // whole seconds
}

func newWrk(folder string, conns int, turn time.Duration) (*Wrk, error) {
	program, err := exec.LookPath("wrk")
	if err != nil {
		return nil, fmt.Errorf("wrk is missing: apt-get install wrk")
	}
	w := &Wrk{program: program, script: filepath.Join(folder, "wrk.lua"), conns: conns, turn: turn}
	return w, os.WriteFile(w.script, []byte(script), 0o644)
}

// run loads one server for a turn.
func (w *Wrk) run(c *Contestant, s *Scenario) (*Load, error) {
	cmd := exec.Command("taskset", "-c", ClientCore, w.program, "-t1", "-c"+strconv.Itoa(w.conns),
		"-d"+strconv.Itoa(int(w.turn.Seconds()))+"s", "--timeout", "10s", "-s", w.script, c.scheme()+"://"+c.Address()+c.Prefix+s.Path)
	cmd.Env = append(os.Environ(), "DEPTH="+strconv.Itoa(s.Depth), "BODY="+s.Body)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, out)
	}
	l, err := parseLoad(out)
	if err == nil {
		l.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return l, err
}

// parseLoad finds the script's line in wrk's output.
func parseLoad(out []byte) (*Load, error) {
	_, line, ok := bytes.Cut(out, []byte("\n@%"))
	if !ok {
		return nil, fmt.Errorf("wrk printed no figures: %s", out)
	}
	l := new(Load)
	if err := json.Unmarshal(bytes.TrimSpace(line), l); err != nil {
		return nil, fmt.Errorf("wrk's figures: %w: %s", err, line)
	}
	return l, nil
}
