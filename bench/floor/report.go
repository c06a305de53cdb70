package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// figures are one run, as kept in its JSON file.
type figures struct {
	Started time.Time      `json:"started"`
	Command string         `json:"command"`
	Machine string         `json:"machine"`
	Conns   int            `json:"conns"`
	Turns   int            `json:"turns"`
	Cells   []*cell        `json:"cells"`
	Idle    []*idleResult  `json:"idle"`
	Cycles  []*cycleResult `json:"cycles"`
}

func (r *figures) cell(scenario, contestant string) *cell {
	for _, c := range r.Cells {
		if c.Scenario == scenario && c.Contestant == contestant && (len(c.Turns) > 0 || c.Failed != "") {
			return c
		}
	}
	return nil
}

// markdown writes the section of RESULTS.md.
func (r *figures) markdown(w io.Writer) {
	fmt.Fprintf(w, "## Requests, beside the floor, fasthttp and net/http\n\n")
	fmt.Fprintf(w, "`%s`, %s, on %s.\n\n", r.Command, r.Started.UTC().Format("2006-01-02 15:04 UTC"), r.Machine)
	if len(r.Cells) > 0 {
		fmt.Fprintf(w, "%d connections; server on core %s with GOMAXPROCS=1, wrk on core %s; %d turns of each server, of which each figure's better half counts; ≥: wrk had no time left. ", r.Conns, serverCore, clientCore, r.Turns)
		fmt.Fprintf(w, "CPU is user and system time of the server's process. %s\n\n", r.quiet())
	}
	for _, s := range scenarios() {
		r.scenario(w, s)
	}
	r.idle(w)
	r.cycles(w)
	r.bars(w)
}

// quiet says what else the machine did meanwhile: how far to trust the run.
func (r *figures) quiet() string {
	var all []*turn
	for _, c := range r.Cells {
		all = append(all, c.Turns...)
	}
	if len(all) == 0 {
		return ""
	}
	other := median(all, func(t *turn) float64 { return 100 * t.Other.Seconds() / t.Wall.Seconds() })
	steal := median(all, func(t *turn) float64 { return 100 * t.Steal.Seconds() / t.Wall.Seconds() })
	return fmt.Sprintf("Meanwhile other processes took %.0f%% of a core and the host %.0f%% (medians of all turns).", other, steal)
}

