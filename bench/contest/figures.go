package contest

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// Figures are one run, as kept in its JSON file.
type Figures struct {
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	Machine string    `json:"machine"`
	Conns   int       `json:"conns"`
	Turns   int       `json:"turns"`
	Cells   []*Cell   `json:"cells"`
}

// Cell returns what was measured or failed, or nil.
func (r *Figures) Cell(scenario, contestant string) *Cell {
	for _, c := range r.Cells {
		if c.Scenario == scenario && c.Contestant == contestant && (len(c.Turns) > 0 || c.Failed != "") {
			return c
		}
	}
	return nil
}

// Head opens a section of RESULTS.md: command, date, machine, circumstances.
func (r *Figures) Head(w io.Writer, title string) {
	fmt.Fprintf(w, "## %s\n\n", title)
	fmt.Fprintf(w, "`%s`, %s, on %s.\n\n", r.Command, r.Started.UTC().Format("2006-01-02 15:04 UTC"), r.Machine)
	if len(r.Cells) > 0 {
		fmt.Fprintf(w, "%d connections; server on core %s with GOMAXPROCS=1, wrk on core %s; %d turns of each server, of which each figure's better half counts; ≥: wrk had no time left. ", r.Conns, ServerCore, ClientCore, r.Turns)
		fmt.Fprintf(w, "CPU is user and system time of the server's process. %s\n\n", r.quiet())
	}
}

// quiet says what else the machine did meanwhile: how far to trust the run.
func (r *Figures) quiet() string {
	var all []*Turn
	for _, c := range r.Cells {
		all = append(all, c.Turns...)
	}
	if len(all) == 0 {
		return ""
	}
	other := median(all, func(t *Turn) float64 { return 100 * t.Other.Seconds() / t.Wall.Seconds() })
	steal := median(all, func(t *Turn) float64 { return 100 * t.Steal.Seconds() / t.Wall.Seconds() })
	return fmt.Sprintf("Meanwhile other processes took %.0f%% of a core and the host %.0f%% (medians of all turns).", other, steal)
}

// Table writes the table of a scenario, with ratios to the contestants named
// bases. It writes nothing when the scenario was not measured.
func (r *Figures) Table(w io.Writer, s *Scenario, of []*Contestant, bases ...string) {
	head := []string{"server", "CPU µs/request"}
	for _, base := range bases {
		head = append(head, "/ "+ByName(of, base).column())
	}
	head = append(head, "requests/s", "p50 µs", "p99 µs", "spread")
	var rows [][]string
	for _, c := range of {
		cell := r.Cell(s.Name, c.Name)
		switch {
		case cell == nil:
			continue
		case cell.Failed != "":
			row := make([]string, len(head))
			row[0], row[1] = c.Title(), "failed: "+FirstLine(cell.Failed)
			rows = append(rows, row)
			continue
		}
		row := []string{c.Title(), fmt.Sprintf("%.2f", cell.Micros())}
		for _, base := range bases {
			row = append(row, r.against(cell, base))
		}
		rows = append(rows, append(row, cell.shownRate(), shownMicros(cell.p50()), shownMicros(cell.p99()), fmt.Sprintf("%.0f%%", 100*cell.spread())))
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### %s\n\n%s.\n\n", s.Name, strings.ToUpper(s.About[:1])+s.About[1:])
	results.Table(w, head, rows)
}

// shownRate marks a rate that wrk limited.
func (c *Cell) shownRate() string {
	if c.clientBound() {
		return fmt.Sprintf("≥ %.0f", c.rate())
	}
	return fmt.Sprintf("%.0f", c.rate())
}

// shownMicros prints a time; zero is what wrk says when its table of latencies has overflown.
func shownMicros(t float64) string {
	if t == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", t)
}

func (r *Figures) against(c *Cell, base string) string {
	other := r.Cell(c.Scenario, base)
	if other == nil || other.Failed != "" {
		return ""
	}
	return fmt.Sprintf("%.2f", c.Micros()/other.Micros())
}

// Failures lists the cells that could not be measured.
func (r *Figures) Failures() []string {
	var out []string
	for _, c := range r.Cells {
		if c.Failed != "" {
			out = append(out, c.Scenario+" "+c.Contestant+": "+c.Failed)
		}
	}
	return out
}

// MiB prints bytes.
func MiB(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

// FirstLine fits a text into a cell of a table.
func FirstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.ReplaceAll(line, "|", "/")
}
