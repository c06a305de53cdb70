package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/bench/results"
)

// cell is one contestant in one table.
type cell struct {
	Table      string    `json:"table"`
	Contestant string    `json:"contestant"`
	Turns      []outcome `json:"turns"`
}

// better returns the half of the turns in which by is least.
func (c *cell) better(by func(outcome) float64) []outcome {
	sorted := slices.SortedFunc(slices.Values(c.Turns), func(a, b outcome) int { return cmp.Compare(by(a), by(b)) })
	return sorted[:(len(sorted)+1)/2]
}

// least is the median of by over the half in which it is least.
func (c *cell) least(by func(outcome) float64) float64 {
	half := c.better(by)
	n := len(half)
	return (by(half[(n-1)/2]) + by(half[n/2])) / 2
}

func (o outcome) perAnswer(ns int64) float64 { return float64(ns) / 1e3 / float64(o.Answers) }

func (c *cell) micros() float64 {
	return c.least(func(o outcome) float64 { return o.perAnswer(o.CPU) })
}

func (c *cell) postgres() float64 {
	return c.least(func(o outcome) float64 { return o.perAnswer(o.Postgres) })
}

// both is the processor time of an answer on both sides: what bounds the rate where
// they share all processors.
func (c *cell) both() float64 {
	return c.least(func(o outcome) float64 { return o.perAnswer(o.CPU + o.Postgres) })
}

func (c *cell) rate() float64 {
	return 1e6 / c.least(func(o outcome) float64 { return o.perAnswer(o.Wall) })
}

func (c *cell) p50() float64 { return c.least(func(o outcome) float64 { return float64(o.P50) }) / 1e3 }

func (c *cell) p99() float64 { return c.least(func(o outcome) float64 { return float64(o.P99) }) / 1e3 }

// spread is how far apart the better turns' rates are, as a part of the best.
func (c *cell) spread() float64 {
	by := func(o outcome) float64 { return o.perAnswer(o.Wall) }
	half := c.better(by)
	return by(half[len(half)-1])/by(half[0]) - 1
}

// figures are one run, as kept in its JSON file.
type figures struct {
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	Machine string    `json:"machine"`
	Load    string    `json:"load"` // /proc/loadavg before the first turn
	Turns   int       `json:"turns"`
	Seconds int       `json:"seconds"`
	Conns   int       `json:"conns"`
	Cells   []*cell   `json:"cells"`
}

func (r *figures) cell(table, contestant string) *cell {
	for _, c := range r.Cells {
		if c.Table == table && c.Contestant == contestant && len(c.Turns) > 0 {
			return c
		}
	}
	return nil
}

// judge returns a bar's ratio: to the best of its bases.
func (r *figures) judge(b bar) (ratio float64, met, ok bool) {
	ours := r.cell(b.table, b.ours)
	if ours == nil {
		return 0, false, false
	}
	for i, name := range b.bases {
		base := r.cell(b.table, name)
		if base == nil {
			return 0, false, false
		}
		var this float64
		switch b.what {
		case "rate":
			this = ours.rate() / base.rate()
		case "cpu":
			this = ours.micros() / base.micros()
		case "both":
			this = ours.both() / base.both()
		default:
			this = ours.p99() / base.p99()
		}
		better := b.what == "rate" && this < ratio || b.what != "rate" && this > ratio
		if i == 0 || better {
			ratio = this
		}
	}
	if b.what == "rate" {
		return ratio, ratio >= b.limit, true
	}
	return ratio, ratio <= b.limit, true
}

func (r *figures) markdown(w io.Writer) {
	fmt.Fprintf(w, "## Postgres, beside pgxpool and fiber\n\n`%s`, %s, on %s.\n\n",
		r.Command, r.Started.UTC().Format("2006-01-02 15:04 UTC"), r.Machine)
	fmt.Fprintf(w, "PostgreSQL, its clients and wrk share all cores; over HTTP %d connections. %d turns of %d s each, of which each figure's better half counts. ",
		r.Conns, r.Turns, r.Seconds)
	fmt.Fprintf(w, "CPU is user and system time per answer: of the contestant's process, and of Postgres. ")
	fmt.Fprintf(w, "The load average before was %s: above about 0.5 the machine was not quiet, and only CPU figures and ratios mean something.\n\n", r.Load)
	for _, t := range tables() {
		r.table(w, t)
	}
	r.bars(w)
}

func (r *figures) table(w io.Writer, t table) {
	var rows [][]string
	for _, c := range t.contestants {
		cell := r.cell(t.name, c.key())
		if cell == nil {
			continue
		}
		rows = append(rows, []string{
			c.label, fmt.Sprintf("%.0f", cell.rate()), fmt.Sprintf("%.2f", cell.micros()), fmt.Sprintf("%.2f", cell.postgres()),
			fmt.Sprintf("%.0f", cell.p50()), fmt.Sprintf("%.0f", cell.p99()), fmt.Sprintf("%.0f%%", 100*cell.spread()),
		})
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "### %s\n\n%s.\n\n", t.name, t.about)
	results.Table(w, []string{"", "answers/s", "CPU µs", "Postgres' CPU µs", "p50 µs", "p99 µs", "spread"}, rows)
}

func (r *figures) bars(w io.Writer) {
	var rows [][]string
	for _, b := range bars() {
		ratio, met, ok := r.judge(b)
		if !ok {
			continue
		}
		sign, unit := "≤", "CPU per answer"
		switch b.what {
		case "rate":
			sign, unit = "≥", "answers/s"
		case "both":
			unit = "CPU with that of Postgres per answer"
		case "p99":
			unit = "p99"
		}
		base := strings.Join(b.bases, ", ")
		if len(b.bases) > 1 {
			base = "the best of " + base
		}
		rows = append(rows, []string{
			fmt.Sprintf("%s: %s of %s / %s", b.table, unit, b.ours, base),
			fmt.Sprintf("%s %.2f", sign, b.limit), fmt.Sprintf("%.2f", ratio), results.Verdict(met),
		})
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "### Bars\n\n")
		results.Table(w, []string{"bar", "limit", "here", ""}, rows)
	}
}
