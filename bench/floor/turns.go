package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// turn is what one server did while it had the machine.
type turn struct {
	load
	CPU    time.Duration `json:"cpu"`    // of the server's process
	Wall   time.Duration `json:"wall"`   // from before wrk's start to after its end
	Client time.Duration `json:"client"` // CPU of wrk
	Other  time.Duration `json:"other"`  // CPU of everything else
	Steal  time.Duration `json:"steal"`  // what the host took from the machine
}

func (t *turn) micros() float64 { return float64(t.CPU.Nanoseconds()) / 1e3 / float64(t.Requests) }

// cell is one contestant in one scenario.
type cell struct {
	Contestant string  `json:"contestant"`
	Scenario   string  `json:"scenario"`
	Turns      []*turn `json:"turns"`
	Failed     string  `json:"failed,omitempty"` // why it has no figures

	proc *process
	size int64 // of a right answer, bytes
}

// better returns the half of the turns in which by is least: what the machine
// does beside a server only ever adds to its times. Every figure has a better
// half of its own.
func (c *cell) better(by func(*turn) float64) []*turn {
	sorted := slices.SortedFunc(slices.Values(c.Turns), func(a, b *turn) int { return cmp.Compare(by(a), by(b)) })
	return sorted[:(len(sorted)+1)/2]
}

// micros is the CPU time per request of the better half taken together, in µs.
func (c *cell) micros() float64 {
	var cpu time.Duration
	var requests int64
	for _, t := range c.better((*turn).micros) {
		cpu += t.CPU
		requests += t.Requests
	}
	return float64(cpu.Nanoseconds()) / 1e3 / float64(requests)
}

// spread is how far apart the better turns are, as a part of the best.
func (c *cell) spread() float64 {
	half := c.better((*turn).micros)
	best, worst := half[0].micros(), half[len(half)-1].micros()
	return (worst - best) / best
}

// median of f over the half in which it is least.
func (c *cell) median(f func(*turn) float64) float64 { return median(c.better(f), f) }

func median(turns []*turn, f func(*turn) float64) float64 {
	values := make([]float64, 0, len(turns))
	for _, t := range turns {
		values = append(values, f(t))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// rate is requests per second.
func (c *cell) rate() float64 {
	return 1e6 / c.median(func(t *turn) float64 { return float64(t.Duration) / float64(t.Requests) })
}

// p50 and p99 are latencies in µs.
func (c *cell) p50() float64 { return c.median(func(t *turn) float64 { return float64(t.P50) }) }
func (c *cell) p99() float64 { return c.median(func(t *turn) float64 { return float64(t.P99) }) }

// clientBound: wrk had no time left, so that requests per second and latencies
// are wrk's and not the server's.
func (c *cell) clientBound() bool {
	return median(c.Turns, func(t *turn) float64 { return t.Client.Seconds() / t.Wall.Seconds() }) > 0.95
}

// measure fills the cells of one scenario: all servers up, turns of a second.
func (h *harness) measure(s *scenario, cells []*cell) {
	for _, c := range cells {
		h.enter(s, c)
	}
	defer func() {
		for _, c := range cells {
			if c.proc != nil {
				c.proc.stop()
			}
		}
	}()
	for range h.turns {
		for _, c := range cells {
			h.take(s, c, true)
		}
		slices.Reverse(cells) // so that no server always follows the same one
	}
	// An even number of turns leaves the order as it was; an odd one is turned back.
	if h.turns%2 == 1 {
		slices.Reverse(cells)
	}
}

// enter starts a cell's server, checks it, and gives it a turn that does not count.
func (h *harness) enter(s *scenario, c *cell) {
	contestant := h.byName(c.Contestant)
	var env []string
	if h.profiles != "" {
		env = []string{"PROFILE=" + filepath.Join(h.profiles, c.Contestant+"-"+s.name+".pprof")}
	}
	proc, err := contestant.start(h.binaries, env...)
	if err != nil {
		c.fail(err)
		return
	}
	c.proc = proc
	sizes, err := verify(contestant)
	if err != nil {
		c.fail(err)
		return
	}
	c.size = sizes[s.path]
	h.take(s, c, false)
}

func (c *cell) fail(err error) {
	c.Failed = err.Error()
	if c.proc != nil {
		if text := c.proc.stop(); text != "" {
			c.Failed += "\n" + text
		}
		c.proc = nil
	}
}

// take gives a cell's server one turn.
func (h *harness) take(s *scenario, c *cell, counts bool) {
	if c.proc == nil {
		return
	}
	c.proc.resume()
	t, err := h.turn(s, c)
	if err != nil {
		c.fail(err)
		return
	}
	time.Sleep(20 * time.Millisecond) // the server closes wrk's connections
	c.proc.pause()
	if counts {
		c.Turns = append(c.Turns, t)
	}
}

func (h *harness) turn(s *scenario, c *cell) (*turn, error) {
	busy0, steal0, err := machineTime()
	if err != nil {
		return nil, err
	}
	cpu0, err := cpuTime(c.proc.pid())
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	l, err := h.wrk.run(c.proc.contestant, s)
	if err != nil {
		return nil, err
	}
	wall := time.Since(begin)
	cpu1, err := cpuTime(c.proc.pid())
	if err != nil {
		return nil, err
	}
	busy1, steal1, err := machineTime()
	if err != nil {
		return nil, err
	}
	t := &turn{load: *l, CPU: cpu1 - cpu0, Wall: wall, Client: l.cpu, Steal: steal1 - steal0}
	t.Other = max(0, busy1-busy0-t.CPU-t.Client)
	return t, t.plausible(c.size)
}

// plausible: what wrk counted must be whole, right answers. Of the last answer
// on each connection wrk may have read a part that it does not count.
func (t *turn) plausible(size int64) error {
	switch {
	case t.Requests == 0 || t.CPU == 0:
		return fmt.Errorf("%d requests in %v of CPU", t.Requests, t.CPU)
	case t.Errors > 0:
		return fmt.Errorf("wrk counted %d errors in %d requests", t.Errors, t.Requests)
	}
	if per := float64(t.Bytes) / float64(t.Requests); per < float64(size)*0.99 || per > float64(size)*1.05 {
		return fmt.Errorf("wrk read %.1f bytes for each answer, a right one has %d", per, size)
	}
	return nil
}
