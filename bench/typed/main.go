package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fasterapi/fasterapi/bench/contest"
	"github.com/fasterapi/fasterapi/bench/gobench"
)

// harness is one run: what is measured, and with what.
type harness struct {
	*contest.Harness
	contestants []*contest.Contestant
	scenarios   []*contest.Scenario
	sockets     int
	suites      []gobench.Suite
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "typed:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("typed", flag.ContinueOnError)
	var options contest.Options
	options.Declare(flags, "nethttp, fiber, gin, huma, chain, reactor, goroutine", "user-post, user-get; none: the rest only")
	conns := flags.Int("sockets", 10_000, "idle WebSockets; 0: leave them out")
	inMemory := flags.Bool("parts", true, "run the Go benchmarks too")
	root := flags.String("root", "..", "the framework's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "typed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	h := &harness{sockets: *conns}
	if h.Harness, err = options.Harness(temp); err != nil {
		return err
	}
	h.Verify = verify
	if *inMemory {
		h.suites = suites(*root, rounds, runs)
	}
	if err := h.choose(options.Servers, options.Scenarios); err != nil {
		return err
	}
	r := &figures{Figures: options.Figures("bench-typed", args)}
	if options.Check {
		h.checkAll(r)
		return contest.Failed(r.failures())
	}
	if err := h.runAll(r); err != nil {
		return err
	}
	var text strings.Builder
	r.markdown(&text)
	return options.Write(stdout, "typed", text.String(), r, r.failures())
}

func (h *harness) choose(servers, tables string) (err error) {
	h.contestants, err = contest.Choose(contestants(), servers, func(c *contest.Contestant) string { return c.Name })
	if err == nil && tables != "none" {
		h.scenarios, err = contest.Choose(scenarios(), tables, func(s *contest.Scenario) string { return s.Name })
	}
	return err
}

// checkAll only checks the answers.
func (h *harness) checkAll(r *figures) {
	for _, s := range h.scenarios {
		for _, c := range h.contestants {
			cell := h.Check(c, s)
			said := cell.Failed
			if said == "" {
				said = "right answers"
			}
			contest.Say("%-13s %-10s %s", s.Name, c.Name, said)
			r.Cells = append(r.Cells, cell)
		}
	}
}

// runAll measures into r and says on standard error how far it is.
func (h *harness) runAll(r *figures) error {
	for _, s := range h.scenarios {
		cells := h.Measure(s, h.contestants)
		r.Cells = append(r.Cells, cells...)
		for _, c := range cells {
			contest.Say("%s", c)
		}
	}
	for _, suite := range h.suites {
		if r.Parts == nil {
			r.Parts = gobench.Found{}
		}
		contest.Say("benchmarks of %s", suite.Package)
		if err := r.Parts.Run(suite); err != nil {
			return err
		}
	}
	if h.sockets == 0 {
		return nil
	}
	if err := contest.RaiseDescriptors(uint64(h.sockets + 1000)); err != nil {
		return err
	}
	for _, c := range sockets() {
		result := h.Idle(c, h.sockets, opening(c))
		r.Sockets = append(r.Sockets, result)
		contest.Say("WebSockets    %-10s %6.0f bytes per connection %s", c.Name, result.PerConn(), result.Failed)
	}
	return nil
}