func (r *figures) scenario(w io.Writer, s *scenario) {
	var rows [][]string
	for _, c := range contestants() {
		cell := r.cell(s.name, c.name)
		switch {
		case cell == nil:
			continue
		case cell.Failed != "":
			rows = append(rows, []string{c.label(), "failed: " + firstLine(cell.Failed), "", "", "", "", "", "", ""})
			continue
		}
		row := []string{c.label(), fmt.Sprintf("%.2f", cell.micros())}
		for _, base := range []string{"floor", "fasthttp", "nethttp"} {
			row = append(row, r.against(cell, base))
		}
		rows = append(rows, append(row, cell.shownRate(), micros(cell.p50()), micros(cell.p99()), fmt.Sprintf("%.0f%%", 100*cell.spread())))
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### %s\n\n%s.\n\n", s.name, strings.ToUpper(s.about[:1])+s.about[1:])
	results.Table(w, []string{"server", "CPU µs/request", "/ floor", "/ fasthttp", "/ net/http", "requests/s", "p50 µs", "p99 µs", "spread"}, rows)
}

// shownRate marks a rate that wrk limited.
func (c *cell) shownRate() string {
	if c.clientBound() {
		return fmt.Sprintf("≥ %.0f", c.rate())
	}
	return fmt.Sprintf("%.0f", c.rate())
}

// micros prints a time; zero is what wrk says when its table of latencies has overflown.
func micros(t float64) string {
	if t == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", t)
}

func (r *figures) against(c *cell, base string) string {
	other := r.cell(c.Scenario, base)
	if other == nil || other.Failed != "" {
		return ""
	}
	return fmt.Sprintf("%.2f", c.micros()/other.micros())
}

func (r *figures) idle(w io.Writer) {
	if len(r.Idle) == 0 {
		return
	}
	fmt.Fprintf(w, "### Idle keep-alive connections\n\nResident memory of the process after one request on each of %d connections, less that before.\n\n", r.Idle[0].Conns)
	var rows [][]string
	for _, i := range r.Idle {
		label := labelOf(i.Contestant)
		if i.Failed != "" {
			rows = append(rows, []string{label, "failed: " + firstLine(i.Failed), "", ""})
			continue
		}
		rows = append(rows, []string{label, fmt.Sprintf("%.0f", i.perConn()), mib(i.Before), mib(i.With)})
	}
	results.Table(w, []string{"server", "bytes per connection", "MiB before", "MiB with them"}, rows)
}

func (r *figures) cycles(w io.Writer) {
	if len(r.Cycles) == 0 {
		return
	}
	fmt.Fprintf(w, "### %d connections that came and went\n\nClosed by the client after, before and inside a request, with FIN and with RST, and by the server. Heap after a collection.\n\n", r.Cycles[0].Cycles)
	var rows [][]string
	for _, c := range r.Cycles {
		label := labelOf(c.Contestant)
		if c.Failed != "" {
			rows = append(rows, []string{label, "failed: " + firstLine(c.Failed), "", "", "", ""})
			continue
		}
		grown := c.grown()
		if grown == "" {
			grown = "nothing"
		}
		rows = append(rows, []string{
			label,
			fmt.Sprintf("%d → %d", c.Before.Descriptors, c.After.Descriptors),
			fmt.Sprintf("%d → %d", c.Before.Goroutines, c.After.Goroutines),
			fmt.Sprintf("%d → %d", c.Before.Heap>>10, c.After.Heap>>10),
			mib(c.Before.Resident) + " → " + mib(c.After.Resident), grown,
		})
	}
	results.Table(w, []string{"server", "descriptors", "goroutines", "heap KiB", "resident MiB", "left behind"}, rows)
}

// bars lists the limits that this run can judge.
func (r *figures) bars(w io.Writer) {
	var rows [][]string
	for _, b := range bars() {
		if ratio, ok := b.ratio(r); ok {
			rows = append(rows, []string{b.String(), fmt.Sprintf("≤ %.2f", b.limit), fmt.Sprintf("%.2f", ratio), results.Verdict(ratio <= b.limit)})
		}
	}
	for _, i := range r.Idle {
		if byName(i.Contestant).ours() && i.Failed == "" {
			rows = append(rows, []string{
				"idle connection, " + i.Contestant, fmt.Sprintf("≤ %d bytes", idleLimit),
				fmt.Sprintf("%.0f", i.perConn()), results.Verdict(i.perConn() <= idleLimit),
			})
		}
	}
	for _, c := range r.Cycles {
		if byName(c.Contestant).ours() && c.Failed == "" {
			rows = append(rows, []string{fmt.Sprintf("%d connections, %s", c.Cycles, c.Contestant), "nothing left", c.grown(), results.Verdict(c.grown() == "")})
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### Bars\n\n")
	results.Table(w, []string{"bar", "limit", "here", ""}, rows)
}

// failures lists what could not be measured.
func (r *figures) failures() []string {
	var out []string
	for _, c := range r.Cells {
		if c.Failed != "" {
			out = append(out, c.Scenario+" "+c.Contestant+": "+c.Failed)
		}
	}
	for _, i := range r.Idle {
		if i.Failed != "" {
			out = append(out, "idle "+i.Contestant+": "+i.Failed)
		}
	}
	for _, c := range r.Cycles {
		if c.Failed != "" {
			out = append(out, "cycles "+c.Contestant+": "+c.Failed)
		}
	}
	return out
}

func byName(name string) *contestant {
	for _, c := range contestants() {
		if c.name == name {
			return c
		}
	}
	return &contestant{name: name}
}

// label is how a contestant is called in tables.
func (c *contestant) label() string {
	switch {
	case c.ours():
		return "**FasterAPI**, " + c.name
	case c.name == "floor":
		return "C epoll loop (the floor)"
	case c.name == "nethttp":
		return "net/http"
	}
	return c.name
}

func labelOf(name string) string { return byName(name).label() }

func mib(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.ReplaceAll(line, "|", "/")
}
