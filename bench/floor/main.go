package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fasterapi/fasterapi/bench/contest"
)

// harness is one run: what is measured, and with what.
type harness struct {
	*contest.Harness
	contestants []*contestant
	scenarios   []*contest.Scenario
	idleConns   int
	cycleConns  int
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	var options contest.Options
	options.Declare(flags, "floor, fasthttp, nethttp, chain, reactor, goroutine, bare, guarded, observed",
		"plaintext, plaintext-16, json, user, user-16; none: memory only")
	idle := flags.Int("idle", 10_000, "idle connections; 0: leave them out")
	cycles := flags.Int("cycles", 100_000, "connections that come and go; 0: leave them out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "floor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	h := &harness{idleConns: *idle, cycleConns: *cycles}
	if h.Harness, err = options.Harness(temp); err != nil {
		return err
	}
	h.Verify = h.verify
	if err := h.choose(options.Servers, options.Scenarios); err != nil {
		return err
	}
	r := &figures{Figures: options.Figures("bench-floor", args)}
	if options.Check {
		h.checkAll(r)
		return contest.Failed(r.failures())
	}
	if err := contest.RaiseDescriptors(uint64(*idle + 1000)); err != nil {
		return err
	}
	h.runAll(r)
	var text strings.Builder
	r.markdown(&text)
	return options.Write(stdout, "floor", text.String(), r, r.failures())
}

func (h *harness) choose(servers, tables string) (err error) {
	h.contestants, err = contest.Choose(contestants(), servers, func(c *contestant) string { return c.Name })
	if err == nil && tables != "none" {
		h.scenarios, err = contest.Choose(scenarios(), tables, func(s *contest.Scenario) string { return s.Name })
	}
	return err
}

func (h *harness) verify(c *contest.Contestant, s *contest.Scenario) (int64, error) {
	sizes, err := verify(byName(c.Name))
	return sizes[s.Path], err
}

// checkAll only checks the answers.
func (h *harness) checkAll(r *figures) {
	for _, c := range h.contestants {
		cell := h.Check(&c.Contestant, &contest.Scenario{Name: "check"})
		contest.Say("%-10s %s", c.Name, cmp.Or(cell.Failed, "right answers"))
		r.Cells = append(r.Cells, cell)
	}
}

// runAll measures into r and says on standard error how far it is.
func (h *harness) runAll(r *figures) {
	for _, s := range h.scenarios {
		cells := h.Measure(s, served(h.contestants))
		r.Cells = append(r.Cells, cells...)
		for _, c := range cells {
			contest.Say("%s", c)
		}
	}
	for _, c := range h.contestants {
		if len(c.Env) > 0 {
			continue // the same program as another one, and its connections are the same
		}
		if h.idleConns > 0 {
			result := h.Idle(&c.Contestant, h.idleConns, c.opening())
			r.Idle = append(r.Idle, result)
			contest.Say("idle          %-10s %s", c.Name, cmp.Or(result.Failed, fmt.Sprintf("%6.0f bytes per connection", result.PerConn())))
		}
		if h.cycleConns > 0 && c.isGo {
			result := h.cycle(c, h.cycleConns)
			r.Cycles = append(r.Cycles, result)
			contest.Say("cycles        %-10s left behind: %s", c.Name, cmp.Or(result.Failed, result.grown(), "nothing"))
		}
	}
}
