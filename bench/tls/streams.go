package main

import (
	"fmt"
	"os/exec"
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

// streams is what requests over HTTP/2 cost one server.
type streams struct {
	Contestant string          `json:"contestant"`
	Count      int             `json:"count"` // of a turn
	Turns      []time.Duration `json:"turns"` // CPU of the server's process
	Failed     string          `json:"failed,omitempty"`
}

// Micros is the CPU of a request in microseconds: the median of the turns.
func (s *streams) Micros() float64 {
	if len(s.Turns) == 0 {
		return 0
	}
	sorted := slices.Clone(s.Turns)
	slices.Sort(sorted)
	return float64(sorted[len(sorted)/2].Microseconds()) / float64(s.Count)
}

// streams gives each contestant that speaks HTTP/2 its turns.
func (h *harness) streams() (all []*streams) {
	var procs []*contest.Process
	var paths []string
	for _, c := range h.contestants {
		if c.Name == "fiber" {
			continue // it has no HTTP/2
		}
		of := &streams{Contestant: c.Name, Count: h.requests}
		all = append(all, of)
		proc, err := c.Start(h.Binaries, h.Env...)
		if err == nil {
			defer proc.Stop()
			err = load(c.Address(), c.Prefix+"/json", 2000) // warm
		}
		if err != nil {
			of.Failed = err.Error()
		}
		procs, paths = append(procs, proc), append(paths, c.Prefix+"/json")
	}
	for range h.Turns {
		for i, of := range all {
			if of.Failed == "" {
				of.turn(procs[i], paths[i])
			}
		}
	}
	return all
}

func (s *streams) turn(p *contest.Process, path string) {
	before, err := p.CPU()
	if err == nil {
		err = load(p.Address(), path, s.Count)
	}
	after, cpuErr := p.CPU()
	if err != nil || cpuErr != nil {
		s.Failed = fmt.Sprint(err, cpuErr)
		return
	}
	s.Turns = append(s.Turns, after-before)
}

// load sends n requests with h2load, all of which have to be answered with a success.
func load(address, path string, n int) error {
	out, err := exec.Command("taskset", "-c", contest.ClientCore, "h2load", "-t1", "-c"+strconv.Itoa(streamConns), "-m"+strconv.Itoa(streamsEach),
		"-n"+strconv.Itoa(n), "https://"+address+path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("h2load: %w: %s", err, out)
	}
	for _, want := range []string{fmt.Sprintf("%d succeeded", n), fmt.Sprintf("status codes: %d 2xx", n), "Application protocol: h2"} {
		if !strings.Contains(string(out), want) {
			return fmt.Errorf("h2load does not say %q: %s", want, out)
		}
	}
	return nil
}
