package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// harness is one run: what is measured, and with what.
type harness struct {
	binaries    string
	profiles    string // folder for CPU profiles of this framework's servers; empty: none
	contestants []*contestant
	scenarios   []*scenario
	turns       int
	idleConns   int
	cycleConns  int
	checkOnly   bool
	wrk         *wrk
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	var (
		binaries = flags.String("bin", "bin", "folder of the built servers")
		servers  = flags.String("servers", "", "only these, by comma: floor, fasthttp, nethttp, chain, reactor, goroutine")
		tables   = flags.String("scenarios", "", "only these, by comma: plaintext, plaintext-16, json, user, user-16; none: memory only")
		turns    = flags.Int("turns", 8, "turns of each server in each scenario")
		seconds  = flags.Int("turn", 1, "seconds of a turn")
		conns    = flags.Int("conns", 64, "connections")
		idle     = flags.Int("idle", 10_000, "idle connections; 0: leave them out")
		cycles   = flags.Int("cycles", 100_000, "connections that come and go; 0: leave them out")
		check    = flags.Bool("check", false, "only check the answers")
		output   = flags.String("o", "", "write the section into this Markdown file")
		profiles = flags.String("profile", "", "existing folder for CPU profiles of this framework's servers")
		raw      = flags.String("json", "", "write every turn to this file")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	h := &harness{binaries: *binaries, turns: *turns, idleConns: *idle, cycleConns: *cycles, checkOnly: *check}
	if *profiles != "" {
		h.profiles, _ = filepath.Abs(*profiles)
	}
	if err := h.choose(*servers, *tables); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "floor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if h.wrk, err = newWrk(temp, *conns, time.Duration(*seconds)*time.Second); err != nil {
		return err
	}
	if !*check {
		if err := raiseDescriptors(uint64(*idle + 1000)); err != nil {
			return err
		}
	}
	r := &figures{Started: time.Now(), Command: "make bench-floor", Machine: results.Machine(), Conns: *conns, Turns: *turns}
	if len(args) > 0 {
		r.Command = strings.TrimSpace("make bench-floor BENCH='" + strings.Join(withoutFiles(args), " ") + "'")
	}
	if h.checkOnly {
		h.checkAll(r)
		return r.failed()
	}
	h.runAll(r)
	return r.write(stdout, *output, *raw)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// checkAll only checks the answers.
func (h *harness) checkAll(r *figures) {
	for _, c := range h.contestants {
		cell := &cell{Contestant: c.name, Scenario: "check"}
		h.check(cell)
		say("%-10s %s", c.name, or(cell.Failed, "right answers"))
		r.Cells = append(r.Cells, cell)
	}
}

// withoutFiles leaves out the options that only name files.
func withoutFiles(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch strings.TrimLeft(args[i], "-") {
		case "bin", "o", "json", "profile":
			i++
		default:
			out = append(out, args[i])
		}
	}
	return out
}

func (h *harness) choose(servers, tables string) (err error) {
	h.contestants, err = choose(contestants(), servers, func(c *contestant) string { return c.name })
	if err == nil && tables != "none" {
		h.scenarios, err = choose(scenarios(), tables, func(s *scenario) string { return s.name })
	}
	return err
}

func (h *harness) byName(name string) *contestant {
	for _, c := range h.contestants {
		if c.name == name {
			return c
		}
	}
	return nil
}

// runAll measures into r and says on standard error how far it is.
func (h *harness) runAll(r *figures) {
	for _, s := range h.scenarios {
		var cells []*cell
		for _, c := range h.contestants {
			cells = append(cells, &cell{Contestant: c.name, Scenario: s.name})
		}
		r.Cells = append(r.Cells, cells...)
		h.measure(s, cells)
		for _, c := range cells {
			if c.Failed != "" {
				say("%-13s %-10s %s", s.name, c.Contestant, c.Failed)
				continue
			}
			say("%-13s %-10s %6.2f µs, %7.0f requests/s, p99 %5.0f µs", s.name, c.Contestant, c.micros(), c.rate(), c.p99())
		}
	}
	for _, c := range h.contestants {
		if h.idleConns > 0 {
			result := h.idle(c, h.idleConns)
			r.Idle = append(r.Idle, result)
			say("idle          %-10s %s", c.name, or(result.Failed, fmt.Sprintf("%6.0f bytes per connection", result.perConn())))
		}
		if h.cycleConns > 0 && c.isGo {
			result := h.cycle(c, h.cycleConns)
			r.Cycles = append(r.Cycles, result)
			say("cycles        %-10s left behind: %s", c.name, or(result.Failed, or(result.grown(), "nothing")))
		}
	}
}

func (h *harness) check(c *cell) {
	proc, err := h.byName(c.Contestant).start(h.binaries)
	if err == nil {
		c.proc = proc
		_, err = verify(proc.contestant)
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.proc.stop()
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// write prints the section and puts it into the files asked for. What could not
// be measured is an error, after everything else is written.
func (r *figures) write(stdout io.Writer, output, raw string) error {
	var text strings.Builder
	r.markdown(&text)
	fmt.Fprint(stdout, text.String())
	if raw != "" {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(raw, data, 0o644); err != nil {
			return err
		}
	}
	if err := r.failed(); err != nil || output == "" {
		return err
	}
	return results.WriteSection(output, "floor", text.String())
}

func (r *figures) failed() error {
	if failures := r.failures(); len(failures) > 0 {
		return fmt.Errorf("not measured:\n  %s", strings.Join(failures, "\n  "))
	}
	return nil
}

// raiseDescriptors lifts the limit of this process and of the servers that it
// starts to at least n.
func raiseDescriptors(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < n {
		return fmt.Errorf("%d descriptors are needed, the hard limit is %d (ulimit -Hn)", n, limit.Max)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
