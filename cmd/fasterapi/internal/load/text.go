package load

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// rows are the percentiles that a person is told.
var rows = []struct {
	name  string
	value func(*Latency) float64
}{
	{"50 %", func(l *Latency) float64 { return l.P50 }},
	{"75 %", func(l *Latency) float64 { return l.P75 }},
	{"90 %", func(l *Latency) float64 { return l.P90 }},
	{"99 %", func(l *Latency) float64 { return l.P99 }},
	{"99.9 %", func(l *Latency) float64 { return l.P999 }},
	{"99.99 %", func(l *Latency) float64 { return l.P9999 }},
	{"longest", func(l *Latency) float64 { return l.Max }},
}

// WriteText prints the result for people, with a picture of plain letters: no colours, and no terminal is needed.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.URL)
	fmt.Fprintf(&b, "  %d answers in %.1f s: %.0f a second, of %.0f that were asked for, over %d connections\n", r.Answered, r.Elapsed, r.Achieved, r.Rate, r.Connections)
	fmt.Fprintf(&b, "  status %s\n", counts(r.Statuses))
	if r.EndedEarly {
		b.WriteString("  ended early: this is of the requests until then\n")
	}
	if r.Failed > 0 {
		fmt.Fprintf(&b, "  %d without an answer: %s\n", r.Failed, counts(r.Failures))
	}
	if r.Resent > 0 {
		fmt.Fprintf(&b, "  %d were sent again: the server had just closed their connection\n", r.Resent)
	}
	if r.CPU != nil {
		fmt.Fprintf(&b, "  CPU of the server: %s a request, %.2f cores\n", short(r.CPU.PerRequest), r.CPU.Cores)
	}
	b.WriteString("\n  latency, from when a request was due\n")
	r.bars(&b)
	if r.Late > 0 {
		fmt.Fprintf(&b, "\n  %d were sent more than 1 ms after their time, because no connection was free or this machine was busy.\n", r.Late)
	}
	if r.Service.P99 < r.Latency.P99/2 {
		fmt.Fprintf(&b, "  From when they were sent, 99 %% took %s: who waits for answers before asking again sees only that.\n", short(r.Service.P99))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// width of a bar, in letters.
const width = 40

// bars draws the percentiles, on a logarithmic scale from a fifth below the least.
func (r *Result) bars(b *strings.Builder) {
	low, high := math.Log(max(1e-6, r.Latency.P50)/1.25), math.Log(max(2e-6, r.Latency.Max))
	for _, row := range rows {
		v := row.value(&r.Latency)
		n := 1
		if high > low {
			n = max(1, int(math.Round(width*(math.Log(max(1e-6, v))-low)/(high-low))))
		}
		fmt.Fprintf(b, "  %8s %9s  %s\n", row.name, short(v), strings.Repeat("#", min(n, width)))
	}
}

// WriteText prints both results and how they compare.
func (c *Comparison) WriteText(w io.Writer) error {
	for i, r := range []*Result{c.A, c.B} {
		if _, err := fmt.Fprintf(w, "%s: ", []string{"A", "B"}[i]); err != nil {
			return err
		}
		if err := r.WriteText(w); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintf(w, "B / A, median of %d turns (least to most)\n", c.Turns)
	for _, row := range []struct{ name, key string }{
		{"50 %", "p50"},
		{"99 %", "p99"},
		{"99.9 %", "p999"},
		{"answers a second", "achieved"},
		{"CPU of the server a request", "server_cpu"},
	} {
		if s := c.Ratio[row.key]; s != nil {
			_, err = fmt.Fprintf(w, "  %-28s %s\n", row.name, s)
		}
	}
	return err
}

// counts prints a map, its most frequent key first.
func counts[K cmp.Ordered](m map[K]int64) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b K) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = fmt.Sprintf("%v: %d", k, m[k])
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

// short prints seconds with three digits.
func short(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", seconds)
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", seconds*1e3)
	}
	return fmt.Sprintf("%.3g µs", seconds*1e6)
}
