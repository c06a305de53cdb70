package main

import (
	"fmt"
	"io"

	"github.com/fasterapi/fasterapi/bench/contest"
	"github.com/fasterapi/fasterapi/bench/results"
)

// figures are one run, as kept in its JSON file.
type figures struct {
	contest.Figures
	Idle   []*contest.Idle `json:"idle"`
	Cycles []*cycleResult  `json:"cycles"`
}

// markdown writes the section of RESULTS.md.
func (r *figures) markdown(w io.Writer) {
	r.Head(w, "Requests, beside the floor, fasthttp and net/http")
	for _, s := range scenarios() {
		r.Table(w, s, served(contestants()), "floor", "fasthttp", "nethttp")
	}
	r.idle(w)
	r.cycles(w)
	r.bars(w)
}

func titleOf(name string) string { return byName(name).Title() }

func (r *figures) idle(w io.Writer) {
	if len(r.Idle) == 0 {
		return
	}
	fmt.Fprintf(w, "### Idle keep-alive connections\n\nResident memory of the process after one request on each of %d connections, less that before.\n\n", r.Idle[0].Conns)
	results.Table(w, []string{"server", "bytes per connection", "MiB before", "MiB with them"}, contest.IdleRows(r.Idle, titleOf))
}

func (r *figures) cycles(w io.Writer) {
	if len(r.Cycles) == 0 {
		return
	}
	fmt.Fprintf(w, "### %d connections that came and went\n\nClosed by the client after, before and inside a request, with FIN and with RST, and by the server. Heap after a collection.\n\n", r.Cycles[0].Cycles)
	var rows [][]string
	for _, c := range r.Cycles {
		label := titleOf(c.Contestant)
		if c.Failed != "" {
			rows = append(rows, []string{label, "failed: " + contest.FirstLine(c.Failed), "", "", "", ""})
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
			contest.MiB(c.Before.Resident) + " → " + contest.MiB(c.After.Resident), grown,
		})
	}
	results.Table(w, []string{"server", "descriptors", "goroutines", "heap KiB", "resident MiB", "left behind"}, rows)
}

// bars lists the limits that this run can judge.
func (r *figures) bars(w io.Writer) {
	rows := r.Judge(bars())
	for _, i := range r.Idle {
		if byName(i.Contestant).Ours && i.Failed == "" {
			rows = append(rows, i.Judge("idle connection, "+i.Contestant, idleLimit))
		}
	}
	for _, c := range r.Cycles {
		if byName(c.Contestant).Ours && c.Failed == "" {
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
	out := r.Failures()
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
