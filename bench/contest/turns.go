package contest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Turn is what one server did while it had the machine.
type Turn struct {
	Load
	CPU    time.Duration `json:"cpu"`    // of the server's process
	Wall   time.Duration `json:"wall"`   // from before wrk's start to after its end
	Client time.Duration `json:"client"` // CPU of wrk
	Other  time.Duration `json:"other"`  // CPU of everything else
	Steal  time.Duration `json:"steal"`  // what the host took from the machine
}

func (t *Turn) micros() float64 { return float64(t.CPU.Nanoseconds()) / 1e3 / float64(t.Requests) }

// Cell is one contestant in one scenario.
type Cell struct {
	Contestant string  `json:"contestant"`
	Scenario   string  `json:"scenario"`
	Turns      []*Turn `json:"turns"`
	Failed     string  `json:"failed,omitempty"` // why it has no figures

	proc *Process
	size int64 // of a right answer, bytes
}

// String is a line for standard error.
func (c *Cell) String() string {
	if c.Failed != "" {
		return fmt.Sprintf("%-13s %-10s %s", c.Scenario, c.Contestant, c.Failed)
	}
	return fmt.Sprintf("%-13s %-10s %6.2f µs, %7.0f requests/s, p99 %5.0f µs", c.Scenario, c.Contestant, c.Micros(), c.rate(), c.p99())
}

// better returns the half of the turns in which by is least: what the machine
// does beside a server only ever adds to its times. Every figure has a better
// half of its own.
func (c *Cell) better(by func(*Turn) float64) []*Turn {
	sorted := slices.SortedFunc(slices.Values(c.Turns), func(a, b *Turn) int { return cmp.Compare(by(a), by(b)) })
	return sorted[:(len(sorted)+1)/2]
}

// Micros is the CPU time per request of the better half taken together, in µs.
func (c *Cell) Micros() float64 {
	var cpu time.Duration
	var requests int64
	for _, t := range c.better((*Turn).micros) {
		cpu += t.CPU
		requests += t.Requests
	}
	return float64(cpu.Nanoseconds()) / 1e3 / float64(requests)
}

// spread is how far apart the better turns are, as a part of the best.
func (c *Cell) spread() float64 {
	half := c.better((*Turn).micros)
	best, worst := half[0].micros(), half[len(half)-1].micros()
	return (worst - best) / best
}

// median of f over the half in which it is least.
func (c *Cell) median(f func(*Turn) float64) float64 { return median(c.better(f), f) }

func median(turns []*Turn, f func(*Turn) float64) float64 {
	values := make([]float64, 0, len(turns))
	for _, t := range turns {
		values = append(values, f(t))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// rate is requests per second.
func (c *Cell) rate() float64 {
	return 1e6 / c.median(func(t *Turn) float64 { return float64(t.Duration) / float64(t.Requests) })
}

// p50 and p99 are latencies in µs.
func (c *Cell) p50() float64 { return c.median(func(t *Turn) float64 { return float64(t.P50) }) }
func (c *Cell) p99() float64 { return c.median(func(t *Turn) float64 { return float64(t.P99) }) }

// clientBound: wrk had no time left, so that requests per second and latencies
// are wrk's and not the server's.
func (c *Cell) clientBound() bool {
	return median(c.Turns, func(t *Turn) float64 { return t.Client.Seconds() / t.Wall.Seconds() }) > 0.95
}

// plausible: what wrk counted must be whole, right answers. Of the last answer
// on each connection wrk may have read a part that it does not count.
func (t *Turn) plausible(size int64) error {
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
