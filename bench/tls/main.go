package main

import (
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
	contestants []*contest.Contestant
	scenarios   []*contest.Scenario
	idle        int
	shakes      int
	requests    int
	temp        string // a folder for the logs of h2load
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tls:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("tls", flag.ContinueOnError)
	var options contest.Options
	options.Declare(flags, "nethttp, fiber, chain, reactor, goroutine, handler", "json; none: the rest only")
	idle := flags.Int("idle", 2000, "idle connections; 0: leave them out")
	shakes := flags.Int("handshakes", 2000, "full handshakes of each server in a turn; 0: leave them out")
	requests := flags.Int("streams", 50_000, "requests over HTTP/2 to each server in a turn; 0: leave them out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "bench-tls-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	h := &harness{idle: *idle, shakes: *shakes, requests: *requests, temp: temp}
	if h.Harness, err = options.Harness(temp); err != nil {
		return err
	}
	if h.Env, err = contest.Certificate(temp); err != nil {
		return err
	}
	h.Verify = verify
	if h.contestants, err = contest.Choose(contestants(), options.Servers, func(c *contest.Contestant) string { return c.Name }); err != nil {
		return err
	}
	if options.Scenarios != "none" {
		if h.scenarios, err = contest.Choose(scenarios(), options.Scenarios, func(s *contest.Scenario) string { return s.Name }); err != nil {
			return err
		}
	}
	r := &figures{Figures: options.Figures("bench-tls", args)}
	if options.Check {
		for _, s := range h.scenarios {
			for _, c := range h.contestants {
				r.Cells = append(r.Cells, h.Check(c, s))
			}
		}
		return contest.Failed(r.failures())
	}
	if err := h.runAll(r); err != nil {
		return err
	}
	var text strings.Builder
	r.markdown(&text)
	return options.Write(stdout, "tls", text.String(), r, r.failures())
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
	if h.shakes > 0 {
		r.Handshakes = h.handshakes()
		for _, s := range r.Handshakes {
			contest.Say("handshakes    %-10s %6.0f µs %s", s.Contestant, s.Micros(), s.Failed)
		}
	}
	if h.requests > 0 {
		r.Streams = append(h.streams(false), h.streams(true)...)
		for _, s := range r.Streams {
			contest.Say("HTTP/2, %-5s %-10s %6.2f µs, p99 %v %s", s.protocol(), s.Contestant, s.Micros(), s.Latest(), s.Failed)
		}
	}
	if h.idle == 0 {
		return nil
	}
	if err := contest.RaiseDescriptors(uint64(h.idle + 1000)); err != nil {
		return err
	}
	for _, c := range h.contestants {
		if c.Name == "chain" || c.Name == "goroutine" {
			continue // the same program as reactor, and an idle connection has no style
		}
		result := h.Idle(c, h.idle, opening(c))
		r.Idle = append(r.Idle, result)
		contest.Say("idle          %-10s %6.0f bytes per connection %s", c.Name, result.PerConn(), result.Failed)
	}
	return nil
}
