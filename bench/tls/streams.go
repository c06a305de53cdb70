package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/contest"
)

// The load of HTTP/2: so many connections, each with so many requests at a time.
const (
	streamConns = 16
	streamsEach = 32
)

// streams is what requests over HTTP/2 cost one server, and how long they take.
type streams struct {
	Contestant string          `json:"contestant"`
	Clear      bool            `json:"clear,omitempty"` // h2c
	Count      int             `json:"count"`           // of a turn
	Turns      []time.Duration `json:"turns"`           // CPU of the server's process
	P99        []time.Duration `json:"p99"`             // of a turn, as h2load tells: from the request to the end of its response
	Failed     string          `json:"failed,omitempty"`
}

// protocol is what h2load calls it.
func (s *streams) protocol() string {
	if s.Clear {
		return "h2c"
	}
	return "h2"
}

// Micros is the CPU of a request in microseconds: the median of the turns.
func (s *streams) Micros() float64 {
	return float64(median(s.Turns).Microseconds()) / float64(max(s.Count, 1))
}

// Latest is the median of the turns' p99.
func (s *streams) Latest() time.Duration { return median(s.P99) }

// median is 0 of nothing.
func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Clone(of)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// streams gives each contestant that speaks HTTP/2 its turns: over TLS, or in the clear.
func (h *harness) streams(inClear bool) (all []*streams) {
	env := h.Env
	if inClear {
		env = []string{"H2C=1"}
	}
	var procs []*contest.Process
	for _, c := range h.contestants {
		if c.Name == "fiber" {
			continue // it has no HTTP/2
		}
		of := &streams{Contestant: c.Name, Clear: inClear, Count: h.requests}
		all = append(all, of)
		proc, err := c.Start(h.Binaries, env...)
		if err == nil {
			defer proc.Stop()
			_, err = of.load(c, 2000, h.temp) // warm
		}
		if err != nil {
			of.Failed = err.Error()
		}
		procs = append(procs, proc)
	}
	for range h.Turns {
		for i, of := range all {
			if of.Failed == "" {
				of.turn(procs[i], h.temp)
			}
		}
	}
	return all
}

func (s *streams) turn(p *contest.Process, temp string) {
	var p99 time.Duration
	before, err := p.CPU()
	if err == nil {
		p99, err = s.load(p.Contestant, s.Count, temp)
	}
	after, cpuErr := p.CPU()
	if err != nil || cpuErr != nil {
		s.Failed = fmt.Sprint(err, cpuErr)
		return
	}
	s.Turns, s.P99 = append(s.Turns, after-before), append(s.P99, p99)
}

// load sends n requests with h2load, all of which have to be answered with a success, and returns the 99th percentile of how long they took.
func (s *streams) load(c *contest.Contestant, n int, temp string) (p99 time.Duration, err error) {
	scheme := "https://"
	if s.Clear {
		scheme = "http://"
	}
	log := filepath.Join(temp, "h2load.log")
	_ = os.Remove(log) // h2load adds to what is there
	out, err := exec.Command("taskset", "-c", contest.ClientCore, "h2load", "-t1", "-c"+strconv.Itoa(streamConns), "-m"+strconv.Itoa(streamsEach),
		"-n"+strconv.Itoa(n), "--log-file="+log, scheme+c.Address()+c.Prefix+"/json").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("h2load: %w: %s", err, out)
	}
	for _, want := range []string{fmt.Sprintf("%d succeeded", n), fmt.Sprintf("status codes: %d 2xx", n), "Application protocol: " + s.protocol() + "\n"} {
		if !strings.Contains(string(out), want) {
			return 0, fmt.Errorf("h2load does not say %q: %s", want, out)
		}
	}
	return percentile(log, n)
}

// percentile reads the log of h2load, whose lines end in the microseconds that a request took, and returns the 99th percentile of n requests.
func percentile(log string, n int) (time.Duration, error) {
	file, err := os.Open(log)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var took []time.Duration
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		micros, err := strconv.ParseInt(columns[len(columns)-1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the log of h2load: %w", err)
		}
		took = append(took, time.Duration(micros)*time.Microsecond)
	}
	if len(took) != n || lines.Err() != nil {
		return 0, fmt.Errorf("the log of h2load has %d requests of %d: %w", len(took), n, lines.Err())
	}
	slices.Sort(took)
	return took[n*99/100], nil
}
