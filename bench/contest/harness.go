package contest

import (
	"path/filepath"
	"slices"
	"time"
)

// Harness gives servers their turns.
type Harness struct {
	Binaries string // folder of the servers' programs
	Profiles string // folder for CPU profiles of this framework's servers; empty: none
	Turns    int    // that count, of each server in each scenario
	Wrk      *Wrk
	Env      []string // of every server
	// Verify checks a running server before it is measured and returns the size
	// of a right answer in the scenario, in bytes on the wire.
	Verify func(c *Contestant, s *Scenario) (int64, error)
}

// Measure runs one scenario: all servers up, turns of a second. What failed is
// said in its cell.
func (h *Harness) Measure(s *Scenario, of []*Contestant) []*Cell {
	var cells []*Cell
	for _, c := range of {
		cell := &Cell{Contestant: c.Name, Scenario: s.Name}
		cells = append(cells, cell)
		h.enter(s, c, cell)
	}
	defer func() {
		for _, c := range cells {
			if c.proc != nil {
				c.proc.Stop()
			}
		}
	}()
	order := slices.Clone(cells)
	for range h.Turns {
		for _, c := range order {
			h.take(s, c, true)
		}
		slices.Reverse(order) // so that no server always follows the same one
	}
	return cells
}

// Check starts a server, verifies it for a scenario and stops it.
func (h *Harness) Check(c *Contestant, s *Scenario) *Cell {
	cell := &Cell{Contestant: c.Name, Scenario: s.Name}
	proc, err := c.Start(h.Binaries, h.Env...)
	if err == nil {
		cell.proc = proc
		_, err = h.Verify(c, s)
	}
	if err != nil {
		cell.fail(err)
		return cell
	}
	proc.Stop()
	return cell
}

// enter starts a cell's server, checks it, and gives it a turn that does not count.
func (h *Harness) enter(s *Scenario, of *Contestant, c *Cell) {
	env := slices.Clone(h.Env)
	if h.Profiles != "" {
		env = append(env, "PROFILE="+filepath.Join(h.Profiles, c.Contestant+"-"+s.Name+".pprof"))
	}
	proc, err := of.Start(h.Binaries, env...)
	if err != nil {
		c.fail(err)
		return
	}
	c.proc = proc
	if c.size, err = h.Verify(of, s); err != nil {
		c.fail(err)
		return
	}
	h.take(s, c, false)
}

func (c *Cell) fail(err error) {
	c.Failed = err.Error()
	if c.proc != nil {
		if text := c.proc.Stop(); text != "" {
			c.Failed += "\n" + text
		}
		c.proc = nil
	}
}

// take gives a cell's server one turn.
func (h *Harness) take(s *Scenario, c *Cell, counts bool) {
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

func (h *Harness) turn(s *Scenario, c *Cell) (*Turn, error) {
	busy0, steal0, err := machineTime()
	if err != nil {
		return nil, err
	}
	cpu0, err := cpuTime(c.proc.PID())
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	l, err := h.Wrk.run(c.proc.Contestant, s)
	if err != nil {
		return nil, err
	}
	wall := time.Since(begin)
	cpu1, err := cpuTime(c.proc.PID())
	if err != nil {
		return nil, err
	}
	busy1, steal1, err := machineTime()
	if err != nil {
		return nil, err
	}
	t := &Turn{Load: *l, CPU: cpu1 - cpu0, Wall: wall, Client: l.cpu, Steal: steal1 - steal0}
	t.Other = max(0, busy1-busy0-t.CPU-t.Client)
	return t, t.plausible(c.size)
}
